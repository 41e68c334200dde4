/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_COMPAT_LINUX_FS_H
#define _ZC_COMPAT_LINUX_FS_H

#include <linux/version.h>
#include_next <linux/fs.h>

/* 6.3 put idmaps where user namespaces were; goes with 6.1 and 6.2. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define file_mnt_idmap	file_mnt_user_ns
#endif

/* What has no splice_read of its own uses this; goes with 6.4. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define copy_splice_read	generic_file_splice_read
#endif

/*
 * An asynchronous write holds off freezing of the file system from submission
 * to completion, which may be another context: lockdep must not see the task
 * hold it. From 6.8 on vfs_iocb_iter_write() takes it, before that the caller
 * does; goes with 6.7.
 */
static inline void zc_compat_write_begin(struct kiocb *iocb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	struct inode *inode = file_inode(iocb->ki_filp);

	if (!S_ISREG(inode->i_mode))
		return;
	sb_start_write(inode->i_sb);
	__sb_writers_release(inode->i_sb, SB_FREEZE_WRITE);
#endif
}

/* Drops what the submission of an asynchronous write took; any context. */
static inline void zc_compat_write_end(struct kiocb *iocb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	struct inode *inode = file_inode(iocb->ki_filp);

	if (!S_ISREG(inode->i_mode))
		return;
	__sb_writers_acquired(inode->i_sb, SB_FREEZE_WRITE);
	sb_end_write(inode->i_sb);
#else
	kiocb_end_write(iocb);
#endif
}

/* vfs_iocb_iter_write() as it is from 6.8 on. */
static inline ssize_t zc_compat_write(struct file *file, struct kiocb *iocb,
				      struct iov_iter *iter)
{
	ssize_t ret;

	zc_compat_write_begin(iocb);
	ret = vfs_iocb_iter_write(file, iocb, iter);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	if (ret != -EIOCBQUEUED)
		zc_compat_write_end(iocb);
#endif
	return ret;
}

#endif /* _ZC_COMPAT_LINUX_FS_H */
