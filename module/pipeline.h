/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_PIPELINE_H
#define _ZC_PIPELINE_H

#include <linux/fs.h>
#include <linux/types.h>

#include "endpoint.h"
#include "wait.h"

struct zc_buf;
struct zc_extra;
struct zc_pool;
struct zc_progress;

#define ZC_PIPELINE_DEPTH	64
#define ZC_PIPELINE_SINKS	16

/**
 * struct zc_request - what one end was asked to do with a chunk
 * @chunk: the chunk
 * @iocb: for files
 * @pos: file offset that it was submitted with
 * @part: what happens to the bytes that the request is about
 * @busy: it was queued, and nobody has looked at the result yet
 * @complete: set last by the completion, in any context
 * @result: bytes or an errno, valid once @complete
 */
struct zc_request {
	struct zc_chunk *chunk;
	struct kiocb iocb;
	loff_t pos;
	struct zc_moved part;
	bool busy;
	bool complete;
	long result;
};

/**
 * struct zc_drain - a chunk as one sink sees it
 * @req: the request in flight
 * @done: bytes that the sink accepted
 * @more: the next chunk follows at once
 * @moved: how they went out
 */
struct zc_drain {
	struct zc_request req;
	u32 done;
	bool more;
	struct zc_moved moved;
};

/**
 * struct zc_chunk - one slot of the staging ring
 * @pipeline: whose ring it is
 * @buf: its buffer, claimed or lent from fill to retirement; chunks of a stream
 *	that follow each other may share one
 * @lent: @buf is not for staging: nothing but the payload may be written to it
 * @claimed: by the lender, which may have it anyway
 * @extra: header or trailer, not payload of the source
 * @offset: stream offset of the payload in the source
 * @to: the same in the sinks, where a header goes first
 * @data: where the payload begins in the buffer
 * @want: bytes of payload asked for
 * @len: bytes of payload there
 * @full: @len is final
 * @hole: the payload is zeros that are stored nowhere
 * @bare: and they are not in the buffer either
 * @filled: how the bytes came in, per byte
 * @in: the request to the source
 * @out: one for each sink
 */
struct zc_chunk {
	struct zc_pipeline *pipeline;
	struct zc_buf *buf;
	bool lent;
	bool claimed;
	bool extra;
	u64 offset;
	u64 to;
	u32 data;
	u32 want;
	u32 len;
	bool full;
	bool hole;
	bool bare;
	struct zc_moved filled;
	struct zc_request in;
	struct zc_drain *out;
};

/**
 * struct zc_lane - the way of one sink through the ring
 * @pipeline: whose ring
 * @sink: where the bytes go; takes no part any more once it has an error
 * @index: of its zc_drain in every chunk
 * @drain: sequence number of the next chunk to drain
 * @retire: sequence number of the oldest chunk not accepted as a whole
 * @bytes: accepted, the contiguous prefix, header and trailer included
 * @blocked: it is full
 * @patience: since when it makes the transfer wait
 * @wait: how it rings the bell
 */
struct zc_lane {
	struct zc_pipeline *pipeline;
	struct zc_end *sink;
	u32 index;
	u64 drain;
	u64 retire;
	u64 bytes;
	bool blocked;
	struct zc_patience patience;
	struct zc_wait wait;
};

/**
 * struct zc_stream - what there is to know of a source that is a stream
 * @open: the last chunk of the ring can still grow
 * @since: ns when its first byte came
 * @dry: the source had nothing when we last looked
 * @hold: the buffer that the next chunk goes on in, claimed; or NULL
 * @patience: since when it makes the transfer wait
 * @wait: how it rings the bell
 */
struct zc_stream {
	bool open;
	u64 since;
	bool dry;
	struct zc_buf *hold;
	struct zc_patience patience;
	struct zc_wait wait;
};

/**
 * struct zc_pipeline - bytes on their way from a source to its sinks
 * @pool: whose buffers it uses; NULL if the source lends others
 * @progress: what others see of it, and whether they cancelled it; NULL if it
 *	is not listed
 * @source: where the bytes come from
 * @strict: whatever would be copied is an error
 * @fail_fast: the first sink that fails ends it
 * @remaining: bytes not yet asked of the source, ZCDEV_TO_END for all
 * @chunk_size: bytes from one chunk's begin to the next's
 * @phase: how far into the first chunk the payload begins
 * @rate: bytes per second, 0 for no limit
 * @latency_ns: how long bytes of a stream may wait for more, 0 for as long as
 *	it takes if @patient, else until there is no more
 * @patient: all sinks like full chunks best
 * @header: goes first, or NULL
 * @trailer: goes last, or NULL
 * @landing: a sink whose buffers the source fills in place, or NULL
 * @depth: chunks of payload in the ring
 * @slots: of the ring: @depth, and one for each of @header and @trailer
 * @fill: sequence number of the next chunk to fill
 * @full: sequence number of the oldest chunk not full
 * @retire: sequence number of the oldest chunk that a sink still needs
 * @fill_offset: stream offset of the next chunk
 * @eof: nothing comes after what was asked for
 * @ended: the trailer, if any, is in the ring
 * @starved: there was no buffer when we last wanted one
 * @pace_ns: the next fill is too early by so much
 * @begin_ns: when it began
 * @stream: if the source is one
 * @error: negative errno that ended it early; a sink's only with @fail_fast
 * @bytes: of the source: accepted by every sink that did not fail, or if all
 *	failed, by the last of them; the contiguous prefix
 * @counted: of those, in the verdict of the source
 * @idle_ns: how soon to look again for buffers, while none comes back
 * @flush_at: jiffies at which to ask the network again to free some
 * @flush_delay: jiffies to wait after that
 * @bell: rung by completions, files and sockets
 * @lanes: number of sinks
 * @lane: one for each sink, behind the chunks
 * @ring: the chunks, followed by the lanes, and the zc_drains of all chunks
 *
 * The caller sets @source, the sink of each lane, @strict, @fail_fast,
 * @remaining, @phase and what is to differ from its default. Requests point into
 * @ring, so none may be in flight before the pipeline is freed.
 */
struct zc_pipeline {
	struct zc_pool *pool;
	struct zc_progress *progress;
	struct zc_end *source;
	bool strict;
	bool fail_fast;
	u64 remaining;
	u32 chunk_size;
	u32 phase;
	u64 rate;
	u64 latency_ns;
	bool patient;
	struct zc_extra *header;
	struct zc_extra *trailer;
	struct zc_end *landing;
	u32 depth;
	u32 slots;
	u64 fill;
	u64 full;
	u64 retire;
	u64 fill_offset;
	bool eof;
	bool ended;
	bool starved;
	u64 pace_ns;
	u64 begin_ns;
	struct zc_stream stream;
	int error;
	u64 bytes;
	u64 counted;
	u64 idle_ns;
	unsigned long flush_at;
	unsigned long flush_delay;
	struct zc_bell bell;
	u32 lanes;
	struct zc_lane *lane;
	struct zc_chunk ring[];
};

static inline struct zc_chunk *zc_pipeline_chunk(struct zc_pipeline *p, u64 seq)
{
	return &p->ring[seq % p->slots];
}

/* Pages of the page cache are not ours to use again. */
static inline bool zc_chunk_is_cached(const struct zc_chunk *chunk)
{
	return chunk->pipeline->source->flags & ZCDEV_END_PAGE_CACHE;
}

void zc_request_complete(struct zc_request *req, long result);
bool zc_request_take(struct zc_request *req);

struct zc_pipeline *zc_pipeline_new(struct zc_pool *pool, u32 depth, u32 extras,
				    u32 sinks);
void zc_pipeline_skip(struct zc_pipeline *p, u64 bytes);
void zc_pipeline_run(struct zc_pipeline *p);
void zc_pipeline_quiesce(struct zc_pipeline *p);
u64 zc_pipeline_payload(const struct zc_pipeline *p, u64 bytes);
u64 zc_pipeline_idle(struct zc_pipeline *p);
void zc_pipeline_free(struct zc_pipeline *p);

bool zc_fill_step(struct zc_pipeline *p);
bool zc_fill_expected(const struct zc_pipeline *p);
u64 zc_fill_patience(struct zc_pipeline *p);

bool zc_stream_fill(struct zc_pipeline *p);
u64 zc_stream_patience(struct zc_pipeline *p);
void zc_stream_settle(struct zc_pipeline *p);
u32 zc_stream_left(struct zc_pipeline *p, struct zcdev_range *ranges, u32 max);
void zc_stream_free(struct zc_pipeline *p);

bool zc_chunk_open(struct zc_pipeline *p);
void zc_chunk_asked(struct zc_pipeline *p, s64 bytes);
void zc_chunk_unclaim(struct zc_pipeline *p, u64 seq);
bool zc_chunk_may_pad(const struct zc_chunk *chunk);

void zc_lane_init(struct zc_lane *lane, struct zc_pipeline *p, u32 index);
bool zc_lane_alive(const struct zc_lane *lane);
bool zc_lane_idle(const struct zc_lane *lane);
bool zc_lane_step(struct zc_lane *lane);
void zc_lane_fail(struct zc_lane *lane, int error);
void zc_lane_finish(struct zc_lane *lane);
u64 zc_lane_patience(struct zc_lane *lane);

#endif /* _ZC_PIPELINE_H */
