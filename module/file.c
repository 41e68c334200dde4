// SPDX-License-Identifier: GPL-2.0
/*
 * The pool as a file: read, write, seek, splice and poll what mmap() maps.
 *
 * It has a fixed size, like a block device: reads end there, and writes beyond
 * are ENOSPC. Reads and writes copy; splice hands out the pages themselves,
 * which are then referenced from outside until the last pipe, socket or device
 * that got them lets go.
 *
 * No lock is held while user memory is touched: it may be a mapping of the pool.
 */
#include "file.h"

#include <linux/bvec.h>
#include <linux/highmem.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/uio.h>

#include "pool.h"
#include "softnet.h"

/* What one entry of a pipe has at most: as much as a fragment of a socket. */
#define PIECE_MAX	SZ_64K

#define LOOK_INTERVAL	(HZ / 100)

/* As long as somebody polls, and none is free. */
static void look_fn(struct work_struct *work)
{
	struct zc_file *file = container_of(to_delayed_work(work),
					    struct zc_file, look);

	if (zc_pool_has_free(file->pool)) {
		zc_pool_wake(file->pool);
	} else if (wq_has_sleeper(&file->waiters)) {
		zc_softnet_flush();
		schedule_delayed_work(&file->look, LOOK_INTERVAL);
	}
}

/**
 * zc_file_init() - an open file without a pool
 * @file: zeroed
 *
 * Context: any.
 */
void zc_file_init(struct zc_file *file)
{
	mutex_init(&file->lock);
	init_waitqueue_head(&file->waiters);
	INIT_DELAYED_WORK(&file->look, look_fn);
}

/**
 * zc_file_exit() - the last descriptor and the last mapping are gone
 * @file: its pool goes as well
 *
 * Context: process.
 */
void zc_file_exit(struct zc_file *file)
{
	cancel_delayed_work_sync(&file->look);
	if (file->pool)
		zc_pool_close(file->pool);
	mutex_destroy(&file->lock);
}

static struct zc_pool *filp_pool(struct file *filp)
{
	return zc_file_pool(filp->private_data);
}

/* What lies at @pos, @max bytes or less, physically contiguous. */
static void pool_piece(const struct zc_pool *pool, u64 pos, size_t max,
		       struct bio_vec *piece)
{
	const struct zc_buf *buf = &pool->bufs[pos / pool->buf_size];
	size_t offset = pos % pool->buf_size, size = buf->bvec[0].bv_len;

	bvec_set_page(piece, zc_buf_page(buf, offset),
		      min3(max, size - offset % size, (size_t)PIECE_MAX),
		      offset_in_page(offset));
}

typedef size_t (*zc_copy_fn)(struct page *page, size_t offset, size_t bytes,
			     struct iov_iter *iter);

/* All of @iter, or up to the end of the pool. */
static ssize_t pool_copy(const struct zc_pool *pool, struct kiocb *iocb,
			 struct iov_iter *iter, zc_copy_fn copy)
{
	u64 size = zc_pool_bytes(pool);
	loff_t begin = iocb->ki_pos;
	struct bio_vec piece;
	ssize_t ret = 0;
	size_t done;

	while (!ret && iov_iter_count(iter) && iocb->ki_pos < size) {
		pool_piece(pool, iocb->ki_pos, iov_iter_count(iter), &piece);
		done = copy(piece.bv_page, piece.bv_offset, piece.bv_len, iter);
		iocb->ki_pos += done;
		if (done < piece.bv_len)
			ret = -EFAULT;
		else if (fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	return iocb->ki_pos - begin ?: ret;
}

/**
 * zc_file_read_iter() - copy from the pool
 * @iocb: the file, and where to begin
 * @to: where to
 *
 * Context: process.
 * Return: bytes, 0 at the end and beyond, or an errno.
 */
ssize_t zc_file_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct zc_pool *pool = filp_pool(iocb->ki_filp);

	if (!pool)
		return -ENXIO;
	return pool_copy(pool, iocb, to, copy_page_to_iter);
}

/**
 * zc_file_write_iter() - copy into the pool
 * @iocb: the file, and where to begin
 * @from: where from
 *
 * Context: process.
 * Return: bytes, -ENOSPC at the end and beyond, or another errno.
 */
ssize_t zc_file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct zc_pool *pool = filp_pool(iocb->ki_filp);

	if (!pool)
		return -ENXIO;
	if (iov_iter_count(from) && iocb->ki_pos >= zc_pool_bytes(pool))
		return -ENOSPC;
	return pool_copy(pool, iocb, from, copy_page_from_iter);
}

/**
 * zc_file_llseek() - move the position, within the pool
 * @filp: the file
 * @offset: by how much
 * @whence: SEEK_SET, SEEK_CUR or SEEK_END
 *
 * Context: process.
 * Return: the new position, or an errno.
 */
loff_t zc_file_llseek(struct file *filp, loff_t offset, int whence)
{
	struct zc_pool *pool = filp_pool(filp);

	if (!pool)
		return -ENXIO;
	return fixed_size_llseek(filp, offset, whence, zc_pool_bytes(pool));
}

/*
 * A TCP receiver on this machine can map whole single pages and keep them, which
 * looks as if the pool were mapped: such pages go as copies.
 */
static int piece_unmappable(struct bio_vec *piece)
{
	struct page *copy, *page = piece->bv_page;

	if (PageCompound(page)) {
		get_page(page);
		return 0;
	}
	copy = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!copy)
		return -ENOMEM;
	copy_highpage(copy, page);
	piece->bv_page = copy;
	return 0;
}

static ssize_t splice_piece(const struct zc_pool *pool, u64 pos, size_t max,
			    struct pipe_inode_info *pipe)
{
	struct bio_vec piece;
	int ret;

	pool_piece(pool, pos, max, &piece);
	ret = piece_unmappable(&piece);
	if (ret)
		return ret;
	return add_to_pipe(pipe, &(struct pipe_buffer) {
		.page = piece.bv_page,
		.offset = piece.bv_offset,
		.len = piece.bv_len,
		/* Nothing of ours: they are called after we may be gone. */
		.ops = &nosteal_pipe_buf_ops,
	});
}

/**
 * zc_file_splice_read() - put pages of the pool into a pipe
 * @filp: the file
 * @ppos: where to begin; advanced
 * @pipe: locked
 * @len: bytes at most
 * @flags: SPLICE_F_; a pool never waits
 *
 * Context: process.
 * Return: bytes, 0 at the end and beyond, or an errno.
 */
ssize_t zc_file_splice_read(struct file *filp, loff_t *ppos,
			    struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags)
{
	struct zc_pool *pool = filp_pool(filp);
	loff_t begin = *ppos;
	ssize_t ret = 1;
	u64 size;

	if (!pool)
		return -ENXIO;
	size = zc_pool_bytes(pool);
	if (begin >= size)
		return 0;
	len = min_t(u64, len, size - begin);
	while (len && ret > 0) {
		ret = splice_piece(pool, *ppos, len, pipe);
		if (ret > 0) {
			*ppos += ret;
			len -= ret;
		}
	}
	return *ppos - begin ?: ret;
}

/**
 * zc_file_poll() - what would not have to wait
 * @filp: the file
 * @table: who wants to know
 *
 * A pool can always be read. Writable it is called if there is a buffer to
 * acquire.
 *
 * Context: process.
 * Return: EPOLL events; none without a pool.
 */
__poll_t zc_file_poll(struct file *filp, struct poll_table_struct *table)
{
	struct zc_file *file = filp->private_data;
	struct zc_pool *pool;

	poll_wait(filp, &file->waiters, table);
	pool = zc_file_pool(file);
	if (!pool)
		return 0;
	if (zc_pool_has_free(pool))
		return EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;
	/* Nobody tells when a reference from outside goes. */
	schedule_delayed_work(&file->look, LOOK_INTERVAL);
	return EPOLLIN | EPOLLRDNORM;
}
