// SPDX-License-Identifier: GPL-2.0
/*
 * Ends: what is which kind, ranges that meet, sums of verdicts.
 */
#include <kunit/test.h>

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/shmem_fs.h>
#include <linux/un.h>
#include <net/net_namespace.h>

#include <zcdev.h>

#include "endpoint.h"

/* Classification */

static const struct zc_end_type *const all_types[] = {
	&zc_end_file, &zc_end_block, &zc_end_pool, &zc_end_pipe, &zc_end_char,
	&zc_end_ktls, &zc_end_tcp, &zc_end_unix, &zc_end_vsock,
};

/* Sockets if there is a type, else a file in memory, or one of no kind. */
struct kind_case {
	const char *name;
	int family;
	int type;
	u32 kind;
	int ret;
};

static const struct kind_case kind_cases[] = {
	{ "file in memory", AF_UNSPEC, 1, ZCDEV_KIND_FILE, 1 },
	{ "anonymous inode", AF_UNSPEC, 0, ZCDEV_KIND_NONE, 0 },
	{ "TCP, not connected", AF_INET, SOCK_STREAM, ZCDEV_KIND_TCP, -ENOTCONN },
	{ "UDP", AF_INET, SOCK_DGRAM, ZCDEV_KIND_NONE, 0 },
	{ "UNIX stream, not connected", AF_UNIX, SOCK_STREAM, ZCDEV_KIND_UNIX,
	  -ENOTCONN },
	{ "UNIX datagram", AF_UNIX, SOCK_DGRAM, ZCDEV_KIND_NONE, 0 },
	{ "UNIX seqpacket", AF_UNIX, SOCK_SEQPACKET, ZCDEV_KIND_NONE, 0 },
	{ "netlink", AF_NETLINK, SOCK_RAW, ZCDEV_KIND_NONE, 0 },
};

KUNIT_ARRAY_PARAM_DESC(kind, kind_cases, name);

static const struct file_operations no_fops;

static struct file *kind_file(const struct kind_case *c)
{
	struct socket *sock;
	int ret;

	if (c->family == AF_UNSPEC)
		return c->type ? shmem_file_setup("kunit", PAGE_SIZE, 0) :
				 anon_inode_getfile("kunit", &no_fops, NULL, O_RDWR);
	ret = sock_create_kern(&init_net, c->family, c->type, 0, &sock);
	return ret ? ERR_PTR(ret) : sock_alloc_file(sock, 0, NULL);
}

/* Exactly one type, or none, takes a file for its own. */
static void kind_test(struct kunit *test)
{
	const struct kind_case *c = test->param_value;
	struct file *file = kind_file(c);
	u32 i;

	if (PTR_ERR_OR_ZERO(file) == -EAFNOSUPPORT)
		kunit_skip(test, "not in this kernel");
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	for (i = 0; i < ARRAY_SIZE(all_types); i++) {
		const struct zc_end_type *type = all_types[i];

		KUNIT_EXPECT_EQ_MSG(test, type->probe(file),
				    type->kind == c->kind ? c->ret : 0,
				    "type %u", type->kind);
	}
	fput(file);
}

/* What the two masks of ZCDEV_QUERY say is what the types have. */
static void masks_test(struct kunit *test)
{
	u32 i, seen = 0;

	for (i = 0; i < ARRAY_SIZE(all_types); i++) {
		const struct zc_end_type *type = all_types[i];
		u32 bit = 1U << type->kind;

		KUNIT_EXPECT_FALSE(test, seen & bit);
		seen |= bit;
		KUNIT_EXPECT_EQ(test, !!type->source, !!(zc_end_sources() & bit));
		KUNIT_EXPECT_EQ(test, !!type->sink, !!(zc_end_sinks() & bit));
	}
	KUNIT_EXPECT_EQ(test, seen, seen | zc_end_sources() | zc_end_sinks());
}

/* Ranges */

#define FILE_SIZE	SZ_1M

struct range_case {
	const char *name;
	loff_t a;
	loff_t b;
	u64 len;
	u32 extra;
	bool other;	/* files that are not the same */
	int sinks;	/* what two sinks get */
	int overlap;	/* what source and sink get */
};

static const struct range_case range_cases[] = {
	{ "the same", 0, 0, 100, 0, false, -EINVAL, -EINVAL },
	{ "nothing", 0, 0, 0, 0, false, 0, 0 },
	{ "next to each other", 0, 100, 100, 0, false, 0, 0 },
	{ "the other way round", 100, 0, 100, 0, false, 0, 0 },
	{ "one byte in common", 0, 99, 100, 0, false, -EINVAL, -EINVAL },
	{ "one byte, the other way round", 99, 0, 100, 0, false, -EINVAL, -EINVAL },
	{ "a trailer reaches the source", 100, 0, 100, 1, false, 0, -EINVAL },
	{ "a trailer behind the source", 0, 100, 100, 1, false, 0, 0 },
	{ "to the end, into itself", 0, 0, ZCDEV_TO_END, 0, false, -EINVAL, -EINVAL },
	{ "to the end, behind it", 0, FILE_SIZE, ZCDEV_TO_END, 0, false, -EINVAL, 0 },
	{ "more than there is, behind it", 0, FILE_SIZE, SZ_2M, 0, false, -EINVAL, 0 },
	{ "the last byte that a file can have", LLONG_MAX - 1, 0, 1, 0, false, 0, 0 },
	{ "one more", LLONG_MAX, 0, 1, 0, false, -EOVERFLOW, -EOVERFLOW },
	{ "one more, the other way round", 0, LLONG_MAX, 1, 0, false, -EOVERFLOW,
	  -EOVERFLOW },
	{ "a length beyond any file", SZ_4K, 0, (u64)LLONG_MAX + 1, 0, false,
	  -EOVERFLOW, -EINVAL },
	{ "the longest but one", 1, 0, U64_MAX - 1, 0, false, -EOVERFLOW, -EINVAL },
	{ "different files", 0, 0, 100, 0, true, 0, 0 },
	{ "different files, to the end", 0, 0, ZCDEV_TO_END, 0, true, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(range, range_cases, name);

/* Two descriptors of one file share the mapping, no more. */
static void fake_end(struct kunit *test, struct zc_end *end,
		     struct address_space *mapping, loff_t pos)
{
	end->file = kunit_kzalloc(test, sizeof(*end->file), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, end->file);
	end->file->f_mapping = mapping;
	end->kind = ZCDEV_KIND_FILE;
	end->pos = pos;
}

static struct address_space *fake_mapping(struct kunit *test)
{
	struct inode *inode = kunit_kzalloc(test, sizeof(*inode), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, inode);
	inode->i_mapping = &inode->i_data;
	inode->i_data.host = inode;
	inode->i_size = FILE_SIZE;
	return &inode->i_data;
}

static void range_test(struct kunit *test)
{
	const struct range_case *c = test->param_value;
	struct address_space *mapping = fake_mapping(test);
	struct zc_end a = {}, b = {};
	u64 len = c->len;

	fake_end(test, &a, mapping, c->a);
	fake_end(test, &b, c->other ? fake_mapping(test) : mapping, c->b);
	KUNIT_EXPECT_EQ(test, zc_end_check_sinks(&a, &b, c->len), c->sinks);
	KUNIT_EXPECT_EQ(test, zc_end_check_overlap(&a, &b, &len, c->extra),
			c->overlap);
	if (c->other)
		KUNIT_EXPECT_EQ(test, len, c->len);
	else if (c->a <= FILE_SIZE)
		KUNIT_EXPECT_LE(test, len, (u64)(FILE_SIZE - c->a));
}

/* Verdicts */

static void verdict_test(struct kunit *test)
{
	struct zc_moved one = { 1, 20, 300, 4000, ZCDEV_PATH_DIRECT,
				ZCDEV_REASON_UNVERIFIED };
	struct zc_moved two = { 5, 60, 700, 8000, ZCDEV_PATH_COPY,
				ZCDEV_REASON_SMALL };
	struct zcdev_end arg = { .fd = 3, .flags = 1, .offset = 7 };
	struct zc_end end = { .kind = ZCDEV_KIND_TCP, .error = -EPIPE };

	zc_moved_add(&end.moved, &one);
	zc_moved_add(&end.moved, &two);
	zc_end_report(&end, &arg);
	KUNIT_EXPECT_EQ(test, arg.out_kind, ZCDEV_KIND_TCP);
	KUNIT_EXPECT_EQ(test, arg.out_error, EPIPE);
	KUNIT_EXPECT_EQ(test, arg.out_zerocopy, 6);
	KUNIT_EXPECT_EQ(test, arg.out_unverified, 80);
	KUNIT_EXPECT_EQ(test, arg.out_copied, 1000);
	KUNIT_EXPECT_EQ(test, arg.out_offloaded, 12000);
	KUNIT_EXPECT_EQ(test, arg.out_bytes, 13086);
	KUNIT_EXPECT_EQ(test, arg.out_paths, ZCDEV_PATH_DIRECT | ZCDEV_PATH_COPY);
	KUNIT_EXPECT_EQ(test, arg.out_reasons,
			ZCDEV_REASON_UNVERIFIED | ZCDEV_REASON_SMALL);
	/* What the caller wrote stays. */
	KUNIT_EXPECT_EQ(test, arg.fd, 3);
	KUNIT_EXPECT_EQ(test, arg.flags, 1);
	KUNIT_EXPECT_EQ(test, arg.offset, 7);
}

static struct kunit_case endpoint_cases[] = {
	KUNIT_CASE_PARAM(kind_test, kind_gen_params),
	KUNIT_CASE(masks_test),
	KUNIT_CASE_PARAM(range_test, range_gen_params),
	KUNIT_CASE(verdict_test),
	{}
};

static struct kunit_suite endpoint_suite = {
	.name = "zcdev-endpoint",
	.test_cases = endpoint_cases,
};

kunit_test_suite(endpoint_suite);
