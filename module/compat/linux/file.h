/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_COMPAT_LINUX_FILE_H
#define _ZC_COMPAT_LINUX_FILE_H

#include <linux/version.h>
#include_next <linux/file.h>

/* struct fd hides its members from 6.12 on; goes with 6.11. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0) && !defined(fd_file)
#define fd_file(f)	((f).file)
#endif

#endif /* _ZC_COMPAT_LINUX_FILE_H */
