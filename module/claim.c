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
#include <linux/poll.h>
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

#define PAUSE_MIN_NS	(50 * NSEC_PER_USEC)
#define PAUSE_MAX_NS	(2 * NSEC_PER_MSEC)

/**
 * zc_pause_begin() - the first look comes now
 * @pause: set
 * @timeout_ns: how long to go on, 0 for one look, U64_MAX for ever
 *
 * Context: any.
 */
void zc_pause_begin(struct zc_pause *pause, u64 timeout_ns)
{
	pause->begin = ktime_get_ns();
	pause->timeout = timeout_ns;
	pause->next = PAUSE_MIN_NS;
}

/**
 * zc_pause_sleep() - the look was in vain: sleep until the next
 * @pause: begun
 *
 * Context: process; interruptible.
 * Return: 0, -ETIMEDOUT, or for a signal -ERESTARTSYS, but -EINTR if that would
 * begin a timeout anew.
 */
int zc_pause_sleep(struct zc_pause *pause)
{
	ktime_t sleep = ns_to_ktime(pause->next);

	if (ktime_get_ns() - pause->begin >= pause->timeout)
		return -ETIMEDOUT;
	if (signal_pending(current))
		return pause->timeout == U64_MAX ? -ERESTARTSYS : -EINTR;
	if (pause->next == PAUSE_MAX_NS)
		zc_softnet_flush();
	set_current_state(TASK_INTERRUPTIBLE);
	schedule_hrtimeout(&sleep, HRTIMER_MODE_REL);
	pause->next = min_t(u64, pause->next * 2, PAUSE_MAX_NS);
	return 0;
}

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
 * Context: process; interruptible.
 * Return: 0, -EINVAL for a range that is not in the pool, or as
 * zc_pause_sleep().
 */
int zc_pool_wait(struct zc_pool *pool, u64 offset, u64 len, u64 timeout_ns)
{
	u64 size = zc_pool_bytes(pool);
	struct zc_pause pause;
	u32 first, last;
	int ret = 0;

	if (offset > size || len > size - offset)
		return -EINVAL;
	if (!len)
		return 0;
	first = offset / pool->buf_size;
	last = (offset + len - 1) / pool->buf_size;

	zc_pause_begin(&pause, timeout_ns);
	while (!ret && range_referenced(pool, first, last))
		ret = zc_pause_sleep(&pause);
	return ret;
}

/* From one state to another, unless it is in none of these by now. */
static bool buf_switch(struct zc_pool *pool, struct zc_buf *buf,
		       enum zc_buf_state from, enum zc_buf_state to)
{
	bool same;

	spin_lock(&pool->lock);
	same = buf->state == from;
	if (same)
		WRITE_ONCE(buf->state, to);
	spin_unlock(&pool->lock);
	return same;
}

/**
 * zc_pool_wake() - there may be a buffer for who waits for one
 * @pool: the pool; its file is open
 *
 * Context: process.
 */
void zc_pool_wake(struct zc_pool *pool)
{
	if (wq_has_sleeper(pool->waiters))
		wake_up_interruptible_poll(pool->waiters,
					   EPOLLIN | EPOLLRDNORM |
					   EPOLLOUT | EPOLLWRNORM);
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
	buf_switch(pool, buf, ZC_BUF_STAGING, ZC_BUF_IDLE);
	zc_pool_wake(pool);
}

/**
 * zc_pool_acquire_claimed() - give a claimed buffer to the program
 * @pool: the pool
 * @buf: the buffer; nothing of zcdev's is in flight in it
 *
 * Context: process.
 */
void zc_pool_acquire_claimed(struct zc_pool *pool, struct zc_buf *buf)
{
	buf_switch(pool, buf, ZC_BUF_STAGING, ZC_BUF_ACQUIRED);
}

/**
 * zc_pool_reclaim() - claim a buffer that the program has acquired
 * @pool: the pool
 * @buf: the buffer
 *
 * Context: process.
 * Return: false if it is not acquired.
 */
bool zc_pool_reclaim(struct zc_pool *pool, struct zc_buf *buf)
{
	return buf_switch(pool, buf, ZC_BUF_ACQUIRED, ZC_BUF_STAGING);
}

/**
 * zc_pool_claim_this() - take this buffer, and no other, for staging
 * @pool: the pool
 * @buf: one of its buffers
 *
 * It may be referenced from outside: that is for who names it to know.
 *
 * Context: process.
 * Return: false if another transfer has it, or the program.
 */
bool zc_pool_claim_this(struct zc_pool *pool, struct zc_buf *buf)
{
	return buf_switch(pool, buf, ZC_BUF_IDLE, ZC_BUF_STAGING);
}

/* Takes the next buffer in turn, unless somebody has it. */
static struct zc_buf *claim_next(struct zc_pool *pool)
{
	struct zc_buf *buf;

	spin_lock(&pool->lock);
	buf = &pool->bufs[pool->next];
	pool->next = (pool->next + 1) % pool->count;
	if (buf->state == ZC_BUF_IDLE)
		WRITE_ONCE(buf->state, ZC_BUF_STAGING);
	else
		buf = NULL;
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
		/* As it was before: no news to anybody. */
		if (buf)
			buf_switch(pool, buf, ZC_BUF_STAGING, ZC_BUF_IDLE);
		cond_resched();
	}
	return NULL;
}

/**
 * zc_pool_has_free() - would zc_pool_claim() find a buffer?
 * @pool: the pool
 *
 * Context: process.
 */
bool zc_pool_has_free(struct zc_pool *pool)
{
	u32 i;

	for (i = 0; i < pool->count; i++) {
		const struct zc_buf *buf = &pool->bufs[i];

		if (READ_ONCE(buf->state) == ZC_BUF_IDLE &&
		    !zc_pool_buf_referenced(pool, buf))
			return true;
		cond_resched();
	}
	return false;
}
