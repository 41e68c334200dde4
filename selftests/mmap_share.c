// SPDX-License-Identifier: GPL-2.0
/*
 * One pool, several processes: by fork and by passing the descriptor; and a
 * mapping that outlives every descriptor.
 */
#include "zc_mem.h"

#define POOL	(256 * KiB)

struct view {
	int fd;
	unsigned char *map;
	int pair[2];
};

static struct view view_open(void)
{
	struct view v = { .fd = zc_open_pool(4, POOL / 4) };

	v.map = zc_map(v.fd, POOL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, v.pair), 0);
	return v;
}

static void view_close(struct view *v)
{
	munmap(v->map, POOL);
	close(v->fd);
	close(v->pair[0]);
	close(v->pair[1]);
	zc_assert_no_pools();
}

static void after_close(void **state)
{
	struct view v = view_open();
	int look = zc_open(), zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	(void)state;
	zc_fill(v.map, POOL, 2, 0);
	close(v.fd);
	assert_int_equal(zc_differs(v.map, POOL, 2, 0), POOL);
	assert_int_equal(madvise(v.map, POOL, MADV_DONTNEED), 0);
	assert_int_equal(zc_differs(v.map, POOL, 2, 0), POOL);
	assert_int_equal(read(zero, v.map, 100), 100);
	assert_int_equal(v.map[99], 0);
	assert_int_equal(zc_total_bytes(look), POOL);
	v.fd = zero;
	view_close(&v);
	close(look);
}

static int check_and_answer(void *arg)
{
	struct view *v = arg;

	if (zc_differs(v->map, POOL, 1, 0) != POOL)
		return 1;
	zc_fill(v->map, POOL, 2, 0);
	return 0;
}

static void fork_shares(void **state)
{
	struct view v = view_open();

	(void)state;
	zc_fill(v.map, POOL, 1, 0);
	assert_int_equal(zc_child(check_and_answer, &v), 0);
	assert_int_equal(zc_differs(v.map, POOL, 2, 0), POOL);
	view_close(&v);
}

/* What the parent writes after the fork is seen, too. */
static int wait_for_byte(void *arg)
{
	struct view *v = arg;

	return zc_wait_until(10, *(volatile unsigned char *)v->map == 99) ?
	       0 : 1;
}

static void both_ways(void **state)
{
	struct view v = view_open();
	pid_t pid;
	int status;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(wait_for_byte(&v));
	v.map[0] = 99;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	view_close(&v);
}

static int take_and_map(void *arg)
{
	struct view *v = arg;
	int fd;

	/* As somebody who never had it. */
	munmap(v->map, POOL);
	close(v->fd);
	zc_send_fd(v->pair[1], v->pair[1]);	/* ready */
	fd = zc_recv_fd(v->pair[1]);
	v->map = mmap(NULL, POOL, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	zc_must(v->map != MAP_FAILED);
	close(fd);
	return check_and_answer(v);
}

static void passing_shares(void **state)
{
	struct view v = view_open();
	pid_t pid;
	int status;

	(void)state;
	zc_fill(v.map, POOL, 1, 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(take_and_map(&v));
	close(zc_recv_fd(v.pair[0]));
	zc_send_fd(v.pair[0], v.fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(zc_differs(v.map, POOL, 2, 0), POOL);
	view_close(&v);
}

/* On the way in a socket that nobody reads it is alive, and then it is gone. */
static void passed_and_lost(void **state)
{
	struct view v = view_open();
	int look = zc_open();

	(void)state;
	zc_send_fd(v.pair[0], v.fd);
	munmap(v.map, POOL);
	close(v.fd);
	assert_int_equal(zc_total_bytes(look), POOL);
	close(v.pair[0]);
	close(v.pair[1]);
	assert_true(zc_wait_until(20, zc_total_bytes(look) == 0));
	close(look);
}

static int die(void *arg)
{
	struct view *v = arg;

	v->map[1] = 1;
	raise(SIGKILL);
	return 0;
}

static void killed(void **state)
{
	struct view v = view_open();
	int status;
	pid_t pid;

	(void)state;
	for (int i = 0; i < 50; i++) {
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			_exit(die(&v));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
	}
	assert_int_equal(v.map[1], 1);
	view_close(&v);
}

/* The first half is not there, the second is. */
static int half_is_there(void *arg)
{
	const struct view *v = arg;
	unsigned char in_core[POOL / ZC_PAGE];

	if (!mincore(v->map, ZC_PAGE, in_core) || errno != ENOMEM)
		return 1;
	return zc_differs(v->map + POOL / 2, POOL / 2, 1, POOL / 2) ==
	       POOL / 2 ? 0 : 2;
}

static void dont_fork(void **state)
{
	struct view v = view_open();
	struct zcdev_pool_info info;

	(void)state;
	zc_fill(v.map, POOL, 1, 0);
	assert_int_equal(madvise(v.map, POOL / 2, MADV_DONTFORK), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(zc_child(half_is_there, &v), 0);
	assert_int_equal(zc_pool_info(v.fd, &info), 0);
	assert_int_equal(info.out_free, 4);
	assert_int_equal(zc_differs(v.map, POOL, 1, 0), POOL);
	view_close(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("a mapping outlives the descriptor", after_close),
		ZC_TEST("a child has the pool of its parent", fork_shares),
		ZC_TEST("writes after the fork are shared", both_ways),
		ZC_TEST("a passed descriptor is the same pool", passing_shares),
		ZC_TEST("a descriptor lost in a socket frees the pool",
			passed_and_lost),
		ZC_TEST("killed children leave the pool alone", killed),
		ZC_TEST("MADV_DONTFORK keeps a part at home", dont_fork),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
