// SPDX-License-Identifier: GPL-2.0
/*
 * Pools as netlink and fdinfo show them: the truth, and all of it.
 */
#include <sys/prctl.h>

#include "zc_nl.h"
#include "zc_mem.h"
#include "zc_sock.h"

struct pool {
	int seen;
	uint32_t id, uid, pid, count, buf_size, contiguous;
	uint32_t free, acquired, staging, in_flight, maps;
	int32_t node;
	uint64_t held, charged;
	bool draining;
	char comm[32];
};

static void read_pool(struct nlattr **tb, void *arg)
{
	struct pool *p = arg;

	p->seen++;
	p->id = zc_nl_u32(tb, ZCDEV_A_POOL_ID);
	p->uid = zc_nl_u32(tb, ZCDEV_A_POOL_OWNER_UID);
	p->pid = tb[ZCDEV_A_POOL_OWNER_PID] ?
		 zc_nl_u32(tb, ZCDEV_A_POOL_OWNER_PID) : 0;
	assert_non_null(tb[ZCDEV_A_POOL_OWNER_COMM]);
	snprintf(p->comm, sizeof(p->comm), "%s",
		 nla_get_string(tb[ZCDEV_A_POOL_OWNER_COMM]));
	assert_int_equal(zc_nl_u32(tb, ZCDEV_A_POOL_FLAGS), 0);
	p->count = zc_nl_u32(tb, ZCDEV_A_POOL_COUNT);
	p->buf_size = zc_nl_u32(tb, ZCDEV_A_POOL_BUF_SIZE);
	p->node = zc_nl_u32(tb, ZCDEV_A_POOL_NODE);
	p->contiguous = zc_nl_u32(tb, ZCDEV_A_POOL_CONTIGUOUS);
	p->free = zc_nl_u32(tb, ZCDEV_A_POOL_FREE);
	p->acquired = zc_nl_u32(tb, ZCDEV_A_POOL_ACQUIRED);
	p->staging = zc_nl_u32(tb, ZCDEV_A_POOL_STAGING);
	p->in_flight = zc_nl_u32(tb, ZCDEV_A_POOL_IN_FLIGHT);
	p->maps = zc_nl_u32(tb, ZCDEV_A_POOL_MAPS);
	p->held = zc_nl_u64(tb, ZCDEV_A_POOL_HELD);
	p->charged = zc_nl_u64(tb, ZCDEV_A_POOL_CHARGED);
	p->draining = tb[ZCDEV_A_POOL_DRAINING];
}

static int get_pool(struct zc_nl *nl, uint32_t id, struct pool *p)
{
	memset(p, 0, sizeof(*p));
	return zc_nl_get(nl, ZCDEV_CMD_POOL_GET, ZCDEV_A_POOL_ID, id, read_pool,
			 p);
}

static uint64_t fdinfo(int fd, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return zc_proc_value(path, name);
}

/* What fdinfo says is what netlink says. */
static void check_fdinfo(int fd, const struct pool *p)
{
	assert_int_equal(fdinfo(fd, "zcdev-pool"), p->id);
	assert_int_equal(fdinfo(fd, "zcdev-flags"), 0);
	assert_int_equal(fdinfo(fd, "zcdev-count"), p->count);
	assert_int_equal(fdinfo(fd, "zcdev-buf-size"), p->buf_size);
	assert_int_equal(fdinfo(fd, "zcdev-contiguous"), p->contiguous);
	assert_int_equal(fdinfo(fd, "zcdev-free"), p->free);
	assert_int_equal(fdinfo(fd, "zcdev-acquired"), p->acquired);
	assert_int_equal(fdinfo(fd, "zcdev-staging"), p->staging);
	assert_int_equal(fdinfo(fd, "zcdev-in-flight"), p->in_flight);
	assert_int_equal(fdinfo(fd, "zcdev-maps"), p->maps);
	assert_int_equal(fdinfo(fd, "zcdev-held"), p->held);
	assert_int_equal(fdinfo(fd, "zcdev-charged"), p->charged);
}

static void one(void **state)
{
	uint32_t acquired[2];
	struct zc_nl nl;
	struct pool p;
	uint32_t id;
	void *map;
	int fd;

	(void)state;
	prctl(PR_SET_NAME, "maker");
	zc_nl_open(&nl);
	fd = zc_open_pool(8, 64 * KiB);
	id = zc_nl_pool_id(fd);
	map = mmap(NULL, 128 * KiB, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(zc_acquire(fd, acquired, 2, 0), 2);

	assert_int_equal(get_pool(&nl, id, &p), 0);
	assert_int_equal(p.seen, 1);
	assert_int_equal(p.id, id);
	assert_int_equal(p.uid, 0);
	assert_int_equal(p.pid, getpid());
	assert_string_equal(p.comm, "maker");
	assert_int_equal(p.count, 8);
	assert_int_equal(p.buf_size, 64 * KiB);
	assert_int_equal(p.node, ZCDEV_NODE_ANY);
	assert_int_equal(p.contiguous, 8);
	assert_int_equal(p.free, 6);
	assert_int_equal(p.acquired, 2);
	assert_int_equal(p.staging, 0);
	assert_int_equal(p.in_flight, 0);
	assert_int_equal(p.maps, 1);
	assert_int_equal(p.held, 512 * KiB);
	assert_int_equal(p.charged, 0);	/* root */
	assert_false(p.draining);
	check_fdinfo(fd, &p);

	munmap(map, 128 * KiB);
	close(fd);
	assert_int_equal(get_pool(&nl, id, &p), ENOENT);
	assert_int_equal(nl.attr, ZCDEV_A_POOL_ID);
	assert_string_equal(nl.text, "nothing with this id is listed");
	zc_nl_close(&nl);
}

/* What others hold stays listed, without a process, until it is back. */
static void draining(void **state)
{
	struct zc_nl nl;
	struct pool p;
	int sv[2], fd, i;
	uint32_t id;
	void *map;

	(void)state;
	zc_nl_open(&nl);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	fd = zc_open_pool(4, 64 * KiB);
	id = zc_nl_pool_id(fd);
	map = mmap(NULL, 64 * KiB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(zc_queue(sv[0], map, 4096), 0);
	assert_int_equal(get_pool(&nl, id, &p), 0);
	assert_int_equal(p.in_flight, 1);
	assert_int_equal(p.free, 3);

	munmap(map, 64 * KiB);
	close(fd);
	assert_int_equal(get_pool(&nl, id, &p), 0);
	assert_true(p.draining);
	assert_int_equal(p.held, 64 * KiB);
	assert_int_equal(p.in_flight, 1);
	assert_int_equal(p.free, 3);
	assert_int_equal(p.count, 4);

	close(sv[0]);
	close(sv[1]);
	for (i = 0; i < 100 && !get_pool(&nl, id, &p); i++)
		usleep(50000);
	assert_int_equal(get_pool(&nl, id, &p), ENOENT);
	zc_nl_close(&nl);
}

static void count_pool(struct nlattr **tb, void *arg)
{
	unsigned int *seen = arg;

	seen[zc_nl_u32(tb, ZCDEV_A_POOL_COUNT) % 64]++;
}

static void dump(void **state)
{
	unsigned int seen[64] = {};
	struct zc_nl nl;
	int fd[63], i;

	(void)state;
	zc_nl_open(&nl);
	for (i = 0; i < 63; i++)
		fd[i] = zc_open_pool(1 + i, 4096);
	assert_int_equal(zc_nl_dump(&nl, ZCDEV_CMD_POOL_GET, count_pool, seen),
			 0);
	for (i = 0; i < 63; i++) {
		assert_int_equal(seen[1 + i], 1);
		close(fd[i]);
	}
	zc_nl_close(&nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one),
		cmocka_unit_test(draining),
		cmocka_unit_test(dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
