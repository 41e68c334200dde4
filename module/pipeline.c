// SPDX-License-Identifier: GPL-2.0
/*
 * The staging ring between a source and a sink.
 *
 *	     retire          drain             fill
 *	       v               v                v
 *	 ------+---------------+----------------+------------> sequence numbers
 *	 done  |   DRAINING    | FILLING, FULL  |  IDLE
 *
 * Fills begin in order, as many as the ring has buffers that nobody outside
 * references; drains begin in order, as soon as a chunk is full; both may be
 * asynchronous and end in any order. A chunk is retired in order when all of
 * it was accepted, so that what was counted is always the contiguous prefix.
 *
 * Invariants: every chunk has at most one request in flight. zc_pipeline_run()
 * returns only when no request is in flight. A buffer is filled only if nobody
 * outside referenced it when we looked.
 *
 * The task sleeps in one place, zc_pipeline_wait(), for whatever comes first:
 * a completion, room in the sink, a signal, or a timer when it waits for
 * buffers, since nobody tells when a page reference goes.
 */
#include "pipeline.h"

#include <linux/hrtimer.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "buffer.h"
#include "pool.h"
#include "softnet.h"

/* How soon to look again for buffers that came back. */
#define IDLE_MIN_NS	(50 * NSEC_PER_USEC)
#define IDLE_MAX_NS	(2 * NSEC_PER_MSEC)

/* How soon to ask again whether the network can free some. */
#define FLUSH_MIN	max(HZ / 250, 1)
#define FLUSH_MAX	(HZ / 4)

static struct zc_chunk *ring_chunk(struct zc_pipeline *p, u64 seq)
{
	return &p->ring[seq % p->depth];
}

/**
 * zc_chunk_complete() - an asynchronous request of a chunk ended
 * @chunk: the chunk; belongs to the transferring task again
 * @result: bytes, or an errno
 *
 * All under the lock of the wait queue, which zc_pipeline_run() takes once
 * more before it returns: the pipeline cannot go away in between.
 *
 * Context: any.
 */
void zc_chunk_complete(struct zc_chunk *chunk, long result)
{
	struct zc_pipeline *p = chunk->pipeline;
	unsigned long flags;

	spin_lock_irqsave(&p->wq.lock, flags);
	chunk->result = result;
	/* Pairs with chunk_completed(): the result first. */
	smp_store_release(&chunk->complete, true);
	WRITE_ONCE(p->event, true);
	wake_up_locked(&p->wq);
	spin_unlock_irqrestore(&p->wq.lock, flags);
}

static bool chunk_busy(const struct zc_chunk *chunk)
{
	return chunk->state == ZC_CHUNK_FILLING ||
	       chunk->state == ZC_CHUNK_DRAINING;
}

static bool chunk_completed(const struct zc_chunk *chunk)
{
	/* Pairs with zc_chunk_complete(): the result is there. */
	return chunk_busy(chunk) && smp_load_acquire(&chunk->complete);
}

static void pipeline_fail(struct zc_pipeline *p, struct zc_end *end, int error)
{
	if (!p->error)
		p->error = error;
	if (end && !end->error)
		end->error = error;
}

/* Filling */

static bool pipeline_io_in_flight(struct zc_pipeline *p)
{
	u64 seq;

	for (seq = p->retire; seq != p->fill; seq++)
		if (chunk_busy(ring_chunk(p, seq)))
			return true;
	return false;
}

static bool pipeline_no_io(struct zc_pipeline *p)
{
	u64 seq;

	for (seq = p->retire; seq != p->fill; seq++) {
		struct zc_chunk *chunk = ring_chunk(p, seq);

		if (chunk_busy(chunk) && !chunk_completed(chunk))
			return false;
	}
	return true;
}

/* As after read(2) with O_DIRECT: what a disk was asked for is waited for. */
static void pipeline_quiesce(struct zc_pipeline *p)
{
	io_wait_event(p->wq, pipeline_no_io(p));
	/* The last completion may still be on its way out. */
	spin_lock_irq(&p->wq.lock);
	spin_unlock_irq(&p->wq.lock);
}

/**
 * zc_pipeline_settle() - wait for all requests in flight
 * @p: the pipeline
 * @chunk: that is about to be drained, and has none
 *
 * Context: process, the transferring task.
 */
void zc_pipeline_settle(struct zc_pipeline *p, struct zc_chunk *chunk)
{
	chunk->state = ZC_CHUNK_FULL;
	pipeline_quiesce(p);
	chunk->state = ZC_CHUNK_DRAINING;
}

/* Forget what was filled after a chunk that came short. */
static void pipeline_rewind(struct zc_pipeline *p, u64 seq, u64 offset)
{
	u64 later;

	pipeline_quiesce(p);
	for (later = seq; later != p->fill; later++)
		ring_chunk(p, later)->state = ZC_CHUNK_IDLE;
	if (p->remaining != ZCDEV_TO_END)
		p->remaining += p->fill_offset - offset;
	p->fill = seq;
	p->fill_offset = offset;
}

static void chunk_filled(struct zc_pipeline *p, u64 seq, long ret)
{
	struct zc_chunk *chunk = ring_chunk(p, seq);
	u64 end;

	if (ret < 0) {
		/* What was filled before it can still go. */
		chunk->state = ZC_CHUNK_IDLE;
		pipeline_rewind(p, seq, chunk->offset);
		p->source->error = ret;
		p->eof = true;
		return;
	}
	chunk->state = ZC_CHUNK_FULL;
	chunk->len = ret;
	if (ret == chunk->want)
		return;

	end = chunk->offset + ret;
	pipeline_rewind(p, ret ? seq + 1 : seq, end);
	p->eof = !ret || p->source->source->at_end(p->source, end);
}

static bool pipeline_can_fill(struct zc_pipeline *p)
{
	return !p->eof && !p->error && p->remaining &&
	       p->fill - p->retire < p->depth;
}

/* Chunks begin at multiples of the chunk size, but for the first. */
static void chunk_place(struct zc_pipeline *p, struct zc_chunk *chunk)
{
	u64 begin = p->fill_offset + p->phase;

	chunk->data = begin % p->chunk_size;
	chunk->want = min_t(u64, p->chunk_size - chunk->data, p->remaining);
	chunk->offset = p->fill_offset;
	chunk->len = 0;
	chunk->done = 0;
	memset(&chunk->filled, 0, sizeof(chunk->filled));
	memset(&chunk->drained, 0, sizeof(chunk->drained));
}

/*
 * A buffer that nobody references, whichever of those without payload it is:
 * one that a slow peer of an earlier transfer holds must not stop this one.
 */
static bool chunk_find_buf(struct zc_pipeline *p, struct zc_chunk *chunk)
{
	u64 seq;

	for (seq = p->fill; seq != p->retire + p->depth; seq++) {
		struct zc_chunk *other = ring_chunk(p, seq);

		if (zc_pool_buf_referenced(p->pool, other->buf))
			continue;
		swap(chunk->buf, other->buf);
		return true;
	}
	return false;
}

/* Returns true if it began a fill. */
static bool pipeline_fill(struct zc_pipeline *p)
{
	struct zc_chunk *chunk = ring_chunk(p, p->fill);
	u64 seq = p->fill;
	long ret;

	if (!pipeline_can_fill(p) || !chunk_find_buf(p, chunk))
		return false;

	chunk_place(p, chunk);
	p->fill++;
	p->fill_offset += chunk->want;
	if (p->remaining != ZCDEV_TO_END)
		p->remaining -= chunk->want;
	chunk->state = ZC_CHUNK_FILLING;
	ret = p->source->source->fill(p->source, chunk);
	if (ret != -EIOCBQUEUED)
		chunk_filled(p, seq, ret);
	return true;
}

/* Draining */

static void chunk_drained(struct zc_pipeline *p, struct zc_chunk *chunk,
			  long ret)
{
	if (ret < 0) {
		pipeline_fail(p, p->sink, ret);
		return;
	}
	zc_moved_add(&chunk->drained, &chunk->part);
	chunk->done += ret;
}

/* Drains parts until the chunk is done or the sink does not take more now. */
static long chunk_drain(struct zc_pipeline *p, struct zc_chunk *chunk)
{
	long ret;

	do {
		memset(&chunk->part, 0, sizeof(chunk->part));
		chunk->state = ZC_CHUNK_DRAINING;
		ret = p->sink->sink->drain(p->sink, chunk);
		if (ret == -EIOCBQUEUED)
			return ret;
		chunk->state = ZC_CHUNK_FULL;
		if (ret == -EAGAIN)
			return ret;
		chunk_drained(p, chunk, ret);
	} while (!p->error && chunk->done < chunk->len);
	return 0;
}

/* Returns true if it moved something on. */
static bool pipeline_drain(struct zc_pipeline *p)
{
	struct zc_chunk *chunk = ring_chunk(p, p->drain);
	u32 before = chunk->done;
	long ret;

	if (p->error || p->drain == p->fill)
		return false;
	if (chunk->state == ZC_CHUNK_FILLING) {
		if (!chunk_completed(chunk))
			return false;
		ret = p->source->source->filled(p->source, chunk,
						chunk->result);
		chunk_filled(p, p->drain, ret);
		return true;
	}

	ret = chunk_drain(p, chunk);
	if (ret == -EAGAIN) {
		if (!p->blocked_since || chunk->done != before)
			p->blocked_since = jiffies | 1;
		return chunk->done != before;
	}
	p->blocked_since = 0;
	if (!p->error)
		p->drain++;
	return true;
}

/* Counts what was accepted of a chunk. */
static void chunk_account(struct zc_pipeline *p, struct zc_chunk *chunk)
{
	struct zc_moved in = chunk->filled;

	if (!chunk->done)
		return;
	in.zerocopy *= chunk->done;
	in.unverified *= chunk->done;
	in.copied *= chunk->done;
	zc_moved_add(&p->source->moved, &in);
	zc_moved_add(&p->sink->moved, &chunk->drained);
	p->bytes += chunk->done;
}

/* Returns true if it moved something on. */
static bool pipeline_retire(struct zc_pipeline *p)
{
	struct zc_chunk *chunk = ring_chunk(p, p->retire);

	if (p->retire == p->drain)
		return false;
	if (chunk->state == ZC_CHUNK_DRAINING) {
		if (!chunk_completed(chunk))
			return false;
		chunk->state = ZC_CHUNK_FULL;
		chunk_drained(p, chunk,
			      p->sink->sink->drained(p->sink, chunk,
						     chunk->result));
		if (!p->error && chunk->done < chunk->len)
			chunk_drain(p, chunk);
		return true;
	}
	if (chunk->done < chunk->len)
		return false;
	chunk_account(p, chunk);
	chunk->state = ZC_CHUNK_IDLE;
	p->retire++;
	return true;
}

/* Waiting */

static bool pipeline_finished(struct zc_pipeline *p)
{
	return p->error ||
	       ((p->eof || !p->remaining) && p->retire == p->fill);
}

/* How long the sink may still be full, in ns; 0 if that time is over. */
static u64 pipeline_patience(struct zc_pipeline *p)
{
	long timeo = p->sink->sink->timeout ?
		     p->sink->sink->timeout(p->sink) : MAX_SCHEDULE_TIMEOUT;
	long left;

	if (timeo == MAX_SCHEDULE_TIMEOUT)
		return KTIME_MAX;
	if (!p->blocked_since)
		return jiffies_to_nsecs(timeo);
	left = timeo - (long)(jiffies - p->blocked_since);
	return left > 0 ? jiffies_to_nsecs(left) : 0;
}

static bool pipeline_sink_blocks(struct zc_pipeline *p)
{
	return p->blocked_since &&
	       ring_chunk(p, p->drain)->state == ZC_CHUNK_FULL;
}

/* Buffers that stay out may only wait for somebody to free them. */
static void pipeline_flush(struct zc_pipeline *p)
{
	if (p->idle_ns < IDLE_MAX_NS) {
		p->flush_delay = FLUSH_MIN;
		p->flush_at = jiffies;
	} else if (time_after_eq(jiffies, p->flush_at)) {
		zc_softnet_flush();
		p->flush_at = jiffies + p->flush_delay;
		p->flush_delay = min(p->flush_delay * 2,
				     (unsigned long)FLUSH_MAX);
	}
}

static void pipeline_wait(struct zc_pipeline *p)
{
	bool sink = pipeline_sink_blocks(p);
	bool buffers = pipeline_can_fill(p);
	u64 patience = KTIME_MAX;
	int ret;

	if (sink || (buffers && !pipeline_io_in_flight(p))) {
		if (!p->blocked_since)
			p->blocked_since = jiffies | 1;
		patience = pipeline_patience(p);
		if (!patience) {
			/* For the next try. */
			if (buffers)
				zc_softnet_flush();
			pipeline_fail(p, p->sink, -EAGAIN);
			return;
		}
	}
	if (buffers)
		pipeline_flush(p);
	/* The sink may refuse for lack of memory: that too only time heals. */
	if (buffers || (sink && !p->sink->sink->blocked(p->sink))) {
		patience = min(patience, p->idle_ns);
		p->idle_ns = min(p->idle_ns * 2, (u64)IDLE_MAX_NS);
	}

	ret = wait_event_interruptible_hrtimeout(p->wq, READ_ONCE(p->event),
						 ns_to_ktime(patience));
	if (ret == -ERESTARTSYS)
		pipeline_fail(p, NULL, ret);
}

/**
 * zc_pipeline_run() - move bytes until the end, an error or a signal
 * @p: with everything set that the caller sets
 *
 * On return no request is in flight, @bytes and the verdicts of both ends
 * speak of the contiguous prefix, and @error says what ended it early.
 *
 * Context: process; sleeps.
 */
void zc_pipeline_run(struct zc_pipeline *p)
{
	bool moved;

	p->idle_ns = IDLE_MIN_NS;
	while (!pipeline_finished(p)) {
		if (signal_pending(current)) {
			pipeline_fail(p, NULL, -ERESTARTSYS);
			break;
		}
		WRITE_ONCE(p->event, false);
		/* The event is cleared before the looks that follow. */
		smp_mb();
		moved = pipeline_retire(p);
		moved |= pipeline_fill(p);
		moved |= pipeline_drain(p);
		if (moved)
			p->idle_ns = IDLE_MIN_NS;
		else
			pipeline_wait(p);
		cond_resched();
	}

	pipeline_quiesce(p);
	while (pipeline_retire(p))
		;
	/* The oldest chunk that is left counts as far as it got. */
	if (p->retire != p->fill)
		chunk_account(p, ring_chunk(p, p->retire));
	if (!p->error)
		p->error = p->source->error;
}

/* Polling */

struct zc_poll_table {
	poll_table pt;
	struct zc_pipeline *p;
};

static int poll_wake(wait_queue_entry_t *entry, unsigned int mode, int sync,
		     void *key)
{
	struct zc_pipeline *p = container_of(entry, struct zc_pipeline,
					     wait.entry);

	if (key && !(key_to_poll(key) & p->wait.events))
		return 0;
	WRITE_ONCE(p->event, true);
	wake_up(&p->wq);
	return 1;
}

static void poll_queue(struct file *file, wait_queue_head_t *head,
		       poll_table *pt)
{
	struct zc_pipeline *p = container_of(pt, struct zc_poll_table, pt)->p;

	if (p->wait.head)
		return;
	p->wait.head = head;
	init_waitqueue_func_entry(&p->wait.entry, poll_wake);
	add_wait_queue(head, &p->wait.entry);
}

/**
 * zc_pipeline_poll() - wake the pipeline when a file has something to say
 * @p: the pipeline; stays in the wait queue of the file until it is freed
 * @file: outlives @p
 * @events: EPOLL events of interest
 *
 * Context: process.
 */
void zc_pipeline_poll(struct zc_pipeline *p, struct file *file, __poll_t events)
{
	struct zc_poll_table table = { .p = p };

	init_poll_funcptr(&table.pt, poll_queue);
	table.pt._key = events | EPOLLERR | EPOLLHUP;
	p->wait.events = table.pt._key;
	vfs_poll(file, &table.pt);
}

/* Life */

/* At least one buffer, waiting for other transfers if they have them all. */
static int pipeline_claim(struct zc_pipeline *p, struct zc_buf **bufs,
			  u32 want, bool nonblock)
{
	u32 have = zc_pool_claim(p->pool, bufs, want);
	int ret = 0;

	while (!have && !ret) {
		if (nonblock)
			return -EAGAIN;
		ret = wait_event_interruptible(p->pool->released,
					       zc_pool_has_unclaimed(p->pool));
		have = zc_pool_claim(p->pool, bufs, want);
	}
	return have ?: ret;
}

static void pipeline_unclaim(struct zc_pipeline *p)
{
	u32 i;

	for (i = 0; i < p->depth; i++)
		zc_pool_unclaim(p->pool, &p->ring[i].buf, 1);
}

/**
 * zc_pipeline_new() - a pipeline with its buffers claimed
 * @pool: whose buffers
 * @depth: how many at most
 * @nonblock: fail with -EAGAIN if other transfers have all buffers
 *
 * Context: process; sleeps.
 * Return: the pipeline, to be freed with zc_pipeline_free(), or an error
 * pointer.
 */
struct zc_pipeline *zc_pipeline_new(struct zc_pool *pool, u32 depth,
				    bool nonblock)
{
	struct zc_buf *bufs[ZC_PIPELINE_DEPTH];
	struct zc_pipeline *p;
	int ret;
	u32 i;

	p = kzalloc(struct_size(p, ring, depth), GFP_KERNEL_ACCOUNT);
	if (!p)
		return ERR_PTR(-ENOMEM);
	p->pool = pool;
	p->chunk_size = pool->buf_size;
	init_waitqueue_head(&p->wq);

	ret = pipeline_claim(p, bufs, depth, nonblock);
	if (ret < 0) {
		kfree(p);
		return ERR_PTR(ret);
	}
	p->depth = ret;
	for (i = 0; i < p->depth; i++) {
		p->ring[i].pipeline = p;
		p->ring[i].buf = bufs[i];
	}
	return p;
}

/**
 * zc_pipeline_free() - give the buffers back
 * @p: no request is in flight
 *
 * Pages that a sink still references stay in flight.
 */
void zc_pipeline_free(struct zc_pipeline *p)
{
	if (p->wait.head)
		remove_wait_queue(p->wait.head, &p->wait.entry);
	pipeline_unclaim(p);
	kfree(p);
}
