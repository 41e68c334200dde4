// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "query.h"

static const struct zcdev_query answer = {
	.out_ioctls = 0xf,
	.out_pool_flags = ZCDEV_POOL_CONTIGUOUS,
	.out_transfer_flags = ZCDEV_TRANSFER_STRICT | ZCDEV_TRANSFER_FAIL_FAST,
	.out_sources = 1U << ZCDEV_KIND_FILE | 1U << ZCDEV_KIND_BLOCK,
	.out_sinks = 1U << ZCDEV_KIND_FILE | 1U << ZCDEV_KIND_TCP | 1U << 20,
	.out_min_buf_size = 4096,
	.out_max_buf_size = 4194304,
	.out_default_buf_size = 1048576,
	.out_default_count = 8,
	.out_max_sinks = 16,
	.out_max_depth = 64,
	.out_max_pool_bytes = 1ULL << 30,
	.out_max_total_bytes = 2ULL << 30,
	.out_total_bytes = 8388608,
};

static char *printed(void (*print)(FILE *, const struct zcdev_query *))
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	print(out, &answer);
	fclose(out);
	return text;
}

static void test_human(void **state)
{
	char *text = printed(query_human);

	(void)state;
	assert_string_equal(text,
		"sources          regular file, block device\n"
		"sinks            regular file, TCP socket, bit 20\n"
		"ioctls           QUERY, POOL_CREATE, POOL_INFO, TRANSFER\n"
		"pool flags       contiguous\n"
		"transfer flags   strict, fail-fast\n"
		"end flags        none\n"
		"buffer size      4.0 KiB to 4.0 MiB\n"
		"default pool     8 x 1.0 MiB\n"
		"limits           1.0 GiB a pool, 2.0 GiB together, 8.0 MiB in use\n"
		"a transfer       16 sinks, 64 buffers at once\n");
	free(text);
}

static void test_json(void **state)
{
	char *text = printed(query_json);
	struct json_object *root = json_tokener_parse(text), *object;

	(void)state;
	assert_non_null(root);
	assert_true(json_object_object_get_ex(root, "sinks", &object));
	assert_string_equal(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN),
			    "[\"file\",\"tcp\",\"bit-20\"]");
	assert_true(json_object_object_get_ex(root, "transfer_flags", &object));
	assert_string_equal(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN),
			    "[\"strict\",\"fail-fast\"]");
	assert_true(json_object_object_get_ex(root, "end_flags", &object));
	assert_int_equal(json_object_array_length(object), 0);
	assert_true(json_object_object_get_ex(root, "max_total_bytes", &object));
	assert_int_equal(json_object_get_int64(object), 2LL << 30);
	json_object_put(root);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_human),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
