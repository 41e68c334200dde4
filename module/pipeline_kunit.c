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
#include "pipeline.h"
#include "pool.h"

#define CHUNK	SZ_4K

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
 * struct mock - source and sink of one case
 * @c: the case
 * @p: the pipeline
 * @fills: requests to the source so far
 * @drains: requests to the sink so far
 * @wrong: bytes that were not what they should have been
 * @source: the source
 * @sink: the sink
 * @file: of the pool
 * @late: completes requests of each chunk
 */
struct mock {
	const struct pipe_case *c;
	struct zc_pipeline *p;
	u32 fills;
	u32 drains;
	u32 wrong;
	struct zc_end source;
	struct zc_end sink;
	struct zc_file file;
	struct mock_late {
		struct delayed_work work;
		struct zc_chunk *chunk;
		long result;
	} late[ZC_PIPELINE_DEPTH];
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

	zc_chunk_complete(late->chunk, late->result);
}

static long complete_late(struct zc_chunk *chunk, long result)
{
	struct mock_late *late = &mock->late[chunk - chunk->pipeline->ring];

	late->chunk = chunk;
	late->result = result;
	chunk->complete = false;
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
	return c->async_in ? complete_late(chunk, n) :
	       n < 0 ? n : mock_filled(end, chunk, n);
}

static bool mock_at_end(struct zc_end *end, u64 offset)
{
	return offset >= mock->c->size;
}

static long mock_drained(struct zc_end *end, struct zc_chunk *chunk,
			 long result)
{
	chunk->part.copied = max(result, 0L);
	chunk->part.paths = ZCDEV_PATH_COPY;
	chunk->part.reasons = ZCDEV_REASON_PROTOCOL;
	return result;
}

static long mock_drain(struct zc_end *end, struct zc_chunk *chunk)
{
	const struct pipe_case *c = mock->c;
	u32 nr = ++mock->drains, n = chunk->len - chunk->done, i;
	long ret;

	if (c->again_every && !(nr % c->again_every))
		return -EAGAIN;
	if (c->most)
		n = min(n, c->most);
	for (i = 0; i < n; i++)
		mock->wrong += *chunk_byte(chunk, chunk->done + i) !=
			       byte_at(chunk->offset + chunk->done + i);
	ret = c->fail_out && nr == c->fail_out ? -ENOSPC : n;
	if (c->async_out)
		return complete_late(chunk, ret);
	return ret < 0 ? ret : mock_drained(end, chunk, ret);
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
	mutex_init(&mock->file.lock);
	mock->source.source = &mock_source_ops;
	mock->sink.sink = &mock_sink_ops;
	for (i = 0; i < ARRAY_SIZE(mock->late); i++)
		INIT_DELAYED_WORK(&mock->late[i].work, late_fn);
	return zc_pool_create(&mock->file, &geometry);
}

static void mock_exit(struct kunit *test)
{
	if (mock && mock->file.pool)
		zc_pool_close(mock->file.pool);
}

static void pipe_test(struct kunit *test)
{
	const struct pipe_case *c = test->param_value;
	struct zc_pipeline *p;

	p = zc_pipeline_new(mock->file.pool, c->depth ?: 3, false);
	KUNIT_ASSERT_FALSE(test, IS_ERR(p));
	mock->c = c;
	mock->p = p;
	p->source = &mock->source;
	p->sink = &mock->sink;
	p->remaining = c->len ?: ZCDEV_TO_END;
	p->chunk_size = CHUNK;
	p->phase = c->phase;
	zc_pipeline_run(p);

	KUNIT_EXPECT_EQ(test, p->bytes, c->bytes);
	KUNIT_EXPECT_EQ(test, p->error, c->error);
	KUNIT_EXPECT_EQ(test, mock->wrong, 0);
	KUNIT_EXPECT_EQ(test, zc_moved_bytes(&mock->source.moved), c->bytes);
	KUNIT_EXPECT_EQ(test, mock->source.moved.zerocopy, c->bytes);
	KUNIT_EXPECT_EQ(test, mock->sink.moved.copied, c->bytes);
	KUNIT_EXPECT_EQ(test, mock->sink.moved.reasons,
			c->bytes ? ZCDEV_REASON_PROTOCOL : 0);
	zc_pipeline_free(p);
}

/* A page that somebody holds must not be filled again. */
static void held_test(struct kunit *test)
{
	struct zc_pool *pool = mock->file.pool;
	struct page *page = zc_buf_page(&pool->bufs[3], SZ_16K);
	struct zcdev_pool_info info = {};
	struct zc_buf *bufs[8];

	KUNIT_EXPECT_FALSE(test, zc_pool_buf_referenced(pool, &pool->bufs[3]));
	get_page(page);
	KUNIT_EXPECT_TRUE(test, zc_pool_buf_referenced(pool, &pool->bufs[3]));
	zc_pool_info(pool, &info);
	KUNIT_EXPECT_EQ(test, info.out_in_flight, 1);
	KUNIT_EXPECT_EQ(test, info.out_free, 7);

	/* Free ones come first, the held one last. */
	KUNIT_EXPECT_EQ(test, zc_pool_claim(pool, bufs, 7), 7);
	zc_pool_info(pool, &info);
	KUNIT_EXPECT_EQ(test, info.out_in_flight, 1);
	KUNIT_EXPECT_EQ(test, info.out_staging, 7);
	KUNIT_EXPECT_EQ(test, zc_pool_claim(pool, bufs + 7, 7), 1);
	KUNIT_EXPECT_PTR_EQ(test, bufs[7], &pool->bufs[3]);
	KUNIT_EXPECT_EQ(test, zc_pool_claim(pool, bufs, 1), 0);
	zc_pool_unclaim(pool, bufs, 8);

	put_page(page);
	KUNIT_EXPECT_FALSE(test, zc_pool_buf_referenced(pool, &pool->bufs[3]));
}

/* The pipeline waits for a held buffer, and goes on when it is let go. */
static void put_later(struct work_struct *work)
{
	put_page(zc_buf_page(&mock->file.pool->bufs[0], 0));
}

static void wait_held_test(struct kunit *test)
{
	static const struct pipe_case c = CASE("", .size = 5 * SZ_4K);
	struct delayed_work work;
	struct zc_pipeline *p;

	INIT_DELAYED_WORK_ONSTACK(&work, put_later);
	p = zc_pipeline_new(mock->file.pool, 1, false);
	KUNIT_ASSERT_FALSE(test, IS_ERR(p));
	mock->c = &c;
	p->source = &mock->source;
	p->sink = &mock->sink;
	p->remaining = ZCDEV_TO_END;
	get_page(zc_buf_page(p->ring[0].buf, 0));
	schedule_delayed_work(&work, HZ / 20);
	zc_pipeline_run(p);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&work));
	KUNIT_EXPECT_EQ(test, p->bytes, c.size);
	zc_pipeline_free(p);
	flush_delayed_work(&work);
	destroy_delayed_work_on_stack(&work);
}

static struct kunit_case pipeline_cases[] = {
	KUNIT_CASE_PARAM(pipe_test, pipe_gen_params),
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
