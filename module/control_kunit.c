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

/* No limit is above that of all pools, and 0 is the default of each. */
static void limits_test(struct kunit *test)
{
	u64 all = (u64)(totalram_pages() / 8) << PAGE_SHIFT;

	KUNIT_EXPECT_EQ(test, zc_limit(ZC_LIMIT_TOTAL), all);
	KUNIT_EXPECT_EQ(test, zc_limit(ZC_LIMIT_USER), all);
	KUNIT_EXPECT_EQ(test, zc_limit(ZC_LIMIT_POOL), all);

	zc_limit_set(ZC_LIMIT_TOTAL, SZ_1M);
	KUNIT_EXPECT_EQ(test, zc_limit(ZC_LIMIT_TOTAL), SZ_1M);
	KUNIT_EXPECT_EQ(test, zc_limit(ZC_LIMIT_USER), SZ_1M);
	zc_limit_set(ZC_LIMIT_USER, SZ_2M);
	KUNIT_EXPECT_EQ(test, zc_limit(ZC_LIMIT_USER), SZ_1M);
	zc_limit_set(ZC_LIMIT_TOTAL, SZ_4M);
	KUNIT_EXPECT_EQ(test, zc_limit(ZC_LIMIT_USER), SZ_2M);
	KUNIT_EXPECT_EQ(test, zc_limit(ZC_LIMIT_POOL), SZ_4M);
	zc_limit_set(ZC_LIMIT_POOL, S64_MAX);
	KUNIT_EXPECT_EQ(test, zc_limit(ZC_LIMIT_POOL), SZ_4M);
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
	KUNIT_CASE(limits_test),
	KUNIT_CASE(account_test),
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
