// SPDX-License-Identifier: GPL-2.0
/*
 * Who polls the device learns when there is something to acquire, whoever gave
 * it back.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>

#include "zc_mem.h"

#define BUF	(64 * KiB)
#define COUNT	2
#define SOON	10000

static int events(int fd, int timeout_ms)
{
	struct pollfd p = {
		.fd = fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP,
	};

	assert_true(poll(&p, 1, timeout_ms) >= 0);
	return p.revents;
}

static int writable(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	assert_true(poll(&p, 1, timeout_ms) >= 0);
	return p.revents;
}

static void levels(void **state)
{
	int fd = zc_open();
	uint32_t indices[COUNT];

	(void)state;
	assert_int_equal(events(fd, 0), 0);
	assert_int_equal(zc_pool_create(fd, COUNT, BUF, 0), 0);
	assert_int_equal(events(fd, 0), POLLIN | POLLOUT);
	assert_int_equal(zc_acquire(fd, indices, COUNT, 0), COUNT);
	assert_int_equal(events(fd, 0), POLLIN);
	assert_int_equal(writable(fd, 50), 0);
	assert_int_equal(zc_release(fd, indices, 1), 0);
	assert_int_equal(events(fd, 0), POLLIN | POLLOUT);
	close(fd);
}

static int later_fd;
static uint32_t later_index;

static void *later_create(void *arg)
{
	(void)arg;
	usleep(100000);
	zc_must(!zc_pool_create(later_fd, COUNT, BUF, 0));
	return NULL;
}

static void *later_release(void *arg)
{
	(void)arg;
	usleep(100000);
	zc_must(!zc_release(later_fd, &later_index, 1));
	return NULL;
}

static void *later_drain(void *arg)
{
	char byte;

	(void)arg;
	usleep(100000);
	zc_must(read(later_fd, &byte, 1) == 1);
	return NULL;
}

static void wakes(void **state)
{
	int fd = zc_open();
	uint32_t indices[COUNT];
	pthread_t thread;

	(void)state;
	later_fd = fd;
	pthread_create(&thread, NULL, later_create, NULL);
	assert_int_equal(writable(fd, SOON), POLLOUT);
	pthread_join(thread, NULL);
	assert_int_equal(zc_acquire(fd, indices, COUNT, 0), COUNT);
	later_index = indices[1];
	pthread_create(&thread, NULL, later_release, NULL);
	assert_int_equal(writable(fd, SOON), POLLOUT);
	pthread_join(thread, NULL);
	close(fd);
}

/* All but the acquired one is in a pipe; nobody tells when it is read. */
static void wakes_for_references(void **state)
{
	int fd = zc_open_pool(COUNT, BUF), p[2];
	loff_t at = BUF;
	uint32_t index;
	pthread_t thread;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(splice(fd, &at, p[1], NULL, 1, 0), 1);
	assert_int_equal(zc_acquire(fd, &index, 1, 0), 1);
	assert_int_equal(events(fd, 0), POLLIN);
	later_fd = p[0];
	pthread_create(&thread, NULL, later_drain, NULL);
	assert_int_equal(writable(fd, SOON), POLLOUT);
	pthread_join(thread, NULL);
	close(p[0]);
	close(p[1]);
	close(fd);
}

/* Registered before there is a pool, and each change is seen once. */
static void epoll_edges(void **state)
{
	int fd = zc_open(), ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event e = { .events = EPOLLOUT | EPOLLET };
	uint32_t indices[COUNT];

	(void)state;
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e), 0);
	assert_int_equal(epoll_wait(ep, &e, 1, 50), 0);
	assert_int_equal(zc_pool_create(fd, COUNT, BUF, 0), 0);
	assert_int_equal(epoll_wait(ep, &e, 1, SOON), 1);
	assert_int_equal(e.events, EPOLLOUT);
	assert_int_equal(epoll_wait(ep, &e, 1, 50), 0);
	assert_int_equal(zc_acquire(fd, indices, COUNT, 0), COUNT);
	assert_int_equal(epoll_wait(ep, &e, 1, 50), 0);
	assert_int_equal(zc_release(fd, indices, COUNT), 0);
	assert_int_equal(epoll_wait(ep, &e, 1, SOON), 1);
	assert_int_equal(epoll_wait(ep, &e, 1, 50), 0);
	/* Closed while it is in there. */
	assert_int_equal(zc_acquire(fd, indices, COUNT, 0), COUNT);
	writable(fd, 0);
	close(fd);
	assert_int_equal(epoll_wait(ep, &e, 1, 50), 0);
	close(ep);
	zc_assert_no_pools();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("readable with a pool, writable with a free buffer",
			levels),
		ZC_TEST("a new pool and a released buffer wake", wakes),
		ZC_TEST("a reference that goes is noticed",
			wakes_for_references),
		ZC_TEST("epoll, also from before there is a pool", epoll_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
