// SPDX-License-Identifier: GPL-2.0
/*
 * The way of one sink through the staging ring.
 *
 * Drains begin in order, as soon as a chunk is full; a sink that takes its time
 * completes them in any order. A chunk is retired in order when the sink has
 * accepted all of it, so that what a lane counts is always the contiguous
 * prefix. A lane that failed has no request in flight and is left alone.
 */
#include "pipeline.h"

#include <linux/sched.h>

#include "progress.h"
#include "trace.h"

/**
 * zc_lane_init() - a lane at the begin of the ring
 * @lane: zeroed; its sink is set by the caller
 * @p: the pipeline
 * @index: of the lane
 */
void zc_lane_init(struct zc_lane *lane, struct zc_pipeline *p, u32 index)
{
	lane->pipeline = p;
	lane->index = index;
}

/**
 * zc_lane_alive() - does this sink still take part?
 * @lane: the lane
 */
bool zc_lane_alive(const struct zc_lane *lane)
{
	return !lane->sink->error;
}

static struct zc_drain *chunk_drain_of(struct zc_lane *lane, u64 seq,
				       struct zc_chunk **chunk)
{
	*chunk = zc_pipeline_chunk(lane->pipeline, seq);
	return &(*chunk)->out[lane->index];
}

/* Counts what was accepted of the oldest chunk. */
static void lane_count(struct zc_lane *lane, const struct zc_drain *drain)
{
	zc_moved_add(&lane->sink->moved, &drain->moved);
	lane->bytes += drain->done;
}

static void drain_accepted(struct zc_lane *lane, struct zc_drain *drain,
			   u32 bytes)
{
	struct zc_pipeline *p = lane->pipeline;

	trace_zcdev_drain(drain->req.chunk, lane->index, drain, bytes);
	zc_progress_moved(p->progress, p->pool, lane->sink, &drain->req.part);
	zc_moved_add(&drain->moved, &drain->req.part);
	drain->done += bytes;
}

/*
 * Asks the sink to take parts of a chunk until it has all of it, is full, or
 * takes its time. Returns 0, -EAGAIN, -EIOCBQUEUED or the error of the sink.
 */
static long drain_chunk(struct zc_lane *lane, struct zc_chunk *chunk,
			struct zc_drain *drain)
{
	struct zc_end *sink = lane->sink;
	long ret;

	while (drain->done < chunk->len) {
		memset(&drain->req.part, 0, sizeof(drain->req.part));
		drain->req.complete = false;
		ret = sink->sink->drain(sink, chunk, drain);
		if (ret == -EIOCBQUEUED)
			drain->req.busy = true;
		if (ret < 0)
			return ret;
		drain_accepted(lane, drain, ret);
	}
	return 0;
}

/* Takes the result of a request that was queued. Returns as drain_chunk(). */
static long drain_completed(struct zc_lane *lane, struct zc_chunk *chunk,
			    struct zc_drain *drain)
{
	struct zc_end *sink = lane->sink;
	long ret = sink->sink->drained(sink, chunk, drain, drain->req.result);

	if (ret < 0)
		return ret;
	drain_accepted(lane, drain, ret);
	return drain_chunk(lane, chunk, drain);
}

/* Retires what the sink has accepted. Returns true if it moved on. */
static bool lane_retire(struct zc_lane *lane)
{
	struct zc_chunk *chunk;
	struct zc_drain *drain;
	bool moved = false;

	while (lane->retire != lane->drain) {
		long ret = 0;

		drain = chunk_drain_of(lane, lane->retire, &chunk);
		if (zc_request_take(&drain->req)) {
			moved = true;
			ret = drain_completed(lane, chunk, drain);
		}
		if (ret < 0 && ret != -EIOCBQUEUED) {
			zc_lane_fail(lane, ret);
			return true;
		}
		if (drain->done < chunk->len)
			break;
		lane_count(lane, drain);
		lane->retire++;
		moved = true;
	}
	return moved;
}

/**
 * zc_lane_idle() - does this sink wait for the source?
 * @lane: the lane
 */
bool zc_lane_idle(const struct zc_lane *lane)
{
	return lane->drain == lane->pipeline->full;
}

/* A header goes together with what it announces, if that is on its way. */
static bool lane_waits(const struct zc_lane *lane)
{
	const struct zc_pipeline *p = lane->pipeline;

	return p->header && !lane->drain && p->full == 1 &&
	       zc_fill_expected(p);
}

/* Header and trailer share a segment with what is beside them, if it is there. */
static bool lane_has_more(const struct zc_lane *lane)
{
	struct zc_pipeline *p = lane->pipeline;

	return lane->drain + 1 != p->full &&
	       (zc_pipeline_chunk(p, lane->drain)->extra ||
		zc_pipeline_chunk(p, lane->drain + 1)->extra);
}

/* Begins to drain the next chunk. Returns true if anything was accepted. */
static bool lane_drain_next(struct zc_lane *lane, bool more)
{
	struct zc_chunk *chunk;
	struct zc_drain *drain;
	u32 before;
	long ret;

	drain = chunk_drain_of(lane, lane->drain, &chunk);
	drain->more = more;
	before = drain->done;
	ret = drain_chunk(lane, chunk, drain);
	lane->blocked = ret == -EAGAIN;
	if (lane->blocked)
		return drain->done != before;
	if (ret < 0 && ret != -EIOCBQUEUED)
		zc_lane_fail(lane, ret);
	else
		lane->drain++;
	return true;
}

static bool lane_drain(struct zc_lane *lane)
{
	bool more, moved = false;

	if (zc_lane_idle(lane) || lane_waits(lane))
		return false;
	do {
		more = lane_has_more(lane);
		moved |= lane_drain_next(lane, more);
	} while (more && !lane->blocked && zc_lane_alive(lane));
	return moved;
}

/**
 * zc_lane_step() - move on as far as possible without waiting
 * @lane: alive
 *
 * Context: the transferring task.
 * Return: true if anything moved.
 */
bool zc_lane_step(struct zc_lane *lane)
{
	bool moved = lane_retire(lane);

	if (zc_lane_alive(lane))
		moved |= lane_drain(lane);
	if (moved)
		lane->patience.waiting = false;
	return moved;
}

/* Takes what completed after all: it may belong to the prefix. */
static void lane_settle(struct zc_lane *lane)
{
	struct zc_chunk *chunk;
	struct zc_drain *drain;
	long ret;
	u64 seq;

	for (seq = lane->retire; seq != lane->drain; seq++) {
		drain = chunk_drain_of(lane, seq, &chunk);
		if (!zc_request_take(&drain->req))
			continue;
		ret = lane->sink->sink->drained(lane->sink, chunk, drain,
						drain->req.result);
		if (ret > 0)
			drain_accepted(lane, drain, ret);
	}
}

/**
 * zc_lane_finish() - count what was accepted in the end
 * @lane: no request of it is in flight
 *
 * Context: the transferring task.
 */
void zc_lane_finish(struct zc_lane *lane)
{
	struct zc_chunk *chunk;
	struct zc_drain *drain;

	lane_settle(lane);
	while (lane->retire != lane->pipeline->full) {
		drain = chunk_drain_of(lane, lane->retire, &chunk);
		lane_count(lane, drain);
		if (drain->done < chunk->len)
			return;
		lane->retire++;
	}
}

/**
 * zc_lane_fail() - this sink takes no part any more
 * @lane: alive
 * @error: negative errno
 *
 * Waits for the requests of all lanes in flight.
 *
 * Context: the transferring task; sleeps.
 */
void zc_lane_fail(struct zc_lane *lane, int error)
{
	struct zc_pipeline *p = lane->pipeline;

	zc_end_set_error(lane->sink, error);
	zc_pipeline_quiesce(p);
	zc_lane_finish(lane);
	WRITE_ONCE(p->bytes, zc_pipeline_payload(p, lane->bytes));
	if (p->fail_fast && !p->error)
		p->error = error;
}

/**
 * zc_lane_patience() - how long may this lane make the transfer wait?
 * @lane: alive
 *
 * Context: the transferring task.
 * Return: nanoseconds, KTIME_MAX for ever, 0 if the time is over.
 */
u64 zc_lane_patience(struct zc_lane *lane)
{
	return zc_patience_left(&lane->patience, zc_sink_timeout(lane->sink));
}
