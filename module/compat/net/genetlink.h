/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_COMPAT_NET_GENETLINK_H
#define _ZC_COMPAT_NET_GENETLINK_H

#include <linux/version.h>
#include_next <net/genetlink.h>

/* A dump's attributes are found in one more struct from 6.6 on; goes with 6.5. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define genl_info_dump(cb)	genl_dumpit_info(cb)
#endif

#endif /* _ZC_COMPAT_NET_GENETLINK_H */
