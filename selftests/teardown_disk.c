// SPDX-License-Identifier: GPL-2.0
/*
 * A disk is pulled out in the middle of a transfer from it or to it: the
 * transfer ends, with counts of exactly what arrived, and leaves nothing.
 * timeout: 120
 */
#include "zc_nullb.h"
#include "zc_sock.h"

#define SIZE	(24 * MiB)
#define UNDER_WAY 2048	/* KiB: more than all buffers */
#define MNT	"mnt"

/* Also after a failure that left files open. */
static int clear(void **state)
{
	(void)state;
	closefrom(3);
	umount2(MNT, MNT_DETACH);
	return nullb_remove();
}

/* What a child found out. */
struct outcome {
	int ret, error;
	uint64_t bytes;
};

static void move(int src, int dst, struct outcome *outcome)
{
	int zc = zc_open_pool(4, 64 * KiB);
	struct zc_xfer x = zc_xfer(src, dst);

	x.t.len = SIZE;
	outcome->ret = zc_xfer_run(zc, &x);
	outcome->error = x.t.out_error;
	outcome->bytes = outcome->ret ? 0 : x.t.out_bytes;
}

static struct outcome *shared_outcome(void)
{
	void *map = mmap(NULL, ZC_PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	return map;
}

/* KiB that the disk has read and written. */
static long disk_kib(const char *path)
{
	unsigned long read = 0, written = 0;
	char stat[64];
	FILE *f;

	snprintf(stat, sizeof(stat), "/sys/block/%s/stat", strrchr(path, '/') + 1);
	f = fopen(stat, "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*u %*u %lu %*u %*u %*u %lu", &read,
				&written), 2);
	fclose(f);
	return (read + written) / 2;
}

/* Transfers in a child, and pulls the disk when it is under way. */
static void move_and_pull(const char *path, int src, int dst,
			  struct outcome *outcome)
{
	long before = disk_kib(path);
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		move(src, dst, outcome);
		_exit(0);
	}
	assert_true(zc_wait_until(20, disk_kib(path) >= before + UNDER_WAY));
	nullb_pull();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_in_range(outcome->bytes, 1, SIZE - 1);
	printf("# %llu bytes, then %s\n", (unsigned long long)outcome->bytes,
	       strerrorname_np(outcome->ret ?: outcome->error));
	zc_assert_no_pools();
}

static void fill_disk(const char *path)
{
	static char buf[MiB];
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t at = 0; at < SIZE; at += sizeof(buf)) {
		zc_fill(buf, sizeof(buf), 1, at);
		assert_int_equal(pwrite(fd, buf, sizeof(buf), at), sizeof(buf));
	}
	assert_int_equal(fsync(fd), 0);
	close(fd);
}

/* A disk that is gone has no bytes: its end came early, as for read(2). */
static void source_goes(void **state)
{
	struct outcome *outcome = shared_outcome();
	const char *path = nullb_plug();
	int src, dst;

	(void)state;
	fill_disk(path);
	src = open(path, O_RDONLY | O_CLOEXEC);
	dst = open("dst", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	move_and_pull(path, src, dst, outcome);
	assert_int_equal(zc_size(dst), outcome->bytes);
	zc_check_range(dst, 0, outcome->bytes, 1, 0);
	assert_int_equal(lseek(src, 0, SEEK_CUR), outcome->bytes);
	close(src);
	close(dst);
}

static void sink_goes(void **state)
{
	struct outcome *outcome = shared_outcome();
	const char *path = nullb_plug();
	int src, dst;

	(void)state;
	src = zc_make_file("src", SIZE, 1);
	dst = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(dst >= 0);
	move_and_pull(path, src, dst, outcome);
	assert_true(outcome->ret || outcome->error);
	assert_int_equal(lseek(src, 0, SEEK_CUR), outcome->bytes);
	assert_int_equal(lseek(dst, 0, SEEK_CUR), outcome->bytes);
	close(src);
	close(dst);
}

/* The file system on it goes with it. */
static void file_goes(void **state)
{
	struct outcome *outcome = shared_outcome();
	const char *path = nullb_plug();
	int src, dst;

	(void)state;
	zc_mount_ext4(path, MNT, "");
	src = zc_make_file("src", SIZE, 1);
	dst = open(MNT "/dst", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(dst >= 0);
	move_and_pull(path, src, dst, outcome);
	assert_true(outcome->ret || outcome->error);
	assert_int_equal(lseek(src, 0, SEEK_CUR), outcome->bytes);
	close(src);
	close(dst);
}

#define TEST(property, fn)	{ property, fn, NULL, clear, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("the source is pulled", source_goes),
		TEST("the sink is pulled", sink_goes),
		TEST("the disk below a file is pulled", file_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
