// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation and every copy from and to the caller's memory fails once in
 * the small ioctls, and in read, write and splice of the pool: what was not done
 * is not there, what was is right, and the same call then works.
 * only: debug
 * timeout: 60
 */
#include "zc_fault_dev.h"

static union {
	struct zcdev_query query;
	struct zcdev_pool_info info;
	struct zcdev_buf_wait wait;
	struct zcdev_buf_acquire acquire;
	struct zcdev_buf_release release;
} call;
static uint32_t indices[2];

/* The small ioctls */

static int do_query(const void *arg)
{
	(void)arg;
	return zc_query(dev, &call.query);
}

static int do_info(const void *arg)
{
	(void)arg;
	return zc_pool_info(dev, &call.info);
}

static int do_wait(const void *arg)
{
	(void)arg;
	call.wait = (struct zcdev_buf_wait) {
		.size = sizeof(call.wait), .len = POOL, .timeout_ns = ~0ULL,
	};
	return zc_errno(ioctl(dev, ZCDEV_BUF_WAIT, &call.wait));
}

static int do_acquire(const void *arg)
{
	(void)arg;
	call.acquire = (struct zcdev_buf_acquire) {
		.size = sizeof(call.acquire), .count = 2,
		.indices = (uintptr_t)indices,
	};
	return zc_errno(ioctl(dev, ZCDEV_BUF_ACQUIRE, &call.acquire));
}

static int do_release(const void *arg)
{
	(void)arg;
	call.release = (struct zcdev_buf_release) {
		.size = sizeof(call.release), .count = 2,
		.indices = (uintptr_t)indices,
	};
	return zc_errno(ioctl(dev, ZCDEV_BUF_RELEASE, &call.release));
}

static bool pool_acquired(const void *arg)
{
	device_with_pool(arg);
	return !do_acquire(arg);
}

static void check_call(const void *arg, int ret, bool injected)
{
	(void)arg;
	(void)injected;
	assert_true(!ret || ret == EFAULT || ret == ENOMEM);
	assert_free(0);
}

/* What failed acquired nothing. */
static void check_acquired(const void *arg, int ret, bool injected)
{
	struct zcdev_pool_info info;

	(void)injected;
	assert_true(!ret || ret == EFAULT || ret == ENOMEM);
	assert_int_equal(zc_pool_info(dev, &info), 0);
	assert_int_equal(info.out_acquired, ret ? 0 : 2);
	if (ret)
		assert_int_equal(do_acquire(arg), 0);
	assert_int_equal(do_release(arg), 0);
	assert_free(0);
}

static void check_released(const void *arg, int ret, bool injected)
{
	struct zcdev_pool_info info;

	(void)injected;
	assert_true(!ret || ret == EFAULT || ret == ENOMEM);
	assert_int_equal(zc_pool_info(dev, &info), 0);
	assert_int_equal(info.out_acquired, ret ? 2 : 0);
	if (ret)
		assert_int_equal(do_release(arg), 0);
	assert_free(0);
}

/* read, write, splice */

static unsigned char bytes[POOL];
static ssize_t moved;		/* by the call */
static int pipes[2];

/* What is to come; what is in the pool is there. */
static bool prepared(void)
{
	zc_fill(bytes, POOL, 4, 0);
	moved = 0;
	zc_must(!pipe2(pipes, O_CLOEXEC | O_NONBLOCK));
	return fcntl(pipes[0], F_SETPIPE_SZ, 2 * POOL) > 0;
}

static bool filled(const void *arg)
{
	return mapped(arg) && prepared();
}

/* Single pages, which leave as copies. */
static bool singles_filled(const void *arg)
{
	(void)arg;
	dev = zc_open_pool(POOL / ZC_PAGE, ZC_PAGE);
	map = zc_map(dev, POOL);
	zc_fill(map, POOL, 3, 0);
	return prepared();
}

static bool pipe_filled(const void *arg)
{
	filled(arg);
	zc_must(write(pipes[1], bytes, POOL) == (ssize_t)POOL);
	return true;
}

static void give_all_back(const void *arg)
{
	close(pipes[0]);
	close(pipes[1]);
	give_back(arg);
}

static int do_read(const void *arg)
{
	(void)arg;
	moved = pread(dev, bytes, POOL, 0);
	return zc_errno(moved);
}

static int do_write(const void *arg)
{
	(void)arg;
	moved = pwrite(dev, bytes, POOL, 0);
	return zc_errno(moved);
}

/* At the position of the file: an offset could not be written back in the end. */
static int do_splice_out(const void *arg)
{
	(void)arg;
	moved = splice(dev, NULL, pipes[1], NULL, POOL, 0);
	return zc_errno(moved);
}

static int do_splice_in(const void *arg)
{
	(void)arg;
	moved = splice(pipes[0], NULL, dev, NULL, POOL, 0);
	return zc_errno(moved);
}

static void assert_moved(int ret, bool injected)
{
	assert_true(!ret || ret == EFAULT || ret == ENOMEM);
	if (ret)
		moved = 0;
	else
		assert_in_range(moved, 1, POOL);
	assert_true(injected || moved == (ssize_t)POOL);
}

/* The first bytes are those, no more, no less. */
static void check_read(const void *arg, int ret, bool injected)
{
	(void)arg;
	assert_moved(ret, injected);
	assert_true(zc_differs(bytes, moved, 3, 0) == (size_t)moved);
	assert_free(1);
}

static void check_written(const void *arg, int ret, bool injected)
{
	(void)arg;
	assert_moved(ret, injected);
	assert_true(zc_differs(map, moved, 4, 0) == (size_t)moved);
	assert_true(zc_differs(map + moved, POOL - moved, 3, moved) ==
		    (size_t)(POOL - moved));
	assert_free(1);
}

static void check_spliced(const void *arg, int ret, bool injected)
{
	(void)arg;
	assert_moved(ret, injected);
	assert_int_equal(read(pipes[0], bytes, POOL), moved ?: -1);
	assert_true(zc_differs(bytes, moved, 3, 0) == (size_t)moved);
	assert_free(1);
}

static void ioctls(void **state)
{
	static const struct zc_sweep sweeps[] = {
		{ "QUERY", NULL, device_with_pool, do_query, check_call, give_back },
		{ "POOL_INFO", NULL, device_with_pool, do_info, check_call,
		  give_back },
		{ "BUF_WAIT", NULL, device_with_pool, do_wait, check_call,
		  give_back },
		{ "BUF_ACQUIRE", NULL, device_with_pool, do_acquire,
		  check_acquired, give_back },
		{ "BUF_RELEASE", NULL, pool_acquired, do_release, check_released,
		  give_back },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++)
		zc_sweep_run(&sweeps[i]);
}

static void io(void **state)
{
	static const struct zc_sweep sweeps[] = {
		{ "read", NULL, filled, do_read, check_read, give_all_back },
		{ "write", NULL, filled, do_write, check_written, give_all_back },
		{ "splice out", NULL, singles_filled, do_splice_out,
		  check_spliced, give_all_back },
	};
	/* We do nothing there that can fail; what calls us does. */
	static const struct zc_sweep in = {
		"splice in", NULL, pipe_filled, do_splice_in, check_written,
		give_all_back,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++)
		zc_sweep_run(&sweeps[i]);
	zc_fault_within(ZC_ALL_TEXT, ZC_DEEP);
	zc_sweep_run(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("the small ioctls meet every fault", ioctls),
		ZC_TEST("read, write and splice meet every fault", io),
	};

	return cmocka_run_group_tests(tests, zc_fault_ours, zc_fault_over);
}
