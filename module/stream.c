// SPDX-License-Identifier: GPL-2.0
/*
 * Sources that give bytes as they come: sockets, pipes, character devices.
 *
 * At most one chunk is open, the last of the ring, and the source adds to it.
 * It is closed, and can go to the sinks, when it is full, at the end of the
 * stream, or when what is there should not wait any longer. A chunk is opened
 * only when the source has something: who waits for data holds no buffer.
 *
 * The chunk after one that was closed early goes on in the same buffer, which
 * is held for that as long as it makes sense: what was handed out of it is
 * never written to again, and nobody else could use the rest meanwhile.
 */
#include "pipeline.h"

#include <linux/ktime.h>

#include "pool.h"

/* How soon to see whether others could use a buffer that we hold. */
#define HOLD_NS		(20 * NSEC_PER_MSEC)

static struct zc_chunk *stream_chunk(struct zc_pipeline *p)
{
	return zc_pipeline_chunk(p, p->fill - 1);
}

/* Forgets the buffer; whoever still has bytes in it gives it back. */
static void stream_unhold(struct zc_pipeline *p)
{
	struct zc_buf *buf = p->stream.hold;

	p->stream.hold = NULL;
	if (buf && (p->retire == p->fill || stream_chunk(p)->buf != buf))
		zc_pool_unclaim(p->pool, buf);
}

/* Keeps the buffer if the next chunk can go on in it. */
static void stream_hold(struct zc_pipeline *p, const struct zc_chunk *chunk)
{
	bool used_up = chunk->data + chunk->len == p->pool->buf_size;

	if (chunk->lent)
		return;
	if (used_up || p->eof || !p->remaining)
		stream_unhold(p);
	else
		p->stream.hold = chunk->buf;
}

static bool stream_open_chunk(struct zc_pipeline *p)
{
	if (!p->source->source->ready(p->source)) {
		p->stream.dry = true;
		return false;
	}
	if (!zc_chunk_open(p))
		return false;
	p->stream.open = true;
	return true;
}

static void stream_close_chunk(struct zc_pipeline *p)
{
	struct zc_chunk *chunk = stream_chunk(p);

	p->stream.open = false;
	if (!chunk->len) {
		zc_chunk_unclaim(p, p->fill - 1);
		p->fill--;
		return;
	}
	chunk->full = true;
	zc_chunk_asked(p, chunk->len);
	stream_hold(p, chunk);
}

static bool any_lane_idle(const struct zc_pipeline *p)
{
	u32 i;

	for (i = 0; i < p->lanes; i++)
		if (zc_lane_alive(&p->lane[i]) && zc_lane_idle(&p->lane[i]))
			return true;
	return false;
}

/* ns that what is in the open chunk may still wait for more. */
static u64 stream_time_left(const struct zc_pipeline *p)
{
	u64 waited;

	if (!p->latency_ns)
		return p->patient || !any_lane_idle(p) ? KTIME_MAX : 0;
	waited = ktime_get_ns() - p->stream.since;
	return waited < p->latency_ns ? p->latency_ns - waited : 0;
}

static void stream_took(struct zc_pipeline *p, struct zc_chunk *chunk,
			long bytes)
{
	if (!chunk->len)
		p->stream.since = ktime_get_ns();
	chunk->len += bytes;
	p->stream.patience.waiting = false;
}

/* Returns true if the chunk has to be closed. */
static bool stream_add(struct zc_pipeline *p, struct zc_chunk *chunk)
{
	long ret = p->source->source->fill(p->source, chunk);

	p->stream.dry = ret == -EAGAIN;
	if (ret > 0) {
		stream_took(p, chunk, ret);
	} else if (ret != -EAGAIN) {
		zc_end_set_error(p->source, ret);
		p->eof = true;
	}
	return p->eof || !chunk->len || chunk->len == chunk->want;
}

/**
 * zc_stream_fill() - take what the source has
 * @p: with room in the ring, or an open chunk
 *
 * Context: the transferring task.
 * Return: true if anything moved, be it the end of the source.
 */
bool zc_stream_fill(struct zc_pipeline *p)
{
	struct zc_chunk *chunk;
	bool over;
	u32 before;

	if (!p->stream.open && !stream_open_chunk(p))
		return false;
	chunk = stream_chunk(p);
	before = chunk->len;
	over = p->eof || p->error || stream_add(p, chunk);
	if (over || (p->stream.dry && !stream_time_left(p))) {
		stream_close_chunk(p);
		return chunk->len || p->eof;
	}
	return chunk->len != before;
}

/* A buffer that others could use is not kept while nothing comes. */
static u64 stream_hold_patience(struct zc_pipeline *p)
{
	if (!p->stream.hold || p->stream.open || p->retire != p->fill)
		return KTIME_MAX;
	if (zc_pool_buf_referenced(p->pool, p->stream.hold))
		return HOLD_NS;
	stream_unhold(p);
	return KTIME_MAX;
}

/**
 * zc_stream_patience() - how long is there nothing to do for the source?
 * @p: after a step in which nothing moved
 *
 * Context: the transferring task.
 * Return: nanoseconds, KTIME_MAX until something happens, 0 if something has.
 */
u64 zc_stream_patience(struct zc_pipeline *p)
{
	u64 patience = stream_hold_patience(p), left;

	if (p->eof || !p->stream.dry)
		return patience;
	left = zc_patience_left(&p->stream.patience,
				zc_source_timeout(p->source));
	if (!left) {
		zc_end_set_error(p->source, -EAGAIN);
		p->eof = true;
		return 0;
	}
	if (p->stream.open)
		left = min(left, stream_time_left(p));
	if (p->stream.wait.deaf)
		left = min(left, zc_pipeline_idle(p));
	return min(patience, left);
}

/**
 * zc_stream_settle() - nothing more is taken
 * @p: the pipeline
 *
 * Context: the transferring task.
 */
void zc_stream_settle(struct zc_pipeline *p)
{
	if (p->stream.open)
		stream_close_chunk(p);
}

static struct zcdev_range chunk_range(const struct zc_pipeline *p,
				      const struct zc_chunk *chunk, u32 skip)
{
	u64 index = chunk->buf - p->pool->bufs;

	return (struct zcdev_range) {
		.offset = index * p->pool->buf_size + chunk->data + skip,
		.len = chunk->len - skip,
	};
}

/* From here on another transfer may have the buffer: forget it. */
static void stream_give(struct zc_pipeline *p, struct zc_buf *buf)
{
	u64 seq;

	for (seq = p->retire; seq != p->fill; seq++)
		if (zc_pipeline_chunk(p, seq)->buf == buf)
			zc_pipeline_chunk(p, seq)->buf = NULL;
	if (p->stream.hold == buf)
		p->stream.hold = NULL;
	zc_pool_acquire_claimed(p->pool, buf);
}

/* Of one buffer, beginning with a chunk; chunks that share one follow. */
static struct zcdev_range left_range(struct zc_pipeline *p, u64 seq,
				     u32 skip)
{
	struct zc_buf *buf = zc_pipeline_chunk(p, seq)->buf;
	struct zcdev_range range = chunk_range(p, zc_pipeline_chunk(p, seq),
					       skip);

	while (++seq != p->fill && zc_pipeline_chunk(p, seq)->buf == buf)
		range.len += zc_pipeline_chunk(p, seq)->len;
	return range;
}

/**
 * zc_stream_left() - leave what nobody accepted to the program
 * @p: has run, and moves nothing any more
 * @ranges: set to where the bytes are
 * @max: how many there can be, at least the depth of the ring
 *
 * Buffers of the pool are the program's now; those that a sink lent are anyway.
 *
 * Context: the transferring task.
 * Return: how many ranges were set.
 */
u32 zc_stream_left(struct zc_pipeline *p, struct zcdev_range *ranges, u32 max)
{
	struct zc_buf *last = NULL;
	u32 nr = 0;
	u64 seq;

	for (seq = p->retire; seq != p->fill && nr < max; seq++) {
		struct zc_chunk *chunk = zc_pipeline_chunk(p, seq);
		u64 skip = p->bytes - min(p->bytes, chunk->offset);

		if (!chunk->buf || chunk->buf == last || chunk->extra ||
		    skip >= chunk->len)
			continue;
		last = chunk->buf;
		ranges[nr++] = left_range(p, seq, skip);
		if (!chunk->lent)
			stream_give(p, chunk->buf);
	}
	return nr;
}

/**
 * zc_stream_free() - let go of the buffer that is held
 * @p: the chunks have given theirs back
 *
 * Context: the transferring task.
 */
void zc_stream_free(struct zc_pipeline *p)
{
	stream_unhold(p);
}
