// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include "geometry.h"

#define SIZE	GEOMETRY_BUF_SIZE
#define N	GEOMETRY_COUNT

static const struct {
	uint32_t chunk, depth;
	uint64_t expected;
	uint32_t page_size;
	uint32_t buf_size, count;
} choices[] = {
	/* unknown and large: the default */
	{ 0, 0, GEOMETRY_UNKNOWN, 4096, SIZE, N },
	{ 0, 0, 5 * GIB, 4096, SIZE, N },
	{ 0, 0, N * SIZE, 4096, SIZE, N },
	{ 0, 0, N * SIZE + 1, 4096, SIZE, N },
	/* small: what holds it */
	{ 0, 0, 0, 4096, 4096, 1 },
	{ 0, 0, 1, 4096, 4096, 1 },
	{ 0, 0, 4096, 4096, 4096, 1 },
	{ 0, 0, 4097, 4096, 8192, 1 },
	{ 0, 0, 100000, 4096, 131072, 1 },
	{ 0, 0, SIZE, 4096, SIZE, 1 },
	{ 0, 0, SIZE + 1, 4096, SIZE, 2 },
	{ 0, 0, 1, 65536, 65536, 1 },
	/* asked for: exactly that */
	{ 4096, 0, GEOMETRY_UNKNOWN, 4096, 4096, N },
	{ 4096, 0, 8192, 4096, 4096, 2 },
	{ 0, 16, GEOMETRY_UNKNOWN, 4096, SIZE, 16 },
	{ 0, 3, 1, 4096, 4096, 3 },
	{ 4 * MIB, 8, 1, 4096, 4 * MIB, 8 },
};

static void test_choose(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(choices); i++) {
		struct geometry g = geometry_choose(choices[i].chunk, choices[i].depth,
						    choices[i].expected, choices[i].page_size);

		check_row(g.buf_size == choices[i].buf_size && g.count == choices[i].count,
			  "row %zu: %u x %u", i, g.count, g.buf_size);
		assert_int_equal(g.fixed_size, choices[i].chunk != 0);
		assert_int_equal(g.fixed_count, choices[i].depth != 0);
	}
}

/* The promise of the manual: a default transfer fits the default limit. */
static void test_at_most_8_mib(void **state)
{
	uint64_t expected;

	(void)state;
	for (expected = 0; expected < 20 * MIB; expected += 4093) {
		struct geometry g = geometry_choose(0, 0, expected, 4096);

		assert_true((uint64_t)g.count * g.buf_size <= 8 * MIB);
		assert_true(g.buf_size >= GEOMETRY_MIN_BUF && g.buf_size <= GEOMETRY_MAX_BUF);
		assert_int_equal(g.buf_size & (g.buf_size - 1), 0);
		assert_true((uint64_t)g.count * g.buf_size >= expected || g.count == N);
	}
}

/* Two buffers as long as they are of any use, for one to fill and one to drain. */
static void test_shrink_order(void **state)
{
	static const struct {
		uint32_t count, buf_size;
	} ladder[] = {
		{ 2, 2 * MIB }, { 2, 1 * MIB }, { 2, 512 * KIB }, { 2, 256 * KIB },
		{ 1, 256 * KIB }, { 1, 128 * KIB },
	};
	struct geometry g = { .count = 4, .buf_size = 2 * MIB };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(ladder); i++) {
		assert_true(geometry_shrink(&g, 4096));
		assert_int_equal(g.count, ladder[i].count);
		assert_int_equal(g.buf_size, ladder[i].buf_size);
	}
}

/* Down to one page, never up, never for ever. */
static void test_shrink_default(void **state)
{
	struct geometry g = geometry_choose(0, 0, GEOMETRY_UNKNOWN, 4096);
	uint64_t before = (uint64_t)g.count * g.buf_size, now;
	int steps = 0;

	(void)state;
	while (geometry_shrink(&g, 4096)) {
		now = (uint64_t)g.count * g.buf_size;
		assert_true(now < before);
		assert_int_equal(g.buf_size & (g.buf_size - 1), 0);
		before = now;
		assert_true(++steps < 32);
	}
	assert_int_equal(g.count, 1);
	assert_int_equal(g.buf_size, 4096);
}

static const struct {
	uint32_t chunk, depth;
	uint32_t buf_size, count;
} floors[] = {
	{ 1 * MIB, 0, 1 * MIB, 1 },
	{ 0, 7, 4096, 7 },
	{ 1 * MIB, 7, 1 * MIB, 7 },
};

static void test_shrink_keeps_what_was_asked(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(floors); i++) {
		struct geometry g = geometry_choose(floors[i].chunk, floors[i].depth,
						    GEOMETRY_UNKNOWN, 4096);

		while (geometry_shrink(&g, 4096))
			;
		check_row(g.buf_size == floors[i].buf_size && g.count == floors[i].count,
			  "row %zu: %u x %u", i, g.count, g.buf_size);
	}
}

static void test_shrink_stops_at_the_page(void **state)
{
	struct geometry g = geometry_choose(0, 0, 1, 65536);

	(void)state;
	assert_false(geometry_shrink(&g, 65536));
	assert_int_equal(g.buf_size, 65536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_at_most_8_mib),
		cmocka_unit_test(test_shrink_order),
		cmocka_unit_test(test_shrink_default),
		cmocka_unit_test(test_shrink_keeps_what_was_asked),
		cmocka_unit_test(test_shrink_stops_at_the_page),
	};

	return cmocka_run_group_tests_name("geometry", tests, NULL, NULL);
}
