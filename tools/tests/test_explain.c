// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <errno.h>

#include "device.h"
#include "explain.h"
#include "kmod.h"

void __wrap_kmod_report(struct kmod_report *report);

/* What the module is said to be, and how often somebody asked. */
static struct kmod_report module;
static int asked;

void __wrap_kmod_report(struct kmod_report *report)
{
	*report = module;
	asked++;
}

/* Every errno of the contract, each where it can come from, and what must be said. */
static const struct {
	enum explain what;
	int err;
	enum status status;
	const char *word;
} rows[] = {
	{ EXPLAIN_DEVICE, ENOENT, STATUS_NO_DEVICE, "modprobe zcdev" },
	{ EXPLAIN_DEVICE, ENODEV, STATUS_NO_DEVICE, "modprobe zcdev" },
	{ EXPLAIN_DEVICE, ENXIO, STATUS_NO_DEVICE, "modprobe zcdev" },
	{ EXPLAIN_DEVICE, ENOTDIR, STATUS_NO_DEVICE, "modprobe zcdev" },
	{ EXPLAIN_DEVICE, EACCES, STATUS_NO_DEVICE, "group zcdev" },
	{ EXPLAIN_DEVICE, EPERM, STATUS_NO_DEVICE, "group zcdev" },
	{ EXPLAIN_DEVICE, EISDIR, STATUS_NO_DEVICE, "not a zcdev device" },
	{ EXPLAIN_DEVICE, EROFS, STATUS_NO_DEVICE, "writable" },
	{ EXPLAIN_DEVICE, EMFILE, STATUS_NO_DEVICE, "Too many open files" },
	{ EXPLAIN_IOCTL, ENOTTY, STATUS_NO_DEVICE, "not a zcdev device" },
	{ EXPLAIN_IOCTL, E2BIG, STATUS_FAILED, "older" },
	{ EXPLAIN_IOCTL, EINVAL, STATUS_FAILED, "older" },
	{ EXPLAIN_IOCTL, EFAULT, STATUS_FAILED, "bug" },
	{ EXPLAIN_POOL, EDQUOT, STATUS_FAILED, "ulimit -l" },
	{ EXPLAIN_POOL, ENOSPC, STATUS_FAILED, "administrator" },
	{ EXPLAIN_POOL, ENOMEM, STATUS_FAILED, "memory is short" },
	{ EXPLAIN_POOL, EINVAL, STATUS_FAILED, "powers of two" },
	{ EXPLAIN_POOL, E2BIG, STATUS_FAILED, "older" },
	{ EXPLAIN_POOL, EOVERFLOW, STATUS_FAILED, "--depth" },
	{ EXPLAIN_POOL, ENOTTY, STATUS_NO_DEVICE, "not a zcdev device" },
	{ EXPLAIN_POOL, EEXIST, STATUS_FAILED, "bug" },
	{ EXPLAIN_POOL, EBADF, STATUS_FAILED, "bug" },
	{ EXPLAIN_POOL, EFAULT, STATUS_FAILED, "bug" },
	{ EXPLAIN_POOL, EINTR, STATUS_FAILED, "signal" },
	{ EXPLAIN_OPEN_BLOB, ENOENT, STATUS_FAILED, "check the name" },
	{ EXPLAIN_OPEN_BLOB, EACCES, STATUS_FAILED, "may not read" },
	{ EXPLAIN_OPEN_BLOB, EISDIR, STATUS_FAILED, "a file in it" },
	{ EXPLAIN_OPEN_SOURCE, EBADF, STATUS_FAILED, "redirection" },
	{ EXPLAIN_OPEN_SINK, EBADF, STATUS_FAILED, "redirection" },
	{ EXPLAIN_CONNECT, ENODEV, STATUS_FAILED, "CID" },
	{ EXPLAIN_READ, ENXIO, STATUS_FAILED, "no pool yet" },
	{ EXPLAIN_OPEN_SOURCE, ENOENT, STATUS_FAILED, "check the name" },
	{ EXPLAIN_OPEN_SOURCE, EACCES, STATUS_FAILED, "may not read" },
	{ EXPLAIN_OPEN_SOURCE, EISDIR, STATUS_FAILED, "one file" },
	{ EXPLAIN_OPEN_SOURCE, ENXIO, STATUS_FAILED, "unix:PATH" },
	{ EXPLAIN_OPEN_SINK, ENOENT, STATUS_FAILED, "directory first" },
	{ EXPLAIN_OPEN_SINK, EACCES, STATUS_FAILED, "may not write" },
	{ EXPLAIN_OPEN_SINK, EISDIR, STATUS_FAILED, "a file in it" },
	{ EXPLAIN_OPEN_SINK, EROFS, STATUS_FAILED, "another place" },
	{ EXPLAIN_OPEN_SINK, ETXTBSY, STATUS_FAILED, "running" },
	{ EXPLAIN_CONNECT, ECONNREFUSED, STATUS_FAILED, "nobody listens" },
	{ EXPLAIN_CONNECT, ENOENT, STATUS_FAILED, "nobody listens" },
	{ EXPLAIN_CONNECT, ETIMEDOUT, STATUS_FAILED, "firewall" },
	{ EXPLAIN_CONNECT, ENETUNREACH, STATUS_FAILED, "routes" },
	{ EXPLAIN_LISTEN, EADDRINUSE, STATUS_FAILED, "another port" },
	{ EXPLAIN_LISTEN, EACCES, STATUS_FAILED, "1024" },
	{ EXPLAIN_SYNC, EIO, STATUS_FAILED, "do not trust" },
	{ EXPLAIN_SYNC, ENOSPC, STATUS_FAILED, "make room" },
	{ EXPLAIN_READ, EIO, STATUS_FAILED, "kernel log" },
	{ EXPLAIN_READ, EBADF, STATUS_FAILED, "open for reading" },
	{ EXPLAIN_READ, ECONNRESET, STATUS_FAILED, "sender" },
	{ EXPLAIN_READ, EOPNOTSUPP, STATUS_FAILED, "--strict" },
	{ EXPLAIN_WRITE, ENOSPC, STATUS_FAILED, "make room" },
	{ EXPLAIN_WRITE, EPIPE, STATUS_FAILED, "closed the connection" },
	{ EXPLAIN_WRITE, ECONNRESET, STATUS_FAILED, "receiver" },
	{ EXPLAIN_WRITE, ETIMEDOUT, STATUS_FAILED, "stopped answering" },
	{ EXPLAIN_WRITE, EDQUOT, STATUS_FAILED, "disk quota" },
	{ EXPLAIN_WRITE, EFBIG, STATUS_FAILED, "ulimit -f" },
	{ EXPLAIN_WRITE, EIO, STATUS_FAILED, "kernel log" },
	{ EXPLAIN_WRITE, EBADF, STATUS_FAILED, "open for writing" },
	{ EXPLAIN_WRITE, EAGAIN, STATUS_FAILED, "non-blocking" },
	{ EXPLAIN_WRITE, EOPNOTSUPP, STATUS_FAILED, "--strict" },
	{ EXPLAIN_WRITE, EINVAL, STATUS_FAILED, "appending" },
	{ EXPLAIN_WRITE, EPERM, STATUS_FAILED, "immutable" },
	{ EXPLAIN_MOVE, EINVAL, STATUS_FAILED, "overlap" },
	{ EXPLAIN_MOVE, E2BIG, STATUS_FAILED, "older" },
	{ EXPLAIN_MOVE, EBADF, STATUS_FAILED, "standard input" },
	{ EXPLAIN_MOVE, EISDIR, STATUS_FAILED, "one file" },
	{ EXPLAIN_MOVE, ENOTCONN, STATUS_FAILED, "not connected" },
	{ EXPLAIN_MOVE, ESPIPE, STATUS_FAILED, "offsets" },
	{ EXPLAIN_MOVE, EOVERFLOW, STATUS_FAILED, "beyond" },
	{ EXPLAIN_MOVE, ENOMEM, STATUS_FAILED, "memory" },
	{ EXPLAIN_MOVE, ENOTTY, STATUS_NO_DEVICE, "not a zcdev device" },
	{ EXPLAIN_MOVE, EINTR, STATUS_FAILED, "signal" },
	{ EXPLAIN_MOVE, EFAULT, STATUS_FAILED, "bug" },
};

static void test_rows(void **state)
{
	struct fault f;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_int_equal(explain(&f, rows[i].what, "SUBJECT", rows[i].err), -1);
		check_row(f.status == rows[i].status, "row %zu: status %d", i, f.status);
		check_row(f.err == rows[i].err, "row %zu: errno %d", i, f.err);
		check_sentence(f.text);
		check_row(strstr(f.text, "SUBJECT"), "no subject: %s", f.text);
		check_row(strstr(f.text, strerror(rows[i].err)), "no errno: %s", f.text);
		check_row(strstr(f.text, rows[i].word), "no '%s': %s", rows[i].word, f.text);
	}
}

/* What nobody thought of still gets a sentence. */
static void test_every_errno_everywhere(void **state)
{
	struct fault f;
	int what, err;

	(void)state;
	for (what = 0; what < EXPLAIN_COUNT; what++) {
		for (err = 1; err < 134; err++) {
			explain(&f, what, "SUBJECT", err);
			check_sentence(f.text);
			assert_true(f.status == STATUS_FAILED || f.status == STATUS_NO_DEVICE);
		}
	}
}

static void test_unknown_has_no_hint(void **state)
{
	struct fault f;

	(void)state;
	explain(&f, EXPLAIN_CONNECT, "tcp:h:1", EXDEV);
	assert_string_equal(f.text, "cannot connect to tcp:h:1: Invalid cross-device link");
}

/* The device is not where it should be: the sentence is about the module. */
static void test_module(void **state)
{
	struct fault f;

	(void)state;
	asked = 0;
	module = (struct kmod_report){ KMOD_UNSIGNED, "zcdev.ko is not signed" };
	explain(&f, EXPLAIN_DEVICE, DEVICE_PATH, ENOENT);
	assert_string_equal(f.text,
			    "cannot open /dev/zcdev: No such file or directory; zcdev.ko is not signed");
	assert_int_equal(f.status, STATUS_NO_DEVICE);
	assert_int_equal(f.err, ENOENT);
	module = (struct kmod_report){ KMOD_LOADED, "zcdev 1 is loaded" };
	explain(&f, EXPLAIN_DEVICE, DEVICE_PATH, ENXIO);
	assert_string_equal(f.text,
			    "cannot open /dev/zcdev: No such device or address; zcdev 1 is loaded, but its device is not here; a container has to be given it");
	check_sentence(f.text);
	assert_int_equal(asked, 2);
}

/* What has nothing to do with the module does not load libkmod. */
static void test_module_not_asked(void **state)
{
	struct fault f;

	(void)state;
	asked = 0;
	explain(&f, EXPLAIN_DEVICE, DEVICE_PATH, EACCES);
	explain(&f, EXPLAIN_DEVICE, "/tmp/another", ENOENT);
	explain(&f, EXPLAIN_OPEN_SOURCE, DEVICE_PATH, ENOENT);
	assert_int_equal(asked, 0);
}

static const struct {
	bool source_served, sink_served, strict, direct;
	const char *guilty;
	const char *text;
} refusals[] = {
	{ false, true, true, true, NULL,
	  "- is a pipe, which the loaded module does not take as a source; see 'zcdevctl query'" },
	{ true, false, true, true, NULL,
	  "out is a terminal, which the loaded module does not take as a sink; see 'zcdevctl query'" },
	{ true, true, true, true, NULL,
	  "- or out has no direct I/O; leave out --via direct to allow copies" },
	{ true, true, true, false, NULL,
	  "- to out would be copied, at least in part, and --strict forbids that; the summary without it tells why" },
	{ true, true, true, true, "out",
	  "out has no direct I/O; leave out --via direct to allow copies" },
	{ true, true, true, false, "out",
	  "out would copy, at least in part, and --strict forbids that; the summary without it tells why" },
	{ true, true, false, false, NULL,
	  "the loaded module cannot move - (a pipe) to out (a terminal); see 'zcdevctl query'" },
};

static void test_refusals(void **state)
{
	struct fault f;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(refusals); i++) {
		const struct refusal why = {
			.source = "-", .sink = "out",
			.source_what = "a pipe", .sink_what = "a terminal",
			.source_served = refusals[i].source_served,
			.sink_served = refusals[i].sink_served,
			.guilty = refusals[i].guilty,
			.strict = refusals[i].strict,
			.direct = refusals[i].direct,
		};

		assert_int_equal(explain_refusal(&f, &why), -1);
		assert_string_equal(f.text, refusals[i].text);
		assert_int_equal(f.status, STATUS_FAILED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_errno_everywhere),
		cmocka_unit_test(test_unknown_has_no_hint),
		cmocka_unit_test(test_module),
		cmocka_unit_test(test_module_not_asked),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
