/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_COMPAT_NET_TLS_PROT_H
#define _ZC_COMPAT_NET_TLS_PROT_H

#include <linux/version.h>

/*
 * Numbers of RFC 8446 under the names of 6.7; TLS_RECORD_TYPE_DATA is in
 * net/tls.h. Goes with 6.6.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define TLS_RECORD_TYPE_ALERT		21
#define TLS_ALERT_DESC_CLOSE_NOTIFY	0
#else
#include_next <net/tls_prot.h>
#endif

#endif /* _ZC_COMPAT_NET_TLS_PROT_H */
