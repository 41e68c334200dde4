// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include "endpoint.h"

static const struct {
	const char *text;
	enum endpoint_kind kind;
	const char *path;
	const char *host;
	uint32_t port;
} good[] = {
	{ "-", ENDPOINT_STDIO, NULL, "", 0 },
	{ "file", ENDPOINT_PATH, "file", "", 0 },
	{ "/dev/vda", ENDPOINT_PATH, "/dev/vda", "", 0 },
	{ "./tcp:host:1", ENDPOINT_PATH, "./tcp:host:1", "", 0 },
	{ "./-", ENDPOINT_PATH, "./-", "", 0 },
	{ "tcp", ENDPOINT_PATH, "tcp", "", 0 },
	{ "a:b", ENDPOINT_PATH, "a:b", "", 0 },
	{ "TCP:host:1", ENDPOINT_PATH, "TCP:host:1", "", 0 },
	{ "tcp:host:9000", ENDPOINT_TCP, NULL, "host", 9000 },
	{ "tcp:127.0.0.1:1", ENDPOINT_TCP, NULL, "127.0.0.1", 1 },
	{ "tcp:[::1]:65535", ENDPOINT_TCP, NULL, "::1", 65535 },
	{ "tcp:[fe80::1%eth0]:80", ENDPOINT_TCP, NULL, "fe80::1%eth0", 80 },
	{ "tcp:[host]:80", ENDPOINT_TCP, NULL, "host", 80 },
	{ "tcp-listen:9000", ENDPOINT_TCP_LISTEN, NULL, "", 9000 },
	{ "tcp-listen::9000", ENDPOINT_TCP_LISTEN, NULL, "", 9000 },
	{ "tcp-listen:10.0.0.1:9000", ENDPOINT_TCP_LISTEN, NULL, "10.0.0.1", 9000 },
	{ "tcp-listen:[::]:9000", ENDPOINT_TCP_LISTEN, NULL, "::", 9000 },
	{ "unix:/run/s", ENDPOINT_UNIX, "/run/s", "", 0 },
	{ "unix:a:b", ENDPOINT_UNIX, "a:b", "", 0 },
	{ "unix-listen:s", ENDPOINT_UNIX_LISTEN, "s", "", 0 },
	{ "vsock:2:1000", ENDPOINT_VSOCK, NULL, "", 1000 },
	{ "vsock:3:4294967294", ENDPOINT_VSOCK, NULL, "", UINT32_MAX - 1 },
	{ "vsock-listen:1000", ENDPOINT_VSOCK_LISTEN, NULL, "", 1000 },
	{ "vsock-listen::0", ENDPOINT_VSOCK_LISTEN, NULL, "", 0 },
	{ "vsock-listen:2:1000", ENDPOINT_VSOCK_LISTEN, NULL, "", 1000 },
	{ "fd:3", ENDPOINT_FD, NULL, "", 0 },
	{ "pool:3:4K", ENDPOINT_POOL, NULL, "", 0 },
	{ "pool:3:0:1M", ENDPOINT_POOL, NULL, "", 0 },
	{ "./fd:3", ENDPOINT_PATH, "./fd:3", "", 0 },
};

static void test_good(void **state)
{
	struct endpoint end;
	struct fault f;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		check_row(!endpoint_parse(&end, good[i].text, &f), "'%s' refused: %s",
			  good[i].text, f.text);
		check_row(end.kind == good[i].kind, "'%s' is kind %d", good[i].text, end.kind);
		assert_string_equal(end.text, good[i].text);
		assert_string_equal(end.host, good[i].host);
		assert_int_equal(end.port, good[i].port);
		if (good[i].path)
			assert_string_equal(end.path, good[i].path);
		else
			assert_null(end.path);
	}
}

static void parse(struct endpoint *end, const char *text)
{
	struct fault f;

	check_row(!endpoint_parse(end, text, &f), "'%s' refused: %s", text, f.text);
}

static void test_numbers(void **state)
{
	struct endpoint end;

	(void)state;
	parse(&end, "vsock:2:1000");
	assert_int_equal(end.cid, 2);
	parse(&end, "vsock-listen:5:1000");
	assert_int_equal(end.cid, 5);
	parse(&end, "vsock-listen:1000");
	assert_int_equal(end.cid, UINT32_MAX);
	parse(&end, "fd:2147483647");
	assert_int_equal(end.fd, 2147483647);
	parse(&end, "pool:7:4K");
	assert_int_equal(end.fd, 7);
	assert_int_equal(end.offset, 4096);
	assert_true(end.len == ENDPOINT_NO_LEN);
	parse(&end, "pool:7:4096:0");
	assert_int_equal(end.len, 0);
}

static const struct {
	const char *text;
	const char *word;
} bad[] = {
	{ "", "empty" },
	{ "tcp:", "HOST:PORT" },
	{ "tcp:host", "HOST:PORT" },
	{ "tcp:host:", "port" },
	{ "tcp:host:0", "port" },
	{ "tcp:host:65536", "port" },
	{ "tcp:host:99999999999999999999", "port" },
	{ "tcp:host:http", "port" },
	{ "tcp:host:80 ", "port" },
	{ "tcp:host:-1", "port" },
	{ "tcp::80", "no host" },
	{ "tcp:::1:80", "brackets" },
	{ "tcp:::1", "brackets" },
	{ "tcp:[::1]", "brackets" },
	{ "tcp:[::1", "brackets" },
	{ "tcp:[::1]80", "brackets" },
	{ "tcp:[]:80", "brackets" },
	{ "tcp:[::1]:", "port" },
	{ "tcp-listen:", "port" },
	{ "tcp-listen:http", "port" },
	{ "tcp-listen:0", "port" },
	{ "tcp-listen:::1:80", "brackets" },
	{ "unix:", "path" },
	{ "unix-listen:", "path" },
	{ "vsock:", "CID:PORT" },
	{ "vsock:1000", "CID:PORT" },
	{ "vsock::1000", "CID" },
	{ "vsock:host:1000", "CID" },
	{ "vsock:4294967295:1000", "CID" },
	{ "vsock:00000000000000000000000000000000002:1000", "CID" },
	{ "vsock:2:", "port" },
	{ "vsock:2:4294967295", "port" },
	{ "vsock:2:1:1", "port" },
	{ "vsock-listen:", "port" },
	{ "vsock-listen:http", "port" },
	{ "vsock-listen:x:1", "CID" },
	{ "fd:", "descriptor" },
	{ "fd:-1", "descriptor" },
	{ "fd:3x", "descriptor" },
	{ "fd:2147483648", "descriptor" },
	{ "pool:", "FD:OFFSET" },
	{ "pool:0", "FD:OFFSET" },
	{ "pool:x:0", "descriptor" },
	{ "pool:3:", "sizes" },
	{ "pool:3:0:", "sizes" },
	{ "pool:3:0:1:1", "sizes" },
	{ "pool:3:-1", "sizes" },
};

static void test_bad(void **state)
{
	struct endpoint end;
	struct fault f;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		check_row(endpoint_parse(&end, bad[i].text, &f), "'%s' accepted", bad[i].text);
		assert_int_equal(f.status, STATUS_USAGE);
		check_sentence(f.text);
		check_row(strstr(f.text, bad[i].word), "'%s' says: %s", bad[i].text, f.text);
	}
}

/* The longest that fits, and one more. */
static void test_lengths(void **state)
{
	struct endpoint end;
	struct fault f;
	char text[512];

	(void)state;
	sprintf(text, "unix:%0107d", 0);
	assert_int_equal(endpoint_parse(&end, text, &f), 0);
	sprintf(text, "unix:%0108d", 0);
	assert_int_equal(endpoint_parse(&end, text, &f), -1);
	sprintf(text, "tcp:%0255d:1", 0);
	assert_int_equal(endpoint_parse(&end, text, &f), 0);
	assert_int_equal(strlen(end.host), 255);
	sprintf(text, "tcp:%0256d:1", 0);
	assert_int_equal(endpoint_parse(&end, text, &f), -1);
	sprintf(text, "tcp:[%0256d]:1", 0);
	assert_int_equal(endpoint_parse(&end, text, &f), -1);
	sprintf(text, "pool:3:0:%050d", 1);
	assert_int_equal(endpoint_parse(&end, text, &f), 0);
	assert_int_equal(end.len, 1);
	sprintf(text, "pool:3:0:%0100d", 1);
	assert_int_equal(endpoint_parse(&end, text, &f), -1);
}

static void test_is_socket(void **state)
{
	struct endpoint end;
	struct fault f;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		assert_int_equal(endpoint_parse(&end, good[i].text, &f), 0);
		assert_int_equal(endpoint_is_socket(&end), good[i].kind >= ENDPOINT_TCP);
		assert_int_equal(endpoint_is_inherited(&end),
				 good[i].kind > ENDPOINT_PATH && good[i].kind < ENDPOINT_TCP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_is_socket),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
