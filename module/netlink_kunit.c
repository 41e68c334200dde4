// SPDX-License-Identifier: GPL-2.0
/*
 * Messages of the netlink family in any room: all of an object is there, or none
 * of it, and then it is not passed over.
 */
#include <kunit/test.h>

#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pid_namespace.h>

#include <zcdev.h>
#include <zcdev_netlink.h>

#include "file.h"
#include "netlink.h"
#include "pool.h"
#include "progress.h"

#define ROOM_MAX	4096

typedef int (*dump_fn)(struct sk_buff *skb, struct netlink_callback *cb);

static const struct file_operations no_operations;

static struct sk_buff *room(struct kunit *test, u32 bytes)
{
	struct sk_buff *skb = alloc_skb(ROOM_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, skb_tailroom(skb) - bytes);
	return skb;
}

/* Returns how long the only message is, 0 if there is none. */
static u32 dump_into(struct kunit *test, u32 bytes, dump_fn dump,
		     const struct zc_asker *asker)
{
	struct nlmsghdr request = {};
	struct sk_buff *skb = room(test, bytes), *from = room(test, 0);
	struct netlink_callback cb = { .skb = from, .nlh = &request };
	struct zc_dump *state = (struct zc_dump *)cb.ctx;
	u32 len;
	int ret;

	state->asker = *asker;
	ret = dump(skb, &cb);
	len = skb->len;
	KUNIT_EXPECT_EQ(test, ret, len ?: -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, !len, !state->next);
	if (len)
		KUNIT_EXPECT_TRUE(test, nlmsg_ok(nlmsg_hdr(skb), len));
	if (len)
		KUNIT_EXPECT_EQ(test, NLMSG_ALIGN(nlmsg_hdr(skb)->nlmsg_len), len);
	kfree_skb(from);
	kfree_skb(skb);
	return len;
}

/*
 * In less room than for all there is nothing, or what can be left out is, which
 * happens once. @min: bytes that it takes at least.
 */
static void any_room(struct kunit *test, dump_fn dump, u32 min)
{
	const struct zc_asker asker = {
		.cred = current_cred(),
		.pids = task_active_pid_ns(current),
		.admin = true,
	};
	u32 all = dump_into(test, ROOM_MAX, dump, &asker);
	u32 bytes, len, last = 0;

	KUNIT_ASSERT_GE(test, all, min);
	for (bytes = 0; last < all && bytes <= ROOM_MAX; bytes += NLMSG_ALIGNTO) {
		len = dump_into(test, bytes, dump, &asker);
		KUNIT_EXPECT_GE(test, len, last);
		KUNIT_EXPECT_LE(test, len, bytes);
		last = len;
	}
	KUNIT_EXPECT_EQ(test, last, all);
}

static struct zc_pool *pool_new(struct kunit *test)
{
	struct zc_file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	struct zcdev_pool_create arg = {
		.count = 2,
		.buf_size = PAGE_SIZE,
		.node = ZCDEV_NODE_ANY,
	};

	KUNIT_ASSERT_NOT_NULL(test, file);
	zc_file_init(file);
	KUNIT_ASSERT_EQ(test, zc_pool_create(file, &arg), 0);
	return file->pool;
}

static void pool_test(struct kunit *test)
{
	struct zc_pool *pool = pool_new(test);

	any_room(test, zc_netlink_pool_dump, 150);
	zc_pool_close(pool);
}

/* Everything that can be counted, once. */
static void count_all(struct zc_pool *pool)
{
	const struct zc_moved moved = {
		.zerocopy = 1,
		.unverified = 1,
		.copied = 1,
		.offloaded = 1,
		.paths = ZCDEV_PATH_DIRECT | ZCDEV_PATH_COPY,
		.reasons = ZCDEV_REASON_ASKED | ZCDEV_REASON_STREAM,
	};

	zc_stats_moved(&pool->stats, ZCDEV_ROLE_SOURCE, &moved);
	zc_stats_moved(&pool->stats, ZCDEV_ROLE_SINK, &moved);
	zc_stats_refused(&pool->stats, -EBADF);
	zc_stats_failed(&pool->stats, -EIO);
}

static void stats_test(struct kunit *test)
{
	struct zc_pool *pool = pool_new(test);

	count_all(pool);
	any_room(test, zc_netlink_stats_dump, 300);
	zc_pool_close(pool);
}

static struct file *file_new(struct kunit *test, const char *name)
{
	struct file *file = anon_inode_getfile(name, &no_operations, NULL,
					       O_RDWR);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}

/* With a pool, a length, an error, and cancelled: all that a row can have. */
static void transfer_test(struct kunit *test)
{
	struct zc_progress *progress = kunit_kzalloc(test, sizeof(*progress),
						     GFP_KERNEL);
	struct zc_end *ends = kunit_kcalloc(test, 3, sizeof(*ends), GFP_KERNEL);
	static const struct zc_source_ops source;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, progress);
	KUNIT_ASSERT_NOT_NULL(test, ends);
	for (i = 0; i < 3; i++) {
		ends[i].file = file_new(test, "[zcdev]");
		ends[i].error = -i;
	}
	ends[0].source = &source;
	progress->source = &ends[0];
	progress->sink = &ends[1];
	progress->sinks = 2;
	progress->len = 12345;
	zc_progress_begin(progress);
	progress->pool = pool_new(test);
	zc_progress_cancel(progress);
	any_room(test, zc_netlink_transfer_dump, 400);
	zc_pool_close(progress->pool);
	progress->pool = NULL;
	zc_progress_end(progress, 0, -ECANCELED);
	for (i = 0; i < 3; i++)
		fput(ends[i].file);
}

static struct kunit_case netlink_cases[] = {
	KUNIT_CASE(pool_test),
	KUNIT_CASE(stats_test),
	KUNIT_CASE(transfer_test),
	{}
};

static struct kunit_suite netlink_suite = {
	.name = "zcdev-netlink",
	.test_cases = netlink_cases,
};

kunit_test_suite(netlink_suite);
