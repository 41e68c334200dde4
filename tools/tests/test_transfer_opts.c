// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include "transfer_opts.h"

#define MAX_ARGS	32

/* Splits at spaces; getopt may reorder the array. */
static int parse(struct transfer_opts *opts, const char *line, struct fault *f)
{
	static char text[512];
	char *argv[MAX_ARGS + 1] = { "transfer" };
	char *word, *save;
	int argc = 1;

	snprintf(text, sizeof(text), "%s", line);
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	return transfer_opts_parse(opts, argc, argv, f);
}

static void parse_ok(struct transfer_opts *opts, const char *line)
{
	struct fault f;

	check_row(!parse(opts, line, &f), "'%s' refused: %s", line, f.text);
}

static void test_defaults(void **state)
{
	struct transfer_opts o;

	(void)state;
	parse_ok(&o, "a b");
	assert_true(o.len == ZCDEV_TO_END);
	assert_true(o.in_offset == TRANSFER_NO_OFFSET);
	assert_true(o.out_offset == TRANSFER_NO_OFFSET);
	assert_int_equal(o.chunk, 0);
	assert_int_equal(o.depth, 0);
	assert_int_equal(o.end_flags, 0);
	assert_null(o.header);
	assert_null(o.trailer);
	assert_int_equal(o.rate, 0);
	assert_true(o.latency_ns == TRANSFER_NO_LATENCY);
	assert_int_equal(o.copy_below, 0);
	assert_false(o.strict || o.keep_going || o.no_sync || o.json || o.quiet || o.no_progress || o.help);
	assert_int_equal(o.sink_count, 1);
	assert_string_equal(o.ends[0].text, "a");
	assert_string_equal(o.ends[1].text, "b");
}

static void test_all_set(void **state)
{
	struct transfer_opts o;

	(void)state;
	parse_ok(&o, "-s 1M --in-offset 4K --out-offset=0 --via direct --strict --depth 3 "
		     "--chunk 64K --no-sync -j --no-progress a b");
	assert_int_equal(o.len, 1048576);
	assert_int_equal(o.in_offset, 4096);
	assert_int_equal(o.out_offset, 0);
	assert_int_equal(o.end_flags, ZCDEV_END_DIRECT);
	assert_int_equal(o.depth, 3);
	assert_int_equal(o.chunk, 65536);
	assert_true(o.strict && o.no_sync && o.json && o.no_progress);
	assert_false(o.quiet);
}

static void test_stream_options(void **state)
{
	struct transfer_opts o;

	(void)state;
	parse_ok(&o, "--header h --trailer ./t --limit-rate 10M --latency 20ms "
		     "--copy-below 64K - tcp:h:1");
	assert_string_equal(o.header, "h");
	assert_string_equal(o.trailer, "./t");
	assert_int_equal(o.rate, 10485760);
	assert_int_equal(o.latency_ns, 20000000);
	assert_int_equal(o.copy_below, 65536);
	parse_ok(&o, "--latency 0s --copy-below 0 fd:0 unix:s");
	assert_int_equal(o.latency_ns, 0);
	assert_int_equal(o.copy_below, 1);
	parse_ok(&o, "--copy-below 4294967295 a fd:1");
	assert_int_equal(o.copy_below, UINT32_MAX);
	parse_ok(&o, "pool:3:0:4K pool:4:0 vsock:2:1");
	assert_int_equal(o.ends[0].len, 4096);
	assert_int_equal(o.sink_count, 2);
}

static void test_spellings(void **state)
{
	struct transfer_opts o;

	(void)state;
	parse_ok(&o, "a b -q");
	assert_true(o.quiet);
	parse_ok(&o, "a --quiet b --size=7");
	assert_true(o.quiet);
	assert_int_equal(o.len, 7);
	parse_ok(&o, "-s7 a b");
	assert_int_equal(o.len, 7);
	parse_ok(&o, "-s 0 a b");
	assert_int_equal(o.len, 0);
	parse_ok(&o, "--via auto --json - -");
	assert_true(o.json);
	assert_int_equal(o.ends[0].kind, ENDPOINT_STDIO);
	assert_int_equal(o.ends[1].kind, ENDPOINT_STDIO);
	parse_ok(&o, "--via buffered a b");
	assert_int_equal(o.end_flags, ZCDEV_END_BUFFERED);
	assert_false(o.page_cache);
	assert_false(o.solid);
	parse_ok(&o, "--page-cache --sparse never a b");
	assert_true(o.page_cache);
	assert_true(o.solid);
	parse_ok(&o, "--sparse never --sparse=auto --via auto --page-cache a b");
	assert_false(o.solid);
	parse_ok(&o, "-- --strict -j");
	assert_false(o.strict || o.json);
	assert_string_equal(o.ends[0].text, "--strict");
	parse_ok(&o, "--help");
	assert_true(o.help);
	parse_ok(&o, "-h too many ends here");
	assert_true(o.help);
	parse_ok(&o, "--keep-going a b");
	assert_true(o.keep_going);
	parse_ok(&o, "--in-offset 1 a tcp:h:1");
	parse_ok(&o, "--out-offset 1 - b");
}

static void test_several(void **state)
{
	struct transfer_opts o;

	(void)state;
	parse_ok(&o, "a b - tcp:h:1 --strict tcp:h:1");
	assert_int_equal(o.sink_count, 4);
	assert_string_equal(o.ends[0].text, "a");
	assert_string_equal(o.ends[1].text, "b");
	assert_int_equal(o.ends[2].kind, ENDPOINT_STDIO);
	assert_int_equal(o.ends[4].kind, ENDPOINT_TCP);
	parse_ok(&o, "a 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
	assert_int_equal(o.sink_count, 16);
	assert_string_equal(o.ends[16].text, "16");
}

static const struct {
	const char *line;
	const char *word;
} bad[] = {
	{ "", "SRC and DST" },
	{ "a", "SRC and DST" },
	{ "a 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "up to 16 DST, but '17'" },
	{ "a b c b", "'b' can be DST only once" },
	{ "- - b -", "'-' can be DST only once" },
	{ "--keep-going=1 a b", "'--keep-going' takes no" },
	{ "--out-offset 0 a b unix:s", "--out-offset" },
	{ "--nope a b", "'--nope'" },
	{ "--stric a b", "'--stric'" },
	{ "--strictly a b", "'--strictly'" },
	{ "--nope=3 a b", "'--nope'" },
	{ "-x a b", "'-x'" },
	{ "-jx a b", "'-x'" },
	{ "a b -s", "'-s' needs" },
	{ "a b --size", "'--size' needs" },
	{ "--strict=1 a b", "'--strict' takes no" },
	{ "-s x a b", "'x'" },
	{ "-s -1 a b", "'-1'" },
	{ "-s 1.5G a b", "'1.5G'" },
	{ "-s 9000000T a b", "more than a file" },
	{ "-s 18446744073709551615 a b", "more than a file" },
	{ "--in-offset z a b", "--in-offset" },
	{ "--out-offset z a b", "--out-offset" },
	{ "--via fast a b", "'fast'" },
	{ "--via Direct a b", "'Direct'" },
	{ "--sparse a b", "'a'" },
	{ "--sparse always a b", "'always'" },
	{ "--page-cache --via direct a b", "--via" },
	{ "--via buffered --page-cache a b", "--via" },
	{ "--depth 0 a b", "--depth" },
	{ "--depth 1K a b", "--depth" },
	{ "--depth 4294967296 a b", "--depth" },
	{ "--chunk 0 a b", "--chunk" },
	{ "--chunk 2K a b", "--chunk" },
	{ "--chunk 8M a b", "--chunk" },
	{ "--chunk 5000 a b", "--chunk" },
	{ "--chunk 4G a b", "--chunk" },
	{ "--strict --via buffered a b", "--strict" },
	{ "-j -q a b", "-q" },
	{ "--in-offset 0 tcp:h:1 b", "--in-offset" },
	{ "--out-offset 0 a unix:s", "--out-offset" },
	{ "--limit-rate 0 a b", "--limit-rate 0" },
	{ "--limit-rate fast a b", "'fast'" },
	{ "--limit-rate 1M/s a b", "'1M/s'" },
	{ "--latency 20 - b", "'20'" },
	{ "--latency 1h - b", "'1h'" },
	{ "--latency 20000000000s - b", "--latency" },
	{ "--copy-below x a tcp:h:1", "'x'" },
	{ "--copy-below 4G a tcp:h:1", "less than 4G" },
	{ "--copy-below 4K a b ./c", "--copy-below is for sockets" },
	{ "a b --header", "'--header' needs" },
	{ "a b --trailer", "'--trailer' needs" },
	{ "--in-offset 0 pool:3:0 b", "an offset already" },
	{ "--in-offset 0 vsock:2:1 b", "a socket" },
	{ "--out-offset 0 a pool:3:0", "an offset already" },
	{ "a pool:3:0:4K", "only SRC" },
	{ "a fd:3 fd:3", "'fd:3' can be DST only once" },
	{ "fd: a", "descriptor" },
	{ "tcp:h a", "HOST:PORT" },
	{ "a tcp-listen:", "port" },
};

static void test_bad(void **state)
{
	struct transfer_opts o;
	struct fault f;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		check_row(parse(&o, bad[i].line, &f), "'%s' accepted", bad[i].line);
		assert_int_equal(f.status, STATUS_USAGE);
		check_sentence(f.text);
		check_row(strstr(f.text, bad[i].word), "'%s' says: %s", bad[i].line, f.text);
	}
}

/* What the manual has, the help has. */
static void test_help(void **state)
{
	static const char * const words[] = {
		"-s, --size SIZE", "--in-offset N", "--out-offset N", "--via HOW", "--strict",
		"--page-cache", "--sparse WHEN",
		"--keep-going", "DST...", "up to 16",
		"--depth N", "--chunk SIZE", "--no-sync", "-j, --json", "-q, --quiet",
		"--no-progress", "-h, --help", "tcp-listen:", "unix-listen:",
		"--header FILE", "--trailer FILE", "--limit-rate RATE", "--latency TIME",
		"--copy-below SIZE", "vsock:CID:PORT", "vsock-listen:", "fd:N", "pool:FD:",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(words); i++)
		check_row(strstr(transfer_opts_help, words[i]), "no %s", words[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_set),
		cmocka_unit_test(test_stream_options),
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests_name("transfer_opts", tests, NULL, NULL);
}
