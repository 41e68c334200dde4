// SPDX-License-Identifier: GPL-2.0
/*
 * Pipes and FIFOs: pages go in by reference, and bytes come out by copy.
 *
 * What is in a pipe may be a page of somebody's page cache, so it is never
 * passed on. What we put there has the operations of the kernel's own (ours
 * would be called after the module is gone) and no flag: nobody may append to
 * a page of ours, or take it.
 */
#include "endpoint.h"

#include <linux/fsnotify.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/poll.h>
#include <linux/signal.h>
#include <linux/splice.h>

#include "buffer.h"
#include "pipeline.h"

/* As much as one fragment of a socket: what all readers of pipes have seen. */
#define PIECE	SZ_64K

static int pipe_probe(struct file *file)
{
	const struct inode *inode = file_inode(file);

	return S_ISFIFO(inode->i_mode) && inode->i_pipe &&
	       file->private_data == inode->i_pipe;
}

static int pipe_prepare(struct zc_end *end, int rw, u64 len)
{
	loff_t pos = 0;

	end->of_pipe.pipe = end->file->private_data;
	if (end->flags & ZCDEV_END_OFFSET)
		return -ESPIPE;
	if (end->flags)
		return -EINVAL;
	if (pipe_has_watch_queue(end->of_pipe.pipe))
		return -EOPNOTSUPP;
	return rw_verify_area(rw, end->file, &pos,
			      min_t(u64, len, MAX_RW_COUNT));
}

static long pipe_timeout(const struct zc_end *end)
{
	return end->file->f_flags & O_NONBLOCK ? 0 : MAX_SCHEDULE_TIMEOUT;
}

/* Source */

static int pipe_source_prepare(struct zc_end *end, u64 len, bool strict)
{
	int ret = pipe_prepare(end, READ, len);

	/* There is always this one copy. */
	return ret ?: strict ? -EOPNOTSUPP : 0;
}

static bool pipe_source_ready(struct zc_end *end)
{
	return vfs_poll(end->file, NULL) & (EPOLLIN | EPOLLERR | EPOLLHUP);
}

static int copy_bytes(struct pipe_inode_info *pipe, struct pipe_buffer *buf,
		      struct splice_desc *sd)
{
	size_t n = copy_page_to_iter(buf->page, buf->offset, sd->len,
				     sd->u.data);

	return n ?: -EFAULT;
}

/*
 * As splice(2) does: of a packet that does not fit, read(2) drops the rest. Nor
 * does it wait, as a read(2) of old pipes (6.1) would.
 */
static long pipe_take(struct pipe_inode_info *pipe, struct iov_iter *iter)
{
	struct splice_desc sd = {
		.total_len	= iov_iter_count(iter),
		.flags		= SPLICE_F_NONBLOCK,
		.u.data		= iter,
	};
	bool full;
	long ret;

	pipe_lock(pipe);
	full = pipe_full(pipe->head, pipe->tail, pipe->max_usage);
	ret = __splice_from_pipe(pipe, &sd, copy_bytes);
	/* A page that was lost (-ENODATA) is no end of the stream. */
	if (!ret && !pipe_empty(pipe->head, pipe->tail))
		ret = -EIO;
	/* It tells no writer of a place where nothing was. */
	if (ret == -EAGAIN && full)
		wake_up_interruptible_poll(&pipe->wr_wait,
					   EPOLLOUT | EPOLLWRNORM);
	pipe_unlock(pipe);
	/* A signal, which the pipeline sees for itself. */
	return ret == -ERESTARTSYS ? -EAGAIN : ret;
}

static long pipe_source_fill(struct zc_end *end, struct zc_chunk *chunk)
{
	struct iov_iter iter;
	long ret;

	zc_buf_iter(chunk->buf, ITER_DEST, chunk->data + chunk->len,
		    chunk->want - chunk->len, &iter);
	chunk->filled = (struct zc_moved) {
		.copied = 1,
		.paths = ZCDEV_PATH_COPY,
		.reasons = ZCDEV_REASON_STREAM,
	};
	ret = pipe_take(end->of_pipe.pipe, &iter);
	if (ret > 0)
		fsnotify_access(end->file);
	return ret;
}

static const struct zc_source_ops pipe_source_ops = {
	.prepare	= pipe_source_prepare,
	.events		= EPOLLIN,
	.ready		= pipe_source_ready,
	.timeout	= pipe_timeout,
	.fill		= pipe_source_fill,
};

/* Sink */

static int pipe_sink_prepare(struct zc_end *end, u64 len, bool strict,
			     const struct zc_end *source)
{
	return pipe_prepare(end, WRITE, len);
}

/* Bytes left of the piece of the buffer that is at @iter, up to PIECE. */
static u32 piece_len(const struct iov_iter *iter)
{
	return min3(iter->bvec->bv_len - iter->iov_offset,
		    iov_iter_count(iter), (size_t)PIECE);
}

/* With a reference on the page, which is gone after an error. */
static long pipe_add(struct pipe_inode_info *pipe, struct page *page, u32 offset,
		     u32 len)
{
	struct pipe_buffer buf = {
		.ops	= &nosteal_pipe_buf_ops,
		.page	= page,
		.offset	= offset,
		.len	= len,
	};

	if (pipe->readers)
		return add_to_pipe(pipe, &buf);
	/* That would send a signal. */
	put_page(page);
	return -EPIPE;
}

static long pipe_add_piece(struct pipe_inode_info *pipe, struct iov_iter *iter)
{
	struct page *page = iter->bvec->bv_page;
	long ret;

	get_page(page);
	ret = pipe_add(pipe, page, iter->bvec->bv_offset + iter->iov_offset,
		       piece_len(iter));
	if (ret > 0)
		iov_iter_advance(iter, ret);
	return ret;
}

static void wake_readers(struct pipe_inode_info *pipe)
{
	wake_up_interruptible_poll(&pipe->rd_wait, EPOLLIN | EPOLLRDNORM);
	kill_fasync(&pipe->fasync_readers, SIGIO, POLL_IN);
}

static long pipe_reference(struct pipe_inode_info *pipe, struct iov_iter *iter)
{
	long ret, bytes = 0;

	pipe_lock(pipe);
	do {
		ret = pipe_add_piece(pipe, iter);
		bytes += max(ret, 0L);
	} while (ret > 0 && iov_iter_count(iter));
	pipe_unlock(pipe);
	if (bytes)
		wake_readers(pipe);
	return bytes ?: ret;
}

static bool pipe_sink_blocked(struct zc_end *end)
{
	return !(vfs_poll(end->file, NULL) & (EPOLLOUT | EPOLLERR));
}

/* Pages stay in a pipe as long as its other end is open, which is here. */
static bool pipe_sink_hung_up(const struct zc_end *end)
{
	return !READ_ONCE(end->of_pipe.pipe->readers);
}

/* A write(2) would send a signal if nobody reads, and wait, in old pipes (6.1). */
static long pipe_copy(struct zc_end *end, struct iov_iter *iter)
{
	struct pipe_inode_info *pipe = end->of_pipe.pipe;
	struct page *page;
	long ret;

	if (pipe_sink_blocked(end))
		return -EAGAIN;
	page = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;
	ret = copy_page_from_iter(page, 0, PAGE_SIZE, iter);
	pipe_lock(pipe);
	ret = pipe_add(pipe, page, 0, ret);
	pipe_unlock(pipe);
	if (ret > 0)
		wake_readers(pipe);
	return ret;
}

static u32 choose_reason(const struct zc_end *end, const struct zc_chunk *chunk)
{
	if (chunk->extra)
		return ZCDEV_REASON_MEMORY;
	/* From the pipe they may go on to TCP. */
	if (!zc_chunk_is_cached(chunk) && zc_buf_is_mappable(chunk->buf))
		return ZCDEV_REASON_PAGES;
	if (!chunk->pipeline->strict && chunk->len < zc_end_copy_below(end))
		return ZCDEV_REASON_SMALL;
	return 0;
}

static long pipe_sink_drain(struct zc_end *end, struct zc_chunk *chunk,
			    struct zc_drain *drain)
{
	struct zc_moved *part = &drain->req.part;
	u32 reason = choose_reason(end, chunk);
	struct iov_iter iter;
	long ret;

	if (reason && chunk->pipeline->strict && !chunk->extra)
		return -EOPNOTSUPP;
	zc_buf_iter(chunk->buf, ITER_SOURCE, chunk->data + drain->done,
		    chunk->len - drain->done, &iter);
	ret = reason ? pipe_copy(end, &iter) :
		       pipe_reference(end->of_pipe.pipe, &iter);
	if (ret <= 0)
		return ret ?: -EAGAIN;
	part->paths = reason ? ZCDEV_PATH_COPY : ZCDEV_PATH_REFERENCE;
	part->reasons = reason;
	if (reason)
		part->copied = ret;
	else
		part->zerocopy = ret;
	return ret;
}

static const struct zc_sink_ops pipe_sink_ops = {
	.prepare	= pipe_sink_prepare,
	.drain		= pipe_sink_drain,
	.events		= EPOLLOUT,
	.blocked	= pipe_sink_blocked,
	.hung_up	= pipe_sink_hung_up,
	.timeout	= pipe_timeout,
};

const struct zc_end_type zc_end_pipe = {
	.kind	= ZCDEV_KIND_PIPE,
	.probe	= pipe_probe,
	.source	= &pipe_source_ops,
	.sink	= &pipe_sink_ops,
};
