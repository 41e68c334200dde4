// SPDX-License-Identifier: GPL-2.0
/*
 * rmmod is refused while a descriptor, a mapping or a transfer exists, and
 * clean while pages still sit in socket queues and pipes: nothing of ours is
 * called back from there.
 * timeout: 120
 */
#include <sys/syscall.h>
#include <sys/wait.h>

#include "zc_mem.h"

#define BUF	(256 * KiB)
#define POOL	(4 * BUF)

/* 0 or an errno. */
static int unload(void)
{
	return zc_errno(syscall(SYS_delete_module, "zcdev", O_NONBLOCK));
}

/* The module is there and nobody uses it. */
static int load(void **state)
{
	(void)state;
	if (access("/sys/module/zcdev", F_OK) && system("modprobe zcdev"))
		return -1;
	return !zc_wait_until(5, zc_module_refs() == 0);
}

static void assert_unloads(void)
{
	assert_int_equal(zc_module_refs(), 0);
	zc_assert_errno(unload(), 0, "delete_module");
	assert_int_not_equal(access("/dev/zcdev", F_OK), 0);
	assert_int_not_equal(access("/sys/module/zcdev", F_OK), 0);
}

static void assert_refused(const char *why)
{
	assert_true(zc_module_refs() > 0);
	zc_assert_errno(unload(), EWOULDBLOCK, "with %s", why);
	/* Refused means that nothing happened. */
	assert_int_equal(access("/dev/zcdev", F_OK), 0);
}

static void unused(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(load(NULL), 0);
		assert_unloads();
	}
}

static void descriptor(void **state)
{
	int fd = zc_open(), copy;

	(void)state;
	assert_refused("a descriptor");
	assert_int_equal(zc_pool_create(fd, 4, BUF, 0), 0);
	copy = dup(fd);
	close(fd);
	assert_refused("a duplicate");
	close(copy);
	assert_unloads();
}

static void in_a_socket(void **state)
{
	int fd = zc_open_pool(4, BUF), pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	zc_send_fd(pair[0], fd);
	close(fd);
	assert_refused("a descriptor on its way");
	close(pair[0]);
	close(pair[1]);
	assert_true(zc_wait_until(5, zc_module_refs() == 0));
	assert_unloads();
}

static void mapping(void **state)
{
	int fd = zc_open_pool(4, BUF);
	unsigned char *map = zc_map(fd, POOL);

	(void)state;
	close(fd);
	assert_refused("a mapping");
	munmap(map + BUF, POOL - BUF);
	assert_refused("a part of a mapping");
	assert_int_equal(map[0], 0);
	munmap(map, BUF);
	assert_unloads();
}

/* A transfer into a socket whose peer does not read. */
static int stuck_transfer(void *arg)
{
	int *pair = arg, fd = open("/dev/zcdev", O_RDWR | O_CLOEXEC);
	struct zc_xfer x = zc_xfer(open("source", O_RDONLY), pair[0]);

	close(pair[1]);
	/* Whether it was refused memory or whatever: the parent will see. */
	zc_xfer_run(fd, &x);
	return x.t.out_error;
}

static long queued(int sock)
{
	int bytes = 0;

	assert_int_equal(ioctl(sock, FIONREAD, &bytes), 0);
	return bytes;
}

static void transfer(void **state)
{
	int pair[2], status;
	pid_t pid;

	(void)state;
	close(zc_make_file("source", 16 * MiB, 1));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	if (!pid)
		_exit(stuck_transfer(pair));
	close(pair[0]);
	assert_true(zc_wait_until(10, queued(pair[1]) > 0));
	for (int i = 0; i < 20; i++)
		assert_refused("a transfer");
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	/* What it queued is still there. */
	assert_true(queued(pair[1]) > 0);
	assert_unloads();
	close(pair[1]);
	unlink("source");
}

/* One page of each buffer, at this place in it, and how we get it back. */
struct queue {
	const char *name;
	int in, out;
};

static void fill_queue(struct queue *q, unsigned char *map)
{
	struct iovec iov[4];

	for (int i = 0; i < 4; i++) {
		iov[i].iov_base = map + i * BUF + i * ZC_PAGE;
		iov[i].iov_len = ZC_PAGE;
	}
	if (!strcmp(q->name, "pipe")) {
		assert_int_equal(vmsplice(q->in, iov, 4, 0), 4 * ZC_PAGE);
		return;
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(zc_queue(q->in, iov[i].iov_base, ZC_PAGE), 0);
}

static void check_queue(struct queue *q)
{
	unsigned char page[ZC_PAGE];

	for (int i = 0; i < 4; i++) {
		for (size_t at = 0; at < ZC_PAGE;) {
			ssize_t n = read(q->out, page + at, ZC_PAGE - at);

			assert_true(n > 0);
			at += n;
		}
		assert_int_equal(zc_differs(page, ZC_PAGE, 21,
					    i * BUF + i * ZC_PAGE), ZC_PAGE);
	}
}

/* Unload with pages in this queue; dirty new memory; read the old bytes. */
static void pages_in(const char *name)
{
	struct queue q = { .name = name };
	int fds[2], fd = zc_open_pool(4, BUF);
	unsigned char *map = zc_map(fd, POOL), *dirty;

	if (!strcmp(name, "pipe")) {
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		q.in = fds[1];
		q.out = fds[0];
	} else {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		q.in = fds[0];
		q.out = fds[1];
	}
	zc_fill(map, POOL, 21, 0);
	fill_queue(&q, map);
	munmap(map, POOL);
	close(fd);
	assert_unloads();
	dirty = mmap(NULL, 64 * MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		     MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	assert_ptr_not_equal(dirty, MAP_FAILED);
	memset(dirty, 0x5a, 64 * MiB);
	munmap(dirty, 64 * MiB);
	check_queue(&q);
	close(fds[0]);
	close(fds[1]);
}

static void pages_in_a_pipe(void **state)
{
	(void)state;
	pages_in("pipe");
}

static void pages_in_a_socket(void **state)
{
	(void)state;
	pages_in("socket");
}

/* The charge does not outlive the module. */
static int create_8m(void *arg)
{
	return zc_pool_create(*(int *)arg, 4, 2 * MiB, 0);
}

static void charge_returns(void **state)
{
	int fd = zc_open(), p[2];
	unsigned char *map;
	struct iovec iov;

	(void)state;
	assert_int_equal(zc_as_user(ZC_NOBODY, 8 * MiB, create_8m, &fd), 0);
	map = zc_map(fd, 8 * MiB);
	iov = (struct iovec) { map, 1 };
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(vmsplice(p[1], &iov, 1, 0), 1);
	munmap(map, 8 * MiB);
	close(fd);
	assert_unloads();
	assert_int_equal(load(NULL), 0);
	fd = zc_open();
	assert_int_equal(zc_total_bytes(fd), 0);
	zc_assert_errno(zc_as_user(ZC_NOBODY, 8 * MiB, create_8m, &fd), 0,
			"all of the limit, again");
	close(fd);
	close(p[0]);
	close(p[1]);
}

static int set_up(void **state)
{
	(void)state;
	zc_unit_tests("none");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	zc_unit_tests("*");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "unused: goes, ten times", unused, load, NULL, NULL },
		{ "refused while a descriptor is open", descriptor, load, NULL,
		  NULL },
		{ "refused while a descriptor is in a socket", in_a_socket,
		  load, NULL, NULL },
		{ "refused while only a mapping is left", mapping, load, NULL,
		  NULL },
		{ "refused during a transfer", transfer, load, NULL, NULL },
		{ "clean with pages in a pipe, which stay right",
		  pages_in_a_pipe, load, NULL, NULL },
		{ "clean with pages in a socket, which stay right",
		  pages_in_a_socket, load, NULL, NULL },
		{ "charges go with the module", charge_returns, load, NULL,
		  NULL },
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
