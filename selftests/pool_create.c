// SPDX-License-Identifier: GPL-2.0
/*
 * Which pools can be made, and what POOL_INFO says of them.
 */
#include <sched.h>

#include "zc_mem.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static void geometry(void **state)
{
	static const struct {
		uint32_t count, buf_size;
		int want;
	} rows[] = {
		{ 1, 4096, 0 }, { 1, 8192, 0 }, { 3, 16384, 0 },
		{ 7, 1 << 20, 0 }, { 1, 4 << 20, 0 }, { 1000, 4096, 0 },
		{ 0, 4096, EINVAL }, { 0, 0, EINVAL }, { 1, 0, EINVAL },
		{ 1, 1, EINVAL }, { 1, 512, EINVAL }, { 1, 2048, EINVAL },
		{ 1, 4095, EINVAL }, { 1, 4097, EINVAL }, { 1, 12288, EINVAL },
		{ 1, (4 << 20) - 4096, EINVAL }, { 1, (4 << 20) + 4096, EINVAL },
		{ 1, 8 << 20, EINVAL }, { 1, 1U << 31, EINVAL },
		{ 1, ~0U, EINVAL }, { ~0U, ~0U, EINVAL },
		/* More than there is; 32-bit products would be 0 or small. */
		{ ~0U, 4096, ENOSPC }, { ~0U, 4 << 20, ENOSPC },
		{ 1 << 10, 4 << 20, ENOSPC }, { (1 << 10) + 1, 4 << 20, ENOSPC },
		{ 1 << 20, 4096, ENOSPC }, { (1 << 20) + 1, 4096, ENOSPC },
		{ 1U << 31, 8192, ENOSPC },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd = zc_open();
		struct zcdev_pool_info info;

		zc_assert_errno(zc_pool_create(fd, rows[i].count,
					       rows[i].buf_size, 0), rows[i].want,
				"%u x %u", rows[i].count, rows[i].buf_size);
		zc_assert_errno(zc_pool_info(fd, &info),
				rows[i].want ? ENXIO : 0, "row %zu", i);
		assert_int_equal(zc_total_bytes(fd), rows[i].want ? 0 :
				 (uint64_t)rows[i].count * rows[i].buf_size);
		close(fd);
	}
}

static void once(void **state)
{
	int fd = zc_open_pool(2, 8192);
	struct zcdev_pool_info info;

	(void)state;
	zc_assert_errno(zc_pool_create(fd, 4, 4096, 0), EEXIST, "another pool");
	zc_assert_errno(zc_pool_create(fd, 0, 4096, 0), EEXIST, "whatever it is");
	assert_int_equal(zc_pool_info(fd, &info), 0);
	assert_int_equal(info.out_count, 2);
	assert_int_equal(zc_total_bytes(fd), 2 * 8192);
	close(fd);
}

static void again(void **state)
{
	int fd = zc_open();

	(void)state;
	zc_assert_errno(zc_pool_create(fd, 0, 4096, 0), EINVAL, "bad count");
	zc_assert_errno(zc_pool_create(fd, ~0U, 4096, 0), ENOSPC, "too much");
	zc_assert_errno(zc_pool_create(fd, 1, 4096, 0), 0, "third try");
	close(fd);
}

static void none_yet(void **state)
{
	struct zcdev_pool_info info;
	int fd = zc_open(), other = zc_open_pool(1, 4096);

	(void)state;
	/* A pool belongs to one open file, not to the process. */
	zc_assert_errno(zc_pool_info(fd, &info), ENXIO, "no pool");
	close(fd);
	close(other);
}

static void info_exact(void **state)
{
	static const uint32_t flags[] = {
		0, ZCDEV_POOL_CONTIGUOUS, ZCDEV_POOL_DMA32,
		ZCDEV_POOL_CONTIGUOUS | ZCDEV_POOL_DMA32,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(flags); i++) {
		struct zcdev_pool_info want = {
			.size = sizeof(want),
			.out_pool_flags = flags[i],
			.out_count = 5,
			.out_buf_size = 65536,
			.out_node = i % 2 ? 0 : -1,
			.out_contiguous = 5,
			.out_free = 5,
		}, info;
		int fd = zc_open();

		assert_int_equal(zc_pool_create_on(fd, 5, 65536, flags[i],
						   want.out_node), 0);
		assert_int_equal(zc_pool_info(fd, &info), 0);
		assert_memory_equal(&info, &want, sizeof(info));
		close(fd);
	}
}

/* A duplicate and a passed descriptor are the same open file. */
static void same_file(void **state)
{
	int fd = zc_open(), copy = dup(fd), pair[2], passed;
	struct zcdev_pool_info info;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	zc_send_fd(pair[0], fd);
	passed = zc_recv_fd(pair[1]);
	assert_int_equal(zc_pool_create(copy, 3, 4096, 0), 0);
	close(copy);
	zc_assert_errno(zc_pool_create(passed, 3, 4096, 0), EEXIST, "passed");
	close(fd);
	assert_int_equal(zc_pool_info(passed, &info), 0);
	assert_int_equal(info.out_count, 3);
	assert_int_equal(zc_total_bytes(passed), 3 * 4096);
	close(passed);
	close(pair[0]);
	close(pair[1]);
	zc_assert_no_pools();
}

/* A child that creates so large a pool that there is time to kill it. */
static pid_t creator(int fd)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(zc_pool_create(fd, 64 * KiB, 4096, 0));
	return pid;
}

static void kill_and_reap(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* All on one CPU, so that who waits for the lock sleeps instead of spinning. */
static void killed(void **state)
{
	struct zcdev_pool_info info;
	int fd = zc_open();
	cpu_set_t all, one;
	pid_t first, second;

	(void)state;
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	first = creator(fd);
	assert_true(zc_wait_until(30, zc_total_bytes(fd)));
	second = creator(fd);
	assert_true(zc_wait_until(30, zc_task_state(second) == 'D'));
	kill_and_reap(second);
	zc_assert_errno(zc_pool_info(fd, &info), ENXIO,
			"who waited was killed after the pool was there");
	kill_and_reap(first);
	zc_assert_errno(zc_pool_info(fd, &info), ENXIO,
			"a pool that nobody waits for was finished");
	assert_int_equal(zc_total_bytes(fd), 0);
	zc_assert_errno(zc_pool_create(fd, 1, 4096, 0), 0, "afterwards");
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("geometry: what is made, what is EINVAL or ENOSPC",
			geometry),
		ZC_TEST("a second pool is EEXIST and changes nothing", once),
		ZC_TEST("after a failure one can try again", again),
		ZC_TEST("POOL_INFO without a pool is ENXIO", none_yet),
		ZC_TEST("POOL_INFO says exactly what was made", info_exact),
		ZC_TEST("dup and fd passing share the pool", same_file),
		ZC_TEST("SIGKILL ends who creates a pool, and who waits for it",
			killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
