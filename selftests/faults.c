// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation and every copy from and to the caller's memory that the
 * device makes fails once: in open, pools of many shapes, mappings, and what is
 * done to these. What fails leaves nothing behind, and the same call then works.
 * only: debug
 * timeout: 60
 */
#include "zc_fault_dev.h"

/* Where nothing else is, so that there are no page tables either. */
#define FAR	((void *)0x100000000000)

/* open */

static bool nothing(const void *arg)
{
	(void)arg;
	return true;
}

static int open_device(const void *arg)
{
	(void)arg;
	dev = open("/dev/zcdev", O_RDWR | O_CLOEXEC);
	return zc_errno(dev);
}

static void check_open(const void *arg, int ret, bool injected)
{
	(void)arg;
	(void)injected;
	assert_int_equal(ret, ret ? ENOMEM : 0);
	assert_int_equal(zc_module_refs(), !ret);
	if (ret)
		dev = zc_open();
	assert_int_equal(zc_pool_create(dev, 1, BUF, 0), 0);
}

/* POOL_CREATE */

struct geometry {
	uint32_t count, buf_size, flags;
};

static int create_pool(const void *arg)
{
	const struct geometry *g = arg;

	return zc_pool_create(dev, g->count, g->buf_size, g->flags);
}

static void check_pool(const void *arg, int ret, bool injected)
{
	const struct geometry *g = arg;
	uint64_t bytes = (uint64_t)g->count * g->buf_size;
	struct zcdev_pool_info info;

	(void)injected;
	assert_true(!ret || ret == ENOMEM || ret == EFAULT);
	assert_int_equal(zc_total(dev), ret ? 0 : bytes);
	if (ret) {
		assert_int_equal(zc_pool_info(dev, &info), ENXIO);
		assert_int_equal(create_pool(arg), 0);
	}
	assert_int_equal(zc_total(dev), bytes);
	assert_free(0);
}

/* mmap */

static int map_pool(const void *arg)
{
	int prot = *(const int *)arg;
	void *at = mmap(FAR, POOL, prot, MAP_SHARED | MAP_FIXED_NOREPLACE,
			dev, 0);

	map = at == MAP_FAILED ? NULL : at;
	return map ? 0 : errno;
}

static void check_map(const void *arg, int ret, bool injected)
{
	(void)injected;
	assert_int_equal(ret, ret ? ENOMEM : 0);
	if (ret) {
		struct zcdev_pool_info info;

		assert_true(zc_pool_info(dev, &info) || !info.out_maps);
		assert_int_equal(map_pool(arg), 0);
	}
	assert_free(1);
	for (size_t at = 0; at < POOL; at++)
		assert_int_equal(map[at], 0);
}

/* fork, and mappings that are cut: the memory of the kernel around us */

static int fork_map(const void *arg)
{
	pid_t pid = fork();
	int status;

	(void)arg;
	if (!pid)
		_exit(0);
	if (pid < 0)
		return errno;
	return waitpid(pid, &status, 0) == pid && !status ? 0 : EIO;
}

/* Cuts a page out of the middle, which needs another vma, and puts it back. */
static int cut_map(const void *arg)
{
	int ret = zc_errno(munmap(map + BUF, ZC_PAGE));

	(void)arg;
	if (ret)
		return ret;
	return mmap(map + BUF, ZC_PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, dev, BUF) == MAP_FAILED ? errno : 0;
}

static void check_cut(const void *arg, int ret, bool injected)
{
	struct zcdev_pool_info info;

	(void)arg;
	(void)injected;
	assert_int_equal(ret, ret ? ENOMEM : 0);
	assert_int_equal(zc_pool_info(dev, &info), 0);
	assert_in_range(info.out_maps, 1, 3);
	assert_int_equal(info.out_free, info.out_count);
	assert_int_equal(zc_differs(map, BUF, 3, 0), BUF);
	assert_int_equal(zc_differs(map + 2 * BUF, BUF, 3, 2 * BUF), BUF);
	assert_int_equal(munmap(map, POOL), 0);
	map = NULL;
	assert_free(0);
}

static void opening(void **state)
{
	static const struct zc_sweep open_sweep = {
		"open", NULL, nothing, open_device, check_open, give_back,
	};

	(void)state;
	zc_sweep_run(&open_sweep);
}

static void pools(void **state)
{
	static const struct geometry shapes[] = {
		{ 1, 4 * KiB, 0 }, { 3, 64 * KiB, 0 }, { 2, 4 * MiB, 0 },
		{ 100, 4 * KiB, 0 },
		{ 2, MiB, ZCDEV_POOL_CONTIGUOUS }, { 2, 64 * KiB, ZCDEV_POOL_DMA32 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct zc_sweep sweep = {
			"POOL_CREATE", &shapes[i], plain_device, create_pool,
			check_pool, give_back,
		};

		zc_case("%u x %u, flags %u", shapes[i].count, shapes[i].buf_size,
			shapes[i].flags);
		zc_sweep_run(&sweep);
	}
}

static void mappings(void **state)
{
	static const int ro = PROT_READ, rw = PROT_READ | PROT_WRITE;
	static const struct zc_sweep sweeps[] = {
		{ "mmap", &rw, device_with_pool, map_pool, check_map, give_back },
		{ "mmap that makes a pool", &rw, plain_device, map_pool,
		  check_map, give_back },
		{ "mmap to read", &ro, device_with_pool, map_pool, check_map,
		  give_back },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++)
		zc_sweep_run(&sweeps[i]);
}

static void cuts(void **state)
{
	static const struct zc_sweep sweeps[] = {
		{ "fork", NULL, mapped, fork_map, check_cut, give_back },
		{ "munmap and mmap in the middle", NULL, mapped, cut_map,
		  check_cut, give_back },
	};

	(void)state;
	zc_fault_within(ZC_ALL_TEXT, ZC_DEEP);
	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++)
		zc_sweep_run(&sweeps[i]);
	zc_fault_within(zc_find_text("zcdev", NULL), ZC_DEEP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("open meets every fault", opening),
		ZC_TEST("POOL_CREATE meets every fault", pools),
		ZC_TEST("mmap meets every fault", mappings),
		ZC_TEST("fork and munmap meet every fault", cuts),
	};

	return cmocka_run_group_tests(tests, zc_fault_ours, NULL);
}
