/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_ACQUIRE_H
#define _ZC_ACQUIRE_H

#include <linux/compiler_types.h>

struct zc_file;
struct zcdev_buf_acquire;
struct zcdev_buf_release;

int zc_acquire_ioctl(struct zc_file *file, const struct zcdev_buf_acquire *arg,
		     struct zcdev_buf_acquire __user *uarg);
int zc_release_ioctl(struct zc_file *file, const struct zcdev_buf_release *arg);

#endif /* _ZC_ACQUIRE_H */
