/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_PIPELINE_H
#define _ZC_PIPELINE_H

#include <linux/fs.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "endpoint.h"

struct zc_buf;
struct zc_pool;

#define ZC_PIPELINE_DEPTH	64

enum zc_chunk_state {
	ZC_CHUNK_IDLE,		/* no payload */
	ZC_CHUNK_FILLING,	/* request to the source in flight */
	ZC_CHUNK_FULL,		/* payload that the sink has not accepted */
	ZC_CHUNK_DRAINING,	/* request to the sink in flight */
};

/**
 * struct zc_chunk - one slot of the staging ring
 * @pipeline: whose ring it is
 * @buf: its buffer, claimed for the whole transfer
 * @state: written by the transferring task only
 * @offset: stream offset of the payload
 * @data: where the payload begins in the buffer
 * @want: bytes of payload asked for
 * @len: bytes of payload there
 * @done: bytes that the sink accepted
 * @filled: how the bytes came in, as if all @len were of one kind
 * @part: how the part being drained goes out
 * @drained: how the @done bytes went out
 * @iocb: the one request in flight
 * @iocb_bytes: bytes of it
 * @result: what it ended with; valid once @complete
 * @complete: set last by the completion, in any context
 */
struct zc_chunk {
	struct zc_pipeline *pipeline;
	struct zc_buf *buf;
	enum zc_chunk_state state;
	u64 offset;
	u32 data;
	u32 want;
	u32 len;
	u32 done;
	struct zc_moved filled;
	struct zc_moved part;
	struct zc_moved drained;
	struct kiocb iocb;
	u32 iocb_bytes;
	long result;
	bool complete;
};

/**
 * struct zc_wait - how a file that is polled wakes the pipeline
 * @entry: in the wait queue of the file
 * @head: that queue, or NULL
 * @events: EPOLL events that are of interest
 */
struct zc_wait {
	wait_queue_entry_t entry;
	wait_queue_head_t *head;
	__poll_t events;
};

/**
 * struct zc_pipeline - bytes on their way from a source to a sink
 * @pool: whose buffers it uses
 * @source: where the bytes come from
 * @sink: where they go
 * @strict: whatever would be copied is an error
 * @remaining: bytes not yet asked of the source, ZCDEV_TO_END for all
 * @chunk_size: bytes from one chunk's begin to the next's
 * @phase: how far into the first chunk the payload begins
 * @depth: chunks in the ring
 * @fill: sequence number of the next chunk to fill
 * @drain: sequence number of the next chunk to drain
 * @retire: sequence number of the oldest chunk not accepted as a whole;
 *	retire <= drain <= fill <= retire + depth
 * @fill_offset: stream offset of the next fill
 * @eof: the source has ended, or gave all that was asked
 * @error: 0, or the negative errno that ends the transfer
 * @bytes: accepted, the contiguous prefix
 * @blocked_since: jiffies when the sink became full, 0 if it is not
 * @idle_ns: how long to sleep until buffers are looked at again
 * @flush_at: jiffies when to have the network free what it is done with
 * @flush_delay: jiffies until the time after that
 * @event: something happened since the last look
 * @wq: where the transferring task, and nobody else, sleeps
 * @wait: how the sink wakes it
 * @ring: the chunks; number N is at N modulo @depth
 *
 * Used by one task. Only completions and wakeups come from elsewhere, and they
 * touch @result and @complete of their chunk, @event and @wq; all requests are
 * waited for before the pipeline is freed.
 */
struct zc_pipeline {
	struct zc_pool *pool;
	struct zc_end *source;
	struct zc_end *sink;
	bool strict;
	u64 remaining;
	u32 chunk_size;
	u32 phase;
	u32 depth;
	u64 fill;
	u64 drain;
	u64 retire;
	u64 fill_offset;
	bool eof;
	int error;
	u64 bytes;
	unsigned long blocked_since;
	u64 idle_ns;
	unsigned long flush_at;
	unsigned long flush_delay;
	bool event;
	wait_queue_head_t wq;
	struct zc_wait wait;
	struct zc_chunk ring[];
};

void zc_chunk_complete(struct zc_chunk *chunk, long result);

struct zc_pipeline *zc_pipeline_new(struct zc_pool *pool, u32 depth,
				    bool nonblock);
void zc_pipeline_run(struct zc_pipeline *p);
void zc_pipeline_free(struct zc_pipeline *p);

void zc_pipeline_settle(struct zc_pipeline *p, struct zc_chunk *chunk);

void zc_pipeline_poll(struct zc_pipeline *p, struct file *file,
		      __poll_t events);

#endif /* _ZC_PIPELINE_H */
