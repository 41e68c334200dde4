/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_EXTRA_H
#define _ZC_EXTRA_H

#include <linux/types.h>

#include "buffer.h"

/**
 * struct zc_extra - a header or a trailer: the caller's bytes, in our memory
 * @buf: the bytes
 * @len: how many
 *
 * Sinks copy it. Nobody holds a page of it when the ioctl returns, so it is
 * not charged like a pool.
 */
struct zc_extra {
	struct zc_buf buf;
	u32 len;
};

struct zc_extra *zc_extra_new(u64 iovs, u32 count);
void zc_extra_free(struct zc_extra *extra);

static inline u32 zc_extra_len(const struct zc_extra *extra)
{
	return extra ? extra->len : 0;
}

#endif /* _ZC_EXTRA_H */
