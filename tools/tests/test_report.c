// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "report.h"

static const char * const names[] = { "a.img", "tcp:h:1", "b", "c" };

static const struct zcdev_end clean[] = {
	{ .out_kind = ZCDEV_KIND_FILE, .out_paths = ZCDEV_PATH_DIRECT,
	  .out_bytes = 134217728, .out_zerocopy = 134217728 },
	{ .out_kind = ZCDEV_KIND_TCP, .out_paths = ZCDEV_PATH_REFERENCE,
	  .out_bytes = 134217728, .out_zerocopy = 134217728 },
};

static const struct zcdev_end mixed[] = {
	{ .out_kind = ZCDEV_KIND_BLOCK, .out_paths = ZCDEV_PATH_DIRECT | ZCDEV_PATH_BUFFERED,
	  .out_reasons = ZCDEV_REASON_UNALIGNED | ZCDEV_REASON_UNVERIFIED,
	  .out_bytes = 5000, .out_zerocopy = 0, .out_unverified = 4096, .out_copied = 904 },
	{ .out_kind = ZCDEV_KIND_UNIX, .out_paths = ZCDEV_PATH_COPY,
	  .out_reasons = ZCDEV_REASON_SMALL, .out_error = EPIPE,
	  .out_bytes = 5000, .out_copied = 5000 },
};

static const struct zcdev_end nothing[2];

static const struct zcdev_end several[] = {
	{ .out_kind = ZCDEV_KIND_FILE, .out_paths = ZCDEV_PATH_DIRECT,
	  .out_bytes = 8192, .out_zerocopy = 8192 },
	{ .out_kind = ZCDEV_KIND_TCP, .out_paths = ZCDEV_PATH_REFERENCE, .out_error = EPIPE,
	  .out_bytes = 100, .out_zerocopy = 100 },
	{ .out_kind = ZCDEV_KIND_FILE, .out_paths = ZCDEV_PATH_BUFFERED,
	  .out_reasons = ZCDEV_REASON_NO_DIRECT, .out_bytes = 8192, .out_copied = 8192 },
	{ },
};

static const struct zcdev_end cloned[] = {
	{ .out_kind = ZCDEV_KIND_FILE, .out_paths = ZCDEV_PATH_CLONE,
	  .out_bytes = 5000, .out_offloaded = 5000 },
	{ .out_kind = ZCDEV_KIND_FILE, .out_paths = ZCDEV_PATH_CLONE,
	  .out_bytes = 5000, .out_offloaded = 5000 },
};

static const struct zcdev_end stream[] = {
	{ .out_kind = ZCDEV_KIND_VSOCK, .out_paths = ZCDEV_PATH_COPY,
	  .out_reasons = ZCDEV_REASON_STREAM, .out_bytes = 900, .out_copied = 900 },
	{ .out_kind = ZCDEV_KIND_KTLS, .out_paths = ZCDEV_PATH_TRANSFORM, .out_error = EPIPE,
	  .out_reasons = ZCDEV_REASON_ENCRYPTED, .out_bytes = 700, .out_copied = 700 },
};

static const struct zcdev_end header_only[] = {
	{ .out_kind = ZCDEV_KIND_PIPE },
	{ .out_kind = ZCDEV_KIND_CHAR, .out_paths = ZCDEV_PATH_COPY, .out_bytes = 20,
	  .out_reasons = ZCDEV_REASON_DRIVER, .out_copied = 20 },
};

static const enum report_sync none[] = { 0, REPORT_SYNC_NONE };
static const enum report_sync done[] = { 0, REPORT_SYNC_DONE };
static const enum report_sync skipped[] = { 0, REPORT_SYNC_SKIPPED };
static const enum report_sync failed[] = { 0, REPORT_SYNC_FAILED };
static const enum report_sync mixed_sync[] = {
	0, REPORT_SYNC_NONE, REPORT_SYNC_DONE, REPORT_SYNC_NONE,
};

static const struct fault no_faults[COUNT(names)];

static const struct fault faults[] = {
	{ },
	{ .status = STATUS_FAILED, .err = EPIPE, .text = "it broke" },
	{ },
	{ .status = STATUS_FAILED, .err = ECONNREFUSED, .text = "nobody listens" },
};

static const struct row {
	struct report report;
	const char *human;
} rows[] = {
	{
		.report = { .seconds = 0.21, .bytes = 134217728, .sync = done,
			    .ends = clean },
		.human = "134217728 bytes (128.0 MiB) in 0.21 s, 610 MiB/s, synced\n"
			 "  in: direct, 134217728 zero-copied, 0 copied"
			 "    out: TCP by reference, 134217728 zero-copied, 0 copied\n",
	},
	{
		.report = { .seconds = 1, .bytes = 5000, .sync = skipped,
			    .ends = mixed, .faults = faults, .failure = &faults[1] },
		.human = "5000 bytes (4.9 KiB) in 1.00 s, 4.88 KiB/s, not synced (--no-sync)\n"
			 "  in: device direct and buffered, 0 zero-copied, 4096 unverified, 904 copied"
			 " (the file system does not say whether direct I/O copies; parts of blocks)"
			 "    out: UNIX by copy, 0 zero-copied, 5000 copied"
			 " (so few that a copy is cheaper)\n",
	},
	{
		.report = { .seconds = 0, .bytes = 0, .sync = failed,
			    .ends = nothing },
		.human = "0 bytes in 0.00 s, not synced\n",
	},
	{
		.report = { .seconds = 0.001, .bytes = 0, .ends = nothing },
		.human = "0 bytes in 0.00 s\n",
	},
	{
		.report = { .seconds = 1, .bytes = 5000, .sync = done, .ends = cloned },
		.human = "5000 bytes (4.9 KiB) in 1.00 s, 4.88 KiB/s, synced\n"
			 "  in: cloned, 0 zero-copied, 0 copied, 5000 offloaded"
			 "    out: cloned, 0 zero-copied, 0 copied, 5000 offloaded\n",
	},
	{
		.report = { .seconds = 1, .bytes = 700, .left = 200, .ends = stream },
		.human = "700 bytes in 1.00 s, 700 B/s\n"
			 "  in: vsock by copy, 0 zero-copied, 900 copied"
			 " (a stream is copied into the pool)"
			 "    out: kTLS encrypted by the CPU, 0 zero-copied, 700 copied"
			 " (encryption in software)\n"
			 "  left: 200 bytes were taken from a.img but not delivered\n",
	},
	{
		.report = { .seconds = 1, .ends = header_only },
		.human = "0 bytes in 1.00 s\n"
			 "  in: nothing    out: device by copy, 0 zero-copied, 20 copied"
			 " (the driver does not say whether it copies)\n",
	},
	{
		.report = { .seconds = 1, .bytes = 8192, .ends = several, .sink_count = 3,
			    .sync = mixed_sync, .faults = faults, .failure = &faults[1] },
		.human = "8192 bytes (8.0 KiB) in 1.00 s, 8.00 KiB/s\n"
			 "  in: direct, 8192 zero-copied, 0 copied\n"
			 "  out: tcp:h:1: TCP by reference, 100 zero-copied, 0 copied, failed\n"
			 "  out: b: buffered, 0 zero-copied, 8192 copied"
			 " (the file has no direct I/O), synced\n"
			 "  out: c: nothing, failed\n",
	},
};

/* What @print writes, in memory that the caller frees. */
static char *printed(void (*print)(FILE *, const struct report *), const struct report *row)
{
	struct report report = *row;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	report.names = names;
	if (!report.sink_count)
		report.sink_count = 1;
	if (!report.sync)
		report.sync = none;
	if (!report.faults)
		report.faults = no_faults;
	print(out, &report);
	fclose(out);
	return text;
}

static void test_human(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		char *text = printed(report_human, &rows[i].report);

		assert_string_equal(text, rows[i].human);
		free(text);
	}
}

/* The member at a path such as "sinks/0/copied". */
static struct json_object *member(struct json_object *root, const char *path)
{
	struct json_object *object;
	char pointer[64];

	snprintf(pointer, sizeof(pointer), "/%s", path);
	if (json_pointer_get(root, pointer, &object))
		fail_msg("no %s", path);
	return object;
}

static const char *text_of(struct json_object *root, const char *path)
{
	return json_object_to_json_string_ext(member(root, path), JSON_C_TO_STRING_PLAIN);
}

static struct json_object *parsed(const struct report *row)
{
	char *text = printed(report_json, row);
	struct json_object *root = json_tokener_parse(text);

	assert_non_null(root);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
	return root;
}

struct want {
	const char *path;
	const char *text;
};

static void check_members(const struct report *report, const struct want *want, size_t count)
{
	struct json_object *root = parsed(report);
	size_t i;

	for (i = 0; i < count; i++)
		check_row(!strcmp(text_of(root, want[i].path), want[i].text), "%s is %s, not %s",
			  want[i].path, text_of(root, want[i].path), want[i].text);
	json_object_put(root);
}

static void test_json_good(void **state)
{
	static const struct want want[] = {
		{ "bytes", "134217728" },
		{ "asked", "null" },
		{ "seconds", "0.210000" },
		{ "bytes_per_second", "639132038" },
		{ "synced", "true" },
		{ "error", "null" },
		{ "message", "null" },
		{ "source/end", "\"a.img\"" },
		{ "source/kind", "\"file\"" },
		{ "source/paths", "[\"direct\"]" },
		{ "source/reasons", "[]" },
		{ "source/bytes", "134217728" },
		{ "source/zerocopy", "134217728" },
		{ "source/unverified", "0" },
		{ "source/copied", "0" },
		{ "source/error", "null" },
		{ "sinks/0/end", "\"tcp:h:1\"" },
		{ "sinks/0/kind", "\"tcp\"" },
		{ "sinks/0/paths", "[\"reference\"]" },
		{ "pool/count", "4" },
		{ "pool/buf_size", "2097152" },
		{ "pool/contiguous", "3" },
	};
	struct report report = rows[0].report;

	(void)state;
	report.asked = ZCDEV_TO_END;
	report.pool.out_count = 4;
	report.pool.out_buf_size = 2097152;
	report.pool.out_contiguous = 3;
	check_members(&report, want, COUNT(want));
}

static void test_json_failed(void **state)
{
	static const struct want want[] = {
		{ "asked", "9999" },
		{ "synced", "false" },
		{ "error", "\"EPIPE\"" },
		{ "message", "\"it broke\"" },
		{ "source/paths", "[\"direct\",\"buffered\"]" },
		{ "source/reasons", "[\"unverified\",\"unaligned\"]" },
		{ "source/unverified", "4096" },
		{ "source/copied", "904" },
		{ "sinks/0/reasons", "[\"small\"]" },
		{ "sinks/0/error", "\"EPIPE\"" },
		{ "sinks/0/copied", "5000" },
		{ "pool", "null" },
	};
	struct report report = rows[1].report;

	(void)state;
	report.asked = 9999;
	check_members(&report, want, COUNT(want));
}

static void test_json_left(void **state)
{
	static const struct want want[] = {
		{ "bytes", "700" },
		{ "left", "200" },
		{ "source/kind", "\"vsock\"" },
		{ "source/bytes", "900" },
		{ "source/reasons", "[\"stream\"]" },
		{ "sinks/0/kind", "\"ktls\"" },
		{ "sinks/0/paths", "[\"transform\"]" },
		{ "sinks/0/offloaded", "0" },
	};
	const struct report report = { .bytes = 700, .left = 200, .ends = stream };

	(void)state;
	check_members(&report, want, COUNT(want));
}

static void test_json_offloaded(void **state)
{
	static const struct want want[] = {
		{ "left", "0" },
		{ "source/paths", "[\"clone\"]" },
		{ "source/offloaded", "5000" },
		{ "sinks/0/offloaded", "5000" },
	};
	const struct report report = { .bytes = 5000, .ends = cloned };

	(void)state;
	check_members(&report, want, COUNT(want));
}

/* Each has its own; the errno of c comes from where no kernel counted. */
static void test_json_several(void **state)
{
	static const struct want want[] = {
		{ "bytes", "8192" },
		{ "synced", "true" },
		{ "error", "\"EPIPE\"" },
		{ "message", "\"it broke\"" },
		{ "sinks/0/end", "\"tcp:h:1\"" },
		{ "sinks/0/bytes", "100" },
		{ "sinks/0/error", "\"EPIPE\"" },
		{ "sinks/0/message", "\"it broke\"" },
		{ "sinks/0/synced", "null" },
		{ "sinks/1/end", "\"b\"" },
		{ "sinks/1/bytes", "8192" },
		{ "sinks/1/error", "null" },
		{ "sinks/1/message", "null" },
		{ "sinks/1/synced", "true" },
		{ "sinks/2/end", "\"c\"" },
		{ "sinks/2/bytes", "0" },
		{ "sinks/2/error", "\"ECONNREFUSED\"" },
		{ "sinks/2/message", "\"nobody listens\"" },
	};

	(void)state;
	check_members(&rows[COUNT(rows) - 1].report, want, COUNT(want));
}

/* A socket has no disk: neither true nor false. A newer kernel has newer bits. */
static void test_json_unknown(void **state)
{
	static const struct zcdev_end ends[] = {
		{ .out_kind = 77, .out_paths = 1U << 31, .out_reasons = 1U << 30, .out_error = 4095 },
		{ .out_kind = ZCDEV_KIND_TCP },
	};
	static const struct want want[] = {
		{ "synced", "null" },
		{ "source/kind", "\"unknown\"" },
		{ "source/paths", "[\"bit-31\"]" },
		{ "source/reasons", "[\"bit-30\"]" },
		{ "source/error", "\"4095\"" },
		{ "bytes_per_second", "0" },
	};
	const struct report report = { .ends = ends };

	(void)state;
	check_members(&report, want, COUNT(want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_human),
		cmocka_unit_test(test_json_good),
		cmocka_unit_test(test_json_failed),
		cmocka_unit_test(test_json_left),
		cmocka_unit_test(test_json_offloaded),
		cmocka_unit_test(test_json_several),
		cmocka_unit_test(test_json_unknown),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
