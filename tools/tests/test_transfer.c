// SPDX-License-Identifier: GPL-2.0
/*
 * "zcdevctl transfer" from its arguments to its exit status, with real files
 * and a kernel side that copies with read and write.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "fake_kernel.h"
#include "fault.h"
#include "scratch.h"

#define MAX_ARGS	16

int __wrap_device_open(struct device *dev);

/* What main() would see in its place; see WRAP_test_transfer in the Makefile. */
int __wrap_device_open(struct device *dev)
{
	dev->path = "fake";
	dev->fd = -1;
	dev->ioctl = fake_ioctl;
	return 0;
}

static char said[4096];

static int setup(void **state)
{
	(void)state;
	fake_reset();
	return scratch_enter();
}

static const char *get(const char *path)
{
	static char text[4096];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	return text;
}

/* Puts @path in the place of @fd; the answer undoes it. */
static int redirect(FILE *stream, int fd, const char *path, int flags)
{
	int kept, file = open(path, flags, 0600);

	assert_true(file >= 0);
	fflush(stream);
	kept = dup(fd);
	dup2(file, fd);
	close(file);
	return kept;
}

static void restore(FILE *stream, int fd, int kept)
{
	fflush(stream);
	dup2(kept, fd);
	close(kept);
}

/* Runs "zcdevctl LINE"; what it says, on either stream, is in said[]. */
static int run(const char *line)
{
	static char text[256];
	char *argv[MAX_ARGS + 1] = { NULL };
	char *word, *save;
	int argc = 0, status, out, err;

	snprintf(text, sizeof(text), "%s", line);
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	out = redirect(stdout, 1, ".said", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
	err = redirect(stderr, 2, ".said", O_WRONLY | O_APPEND);
	status = cmd_transfer.run(argc, argv);
	restore(stdout, 1, out);
	restore(stderr, 2, err);
	strcpy(said, get(".said"));
	return status;
}

static void check_said(const char *words)
{
	check_row(strstr(said, words), "no '%s' in '%s'", words, said);
}

static void test_new_file(void **state)
{
	struct stat st;

	(void)state;
	umask(022);
	scratch_put("a", "hello");
	assert_int_equal(run("transfer a b"), STATUS_DONE);
	assert_string_equal(get("b"), "hello");
	assert_int_equal(stat("b", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	check_said("5 bytes in ");
	check_said(", synced\n");
	check_said("in: direct, 5 zero-copied, 0 copied    out: buffered, 5 zero-copied");
	assert_int_equal(fake.calls, 1);
	assert_int_equal(fake.create.count, 1);
	assert_int_equal(fake.create.buf_size, 4096);
}

static void test_longer_file_is_truncated(void **state)
{
	(void)state;
	scratch_put("a", "new");
	scratch_put("b", "old and longer");
	assert_int_equal(run("transfer --no-sync a b"), STATUS_DONE);
	assert_string_equal(get("b"), "new");
	check_said("not synced (--no-sync)");
}

static void test_offsets(void **state)
{
	(void)state;
	scratch_put("a", "0123456789");
	scratch_put("b", "abcdefghij");
	assert_int_equal(run("transfer -s 3 --in-offset 4 --out-offset 2 a b"), STATUS_DONE);
	assert_string_equal(get("b"), "ab456fghij");
}

static void test_dangling_link(void **state)
{
	(void)state;
	scratch_put("a", "hello");
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(symlink("d/b", "b"), 0);
	assert_int_equal(run("transfer a b"), STATUS_DONE);
	assert_string_equal(get("d/b"), "hello");
}

static void test_own_source(void **state)
{
	(void)state;
	scratch_put("a", "precious");
	assert_int_equal(symlink("a", "s"), 0);
	assert_int_equal(link("a", "l"), 0);
	assert_int_equal(run("transfer a a"), STATUS_FAILED);
	check_said("a and a are the same");
	assert_int_equal(run("transfer a ./s"), STATUS_FAILED);
	check_said("the same");
	assert_int_equal(run("transfer l a"), STATUS_FAILED);
	check_said("the same");
	assert_string_equal(get("a"), "precious");
	assert_int_equal(fake.calls, 0);
}

/* Within one file, apart from each other: the kernel says whether they overlap. */
static void test_own_source_elsewhere(void **state)
{
	(void)state;
	scratch_put("a", "0123456789");
	assert_int_equal(run("transfer -s 2 --out-offset 5 a a"), STATUS_DONE);
	assert_string_equal(get("a"), "0123401789");
}

static void test_refusal_keeps_the_old_file(void **state)
{
	(void)state;
	scratch_put("a", "new");
	scratch_put("b", "old");
	fake.refuse = EOPNOTSUPP;
	assert_int_equal(run("transfer --strict a b"), STATUS_FAILED);
	assert_string_equal(get("b"), "old");
	check_said("--strict forbids");
	assert_null(strstr(said, "bytes"));
	assert_int_equal(fake.calls, 1);
	assert_int_equal(fake.seen[0], 0);
}

static void test_pipe_is_refused(void **state)
{
	(void)state;
	scratch_put("a", "x");
	assert_int_equal(mkfifo("p", 0600), 0);
	assert_true(open("p", O_RDWR) >= 0);
	fake.refuse = EOPNOTSUPP;
	assert_int_equal(run("transfer p b"), STATUS_FAILED);
	check_said("p is a pipe, which the loaded module does not take as a source");
	assert_int_equal(run("transfer a p"), STATUS_FAILED);
	check_said("p is a pipe, which the loaded module does not take as a sink");
}

static void test_blamed_end(void **state)
{
	(void)state;
	scratch_put("a", "x");
	fake.refuse = EIO;
	fake.refuse_end = 0;
	assert_int_equal(run("transfer a b"), STATUS_FAILED);
	check_said("reading a failed: Input/output error");
	fake.refuse_end = 1;
	assert_int_equal(run("transfer a b"), STATUS_FAILED);
	check_said("writing b failed: Input/output error");
	fake.refuse_end = -1;
	assert_int_equal(run("transfer a b"), STATUS_FAILED);
	check_said("cannot move a to b: Input/output error");
}

static void test_stopped_with_counts(void **state)
{
	(void)state;
	scratch_put("a", "0123456789");
	fake.step = 4;
	fake.step_times = 1;
	fake.step_errno = ENOSPC;
	assert_int_equal(run("transfer a b"), STATUS_FAILED);
	check_said("4 bytes in ");
	check_said(", not synced\n");
	check_said("zcdevctl: writing b failed: No space left on device");
	assert_string_equal(get("b"), "0123");
}

static void test_source_ends_early(void **state)
{
	(void)state;
	scratch_put("a", "12345");
	assert_int_equal(run("transfer -s 9 a b"), STATUS_FAILED);
	check_said("zcdevctl: a ended after 5 of 9 bytes\n");
	check_said(", synced\n");
	assert_string_equal(get("b"), "12345");
}

static void test_quiet(void **state)
{
	(void)state;
	scratch_put("a", "x");
	assert_int_equal(run("transfer -q a b"), STATUS_DONE);
	assert_string_equal(said, "");
}

/* Standard output is the sink, so it cannot have the summary as well. */
static void test_stdio(void **state)
{
	int in, out, err, status;
	char *argv[] = { "transfer", "-", "-", NULL };

	(void)state;
	scratch_put("a", "0123456789");
	scratch_put("b", "abc");
	in = redirect(stdin, 0, "a", O_RDONLY);
	assert_int_equal(lseek(0, 6, SEEK_SET), 6);
	out = redirect(stdout, 1, "b", O_WRONLY | O_APPEND);
	err = redirect(stderr, 2, ".said", O_WRONLY | O_CREAT);
	status = cmd_transfer.run(3, argv);
	restore(stderr, 2, err);
	restore(stdout, 1, out);
	restore(stdin, 0, in);
	assert_int_equal(status, STATUS_DONE);
	assert_string_equal(get("b"), "abc6789");
	strcpy(said, get(".said"));
	check_said("4 bytes in ");
}

static void test_json(void **state)
{
	struct json_object *root, *object;

	(void)state;
	scratch_put("a", "hello");
	assert_int_equal(run("transfer -j a b"), STATUS_DONE);
	root = json_tokener_parse(said);
	assert_non_null(root);
	assert_int_equal(json_pointer_get(root, "/sinks/0/bytes", &object), 0);
	assert_int_equal(json_object_get_int64(object), 5);
	assert_int_equal(json_pointer_get(root, "/pool/buf_size", &object), 0);
	assert_int_equal(json_object_get_int64(object), 4096);
	json_object_put(root);
}

static void test_json_tells_of_failures(void **state)
{
	(void)state;
	assert_int_equal(run("transfer -j nowhere b"), STATUS_FAILED);
	check_said("\"error\": \"ENOENT\"");
	check_said("\"message\": \"cannot open nowhere:");
	assert_int_equal(access("b", F_OK), -1);
	assert_int_equal(run("transfer -j --header nowhere a b"), STATUS_FAILED);
	check_said("\"message\": \"cannot read nowhere:");
}

/* Names of files are bytes; JSON is UTF-8. */
static void test_json_is_utf8(void **state)
{
	(void)state;
	assert_int_equal(run("transfer -j no\xc3\xa9\xff\xed\xa0\x80where\xe2\x82 b"), STATUS_FAILED);
	check_said("\"no\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdwhere"
		   "\xef\xbf\xbd\xef\xbf\xbd\"");
	check_said("\"message\": \"cannot open no\xc3\xa9\xef\xbf\xbd");
}

static void test_bad_ends(void **state)
{
	(void)state;
	scratch_put("a", "x");
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(run("transfer d b"), STATUS_FAILED);
	check_said("cannot open d: Is a directory");
	assert_int_equal(run("transfer a d"), STATUS_FAILED);
	check_said("cannot write to d: Is a directory");
	assert_int_equal(run("transfer a no/b"), STATUS_FAILED);
	check_said("create the directory first");
	assert_int_equal(run("transfer a unix:nobody"), STATUS_FAILED);
	check_said("cannot connect to unix:nobody");
	assert_int_equal(run("transfer a"), STATUS_USAGE);
	assert_int_equal(fake.calls, 0);
}

/* Half, and half again, until the limit is met. */
static void test_pool_shrinks(void **state)
{
	static const int errnos[] = { EDQUOT, ENOMEM, ENOSPC };
	size_t i;

	(void)state;
	scratch_put("a", "x");
	assert_int_equal(truncate("a", 64 << 20), 0);
	for (i = 0; i < COUNT(errnos); i++) {
		fake_reset();
		fake.pool_limit = 1 << 20;
		fake.pool_errno = errnos[i];
		assert_int_equal(run("transfer --no-sync a b"), STATUS_DONE);
		assert_true(fake.creates > 1);
		assert_int_equal(fake.create.count * fake.create.buf_size, 1 << 20);
	}
}

static void test_pool_as_asked_or_not_at_all(void **state)
{
	(void)state;
	scratch_put("a", "x");
	fake.pool_limit = 1 << 20;
	fake.pool_errno = EDQUOT;
	assert_int_equal(run("transfer --chunk 1M --depth 2 a b"), STATUS_FAILED);
	check_said("cannot make a pool of 2 x 1.0 MiB");
	check_said("ulimit -l");
	assert_int_equal(fake.creates, 1);
	assert_int_equal(access("b", F_OK), -1);
	fake.pool_errno = EINVAL;
	assert_int_equal(run("transfer --depth 1000 a b"), STATUS_FAILED);
	assert_int_equal(fake.creates, 2);
}

static void test_several(void **state)
{
	(void)state;
	scratch_put("a", "hello");
	scratch_put("c", "old and longer");
	assert_int_equal(run("transfer a b c d"), STATUS_DONE);
	assert_string_equal(get("b"), "hello");
	assert_string_equal(get("c"), "hello");
	assert_string_equal(get("d"), "hello");
	check_said("5 bytes in ");
	check_said("\n  in: direct, 5 zero-copied, 0 copied\n"
		   "  out: b: buffered, 5 zero-copied, 0 copied, synced\n"
		   "  out: c: buffered, 5 zero-copied, 0 copied, synced\n"
		   "  out: d: buffered, 5 zero-copied, 0 copied, synced\n");
	assert_true(fake.flags & ZCDEV_TRANSFER_FAIL_FAST);
	assert_int_equal(fake.sinks[1], 3);
}

/* Modules that take no more than one do not know the flag. */
static void test_one_needs_no_flag(void **state)
{
	(void)state;
	scratch_put("a", "hello");
	assert_int_equal(run("transfer --strict a b"), STATUS_DONE);
	assert_int_equal(fake.flags, ZCDEV_TRANSFER_STRICT);
	assert_int_equal(run("transfer --strict --keep-going a c d"), STATUS_DONE);
	assert_int_equal(fake.flags, ZCDEV_TRANSFER_STRICT);
}

static void fail_sink(int i, uint64_t at, int err)
{
	fake.fail_end = i;
	fake.fail_at = at;
	fake.fail_errno = err;
}

static void test_first_failure_ends_it(void **state)
{
	(void)state;
	scratch_put("a", "0123456789");
	fail_sink(2, 4, ENOSPC);
	assert_int_equal(run("transfer a b c d"), STATUS_FAILED);
	check_said("  out: c: buffered, 4 zero-copied, 0 copied, not synced, failed\n");
	check_said("  out: d: buffered, 10 zero-copied, 0 copied, not synced\n");
	check_said("zcdevctl: writing c failed: No space left on device");
	assert_null(strstr(said, "writing b"));
	assert_string_equal(get("c"), "0123");
}

static void test_keep_going(void **state)
{
	(void)state;
	scratch_put("a", "0123456789");
	fail_sink(2, 4, ENOSPC);
	assert_int_equal(run("transfer --keep-going a b c d"), STATUS_FAILED);
	assert_string_equal(get("b"), "0123456789");
	assert_string_equal(get("c"), "0123");
	assert_string_equal(get("d"), "0123456789");
	check_said("10 bytes in ");
	check_said("  out: b: buffered, 10 zero-copied, 0 copied, synced\n");
	check_said("  out: c: buffered, 4 zero-copied, 0 copied, not synced, failed\n");
	check_said("  out: d: buffered, 10 zero-copied, 0 copied, synced\n");
	check_said("zcdevctl: writing c failed: No space left on device");
}

/* Whatever it is that fails: one sentence for each, and the counts of the rest. */
static void test_keep_going_with_what_is_left(void **state)
{
	(void)state;
	scratch_put("a", "0123456789");
	scratch_put("c", "precious");
	assert_int_equal(mkdir("e", 0700), 0);
	fake.refuse = EIO;
	fake.refuse_end = 2;
	assert_int_equal(run("transfer --keep-going a unix:nobody b c d e no/f"), STATUS_FAILED);
	assert_string_equal(get("b"), "0123456789");
	assert_string_equal(get("c"), "precious");
	assert_string_equal(get("d"), "0123456789");
	check_said("  out: unix:nobody: nothing, failed\n");
	check_said("  out: c: nothing, not synced, failed\n");
	check_said("zcdevctl: cannot connect to unix:nobody: ");
	check_said("zcdevctl: writing c failed: Input/output error");
	check_said("zcdevctl: cannot write to e: Is a directory");
	check_said("zcdevctl: cannot write to no/f: ");
}

static void test_nobody_is_left(void **state)
{
	(void)state;
	scratch_put("a", "x");
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(run("transfer --keep-going a d no/b"), STATUS_FAILED);
	check_said("cannot write to d");
	check_said("cannot write to no/b");
	assert_null(strstr(said, "bytes"));
	assert_int_equal(fake.calls, 0);
	assert_int_equal(run("transfer a d no/b"), STATUS_FAILED);
	assert_null(strstr(said, "no/b"));
}

static void test_refused_sink_of_several(void **state)
{
	(void)state;
	scratch_put("a", "x");
	scratch_put("b", "precious");
	fake.refuse = EOPNOTSUPP;
	fake.refuse_end = 2;
	assert_int_equal(run("transfer --via direct a b c"), STATUS_FAILED);
	check_said("zcdevctl: c has no direct I/O");
	assert_string_equal(get("b"), "precious");
	assert_int_equal(run("transfer --strict a b c"), STATUS_FAILED);
	check_said("zcdevctl: c would copy");
	fake.refuse_end = -1;
	fake.refuse = ENOMEM;
	assert_int_equal(run("transfer a b c"), STATUS_FAILED);
	check_said("zcdevctl: cannot move a to 2 DST: Cannot allocate memory");
	assert_string_equal(get("b"), "precious");
}

/* Also with --keep-going: nobody wants that. */
static void test_same_file_twice(void **state)
{
	(void)state;
	scratch_put("a", "precious");
	scratch_put("b", "old");
	assert_int_equal(link("b", "l"), 0);
	assert_int_equal(symlink("a", "s"), 0);
	assert_int_equal(run("transfer a c b b"), STATUS_USAGE);
	check_said("'b' can be DST only once");
	assert_int_equal(access("c", F_OK), -1);
	assert_int_equal(run("transfer --keep-going a b l"), STATUS_FAILED);
	check_said("b and l are the same; it would be written twice");
	assert_int_equal(run("transfer --out-offset 1 a b ./b"), STATUS_FAILED);
	check_said("b and ./b are the same");
	assert_int_equal(run("transfer --keep-going a b s"), STATUS_FAILED);
	check_said("a and s are the same");
	assert_int_equal(fake.calls, 0);
	assert_string_equal(get("a"), "precious");
	assert_string_equal(get("b"), "old");
}

static void test_module_takes_one(void **state)
{
	(void)state;
	scratch_put("a", "x");
	fake.max_sinks = 1;
	assert_int_equal(run("transfer a b c"), STATUS_FAILED);
	check_said("the loaded module takes up to 1 DST, not 2");
	assert_int_equal(access("b", F_OK), -1);
	assert_int_equal(run("transfer a b"), STATUS_DONE);
}

static void test_short_source_to_several(void **state)
{
	(void)state;
	scratch_put("a", "12345");
	fail_sink(1, 2, EIO);
	assert_int_equal(run("transfer --keep-going -s 9 a b c"), STATUS_FAILED);
	check_said("zcdevctl: a ended after 5 of 9 bytes\n");
	check_said("zcdevctl: writing b failed");
	check_said("c: buffered, 5 zero-copied, 0 copied, synced\n");
}

static void test_json_of_several(void **state)
{
	struct json_object *root, *object;

	(void)state;
	scratch_put("a", "0123456789");
	fail_sink(1, 4, EFBIG);
	assert_int_equal(run("transfer -j --keep-going a b c"), STATUS_FAILED);
	check_said("zcdevctl: writing b failed");
	root = json_tokener_parse(strchr(said, '{'));
	assert_non_null(root);
	assert_int_equal(json_pointer_get(root, "/error", &object), 0);
	assert_string_equal(json_object_get_string(object), "EFBIG");
	assert_int_equal(json_pointer_get(root, "/synced", &object), 0);
	assert_false(json_object_get_boolean(object));
	assert_int_equal(json_pointer_get(root, "/sinks/0/bytes", &object), 0);
	assert_int_equal(json_object_get_int64(object), 4);
	assert_int_equal(json_pointer_get(root, "/sinks/0/error", &object), 0);
	assert_string_equal(json_object_get_string(object), "EFBIG");
	assert_int_equal(json_pointer_get(root, "/sinks/1/bytes", &object), 0);
	assert_int_equal(json_object_get_int64(object), 10);
	assert_int_equal(json_pointer_get(root, "/sinks/1/synced", &object), 0);
	assert_true(json_object_get_boolean(object));
	json_object_put(root);
}

/* "zcdevctl" inherits @fd, under a number that the tests can name. */
static void inherit(int as, int fd)
{
	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, as), as);
	close(fd);
}

static void test_inherited_files(void **state)
{
	(void)state;
	scratch_put("a", "0123456789");
	scratch_put("b", "abc");
	inherit(50, open("a", O_RDONLY));
	assert_int_equal(lseek(50, 6, SEEK_SET), 6);
	assert_int_equal(run("transfer fd:50 c"), STATUS_DONE);
	assert_string_equal(get("c"), "6789");
	assert_int_equal(fcntl(50, F_GETFD), 0);
	inherit(51, open("b", O_WRONLY));
	assert_int_equal(run("transfer c fd:51"), STATUS_DONE);
	assert_string_equal(get("b"), "6789");
	check_said(", synced\n");
	assert_int_equal(run("transfer -s 2 --out-offset 2 a fd:51"), STATUS_DONE);
	assert_string_equal(get("b"), "6701");
	assert_int_equal(run("transfer b fd:51"), STATUS_FAILED);
	check_said("are the same");
	close(50);
	close(51);
}

/* Closed, or one that we opened ourselves. */
static void test_nothing_inherited(void **state)
{
	(void)state;
	scratch_put("a", "x");
	assert_int_equal(run("transfer fd:999 b"), STATUS_FAILED);
	check_said("cannot open fd:999: Bad file descriptor; a shell opens one by redirection");
	assert_int_equal(run("transfer a fd:999"), STATUS_FAILED);
	check_said("cannot write to fd:999: Bad file descriptor");
	inherit(50, open("a", O_RDONLY));
	assert_int_equal(fcntl(50, F_SETFD, FD_CLOEXEC), 0);
	assert_int_equal(run("transfer fd:50 b"), STATUS_FAILED);
	check_said("Bad file descriptor");
	close(50);
	inherit(50, open(".", O_RDONLY));
	assert_int_equal(run("transfer fd:50 b"), STATUS_FAILED);
	check_said("Is a directory");
	close(50);
	assert_int_equal(fake.calls, 0);
}

/* A pipe that has @text, and no more to come. */
static void inherit_pipe(int as, const char *text)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], text, strlen(text)), strlen(text));
	close(fds[1]);
	inherit(as, fds[0]);
}

static void test_stream(void **state)
{
	(void)state;
	inherit_pipe(50, "0123456789");
	assert_int_equal(run("transfer fd:50 b"), STATUS_DONE);
	assert_string_equal(get("b"), "0123456789");
	close(50);
	inherit_pipe(50, "01234");
	assert_int_equal(run("transfer -s 9 --latency 3ms fd:50 b"), STATUS_FAILED);
	check_said(" ended after 5 of 9 bytes");
	assert_string_equal(get("b"), "01234");
	assert_int_equal(fake.latency_ns, 3000000);
	close(50);
}

/* What was taken and not delivered is told, and nothing is held back without need. */
static void test_left(void **state)
{
	struct json_object *root, *object;
	(void)state;
	inherit_pipe(50, "0123456789");
	fail_sink(1, 4, ENOSPC);
	assert_int_equal(run("transfer --chunk 4K --depth 99 fd:50 b"), STATUS_FAILED);
	assert_string_equal(get("b"), "0123");
	check_said("4 bytes in ");
	check_said("  left: 6 bytes were taken from fd:");
	check_said("zcdevctl: writing b failed: No space left on device");
	close(50);
	fake_reset();
	fail_sink(1, 0, ENOSPC);
	inherit_pipe(50, "0123456789");
	assert_int_equal(run("transfer -j --chunk 4K --depth 99 fd:50 b"), STATUS_FAILED);
	root = json_tokener_parse(strchr(said, '{'));
	assert_non_null(root);
	assert_int_equal(json_pointer_get(root, "/left", &object), 0);
	assert_int_equal(json_object_get_int64(object), 10);
	assert_int_equal(json_pointer_get(root, "/bytes", &object), 0);
	assert_int_equal(json_object_get_int64(object), 0);
	json_object_put(root);
	close(50);
}

static void test_same_pipe(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	inherit(50, fds[0]);
	inherit(51, fds[1]);
	assert_int_equal(run("transfer fd:50 fd:51"), STATUS_FAILED);
	check_said("fd:50 and fd:51 are the same");
	assert_int_equal(fake.calls, 0);
	close(50);
	close(51);
}

static void test_header_and_trailer(void **state)
{
	(void)state;
	scratch_put("a", "hello");
	scratch_put("h", "<b>");
	scratch_put("t", "</b>");
	assert_int_equal(run("transfer --header h --trailer t a b"), STATUS_DONE);
	assert_string_equal(get("b"), "<b>hello</b>");
	check_said("5 bytes in ");
	check_said("in: direct, 5 zero-copied, 0 copied    out: buffered, 12 zero-copied");
	assert_int_equal(run("transfer -s 0 --header h a b"), STATUS_DONE);
	assert_string_equal(get("b"), "<b>");
	check_said("in: nothing    out: buffered, 3 zero-copied");
	assert_int_equal(run("transfer --header no a c"), STATUS_FAILED);
	check_said("cannot read no: No such file or directory; check the name");
	assert_int_equal(truncate("t", 65537), 0);
	assert_int_equal(run("transfer --trailer t a c"), STATUS_FAILED);
	check_said("--trailer takes up to 64.0 KiB, and t has more");
	assert_int_equal(access("c", F_OK), -1);
}

/* Small buffers, or the rate would be kept by one burst a second. */
static void test_rate(void **state)
{
	(void)state;
	scratch_put("a", "hello");
	assert_int_equal(truncate("a", 200000), 0);
	assert_int_equal(run("transfer --limit-rate 32K a b"), STATUS_DONE);
	assert_int_equal(fake.rate, 32768);
	assert_int_equal(fake.create.buf_size, 16384);
	assert_int_equal(run("transfer --limit-rate 1G a b"), STATUS_DONE);
	assert_int_equal(fake.create.buf_size, 262144);
}

static void test_options_for_others(void **state)
{
	(void)state;
	scratch_put("a", "hello");
	assert_int_equal(run("transfer --latency 1ms a b"), STATUS_USAGE);
	check_said("--latency is for streams, and a has all its bytes already");
	assert_int_equal(access("b", F_OK), -1);
	inherit(50, open("c", O_WRONLY | O_CREAT, 0600));
	assert_int_equal(run("transfer --copy-below 1 a fd:50"), STATUS_USAGE);
	check_said("--copy-below is for sockets, and no DST is one");
	close(50);
	inherit_pipe(50, "x");
	fake.end_flags = ZCDEV_END_PAGE_CACHE;
	assert_int_equal(run("transfer --page-cache fd:50 b"), STATUS_USAGE);
	check_said("--page-cache is for regular files, and fd:50 is none");
	close(50);
	assert_int_equal(fake.calls, 0);
}

/* A file stands for the pool: the range of it has the bytes. */
static void test_pool_source(void **state)
{
	(void)state;
	scratch_put("a", "0123456789");
	inherit(50, open("a", O_RDONLY));
	fake.create.count = 1;
	fake.create.buf_size = 10;
	assert_int_equal(run("transfer pool:50:4 b"), STATUS_DONE);
	assert_string_equal(get("b"), "456789");
	assert_int_equal(run("transfer pool:50:4:3 b"), STATUS_DONE);
	assert_string_equal(get("b"), "456");
	assert_int_equal(run("transfer -s 2 pool:50:4:3 b"), STATUS_DONE);
	assert_string_equal(get("b"), "45");
	assert_int_equal(run("transfer -s 4 pool:50:4:3 b"), STATUS_FAILED);
	check_said("ended after 3 of 4 bytes");
	assert_int_equal(run("transfer pool:50:8:3 b"), STATUS_FAILED);
	check_said(":8:3: 3 bytes from there on are more than the pool has, which is 10");
	assert_int_equal(run("transfer pool:50:11 b"), STATUS_FAILED);
	assert_int_equal(fake.creates, 0);
	fake.no_pool = 50;
	assert_int_equal(run("transfer pool:50:0 b"), STATUS_FAILED);
	check_said("has no pool yet");
	fake.no_device = 50;
	fake.no_pool = -1;
	assert_int_equal(run("transfer pool:50:0 b"), STATUS_FAILED);
	check_said("is not an open file of a zcdev device");
	close(50);
}

static void test_pool_sink(void **state)
{
	(void)state;
	scratch_put("a", "0123456789");
	inherit(50, open("p", O_RDWR | O_CREAT, 0600));
	fake.no_pool = 50;
	assert_int_equal(run("transfer a pool:50:5M"), STATUS_DONE);
	assert_int_equal(fake.creates, 2);
	assert_int_equal(fake.create.count, 2);
	assert_int_equal(fake.create.buf_size, 4 << 20);
	assert_int_equal(lseek(50, 0, SEEK_END), (5 << 20) + 10);
	fake.create.count = 1;
	inherit_pipe(51, "x");
	fake.no_pool = 50;
	assert_int_equal(run("transfer fd:51 pool:50:0"), STATUS_FAILED);
	check_said("pool:50:0 has no pool yet, and how large it must be is not known; say so with -s");
	fake.no_pool = -1;
	assert_int_equal(run("transfer --chunk 4K --depth 1 -s 1 fd:51 pool:50:4094"), STATUS_DONE);
	close(51);
	inherit_pipe(51, "xy");
	assert_int_equal(run("transfer --chunk 4K --depth 1 fd:51 pool:50:4094"), STATUS_FAILED);
	check_said("pool:50:4094 is full; what else fd:51 may have was not taken");
	close(51);
	close(50);
}

/* Header and trailer need room too. */
static void test_pool_sink_with_a_frame(void **state)
{
	(void)state;
	scratch_put("a", "0123456789");
	scratch_put("h", "head");
	inherit(50, open("p", O_RDWR | O_CREAT, 0600));
	fake.no_pool = 50;
	assert_int_equal(run("transfer --header h --trailer h a pool:50:4194287"), STATUS_DONE);
	assert_int_equal(fake.create.count, 2);
	fake.no_pool = 50;
	assert_int_equal(run("transfer --header h --trailer h a pool:50:4194286"), STATUS_DONE);
	assert_int_equal(fake.create.count, 1);
	assert_int_equal(run("transfer --chunk 4K --depth 1 --header h a pool:50:4083"), STATUS_FAILED);
	check_said("pool:50:4083: 14 bytes from there on are more than the pool has");
	assert_int_equal(run("transfer --chunk 4K --depth 1 --header h a pool:50:4082"), STATUS_DONE);
	close(50);
}

/* What procfs has in store it does not say. */
static void test_pool_sink_of_a_longer_file(void **state)
{
	(void)state;
	inherit(50, open("p", O_RDWR | O_CREAT, 0600));
	fake.room = 4096;
	assert_int_equal(run("transfer --chunk 4K --depth 1 /proc/version pool:50:0"), STATUS_DONE);
	assert_int_equal(run("transfer --chunk 4K --depth 1 /proc/version pool:50:4090"), STATUS_FAILED);
	check_said("pool:50:4090 is full; what else /proc/version may have was not taken");
	assert_int_equal(run("transfer --chunk 4K --depth 1 /proc/version pool:50:4096"), STATUS_FAILED);
	check_said("pool:50:4096 is full");
	close(50);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, setup, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_new_file),
		IN_DIRECTORY(test_longer_file_is_truncated),
		IN_DIRECTORY(test_offsets),
		IN_DIRECTORY(test_dangling_link),
		IN_DIRECTORY(test_own_source),
		IN_DIRECTORY(test_own_source_elsewhere),
		IN_DIRECTORY(test_refusal_keeps_the_old_file),
		IN_DIRECTORY(test_pipe_is_refused),
		IN_DIRECTORY(test_blamed_end),
		IN_DIRECTORY(test_stopped_with_counts),
		IN_DIRECTORY(test_source_ends_early),
		IN_DIRECTORY(test_quiet),
		IN_DIRECTORY(test_stdio),
		IN_DIRECTORY(test_json),
		IN_DIRECTORY(test_json_tells_of_failures),
		IN_DIRECTORY(test_json_is_utf8),
		IN_DIRECTORY(test_bad_ends),
		IN_DIRECTORY(test_pool_shrinks),
		IN_DIRECTORY(test_pool_as_asked_or_not_at_all),
		IN_DIRECTORY(test_several),
		IN_DIRECTORY(test_one_needs_no_flag),
		IN_DIRECTORY(test_first_failure_ends_it),
		IN_DIRECTORY(test_keep_going),
		IN_DIRECTORY(test_keep_going_with_what_is_left),
		IN_DIRECTORY(test_nobody_is_left),
		IN_DIRECTORY(test_refused_sink_of_several),
		IN_DIRECTORY(test_same_file_twice),
		IN_DIRECTORY(test_module_takes_one),
		IN_DIRECTORY(test_short_source_to_several),
		IN_DIRECTORY(test_json_of_several),
		IN_DIRECTORY(test_inherited_files),
		IN_DIRECTORY(test_nothing_inherited),
		IN_DIRECTORY(test_stream),
		IN_DIRECTORY(test_left),
		IN_DIRECTORY(test_same_pipe),
		IN_DIRECTORY(test_header_and_trailer),
		IN_DIRECTORY(test_rate),
		IN_DIRECTORY(test_options_for_others),
		IN_DIRECTORY(test_pool_source),
		IN_DIRECTORY(test_pool_sink),
		IN_DIRECTORY(test_pool_sink_with_a_frame),
		IN_DIRECTORY(test_pool_sink_of_a_longer_file),
	};

	return cmocka_run_group_tests_name("transfer", tests, NULL, NULL);
}
