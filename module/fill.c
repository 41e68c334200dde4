// SPDX-License-Identifier: GPL-2.0
/*
 * From the source into the staging ring.
 *
 * A chunk is opened: it gets its place in the stream and a buffer. Then the
 * source is asked to fill it. Sources that know offsets fill several at once
 * and may come short: what was asked for beyond that is forgotten and asked for
 * again. Streams (stream.c) fill one at a time, bit by bit.
 *
 * A buffer comes from the pool of the transfer, unless the source lends its
 * own, or a sink does into which the bytes go anyway.
 */
#include "pipeline.h"

#include <linux/ktime.h>
#include <linux/math64.h>

#include "extra.h"
#include "pool.h"
#include "trace.h"

/* Chunks */

/* Chunks begin at multiples of the chunk size, but for the first. */
static void chunk_place(struct zc_pipeline *p, struct zc_chunk *chunk)
{
	u64 begin = p->fill_offset + p->phase;
	u32 i;

	chunk->offset = p->fill_offset;
	chunk->to = p->fill_offset + zc_extra_len(p->header);
	chunk->data = begin % (p->pool ? p->pool->buf_size : p->chunk_size);
	chunk->want = min_t(u64, p->chunk_size - begin % p->chunk_size,
			    p->remaining);
	chunk->len = 0;
	chunk->full = false;
	chunk->hole = false;
	chunk->bare = false;
	chunk->extra = false;
	chunk->in.complete = false;
	memset(&chunk->filled, 0, sizeof(chunk->filled));
	for (i = 0; i < p->lanes; i++) {
		chunk->out[i].done = 0;
		memset(&chunk->out[i].moved, 0, sizeof(chunk->out[i].moved));
	}
}

static struct zc_buf *chunk_claim(struct zc_pipeline *p,
				  struct zc_chunk *chunk)
{
	const struct zc_source_ops *ops = p->source->source;

	chunk->lent = ops->lend || p->landing;
	if (ops->lend)
		return ops->lend(p->source, chunk);
	if (p->landing)
		return p->landing->sink->lend(p->landing, chunk);
	/* What follows in the same buffer is ours already. */
	if (p->stream.hold)
		return p->stream.hold;
	return zc_pool_claim(p->pool);
}

/**
 * zc_chunk_open() - place the next chunk and get it a buffer
 * @p: with room in the ring
 *
 * Context: the transferring task.
 * Return: false if there is no buffer.
 */
bool zc_chunk_open(struct zc_pipeline *p)
{
	struct zc_chunk *chunk = zc_pipeline_chunk(p, p->fill);

	chunk_place(p, chunk);
	chunk->buf = chunk_claim(p, chunk);
	p->starved = !chunk->buf;
	if (p->starved)
		return false;
	p->fill++;
	return true;
}

/**
 * zc_chunk_unclaim() - a chunk needs its buffer no more
 * @p: the pipeline
 * @seq: sequence number of the chunk, the oldest or the newest with a buffer
 *
 * Context: the transferring task.
 */
void zc_chunk_unclaim(struct zc_pipeline *p, u64 seq)
{
	struct zc_chunk *chunk = zc_pipeline_chunk(p, seq);
	const struct zc_source_ops *ops = p->source->source;
	struct zc_buf *buf = chunk->buf;

	if (!buf || chunk->extra) {
		/* Nobody's in particular. */
	} else if (ops->lend) {
		if (ops->unlend)
			ops->unlend(p->source, chunk);
	} else if (chunk->lent) {
		p->landing->sink->unlend(p->landing, chunk);
	} else if (buf != p->stream.hold &&
		   (seq + 1 == p->fill ||
		    zc_pipeline_chunk(p, seq + 1)->buf != buf)) {
		zc_pool_unclaim(p->pool, buf);
	}
	chunk->buf = NULL;
}

/**
 * zc_chunk_may_pad() - may anything be written behind the payload?
 * @chunk: full
 *
 * Context: the transferring task.
 */
bool zc_chunk_may_pad(const struct zc_chunk *chunk)
{
	struct zc_pipeline *p = chunk->pipeline;
	const struct zc_chunk *next = zc_pipeline_chunk(p, chunk - p->ring + 1);

	/* In a stream the next chunk may follow in the same buffer, or be there. */
	return !chunk->lent && !chunk->extra && chunk->buf != p->stream.hold &&
	       (next == chunk || next->buf != chunk->buf);
}

/**
 * zc_chunk_asked() - bytes were asked of the source
 * @p: the pipeline
 * @bytes: how many; less than 0 if they did not come
 */
void zc_chunk_asked(struct zc_pipeline *p, s64 bytes)
{
	p->fill_offset += bytes;
	if (p->remaining != ZCDEV_TO_END)
		p->remaining -= bytes;
}

/* Sources that know offsets */

/* Forget what was filled after a chunk that came short. */
static void fill_rewind(struct zc_pipeline *p, u64 seq, u64 offset)
{
	zc_pipeline_quiesce(p);
	while (p->fill != seq) {
		struct zc_chunk *chunk = zc_pipeline_chunk(p, p->fill - 1);

		zc_request_take(&chunk->in);
		zc_chunk_unclaim(p, p->fill - 1);
		p->fill--;
	}
	zc_chunk_asked(p, offset - p->fill_offset);
}

static void chunk_filled(struct zc_pipeline *p, u64 seq, long ret)
{
	struct zc_chunk *chunk = zc_pipeline_chunk(p, seq);
	u64 end;

	if (ret < 0) {
		/* What was filled before it can still go. */
		fill_rewind(p, seq, chunk->offset);
		zc_end_set_error(p->source, ret);
		p->eof = true;
		return;
	}
	chunk->full = true;
	chunk->len = ret;
	if (ret == chunk->want)
		return;

	end = chunk->offset + ret;
	fill_rewind(p, ret ? seq + 1 : seq, end);
	zc_end_set_error(p->source, 0);
	p->eof = !ret || p->source->source->at_end(p->source, end);
}

static bool fill_next(struct zc_pipeline *p)
{
	struct zc_chunk *chunk;
	long ret;

	if (!zc_chunk_open(p))
		return false;
	chunk = zc_pipeline_chunk(p, p->fill - 1);
	ret = p->source->source->fill(p->source, chunk);
	zc_chunk_asked(p, chunk->want);
	if (ret == -EIOCBQUEUED)
		chunk->in.busy = true;
	else
		chunk_filled(p, p->fill - 1, ret);
	return true;
}

/* Header and trailer */

static void fill_extra(struct zc_pipeline *p, struct zc_extra *extra, u64 to)
{
	struct zc_chunk *chunk = zc_pipeline_chunk(p, p->fill++);

	chunk_place(p, chunk);
	chunk->buf = &extra->buf;
	chunk->lent = true;
	chunk->extra = true;
	chunk->to = to;
	chunk->data = 0;
	chunk->len = extra->len;
	chunk->full = true;
}

/* Nothing comes any more, and all that came is there. */
static bool fill_is_over(const struct zc_pipeline *p)
{
	return (p->eof || !p->remaining) && p->full == p->fill;
}

/* Returns true once: when the end is reached, with or without a trailer. */
static bool fill_end(struct zc_pipeline *p)
{
	if (p->ended || !fill_is_over(p))
		return false;
	p->ended = true;
	if (p->trailer && !p->source->error)
		fill_extra(p, p->trailer,
			   p->fill_offset + zc_extra_len(p->header));
	return true;
}

/* Pace */

static u64 bytes_to_ns(u64 bytes, u64 rate)
{
	u64 rest, seconds = div64_u64_rem(bytes, rate, &rest);

	if (seconds > KTIME_SEC_MAX)
		return KTIME_MAX;
	return seconds * NSEC_PER_SEC +
	       mul_u64_u64_div_u64(rest, NSEC_PER_SEC, rate);
}

/* A chunk is due when the time that it may take has passed. */
static bool fill_is_due(struct zc_pipeline *p)
{
	u64 bytes, due, now;

	p->pace_ns = 0;
	if (!p->rate)
		return true;
	bytes = p->chunk_size - (p->fill_offset + p->phase) % p->chunk_size;
	due = bytes_to_ns(p->fill_offset + min(bytes, p->remaining), p->rate);
	now = ktime_get_ns() - p->begin_ns;
	if (now < due)
		p->pace_ns = due - now;
	return !p->pace_ns;
}

/* The ring */

static bool fill_has_room(const struct zc_pipeline *p)
{
	u64 payload = max_t(u64, p->retire, p->header ? 1 : 0);

	return !p->eof && !p->error && p->remaining &&
	       p->fill - payload < p->depth;
}

/* Returns true if it began a fill. */
static bool fill_begin(struct zc_pipeline *p)
{
	p->starved = false;
	p->stream.dry = false;
	if (p->stream.open)
		return zc_stream_fill(p);
	if (!fill_has_room(p) || !fill_is_due(p))
		return false;
	return p->source->source->events ? zc_stream_fill(p) : fill_next(p);
}

/*
 * Takes what was filled, in order. Returns true if there was anything, be it
 * the end of the source.
 */
static bool fill_harvest(struct zc_pipeline *p)
{
	const struct zc_source_ops *ops = p->source->source;
	bool moved = false;
	long ret;

	while (p->full != p->fill) {
		struct zc_chunk *chunk = zc_pipeline_chunk(p, p->full);

		if (zc_request_take(&chunk->in)) {
			ret = ops->filled(p->source, chunk, chunk->in.result);
			chunk_filled(p, p->full, ret);
		} else if (!chunk->full) {
			break;
		}
		moved = true;
		if (p->full != p->fill && chunk->full) {
			trace_zcdev_fill(chunk);
			p->full++;
		}
	}
	return moved;
}

/**
 * zc_fill_step() - move on as far as possible without waiting
 * @p: the pipeline
 *
 * Context: the transferring task.
 * Return: true if anything moved.
 */
bool zc_fill_step(struct zc_pipeline *p)
{
	bool moved;

	if (p->header && !p->fill)
		fill_extra(p, p->header, 0);
	moved = fill_begin(p);
	moved |= fill_harvest(p);
	if (fill_end(p)) {
		fill_harvest(p);
		moved = true;
	}
	return moved;
}

/**
 * zc_fill_expected() - is more payload on its way?
 * @p: the pipeline
 *
 * Context: the transferring task.
 * Return: false also if the source is a stream that has nothing now.
 */
bool zc_fill_expected(const struct zc_pipeline *p)
{
	return !p->eof && p->remaining && !p->stream.dry;
}

/**
 * zc_fill_patience() - how long is there nothing to do for the source?
 * @p: after a step in which nothing moved
 *
 * Context: the transferring task.
 * Return: nanoseconds, KTIME_MAX until something happens, 0 if something has.
 */
u64 zc_fill_patience(struct zc_pipeline *p)
{
	u64 patience = p->pace_ns ?: KTIME_MAX;

	if (p->source->source->events)
		patience = min(patience, zc_stream_patience(p));
	return patience;
}
