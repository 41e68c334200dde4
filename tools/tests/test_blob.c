// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "blob.h"
#include "zcdev.h"

static char path[64];

/* A file of @size bytes at @path. */
static void make(off_t size)
{
	int fd;

	strcpy(path, "/tmp/zcdevctl-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	if (size)
		assert_int_equal(pwrite(fd, "!", 1, size - 1), 1);
	close(fd);
}

static void test_sizes(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 4097, ZCDEV_IOV_MAX_BYTES };
	struct blob blob;
	struct fault f;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		make(sizes[i]);
		assert_int_equal(blob_read(&blob, path, "--header", &f), 0);
		unlink(path);
		assert_int_equal(blob.len, sizes[i]);
		if (sizes[i])
			assert_int_equal(blob.data[sizes[i] - 1], '!');
		blob_free(&blob);
		assert_int_equal(blob.len, 0);
	}
}

static void test_too_large(void **state)
{
	struct blob blob;
	struct fault f;

	(void)state;
	make(ZCDEV_IOV_MAX_BYTES + 1);
	assert_int_equal(blob_read(&blob, path, "--trailer", &f), -1);
	unlink(path);
	blob_free(&blob);
	assert_int_equal(f.status, STATUS_FAILED);
	check_sentence(f.text);
	assert_non_null(strstr(f.text, "--trailer takes up to 64.0 KiB"));
	assert_non_null(strstr(f.text, path));
}

/* What "--header <(command)" of a shell is. */
static void test_pipe(void **state)
{
	struct blob blob;
	struct fault f;
	char name[32];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "hello", 5), 5);
	close(fds[1]);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fds[0]);
	assert_int_equal(blob_read(&blob, name, "--header", &f), 0);
	close(fds[0]);
	assert_int_equal(blob.len, 5);
	assert_memory_equal(blob.data, "hello", 5);
	blob_free(&blob);
}

static void test_unreadable(void **state)
{
	struct blob blob;
	struct fault f;

	(void)state;
	assert_int_equal(blob_read(&blob, "/no/such/file", "--header", &f), -1);
	blob_free(&blob);
	check_sentence(f.text);
	assert_non_null(strstr(f.text, "cannot read /no/such/file: No such file"));
	assert_int_equal(blob_read(&blob, "/tmp", "--header", &f), -1);
	blob_free(&blob);
	assert_non_null(strstr(f.text, "cannot read /tmp: Is a directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests_name("blob", tests, NULL, NULL);
}
