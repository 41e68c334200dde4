/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_PIPELINE_H
#define _ZC_PIPELINE_H

#include <linux/fs.h>
#include <linux/types.h>

#include "endpoint.h"
#include "wait.h"

struct zc_buf;
struct zc_pool;

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
 * @moved: how they went out
 */
struct zc_drain {
	struct zc_request req;
	u32 done;
	struct zc_moved moved;
};

/**
 * struct zc_chunk - one slot of the staging ring
 * @pipeline: whose ring it is
 * @buf: its buffer, claimed or lent from fill to retirement
 * @offset: stream offset of the payload
 * @data: where the payload begins in the buffer
 * @want: bytes of payload asked for
 * @len: bytes of payload there
 * @full: @len is final
 * @filled: how the bytes came in, per byte
 * @in: the request to the source
 * @out: one for each sink
 */
struct zc_chunk {
	struct zc_pipeline *pipeline;
	struct zc_buf *buf;
	u64 offset;
	u32 data;
	u32 want;
	u32 len;
	bool full;
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
 * @bytes: accepted, the contiguous prefix
 * @blocked: it is full
 * @blocked_since: jiffies when it began to make the transfer wait
 * @waiting: @blocked_since is valid
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
	bool waiting;
	unsigned long blocked_since;
	struct zc_wait wait;
};

/**
 * struct zc_pipeline - bytes on their way from a source to its sinks
 * @pool: whose buffers it uses
 * @source: where the bytes come from
 * @strict: whatever would be copied is an error
 * @fail_fast: the first sink that fails ends it
 * @remaining: bytes not yet asked of the source, ZCDEV_TO_END for all
 * @chunk_size: bytes from one chunk's begin to the next's
 * @phase: how far into the first chunk the payload begins
 * @depth: chunks in the ring
 * @fill: sequence number of the next chunk to fill
 * @full: sequence number of the oldest chunk being filled
 * @retire: sequence number of the oldest chunk that a sink still needs;
 *	retire <= drain of a lane <= full <= fill <= retire + depth
 * @fill_offset: stream offset of the next fill
 * @eof: the source has ended
 * @error: 0, or the negative errno that ends the transfer
 * @bytes: by how much the source moves on: the least that was accepted by a
 *	sink still alive, or what the last one to fail accepted
 * @counted: bytes in the verdict of the source
 * @idle_ns: how long to sleep until buffers are looked at again
 * @flush_at: jiffies when to have the network free what it is done with
 * @flush_delay: jiffies until the time after that
 * @bell: where the transferring task, and nobody else, sleeps
 * @lanes: number of sinks
 * @lane: the sinks
 * @ring: the chunks; number N is at N modulo @depth
 *
 * Used by one task. Only completions and wakeups come from elsewhere, and they
 * touch @result and @complete of their request, and @bell; all requests are
 * waited for before the pipeline is freed.
 */
struct zc_pipeline {
	struct zc_pool *pool;
	struct zc_end *source;
	bool strict;
	bool fail_fast;
	u64 remaining;
	u32 chunk_size;
	u32 phase;
	u32 depth;
	u64 fill;
	u64 full;
	u64 retire;
	u64 fill_offset;
	bool eof;
	int error;
	u64 bytes;
	u64 counted;
	u64 idle_ns;
	unsigned long flush_at;
	unsigned long flush_delay;
	struct zc_bell bell;
	u32 lanes;
	struct zc_lane lane[ZC_PIPELINE_SINKS];
	struct zc_chunk ring[];
};

static inline struct zc_chunk *zc_pipeline_chunk(struct zc_pipeline *p, u64 seq)
{
	return &p->ring[seq % p->depth];
}

void zc_request_complete(struct zc_request *req, long result);
bool zc_request_take(struct zc_request *req);

struct zc_pipeline *zc_pipeline_new(struct zc_pool *pool, u32 depth, u32 sinks);
void zc_pipeline_skip(struct zc_pipeline *p, u64 bytes);
void zc_pipeline_run(struct zc_pipeline *p);
void zc_pipeline_quiesce(struct zc_pipeline *p);
void zc_pipeline_free(struct zc_pipeline *p);

void zc_lane_init(struct zc_lane *lane, struct zc_pipeline *p, u32 index);
bool zc_lane_alive(const struct zc_lane *lane);
bool zc_lane_step(struct zc_lane *lane);
void zc_lane_fail(struct zc_lane *lane, int error);
void zc_lane_finish(struct zc_lane *lane);
u64 zc_lane_patience(struct zc_lane *lane);

#endif /* _ZC_PIPELINE_H */
