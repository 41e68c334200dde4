// SPDX-License-Identifier: GPL-2.0
/*
 * All of a pool is on the NUMA node that it was asked for, or there is no pool:
 * not if the node has less, nor if the caller's cpuset leaves it out.
 */
#include <linux/mempolicy.h>

#include "zc_cgroup.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define FAR		1	/* the node without CPUs, which nobody uses by himself */
#define FAR_DIR		"/sys/devices/system/node/node1"

/* KiB that the node has left, or has in all. */
static long far_kib(const char *what)
{
	char name[32];
	long kib;

	snprintf(name, sizeof(name), "Node %d %s", FAR, what);
	kib = zc_proc_value(FAR_DIR "/meminfo", name);
	assert_true(kib >= 0);
	return kib;
}

static int node_of(const void *page)
{
	int node = -1;

	zc_must(!syscall(SYS_get_mempolicy, &node, NULL, 0, page,
			 MPOL_F_NODE | MPOL_F_ADDR));
	return node;
}

static int set_up(void **state)
{
	(void)state;
	return access(FAR_DIR, F_OK);
}

static void number(void **state)
{
	static const struct {
		int32_t node;
		int want;
	} rows[] = {
		{ ZCDEV_NODE_ANY, 0 }, { 0, 0 }, { FAR, 0 }, { 2, EINVAL },
		{ -2, EINVAL }, { 63, EINVAL }, { 1023, EINVAL }, { 1024, EINVAL },
		{ 1 << 20, EINVAL }, { INT32_MAX, EINVAL }, { INT32_MIN, EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd = zc_open();
		struct zcdev_pool_info info;

		zc_assert_errno(zc_pool_create_on(fd, 2, 8192, 0, rows[i].node),
				rows[i].want, "node %d", rows[i].node);
		if (!rows[i].want) {
			assert_int_equal(zc_pool_info(fd, &info), 0);
			assert_int_equal(info.out_node, rows[i].node);
		}
		close(fd);
	}
}

static void all_of_it(void **state)
{
	static const struct {
		uint32_t count, buf_size;
	} rows[] = { { 512, 4096 }, { 32, 64 * KiB }, { 8, MiB }, { 4, 4 * MiB } };

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		size_t size = rows[i / 2].buf_size, len = rows[i / 2].count * size;
		int fd = zc_open(), node = i % 2;
		unsigned char *map;

		zc_case("%u x %zu on node %d", rows[i / 2].count, size, node);
		assert_int_equal(zc_pool_create_on(fd, rows[i / 2].count, size, 0, node),
				 0);
		map = zc_map(fd, len);
		for (size_t at = 0; at < len; at += ZC_PAGE)
			assert_int_equal(node_of(map + at), node);
		munmap(map, len);
		close(fd);
	}
}

/* The other node has plenty. */
static void not_more_than_it_has(void **state)
{
	long all = far_kib("MemTotal"), before;
	int fd = zc_open();

	(void)state;
	assert_in_range(all, 1, zc_available() / 2);
	zc_assert_no_pools();
	before = far_kib("MemFree");
	zc_assert_errno(zc_pool_create_on(fd, all / 1024 + 1, MiB, 0, FAR), ENOMEM,
			"%ld KiB of a node that has %ld", all + 1024, all);
	assert_int_equal(zc_total_bytes(fd), 0);
	assert_true(zc_wait_until(5, far_kib("MemFree") > before - 4096));
	assert_int_equal(zc_pool_create_on(fd, 4, MiB, 0, FAR), 0);
	close(fd);
}

/* In a cpuset of node 0 alone */

static bool cpusets;		/* the debug kernel has none */

static int make_cpuset(void **state)
{
	(void)state;
	cpusets = zc_cgroup_make("+cpuset");
	if (cpusets)
		zc_write_file(ZC_CGROUP "/cpuset.mems", "0");
	return 0;
}

static int remove_cpuset(void **state)
{
	(void)state;
	return cpusets ? zc_cgroup_remove("-cpuset") : 0;
}

static int create_within(void *node)
{
	zc_cgroup_enter();
	return zc_pool_create_on(zc_open(), 2, 8192, 0, *(int *)node);
}

static void not_outside_of_the_cpuset(void **state)
{
	static const struct {
		int node, want;
	} rows[] = { { 0, 0 }, { FAR, EINVAL }, { ZCDEV_NODE_ANY, 0 } };

	(void)state;
	if (!cpusets)
		skip();
	for (size_t i = 0; i < COUNT(rows); i++) {
		int node = rows[i].node;

		zc_assert_errno(zc_child(create_within, &node), rows[i].want,
				"node %d in a cpuset of node 0", node);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("a node that is not there is EINVAL", number),
		ZC_TEST("all of a pool is on its node", all_of_it),
		ZC_TEST("what the node has not got is ENOMEM", not_more_than_it_has),
		{ "a node outside of the cpuset is EINVAL", not_outside_of_the_cpuset,
		  make_cpuset, remove_cpuset, NULL },
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
