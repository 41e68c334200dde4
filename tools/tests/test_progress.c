// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include "progress.h"

#define MIB	(1ULL << 20)

static const struct {
	int width;
	uint64_t bytes, total;
	double seconds;
	const char *line;
} rows[] = {
	{ 79, 64 * MIB, 256 * MIB, 1,
	  "[=====>              ]   25%  64.0 MiB of 256.0 MiB  64.0 MiB/s  0:03 left" },
	{ 79, 256 * MIB, 256 * MIB, 2,
	  "[====================]  100%  256.0 MiB of 256.0 MiB  128 MiB/s  0:00 left" },
	{ 50, 64 * MIB, 256 * MIB, 1, " 25%  64.0 MiB of 256.0 MiB  64.0 MiB/s  0:03 left" },
	{ 9, 64 * MIB, 256 * MIB, 1, " 25%  64." },
	{ 0, 64 * MIB, 256 * MIB, 1, "" },
	/* not begun, stuck, a file that grew, an empty one */
	{ 60, 0, 256 * MIB, 0, "  0%  0 B of 256.0 MiB  0 B/s  -:-- left" },
	{ 44, 1, 1ULL << 40, 9, "  0%  1 B of 1.0 TiB  0 B/s  99:59:59 left" },
	{ 50, 3 * MIB, 2 * MIB, 1, "100%  3.0 MiB of 2.0 MiB  3.00 MiB/s  0:00 left" },
	{ 50, 0, 0, 1, "100%  0 B of 0 B  0 B/s  -:-- left" },
	/* of unknown length */
	{ 79, 64 * MIB, PROGRESS_UNKNOWN, 3661, "64.0 MiB  17.9 KiB/s  1:01:01" },
	{ 79, 0, PROGRESS_UNKNOWN, 0, "0 B  0 B/s  0:00" },
};

static void test_lines(void **state)
{
	char line[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		progress_format(line, sizeof(line), rows[i].width, rows[i].bytes, rows[i].total,
				rows[i].seconds);
		check_row(!strcmp(line, rows[i].line), "row %zu: '%s'", i, line);
	}
}

/* Whatever the numbers: never wider than the terminal, never beyond the buffer. */
static void test_any_width(void **state)
{
	char line[256];
	uint64_t total;
	int width;

	(void)state;
	for (width = 0; width < 400; width++) {
		for (total = 1; total < 1ULL << 62; total *= 1000) {
			progress_format(line, sizeof(line), width, total / 3, total, 0.7);
			assert_true(strlen(line) <= (size_t)width);
			assert_true(strlen(line) < sizeof(line));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_any_width),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
