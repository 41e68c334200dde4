// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/zcdev: open, close, and a table of ioctls.
 */
#include "chardev.h"

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <zcdev.h>

#include "account.h"
#include "acquire.h"
#include "endpoint.h"
#include "file.h"
#include "limit.h"
#include "mmap.h"
#include "pool.h"
#include "transfer.h"

/* Every argument of an ioctl, in the kernel's own copy. */
union zc_ioctl_arg {
	u32 size;
	struct zcdev_query query;
	struct zcdev_pool_create pool_create;
	struct zcdev_pool_info pool_info;
	struct zcdev_transfer transfer;
	struct zcdev_buf_wait buf_wait;
	struct zcdev_buf_acquire buf_acquire;
	struct zcdev_buf_release buf_release;
};

/**
 * struct zc_ioctl - one row of the table
 * @size: what this kernel knows of the struct
 * @min_size: what the struct had in the first version
 * @out: offset of the first member to copy back, or @size if there is none
 * @mode: what the file must be open for
 * @handler: @arg is the kernel's copy; @uarg is where it came from
 */
struct zc_ioctl {
	u32 size;
	u32 min_size;
	u32 out;
	fmode_t mode;
	int (*handler)(struct zc_file *file, union zc_ioctl_arg *arg,
		       void __user *uarg);
};

static int ioctl_query(struct zc_file *file, union zc_ioctl_arg *arg,
		       void __user *uarg);

static int ioctl_pool_create(struct zc_file *file, union zc_ioctl_arg *arg,
			     void __user *uarg)
{
	struct zcdev_pool_create *create = &arg->pool_create;

	if (create->flags & ~ZC_POOL_FLAGS || create->reserved)
		return -EINVAL;
	return zc_pool_create(file, create);
}

static int ioctl_pool_info(struct zc_file *file, union zc_ioctl_arg *arg,
			   void __user *uarg)
{
	struct zc_pool *pool = zc_file_pool(file);

	if (arg->pool_info.flags)
		return -EINVAL;
	if (!pool)
		return -ENXIO;
	zc_pool_info(pool, &arg->pool_info);
	return 0;
}

static int ioctl_buf_wait(struct zc_file *file, union zc_ioctl_arg *arg,
			  void __user *uarg)
{
	struct zcdev_buf_wait *wait = &arg->buf_wait;
	struct zc_pool *pool = zc_file_pool(file);

	if (wait->flags)
		return -EINVAL;
	if (!pool)
		return -ENXIO;
	return zc_pool_wait(pool, wait->offset, wait->len, wait->timeout_ns);
}

static int ioctl_buf_acquire(struct zc_file *file, union zc_ioctl_arg *arg,
			     void __user *uarg)
{
	return zc_acquire_ioctl(file, &arg->buf_acquire, uarg);
}

static int ioctl_buf_release(struct zc_file *file, union zc_ioctl_arg *arg,
			     void __user *uarg)
{
	return zc_release_ioctl(file, &arg->buf_release);
}

static int ioctl_transfer(struct zc_file *file, union zc_ioctl_arg *arg,
			  void __user *uarg)
{
	return zc_transfer_ioctl(file, &arg->transfer, uarg);
}

#define ZC_IOCTL(nr, type, last, first_out, open_mode, fn)		\
	[_IOC_NR(nr)] = {						\
		.size = sizeof(struct type),				\
		.min_size = offsetofend(struct type, last),		\
		.out = first_out,					\
		.mode = open_mode,					\
		.handler = fn,						\
	}

static const struct zc_ioctl zc_ioctls[] = {
	ZC_IOCTL(ZCDEV_QUERY, zcdev_query, out_total_bytes,
		 offsetof(struct zcdev_query, out_ioctls), 0, ioctl_query),
	ZC_IOCTL(ZCDEV_POOL_CREATE, zcdev_pool_create, reserved,
		 sizeof(struct zcdev_pool_create), FMODE_READ | FMODE_WRITE,
		 ioctl_pool_create),
	ZC_IOCTL(ZCDEV_POOL_INFO, zcdev_pool_info, out_charged,
		 offsetof(struct zcdev_pool_info, out_pool_flags), 0,
		 ioctl_pool_info),
	/* Writes its results itself, and checks before it moves anything. */
	ZC_IOCTL(ZCDEV_TRANSFER, zcdev_transfer, out_left_count,
		 sizeof(struct zcdev_transfer), FMODE_READ | FMODE_WRITE,
		 ioctl_transfer),
	ZC_IOCTL(ZCDEV_BUF_WAIT, zcdev_buf_wait, timeout_ns,
		 sizeof(struct zcdev_buf_wait), 0, ioctl_buf_wait),
	/* Writes its results itself, before the buffers are acquired. */
	ZC_IOCTL(ZCDEV_BUF_ACQUIRE, zcdev_buf_acquire, out_count,
		 sizeof(struct zcdev_buf_acquire), FMODE_READ | FMODE_WRITE,
		 ioctl_buf_acquire),
	ZC_IOCTL(ZCDEV_BUF_RELEASE, zcdev_buf_release, reserved,
		 sizeof(struct zcdev_buf_release), FMODE_READ | FMODE_WRITE,
		 ioctl_buf_release),
};

static int ioctl_query(struct zc_file *file, union zc_ioctl_arg *arg,
		       void __user *uarg)
{
	struct zcdev_query *query = &arg->query;

	if (query->flags)
		return -EINVAL;
	query->out_ioctls = GENMASK(ARRAY_SIZE(zc_ioctls) - 1, 0);
	query->out_pool_flags = ZC_POOL_FLAGS;
	query->out_transfer_flags = ZC_TRANSFER_FLAGS;
	query->out_end_flags = ZC_END_FLAGS;
	query->out_sources = zc_end_sources();
	query->out_sinks = zc_end_sinks();
	query->out_min_buf_size = PAGE_SIZE;
	query->out_max_buf_size = ZC_BUF_MAX;
	query->out_default_buf_size = zc_pool_default_buf_size();
	query->out_default_count = zc_pool_default_count();
	query->out_max_sinks = ZC_TRANSFER_SINKS;
	query->out_max_depth = ZC_TRANSFER_DEPTH;
	query->out_max_pool_bytes = zc_limit(ZC_LIMIT_POOL);
	query->out_max_total_bytes = zc_limit(ZC_LIMIT_TOTAL);
	query->out_total_bytes = zc_account_total();
	return 0;
}

static const struct zc_ioctl *ioctl_find(unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd);

	if (nr >= ARRAY_SIZE(zc_ioctls) || cmd != _IO(ZCDEV_IOC_TYPE, nr))
		return NULL;
	return &zc_ioctls[array_index_nospec(nr, ARRAY_SIZE(zc_ioctls))];
}

static long zc_ioctl(struct file *filp, unsigned int cmd, unsigned long uptr)
{
	const struct zc_ioctl *ioctl = ioctl_find(cmd);
	void __user *uarg = (void __user *)uptr;
	union zc_ioctl_arg arg;
	u32 usize;
	int ret;

	if (!ioctl)
		return -ENOTTY;
	if ((filp->f_mode & ioctl->mode) != ioctl->mode)
		return -EBADF;
	if (get_user(usize, (u32 __user *)uarg))
		return -EFAULT;
	if (usize < ioctl->min_size)
		return -EINVAL;
	if (usize > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&arg, ioctl->size, uarg, usize);
	if (ret)
		return ret;

	ret = ioctl->handler(filp->private_data, &arg, uarg);
	if (ret || ioctl->out == ioctl->size)
		return ret;
	if (copy_to_user(uarg + ioctl->out, (char *)&arg + ioctl->out,
			 min(usize, ioctl->size) - ioctl->out))
		return -EFAULT;
	return 0;
}

static int zc_open(struct inode *inode, struct file *filp)
{
	struct zc_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return -ENOMEM;
	zc_file_init(file);
	filp->private_data = file;
	/* Reading and writing is copying: it never waits. */
	filp->f_mode |= FMODE_NOWAIT;
	return 0;
}

/* The last descriptor and the last mapping are gone. */
static int zc_release(struct inode *inode, struct file *filp)
{
	struct zc_file *file = filp->private_data;

	zc_file_exit(file);
	kfree(file);
	return 0;
}

static void zc_show_fdinfo(struct seq_file *m, struct file *filp)
{
	struct zc_file *file = filp->private_data;
	struct zc_pool *pool = zc_file_pool(file);
	struct zcdev_pool_info info = {};

	if (!pool)
		return;
	zc_pool_info(pool, &info);
	seq_printf(m, "zcdev-pool:\t%u\n", pool->entry.id);
	seq_printf(m, "zcdev-flags:\t%#x\n", info.out_pool_flags);
	seq_printf(m, "zcdev-count:\t%u\n", info.out_count);
	seq_printf(m, "zcdev-buf-size:\t%u\n", info.out_buf_size);
	seq_printf(m, "zcdev-contiguous:\t%u\n", info.out_contiguous);
	seq_printf(m, "zcdev-free:\t%u\n", info.out_free);
	seq_printf(m, "zcdev-acquired:\t%u\n", info.out_acquired);
	seq_printf(m, "zcdev-staging:\t%u\n", info.out_staging);
	seq_printf(m, "zcdev-in-flight:\t%u\n", info.out_in_flight);
	seq_printf(m, "zcdev-maps:\t%u\n", info.out_maps);
	seq_printf(m, "zcdev-held:\t%llu\n", zc_pool_held(pool));
	seq_printf(m, "zcdev-charged:\t%llu\n", info.out_charged);
}

static int zc_file_mmap(struct file *filp, struct vm_area_struct *vma)
{
	return zc_mmap(filp->private_data, vma);
}

static const struct file_operations zc_fops = {
	.owner		= THIS_MODULE,
	.open		= zc_open,
	.release	= zc_release,
	.unlocked_ioctl	= zc_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= zc_file_mmap,
	.read_iter	= zc_file_read_iter,
	.write_iter	= zc_file_write_iter,
	.llseek		= zc_file_llseek,
	.splice_read	= zc_file_splice_read,
	.splice_write	= iter_file_splice_write,
	.poll		= zc_file_poll,
	.fsync		= noop_fsync,
	.show_fdinfo	= zc_show_fdinfo,
};

/*
 * A node that loads the module must have a number that is known before. These
 * are for local use, so somebody else may have it.
 */
#define ZC_MINOR	240
#define ZC_MINOR_LAST	254

static int minor = ZC_MINOR;
module_param(minor, int, 0444);
MODULE_PARM_DESC(minor,
		 "Minor number, 240 to 254 (dynamic if taken, or if 255)");

static struct miscdevice zc_miscdev = {
	.name	= "zcdev",
	.fops	= &zc_fops,
	.mode	= 0660,
};

/**
 * zc_chardev_file() - is this an open file of /dev/zcdev?
 * @filp: any file
 *
 * Context: any.
 * Return: ours, valid as long as @filp, or NULL.
 */
struct zc_file *zc_chardev_file(struct file *filp)
{
	return filp->f_op == &zc_fops ? filp->private_data : NULL;
}

/**
 * zc_chardev_init() - make /dev/zcdev
 *
 * Return: 0 or an errno.
 */
int __init zc_chardev_init(void)
{
	int ret;

	if (minor != MISC_DYNAMIC_MINOR &&
	    (minor < ZC_MINOR || minor > ZC_MINOR_LAST))
		return -EINVAL;
	zc_miscdev.minor = minor;
	ret = misc_register(&zc_miscdev);
	if (ret != -EBUSY)
		return ret;
	zc_miscdev.minor = MISC_DYNAMIC_MINOR;
	return misc_register(&zc_miscdev);
}

/** zc_chardev_exit() - remove /dev/zcdev; no file of it is open. */
void zc_chardev_exit(void)
{
	misc_deregister(&zc_miscdev);
}

MODULE_ALIAS_MISCDEV(ZC_MINOR);
MODULE_ALIAS("devname:zcdev");
