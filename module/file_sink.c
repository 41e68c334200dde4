// SPDX-License-Identifier: GPL-2.0
/*
 * Regular files and block devices as sinks.
 *
 * A write of parts of a block goes through the page cache, but for the last
 * part of a file that the transfer extends: that goes direct, padded with
 * zeros, and the padding is cut off at the end.
 *
 * Requests within the file are asynchronous and overlap. Those that extend it
 * are not, on most file systems: XFS moves the end of the file when they have
 * completed.
 */
#include "endpoint_file.h"

#include <linux/fsnotify.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "buffer.h"
#include "file_hole.h"
#include "pipeline.h"
#include "pool.h"

/* Can all of it go direct, if it comes in chunks of the phase of @source? */
static bool sink_aligned(const struct zc_end *end, const struct zc_end *source,
			 u64 len)
{
	const struct zc_file_end *f = &end->of_file;
	u64 rest = len % f->offset_align;

	if (end->pos % f->offset_align || source->phase % f->offset_align)
		return false;
	if (len == ZCDEV_TO_END || !rest)
		return true;
	return !source->source->lend && !zc_file_is_block(end) && !f->append &&
	       end->pos + len >= f->size;
}

/**
 * zc_file_check_strict() - would anything be copied, or not be verified?
 * @source: a file, prepared without asking for strictness
 * @sink: likewise
 * @len: bytes expected
 *
 * Context: any.
 * Return: 0 or -EOPNOTSUPP.
 */
int zc_file_check_strict(const struct zc_end *source, const struct zc_end *sink,
			 u64 len)
{
	return source->of_file.reason || sink->of_file.reason ||
	       !sink_aligned(sink, source, len) ? -EOPNOTSUPP : 0;
}

static int file_sink_prepare(struct zc_end *end, u64 len, bool strict,
			     const struct zc_end *source)
{
	struct zc_file_end *f = &end->of_file;
	bool sparse = end->flags & ZCDEV_END_SPARSE;
	int ret;

	if (end->flags & ZCDEV_END_PAGE_CACHE)
		return -EINVAL;
	if (sparse && (end->kind != ZCDEV_KIND_FILE ||
		       source->kind != ZCDEV_KIND_FILE))
		return -EINVAL;
	if (!(end->file->f_mode & FMODE_CAN_WRITE) ||
	    !end->file->f_op->write_iter)
		return -EOPNOTSUPP;
	f->append = end->file->f_flags & O_APPEND;
	f->sparse = sparse && !f->append;
	f->size = i_size_read(zc_file_inode(end));
	if (f->append && end->flags & ZCDEV_END_OFFSET)
		return -EINVAL;
	ret = zc_file_prepare_direct(end, strict);
	if (!ret)
		ret = zc_file_prepare_position(end, len);
	if (f->append)
		end->pos = f->size;
	if (!ret)
		ret = zc_file_prepare_rights(end, WRITE, len);
	if (ret)
		return ret;
	if (strict && !sink_aligned(end, source, len))
		return -EOPNOTSUPP;
	end->align = f->offset_align;
	end->phase = end->pos % end->align;
	return 0;
}

/**
 * struct piece - the next part of a chunk that one request writes
 * @pos: file offset
 * @data: offset in the buffer
 * @len: bytes of payload
 * @pad: zeros after it
 * @direct: by DMA
 * @reason: ZCDEV_REASON_ if not
 */
struct piece {
	loff_t pos;
	u32 data;
	u32 len;
	u32 pad;
	bool direct;
	u32 reason;
};

/**
 * zc_file_size_limit() - how far can a file be written at all?
 * @end: the file
 *
 * Context: process.
 * Return: an offset; who writes there gets EFBIG, and a signal.
 */
loff_t zc_file_size_limit(const struct zc_end *end)
{
	loff_t limit = zc_file_inode(end)->i_sb->s_maxbytes;

	if (zc_file_is_block(end))
		return LLONG_MAX;
	if (!(end->file->f_flags & O_LARGEFILE))
		limit = min_t(loff_t, limit, MAX_NON_LFS);
	return min_t(u64, limit, rlimit(RLIMIT_FSIZE));
}

/* A part of a block at the end of a file that we make longer can be padded. */
static u32 tail_pad(const struct zc_end *end, const struct zc_chunk *chunk,
		    const struct piece *p, loff_t limit)
{
	u32 pad = -p->len & (end->of_file.offset_align - 1);

	/* A lent buffer is not ours to write to. */
	if (!pad || !zc_chunk_may_pad(chunk) ||
	    end->of_file.append || zc_file_is_block(end) ||
	    p->pos + p->len < i_size_read(zc_file_inode(end)) ||
	    pad > limit - p->pos - p->len ||
	    p->data + p->len + pad > chunk->pipeline->pool->buf_size)
		return 0;
	return pad;
}

/* The part up to the next block boundary goes buffered, whole blocks direct. */
static struct piece next_piece(const struct zc_end *end,
			       const struct zc_chunk *chunk,
			       const struct zc_drain *drain)
{
	const struct zc_file_end *f = &end->of_file;
	u32 align = f->offset_align;
	struct piece p = {
		.pos = end->pos + chunk->to + drain->done,
		.data = chunk->data + drain->done,
		.len = chunk->len - drain->done,
		.reason = f->reason,
	};
	loff_t limit = zc_file_size_limit(end);
	u32 head, mem_align;

	if (f->append)
		p.pos = i_size_read(zc_file_inode(end));
	if (p.pos < limit)
		p.len = min_t(loff_t, p.len, limit - p.pos);
	if (chunk->bare) {
		/* As much of it as the buffer has room for zeros. */
		p.data = p.pos % align;
		p.len = min_t(u64, p.len, chunk->pipeline->pool->buf_size - p.data);
	}
	if (!f->direct)
		return p;

	head = p.pos % align;
	p.reason = f->append ? ZCDEV_REASON_APPEND : ZCDEV_REASON_UNALIGNED;
	/* In a buffer of several pieces all but the last are to be whole. */
	mem_align = chunk->buf->nr > 1 ? align : f->mem_align;
	if (p.data % mem_align != head % mem_align)
		return p;
	if (head) {
		p.len = min(p.len, align - head);
		return p;
	}
	p.pad = tail_pad(end, chunk, &p, limit);
	p.direct = p.pad || p.len >= align;
	if (p.direct && !p.pad)
		p.len -= p.len % align;
	return p;
}

/*
 * A file system that cannot get rid of page cache in the way writes through it,
 * before it returns, and leaves it there. A block device leaves nothing, but does
 * not return a result before its time otherwise.
 */
static bool fell_back(const struct zc_end *end, const struct zc_request *req,
		      long result)
{
	if (!(req->iocb.ki_flags & IOCB_DIRECT))
		return true;
	if (req->complete)
		return false;
	return zc_file_is_block(end) ||
	       filemap_range_has_page(end->file->f_mapping,
				      req->iocb.ki_pos - result,
				      req->iocb.ki_pos - 1);
}

static long file_sink_drained(struct zc_end *end, struct zc_chunk *chunk,
			      struct zc_drain *drain, long result)
{
	struct zc_file_end *f = &end->of_file;
	struct zc_request *req = &drain->req;
	u64 payload = zc_moved_bytes(&req->part);
	bool direct = req->part.paths & ZCDEV_PATH_DIRECT;
	u32 reason = req->part.reasons;

	if (result <= 0)
		return result ?: -EIO;
	if (direct && fell_back(end, req, result)) {
		direct = false;
		reason = ZCDEV_REASON_FELL_BACK;
		/* Here a strict transfer stops: see write_piece(). */
		f->direct = !chunk->pipeline->strict;
	}
	/* Not all file systems move ki_pos on if they complete later. */
	f->written = max(f->written, f->append ? req->iocb.ki_pos :
						 req->pos + result);
	result = min_t(long, result, payload);
	req->part = zc_file_moved(end, direct, reason, result);
	return result;
}

/**
 * zc_file_sink_calm() - have no direct write to the file in flight
 * @end: the sink; others of the transfer may be the same file
 * @p: the pipeline
 *
 * Page cache that is read and dirtied beside one would undo it: not every file
 * system waits for those itself.
 *
 * Context: the transferring task; sleeps.
 */
void zc_file_sink_calm(const struct zc_end *end, struct zc_pipeline *p)
{
	const struct zc_end *sink;
	u32 i;

	for (i = 0; i < p->lanes; i++) {
		sink = p->lane[i].sink;
		if (sink->file->f_mapping == end->file->f_mapping &&
		    sink->of_file.queued) {
			zc_pipeline_quiesce(p);
			return;
		}
	}
}

static long write_piece(struct zc_end *end, struct zc_chunk *chunk,
			struct zc_drain *drain, const struct piece *p)
{
	struct zc_request *req = &drain->req;
	struct iov_iter iter;
	bool may_queue;
	long ret;

	if (chunk->pipeline->strict && !p->direct)
		return -EOPNOTSUPP;
	if (!p->direct)
		zc_file_sink_calm(end, chunk->pipeline);
	if (chunk->bare)
		zc_buf_zero(chunk->buf, p->data, p->len);
	if (p->pad)
		zc_buf_zero(chunk->buf, p->data + p->len, p->pad);
	zc_buf_iter(chunk->buf, ITER_SOURCE, p->data, p->len + p->pad, &iter);
	may_queue = p->direct && !end->of_file.append;
	zc_file_iocb_init(&req->iocb, end, p->pos, p->direct, may_queue);
	req->iocb.ki_flags |= IOCB_WRITE;
	/* As it was when the offset was chosen. */
	req->iocb.ki_flags &= ~IOCB_APPEND;
	if (end->of_file.append)
		req->iocb.ki_flags |= IOCB_APPEND;
	req->pos = p->pos;
	req->part = zc_file_moved(end, p->direct, p->reason, p->len);
	ret = zc_compat_write(end->file, &req->iocb, &iter);
	if (ret == -EIOCBQUEUED) {
		end->of_file.queued = true;
		return ret;
	}
	return file_sink_drained(end, chunk, drain, ret);
}

static long drain_data(struct zc_end *end, struct zc_chunk *chunk,
		       struct zc_drain *drain)
{
	struct piece p = next_piece(end, chunk, drain);
	long ret = write_piece(end, chunk, drain, &p);

	/* Some file systems have rules for alignment that they keep to
	 * themselves, and others may append to the file too.
	 */
	if (ret == -EINVAL && p.direct && !chunk->pipeline->strict) {
		p.direct = false;
		p.pad = 0;
		p.reason = ZCDEV_REASON_FELL_BACK;
		ret = write_piece(end, chunk, drain, &p);
	}
	return ret;
}

static long file_sink_drain(struct zc_end *end, struct zc_chunk *chunk,
			    struct zc_drain *drain)
{
	long ret = -EOPNOTSUPP;

	if (chunk->hole && end->of_file.sparse)
		ret = zc_file_hole_leave(end, chunk, drain);
	if (ret == -EOPNOTSUPP)
		ret = drain_data(end, chunk, drain);
	/* Nothing waits for room in a file. */
	return ret == -EAGAIN ? -EIO : ret;
}

/**
 * zc_file_true_size() - the size, once direct writes in flight have moved it
 * @end: the file; its inode is locked, so that none begins
 *
 * Who would set a size by the one before them would cut them off. On overlayfs
 * it is the inode below that knows of them.
 *
 * Context: process; sleeps.
 */
loff_t zc_file_true_size(const struct zc_end *end)
{
	struct inode *real = d_real_inode(end->file->f_path.dentry);

	inode_dio_wait(real);
	return max(i_size_read(zc_file_inode(end)), i_size_read(real));
}

/**
 * zc_file_set_size() - cut or extend a file
 * @end: the file; its inode is locked, and its file system won't freeze
 * @size: bytes
 *
 * Context: process; sleeps.
 * Return: 0 or an errno.
 */
int zc_file_set_size(struct zc_end *end, loff_t size)
{
	struct iattr attr = {
		.ia_valid = ATTR_SIZE | ATTR_FILE,
		.ia_size = size,
		.ia_file = end->file,
	};

	end->of_file.resized = true;
	return notify_change(file_mnt_idmap(end->file),
			     end->file->f_path.dentry, &attr, NULL);
}

/* Cut padding, and what was written beyond the accepted prefix. */
static int cut_file(struct zc_end *end, loff_t size)
{
	struct inode *inode = zc_file_inode(end);
	loff_t now;
	int ret = 0;

	sb_start_write(inode->i_sb);
	inode_lock(inode);
	now = zc_file_true_size(end);
	/* If it is longer than what we wrote, somebody else made it so. */
	if (now > size && now <= end->of_file.written)
		ret = zc_file_set_size(end, size);
	inode_unlock(inode);
	sb_end_write(inode->i_sb);
	return ret;
}

/* As each write to the file was, its size is on disk before we return. */
static int sync_size(struct zc_end *end)
{
	struct file *file = end->file;

	if (!end->of_file.resized ||
	    !(file->f_flags & O_DSYNC || IS_SYNC(file_inode(file))))
		return 0;
	return vfs_fsync(file, !(file->f_flags & __O_SYNC));
}

static void file_sink_finish(struct zc_end *end, u64 bytes)
{
	struct zc_file_end *f = &end->of_file;
	loff_t size = f->size;
	int ret = 0;

	if (bytes)
		size = max_t(loff_t, size, end->pos + bytes);

	if (f->written > size && !zc_file_is_block(end) && !f->append)
		ret = cut_file(end, size);
	if (!ret)
		ret = sync_size(end);
	if (ret && !end->error)
		zc_end_set_error(end, ret);
	zc_file_finish_position(end, bytes);
	if (f->queued && bytes)
		fsnotify_modify(end->file);
}

const struct zc_sink_ops zc_file_sink_ops = {
	.patient	= true,
	.prepare	= file_sink_prepare,
	.drain		= file_sink_drain,
	.drained	= file_sink_drained,
	.finish		= file_sink_finish,
};
