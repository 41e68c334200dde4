// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation and every copy from and to the caller's memory that the
 * device makes fails once: in open, pools of many shapes, mappings, and what is
 * done to these. What fails leaves nothing behind, and the same call then works.
 * only: debug
 * timeout: 60
 */
#include <sys/syscall.h>

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
	assert_int_equal(zc_total_bytes(dev), ret ? 0 : bytes);
	if (ret) {
		assert_int_equal(zc_pool_info(dev, &info), ENXIO);
		assert_int_equal(create_pool(arg), 0);
	}
	assert_int_equal(zc_total_bytes(dev), bytes);
	assert_free(0);
}

/* POOL_CREATE by somebody who has no other, and whose number needs many nodes */

#define STRANGER	4000000000U

/* What he may do is what root may. */
static void be(unsigned int uid)
{
	assert_int_equal(syscall(SYS_setresuid, uid, 0, 0), 0);
}

static bool stranger(const void *arg)
{
	plain_device(arg);
	be(STRANGER);
	return true;
}

static void be_root(const void *arg)
{
	be(0);
	give_back(arg);
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

static void strangers(void **state)
{
	static const struct geometry shape = { 2, 4 * KiB, 0 };
	static const struct zc_sweep sweep = {
		"POOL_CREATE by a stranger", &shape, stranger, create_pool,
		check_pool, be_root,
	};

	(void)state;
	zc_sweep_run(&sweep);
}

/* A tree that finds no memory at once tries again, so one fault is not enough. */
static void no_room_for_users(void **state)
{
	static const struct geometry shape = { 2, 4 * KiB, 0 };
	int ret;

	stranger(NULL);
	zc_fault_all(zc_find_text(NULL, "xa_store"));
	ret = create_pool(&shape);
	zc_fault_some();
	zc_fault_ours(state);
	assert_int_equal(ret, ENOMEM);
	check_pool(&shape, ret, true);
	be_root(NULL);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("open meets every fault", opening),
		ZC_TEST("POOL_CREATE meets every fault", pools),
		ZC_TEST("POOL_CREATE of a new user meets every fault", strangers),
		ZC_TEST("a user of whom no note can be taken gets no pool",
			no_room_for_users),
		ZC_TEST("mmap meets every fault", mappings),
	};

	return cmocka_run_group_tests(tests, zc_fault_ours, zc_fault_over);
}
