/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_COMPAT_LINUX_FILEATTR_H
#define _ZC_COMPAT_LINUX_FILEATTR_H

#include <linux/version.h>
#include_next <linux/fileattr.h>

/* 6.17 gave the name to what user space gets; goes with 6.16. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define file_kattr	fileattr
#endif

#endif /* _ZC_COMPAT_LINUX_FILEATTR_H */
