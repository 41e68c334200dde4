// SPDX-License-Identifier: GPL-2.0
/*
 * Holes of files: found in a source, left in a sink.
 *
 * A chunk is either data or a hole, and ends where the other begins. A hole has
 * a chunk of its own, however long it is, that passes the pipeline in order
 * with nothing in its buffer. If there is a sink that wants to read zeros, they
 * are in the buffer, and the chunk is no longer than that.
 *
 * Only lseek() knows where holes are, and it moves the position of the open
 * file. So the source is opened once more. If that is refused it has no holes.
 */
#include "file_hole.h"

#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/fs.h>

#include "buffer.h"
#include "endpoint_file.h"
#include "pipeline.h"

/*
 * A shorter hole is not worth it: leaving it costs the sink two transactions,
 * and both ends a request that is split in two. To copy 64 KiB by DMA costs
 * less.
 */
#define HOLE_MIN	SZ_64K

/* So that the counts of a chunk fit. */
#define HOLE_MAX	((u64)SZ_1G)

/* Finding */

static bool sink_is_sparse(const struct zc_end *sink)
{
	return sink->kind == ZCDEV_KIND_FILE && sink->of_file.sparse;
}

/**
 * zc_file_hole_wanted() - does any sink care for holes?
 * @chunk: about to be filled
 *
 * Context: the transferring task.
 */
bool zc_file_hole_wanted(const struct zc_chunk *chunk)
{
	const struct zc_pipeline *p = chunk->pipeline;
	u32 i;

	for (i = 0; i < p->lanes; i++)
		if (sink_is_sparse(p->lane[i].sink))
			return true;
	return false;
}

static bool zeros_wanted(const struct zc_chunk *chunk)
{
	const struct zc_pipeline *p = chunk->pipeline;
	u32 i;

	for (i = 0; i < p->lanes; i++)
		if (!sink_is_sparse(p->lane[i].sink))
			return true;
	return false;
}

/* The file of the source, but not its position. */
static struct file *seeker(struct zc_end *end)
{
	struct zc_file_end *f = &end->of_file;

	if (!f->seeker)
		f->seeker = dentry_open(&end->file->f_path,
					O_RDONLY | O_LARGEFILE | O_NONBLOCK,
					end->file->f_cred);
	return f->seeker;
}

static loff_t seek(struct zc_end *end, loff_t pos, int whence)
{
	struct file *file = seeker(end);

	return IS_ERR(file) ? PTR_ERR(file) : vfs_llseek(file, pos, whence);
}

/* Where the next data is; the end of the file if there is none. */
static loff_t seek_data(struct zc_end *end, loff_t pos)
{
	loff_t data = seek(end, pos, SEEK_DATA);

	return data == -ENXIO ? i_size_read(file_inode(end->file)) : data;
}

/*
 * Looks for the first hole that is worth it, as far as the next chunk may
 * reach. There is data up to it, or as far as was looked.
 */
static void look(struct zc_end *end, loff_t pos, u32 reach)
{
	struct zc_file_end *f = &end->of_file;
	loff_t hole = pos, data, next;

	f->known = pos;
	do {
		data = seek_data(end, hole);
		if (data - hole >= HOLE_MIN)
			break;
		/* Behind an errno there is nothing, and another is no offset. */
		next = data < hole ? data : seek(end, data, SEEK_HOLE);
		/* Refused, or at the end: read on, and see. */
		hole = next > data ? next : LLONG_MAX;
	} while (hole - pos < reach);
	f->hole = hole;
	f->data = max(data, hole);
}

/**
 * zc_file_hole_find() - is there a hole?
 * @end: the source
 * @chunk: placed; cut if there is a hole further on
 *
 * Context: process; sleeps.
 * Return: bytes of a hole that the chunk begins in, or 0.
 */
u64 zc_file_hole_find(struct zc_end *end, struct zc_chunk *chunk)
{
	struct zc_file_end *f = &end->of_file;
	loff_t pos = end->pos + chunk->offset;

	if (pos < f->known || pos >= f->data)
		look(end, pos, chunk->want);
	if (pos >= f->hole)
		return f->data - pos;
	chunk->want = min_t(u64, chunk->want, f->hole - pos);
	return 0;
}

/**
 * zc_file_hole_fill() - fill a chunk with a hole
 * @chunk: placed
 * @hole: bytes of hole
 *
 * Context: process.
 * Return: bytes of payload, none of which is there if all sinks can do without.
 */
long zc_file_hole_fill(struct zc_chunk *chunk, u64 hole)
{
	static const struct zc_moved filled = {
		.offloaded	= 1,
		.paths		= ZCDEV_PATH_HOLE,
	};

	struct zc_pipeline *p = chunk->pipeline;
	bool zeros = zeros_wanted(chunk);

	hole = min3(hole, p->remaining, HOLE_MAX);
	chunk->hole = true;
	chunk->filled = filled;
	chunk->want = zeros || p->rate ? min_t(u64, chunk->want, hole) : hole;
	chunk->bare = !zeros;
	if (zeros)
		zc_buf_zero(chunk->buf, chunk->data, chunk->want);
	return chunk->want;
}

/**
 * zc_file_hole_finish() - nobody looks for holes any more
 * @end: the source
 *
 * Context: process.
 */
void zc_file_hole_finish(struct zc_end *end)
{
	struct zc_file_end *f = &end->of_file;

	if (!IS_ERR_OR_NULL(f->seeker))
		fput(f->seeker);
	f->seeker = NULL;
}

/* Leaving */

/* Frees what is stored there now. */
static int punch(struct zc_end *end, loff_t pos, loff_t len)
{
	if (end->of_file.solid)
		return -EOPNOTSUPP;
	return vfs_fallocate(end->file,
			     FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			     pos, len);
}

static int extend(struct zc_end *end, loff_t size)
{
	struct inode *inode = file_inode(end->file);
	int ret;

	sb_start_write(inode->i_sb);
	inode_lock(inode);
	ret = inode_newsize_ok(inode, size);
	if (!ret)
		ret = file_modified(end->file);
	if (!ret && zc_file_true_size(end) < size)
		ret = zc_file_set_size(end, size);
	inode_unlock(inode);
	sb_end_write(inode->i_sb);
	return ret;
}

/**
 * zc_file_hole_leave() - accept the rest of a chunk that is a hole
 * @end: the sink
 * @chunk: the chunk
 * @drain: as the sink sees it
 *
 * Context: the transferring task; sleeps.
 * Return: bytes accepted, -EOPNOTSUPP if zeros have to be written instead, or
 * an errno.
 */
long zc_file_hole_leave(struct zc_end *end, const struct zc_chunk *chunk,
			struct zc_drain *drain)
{
	loff_t pos = end->pos + chunk->to + drain->done;
	loff_t limit = zc_file_size_limit(end);
	loff_t size, len = chunk->len - drain->done;
	int ret = 0;

	/* There a write tells the error. */
	if (pos >= limit)
		return -EOPNOTSUPP;
	/*
	 * Parts of blocks are zeroed beside writes in flight; and XFS zeroes
	 * what such writes put behind the end that it saw before them.
	 */
	zc_file_sink_calm(end, chunk->pipeline);
	size = i_size_read(file_inode(end->file));
	len = min(len, limit - pos);
	if (pos < size)
		ret = punch(end, pos, min(len, size - pos));
	if (ret == -EOPNOTSUPP)
		end->of_file.solid = true;
	if (!ret && pos + len > size)
		ret = extend(end, pos + len);
	if (ret)
		return ret;

	end->of_file.written = max(end->of_file.written, pos + len);
	drain->req.part.paths = ZCDEV_PATH_HOLE;
	drain->req.part.offloaded = len;
	return len;
}
