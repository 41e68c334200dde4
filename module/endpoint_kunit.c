// SPDX-License-Identifier: GPL-2.0
/*
 * Ends: ranges that meet, sums of verdicts.
 */
#include <kunit/test.h>

#include <linux/fs.h>
#include <linux/sizes.h>

#include <zcdev.h>

#include "endpoint.h"
#include "extra.h"
#include "pipeline.h"

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

/**
 * struct verdict_case - two parts, and their sum
 * @name: of the case
 * @one: zerocopy, unverified, copied, offloaded, paths, reasons
 * @two: the same
 * @sum: the same
 * @bytes: in all
 * @error: of the end
 */
struct verdict_case {
	const char *name;
	struct zc_moved one;
	struct zc_moved two;
	struct zc_moved sum;
	u64 bytes;
	int error;
};

static const struct verdict_case verdict_cases[] = {
	{ "nothing" },
	{ "an error alone", .error = -EPIPE },
	{ "the largest error", .error = -MAX_ERRNO },
	{ "each in its place", { 1, 20, 300, 4000 }, { 5, 60, 700, 8000 },
	  { 6, 80, 1000, 12000 }, 13086, -EPIPE },
	{ "zerocopy alone", { 1 }, {}, { 1 }, 1 },
	{ "unverified alone", { 0, 1 }, {}, { 0, 1 }, 1 },
	{ "copied alone", { 0, 0, 1 }, {}, { 0, 0, 1 }, 1 },
	{ "offloaded alone", { 0, 0, 0, 1 }, {}, { 0, 0, 0, 1 }, 1 },
	{ "flags without bytes", { .paths = 1, .reasons = 2 },
	  { .paths = 4, .reasons = 8 }, { .paths = 5, .reasons = 10 } },
	{ "flags once more", { .paths = 5, .reasons = 6 },
	  { .paths = 4, .reasons = 2 }, { .paths = 5, .reasons = 6 } },
	{ "all flags", { .paths = 1, .reasons = U32_MAX },
	  { .paths = U32_MAX, .reasons = 1 },
	  { .paths = U32_MAX, .reasons = U32_MAX } },
	{ "over 32 bits", { U32_MAX, U32_MAX, U32_MAX, U32_MAX }, { 1, 1, 1, 1 },
	  { SZ_4G, SZ_4G, SZ_4G, SZ_4G }, 4 * SZ_4G },
	{ "over 63 bits", { LLONG_MAX }, { 1 }, { LLONG_MAX + 1ULL },
	  LLONG_MAX + 1ULL },
	{ "all of 64 bits", { LLONG_MAX }, { 0, 0, LLONG_MAX, 1 },
	  { LLONG_MAX, 0, LLONG_MAX, 1 }, U64_MAX },
};

KUNIT_ARRAY_PARAM_DESC(verdict, verdict_cases, name);

static void verdict_test(struct kunit *test)
{
	const struct verdict_case *c = test->param_value;
	struct zcdev_end arg = { .fd = 3, .flags = 1, .offset = 7 };
	struct zc_end end = { .kind = ZCDEV_KIND_TCP, .error = c->error };

	zc_moved_add(&end.moved, &c->one);
	zc_moved_add(&end.moved, &c->two);
	KUNIT_EXPECT_EQ(test, zc_moved_bytes(&end.moved), c->bytes);
	zc_end_report(&end, &arg);
	KUNIT_EXPECT_EQ(test, arg.out_kind, ZCDEV_KIND_TCP);
	KUNIT_EXPECT_EQ(test, arg.out_error, -c->error);
	KUNIT_EXPECT_EQ(test, arg.out_zerocopy, c->sum.zerocopy);
	KUNIT_EXPECT_EQ(test, arg.out_unverified, c->sum.unverified);
	KUNIT_EXPECT_EQ(test, arg.out_copied, c->sum.copied);
	KUNIT_EXPECT_EQ(test, arg.out_offloaded, c->sum.offloaded);
	KUNIT_EXPECT_EQ(test, arg.out_bytes, c->bytes);
	KUNIT_EXPECT_EQ(test, arg.out_paths, c->sum.paths);
	KUNIT_EXPECT_EQ(test, arg.out_reasons, c->sum.reasons);
	/* What the caller wrote stays. */
	KUNIT_EXPECT_EQ(test, arg.fd, 3);
	KUNIT_EXPECT_EQ(test, arg.flags, 1);
	KUNIT_EXPECT_EQ(test, arg.offset, 7);
}

/**
 * struct payload_case - what of a sink's bytes came from the source
 * @name: of the case
 * @header: its bytes
 * @payload: that the source gave
 * @bytes: that the sink took
 * @is: payload among them
 */
struct payload_case {
	const char *name;
	u32 header;
	u64 payload;
	u64 bytes;
	u64 is;
};

static const struct payload_case payload_cases[] = {
	{ "nothing", 0, 0, 0, 0 },
	{ "part", 0, 100, 99, 99 },
	{ "all", 0, 100, 100, 100 },
	{ "a byte of a trailer", 0, 100, 101, 100 },
	{ "part of a header", 10, 100, 9, 0 },
	{ "a header", 10, 100, 10, 0 },
	{ "a header and a byte", 10, 100, 11, 1 },
	{ "a header and all", 10, 100, 110, 100 },
	{ "a header and a byte of a trailer", 10, 100, 111, 100 },
	{ "a header and nothing else", 10, 0, 10, 0 },
	{ "over 32 bits", 10, SZ_4G + 5, SZ_4G + 14, SZ_4G + 4 },
	{ "the longest", U32_MAX, U64_MAX - U32_MAX, U64_MAX, U64_MAX - U32_MAX },
};

KUNIT_ARRAY_PARAM_DESC(payload, payload_cases, name);

static void payload_test(struct kunit *test)
{
	const struct payload_case *c = test->param_value;
	struct zc_extra header = { .len = c->header };
	struct zc_pipeline *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	p->header = c->header ? &header : NULL;
	p->fill_offset = c->payload;
	KUNIT_EXPECT_EQ(test, zc_pipeline_payload(p, c->bytes), c->is);
}

static struct kunit_case endpoint_cases[] = {
	KUNIT_CASE_PARAM(range_test, range_gen_params),
	KUNIT_CASE_PARAM(verdict_test, verdict_gen_params),
	KUNIT_CASE_PARAM(payload_test, payload_gen_params),
	{}
};

static struct kunit_suite endpoint_suite = {
	.name = "zcdev-endpoint",
	.test_cases = endpoint_cases,
};

kunit_test_suite(endpoint_suite);
