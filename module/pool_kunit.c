// SPDX-License-Identifier: GPL-2.0
/*
 * Geometry, pieces and charges of pools.
 */
#include <kunit/test.h>

#include <linux/mm.h>
#include <linux/sizes.h>

#include <zcdev.h>

#include "account.h"
#include "buffer.h"
#include "file.h"
#include "pool.h"

struct geometry_case {
	const char *name;
	u32 count;
	u32 buf_size;
	int node;
	int ret;
};

static const struct geometry_case geometry_cases[] = {
	{ "smallest", 1, PAGE_SIZE, ZCDEV_NODE_ANY, 0 },
	{ "largest buffer", 1, SZ_4M, ZCDEV_NODE_ANY, 0 },
	{ "first node", 2, SZ_64K, 0, 0 },
	{ "no buffers", 0, PAGE_SIZE, ZCDEV_NODE_ANY, -EINVAL },
	{ "no size", 1, 0, ZCDEV_NODE_ANY, -EINVAL },
	{ "less than a page", 1, PAGE_SIZE / 2, ZCDEV_NODE_ANY, -EINVAL },
	{ "not a power of two", 1, 3 * PAGE_SIZE, ZCDEV_NODE_ANY, -EINVAL },
	{ "too large a buffer", 1, SZ_8M, ZCDEV_NODE_ANY, -EINVAL },
	{ "2 GiB buffer", 2, 1U << 31, ZCDEV_NODE_ANY, -EINVAL },
	{ "over the cap", U32_MAX, SZ_4M, ZCDEV_NODE_ANY, -ENOSPC },
	{ "negative node", 1, PAGE_SIZE, -2, -EINVAL },
	{ "no such node", 1, PAGE_SIZE, MAX_NUMNODES, -EINVAL },
	{ "far beyond any node", 1, PAGE_SIZE, S32_MAX, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(geometry, geometry_cases, name);

static struct zc_file *file_new(struct kunit *test)
{
	struct zc_file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, file);
	zc_file_init(file);
	return file;
}

static void geometry_test(struct kunit *test)
{
	const struct geometry_case *c = test->param_value;
	struct zcdev_pool_create arg = {
		.count = c->count,
		.buf_size = c->buf_size,
		.node = c->node,
	};
	u64 before = zc_account_total();
	struct zc_file *file = file_new(test);
	int ret;

	ret = zc_pool_create(file, &arg);
	KUNIT_EXPECT_EQ(test, ret, c->ret);
	if (!ret) {
		KUNIT_EXPECT_EQ(test, zc_account_total() - before,
				(u64)c->count * c->buf_size);
		KUNIT_EXPECT_EQ(test, zc_pool_create(file, &arg), -EEXIST);
		zc_pool_close(file->pool);
	}
	KUNIT_EXPECT_EQ(test, zc_account_total(), before);
}

/* Buffers of one piece and of many look the same from outside. */
static void pieces_test(struct kunit *test)
{
	struct zc_buf buf = {};
	struct iov_iter iter;
	u32 i, nr = 16;

	buf.bvec = kunit_kcalloc(test, nr, sizeof(*buf.bvec), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf.bvec);
	for (i = 0; i < nr; i++) {
		struct page *page = alloc_page(GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, page);
		memset(page_address(page), i, PAGE_SIZE);
		bvec_set_page(&buf.bvec[i], page, PAGE_SIZE, 0);
	}
	buf.nr = nr;

	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_PTR_EQ(test,
				    zc_buf_page(&buf, i * PAGE_SIZE + 5),
				    buf.bvec[i].bv_page);
	zc_buf_iter(&buf, ITER_SOURCE, 3 * PAGE_SIZE + 100, PAGE_SIZE, &iter);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), PAGE_SIZE);
	for (i = 0; i < PAGE_SIZE; i++) {
		u8 byte = 0xff;

		KUNIT_ASSERT_EQ(test, copy_from_iter(&byte, 1, &iter), 1);
		KUNIT_ASSERT_EQ(test, byte, i < PAGE_SIZE - 100 ? 3 : 4);
	}
	KUNIT_EXPECT_FALSE(test, zc_buf_referenced(&buf, false));
	get_page(buf.bvec[9].bv_page);
	KUNIT_EXPECT_TRUE(test, zc_buf_referenced(&buf, false));
	put_page(buf.bvec[9].bv_page);

	for (i = 0; i < nr; i++)
		put_page(buf.bvec[i].bv_page);
}

/* Idle, staging, acquired, and back: never two at once. */
static void states_test(struct kunit *test)
{
	struct zcdev_pool_create arg = {
		.count = 2,
		.buf_size = PAGE_SIZE,
		.node = ZCDEV_NODE_ANY,
	};
	struct zcdev_pool_info info = {};
	struct zc_file *file = file_new(test);
	struct zc_pool *pool;
	struct zc_buf *a, *b;

	KUNIT_ASSERT_EQ(test, zc_pool_create(file, &arg), 0);
	pool = file->pool;
	a = zc_pool_claim(pool);
	b = zc_pool_claim(pool);
	KUNIT_EXPECT_PTR_NE(test, a, b);
	KUNIT_EXPECT_FALSE(test, zc_pool_reclaim(pool, a));
	zc_pool_acquire_claimed(pool, a);
	KUNIT_EXPECT_NULL(test, zc_pool_claim(pool));
	zc_pool_info(pool, &info);
	KUNIT_EXPECT_EQ(test, info.out_acquired, 1);
	KUNIT_EXPECT_EQ(test, info.out_staging, 1);
	KUNIT_EXPECT_EQ(test, info.out_free, 0);

	zc_pool_unclaim(pool, b);
	KUNIT_EXPECT_PTR_EQ(test, zc_pool_claim(pool), b);
	KUNIT_EXPECT_TRUE(test, zc_pool_reclaim(pool, a));
	KUNIT_EXPECT_FALSE(test, zc_pool_reclaim(pool, a));
	zc_pool_unclaim(pool, a);
	KUNIT_EXPECT_FALSE(test, zc_pool_reclaim(pool, a));
	KUNIT_EXPECT_PTR_EQ(test, zc_pool_claim(pool), a);
	zc_pool_close(pool);
}

/* What is closed while held stays charged, and comes back. */
static void draining_test(struct kunit *test)
{
	struct zcdev_pool_create arg = {
		.count = 4,
		.buf_size = SZ_64K,
		.node = ZCDEV_NODE_ANY,
	};
	u64 before = zc_account_total();
	struct zc_file *file = file_new(test);
	struct page *page;
	int i;

	KUNIT_ASSERT_EQ(test, zc_pool_create(file, &arg), 0);
	page = zc_buf_page(&file->pool->bufs[2], SZ_32K);
	get_page(page);
	zc_pool_close(file->pool);
	KUNIT_EXPECT_EQ(test, zc_account_total() - before, SZ_64K);
	put_page(page);
	for (i = 0; i < 300 && zc_account_total() != before; i++)
		schedule_timeout_uninterruptible(HZ / 100);
	KUNIT_EXPECT_EQ(test, zc_account_total(), before);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE_PARAM(geometry_test, geometry_gen_params),
	KUNIT_CASE(pieces_test),
	KUNIT_CASE(states_test),
	KUNIT_CASE(draining_test),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "zcdev-pool",
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);
