// SPDX-License-Identifier: GPL-2.0
/*
 * The pipeline between a source and a sink that misbehave on purpose.
 *
 * The mock source makes bytes that depend on their stream offset, the mock sink
 * checks them, so a chunk that is lost, repeated, reordered or overwritten too
 * early is seen whatever the counts say. Both can be synchronous, or complete
 * from a workqueue after a while, in any order; come short, fail or stall at a
 * chosen request.
 */
#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "buffer.h"
#include "file.h"
#include "pipeline.h"
#include "pool.h"

#define CHUNK		SZ_4K
#define MOCK_SINKS	3

/**
 * struct pipe_case - one way to misbehave, and what has to come of it
 * @name: of the case
 * @size: bytes that the source has
 * @len: bytes asked for, 0 for all
 * @phase: how far into the first chunk the payload begins
 * @depth: buffers, 0 for 3
 * @async_in: fills complete later
 * @async_out: drains complete later
 * @short_at: the fill with this number, from 1, comes short; 0 for none
 * @fail_in: the chunk with this number cannot be read: -EIO
 * @fail_out: the drain with this number fails: -ENOSPC
 * @again_every: every so many drains the sink is full, 0 for never
 * @most: the sink takes so many bytes at once, 0 for all
 * @bytes: accepted in the end
 * @error: in the end
 */
struct pipe_case {
	const char *name;
	u64 size;
	u64 len;
	u32 phase;
	u32 depth;
	bool async_in;
	bool async_out;
	u32 short_at;
	u32 fail_in;
	u32 fail_out;
	u32 again_every;
	u32 most;
	u64 bytes;
	int error;
};

#define CASE(case_name, ...)	{ .name = case_name, __VA_ARGS__ }

static const struct pipe_case pipe_cases[] = {
	CASE("empty", .size = 0, .bytes = 0),
	CASE("one byte", .size = 1, .bytes = 1),
	CASE("a chunk", .size = SZ_4K, .bytes = SZ_4K),
	CASE("a chunk and a byte", .size = SZ_4K + 1, .bytes = SZ_4K + 1),
	CASE("many", .size = 100 * SZ_4K + 7, .bytes = 100 * SZ_4K + 7),
	CASE("one buffer", .size = 9 * SZ_4K, .depth = 1, .bytes = 9 * SZ_4K),
	CASE("phase", .size = 9 * SZ_4K, .phase = 511, .bytes = 9 * SZ_4K),
	CASE("part", .size = 9 * SZ_4K, .len = 5000, .bytes = 5000),
	CASE("more than there is", .size = 5000, .len = 9 * SZ_4K,
	     .bytes = 5000),
	CASE("late fills", .size = 40 * SZ_4K + 9, .async_in = true,
	     .bytes = 40 * SZ_4K + 9),
	CASE("late drains", .size = 40 * SZ_4K + 9, .async_out = true,
	     .bytes = 40 * SZ_4K + 9),
	CASE("all late", .size = 40 * SZ_4K + 9, .async_in = true,
	     .async_out = true, .depth = 8, .phase = 100,
	     .bytes = 40 * SZ_4K + 9),
	CASE("short fill", .size = 20 * SZ_4K, .short_at = 3,
	     .bytes = 20 * SZ_4K),
	CASE("short late fill", .size = 20 * SZ_4K, .short_at = 3,
	     .async_in = true, .bytes = 20 * SZ_4K),
	CASE("short fill of a part", .size = 20 * SZ_4K, .len = 30000,
	     .short_at = 2, .async_in = true, .bytes = 30000),
	CASE("first fill fails", .size = 20 * SZ_4K, .fail_in = 1,
	     .bytes = 0, .error = -EIO),
	CASE("fill fails", .size = 20 * SZ_4K, .fail_in = 6,
	     .bytes = 5 * SZ_4K, .error = -EIO),
	CASE("late fill fails", .size = 20 * SZ_4K, .fail_in = 6,
	     .async_in = true, .bytes = 5 * SZ_4K, .error = -EIO),
	CASE("first drain fails", .size = 20 * SZ_4K, .fail_out = 1,
	     .bytes = 0, .error = -ENOSPC),
	CASE("drain fails", .size = 20 * SZ_4K, .fail_out = 6,
	     .bytes = 5 * SZ_4K, .error = -ENOSPC),
	CASE("late drain fails", .size = 20 * SZ_4K, .fail_out = 6,
	     .async_out = true, .bytes = 5 * SZ_4K, .error = -ENOSPC),
	CASE("drain fails in a chunk", .size = 20 * SZ_4K, .fail_out = 6,
	     .most = 1000, .bytes = 4 * 1000 + 96, .error = -ENOSPC),
	CASE("sink takes little", .size = 20 * SZ_4K, .most = 1000,
	     .bytes = 20 * SZ_4K),
	CASE("sink takes little, late", .size = 20 * SZ_4K, .most = 1000,
	     .async_out = true, .bytes = 20 * SZ_4K),
	CASE("sink is full at times", .size = 20 * SZ_4K, .again_every = 3,
	     .most = 1500, .async_in = true, .bytes = 20 * SZ_4K),
};

KUNIT_ARRAY_PARAM_DESC(pipe, pipe_cases, name);

/**
 * struct mock_late - a request that is completed later
 * @work: completes it
 * @req: the request
 * @result: with this result
 */
struct mock_late {
	struct delayed_work work;
	struct zc_request *req;
	long result;
};

/**
 * struct mock_sink - a sink and what it saw
 * @end: the sink
 * @drains: requests so far
 * @wrong: bytes that were not what they should have been
 * @fail: the drain with this number fails; 0 for none
 * @late: completes its request of each chunk
 */
struct mock_sink {
	struct zc_end end;
	u32 drains;
	u32 wrong;
	u32 fail;
	struct mock_late late[ZC_PIPELINE_DEPTH];
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
	const struct pipe_case *c;
	u32 fills;
	struct zc_end source;
	struct mock_sink sink[MOCK_SINKS];
	struct zc_file file;
	struct mock_late late[ZC_PIPELINE_DEPTH];
};

static struct mock *mock;

static u8 byte_at(u64 offset)
{
	return (offset * 2654435761U) >> 24 ^ offset;
}

static u8 *chunk_byte(const struct zc_chunk *chunk, u32 i)
{
	u32 at = chunk->data + i;

	return page_address(zc_buf_page(chunk->buf, at)) + offset_in_page(at);
}

static void late_fn(struct work_struct *work)
{
	struct mock_late *late = container_of(work, struct mock_late,
					      work.work);

	zc_request_complete(late->req, late->result);
}

static long complete_late(struct mock_late *late, struct zc_request *req,
			  long result)
{
	late += req->chunk - req->chunk->pipeline->ring;
	late->req = req;
	late->result = result;
	queue_delayed_work(system_unbound_wq, &late->work,
			   get_random_u32_below(3));
	return -EIOCBQUEUED;
}

static long mock_filled(struct zc_end *end, struct zc_chunk *chunk,
			long result)
{
	chunk->filled.zerocopy = 1;
	chunk->filled.paths = ZCDEV_PATH_DIRECT;
	return result;
}

static long mock_fill(struct zc_end *end, struct zc_chunk *chunk)
{
	const struct pipe_case *c = mock->c;
	u32 nr = ++mock->fills;
	long n = 0, i;

	if (chunk->offset < c->size)
		n = min_t(u64, chunk->want, c->size - chunk->offset);
	if (nr == c->short_at)
		n /= 2;
	for (i = 0; i < n; i++)
		*chunk_byte(chunk, i) = byte_at(chunk->offset + i);
	if (c->fail_in && chunk->offset == (c->fail_in - 1) * CHUNK)
		n = -EIO;
	if (c->async_in)
		return complete_late(mock->late, &chunk->in, n);
	return n < 0 ? n : mock_filled(end, chunk, n);
}

static bool mock_at_end(struct zc_end *end, u64 offset)
{
	return offset >= mock->c->size;
}

static long mock_drained(struct zc_end *end, struct zc_chunk *chunk,
			 struct zc_drain *drain, long result)
{
	drain->req.part.copied = max(result, 0L);
	drain->req.part.paths = ZCDEV_PATH_COPY;
	drain->req.part.reasons = ZCDEV_REASON_PROTOCOL;
	return result;
}

static long mock_drain(struct zc_end *end, struct zc_chunk *chunk,
		       struct zc_drain *drain)
{
	struct mock_sink *sink = container_of(end, struct mock_sink, end);
	const struct pipe_case *c = mock->c;
	u32 nr = ++sink->drains, n = chunk->len - drain->done, i;
	long ret;

	if (c->again_every && !(nr % c->again_every))
		return -EAGAIN;
	if (c->most)
		n = min(n, c->most);
	for (i = 0; i < n; i++)
		sink->wrong += *chunk_byte(chunk, drain->done + i) !=
			       byte_at(chunk->offset + drain->done + i);
	ret = n;
	if (sink->fail && nr == sink->fail)
		ret = -ENOSPC;
	if (c->async_out)
		return complete_late(sink->late, &drain->req, ret);
	return ret < 0 ? ret : mock_drained(end, chunk, drain, ret);
}

static bool mock_blocked(struct zc_end *end)
{
	return false;
}

static const struct zc_source_ops mock_source_ops = {
	.fill	= mock_fill,
	.filled	= mock_filled,
	.at_end	= mock_at_end,
};

static const struct zc_sink_ops mock_sink_ops = {
	.drain		= mock_drain,
	.drained	= mock_drained,
	.blocked	= mock_blocked,
};

static void late_init(struct mock_late *late)
{
	u32 i;

	for (i = 0; i < ZC_PIPELINE_DEPTH; i++)
		INIT_DELAYED_WORK(&late[i].work, late_fn);
}

static int mock_init(struct kunit *test)
{
	struct zcdev_pool_create geometry = {
		.count = 8,
		.buf_size = SZ_64K,
		.node = ZCDEV_NODE_ANY,
	};
	u32 i;

	mock = kunit_kzalloc(test, sizeof(*mock), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mock);
	zc_file_init(&mock->file);
	mock->source.source = &mock_source_ops;
	late_init(mock->late);
	for (i = 0; i < MOCK_SINKS; i++) {
		mock->sink[i].end.sink = &mock_sink_ops;
		late_init(mock->sink[i].late);
	}
	return zc_pool_create(&mock->file, &geometry);
}

static void mock_exit(struct kunit *test)
{
	if (mock && mock->file.pool)
		zc_pool_close(mock->file.pool);
}

static struct zc_pipeline *mock_pipeline(struct kunit *test,
					 const struct pipe_case *c, u32 sinks)
{
	struct zc_pipeline *p;
	u32 i;

	p = zc_pipeline_new(mock->file.pool, c->depth ?: 3, 0, sinks);
	KUNIT_ASSERT_NOT_NULL(test, p);
	mock->c = c;
	mock->sink[0].fail = c->fail_out;
	p->source = &mock->source;
	for (i = 0; i < sinks; i++)
		p->lane[i].sink = &mock->sink[i].end;
	p->remaining = c->len ?: ZCDEV_TO_END;
	p->chunk_size = CHUNK;
	p->phase = c->phase;
	return p;
}

static void expect_sink(struct kunit *test, const struct zc_pipeline *p,
			u32 sink, u64 bytes, int error)
{
	const struct mock_sink *s = &mock->sink[sink];

	KUNIT_EXPECT_EQ(test, p->lane[sink].bytes, bytes);
	KUNIT_EXPECT_EQ(test, s->wrong, 0);
	KUNIT_EXPECT_EQ(test, s->end.error, error);
	KUNIT_EXPECT_EQ(test, s->end.moved.copied, bytes);
	KUNIT_EXPECT_EQ(test, s->end.moved.reasons,
			bytes ? ZCDEV_REASON_PROTOCOL : 0);
}

static void expect_source(struct kunit *test, const struct zc_pipeline *p,
			  u64 bytes)
{
	KUNIT_EXPECT_EQ(test, p->bytes, bytes);
	KUNIT_EXPECT_EQ(test, zc_moved_bytes(&mock->source.moved), bytes);
	KUNIT_EXPECT_EQ(test, mock->source.moved.zerocopy, bytes);
}

static void pipe_test(struct kunit *test)
{
	const struct pipe_case *c = test->param_value;
	struct zc_pipeline *p = mock_pipeline(test, c, 1);

	zc_pipeline_run(p);
	KUNIT_EXPECT_EQ(test, p->error, c->fail_out ? 0 : c->error);
	expect_source(test, p, c->bytes);
	expect_sink(test, p, 0, c->bytes, c->fail_out ? c->error : 0);
	zc_pipeline_free(p);
}

/* Of three sinks the first does what the case says: the others get all. */
static void sinks_test(struct kunit *test)
{
	const struct pipe_case *c = test->param_value;
	struct zc_pipeline *p = mock_pipeline(test, c, MOCK_SINKS);
	u64 all = c->fail_out ? c->size : c->bytes;
	u32 i;

	zc_pipeline_run(p);
	KUNIT_EXPECT_EQ(test, p->error, c->fail_out ? 0 : c->error);
	expect_source(test, p, all);
	expect_sink(test, p, 0, c->bytes, c->fail_out ? c->error : 0);
	for (i = 1; i < MOCK_SINKS; i++)
		expect_sink(test, p, i, all, 0);
	zc_pipeline_free(p);
}

static void fail_fast_test(struct kunit *test)
{
	static const struct pipe_case c = CASE("", .size = 20 * SZ_4K,
					       .fail_out = 4,
					       .async_out = true);
	struct zc_pipeline *p = mock_pipeline(test, &c, MOCK_SINKS);

	p->fail_fast = true;
	zc_pipeline_run(p);
	KUNIT_EXPECT_EQ(test, p->error, -ENOSPC);
	expect_sink(test, p, 0, 3 * SZ_4K, -ENOSPC);
	KUNIT_EXPECT_LT(test, p->lane[1].bytes, c.size);
	expect_source(test, p, min(p->lane[1].bytes, p->lane[2].bytes));
	zc_pipeline_free(p);
}

/* When all fail, the source has moved on as far as the last to fail. */
static void all_fail_test(struct kunit *test)
{
	static const struct pipe_case c = CASE("", .size = 20 * SZ_4K,
					       .fail_out = 3);
	struct zc_pipeline *p = mock_pipeline(test, &c, MOCK_SINKS);

	mock->sink[1].fail = 9;
	mock->sink[2].fail = 6;
	zc_pipeline_run(p);
	expect_sink(test, p, 0, 2 * SZ_4K, -ENOSPC);
	expect_sink(test, p, 1, 8 * SZ_4K, -ENOSPC);
	expect_sink(test, p, 2, 5 * SZ_4K, -ENOSPC);
	expect_source(test, p, 8 * SZ_4K);
	zc_pipeline_free(p);
}

/* A page that somebody holds must not be filled again. */
static void held_test(struct kunit *test)
{
	struct zc_pool *pool = mock->file.pool;
	struct page *page = zc_buf_page(&pool->bufs[3], SZ_16K);
	struct zcdev_pool_info info = {};
	struct zc_buf *bufs[7];
	u32 i;

	KUNIT_EXPECT_FALSE(test, zc_pool_buf_referenced(pool, &pool->bufs[3]));
	get_page(page);
	KUNIT_EXPECT_TRUE(test, zc_pool_buf_referenced(pool, &pool->bufs[3]));
	zc_pool_info(pool, &info);
	KUNIT_EXPECT_EQ(test, info.out_in_flight, 1);
	KUNIT_EXPECT_EQ(test, info.out_free, 7);

	/* All but the held one can be had. */
	for (i = 0; i < 7; i++) {
		bufs[i] = zc_pool_claim(pool);
		KUNIT_ASSERT_NOT_NULL(test, bufs[i]);
		KUNIT_EXPECT_PTR_NE(test, bufs[i], &pool->bufs[3]);
	}
	KUNIT_EXPECT_NULL(test, zc_pool_claim(pool));
	zc_pool_info(pool, &info);
	KUNIT_EXPECT_EQ(test, info.out_in_flight, 1);
	KUNIT_EXPECT_EQ(test, info.out_staging, 7);
	KUNIT_EXPECT_EQ(test, info.out_free, 0);
	for (i = 0; i < 7; i++)
		zc_pool_unclaim(pool, bufs[i]);

	put_page(page);
	KUNIT_EXPECT_FALSE(test, zc_pool_buf_referenced(pool, &pool->bufs[3]));
}

/* The pipeline waits while all buffers are held, and goes on with the first. */
static void put_later(struct work_struct *work)
{
	put_page(zc_buf_page(&mock->file.pool->bufs[5], 0));
}

static void wait_held_test(struct kunit *test)
{
	static const struct pipe_case c = CASE("", .size = 5 * SZ_4K);
	struct zc_pool *pool = mock->file.pool;
	struct delayed_work work;
	struct zc_pipeline *p;
	u32 i;

	INIT_DELAYED_WORK_ONSTACK(&work, put_later);
	p = mock_pipeline(test, &c, 1);
	for (i = 0; i < pool->count; i++)
		get_page(zc_buf_page(&pool->bufs[i], 0));
	schedule_delayed_work(&work, HZ / 20);
	zc_pipeline_run(p);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&work));
	expect_sink(test, p, 0, c.size, 0);
	zc_pipeline_free(p);
	flush_delayed_work(&work);
	destroy_delayed_work_on_stack(&work);
	for (i = 0; i < pool->count; i++)
		if (i != 5)
			put_page(zc_buf_page(&pool->bufs[i], 0));
}

static struct kunit_case pipeline_cases[] = {
	KUNIT_CASE_PARAM(pipe_test, pipe_gen_params),
	KUNIT_CASE_PARAM(sinks_test, pipe_gen_params),
	KUNIT_CASE(fail_fast_test),
	KUNIT_CASE(all_fail_test),
	KUNIT_CASE(held_test),
	KUNIT_CASE(wait_held_test),
	{}
};

static struct kunit_suite pipeline_suite = {
	.name = "zcdev-pipeline",
	.init = mock_init,
	.exit = mock_exit,
	.test_cases = pipeline_cases,
};

kunit_test_suite(pipeline_suite);
