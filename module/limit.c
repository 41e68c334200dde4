// SPDX-License-Identifier: GPL-2.0
/*
 * How much memory pools may have: what the administrator says, by module
 * parameter in MiB or by netlink in bytes. Both speak of the same numbers.
 *
 * A limit is looked at when a pool is created. To lower one below what is held
 * already takes nothing from anybody, it refuses what is new.
 */
#include "limit.h"

#include <linux/capability.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

static u64 limits[ZC_LIMITS];	/* bytes, 0 for the default */

/**
 * zc_limit() - a limit as it applies now
 * @limit: which
 *
 * Context: any.
 * Return: bytes; never more than the limit of all pools.
 */
u64 zc_limit(enum zc_limit limit)
{
	u64 total = READ_ONCE(limits[ZC_LIMIT_TOTAL]);
	u64 bytes = READ_ONCE(limits[limit]);

	if (!total)
		total = (u64)(totalram_pages() / 8) << PAGE_SHIFT;
	return bytes ? min(bytes, total) : total;
}

/**
 * zc_limit_set() - change a limit
 * @limit: which
 * @bytes: 0 for the default
 *
 * Context: any.
 */
void zc_limit_set(enum zc_limit limit, u64 bytes)
{
	WRITE_ONCE(limits[limit], bytes);
}

/* The mode of the file stops other users, this a root that has given it up. */
static int param_set(const char *val, const struct kernel_param *kp)
{
	unsigned int mib;
	int ret;

	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	ret = kstrtouint(val, 0, &mib);
	if (!ret)
		WRITE_ONCE(*(u64 *)kp->arg, (u64)mib * SZ_1M);
	return ret;
}

static int param_get(char *buf, const struct kernel_param *kp)
{
	u64 bytes = READ_ONCE(*(u64 *)kp->arg);

	return sysfs_emit(buf, "%llu\n", DIV_ROUND_UP_ULL(bytes, SZ_1M));
}

static const struct kernel_param_ops param_ops_limit = {
	.set = param_set,
	.get = param_get,
};

module_param_cb(max_pool_mib, &param_ops_limit, &limits[ZC_LIMIT_POOL], 0644);
MODULE_PARM_DESC(max_pool_mib, "Limit of one pool in MiB (0: as max_total_mib)");

module_param_cb(max_user_mib, &param_ops_limit, &limits[ZC_LIMIT_USER], 0644);
MODULE_PARM_DESC(max_user_mib,
		 "Limit of all pools of one user in MiB (0: as max_total_mib)");

module_param_cb(max_total_mib, &param_ops_limit, &limits[ZC_LIMIT_TOTAL], 0644);
MODULE_PARM_DESC(max_total_mib,
		 "Limit of all pools in MiB (0: an eighth of RAM)");
