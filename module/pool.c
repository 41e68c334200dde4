// SPDX-License-Identifier: GPL-2.0
/*
 * A pool: equal buffers, their owner's charge, and what happens when it is
 * closed while others still hold pages of it.
 *
 * A buffer is *staging* while a transfer has claimed it, *acquired* while the
 * program has it, *in flight* while neither has but its pages are referenced
 * from outside, else *free*. The first two are recorded; the others are looked
 * up when somebody asks.
 *
 * A closed pool releases at once the buffers that are not referenced. If any
 * are left it is *draining*: a delayed worker looks again until the last one
 * is back. Until then it stays charged. Closing never fails.
 *
 * From its creation until its last page is back a pool is listed. Who looks at
 * it there holds its release_lock, so that buffers do not go meanwhile.
 *
 * Lock order: mmap_lock, zc_file.lock, draining_lock, zc_pool.release_lock,
 * zc_pool.lock; users_lock (account.c) and the lock of the registry are
 * innermost.
 */
#include "pool.h"

#include <linux/cpuset.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <zcdev.h>
#include <zcdev_netlink.h>

#include "account.h"
#include "event.h"
#include "limit.h"
#include "netns.h"
#include "softnet.h"
#include "trace.h"

#define DRAIN_INTERVAL	(HZ / 4)

static unsigned int default_buf_kib = 4096;
module_param(default_buf_kib, uint, 0644);
MODULE_PARM_DESC(default_buf_kib,
		 "Buffer size in KiB of pools that mmap() or a transfer makes (power of two, 4 to 4096)");

static unsigned int default_count = 2;
module_param(default_count, uint, 0644);
MODULE_PARM_DESC(default_count, "Buffers of a pool that a transfer makes");

/* Pools, draining ones too, of struct zc_pool. */
struct zc_registry zc_pools = ZC_REGISTRY_INIT(zc_pools);

static void drain_work_fn(struct work_struct *work);

static LIST_HEAD(draining_pools);
static DEFINE_MUTEX(draining_lock);	/* protects draining_pools */
static DECLARE_DELAYED_WORK(drain_work, drain_work_fn);

/* Releases the buffers that nobody references. */
static bool pool_release_idle(struct zc_pool *pool)
{
	unsigned long pages = 0;
	bool empty = true;
	u32 i;

	mutex_lock(&pool->release_lock);
	pool->closed = true;
	for (i = 0; i < pool->count; i++) {
		struct zc_buf *buf = &pool->bufs[i];

		if (!buf->bvec)
			continue;
		if (zc_buf_referenced(buf, false)) {
			empty = false;
			continue;
		}
		zc_buf_free(buf);
		pages += pool->buf_size >> PAGE_SHIFT;
		cond_resched();
	}
	WRITE_ONCE(pool->charged, pool->charged - pages);
	zc_account_uncharge(&pool->account, pages);
	mutex_unlock(&pool->release_lock);
	return empty;
}

/* Not listed, or not any more. */
static void pool_free(struct zc_pool *pool)
{
	zc_account_put(&pool->account);
	zc_netns_put(pool->netns);
	zc_owner_exit(&pool->owner);
	mutex_destroy(&pool->release_lock);
	kvfree(pool);
}

/* Its last buffer is gone. */
static void pool_gone(struct zc_pool *pool)
{
	zc_registry_del(&zc_pools, &pool->entry);
	trace_zcdev_pool_destroy(pool);
	zc_event_pool(pool, ZCDEV_CMD_POOL_DEL_NTF);
	pool_free(pool);
}

/* Lets go of everything; pages still out become their holders' alone. */
static void pool_release_all(struct zc_pool *pool)
{
	u32 i;

	for (i = 0; i < pool->count; i++) {
		if (pool->bufs[i].bvec)
			zc_buf_free(&pool->bufs[i]);
		cond_resched();
	}
	zc_account_uncharge(&pool->account, pool->charged);
	pool->charged = 0;
}

/* Returns true if pools are left that drain. */
static bool drain_all(void)
{
	struct zc_pool *pool, *next;
	LIST_HEAD(empty);
	bool left;

	mutex_lock(&draining_lock);
	list_for_each_entry_safe(pool, next, &draining_pools, draining) {
		if (pool_release_idle(pool))
			list_move_tail(&pool->draining, &empty);
		cond_resched();
	}
	left = !list_empty(&draining_pools);
	mutex_unlock(&draining_lock);
	/* This waits for whoever looks at it: others need not. */
	list_for_each_entry_safe(pool, next, &empty, draining)
		pool_gone(pool);
	return left;
}

static void drain_work_fn(struct work_struct *work)
{
	if (drain_all()) {
		zc_softnet_flush();
		schedule_delayed_work(&drain_work, DRAIN_INTERVAL);
	}
}

/**
 * zc_pool_close() - the file of a pool is gone
 * @pool: no transfer and no mapping exists any more
 *
 * Context: process.
 */
void zc_pool_close(struct zc_pool *pool)
{
	if (pool_release_idle(pool)) {
		pool_gone(pool);
		return;
	}
	trace_zcdev_pool_drain(pool);
	zc_event_pool(pool, ZCDEV_CMD_POOL_DRAIN_NTF);
	mutex_lock(&draining_lock);
	list_add_tail(&pool->draining, &draining_pools);
	schedule_delayed_work(&drain_work, DRAIN_INTERVAL);
	mutex_unlock(&draining_lock);
}

/**
 * zc_pool_exit() - let go of draining pools at module unload
 *
 * Context: process; no file of the device is open, nobody looks at the list.
 */
void zc_pool_exit(void)
{
	struct zc_pool *pool, *next;

	cancel_delayed_work_sync(&drain_work);
	list_for_each_entry_safe(pool, next, &draining_pools, draining) {
		pool_release_all(pool);
		pool_gone(pool);
	}
}

/* What came back since the last look must not count against a new pool. */
static int charge_after_draining(struct zc_account *account,
				 unsigned long pages)
{
	int ret = zc_account_charge(account, pages);

	if (ret) {
		drain_all();
		ret = zc_account_charge(account, pages);
	}
	return ret;
}

static int check_node(int node)
{
	if (node == ZCDEV_NODE_ANY)
		return 0;
	if (node < 0 || node >= MAX_NUMNODES || !node_state(node, N_MEMORY) ||
	    !node_isset(node, cpuset_current_mems_allowed))
		return -EINVAL;
	return 0;
}

static int check_geometry(const struct zcdev_pool_create *arg)
{
	u64 bytes = (u64)arg->count * arg->buf_size;

	if (!arg->count || !is_power_of_2(arg->buf_size) ||
	    arg->buf_size < PAGE_SIZE || arg->buf_size > ZC_BUF_MAX)
		return -EINVAL;
	return bytes > zc_limit(ZC_LIMIT_POOL) ? -ENOSPC :
						 check_node(arg->node);
}

static int pool_alloc_bufs(struct zc_pool *pool)
{
	bool contiguous = pool->flags & ZCDEV_POOL_CONTIGUOUS;
	gfp_t gfp = pool->flags & ZCDEV_POOL_DMA32 ? GFP_DMA32 : 0;
	int ret = 0;
	u32 i;

	if (pool->numa_node != NUMA_NO_NODE)
		gfp |= __GFP_THISNODE;
	for (i = 0; i < pool->count && !ret; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = zc_buf_alloc(&pool->bufs[i], pool->buf_size,
				   pool->numa_node, gfp, contiguous);
		cond_resched();
	}
	return ret;
}

static struct zc_pool *pool_new(const struct zcdev_pool_create *arg)
{
	struct zc_pool *pool;

	pool = kvzalloc(struct_size(pool, bufs, arg->count), ZC_GFP_WISH);
	if (!pool)
		return NULL;
	pool->count = arg->count;
	pool->buf_size = arg->buf_size;
	pool->flags = arg->flags;
	pool->numa_node = arg->node;
	spin_lock_init(&pool->lock);
	mutex_init(&pool->release_lock);
	zc_owner_init(&pool->owner);
	pool->netns = zc_netns_current();
	return pool;
}

/* On an error nothing is left that is charged. */
static int pool_fill(struct zc_pool *pool)
{
	unsigned long pages = zc_pool_bytes(pool) >> PAGE_SHIFT;
	int ret;

	ret = charge_after_draining(&pool->account, pages);
	if (ret)
		return ret;
	pool->charged = pages;
	ret = pool_alloc_bufs(pool);
	if (ret)
		pool_release_all(pool);
	else
		zc_registry_add(&zc_pools, &pool->entry);
	return ret;
}

static struct zc_pool *pool_build(const struct zcdev_pool_create *arg)
{
	struct zc_pool *pool;
	int ret;

	ret = check_geometry(arg);
	if (ret)
		return ERR_PTR(ret);
	pool = pool_new(arg);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	ret = pool_fill(pool);
	if (ret) {
		pool_free(pool);
		return ERR_PTR(ret);
	}
	trace_zcdev_pool_create(pool);
	zc_event_pool(pool, ZCDEV_CMD_POOL_ADD_NTF);
	return pool;
}

/**
 * zc_pool_create() - give an open file its pool
 * @file: the file
 * @arg: count, buf_size, flags and node are used; flags are known ones
 *
 * Context: process; may be called under mmap_lock.
 * Return: 0 or an errno as in the uapi header.
 */
int zc_pool_create(struct zc_file *file, const struct zcdev_pool_create *arg)
{
	struct zc_pool *pool;

	if (mutex_lock_killable(&file->lock))
		return -EINTR;
	pool = file->pool ? ERR_PTR(-EEXIST) : pool_build(arg);
	if (!IS_ERR(pool)) {
		pool->waiters = &file->waiters;
		/* Published last, complete. */
		smp_store_release(&file->pool, pool);
		zc_pool_wake(pool);
	}
	mutex_unlock(&file->lock);
	return PTR_ERR_OR_ZERO(pool);
}

/**
 * zc_pool_default_buf_size() - buffer size of pools that nobody specified
 *
 * Context: any.
 * Return: bytes; a module parameter that is out of range counts as its bound.
 */
u32 zc_pool_default_buf_size(void)
{
	u32 kib = clamp(READ_ONCE(default_buf_kib), (u32)(PAGE_SIZE / SZ_1K),
			(u32)(ZC_BUF_MAX / SZ_1K));

	return rounddown_pow_of_two(kib) * SZ_1K;
}

/**
 * zc_pool_default_count() - buffers of a pool that a transfer makes
 *
 * Context: any.
 */
u32 zc_pool_default_count(void)
{
	return max(READ_ONCE(default_count), 1U);
}

/**
 * zc_pool_create_default() - a pool for a file that has none
 * @file: the file
 * @bytes: size of the pool, rounded up to whole buffers; 0 for the default
 *
 * A small pool is one buffer, no larger than need be.
 *
 * Context: process; may be called under mmap_lock.
 * Return: 0, also if the file has a pool already, or an errno.
 */
int zc_pool_create_default(struct zc_file *file, u64 bytes)
{
	struct zcdev_pool_create arg = {
		.buf_size = zc_pool_default_buf_size(),
		.count = zc_pool_default_count(),
		.node = ZCDEV_NODE_ANY,
	};
	u64 count;
	int ret;

	if (zc_file_pool(file))
		return 0;
	if (bytes) {
		if (bytes < arg.buf_size)
			arg.buf_size = roundup_pow_of_two(PAGE_ALIGN(bytes));
		count = DIV_ROUND_UP_ULL(bytes, arg.buf_size);
		if (count > U32_MAX)
			return -ENOSPC;
		arg.count = count;
	}
	ret = zc_pool_create(file, &arg);
	return ret == -EEXIST ? 0 : ret;
}

/**
 * zc_pool_info() - describe a pool
 * @pool: the pool
 * @info: out_ members are set
 *
 * Context: process.
 */
void zc_pool_info(struct zc_pool *pool, struct zcdev_pool_info *info)
{
	u32 i, staging = 0, acquired = 0, in_flight = 0, contiguous = 0;

	for (i = 0; i < pool->count; i++) {
		const struct zc_buf *buf = &pool->bufs[i];

		enum zc_buf_state state = READ_ONCE(buf->state);

		if (!buf->bvec)
			continue;
		contiguous += buf->nr == 1;
		if (state == ZC_BUF_STAGING)
			staging++;
		else if (state == ZC_BUF_ACQUIRED)
			acquired++;
		else if (zc_pool_buf_referenced(pool, buf))
			in_flight++;
		cond_resched();
	}
	info->out_pool_flags = pool->flags;
	info->out_count = pool->count;
	info->out_buf_size = pool->buf_size;
	info->out_node = pool->numa_node;
	info->out_contiguous = contiguous;
	info->out_staging = staging;
	info->out_in_flight = in_flight;
	info->out_free = pool->count - staging - acquired - in_flight;
	info->out_acquired = acquired;
	info->out_maps = atomic_read(&pool->maps);
	info->out_charged = pool->account.locked ? zc_pool_held(pool) : 0;
}

/**
 * zc_pool_look() - describe a listed pool, which may be draining
 * @pool: the pool, found in zc_pools
 * @info: out_ members are set; buffers that are gone count as free
 * @state: set
 *
 * Context: process.
 */
void zc_pool_look(struct zc_pool *pool, struct zcdev_pool_info *info,
		  struct zc_pool_state *state)
{
	mutex_lock(&pool->release_lock);
	zc_pool_info(pool, info);
	state->held = zc_pool_held(pool);
	state->draining = pool->closed;
	mutex_unlock(&pool->release_lock);
}
