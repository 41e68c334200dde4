// SPDX-License-Identifier: GPL-2.0
/* timeout: 120 */
/*
 * File systems that are frozen and disks that are suspended in mid-transfer:
 * it waits, goes on afterwards, and can be killed without a trace.
 */
#include "zc_disk.h"
#include "zc_sock.h"
#include "zc_task.h"

#include <linux/fs.h>

#define MNT	"mnt"
#define NAME	"zcstuck"
#define DISK	"/dev/mapper/" NAME

/* What takes a while, even in a hurry. */
static uint64_t size(void)
{
	return zc_debug_kernel() ? 8 * MiB : 32 * MiB;
}

static int set_up(void **state)
{
	(void)state;
	zc_sh("modprobe -q dm-mod; dmsetup create " NAME " --noudevsync --table "
	      "'0 %lu linear %s 0' && dmsetup mknodes", 128 * MiB / 512,
	      zc_scratch());
	zc_mount_ext4(DISK, MNT, "");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	zc_disk_reset(MNT, NAME);
	return 0;
}

/* Moves src to dst in small pieces; exits with 42 if all went well. */
static pid_t start_move(const char *from, const char *to)
{
	pid_t pid = fork();

	if (!pid) {
		int zc = zc_open_pool(4, 64 * KiB);
		struct zc_xfer x = zc_xfer(open(from, O_RDONLY),
					   open(to, O_WRONLY | O_CREAT, 0600));

		if (zc_xfer_run(zc, &x) || x.t.out_error)
			_exit(1);
		_exit(x.t.out_bytes == size() ? 42 : 2);
	}
	return pid;
}

/* Until @fd has grown past @size; false if the process is gone before. */
static void wait_for_size(const char *name, off_t size)
{
	struct stat st = {};
	uint64_t until = zc_now_ms() + 20000;

	while ((stat(name, &st) || st.st_size < size) && zc_now_ms() < until)
		usleep(500);
	assert_true(st.st_size >= size);
}

/* Until nothing more is written, which takes the sink some time to show. */
static off_t wait_until_it_waits(const char *name, pid_t pid)
{
	struct stat st = {};
	off_t last = -1;
	int still = 0;

	while (still < 20) {
		assert_int_equal(stat(name, &st), 0);
		still = st.st_size == last && zc_task_state(pid) != 'R' ?
			still + 1 : 0;
		last = st.st_size;
		usleep(10000);
	}
	return last;
}

static void assert_ended_well(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void a_frozen_sink_is_waited_for(void **state)
{
	int src = zc_make_file("src", size(), 1), mnt = open(MNT, O_RDONLY), dst;
	off_t frozen_at;
	pid_t pid;

	(void)state;
	pid = start_move("src", MNT "/dst");
	wait_for_size(MNT "/dst", MiB);
	assert_int_equal(ioctl(mnt, FIFREEZE, 0), 0);
	frozen_at = wait_until_it_waits(MNT "/dst", pid);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_true(frozen_at < (off_t)size());
	assert_int_equal(ioctl(mnt, FITHAW, 0), 0);
	assert_ended_well(pid);
	dst = open(MNT "/dst", O_RDONLY);
	assert_int_equal(zc_size(dst), size());
	zc_check_range(dst, 0, size(), 1, 0);
	close(dst);
	close(mnt);
	close(src);
}

static void suspend(void)
{
	assert_int_equal(zc_dm_suspend(NAME, true), 0);
}

static void resume(void)
{
	assert_int_equal(zc_dm_suspend(NAME, false), 0);
}

static void a_suspended_disk_is_waited_for(void **state)
{
	static const char *const ways[][2] = {
		{ "src", MNT "/dst" }, { MNT "/src", "dst" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		int src = zc_make_file(ways[i][0], size(), 1), dst;
		pid_t pid = start_move(ways[i][0], ways[i][1]);

		zc_case("%s to %s", ways[i][0], ways[i][1]);
		wait_for_size(ways[i][1], MiB);
		suspend();
		wait_until_it_waits(ways[i][1], pid);
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		resume();
		assert_ended_well(pid);
		dst = open(ways[i][1], O_RDONLY);
		zc_check_range(dst, 0, size(), 1, 0);
		close(dst);
		close(src);
	}
}

/* What the disk was asked for is waited for, then the signal has its way. */
static void killed_on_a_suspended_disk_nothing_is_left(void **state)
{
	static const char *const ways[][2] = {
		{ "src", MNT "/dst" }, { MNT "/src", "dst" },
	};
	size_t i;
	int status;

	(void)state;
	for (i = 0; i < 2; i++) {
		int src = zc_make_file(ways[i][0], size(), 1);
		pid_t pid = start_move(ways[i][0], ways[i][1]);

		zc_case("%s to %s", ways[i][0], ways[i][1]);
		wait_for_size(ways[i][1], MiB);
		suspend();
		wait_until_it_waits(ways[i][1], pid);
		assert_int_equal(kill(pid, SIGKILL), 0);
		usleep(100000);
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		resume();
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGKILL);
		close(src);
		zc_assert_no_pools();
	}
}

#define test(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_frozen_sink_is_waited_for),
		test(a_suspended_disk_is_waited_for),
		test(killed_on_a_suspended_disk_nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
