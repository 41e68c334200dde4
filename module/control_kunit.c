// SPDX-License-Identifier: GPL-2.0
/*
 * What the control plane is made of: limits, accounts, lists and counters.
 */
#include <kunit/test.h>

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include <zcdev_netlink.h>

#include "account.h"
#include "limit.h"
#include "registry.h"
#include "stats.h"

static void limits_exit(struct kunit *test)
{
	enum zc_limit i;

	for (i = 0; i < ZC_LIMITS; i++)
		zc_limit_set(i, 0);
}

/* ALL is what there is if nobody says: an eighth of memory. */
#define ALL	0

/**
 * struct limit_case - limits as they are set, and as they apply
 * @name: of the case
 * @set: bytes, 0 for the default; by enum zc_limit
 * @is: bytes, or ALL
 */
struct limit_case {
	const char *name;
	u64 set[ZC_LIMITS];
	u64 is[ZC_LIMITS];
};

/* Of one pool, of a user, of all. */
static const struct limit_case limit_cases[] = {
	{ "none", { 0, 0, 0 }, { ALL, ALL, ALL } },
	{ "a byte for all", { 0, 0, 1 }, { 1, 1, 1 } },
	{ "a byte for a user", { 0, 1, 0 }, { ALL, 1, ALL } },
	{ "a byte for a pool", { 1, 0, 0 }, { 1, ALL, ALL } },
	{ "all three", { SZ_1M, SZ_2M, SZ_4M }, { SZ_1M, SZ_2M, SZ_4M } },
	{ "one below all", { SZ_4M - 1, SZ_4M - 1, SZ_4M },
	  { SZ_4M - 1, SZ_4M - 1, SZ_4M } },
	{ "as all", { SZ_4M, SZ_4M, SZ_4M }, { SZ_4M, SZ_4M, SZ_4M } },
	{ "one above all", { SZ_4M + 1, SZ_4M + 1, SZ_4M },
	  { SZ_4M, SZ_4M, SZ_4M } },
	{ "a pool above a user", { SZ_4M, SZ_1M, 0 }, { SZ_4M, SZ_1M, ALL } },
	{ "above 4 GiB", { SZ_4G, SZ_4G + 1, SZ_8G },
	  { SZ_4G, SZ_4G + 1, SZ_8G } },
	{ "without end", { U64_MAX, U64_MAX, 0 }, { ALL, ALL, ALL } },
	{ "all without end", { 0, S64_MAX, U64_MAX },
	  { U64_MAX, S64_MAX, U64_MAX } },
};

KUNIT_ARRAY_PARAM_DESC(limit, limit_cases, name);

static void limit_test(struct kunit *test)
{
	const struct limit_case *c = test->param_value;
	u64 all = (u64)(totalram_pages() / 8) << PAGE_SHIFT;
	enum zc_limit i;

	for (i = 0; i < ZC_LIMITS; i++)
		zc_limit_set(i, c->set[i]);
	for (i = 0; i < ZC_LIMITS; i++)
		KUNIT_EXPECT_EQ(test, zc_limit(i), c->is[i] ?: all);
}

static int charge(struct zc_account *account, u64 bytes)
{
	return zc_account_charge(account, bytes >> PAGE_SHIFT);
}

static void uncharge(struct zc_account *account, u64 bytes)
{
	zc_account_uncharge(account, bytes >> PAGE_SHIFT);
	zc_account_put(account);
}

/* What is refused has charged nobody. */
static void account_test(struct kunit *test)
{
	u64 total = zc_account_total(), mine;
	struct zc_account a, b;

	mine = zc_account_user(current_uid());
	zc_limit_set(ZC_LIMIT_USER, mine + SZ_1M);
	KUNIT_ASSERT_EQ(test, charge(&a, SZ_512K), 0);
	KUNIT_EXPECT_EQ(test, charge(&b, SZ_1M), -ENOSPC);
	KUNIT_EXPECT_NULL(test, b.user);
	KUNIT_EXPECT_EQ(test, zc_account_total(), total + SZ_512K);
	KUNIT_EXPECT_EQ(test, zc_account_user(current_uid()), mine + SZ_512K);
	KUNIT_EXPECT_EQ(test, charge(&b, SZ_512K), 0);
	uncharge(&b, SZ_512K);

	zc_limit_set(ZC_LIMIT_TOTAL, total + SZ_512K);
	KUNIT_EXPECT_EQ(test, charge(&b, PAGE_SIZE), -ENOSPC);
	zc_limit_set(ZC_LIMIT_TOTAL, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, charge(&b, PAGE_SIZE), -ENOSPC);
	KUNIT_EXPECT_EQ(test, zc_account_user(current_uid()), mine + SZ_512K);
	uncharge(&a, SZ_512K);
	KUNIT_EXPECT_EQ(test, zc_account_total(), total);
	KUNIT_EXPECT_EQ(test, zc_account_user(current_uid()), mine);
}

/**
 * struct charge_case - who asks for how much, and whether there is room
 * @name: of the case
 * @user: bytes that the user may have besides what is charged
 * @total: the same for all users
 * @pages: asked for
 * @ret: 0 or an errno
 */
struct charge_case {
	const char *name;
	u64 user;
	u64 total;
	unsigned long pages;
	int ret;
};

static const struct charge_case charge_cases[] = {
	{ "nothing", 0, 0, 0, 0 },
	{ "a page where there is none", 0, 0, 1, -ENOSPC },
	{ "a page where a byte is missing", PAGE_SIZE - 1, SZ_1M, 1, -ENOSPC },
	{ "a page", PAGE_SIZE, SZ_1M, 1, 0 },
	{ "all of a user", SZ_1M, SZ_2M, SZ_1M / PAGE_SIZE, 0 },
	{ "a page more", SZ_1M, SZ_2M, SZ_1M / PAGE_SIZE + 1, -ENOSPC },
	{ "all", SZ_2M, SZ_1M, SZ_1M / PAGE_SIZE, 0 },
	{ "a page more than all", SZ_2M, SZ_1M, SZ_1M / PAGE_SIZE + 1,
	  -ENOSPC },
	{ "half of all numbers", SZ_1M, SZ_1M, LONG_MAX, -ENOSPC },
	{ "a negative number", SZ_1M, SZ_1M, (unsigned long)LONG_MAX + 1,
	  -ENOSPC },
	{ "less than nothing", SZ_1M, SZ_1M, ULONG_MAX, -ENOSPC },
};

KUNIT_ARRAY_PARAM_DESC(charge, charge_cases, name);

/* On top of a page, since a limit of 0 is none. */
static void charge_test(struct kunit *test)
{
	const struct charge_case *c = test->param_value;
	struct zc_account first, a;
	u64 total, mine;

	KUNIT_ASSERT_EQ(test, charge(&first, PAGE_SIZE), 0);
	total = zc_account_total();
	mine = zc_account_user(current_uid());
	zc_limit_set(ZC_LIMIT_USER, mine + c->user);
	zc_limit_set(ZC_LIMIT_TOTAL, total + c->total);
	KUNIT_EXPECT_EQ(test, zc_account_charge(&a, c->pages), c->ret);
	if (!c->ret) {
		KUNIT_EXPECT_EQ(test, zc_account_user(current_uid()),
				mine + c->pages * PAGE_SIZE);
		uncharge(&a, c->pages * PAGE_SIZE);
	}
	KUNIT_EXPECT_EQ(test, zc_account_total(), total);
	KUNIT_EXPECT_EQ(test, zc_account_user(current_uid()), mine);
	uncharge(&first, PAGE_SIZE);
}

static struct zc_registry list = ZC_REGISTRY_INIT(list);

/* Walked by id; ids are not used again at once. */
static void registry_test(struct kunit *test)
{
	struct zc_entry e[4] = {};
	struct zc_entry *found;
	u32 i, last = 0;
	u64 from;

	for (i = 0; i < 3; i++) {
		zc_registry_add(&list, &e[i]);
		KUNIT_EXPECT_GT(test, e[i].id, last);
		last = e[i].id;
	}
	zc_registry_del(&list, &e[1]);
	KUNIT_EXPECT_NULL(test, zc_registry_get(&list, e[1].id));
	KUNIT_EXPECT_NULL(test, zc_registry_get(&list, 0));

	for (i = 0, from = 0; (found = zc_registry_next(&list, from)); i++) {
		KUNIT_EXPECT_PTR_EQ(test, found, &e[2 * i]);
		from = (u64)found->id + 1;
		zc_registry_put(found);
	}
	KUNIT_EXPECT_EQ(test, i, 2);

	zc_registry_add(&list, &e[3]);
	KUNIT_EXPECT_GT(test, e[3].id, last);
	KUNIT_EXPECT_NULL(test, zc_registry_next(&list, (u64)e[3].id + 1));
	zc_registry_del(&list, &e[0]);
	zc_registry_del(&list, &e[2]);
	zc_registry_del(&list, &e[3]);
	KUNIT_EXPECT_NULL(test, zc_registry_next(&list, 0));
}

/* The last id there is, and the first again. */
static void registry_wrap_test(struct kunit *test)
{
	struct zc_entry last = {}, first = {};
	struct zc_entry *found;

	list.next = U32_MAX;
	zc_registry_add(&list, &last);
	KUNIT_EXPECT_EQ(test, last.id, U32_MAX);
	zc_registry_add(&list, &first);
	KUNIT_EXPECT_EQ(test, first.id, 1);
	found = zc_registry_next(&list, 2);
	KUNIT_EXPECT_PTR_EQ(test, found, &last);
	if (found)
		zc_registry_put(found);
	KUNIT_EXPECT_NULL(test, zc_registry_next(&list, (u64)U32_MAX + 1));
	zc_registry_del(&list, &last);
	zc_registry_del(&list, &first);
}

static void stats_test(struct kunit *test)
{
	const struct zc_moved moved = {
		.zerocopy = 1,
		.unverified = 20,
		.copied = 300,
		.offloaded = 4000,
		.paths = ZCDEV_PATH_DIRECT | ZCDEV_PATH_TRANSFORM,
		.reasons = ZCDEV_REASON_ASKED | ZCDEV_REASON_DRIVER,
	};
	struct zc_counts *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct zc_stats *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	KUNIT_ASSERT_NOT_NULL(test, s);
	zc_stats_moved(s, ZCDEV_ROLE_SINK, &moved);
	zc_stats_began(s);
	zc_stats_refused(s, -EBADF);
	zc_stats_failed(s, -ERESTARTSYS);
	zc_stats_failed(s, -ZC_STATS_ERRNOS);
	zc_stats_failed(s, -MAX_ERRNO);
	zc_stats_waited(s, true);
	zc_stats_waited(s, false);
	zc_stats_read(s, c);
	KUNIT_EXPECT_EQ(test, c->transfers, 1);
	KUNIT_EXPECT_EQ(test, c->refused, 1);
	KUNIT_EXPECT_EQ(test, c->waits, 2);
	KUNIT_EXPECT_EQ(test, c->buffer_waits, 1);
	KUNIT_EXPECT_EQ(test, c->failure[EBADF], 1);
	KUNIT_EXPECT_EQ(test, c->failure[0], 3);
	KUNIT_EXPECT_EQ(test, c->flow[ZCDEV_ROLE_SINK].zerocopy, 1);
	KUNIT_EXPECT_EQ(test, c->flow[ZCDEV_ROLE_SINK].offloaded, 4000);
	KUNIT_EXPECT_EQ(test, c->flow[ZCDEV_ROLE_SINK].path[0], 4321);
	KUNIT_EXPECT_EQ(test, c->flow[ZCDEV_ROLE_SINK].path[1], 0);
	KUNIT_EXPECT_EQ(test, c->flow[ZCDEV_ROLE_SINK].path[9], 4321);
	KUNIT_EXPECT_EQ(test, c->flow[ZCDEV_ROLE_SINK].reason[0], 320);
	KUNIT_EXPECT_EQ(test, c->flow[ZCDEV_ROLE_SINK].reason[14], 320);
	KUNIT_EXPECT_EQ(test, c->flow[ZCDEV_ROLE_SOURCE].zerocopy, 0);
}

static struct kunit_case control_cases[] = {
	KUNIT_CASE_PARAM(limit_test, limit_gen_params),
	KUNIT_CASE(account_test),
	KUNIT_CASE_PARAM(charge_test, charge_gen_params),
	KUNIT_CASE(registry_test),
	KUNIT_CASE(registry_wrap_test),
	KUNIT_CASE(stats_test),
	{}
};

static struct kunit_suite control_suite = {
	.name = "zcdev-control",
	.exit = limits_exit,
	.test_cases = control_cases,
};

kunit_test_suite(control_suite);
