// SPDX-License-Identifier: GPL-2.0
/*
 * The pipeline between a source and a sink that misbehave on purpose
 * (mock_kunit.c), and complete in every context.
 *
 * Whatever they do: what a sink accepted is a prefix, each byte of it once, the
 * counts say so, and afterwards nothing completes and no buffer is missing.
 */
#include <kunit/test.h>

#include <linux/mm.h>
#include <linux/workqueue.h>

#include "buffer.h"
#include "mock_kunit.h"
#include "pipeline.h"
#include "pool.h"

#define CASE(case_name, ...)	{ .name = case_name, __VA_ARGS__ }

static const struct mock_case pipe_cases[] = {
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
	CASE("short fill", .size = 20 * SZ_4K, .short_at = 3,
	     .bytes = 20 * SZ_4K),
	CASE("first fill fails", .size = 20 * SZ_4K, .fail_in = 1,
	     .bytes = 0, .error = -EIO),
	CASE("fill fails", .size = 20 * SZ_4K, .fail_in = 6,
	     .bytes = 5 * SZ_4K, .error = -EIO),
	CASE("first drain fails", .size = 20 * SZ_4K, .fail_out = 1,
	     .bytes = 0, .error = -ENOSPC),
	CASE("drain fails", .size = 20 * SZ_4K, .fail_out = 6,
	     .bytes = 5 * SZ_4K, .error = -ENOSPC),
	CASE("drain fails in a chunk", .size = 20 * SZ_4K, .fail_out = 6,
	     .most = 1000, .bytes = 4 * 1000 + 96, .error = -ENOSPC),
	CASE("sink takes little", .size = 20 * SZ_4K, .most = 1000,
	     .bytes = 20 * SZ_4K),
};

KUNIT_ARRAY_PARAM_DESC(pipe, pipe_cases, name);

/* What these do later, they do in each context. */
static const struct mock_case late_cases[] = {
	CASE("fills", .size = 40 * SZ_4K + 9, .async_in = true,
	     .bytes = 40 * SZ_4K + 9),
	CASE("drains", .size = 40 * SZ_4K + 9, .async_out = true,
	     .bytes = 40 * SZ_4K + 9),
	CASE("all", .size = 40 * SZ_4K + 9, .async_in = true,
	     .async_out = true, .depth = 8, .phase = 100,
	     .bytes = 40 * SZ_4K + 9),
	CASE("short fill", .size = 20 * SZ_4K, .short_at = 3,
	     .async_in = true, .bytes = 20 * SZ_4K),
	CASE("short fill of a part", .size = 20 * SZ_4K, .len = 30000,
	     .short_at = 2, .async_in = true, .bytes = 30000),
	CASE("fill fails", .size = 20 * SZ_4K, .fail_in = 6,
	     .async_in = true, .bytes = 5 * SZ_4K, .error = -EIO),
	CASE("drain fails", .size = 20 * SZ_4K, .fail_out = 6,
	     .async_out = true, .bytes = 5 * SZ_4K, .error = -ENOSPC),
	CASE("sink takes little", .size = 20 * SZ_4K, .most = 1000,
	     .async_out = true, .bytes = 20 * SZ_4K),
	CASE("sink is full at times, fills", .size = 20 * SZ_4K, .again_every = 3,
	     .most = 1500, .async_in = true, .bytes = 20 * SZ_4K),
};

KUNIT_ARRAY_PARAM_DESC(late, late_cases, name);

static void pipe_test(struct kunit *test)
{
	zc_mock_run(test, test->param_value, 1, ZC_LATE_WORK);
}

static void pipe_softirq_test(struct kunit *test)
{
	zc_mock_run(test, test->param_value, 1, ZC_LATE_SOFTIRQ);
}

static void pipe_hardirq_test(struct kunit *test)
{
	zc_mock_run(test, test->param_value, 1, ZC_LATE_HARDIRQ);
}

static void sinks_test(struct kunit *test)
{
	zc_mock_run(test, test->param_value, MOCK_SINKS, ZC_LATE_WORK);
}

static void sinks_hardirq_test(struct kunit *test)
{
	zc_mock_run(test, test->param_value, MOCK_SINKS, ZC_LATE_HARDIRQ);
}

static void fail_fast(struct kunit *test, enum zc_late_from from)
{
	static const struct mock_case c = CASE("", .size = 20 * SZ_4K,
					       .fail_out = 4,
					       .async_out = true);
	struct zc_pipeline *p = zc_mock_pipeline(test, &c, MOCK_SINKS, from);

	p->fail_fast = true;
	zc_pipeline_run(p);
	KUNIT_EXPECT_EQ(test, p->error, -ENOSPC);
	zc_mock_expect_sink(test, p, 0, 3 * SZ_4K, -ENOSPC);
	KUNIT_EXPECT_LT(test, p->lane[1].bytes, c.size);
	zc_mock_expect_source(test, p, min(p->lane[1].bytes, p->lane[2].bytes));
	zc_mock_finish(test, p);
}

static void fail_fast_test(struct kunit *test)
{
	fail_fast(test, ZC_LATE_WORK);
}

static void fail_fast_hardirq_test(struct kunit *test)
{
	fail_fast(test, ZC_LATE_HARDIRQ);
}

/* When all fail, the source has moved on as far as the last to fail. */
static void all_fail_test(struct kunit *test)
{
	static const struct mock_case c = CASE("", .size = 20 * SZ_4K,
					       .fail_out = 3);
	struct zc_pipeline *p = zc_mock_pipeline(test, &c, MOCK_SINKS,
						 ZC_LATE_WORK);

	zc_mock->sink[1].fail = 9;
	zc_mock->sink[2].fail = 6;
	zc_pipeline_run(p);
	zc_mock_expect_sink(test, p, 0, 2 * SZ_4K, -ENOSPC);
	zc_mock_expect_sink(test, p, 1, 8 * SZ_4K, -ENOSPC);
	zc_mock_expect_sink(test, p, 2, 5 * SZ_4K, -ENOSPC);
	zc_mock_expect_source(test, p, 8 * SZ_4K);
	zc_mock_finish(test, p);
}

/* A page that somebody holds must not be filled again. */
static void held_test(struct kunit *test)
{
	struct zc_pool *pool = zc_mock->file.pool;
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
	put_page(zc_buf_page(&zc_mock->file.pool->bufs[5], 0));
}

static void wait_held_test(struct kunit *test)
{
	static const struct mock_case c = CASE("", .size = 5 * SZ_4K);
	struct zc_pool *pool = zc_mock->file.pool;
	struct delayed_work work;
	struct zc_pipeline *p;
	u32 i;

	INIT_DELAYED_WORK_ONSTACK(&work, put_later);
	p = zc_mock_pipeline(test, &c, 1, ZC_LATE_WORK);
	for (i = 0; i < pool->count; i++)
		get_page(zc_buf_page(&pool->bufs[i], 0));
	schedule_delayed_work(&work, HZ / 20);
	zc_pipeline_run(p);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&work));
	zc_mock_expect_sink(test, p, 0, c.size, 0);
	zc_pipeline_free(p);
	flush_delayed_work(&work);
	destroy_delayed_work_on_stack(&work);
	for (i = 0; i < pool->count; i++)
		if (i != 5)
			put_page(zc_buf_page(&pool->bufs[i], 0));
}

static struct kunit_case pipeline_cases[] = {
	KUNIT_CASE_PARAM(pipe_test, pipe_gen_params),
	KUNIT_CASE_PARAM(pipe_test, late_gen_params),
	KUNIT_CASE_PARAM(pipe_softirq_test, late_gen_params),
	KUNIT_CASE_PARAM(pipe_hardirq_test, late_gen_params),
	KUNIT_CASE_PARAM(sinks_test, pipe_gen_params),
	KUNIT_CASE_PARAM(sinks_hardirq_test, late_gen_params),
	KUNIT_CASE(fail_fast_test),
	KUNIT_CASE(fail_fast_hardirq_test),
	KUNIT_CASE(all_fail_test),
	KUNIT_CASE(held_test),
	KUNIT_CASE(wait_held_test),
	{}
};

static struct kunit_suite pipeline_suite = {
	.name = "zcdev-pipeline",
	.init = zc_mock_init,
	.exit = zc_mock_exit,
	.test_cases = pipeline_cases,
};

kunit_test_suite(pipeline_suite);
