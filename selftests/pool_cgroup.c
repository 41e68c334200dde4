// SPDX-License-Identifier: GPL-2.0
/*
 * A pool is charged to the memory cgroup of its creator, and one that does not
 * fit is ENOMEM: a wish that is refused, not a reason to kill.
 */
#include "zc_cgroup.h"

static int set_up(void **state)
{
	(void)state;
	return zc_cgroup_make("+memory") ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return zc_cgroup_remove("-memory");
}

static long current_bytes(void)
{
	long value = -1;
	FILE *f = fopen(ZC_CGROUP "/memory.current", "re");

	zc_must(f && fscanf(f, "%ld", &value) == 1);
	fclose(f);
	return value;
}

static void limit(const char *max)
{
	zc_write_file(ZC_CGROUP "/memory.max", max);
}

struct pool {
	int fd;
	uint32_t count, buf_size, flags;
};

static int create(void *arg)
{
	const struct pool *pool = arg;

	zc_cgroup_enter();
	return zc_pool_create(pool->fd, pool->count, pool->buf_size,
			      pool->flags);
}

static void charged(void **state)
{
	struct pool pool = { zc_open(), 16, 1 << 20, 0 };
	long now;

	(void)state;
	limit("max");
	assert_int_equal(zc_child(create, &pool), 0);
	now = current_bytes();
	assert_in_range(now, 16 * MiB, 18 * MiB);
	close(pool.fd);
	assert_true(zc_wait_until(20, current_bytes() < 2 * (long)MiB));
}

static void not_more_than_max(void **state)
{
	static const struct pool rows[] = {
		{ 0, 16, 4 << 20, 0 },
		{ 0, 16, 4 << 20, ZCDEV_POOL_CONTIGUOUS },
		{ 0, 64, 1 << 20, 0 },
		{ 0, 8192, 8192, 0 },
		{ 0, 16384, 4096, 0 },
		{ 0, 16384, 4096, ZCDEV_POOL_CONTIGUOUS },
	};
	long kills;

	(void)state;
	limit("33554432");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pool pool = rows[i];
		struct zcdev_pool_info info;

		pool.fd = zc_open();
		zc_assert_errno(zc_child(create, &pool), ENOMEM,
				"%u x %u in 32 MiB", pool.count, pool.buf_size);
		assert_int_equal(zc_pool_info(pool.fd, &info), ENXIO);
		/* What others have left may still be on its way. */
		assert_true(zc_wait_until(20, !zc_total_bytes(pool.fd)));
		close(pool.fd);
		assert_true(zc_wait_until(20, current_bytes() < 2 * (long)MiB));
	}
	kills = zc_proc_value(ZC_CGROUP "/memory.events", "oom_kill");
	assert_int_equal(kills, 0);
	limit("max");
}

/*
 * Up to the very edge, a page more each time: whatever is allocated there
 * beside the buffers must not ask the OOM killer either.
 */
static int edge(void *arg)
{
	char text[32];
	int fd = *(int *)arg, ret;

	zc_cgroup_enter();
	for (int pages = -96; pages < 32; pages++) {
		int file = open(ZC_CGROUP "/memory.max", O_WRONLY | O_CLOEXEC);
		int len = snprintf(text, sizeof(text), "%ld",
				   current_bytes() + (8192L + pages) * 4096);

		zc_must(write(file, text, len) == len);
		close(file);
		ret = zc_pool_create(fd, 9, 4 << 20, 0);
		if (ret != ENOMEM)
			return ret ?: ZC_BROKEN;
	}
	return 0;
}

static void edge_of_max(void **state)
{
	int fd = zc_open();

	(void)state;
	zc_assert_errno(zc_child(edge, &fd), 0, "at the edge");
	assert_int_equal(zc_proc_value(ZC_CGROUP "/memory.events", "oom_kill"), 0);
	limit("max");
	close(fd);
}

/* Draining pages stay with the group, too, and it may die meanwhile. */
static void draining(void **state)
{
	struct pool pool = { zc_open(), 4, 1 << 20, 0 };
	unsigned char *map;
	int pair[2], look = zc_open();

	(void)state;
	assert_int_equal(zc_child(create, &pool), 0);
	map = zc_map(pool.fd, 4 * MiB);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(zc_queue(pair[0], map, 1), 0);
	munmap(map, 4 * MiB);
	close(pool.fd);
	assert_int_equal(zc_total_bytes(look), MiB);
	assert_true(current_bytes() >= (long)MiB);
	assert_true(current_bytes() < 3 * (long)MiB);
	close(pair[0]);
	close(pair[1]);
	assert_true(zc_wait_until(20, !zc_total_bytes(look)));
	close(look);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("a pool is charged to the cgroup of its creator",
			charged),
		ZC_TEST("beyond memory.max is ENOMEM, nobody is killed",
			not_more_than_max),
		ZC_TEST("nor is anybody at its very edge", edge_of_max),
		ZC_TEST("draining pages stay charged to the cgroup", draining),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
