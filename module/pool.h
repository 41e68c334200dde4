/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_POOL_H
#define _ZC_POOL_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "account.h"
#include "buffer.h"
#include "owner.h"
#include "registry.h"
#include "stats.h"

#define ZC_POOL_FLAGS	(ZCDEV_POOL_CONTIGUOUS | ZCDEV_POOL_DMA32)
#define ZC_BUF_MAX	SZ_4M

struct zc_netns;
struct zcdev_pool_create;
struct zcdev_pool_info;

/**
 * struct zc_pool - buffers of one open file
 * @count: number of buffers
 * @buf_size: bytes of each
 * @flags: ZCDEV_POOL_
 * @numa_node: where its memory must be, or NUMA_NO_NODE
 * @entry: makes it listed
 * @owner: who created it
 * @netns: where it was created
 * @account: who pays
 * @charged: pages not yet uncharged
 * @maps: vmas
 * @map_gen: counts what may give user space new page references: mmap, fork,
 *	fault
 * @waiters: of its file, valid as long as that is open: those who want a buffer
 * @lock: protects @next, and @state of every buffer; innermost
 * @next: where to look for a free buffer first: the one longest in use
 * @release_lock: protects @closed, @charged, and that buffers exist once it is
 *	closed
 * @closed: its file is gone
 * @draining: in the list of closed pools
 * @stats: what transfers did with it
 * @bufs: the buffers
 *
 * Owned by its struct zc_file. Transfers and mappings hold the file, so there
 * is no reference count. When the file goes and pages are still out, the list
 * of draining pools becomes the owner. Who finds it in the registry keeps it
 * from going for as long as the look takes.
 */
struct zc_pool {
	u32 count;
	u32 buf_size;
	u32 flags;
	int numa_node;
	struct zc_entry entry;
	struct zc_owner owner;
	struct zc_netns *netns;
	struct zc_account account;
	unsigned long charged;
	atomic_t maps;
	atomic_t map_gen;
	wait_queue_head_t *waiters;
	spinlock_t lock;	/* state of all bufs */
	u32 next;
	struct mutex release_lock;	/* closed, charged, buffers if closed */
	bool closed;
	struct list_head draining;
	struct zc_stats stats;
	struct zc_buf bufs[] __counted_by(count);
};

/**
 * struct zc_file - one open file of /dev/zcdev
 * @lock: serialises creation of @pool; taken inside mmap_lock, so nobody may
 *	touch user memory while holding it
 * @pool: NULL, then set once and valid until the file is released
 * @waiters: woken when there is a pool, and when a buffer is given back
 * @look: looks for them whether references from outside are gone
 */
struct zc_file {
	struct mutex lock;	/* creation of pool */
	struct zc_pool *pool;
	wait_queue_head_t waiters;
	struct delayed_work look;
};

static inline struct zc_pool *zc_file_pool(struct zc_file *file)
{
	/* Pairs with the release in zc_pool_create(). */
	return smp_load_acquire(&file->pool);
}

static inline u64 zc_pool_bytes(const struct zc_pool *pool)
{
	return (u64)pool->count * pool->buf_size;
}

/**
 * struct zc_pool_state - what else there is to know about a pool
 * @held: bytes that count against the limits
 * @draining: it is closed, and waits for pages
 */
struct zc_pool_state {
	u64 held;
	bool draining;
};

extern struct zc_registry zc_pools;

static inline u64 zc_pool_held(const struct zc_pool *pool)
{
	return (u64)READ_ONCE(pool->charged) << PAGE_SHIFT;
}

int zc_pool_create(struct zc_file *file, const struct zcdev_pool_create *arg);
int zc_pool_create_default(struct zc_file *file, u64 bytes);
void zc_pool_close(struct zc_pool *pool);
void zc_pool_info(struct zc_pool *pool, struct zcdev_pool_info *info);
void zc_pool_look(struct zc_pool *pool, struct zcdev_pool_info *info,
		  struct zc_pool_state *state);
u32 zc_pool_default_buf_size(void);
u32 zc_pool_default_count(void);

/**
 * struct zc_pause - somebody looks again and again, ever less often
 * @begin: when that began, ns
 * @timeout: how long it may take, ns
 * @next: how long to sleep before the next look, ns
 */
struct zc_pause {
	u64 begin;
	u64 timeout;
	u64 next;
};

void zc_pause_begin(struct zc_pause *pause, u64 timeout_ns);
int zc_pause_sleep(struct zc_pause *pause);

int zc_pool_wait(struct zc_pool *pool, u64 offset, u64 len, u64 timeout_ns);
bool zc_pool_buf_referenced(struct zc_pool *pool, const struct zc_buf *buf);
struct zc_buf *zc_pool_claim(struct zc_pool *pool);
void zc_pool_wake(struct zc_pool *pool);
bool zc_pool_has_free(struct zc_pool *pool);
bool zc_pool_claim_this(struct zc_pool *pool, struct zc_buf *buf);
void zc_pool_unclaim(struct zc_pool *pool, struct zc_buf *buf);
void zc_pool_acquire_claimed(struct zc_pool *pool, struct zc_buf *buf);
bool zc_pool_reclaim(struct zc_pool *pool, struct zc_buf *buf);

void zc_pool_exit(void);

#endif /* _ZC_POOL_H */
