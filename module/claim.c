// SPDX-License-Identifier: GPL-2.0
/*
 * Who has a buffer, and waiting until nobody has.
 *
 * A claim is recorded in the buffer. References from outside are not: nobody
 * tells when one goes, so whoever needs to know looks.
 */
#include "pool.h"

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>

#include "softnet.h"

/**
 * zc_pool_buf_referenced() - does anybody outside hold a page of a buffer?
 * @pool: the pool
 * @buf: one of its buffers
 *
 * Context: any.
 * Return: false if at some moment during the call nobody did.
 */
bool zc_pool_buf_referenced(struct zc_pool *pool, const struct zc_buf *buf)
{
	int gen = atomic_read_acquire(&pool->map_gen);

	if (zc_buf_referenced(buf, atomic_read(&pool->maps)))
		return true;
	smp_rmb();	/* the generation is looked at last */
	return atomic_read(&pool->map_gen) != gen;
}

#define WAIT_MIN_NS	(50 * NSEC_PER_USEC)
#define WAIT_MAX_NS	(2 * NSEC_PER_MSEC)

static bool range_referenced(struct zc_pool *pool, u32 first, u32 last)
{
	u32 i;

	for (i = first; i <= last; i++) {
		if (zc_pool_buf_referenced(pool, &pool->bufs[i]))
			return true;
		cond_resched();
	}
	return false;
}

/**
 * zc_pool_wait() - wait until nobody outside references a range
 * @pool: the pool
 * @offset: of the range in the pool, bytes
 * @len: of the range, bytes
 * @timeout_ns: how long to wait, 0 to look once, U64_MAX for ever
 *
 * Nobody tells when a page reference goes, so this looks, ever less often.
 *
 * Context: process; interruptible.
 * Return: 0, -EINVAL for a range that is not in the pool, -ETIMEDOUT,
 * -EINTR for a signal.
 */
int zc_pool_wait(struct zc_pool *pool, u64 offset, u64 len, u64 timeout_ns)
{
	u64 size = zc_pool_bytes(pool), begin = ktime_get_ns();
	u64 pause = WAIT_MIN_NS;
	u32 first, last;

	if (offset > size || len > size - offset)
		return -EINVAL;
	if (!len)
		return 0;
	first = offset / pool->buf_size;
	last = (offset + len - 1) / pool->buf_size;

	while (range_referenced(pool, first, last)) {
		ktime_t sleep = ns_to_ktime(pause);

		if (ktime_get_ns() - begin >= timeout_ns)
			return -ETIMEDOUT;
		if (signal_pending(current))
			return -EINTR;
		if (pause == WAIT_MAX_NS)
			zc_softnet_flush();
		set_current_state(TASK_INTERRUPTIBLE);
		schedule_hrtimeout(&sleep, HRTIMER_MODE_REL);
		pause = min_t(u64, pause * 2, WAIT_MAX_NS);
	}
	return 0;
}

/**
 * zc_pool_unclaim() - give a claimed buffer back
 * @pool: the pool
 * @buf: the buffer; nothing of zcdev's is in flight in it
 *
 * Context: process.
 */
void zc_pool_unclaim(struct zc_pool *pool, struct zc_buf *buf)
{
	spin_lock(&pool->lock);
	buf->staging = false;
	spin_unlock(&pool->lock);
}

/* Takes the next buffer in turn, unless a transfer has it. */
static struct zc_buf *claim_next(struct zc_pool *pool)
{
	struct zc_buf *buf;

	spin_lock(&pool->lock);
	buf = &pool->bufs[pool->next];
	pool->next = (pool->next + 1) % pool->count;
	if (buf->staging)
		buf = NULL;
	else
		buf->staging = true;
	spin_unlock(&pool->lock);
	return buf;
}

/**
 * zc_pool_claim() - take a buffer for staging
 * @pool: the pool
 *
 * Buffers are taken in turn, so that the one that was given to a socket first
 * is looked at first.
 *
 * Context: process.
 * Return: a buffer that nobody references, or NULL.
 */
struct zc_buf *zc_pool_claim(struct zc_pool *pool)
{
	u32 i;

	for (i = 0; i < pool->count; i++) {
		struct zc_buf *buf = claim_next(pool);

		if (buf && !zc_pool_buf_referenced(pool, buf))
			return buf;
		if (buf)
			zc_pool_unclaim(pool, buf);
		cond_resched();
	}
	return NULL;
}
