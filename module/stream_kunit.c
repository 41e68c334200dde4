// SPDX-License-Identifier: GPL-2.0
/*
 * The pipeline behind a stream that dribbles, runs dry, ends or fails, in front
 * of a sink that is slow, full or broken; with header, trailer and latency. What
 * can happen between two pieces of a framed stream happens between any two.
 *
 * Whatever comes in is accepted, in order, or left in the ranges that the
 * result names, and afterwards the pool has all its other buffers back.
 */
#include <kunit/test.h>

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/stddef.h>

#include "buffer.h"
#include "extra.h"
#include "file.h"
#include "late_kunit.h"
#include "pipeline.h"
#include "pool.h"

#define CHUNK		SZ_4K
#define BUFS		4
#define DEPTH		3
#define EXTRA		100

/**
 * struct stream_case - one way to misbehave, and what has to come of it
 * @name: of the case
 * @size: bytes that the stream has
 * @len: bytes asked for, 0 for all
 * @dribble: it gives so many bytes at a time
 * @dry_every: every so many looks, more than 1, it has nothing for a while;
 *	0 for never
 * @dry_at: likewise at the look with this number, from 1
 * @fail_at: it fails with -EIO before the byte with this number, from 1; 0 for
 *	not at all
 * @patient: the sink likes full chunks
 * @latency_us: how long bytes may wait
 * @most: the sink takes so many bytes at once, 0 for all
 * @again_every: every so many drains, more than 1, the sink is full; 0 for never
 * @again_at: likewise at the drain with this number, from 1
 * @broken_at: the sink fails with -EPIPE before the byte with this number,
 *	from 1; 0 for not at all
 * @header: there is one
 * @trailer: there is one
 */
struct stream_case {
	const char *name;
	u64 size;
	u64 len;
	u32 dribble;
	u32 dry_every;
	u32 dry_at;
	u32 fail_at;
	bool patient;
	u32 latency_us;
	u32 most;
	u32 again_every;
	u32 again_at;
	u32 broken_at;
	bool header;
	bool trailer;
};

#define CASE(case_name, ...)	{ .name = case_name, __VA_ARGS__ }

static const struct stream_case stream_cases[] = {
	CASE("empty", .size = 0, .dribble = 1),
	CASE("one byte", .size = 1, .dribble = 1),
	CASE("all at once", .size = 40 * CHUNK + 7, .dribble = CHUNK),
	CASE("dribbles", .size = 5 * CHUNK + 7, .dribble = 33),
	CASE("dribbles, dry", .size = 5 * CHUNK + 7, .dribble = 333,
	     .dry_every = 5),
	CASE("dry, patient", .size = 9 * CHUNK + 7, .dribble = 1000,
	     .dry_every = 3, .patient = true),
	CASE("dry, patient, latency", .size = 9 * CHUNK + 7, .dribble = 1000,
	     .dry_every = 3, .patient = true, .latency_us = 100),
	CASE("a part", .size = 9 * CHUNK, .len = 3 * CHUNK + 5,
	     .dribble = 700, .dry_every = 4),
	CASE("more than there is", .size = 3 * CHUNK + 5, .len = 9 * CHUNK,
	     .dribble = 700),
	CASE("slow sink", .size = 9 * CHUNK, .dribble = CHUNK, .most = 500,
	     .again_every = 3),
	CASE("slow sink, dry", .size = 9 * CHUNK, .dribble = 900,
	     .dry_every = 3, .most = 500, .again_every = 3),
	CASE("fails at once", .size = CHUNK, .dribble = 10, .fail_at = 10),
	CASE("fails", .size = 9 * CHUNK, .dribble = 900, .dry_every = 3,
	     .fail_at = 5 * CHUNK),
	CASE("broken at once", .size = 9 * CHUNK, .dribble = 900,
	     .broken_at = 1),
	CASE("broken", .size = 30 * CHUNK, .dribble = 3000, .most = 1000,
	     .broken_at = 5 * CHUNK + 100),
	CASE("broken, patient", .size = 30 * CHUNK, .dribble = 900,
	     .dry_every = 7, .patient = true, .broken_at = 5 * CHUNK),
	CASE("broken, shared buffers", .size = 30 * CHUNK, .dribble = 500,
	     .dry_every = 2, .most = 100, .again_every = 2,
	     .broken_at = 2 * CHUNK + 50),
	CASE("broken, whole chunks left", .size = 30 * CHUNK, .dribble = CHUNK,
	     .most = 100, .again_every = 2, .broken_at = 2 * CHUNK + 50),
	CASE("header", .size = 3 * CHUNK, .dribble = 900, .header = true),
	CASE("header, dry", .size = 3 * CHUNK, .dribble = 900, .dry_every = 2,
	     .header = true),
	CASE("trailer", .size = 3 * CHUNK, .dribble = 900, .trailer = true),
	CASE("both, nothing between", .size = 0, .dribble = 1, .header = true,
	     .trailer = true),
	CASE("both, slow", .size = 9 * CHUNK, .dribble = 900, .most = 70,
	     .again_every = 5, .header = true, .trailer = true),
	CASE("no trailer after an error", .size = 9 * CHUNK, .dribble = 900,
	     .fail_at = 2 * CHUNK, .header = true, .trailer = true),
};

KUNIT_ARRAY_PARAM_DESC(stream, stream_cases, name);

/* A framed stream moves in pieces, so that each end is asked for one at a time. */
#define PIECE		50
#define PIECES		4
#define SOURCE_STEPS	(PIECES + 1)	/* the last is its end */
#define SINK_STEPS	(PIECES + 2 * EXTRA / PIECE)

/**
 * struct frame_row - something that happens at a step of a framed stream
 * @name: what
 * @at: the member of struct stream_case that says when
 * @unit: in these
 * @steps: that there are
 */
struct frame_row {
	const char *name;
	size_t at;
	u32 unit;
	u32 steps;
};

#define AT(member)	offsetof(struct stream_case, member)

static const struct frame_row frame_rows[] = {
	{ "source is dry", AT(dry_at), 1, SOURCE_STEPS },
	{ "source fails", AT(fail_at), PIECE, SOURCE_STEPS },
	{ "sink is full", AT(again_at), 1, SINK_STEPS },
	{ "sink is broken", AT(broken_at), PIECE, SINK_STEPS },
};

/* A case is its place in this: each row at each of its steps. */
static const u8 frame_steps[2 * SOURCE_STEPS + 2 * SINK_STEPS];

static const struct frame_row *frame_row_of(const u8 *at, u32 *step)
{
	const struct frame_row *row = frame_rows;

	for (*step = at - frame_steps; *step >= row->steps; row++)
		*step -= row->steps;
	++*step;
	return row;
}

static void frame_desc(const u8 *at, char *desc)
{
	u32 step;
	const struct frame_row *row = frame_row_of(at, &step);

	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s at %u", row->name, step);
}

KUNIT_ARRAY_PARAM(frame, frame_steps, frame_desc);

/**
 * struct mock - source and sink of one case
 * @c: the case
 * @given: bytes that the source gave
 * @looks: at the source
 * @dry: it has nothing now
 * @dried: how often it had not
 * @wq: rings when it has
 * @refill: makes it so, from each context in turn
 * @drains: requests to the sink
 * @taken: bytes that the sink accepted
 * @wrong: of those, not what they should have been
 * @source: the source
 * @sink: the sink
 * @file: of the pool
 * @header: bytes to go first
 * @trailer: bytes to go last
 */
struct mock {
	const struct stream_case *c;
	u64 given;
	u32 looks;
	bool dry;
	u32 dried;
	wait_queue_head_t wq;
	struct zc_late refill[3];
	u32 drains;
	u64 taken;
	u32 wrong;
	struct zc_end source;
	struct zc_end sink;
	struct zc_file file;
	struct zc_extra header;
	struct zc_extra trailer;
};

static struct mock *mock;

static u8 byte_at(u64 offset)
{
	return (offset * 2654435761U) >> 24 ^ offset;
}

static u8 *buf_byte(const struct zc_buf *buf, u32 at)
{
	return (u8 *)page_address(zc_buf_page(buf, at)) + offset_in_page(at);
}

/* Is this one of every so many, or that with this number? */
static bool at_times(u32 nr, u32 every, u32 at)
{
	return nr == at || (every && !(nr % every));
}

/* The source */

static void refill_fn(struct zc_late *late)
{
	WRITE_ONCE(mock->dry, false);
	wake_up_poll(&mock->wq, EPOLLIN);
}

static __poll_t mock_poll(struct file *file, poll_table *pt)
{
	poll_wait(file, &mock->wq, pt);
	return READ_ONCE(mock->dry) ? 0 : EPOLLIN;
}

static const struct file_operations mock_fops = {
	.owner	= THIS_MODULE,
	.poll	= mock_poll,
};

static bool source_runs_dry(void)
{
	if (!at_times(++mock->looks, mock->c->dry_every, mock->c->dry_at))
		return false;
	WRITE_ONCE(mock->dry, true);
	zc_late_start(&mock->refill[mock->dried++ % 3], 1);
	return true;
}

static bool source_ready(struct zc_end *end)
{
	return !READ_ONCE(mock->dry);
}

static long source_fill(struct zc_end *end, struct zc_chunk *chunk)
{
	const struct stream_case *c = mock->c;
	u32 n = min_t(u64, c->dribble, chunk->want - chunk->len), i;

	if (READ_ONCE(mock->dry) || source_runs_dry())
		return -EAGAIN;
	if (c->fail_at && mock->given >= c->fail_at - 1)
		return -EIO;
	n = min_t(u64, n, c->size - mock->given);
	for (i = 0; i < n; i++)
		*buf_byte(chunk->buf, chunk->data + chunk->len + i) =
			byte_at(mock->given + i);
	mock->given += n;
	chunk->filled = (struct zc_moved) {
		.copied = 1, .paths = ZCDEV_PATH_COPY,
		.reasons = ZCDEV_REASON_STREAM,
	};
	return n;
}

static const struct zc_source_ops source_ops = {
	.events	= EPOLLIN,
	.ready	= source_ready,
	.fill	= source_fill,
};

/* The sink */

/* What byte number @at of all that it gets has to be. */
static u8 expected_byte(u64 at, const struct zc_chunk *chunk, u32 i)
{
	u32 header = mock->c->header ? EXTRA : 0;

	return chunk->extra ? 'x' : byte_at(at - header);
}

static long sink_drain(struct zc_end *end, struct zc_chunk *chunk,
		       struct zc_drain *drain)
{
	const struct stream_case *c = mock->c;
	u32 n = chunk->len - drain->done, i;

	if (at_times(++mock->drains, c->again_every, c->again_at))
		return -EAGAIN;
	if (c->broken_at && mock->taken >= c->broken_at - 1)
		return -EPIPE;
	if (c->most)
		n = min(n, c->most);
	for (i = 0; i < n; i++)
		mock->wrong += *buf_byte(chunk->buf,
					 chunk->data + drain->done + i) !=
			       expected_byte(mock->taken + i, chunk, i);
	mock->wrong += chunk->to + drain->done != mock->taken;
	mock->taken += n;
	drain->req.part = (struct zc_moved) {
		.copied = n, .paths = ZCDEV_PATH_COPY,
		.reasons = ZCDEV_REASON_PROTOCOL,
	};
	return n;
}

/* Nobody rings when it has room. */
static bool sink_blocked(struct zc_end *end)
{
	return false;
}

static const struct zc_sink_ops sink_ops = {
	.drain		= sink_drain,
	.blocked	= sink_blocked,
};

/* Life */

static int make_extra(struct zc_extra *extra)
{
	int ret = zc_buf_alloc(&extra->buf, PAGE_SIZE, NUMA_NO_NODE, 0, false);

	if (!ret)
		memset(buf_byte(&extra->buf, 0), 'x', EXTRA);
	extra->len = EXTRA;
	return ret;
}

static int mock_init(struct kunit *test)
{
	struct zcdev_pool_create geometry = {
		.count = BUFS,
		.buf_size = 2 * CHUNK,
		.node = ZCDEV_NODE_ANY,
	};
	enum zc_late_from from;

	mock = kunit_kzalloc(test, sizeof(*mock), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mock);
	zc_file_init(&mock->file);
	init_waitqueue_head(&mock->wq);
	for (from = ZC_LATE_WORK; from <= ZC_LATE_HARDIRQ; from++)
		zc_late_init(&mock->refill[from], from, refill_fn);
	KUNIT_ASSERT_EQ(test, make_extra(&mock->header), 0);
	KUNIT_ASSERT_EQ(test, make_extra(&mock->trailer), 0);
	mock->source.source = &source_ops;
	mock->source.file = anon_inode_getfile("[zcdev]", &mock_fops, NULL,
					       O_RDONLY);
	KUNIT_ASSERT_FALSE(test, IS_ERR(mock->source.file));
	mock->sink.sink = &sink_ops;
	return zc_pool_create(&mock->file, &geometry);
}

static void mock_exit(struct kunit *test)
{
	u32 i;

	if (!mock)
		return;
	for (i = 0; i < ARRAY_SIZE(mock->refill); i++) {
		zc_late_stop(&mock->refill[i]);
		KUNIT_EXPECT_FALSE(test, mock->refill[i].astray);
	}
	if (!IS_ERR_OR_NULL(mock->source.file))
		__fput_sync(mock->source.file);
	if (mock->header.buf.bvec)
		zc_buf_free(&mock->header.buf);
	if (mock->trailer.buf.bvec)
		zc_buf_free(&mock->trailer.buf);
	if (mock->file.pool)
		zc_pool_close(mock->file.pool);
}

static struct zc_pipeline *make_pipeline(struct kunit *test,
					 const struct stream_case *c)
{
	struct zc_pipeline *p;

	p = zc_pipeline_new(mock->file.pool, DEPTH, c->header + c->trailer, 1);
	KUNIT_ASSERT_NOT_NULL(test, p);
	mock->c = c;
	p->source = &mock->source;
	p->lane[0].sink = &mock->sink;
	p->remaining = c->len ?: ZCDEV_TO_END;
	p->chunk_size = CHUNK;
	p->patient = c->patient;
	p->latency_ns = c->latency_us * NSEC_PER_USEC;
	p->header = c->header ? &mock->header : NULL;
	p->trailer = c->trailer ? &mock->trailer : NULL;
	return p;
}

/* What nobody took is there, in order, and nothing else. Returns bytes. */
static u64 check_left(struct kunit *test, struct zc_pipeline *p, u32 *nr)
{
	struct zc_pool *pool = mock->file.pool;
	struct zcdev_range left[DEPTH];
	u64 at = p->bytes, k;
	u32 i, wrong = 0;

	*nr = zc_stream_left(p, left, DEPTH);
	for (i = 0; i < *nr; i++)
		for (k = left[i].offset; k < left[i].offset + left[i].len; k++)
			wrong += *buf_byte(&pool->bufs[k / pool->buf_size],
					   k % pool->buf_size) != byte_at(at++);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	return at - p->bytes;
}

static void check_pool(struct kunit *test, u32 acquired)
{
	struct zcdev_pool_info info = {};

	zc_pool_info(mock->file.pool, &info);
	KUNIT_EXPECT_EQ(test, info.out_acquired, acquired);
	KUNIT_EXPECT_EQ(test, info.out_free, BUFS - acquired);
}

static void stream_run(struct kunit *test, const struct stream_case *c)
{
	struct zc_pipeline *p = make_pipeline(test, c);
	u32 head = c->header ? EXTRA : 0, nr;
	int error = c->fail_at ? -EIO : 0;
	u64 size, left;

	zc_pipeline_run(p);
	KUNIT_EXPECT_EQ(test, p->error, error);
	KUNIT_EXPECT_EQ(test, mock->sink.error, c->broken_at ? -EPIPE : 0);
	KUNIT_EXPECT_EQ(test, mock->wrong, 0);
	KUNIT_EXPECT_EQ(test, p->lane[0].bytes, mock->taken);
	KUNIT_EXPECT_EQ(test, p->bytes, min(mock->given, mock->taken -
					    min_t(u64, mock->taken, head)));
	KUNIT_EXPECT_EQ(test, p->fill_offset, mock->given);
	KUNIT_EXPECT_EQ(test, zc_moved_bytes(&mock->source.moved), mock->given);
	left = check_left(test, p, &nr);
	KUNIT_EXPECT_EQ(test, p->bytes + left, mock->given);
	if (!c->broken_at) {
		size = min(c->size, c->len ?: c->size);
		if (c->fail_at)
			size = mock->given;
		KUNIT_EXPECT_EQ(test, mock->given, size);
		KUNIT_EXPECT_EQ(test, mock->taken, size + head +
				(c->trailer && !error ? EXTRA : 0));
		KUNIT_EXPECT_EQ(test, left, 0);
	}
	zc_pipeline_free(p);
	check_pool(test, nr);
}

static void stream_test(struct kunit *test)
{
	stream_run(test, test->param_value);
}

/* Both ends still do all that they were asked before the step. */
static void frame_test(struct kunit *test)
{
	u32 step;
	const struct frame_row *row = frame_row_of(test->param_value, &step);
	struct stream_case c = {
		.size = PIECES * PIECE,
		.dribble = PIECE,
		.most = PIECE,
		.header = true,
		.trailer = true,
	};

	*(u32 *)((void *)&c + row->at) = (step - 1) * row->unit + 1;
	stream_run(test, &c);
	if (c.fail_at)
		KUNIT_EXPECT_EQ(test, mock->given, c.fail_at - 1);
	if (c.broken_at)
		KUNIT_EXPECT_EQ(test, mock->taken, c.broken_at - 1);
	KUNIT_EXPECT_EQ(test, mock->dried, c.dry_at ? 1 : 0);
}

/**
 * struct pad_case - two chunks of a ring, and whether the first may be padded
 * @name: of the case
 * @alone: there is no place for another
 * @shared: the second is in the same buffer
 * @held: the buffer goes on for what comes next
 * @lent: it belongs to somebody else
 * @may: it may
 */
struct pad_case {
	const char *name;
	bool alone;
	bool shared;
	bool held;
	bool lent;
	bool may;
};

static const struct pad_case pad_cases[] = {
	{ "the only chunk", .alone = true, .may = true },
	{ "a buffer of its own", .may = true },
	{ "the next in the same buffer", .shared = true },
	{ "the next still to come there", .held = true },
	{ "in a lent buffer", .lent = true },
};

KUNIT_ARRAY_PARAM_DESC(pad, pad_cases, name);

static void pad_test(struct kunit *test)
{
	const struct pad_case *c = test->param_value;
	struct zc_pipeline *p = kunit_kzalloc(test, struct_size(p, ring, 2),
					      GFP_KERNEL);
	struct zc_buf bufs[2] = {};

	KUNIT_ASSERT_NOT_NULL(test, p);
	p->slots = c->alone ? 1 : 2;
	p->stream.hold = c->held ? &bufs[0] : NULL;
	p->ring[0].pipeline = p;
	p->ring[0].buf = &bufs[0];
	p->ring[0].lent = c->lent;
	p->ring[1].buf = c->shared ? &bufs[0] : &bufs[1];
	KUNIT_EXPECT_EQ(test, zc_chunk_may_pad(&p->ring[0]), c->may);
}

static struct kunit_case stream_test_cases[] = {
	KUNIT_CASE_PARAM(stream_test, stream_gen_params),
	KUNIT_CASE_PARAM(frame_test, frame_gen_params),
	KUNIT_CASE_PARAM(pad_test, pad_gen_params),
	{}
};

static struct kunit_suite stream_suite = {
	.name = "zcdev-stream",
	.init = mock_init,
	.exit = mock_exit,
	.test_cases = stream_test_cases,
};

kunit_test_suite(stream_suite);
