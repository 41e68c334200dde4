/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_COMPAT_LINUX_SKBUFF_H
#define _ZC_COMPAT_LINUX_SKBUFF_H

#include <linux/version.h>
#include_next <linux/skbuff.h>

/*
 * msghdr.sg_from_iter without the socket as an argument, and ubuf_info with
 * operations. Before that MSG_SPLICE_PAGES has to do; goes with 6.11.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define ZC_COMPAT_SG_FROM_ITER
#endif

#endif /* _ZC_COMPAT_LINUX_SKBUFF_H */
