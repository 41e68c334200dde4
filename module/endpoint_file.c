// SPDX-License-Identifier: GPL-2.0
/*
 * Regular files and block devices: what both roles share.
 *
 * Direct where the file system lets us: the device's DMA then fills or empties
 * the buffer itself.
 */
#include "endpoint_file.h"

#include <linux/blkdev.h>
#include <linux/fileattr.h>
#include <linux/magic.h>
#include <linux/overflow.h>
#include <linux/stat.h>

#include "pipeline.h"

/* From 6.16 on eventfd and its kind say that they are regular files. */
static int file_probe(struct file *file)
{
	const struct inode *inode = file_inode(file);

	return S_ISREG(inode->i_mode) &&
	       inode->i_sb->s_magic != ANON_INODE_FS_MAGIC;
}

static int block_probe(struct file *file)
{
	return S_ISBLK(file_inode(file)->i_mode);
}

/* Chunks begin on page boundaries and are multiples of a page. */
static bool direct_fits(const struct zc_file_end *f)
{
	return f->mem_align <= PAGE_SIZE && f->offset_align <= PAGE_SIZE;
}

/* Without extents, ext4 writes into holes through the page cache. */
static bool ext4_has_extents(const struct file *file)
{
	struct file_kattr attr = {};

	return !vfs_fileattr_get(file->f_path.dentry, &attr) &&
	       attr.flags & FS_EXTENT_FL;
}

/* File systems that have been looked at: what they call direct is direct. */
static bool direct_is_vouched(const struct zc_end *end)
{
	switch (zc_file_inode(end)->i_sb->s_magic) {
	case EXT4_SUPER_MAGIC:
		return ext4_has_extents(end->file);
	case XFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

/*
 * What direct I/O means on this file. STATX_DIOALIGN is the file system's word
 * for when a request is direct; without it there may be direct I/O, but ext4
 * with data=journal, btrfs with checksums and others take the request and copy.
 * Even with it, some copy to have stable pages for checksums (bcachefs), or
 * pass the request on to others (overlayfs). tmpfs always copies.
 */
static u32 direct_of_regular(struct zc_end *end, struct zc_file_end *f)
{
	struct kstat stat = {};
	int ret;

	if (IS_DAX(zc_file_inode(end)))
		return ZCDEV_REASON_DAX;
	if (!(end->file->f_mode & FMODE_CAN_ODIRECT) ||
	    zc_file_inode(end)->i_sb->s_magic == TMPFS_MAGIC)
		return ZCDEV_REASON_NO_DIRECT;

	ret = vfs_getattr_nosec(&end->file->f_path, &stat, STATX_DIOALIGN,
				AT_STATX_SYNC_AS_STAT);
	if (!ret && stat.result_mask & STATX_DIOALIGN) {
		if (!stat.dio_offset_align || !stat.dio_mem_align)
			return ZCDEV_REASON_NO_DIRECT;
		f->mem_align = stat.dio_mem_align;
		f->offset_align = stat.dio_offset_align;
		f->verified = direct_is_vouched(end);
	} else {
		f->mem_align = PAGE_SIZE;
		f->offset_align = PAGE_SIZE;
	}
	f->direct = direct_fits(f);
	if (!f->direct)
		return ZCDEV_REASON_NO_DIRECT;
	return f->verified ? 0 : ZCDEV_REASON_UNVERIFIED;
}

static u32 direct_of_block(struct zc_end *end, struct zc_file_end *f)
{
	struct block_device *bdev = I_BDEV(zc_file_inode(end));

	if (!(end->file->f_mode & FMODE_CAN_ODIRECT))
		return ZCDEV_REASON_NO_DIRECT;
	f->mem_align = bdev_dma_alignment(bdev) + 1;
	f->offset_align = bdev_logical_block_size(bdev);
	f->verified = true;
	f->direct = direct_fits(f);
	return f->direct ? 0 : ZCDEV_REASON_NO_DIRECT;
}

/**
 * zc_file_prepare_direct() - find out whether direct I/O is possible
 * @end: its part of a file is set up
 * @strict: refuse what copies, or may
 *
 * Context: process; sleeps.
 * Return: 0 or -EOPNOTSUPP.
 */
int zc_file_prepare_direct(struct zc_end *end, bool strict)
{
	struct zc_file_end *f = &end->of_file;

	if (end->flags & ZCDEV_END_BUFFERED)
		f->reason = ZCDEV_REASON_ASKED;
	else if (zc_file_is_block(end))
		f->reason = direct_of_block(end, f);
	else
		f->reason = direct_of_regular(end, f);

	if (!f->direct) {
		f->mem_align = 1;
		f->offset_align = 1;
	}
	f->offset_align = max(f->offset_align, f->mem_align);

	if (end->flags & ZCDEV_END_DIRECT && !f->direct)
		return -EOPNOTSUPP;
	return strict && f->reason ? -EOPNOTSUPP : 0;
}

/**
 * zc_file_prepare_position() - where to begin
 * @end: its position is set, and where it came from
 * @len: bytes expected, ZCDEV_TO_END if nobody knows
 *
 * Context: process.
 * Return: 0 or -EOVERFLOW.
 */
int zc_file_prepare_position(struct zc_end *end, u64 len)
{
	struct zc_file_end *f = &end->of_file;
	loff_t to;

	f->own_pos = !(end->flags & ZCDEV_END_OFFSET);
	if (f->own_pos)
		end->pos = READ_ONCE(end->file->f_pos);
	if (end->pos < 0)
		return -EOVERFLOW;
	if (len != ZCDEV_TO_END &&
	    (len > LLONG_MAX || check_add_overflow(end->pos, (loff_t)len, &to)))
		return -EOVERFLOW;
	return 0;
}

/**
 * zc_file_prepare_rights() - may the caller do this?
 * @end: positioned
 * @rw: READ or WRITE
 * @len: bytes expected
 *
 * As the VFS does: security modules have their say before a byte moves.
 *
 * Context: process; sleeps.
 * Return: 0 or an errno.
 */
int zc_file_prepare_rights(struct zc_end *end, int rw, u64 len)
{
	return rw_verify_area(rw, end->file, &end->pos,
			      min_t(u64, len, MAX_RW_COUNT));
}

/**
 * zc_file_finish_position() - advance the open file, if it was used as such
 * @end: positioned
 * @bytes: accepted
 *
 * Context: any.
 */
void zc_file_finish_position(struct zc_end *end, u64 bytes)
{
	if (end->of_file.own_pos && bytes)
		WRITE_ONCE(end->file->f_pos, end->pos + bytes);
}

/* Requests */

static void file_iocb_done(struct kiocb *iocb, long result)
{
	struct zc_request *req = container_of(iocb, struct zc_request, iocb);

	if (iocb->ki_flags & IOCB_WRITE)
		zc_compat_write_end(iocb);
	zc_request_complete(req, result);
}

/**
 * zc_file_iocb_init() - a request to a file
 * @iocb: that of a &struct zc_request
 * @end: the file
 * @pos: file offset
 * @direct: past the page cache
 * @may_queue: zc_request_complete() may be called for it
 *
 * Context: any.
 */
void zc_file_iocb_init(struct kiocb *iocb, struct zc_end *end, loff_t pos,
		       bool direct, bool may_queue)
{
	init_sync_kiocb(iocb, end->file);
	iocb->ki_pos = pos;
	iocb->ki_flags &= ~IOCB_DIRECT;
	if (direct)
		iocb->ki_flags |= IOCB_DIRECT;
	if (may_queue)
		iocb->ki_complete = file_iocb_done;
}

/**
 * zc_file_moved() - classify bytes that a request moved, or will have moved
 * @end: the file
 * @direct: past the page cache
 * @reason: ZCDEV_REASON_ if not
 * @bytes: how many
 *
 * Context: any.
 * Return: their part of the verdict.
 */
struct zc_moved zc_file_moved(const struct zc_end *end, bool direct,
			      u32 reason, u64 bytes)
{
	struct zc_moved moved = {};

	if (!direct) {
		moved.paths = ZCDEV_PATH_BUFFERED;
		moved.reasons = reason;
		moved.copied = bytes;
	} else if (!end->of_file.verified) {
		moved.paths = ZCDEV_PATH_DIRECT;
		moved.reasons = ZCDEV_REASON_UNVERIFIED;
		moved.unverified = bytes;
	} else {
		moved.paths = ZCDEV_PATH_DIRECT;
		moved.zerocopy = bytes;
	}
	return moved;
}

const struct zc_end_type zc_end_file = {
	.kind	= ZCDEV_KIND_FILE,
	.probe	= file_probe,
	.source	= &zc_file_source_ops,
	.sink	= &zc_file_sink_ops,
};

const struct zc_end_type zc_end_block = {
	.kind	= ZCDEV_KIND_BLOCK,
	.probe	= block_probe,
	.source	= &zc_file_source_ops,
	.sink	= &zc_file_sink_ops,
};
