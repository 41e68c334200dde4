// SPDX-License-Identifier: GPL-2.0
/*
 * Who pays for pool memory.
 *
 * Every page of every pool counts against one total cap, whoever owns it. It
 * also counts against RLIMIT_MEMLOCK of the user that created the pool, in
 * the counter that io_uring, AF_XDP and MSG_ZEROCOPY use, unless that user had
 * CAP_IPC_LOCK. The memory cgroup is charged by the page allocator itself
 * (GFP_KERNEL_ACCOUNT). A page is uncharged when it has left zcdev for good:
 * not when its pool is closed, but when nobody references it any more.
 */
#include "account.h"

#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>

static unsigned int max_pool_mib;
module_param(max_pool_mib, uint, 0644);
MODULE_PARM_DESC(max_pool_mib, "Cap of one pool in MiB (0: as max_total_mib)");

static unsigned int max_total_mib;
module_param(max_total_mib, uint, 0644);
MODULE_PARM_DESC(max_total_mib, "Cap of all pools in MiB (0: an eighth of RAM)");

static atomic_long_t total_pages;

/**
 * zc_account_max_total() - the cap of all pools together
 *
 * Context: any.
 * Return: bytes.
 */
u64 zc_account_max_total(void)
{
	unsigned int mib = READ_ONCE(max_total_mib);

	return mib ? (u64)mib << 20 : (u64)totalram_pages() / 8 << PAGE_SHIFT;
}

/**
 * zc_account_max_pool() - the cap of one pool
 *
 * Context: any.
 * Return: bytes, never more than zc_account_max_total().
 */
u64 zc_account_max_pool(void)
{
	unsigned int mib = READ_ONCE(max_pool_mib);
	u64 total = zc_account_max_total();

	return mib ? min((u64)mib << 20, total) : total;
}

/**
 * zc_account_total() - what all pools hold now, draining ones included
 *
 * Context: any.
 * Return: bytes.
 */
u64 zc_account_total(void)
{
	return (u64)atomic_long_read(&total_pages) << PAGE_SHIFT;
}

/* Adds unless the sum would pass max. */
static bool counter_add_below(atomic_long_t *counter, unsigned long pages,
			      unsigned long max)
{
	long old = atomic_long_read(counter);

	do {
		if (old < 0 || (unsigned long)old > max ||
		    pages > max - (unsigned long)old)
			return false;
	} while (!atomic_long_try_cmpxchg(counter, &old, old + pages));
	return true;
}

static int charge_user(struct user_struct *user, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	return counter_add_below(&user->locked_vm, pages, limit) ? 0 : -EDQUOT;
}

/**
 * zc_account_charge() - charge the current task's user and the total cap
 * @user: set to the user charged, with a reference, or NULL if it is exempt
 * @pages: number of pages
 *
 * Context: process.
 * Return: 0, -EDQUOT (the user's limit) or -ENOSPC (the total cap); on error
 * nothing is charged.
 */
int zc_account_charge(struct user_struct **user, unsigned long pages)
{
	int ret;

	*user = NULL;
	if (!counter_add_below(&total_pages, pages,
			       zc_account_max_total() >> PAGE_SHIFT))
		return -ENOSPC;
	if (capable(CAP_IPC_LOCK))
		return 0;

	ret = charge_user(current_user(), pages);
	if (ret) {
		atomic_long_sub(pages, &total_pages);
		return ret;
	}
	*user = get_uid(current_user());
	return 0;
}

/**
 * zc_account_uncharge() - give back what zc_account_charge() took
 * @user: what it returned, may be NULL
 * @pages: at most what is still charged
 *
 * Context: any.
 */
void zc_account_uncharge(struct user_struct *user, unsigned long pages)
{
	if (user)
		atomic_long_sub(pages, &user->locked_vm);
	atomic_long_sub(pages, &total_pages);
}

/**
 * zc_account_put() - drop the reference that zc_account_charge() returned
 * @user: may be NULL
 *
 * Context: process.
 */
void zc_account_put(struct user_struct *user)
{
	if (user)
		free_uid(user);
}
