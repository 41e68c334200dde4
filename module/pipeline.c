// SPDX-License-Identifier: GPL-2.0
/*
 * The staging ring between a source and its sinks.
 *
 *	     retire      drain of a lane       full         fill
 *	       v               v                v             v
 *	 ------+---------------+----------------+-------------+---> chunk numbers
 *	 free  |  on their way |    waiting     | being filled|  free
 *
 * Fills begin in order, as many as there are slots in the ring and buffers in
 * the pool that nobody outside references (fill.c, stream.c). Each sink has a
 * lane of its own through the ring (lane.c). A chunk gives its buffer back when
 * the last lane has retired it.
 *
 * Invariants: a chunk has at most one request per end in flight.
 * zc_pipeline_run() returns only when none is. A buffer is filled only if
 * nobody outside referenced it when we looked.
 */
#include "pipeline.h"

#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "buffer.h"
#include "extra.h"
#include "pool.h"
#include "progress.h"
#include "softnet.h"
#include "stats.h"
#include "trace.h"

/* How soon to look again for buffers that came back. */
#define IDLE_MIN_NS	(50 * NSEC_PER_USEC)
#define IDLE_MAX_NS	(2 * NSEC_PER_MSEC)

/* How soon to ask again whether the network can free some. */
#define FLUSH_MIN	max(HZ / 250, 1)
#define FLUSH_MAX	(HZ / 4)

/* Requests */

/**
 * zc_request_complete() - an asynchronous request ended
 * @req: the request; belongs to the transferring task again
 * @result: bytes, or an errno
 *
 * All under the lock of the wait queue, which zc_pipeline_quiesce() takes once
 * more before it returns: the pipeline cannot go away in between.
 *
 * Context: any.
 */
void zc_request_complete(struct zc_request *req, long result)
{
	struct zc_bell *bell = &req->chunk->pipeline->bell;
	unsigned long flags;

	spin_lock_irqsave(&bell->wq.lock, flags);
	req->result = result;
	/* Pairs with request_completed(): the result first. */
	smp_store_release(&req->complete, true);
	WRITE_ONCE(bell->rung, true);
	wake_up_locked(&bell->wq);
	spin_unlock_irqrestore(&bell->wq.lock, flags);
}

static bool request_completed(const struct zc_request *req)
{
	/* Pairs with zc_request_complete(): the result is there. */
	return smp_load_acquire(&req->complete);
}

/**
 * zc_request_take() - take the result of a request that was queued
 * @req: the request
 *
 * Context: the transferring task.
 * Return: true if it is there: the request is not busy any more.
 */
bool zc_request_take(struct zc_request *req)
{
	if (!req->busy || !request_completed(req))
		return false;
	req->busy = false;
	return true;
}

static bool request_in_flight(const struct zc_request *req)
{
	return req->busy && !request_completed(req);
}

static bool chunk_in_flight(const struct zc_chunk *chunk)
{
	u32 i;

	if (request_in_flight(&chunk->in))
		return true;
	for (i = 0; i < chunk->pipeline->lanes; i++)
		if (request_in_flight(&chunk->out[i].req))
			return true;
	return false;
}

static bool pipeline_in_flight(struct zc_pipeline *p)
{
	u64 seq;

	for (seq = p->retire; seq != p->fill; seq++)
		if (chunk_in_flight(zc_pipeline_chunk(p, seq)))
			return true;
	return false;
}

/**
 * zc_pipeline_quiesce() - wait for all requests in flight
 * @p: the pipeline
 *
 * As with O_DIRECT and read(2), what a disk was asked for is waited for.
 *
 * Context: the transferring task; sleeps, not even killable.
 */
void zc_pipeline_quiesce(struct zc_pipeline *p)
{
	io_wait_event(p->bell.wq, !pipeline_in_flight(p));
	/* The last completion may still be on its way out. */
	spin_lock_irq(&p->bell.wq.lock);
	spin_unlock_irq(&p->bell.wq.lock);
}

/* Retiring */

/* Adds bytes of a chunk to the verdict of the source. */
static void chunk_count(struct zc_pipeline *p, const struct zc_chunk *chunk,
			u64 bytes)
{
	struct zc_moved in = chunk->filled;

	if (chunk->extra)
		return;
	in.zerocopy *= bytes;
	in.unverified *= bytes;
	in.copied *= bytes;
	in.offloaded *= bytes;
	zc_moved_add(&p->source->moved, &in);
	zc_progress_moved(p->progress, p->pool, p->source, &in);
	p->counted += bytes;
}

/**
 * zc_pipeline_payload() - what of a sink's bytes came from the source
 * @p: the pipeline
 * @bytes: that a sink accepted, header and trailer included
 */
u64 zc_pipeline_payload(const struct zc_pipeline *p, u64 bytes)
{
	bytes -= min_t(u64, bytes, zc_extra_len(p->header));
	return min(bytes, p->fill_offset);
}

/* Gives back the chunks that no sink needs any more. */
static bool pipeline_retire(struct zc_pipeline *p)
{
	u64 before = p->retire, retire = U64_MAX, bytes = U64_MAX;
	u32 i;

	for (i = 0; i < p->lanes; i++) {
		if (!zc_lane_alive(&p->lane[i]))
			continue;
		retire = min(retire, p->lane[i].retire);
		bytes = min(bytes, p->lane[i].bytes);
	}
	if (retire == U64_MAX)
		return false;
	WRITE_ONCE(p->bytes, zc_pipeline_payload(p, bytes));
	for (; p->retire != retire; p->retire++) {
		struct zc_chunk *chunk = zc_pipeline_chunk(p, p->retire);

		chunk_count(p, chunk, chunk->len);
		zc_chunk_unclaim(p, p->retire);
	}
	return p->retire != before;
}

static bool pipeline_step(struct zc_pipeline *p)
{
	bool moved = zc_fill_step(p);
	u32 i;

	for (i = 0; i < p->lanes && !p->error; i++)
		if (zc_lane_alive(&p->lane[i]))
			moved |= zc_lane_step(&p->lane[i]);
	moved |= pipeline_retire(p);
	return moved;
}

/* Waiting */

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

/**
 * zc_pipeline_idle() - how soon to look again for what rings no bell
 * @p: the pipeline
 *
 * Return: nanoseconds, more each time until something moves.
 */
u64 zc_pipeline_idle(struct zc_pipeline *p)
{
	u64 ns = p->idle_ns;

	p->idle_ns = min(p->idle_ns * 2, (u64)IDLE_MAX_NS);
	return ns;
}

/*
 * Is it this lane that has the buffers we lack? If one is behind, it is; else
 * it is those whose sinks still hold pages, and that may be any.
 */
static bool lane_has_buffers(const struct zc_lane *lane)
{
	const struct zc_pipeline *p = lane->pipeline;

	return lane->retire != p->full || p->retire == p->full;
}

/* Why not to wait for a lane any more, or 0. */
static int lane_verdict(const struct zc_lane *lane, u64 patience, bool starved)
{
	const struct zc_sink_ops *ops = lane->sink->sink;

	if (starved && ops->hung_up && ops->hung_up(lane->sink))
		return -EPIPE;
	return patience ? 0 : -EAGAIN;
}

/* A lane makes us wait if it is full, or has the buffers that we lack. */
static u64 pipeline_patience(struct zc_pipeline *p, bool starved)
{
	u64 patience = KTIME_MAX;
	u32 i;

	for (i = 0; i < p->lanes; i++) {
		struct zc_lane *lane = &p->lane[i];
		u64 left;
		int error;

		if (!zc_lane_alive(lane) ||
		    !(lane->blocked || (starved && lane_has_buffers(lane))))
			continue;
		left = zc_lane_patience(lane);
		error = lane_verdict(lane, left, starved);
		if (error) {
			/* For the next try. */
			if (starved)
				zc_softnet_flush();
			zc_lane_fail(lane, error);
			left = 0;
		}
		/* It may refuse for lack of memory: that only time heals. */
		if (lane->blocked && (lane->wait.deaf ||
				      !lane->sink->sink->blocked(lane->sink)))
			left = min(left, zc_pipeline_idle(p));
		patience = min(patience, left);
	}
	return patience;
}

static void pipeline_wait(struct zc_pipeline *p)
{
	u64 patience, fill;

	/* Who did nothing for that reason is not to blame. */
	if (signal_pending(current))
		return;
	patience = pipeline_patience(p, p->starved && !pipeline_in_flight(p));
	fill = zc_fill_patience(p);
	if (!patience || !fill)
		return;
	patience = min(patience, fill);
	if (p->starved) {
		pipeline_flush(p);
		patience = min(patience, zc_pipeline_idle(p));
		trace_zcdev_reuse_wait(p, patience);
	}
	zc_stats_waited(p->pool ? &p->pool->stats : NULL, p->starved);
	if (zc_bell_wait(&p->bell, patience) == -ERESTARTSYS)
		p->error = -ERESTARTSYS;
}

/* Running */

static bool pipeline_alive(const struct zc_pipeline *p)
{
	u32 i;

	for (i = 0; i < p->lanes; i++)
		if (zc_lane_alive(&p->lane[i]))
			return true;
	return false;
}

static bool pipeline_finished(const struct zc_pipeline *p)
{
	return p->error || !pipeline_alive(p) ||
	       (p->ended && p->retire == p->fill);
}

/* Sinks that can be full say when they are not, streams when they have more. */
static void pipeline_listen(struct zc_pipeline *p)
{
	u32 i;

	if (p->source->source->events)
		zc_wait_begin(&p->stream.wait, &p->bell, p->source->file,
			      p->source->source->events);
	for (i = 0; i < p->lanes; i++) {
		struct zc_lane *lane = &p->lane[i];

		if (lane->sink->sink->events)
			zc_wait_begin(&lane->wait, &p->bell, lane->sink->file,
				      lane->sink->sink->events);
	}
}

/* What was accepted counts, however it ended; and what was taken from a stream. */
static void pipeline_settle(struct zc_pipeline *p)
{
	u64 seq, bytes;
	u32 i;

	zc_pipeline_quiesce(p);
	zc_stream_settle(p);
	for (i = 0; i < p->lanes; i++)
		if (zc_lane_alive(&p->lane[i]))
			zc_lane_finish(&p->lane[i]);
	pipeline_retire(p);
	bytes = p->source->source->events ? p->fill_offset : p->bytes;
	for (seq = p->retire; p->counted < bytes; seq++) {
		struct zc_chunk *chunk = zc_pipeline_chunk(p, seq);

		chunk_count(p, chunk,
			    min_t(u64, chunk->len, bytes - p->counted));
	}
}

/* Does anybody want it to end? Asked after the bell was silenced. */
static int pipeline_interrupted(const struct zc_pipeline *p)
{
	if (signal_pending(current))
		return -ERESTARTSYS;
	return zc_progress_cancelled(p->progress) ? -ECANCELED : 0;
}

/**
 * zc_pipeline_run() - move bytes until the end, an error or a signal
 * @p: with everything set that the caller sets
 *
 * On return no request is in flight, @bytes and the verdicts of all ends speak
 * of the contiguous prefix, and @error says what ended it early. A sink that
 * failed has its own error.
 *
 * Context: process; sleeps.
 */
void zc_pipeline_run(struct zc_pipeline *p)
{
	p->idle_ns = IDLE_MIN_NS;
	p->begin_ns = ktime_get_ns();
	pipeline_listen(p);
	while (!pipeline_finished(p)) {
		zc_bell_silence(&p->bell);
		p->error = pipeline_interrupted(p);
		if (p->error)
			break;
		if (pipeline_step(p))
			p->idle_ns = IDLE_MIN_NS;
		else
			pipeline_wait(p);
		cond_resched();
	}
	pipeline_settle(p);
	if (!p->error)
		p->error = p->source->error;
}

/* Life */

static void pipeline_init_chunk(struct zc_pipeline *p, struct zc_chunk *chunk,
				struct zc_drain *out)
{
	u32 i;

	chunk->pipeline = p;
	chunk->in.chunk = chunk;
	chunk->out = out;
	for (i = 0; i < p->lanes; i++)
		out[i].req.chunk = chunk;
}

/**
 * zc_pipeline_new() - a pipeline with an empty ring
 * @pool: whose buffers it will use; NULL for a source that lends others
 * @depth: chunks of payload in the ring
 * @extras: how many of header and trailer there will be
 * @sinks: how many, at most ZC_PIPELINE_SINKS
 *
 * Context: process.
 * Return: the pipeline, to be freed with zc_pipeline_free(), or NULL.
 */
struct zc_pipeline *zc_pipeline_new(struct zc_pool *pool, u32 depth, u32 extras,
				    u32 sinks)
{
	u32 i, slots = depth + extras;
	size_t drains = array_size(slots, sinks * sizeof(struct zc_drain));
	size_t lanes = array_size(sinks, sizeof(struct zc_lane));
	struct zc_pipeline *p;
	struct zc_drain *out;

	p = kvzalloc(size_add(struct_size(p, ring, slots),
			      size_add(lanes, drains)),
		     GFP_KERNEL_ACCOUNT);
	if (!p)
		return NULL;
	p->pool = pool;
	p->chunk_size = pool ? pool->buf_size : ZC_BUF_MAX;
	p->depth = depth;
	p->slots = slots;
	p->lanes = sinks;
	p->lane = (struct zc_lane *)&p->ring[slots];
	zc_bell_init(&p->bell);
	for (i = 0; i < sinks; i++)
		zc_lane_init(&p->lane[i], p, i);
	out = (struct zc_drain *)&p->lane[sinks];
	for (i = 0; i < slots; i++, out += sinks)
		pipeline_init_chunk(p, &p->ring[i], out);
	return p;
}

/**
 * zc_pipeline_skip() - begin further on
 * @p: new, with everything set that the caller sets
 * @bytes: of @remaining that moved by other means, and are in the verdicts
 *
 * Context: process.
 */
void zc_pipeline_skip(struct zc_pipeline *p, u64 bytes)
{
	u32 i;

	zc_chunk_asked(p, bytes);
	WRITE_ONCE(p->bytes, bytes);
	p->counted = bytes;
	for (i = 0; i < p->lanes; i++)
		p->lane[i].bytes = bytes;
}

/**
 * zc_pipeline_free() - give the buffers back
 * @p: no request is in flight
 *
 * Pages that a sink still references stay in flight.
 *
 * Context: process.
 */
void zc_pipeline_free(struct zc_pipeline *p)
{
	u32 i;

	zc_wait_end(&p->stream.wait);
	for (i = 0; i < p->lanes; i++)
		zc_wait_end(&p->lane[i].wait);
	for (; p->retire != p->fill; p->retire++)
		zc_chunk_unclaim(p, p->retire);
	zc_stream_free(p);
	kvfree(p);
}
