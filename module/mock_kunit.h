/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_MOCK_KUNIT_H
#define _ZC_MOCK_KUNIT_H

#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "late_kunit.h"
#include "pipeline.h"
#include "pool.h"

struct kunit;

#define MOCK_SINKS	3
#define MOCK_BUFS	8
#define MOCK_DEPTH	8
#define MOCK_SEEN	SZ_4K

/**
 * struct mock_case - one way to misbehave, and what has to come of it
 * @name: of the case
 * @size: bytes that the source has
 * @len: bytes asked for, 0 for all
 * @chunk: bytes of a chunk, 0 for a page
 * @phase: how far into the first chunk the payload begins
 * @depth: chunks in the ring, 0 for 3; at most MOCK_DEPTH
 * @async_in: fills complete later
 * @async_out: drains complete later
 * @short_at: the fill with this number, from 1, comes short; 0 for none
 * @fail_in: the chunk with this number cannot be read: -EIO
 * @end_in: there is nothing in the chunk with this number, nor behind it
 * @stall_in: the fill with this number takes much longer than others
 * @fail_out: the drain with this number fails: -ENOSPC
 * @short_out: the first sink takes a third of the drain with this number
 * @stall_out: the drain with this number takes much longer than others or, if
 *	they complete at once, the first sink is full, and says when it is not
 * @again_every: every so many drains the sink is full, 0 for never
 * @most: the sink takes so many bytes at once, 0 for all
 * @bytes: accepted in the end
 * @error: in the end
 */
struct mock_case {
	const char *name;
	u64 size;
	u64 len;
	u32 chunk;
	u32 phase;
	u32 depth;
	bool async_in;
	bool async_out;
	u32 short_at;
	u32 fail_in;
	u32 end_in;
	u32 stall_in;
	u32 fail_out;
	u32 short_out;
	u32 stall_out;
	u32 again_every;
	u32 most;
	u64 bytes;
	int error;
};

/**
 * struct mock_late - a request that is completed later
 * @late: completes it
 * @req: the request
 * @result: with this result
 */
struct mock_late {
	struct zc_late late;
	struct zc_request *req;
	long result;
};

/**
 * struct mock_sink - a sink and what it saw
 * @end: the sink
 * @drains: requests so far
 * @wrong: bytes that were not what they should have been
 * @fail: the drain with this number fails; 0 for none
 * @picky: it also comes short and stalls as the case says
 * @full: it takes nothing
 * @room: makes it take something again
 * @wq: rings when it does
 * @taken: how often it took each of the first bytes
 * @late: completes its request of each chunk
 */
struct mock_sink {
	struct zc_end end;
	u32 drains;
	u32 wrong;
	u32 fail;
	bool picky;
	bool full;
	struct zc_late room;
	wait_queue_head_t wq;
	u8 taken[MOCK_SEEN];
	struct mock_late late[MOCK_DEPTH];
};

/**
 * struct mock - source and sinks of one case
 * @c: the case
 * @fills: requests to the source so far
 * @source: the source
 * @sink: the sinks
 * @file: of the pool
 * @late: completes the fill of each chunk
 */
struct mock {
	struct mock_case c;
	u32 fills;
	struct zc_end source;
	struct mock_sink sink[MOCK_SINKS];
	struct zc_file file;
	struct mock_late late[MOCK_DEPTH];
};

extern struct mock *zc_mock;

int zc_mock_init(struct kunit *test);
void zc_mock_exit(struct kunit *test);
struct zc_pipeline *zc_mock_pipeline(struct kunit *test,
				     const struct mock_case *c, u32 sinks,
				     enum zc_late_from from);
void zc_mock_expect_source(struct kunit *test, const struct zc_pipeline *p,
			   u64 bytes);
void zc_mock_expect_sink(struct kunit *test, const struct zc_pipeline *p,
			 u32 sink, u64 bytes, int error);
void zc_mock_finish(struct kunit *test, struct zc_pipeline *p);
void zc_mock_run(struct kunit *test, const struct mock_case *c, u32 sinks,
		 enum zc_late_from from);

#endif /* _ZC_MOCK_KUNIT_H */
