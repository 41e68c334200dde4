// SPDX-License-Identifier: GPL-2.0
/*
 * Who pays for pool memory.
 *
 * Every page of every pool counts against the limit of all pools and against
 * the limit of the user that created it, whoever that is. It also counts
 * against RLIMIT_MEMLOCK of that user, in the counter that io_uring, AF_XDP and
 * MSG_ZEROCOPY use, unless the user had CAP_IPC_LOCK. The memory cgroup is
 * charged by the page allocator itself (GFP_KERNEL_ACCOUNT). A page is uncharged
 * when it has left zcdev for good: not when its pool is closed, but when nobody
 * references it any more.
 */
#include "account.h"

#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "limit.h"

/**
 * struct zc_user - what the pools of one user hold
 * @uid: the user
 * @pages: held
 * @refs: pools that are charged here; under users_lock
 */
struct zc_user {
	kuid_t uid;
	atomic_long_t pages;
	unsigned long refs;
};

static atomic_long_t total_pages;
static DEFINE_XARRAY(users);		/* of struct zc_user, by uid */
static DEFINE_MUTEX(users_lock);	/* protects users; innermost */

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

/**
 * zc_account_user() - what the pools of a user hold now
 * @uid: the user
 *
 * Context: process.
 * Return: bytes.
 */
u64 zc_account_user(kuid_t uid)
{
	struct zc_user *user;
	u64 pages;

	mutex_lock(&users_lock);
	user = xa_load(&users, __kuid_val(uid));
	pages = user ? atomic_long_read(&user->pages) : 0;
	mutex_unlock(&users_lock);
	return pages << PAGE_SHIFT;
}

static struct zc_user *user_new(kuid_t uid)
{
	struct zc_user *user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);

	if (!user)
		return NULL;
	user->uid = uid;
	if (!xa_err(xa_store(&users, __kuid_val(uid), user,
			     GFP_KERNEL_ACCOUNT)))
		return user;
	kfree(user);
	return NULL;
}

static struct zc_user *user_get(kuid_t uid)
{
	struct zc_user *user;

	mutex_lock(&users_lock);
	user = xa_load(&users, __kuid_val(uid)) ?: user_new(uid);
	if (user)
		user->refs++;
	mutex_unlock(&users_lock);
	return user;
}

static void user_put(struct zc_user *user)
{
	mutex_lock(&users_lock);
	if (!--user->refs) {
		xa_erase(&users, __kuid_val(user->uid));
		kfree(user);
	}
	mutex_unlock(&users_lock);
}

/* Adds unless the sum would pass max. */
static bool counter_add_below(atomic_long_t *counter, unsigned long pages,
			      u64 max)
{
	long old = atomic_long_read(counter);

	do {
		if (old < 0 || old > max || pages > max - old)
			return false;
	} while (!atomic_long_try_cmpxchg(counter, &old, old + pages));
	return true;
}

static int charge_locked(struct zc_account *account, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if (capable(CAP_IPC_LOCK))
		return 0;
	if (!counter_add_below(&current_user()->locked_vm, pages, limit))
		return -EDQUOT;
	account->locked = get_uid(current_user());
	return 0;
}

static int charge_user(struct zc_account *account, unsigned long pages)
{
	int ret;

	if (!counter_add_below(&account->user->pages, pages,
			       zc_limit(ZC_LIMIT_USER) >> PAGE_SHIFT))
		return -ENOSPC;
	ret = charge_locked(account, pages);
	if (ret)
		atomic_long_sub(pages, &account->user->pages);
	return ret;
}

static int charge_total(struct zc_account *account, unsigned long pages)
{
	int ret;

	if (!counter_add_below(&total_pages, pages,
			       zc_limit(ZC_LIMIT_TOTAL) >> PAGE_SHIFT))
		return -ENOSPC;
	ret = charge_user(account, pages);
	if (ret)
		atomic_long_sub(pages, &total_pages);
	return ret;
}

/**
 * zc_account_charge() - charge the current task's user
 * @account: set to who pays; to be given back with zc_account_put()
 * @pages: number of pages
 *
 * Context: process.
 * Return: 0, -EDQUOT (RLIMIT_MEMLOCK), -ENOSPC (a limit of the administrator)
 * or -ENOMEM; on error nothing is charged, and nothing to be given back.
 */
int zc_account_charge(struct zc_account *account, unsigned long pages)
{
	int ret;

	account->locked = NULL;
	account->user = user_get(current_user()->uid);
	if (!account->user)
		return -ENOMEM;
	ret = charge_total(account, pages);
	if (ret)
		zc_account_put(account);
	return ret;
}

/**
 * zc_account_uncharge() - give back what zc_account_charge() took
 * @account: who pays
 * @pages: at most what is still charged
 *
 * Context: any.
 */
void zc_account_uncharge(struct zc_account *account, unsigned long pages)
{
	if (!account->user)
		return;
	if (account->locked)
		atomic_long_sub(pages, &account->locked->locked_vm);
	atomic_long_sub(pages, &account->user->pages);
	atomic_long_sub(pages, &total_pages);
}

/**
 * zc_account_put() - nobody pays any more
 * @account: nothing is charged; may be empty
 *
 * Context: process.
 */
void zc_account_put(struct zc_account *account)
{
	if (account->locked)
		free_uid(account->locked);
	if (account->user)
		user_put(account->user);
	account->locked = NULL;
	account->user = NULL;
}
