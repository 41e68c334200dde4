// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <errno.h>

#include "units.h"

static const struct {
	const char *text;
	int ret;
	uint64_t bytes;
} sizes[] = {
	{ "0", 0, 0 },
	{ "1", 0, 1 },
	{ "4096", 0, 4096 },
	{ "007", 0, 7 },
	{ "1K", 0, 1024 },
	{ "1k", 0, 1024 },
	{ "64K", 0, 65536 },
	{ "2M", 0, 2097152 },
	{ "3G", 0, 3221225472 },
	{ "5T", 0, 5497558138880 },
	{ "1KiB", 0, 1024 },
	{ "8MiB", 0, 8388608 },
	{ "9223372036854775807", 0, INT64_MAX },
	{ "8388607T", 0, 8388607ULL << 40 },
	{ "9223372036854775808", -ERANGE, 0 },
	{ "18446744073709551615", -ERANGE, 0 },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "99999999999999999999999", -ERANGE, 0 },
	{ "8388608T", -ERANGE, 0 },
	{ "9007199254740992K", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "K", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "+1", -EINVAL, 0 },
	{ " 1", -EINVAL, 0 },
	{ "1 ", -EINVAL, 0 },
	{ "1 K", -EINVAL, 0 },
	{ "0x10", -EINVAL, 0 },
	{ "1.5M", -EINVAL, 0 },
	{ "1m", -EINVAL, 0 },
	{ "1B", -EINVAL, 0 },
	{ "1KB", -EINVAL, 0 },
	{ "1Ki", -EINVAL, 0 },
	{ "1KK", -EINVAL, 0 },
	{ "1P", -EINVAL, 0 },
	{ "1e3", -EINVAL, 0 },
	{ "all", -EINVAL, 0 },
};

static void test_parse_size(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		uint64_t bytes = 0;
		int ret = units_parse_size(sizes[i].text, &bytes);

		check_row(ret == sizes[i].ret, "'%s' returned %d", sizes[i].text, ret);
		check_row(ret || bytes == sizes[i].bytes, "'%s' is %lu", sizes[i].text, bytes);
	}
}

static const struct {
	const char *text;
	int ret;
	uint64_t count;
} counts[] = {
	{ "0", 0, 0 },
	{ "42", 0, 42 },
	{ "18446744073709551615", 0, UINT64_MAX },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "4K", -EINVAL, 0 },
	{ "", -EINVAL, 0 },
	{ "-0", -EINVAL, 0 },
};

static void test_parse_count(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(counts); i++) {
		uint64_t count = 0;
		int ret = units_parse_count(counts[i].text, &count);

		check_row(ret == counts[i].ret, "'%s' returned %d", counts[i].text, ret);
		check_row(ret || count == counts[i].count, "'%s' is %lu", counts[i].text, count);
	}
}

static const struct {
	const char *text;
	int ret;
	uint64_t ns;
} times[] = {
	{ "0s", 0, 0 },
	{ "1us", 0, 1000 },
	{ "500us", 0, 500000 },
	{ "20ms", 0, 20000000 },
	{ "1s", 0, 1000000000 },
	{ "9223372036s", 0, 9223372036000000000 },
	{ "9223372037s", -ERANGE, 0 },
	{ "18446744073709551616us", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "1", -EINVAL, 0 },
	{ "0", -EINVAL, 0 },
	{ "ms", -EINVAL, 0 },
	{ "1 ms", -EINVAL, 0 },
	{ "1ns", -EINVAL, 0 },
	{ "1m", -EINVAL, 0 },
	{ "1sec", -EINVAL, 0 },
	{ "-1s", -EINVAL, 0 },
	{ "0.5s", -EINVAL, 0 },
};

static void test_parse_time(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(times); i++) {
		uint64_t ns = 0;
		int ret = units_parse_time(times[i].text, &ns);

		check_row(ret == times[i].ret, "'%s' returned %d", times[i].text, ret);
		check_row(ret || ns == times[i].ns, "'%s' is %lu", times[i].text, ns);
	}
}

static const struct {
	uint64_t bytes;
	const char *text;
} sizes_out[] = {
	{ 0, "0 B" },
	{ 1023, "1023 B" },
	{ 1024, "1.0 KiB" },
	{ 1536, "1.5 KiB" },
	{ 1048575, "1.0 MiB" },
	{ 134217728, "128.0 MiB" },
	{ 5ULL << 30, "5.0 GiB" },
	{ UINT64_MAX, "16.0 EiB" },
};

static void test_format_size(void **state)
{
	char buf[UNITS_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(sizes_out); i++)
		assert_string_equal(units_size(buf, sizes_out[i].bytes), sizes_out[i].text);
}

static const struct {
	double rate;
	const char *text;
} rates_out[] = {
	{ 0, "0 B/s" },
	{ 512, "512 B/s" },
	{ 1000, "0.98 KiB/s" },
	{ 2048, "2.00 KiB/s" },
	{ 12.34 * 1048576, "12.3 MiB/s" },
	{ 610.4 * 1048576, "610 MiB/s" },
	{ 999.6 * 1048576, "0.98 GiB/s" },
	{ 9.5 * 1073741824, "9.50 GiB/s" },
	{ 9.999 * 1048576, "10.0 MiB/s" },
};

static void test_format_rate(void **state)
{
	char buf[UNITS_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rates_out); i++)
		assert_string_equal(units_rate(buf, rates_out[i].rate), rates_out[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_size),
		cmocka_unit_test(test_parse_count),
		cmocka_unit_test(test_parse_time),
		cmocka_unit_test(test_format_size),
		cmocka_unit_test(test_format_rate),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
