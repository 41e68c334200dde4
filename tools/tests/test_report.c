// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "names.h"
#include "report.h"

static const char * const names[] = { "a.img", "tcp:h:1" };

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

static const struct row {
	struct report report;
	const char *human;
} rows[] = {
	{
		.report = { .seconds = 0.21, .bytes = 134217728, .sync = REPORT_SYNC_DONE,
			    .ends = clean },
		.human = "134217728 bytes (128.0 MiB) in 0.21 s, 610 MiB/s, synced\n"
			 "  in: direct, 134217728 zero-copied, 0 copied"
			 "    out: TCP by reference, 134217728 zero-copied, 0 copied\n",
	},
	{
		.report = { .seconds = 1, .bytes = 5000, .sync = REPORT_SYNC_SKIPPED,
			    .ends = mixed, .error = EPIPE },
		.human = "5000 bytes (4.9 KiB) in 1.00 s, 4.88 KiB/s, not synced (--no-sync)\n"
			 "  in: device direct and buffered, 0 zero-copied, 4096 unverified, 904 copied"
			 " (the file system does not say whether direct I/O copies; parts of blocks)"
			 "    out: UNIX by copy, 0 zero-copied, 5000 copied"
			 " (so few that a copy is cheaper)\n",
	},
	{
		.report = { .seconds = 0, .bytes = 0, .sync = REPORT_SYNC_FAILED,
			    .ends = nothing },
		.human = "0 bytes in 0.00 s, not synced\n",
	},
	{
		.report = { .seconds = 0.001, .bytes = 0, .ends = nothing },
		.human = "0 bytes in 0.00 s\n",
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
	report.sink_count = 1;
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
	report.message = "it broke";
	check_members(&report, want, COUNT(want));
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

/* Scripts match these: a change here breaks them. */
static const struct {
	const struct names *names;
	const char *tokens;
} tables[] = {
	{ &names_kinds, "none file block tcp unix" },
	{ &names_paths, "direct buffered reference copy" },
	{ &names_reasons, "asked no-direct unverified unaligned fell-back append no-sg protocol "
			  "small dax" },
	{ &names_ioctls, "query pool-create pool-info transfer" },
	{ &names_pool_flags, "contiguous dma32" },
	{ &names_transfer_flags, "strict" },
	{ &names_end_flags, "offset direct buffered" },
};

static void test_tokens(void **state)
{
	const struct name *name;
	unsigned int bit;
	char tokens[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(tables); i++) {
		*tokens = 0;
		for (bit = 0; (name = names_find(tables[i].names, bit)); bit++) {
			strcat(tokens, bit ? " " : "");
			strcat(tokens, name->token);
		}
		assert_string_equal(tokens, tables[i].tokens);
	}
}

static void test_words(void **state)
{
	char buf[64];

	(void)state;
	names_words(buf, sizeof(buf), &names_paths, 0, ", ");
	assert_string_equal(buf, "");
	names_words(buf, sizeof(buf), &names_paths,
		    ZCDEV_PATH_DIRECT | ZCDEV_PATH_COPY | 1U << 20, ", ");
	assert_string_equal(buf, "direct, by copy, bit 20");
	names_words(buf, 10, &names_paths, UINT32_MAX, ", ");
	assert_string_equal(buf, "direct, b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_human),
		cmocka_unit_test(test_json_good),
		cmocka_unit_test(test_json_failed),
		cmocka_unit_test(test_json_unknown),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
