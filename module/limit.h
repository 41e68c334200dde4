/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_LIMIT_H
#define _ZC_LIMIT_H

#include <linux/types.h>

/**
 * enum zc_limit - what is bounded
 * @ZC_LIMIT_POOL: one pool
 * @ZC_LIMIT_USER: all pools that one user created
 * @ZC_LIMIT_TOTAL: all pools
 * @ZC_LIMITS: how many limits there are
 */
enum zc_limit {
	ZC_LIMIT_POOL,
	ZC_LIMIT_USER,
	ZC_LIMIT_TOTAL,
	ZC_LIMITS,
};

u64 zc_limit(enum zc_limit limit);
void zc_limit_set(enum zc_limit limit, u64 bytes);

#endif /* _ZC_LIMIT_H */
