// SPDX-License-Identifier: GPL-2.0
/* "zcdevctl top": what it makes of two looks, and how it draws that. */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "fake_netlink.h"
#include "frame.h"
#include "top.h"
#include "zcdev.h"
#include "zcdev_netlink.h"

static struct top top;
static struct netlink nl;
static char *text;

static int setup(void **state)
{
	struct fault f;

	(void)state;
	fake_netlink_reset();
	top = (struct top){ };
	return netlink_open(&nl, &f);
}

static int teardown(void **state)
{
	(void)state;
	top_free(&top);
	netlink_close(&nl);
	fake_netlink_reset();
	free(text);
	text = NULL;
	return 0;
}

/*
 * The fake answers every request with the same messages: what is a transfer to one
 * is a pool or a set of counters to another, with whatever its attributes mean there.
 */
static void put_transfer(uint32_t id, uint64_t bytes, uint64_t len, const char *name)
{
	struct nl_msg *msg = fake_netlink_answer(ZCDEV_CMD_TRANSFER_GET);
	struct nlattr *nest;

	nla_put_u32(msg, ZCDEV_A_TRANSFER_ID, id);
	nla_put_u64(msg, ZCDEV_A_TRANSFER_BYTES, bytes);
	nla_put_u64(msg, ZCDEV_A_TRANSFER_LEN, len);
	nla_put_u64(msg, ZCDEV_A_TRANSFER_RATE, 100);
	nest = nla_nest_start(msg, ZCDEV_A_TRANSFER_END);
	nla_put_u32(msg, ZCDEV_A_END_ROLE, ZCDEV_ROLE_SINK);
	nla_put_string(msg, ZCDEV_A_END_NAME, name);
	nla_nest_end(msg, nest);
}

static void look(void)
{
	struct fault f;

	assert_int_equal(top_look(&top, &nl, &f), 0);
}

static const char *drawn(int width, int height, bool blocks)
{
	size_t size;
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	top_draw(out, &top, width, height, blocks);
	fclose(out);
	return text;
}

static void test_rates(void **state)
{
	(void)state;
	put_transfer(5, 1000, 4000, "a");
	look();
	assert_int_equal(top.now.transfers.count, 1);
	/* Nothing to compare with: the kernel's average. */
	assert_true(top.now.transfers.rows[0].rate == 100);
	fake_netlink_reset();
	put_transfer(4, 500, 4000, "b");
	put_transfer(5, 1000000000, 4000, "a");
	usleep(20000);
	look();
	assert_int_equal(top.now.transfers.count, 2);
	assert_int_equal(top.now.transfers.rows[0].id, 5);
	assert_true(top.now.transfers.rows[0].rate > 1e9);
	assert_true(top.now.transfers.rows[1].rate == 100);
	assert_int_equal(top.looks, 1);
}

static void test_sort(void **state)
{
	(void)state;
	put_transfer(1, 10, 0, "a");
	put_transfer(2, 30, 0, "b");
	put_transfer(3, 20, 0, "c");
	look();
	top.sort = TOP_BY_BYTES;
	top_sort(&top);
	assert_int_equal(top.now.transfers.rows[0].id, 2);
	assert_int_equal(top.now.transfers.rows[2].id, 1);
	top.sort = TOP_BY_ID;
	top_sort(&top);
	assert_int_equal(top.now.transfers.rows[0].id, 1);
	/* Equal rates: by id, so that nothing jumps about. */
	top.sort = TOP_BY_RATE;
	top_sort(&top);
	assert_int_equal(top.now.transfers.rows[0].id, 1);
	assert_int_equal(top.now.transfers.rows[2].id, 3);
}

/* A look that fails leaves what is known. */
static void test_refused(void **state)
{
	struct fault f;

	(void)state;
	put_transfer(5, 1000, 4000, "a");
	look();
	fake_netlink.error = -12;
	assert_int_equal(top_look(&top, &nl, &f), -1);
	assert_int_equal(top.now.transfers.count, 1);
	assert_int_equal(top.now.transfers.rows[0].id, 5);
}

/* Whatever the size of the window, nothing is beyond it. */
static void test_fits(void **state)
{
	static const int sizes[][2] = {
		{ 200, 60 }, { 80, 24 }, { 40, 12 }, { 20, 9 }, { 10, 3 }, { 1, 1 },
	};
	const char *line, *end;
	unsigned int i, k;
	int lines;

	(void)state;
	for (i = 0; i < 50; i++)
		put_transfer(i + 1, i, 100, "a name that is long enough \xc3\xa4 to be cut off");
	look();
	usleep(10000);
	look();
	for (i = 0; i < COUNT(sizes); i++) {
		for (k = 0; k < 2; k++) {
			lines = 0;
			for (line = drawn(sizes[i][0], sizes[i][1], k); line; line = end) {
				end = strchr(line, '\n');
				check_row(frame_width(line, end ? (size_t)(end - line) : strlen(line)) <=
					  sizes[i][0], "%d columns: '%s'", sizes[i][0], line);
				lines++;
				end = end ? end + 1 : NULL;
			}
			check_row(lines == sizes[i][1], "%d lines, not %d", lines, sizes[i][1]);
		}
	}
}

static void test_looks(void **state)
{
	(void)state;
	put_transfer(5, 1000, 4000, "/data/\033[2Ja");
	look();
	drawn(120, 24, false);
	assert_non_null(strstr(text, "###.......  25%"));
	assert_non_null(strstr(text, "/data/?[2Ja"));
	assert_non_null(strstr(text, "sort (by rate)"));
	drawn(120, 24, true);
	assert_non_null(strstr(text, "███░░░░░░░  25%"));
	/* The usual terminal has room for where the bytes go. */
	drawn(80, 24, false);
	assert_non_null(strstr(text, "/data/?[2Ja"));
}

/* Counters that start again are those of another module. */
static void test_since(void **state)
{
	struct stats before = { .source = { 100, 90, 10 }, .transfers = 7 }, grown;
	struct stats now = { .source = { 300, 200, 100 }, .transfers = 3 };

	(void)state;
	stats_since(&grown, &now, &before);
	assert_int_equal(grown.source.bytes, 200);
	assert_int_equal(grown.source.zerocopy, 110);
	assert_int_equal(grown.transfers, 3);
	assert_true(stats_zerocopy(&grown) == 0.55);
	assert_true(stats_zerocopy(&(struct stats){ }) == 1);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rates),
		TEST(test_sort),
		TEST(test_refused),
		TEST(test_fits),
		TEST(test_looks),
		TEST(test_since),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
