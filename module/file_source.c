// SPDX-License-Identifier: GPL-2.0
/*
 * Regular files and block devices as sources.
 *
 * A direct read is widened to whole blocks on both sides and the payload begins
 * somewhere inside, so reading never needs a copy for alignment. If it goes to
 * where a program wants it, what is beside it is not ours: then only whole
 * blocks are read direct.
 */
#include "endpoint_file.h"

#include <linux/fsnotify.h>

#include "buffer.h"
#include "file_cached.h"
#include "file_hole.h"
#include "pipeline.h"

static int file_source_prepare(struct zc_end *end, u64 len, bool strict)
{
	int ret;

	if (end->flags & ZCDEV_END_SPARSE)
		return -EINVAL;
	if (!(end->file->f_mode & FMODE_CAN_READ) ||
	    !end->file->f_op->read_iter)
		return -EOPNOTSUPP;
	if (end->flags & ZCDEV_END_PAGE_CACHE)
		return zc_file_cached_prepare(end, len);
	ret = zc_file_prepare_direct(end, strict);
	if (!ret)
		ret = zc_file_prepare_position(end, len);
	if (!ret)
		ret = zc_file_prepare_rights(end, READ, len);
	if (ret)
		return ret;
	end->align = end->of_file.offset_align;
	end->phase = end->pos % end->align;
	return 0;
}

/**
 * struct extent - the part of a file that one request reads
 * @skip: bytes before the payload
 * @len: bytes in all
 * @direct: by DMA
 */
struct extent {
	u32 skip;
	u32 len;
	bool direct;
};

static struct extent widened(const struct zc_end *end,
			     const struct zc_chunk *chunk)
{
	const struct zc_file_end *f = &end->of_file;
	u32 skip = chunk->data % f->offset_align;

	return (struct extent) {
		.skip = skip,
		.len = round_up(skip + chunk->want, f->offset_align),
		.direct = f->direct,
	};
}

/* A part of a block is read alone, and what comes after it then. */
static struct extent exact(const struct zc_end *end,
			   const struct zc_chunk *chunk)
{
	const struct zc_file_end *f = &end->of_file;
	u32 head = -(end->pos + chunk->offset) & (f->offset_align - 1);
	struct extent e = { .len = chunk->want };
	u32 mem_align;

	/* In a buffer of several pieces all but the last are to be whole. */
	mem_align = chunk->buf->nr > 1 ? f->offset_align : f->mem_align;
	if (!f->direct || (chunk->data + head) % mem_align)
		return e;
	if (head) {
		e.len = min(e.len, head);
	} else if (e.len >= f->offset_align) {
		e.len = round_down(e.len, f->offset_align);
		e.direct = true;
	}
	return e;
}

static struct extent next_extent(const struct zc_end *end,
				 const struct zc_chunk *chunk)
{
	return chunk->lent ? exact(end, chunk) : widened(end, chunk);
}

static long file_source_filled(struct zc_end *end, struct zc_chunk *chunk,
			       long result)
{
	struct extent e = next_extent(end, chunk);
	bool direct = chunk->in.iocb.ki_flags & IOCB_DIRECT;
	u32 reason = end->of_file.reason;

	if (result < 0)
		return result;
	/* A file system that does not want to be direct says so here. */
	if (end->of_file.direct && !direct)
		reason = e.direct ? ZCDEV_REASON_FELL_BACK :
				    ZCDEV_REASON_UNALIGNED;
	if (chunk->pipeline->strict && !direct && result)
		return -EOPNOTSUPP;
	chunk->filled = zc_file_moved(end, direct, reason, 1);
	return clamp_t(long, result - e.skip, 0, chunk->want);
}

static long fill_data(struct zc_end *end, struct zc_chunk *chunk)
{
	struct extent e = next_extent(end, chunk);
	struct iov_iter iter;
	long ret;

	zc_buf_iter(chunk->buf, ITER_DEST, chunk->data - e.skip, e.len, &iter);
	zc_file_iocb_init(&chunk->in.iocb, end,
			  end->pos + chunk->offset - e.skip, e.direct,
			  e.direct);
	ret = vfs_iocb_iter_read(end->file, &chunk->in.iocb, &iter);
	if (ret == -EIOCBQUEUED) {
		end->of_file.queued = true;
		return ret;
	}
	return file_source_filled(end, chunk, ret);
}

static long file_source_fill(struct zc_end *end, struct zc_chunk *chunk)
{
	u64 hole = 0;

	if (zc_file_hole_wanted(chunk))
		hole = zc_file_hole_find(end, chunk);
	return hole ? zc_file_hole_fill(chunk, hole) : fill_data(end, chunk);
}

/**
 * zc_file_source_left() - bytes to the present end
 * @end: positioned
 *
 * Context: any.
 */
u64 zc_file_source_left(const struct zc_end *end)
{
	loff_t size = i_size_read(zc_file_inode(end));

	return size > end->pos ? size - end->pos : 0;
}

/**
 * zc_file_source_at_end() - is this the end of the file?
 * @end: positioned
 * @offset: stream offset
 *
 * Context: any.
 */
bool zc_file_source_at_end(struct zc_end *end, u64 offset)
{
	loff_t size = i_size_read(zc_file_inode(end));

	/* Files that are made up as they are read have no size. */
	return size && end->pos + offset >= size;
}

/**
 * zc_file_source_finish() - the transfer is over
 * @end: positioned
 * @bytes: accepted
 *
 * Context: process.
 */
void zc_file_source_finish(struct zc_end *end, u64 bytes)
{
	zc_file_hole_finish(end);
	zc_file_finish_position(end, bytes);
	if (end->of_file.queued && bytes)
		fsnotify_access(end->file);
}

const struct zc_source_ops zc_file_source_ops = {
	.prepare	= file_source_prepare,
	.left		= zc_file_source_left,
	.fill		= file_source_fill,
	.filled		= file_source_filled,
	.at_end		= zc_file_source_at_end,
	.finish		= zc_file_source_finish,
};
