// SPDX-License-Identifier: GPL-2.0
/*
 * Character devices: those whose drivers have splice operations of their own,
 * and the ones that just give or swallow bytes.
 *
 * A driver with such operations was written to move bulk data. Not so ttys and
 * the likes, which have the generic ones, and not those that speak to another
 * program through their device: fuse, tun, vhost.
 */
#include "endpoint.h"

#include <linux/major.h>
#include <linux/miscdevice.h>
#include <linux/poll.h>
#include <linux/splice.h>

#include "buffer.h"
#include "pipeline.h"

/* Of major 1: null, zero, full, random, urandom. */
static bool dev_is_plain(dev_t dev)
{
	return MAJOR(dev) == MEM_MAJOR &&
	       (MINOR(dev) == 3 || MINOR(dev) == 5 ||
		(MINOR(dev) >= 7 && MINOR(dev) <= 9));
}

static bool dev_is_barred(dev_t dev)
{
	static const unsigned int misc[] = {
		FUSE_MINOR, CUSE_MINOR, TUN_MINOR, VHOST_NET_MINOR,
		VHOST_VSOCK_MINOR,
	};
	u32 i;

	if (MAJOR(dev) == MEM_MAJOR)
		return true;
	if (MAJOR(dev) != MISC_MAJOR)
		return false;
	for (i = 0; i < ARRAY_SIZE(misc); i++)
		if (MINOR(dev) == misc[i])
			return true;
	return false;
}

static bool has_own_splice_read(const struct file *file)
{
	return file->f_op->splice_read &&
	       file->f_op->splice_read != copy_splice_read;
}

static bool has_own_splice_write(const struct file *file)
{
	return file->f_op->splice_write &&
	       file->f_op->splice_write != iter_file_splice_write;
}

static int char_probe(struct file *file)
{
	const struct inode *inode = file_inode(file);

	if (!S_ISCHR(inode->i_mode))
		return 0;
	return dev_is_plain(inode->i_rdev) ||
	       (!dev_is_barred(inode->i_rdev) &&
		(has_own_splice_read(file) || has_own_splice_write(file)));
}

static int char_prepare(struct zc_end *end, int rw, u64 len, bool strict)
{
	if (end->flags & ZCDEV_END_OFFSET)
		return -ESPIPE;
	if (end->flags)
		return -EINVAL;
	if (strict)
		return -EOPNOTSUPP;
	return rw_verify_area(rw, end->file, &end->file->f_pos,
			      min_t(u64, len, MAX_RW_COUNT));
}

static long char_timeout(const struct zc_end *end)
{
	return end->file->f_flags & O_NONBLOCK ? 0 : MAX_SCHEDULE_TIMEOUT;
}

/* As read(2) and write(2) do it. */
static long char_result(struct file *file, const struct kiocb *iocb, long ret)
{
	if (ret > 0)
		WRITE_ONCE(file->f_pos, iocb->ki_pos);
	return ret;
}

/* Source */

static int char_source_prepare(struct zc_end *end, u64 len, bool strict)
{
	const struct file *file = end->file;

	if (!(file->f_mode & FMODE_CAN_READ) || !file->f_op->read_iter ||
	    !(dev_is_plain(file_inode(file)->i_rdev) ||
	      has_own_splice_read(file)))
		return -EOPNOTSUPP;
	return char_prepare(end, READ, len, strict);
}

static bool char_source_ready(struct zc_end *end)
{
	return vfs_poll(end->file, NULL) & (EPOLLIN | EPOLLERR | EPOLLHUP);
}

static long char_source_fill(struct zc_end *end, struct zc_chunk *chunk)
{
	struct iov_iter iter;
	struct kiocb iocb;
	long ret;

	zc_buf_iter(chunk->buf, ITER_DEST, chunk->data + chunk->len,
		    chunk->want - chunk->len, &iter);
	init_sync_kiocb(&iocb, end->file);
	iocb.ki_pos = READ_ONCE(end->file->f_pos);
	chunk->filled = (struct zc_moved) {
		.copied = 1,
		.paths = ZCDEV_PATH_COPY,
		.reasons = ZCDEV_REASON_STREAM,
	};
	ret = vfs_iocb_iter_read(end->file, &iocb, &iter);
	return char_result(end->file, &iocb, ret);
}

static const struct zc_source_ops char_source_ops = {
	.prepare	= char_source_prepare,
	.events		= EPOLLIN,
	.ready		= char_source_ready,
	.timeout	= char_timeout,
	.fill		= char_source_fill,
};

/* Sink */

static int char_sink_prepare(struct zc_end *end, u64 len, bool strict,
			     const struct zc_end *source)
{
	const struct file *file = end->file;

	if (!(file->f_mode & FMODE_CAN_WRITE) || !file->f_op->write_iter ||
	    !(dev_is_plain(file_inode(file)->i_rdev) ||
	      has_own_splice_write(file)))
		return -EOPNOTSUPP;
	return char_prepare(end, WRITE, len, strict);
}

static long char_sink_drain(struct zc_end *end, struct zc_chunk *chunk,
			    struct zc_drain *drain)
{
	struct iov_iter iter;
	struct kiocb iocb;
	long ret;

	zc_buf_iter(chunk->buf, ITER_SOURCE, chunk->data + drain->done,
		    chunk->len - drain->done, &iter);
	init_sync_kiocb(&iocb, end->file);
	iocb.ki_pos = READ_ONCE(end->file->f_pos);
	ret = vfs_iocb_iter_write(end->file, &iocb, &iter);
	ret = char_result(end->file, &iocb, ret);
	if (ret <= 0)
		return ret ?: -EIO;
	drain->req.part = (struct zc_moved) {
		.unverified = ret,
		.paths = ZCDEV_PATH_REFERENCE,
		.reasons = ZCDEV_REASON_DRIVER,
	};
	return ret;
}

static bool char_sink_blocked(struct zc_end *end)
{
	return !(vfs_poll(end->file, NULL) & (EPOLLOUT | EPOLLERR | EPOLLHUP));
}

static const struct zc_sink_ops char_sink_ops = {
	.prepare	= char_sink_prepare,
	.drain		= char_sink_drain,
	.events		= EPOLLOUT,
	.blocked	= char_sink_blocked,
	.timeout	= char_timeout,
};

const struct zc_end_type zc_end_char = {
	.kind	= ZCDEV_KIND_CHAR,
	.probe	= char_probe,
	.source	= &char_source_ops,
	.sink	= &char_sink_ops,
};
