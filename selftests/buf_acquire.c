// SPDX-License-Identifier: GPL-2.0
/*
 * What the program has acquired nobody else gets, until it is released: no
 * transfer, no thread, no child.
 */
#include <pthread.h>
#include <signal.h>

#include "zc_mem.h"

#define BUF	(64 * KiB)
#define COUNT	4
#define POOL	(COUNT * BUF)
#define MS	1000000ULL
#define FOREVER	(~0ULL)

static void assert_states(int fd, uint32_t acquired, uint32_t in_flight)
{
	struct zcdev_pool_info info;

	assert_int_equal(zc_pool_info(fd, &info), 0);
	assert_int_equal(info.out_acquired, acquired);
	assert_int_equal(info.out_in_flight, in_flight);
	assert_int_equal(info.out_staging, 0);
	assert_int_equal(info.out_free,
			 info.out_count - acquired - in_flight);
}

static void all_of_them(void **state)
{
	uint32_t indices[10], seen = 0;
	int fd = zc_open_pool(COUNT, BUF);

	(void)state;
	memset(indices, 0xff, sizeof(indices));
	assert_int_equal(zc_acquire(fd, indices, 3, 0), 3);
	assert_states(fd, 3, 0);
	/* Only as many as there are; the rest of the array is left alone. */
	assert_int_equal(zc_acquire(fd, indices + 3, 7, FOREVER), 1);
	assert_int_equal(indices[4], 0xffffffff);
	for (int i = 0; i < COUNT; i++)
		seen |= 1U << indices[i];
	assert_int_equal(seen, 0xf);
	assert_states(fd, COUNT, 0);
	assert_int_equal(zc_acquire(fd, indices + 4, 1, 0), -ETIMEDOUT);
	assert_int_equal(zc_release(fd, indices, COUNT), 0);
	assert_states(fd, 0, 0);
	close(fd);
}

static void many(void **state)
{
	static uint32_t indices[4096];
	int fd = zc_open_pool(2048, 4096);

	(void)state;
	assert_int_equal(zc_acquire(fd, indices, 4096, 0), 2048);
	assert_states(fd, 2048, 0);
	assert_int_equal(zc_release(fd, indices, 2048), 0);
	assert_states(fd, 0, 0);
	close(fd);
}

static void all_or_none(void **state)
{
	static const struct {
		uint32_t indices[5];
		unsigned int count;
		int want;
	} rows[] = {
		{ { 0, 1, 2 }, 0, EINVAL },
		{ { 3 }, 1, EINVAL },			/* not acquired */
		{ { 0, 1, 3 }, 3, EINVAL },
		{ { 3, 0, 1 }, 3, EINVAL },
		{ { 0, 1, 0 }, 3, EINVAL },		/* twice */
		{ { 2, 2 }, 2, EINVAL },
		{ { 0, 1, COUNT }, 3, EINVAL },		/* beyond the pool */
		{ { 0xffffffff }, 1, EINVAL },
		{ { 0, 1, 2, 3, 3 }, 5, EINVAL },
		{ { 2, 0, 1 }, 3, 0 },
	};
	int fd = zc_open_pool(COUNT, BUF), last = sizeof(rows) / sizeof(*rows);
	uint32_t indices[3];

	(void)state;
	assert_int_equal(zc_acquire(fd, indices, 3, 0), 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(indices[i], i);
	for (int i = 0; i < last; i++) {
		zc_assert_errno(zc_release(fd, rows[i].indices, rows[i].count),
				rows[i].want, "row %d", i);
		assert_states(fd, rows[i].want ? 3 : 0, 0);
	}
	zc_assert_errno(zc_release(fd, indices, 3), EINVAL, "again");
	assert_int_equal(zc_acquire(fd, indices, 0, 0), -EINVAL);
	close(fd);
}

static void no_pool(void **state)
{
	uint32_t index = 0;
	int fd = zc_open();

	(void)state;
	assert_int_equal(zc_acquire(fd, &index, 1, 0), -ENXIO);
	zc_assert_errno(zc_release(fd, &index, 1), ENXIO, "release");
	close(fd);
}

static void copy_file(int fd, unsigned int seed)
{
	int src = zc_make_file("src", MiB, seed);
	int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct zc_xfer x;

	assert_int_equal(lseek(src, 0, SEEK_SET), 0);
	x = zc_xfer(src, dst);
	zc_assert_errno(zc_xfer_run(fd, &x), 0, "transfer");
	assert_int_equal(x.t.out_bytes, MiB);
	zc_check_range(dst, 0, MiB, seed, 0);
	close(src);
	close(dst);
}

/* A transfer makes do with what is left, and writes nothing into the rest. */
static void not_staged(void **state)
{
	int fd = zc_open_pool(COUNT, BUF);
	unsigned char *map = zc_map(fd, POOL);
	uint32_t indices[COUNT];

	(void)state;
	for (unsigned int n = 1; n < COUNT; n++) {
		zc_fill(map, POOL, 7, 0);
		assert_int_equal(zc_acquire(fd, indices, n, 0), n);
		copy_file(fd, 10 + n);
		for (unsigned int i = 0; i < n; i++) {
			uint64_t at = indices[i] * BUF;

			assert_int_equal(zc_differs(map + at, BUF, 7, at), BUF);
		}
		assert_states(fd, n, 0);
		assert_int_equal(zc_release(fd, indices, n), 0);
	}
	munmap(map, POOL);
	close(fd);
}

/**
 * struct later - something that another thread does after a while
 */
struct later {
	void (*fn)(struct later *later);
	int fd;
	const uint32_t *indices;
	pthread_t who;
	pthread_t thread;
};

static void *later_run(void *arg)
{
	struct later *later = arg;

	usleep(100000);
	later->fn(later);
	return NULL;
}

static void later_release(struct later *later)
{
	zc_must(!zc_release(later->fd, later->indices, 1));
}

static void later_drain(struct later *later)
{
	char byte;

	zc_must(read(later->fd, &byte, 1) == 1);
}

static void later_signal(struct later *later)
{
	pthread_kill(later->who, SIGUSR1);
}

static void start(struct later *later, void (*fn)(struct later *), int fd,
		  const uint32_t *indices)
{
	*later = (struct later) {
		.fn = fn, .fd = fd, .indices = indices, .who = pthread_self(),
	};
	assert_int_equal(pthread_create(&later->thread, NULL, later_run, later),
			 0);
}

static void transfer_waits(void **state)
{
	int fd = zc_open_pool(COUNT, BUF);
	uint32_t indices[COUNT];
	struct later later;

	(void)state;
	assert_int_equal(zc_acquire(fd, indices, COUNT, 0), COUNT);
	start(&later, later_release, fd, indices + 2);
	copy_file(fd, 20);
	pthread_join(later.thread, NULL);
	assert_states(fd, COUNT - 1, 0);
	close(fd);
}

static void waits_for_release(void **state)
{
	int fd = zc_open_pool(COUNT, BUF);
	uint32_t indices[COUNT], again[COUNT];
	struct later later;
	double begin;

	(void)state;
	assert_int_equal(zc_acquire(fd, indices, COUNT, 0), COUNT);
	begin = zc_now();
	start(&later, later_release, fd, indices + 1);
	assert_int_equal(zc_acquire(fd, again, COUNT, FOREVER), 1);
	assert_true(zc_now() - begin > 0.05);
	assert_int_equal(again[0], indices[1]);
	pthread_join(later.thread, NULL);
	close(fd);
}

/* One page of each but the first is in a pipe. */
static void waits_for_references(void **state)
{
	int fd = zc_open_pool(COUNT, BUF), p[2];
	unsigned char *map = zc_map(fd, POOL);
	struct iovec iov[] = {
		{ map + BUF, 1 }, { map + 2 * BUF, 1 }, { map + 3 * BUF, 1 },
	};
	uint32_t indices[COUNT];
	struct later later;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(vmsplice(p[1], iov, 3, 0), 3);
	assert_int_equal(zc_acquire(fd, indices, COUNT, 0), 1);
	assert_int_equal(indices[0], 0);
	assert_states(fd, 1, 3);
	start(&later, later_drain, p[0], NULL);
	assert_int_equal(zc_acquire(fd, indices, COUNT, 20000 * MS), 1);
	assert_int_equal(indices[0], 1);
	pthread_join(later.thread, NULL);
	close(p[0]);
	close(p[1]);
	munmap(map, POOL);
	close(fd);
}

static void released_while_referenced(void **state)
{
	int fd = zc_open_pool(COUNT, BUF), p[2];
	unsigned char *map = zc_map(fd, POOL), byte;
	struct iovec iov = { map + 2 * BUF + 100, 1 };
	uint32_t indices[COUNT];

	(void)state;
	assert_int_equal(zc_acquire(fd, indices, COUNT, 0), COUNT);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	map[2 * BUF + 100] = 77;
	assert_int_equal(vmsplice(p[1], &iov, 1, 0), 1);
	assert_states(fd, COUNT, 0);
	assert_int_equal(zc_release(fd, indices, COUNT), 0);
	assert_states(fd, 0, 1);
	copy_file(fd, 30);
	assert_int_equal(zc_acquire(fd, indices, COUNT, 0), COUNT - 1);
	for (int i = 0; i < COUNT - 1; i++)
		assert_int_not_equal(indices[i], 2);
	assert_int_equal(read(p[0], &byte, 1), 1);
	assert_int_equal(byte, 77);
	assert_int_equal(zc_acquire(fd, indices, COUNT, 0), 1);
	assert_int_equal(indices[0], 2);
	close(p[0]);
	close(p[1]);
	munmap(map, POOL);
	close(fd);
}

static void timeouts(void **state)
{
	int fd = zc_open_pool(1, BUF);
	uint32_t index;
	double begin;

	(void)state;
	assert_int_equal(zc_acquire(fd, &index, 1, 0), 1);
	begin = zc_now();
	assert_int_equal(zc_acquire(fd, &index, 1, 1), -ETIMEDOUT);
	assert_true(zc_now() - begin < 1);
	begin = zc_now();
	assert_int_equal(zc_acquire(fd, &index, 1, 200 * MS), -ETIMEDOUT);
	assert_true(zc_now() - begin >= 0.2);
	assert_true(zc_now() - begin < 5);
	assert_states(fd, 1, 0);
	close(fd);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void interrupted(void **state)
{
	struct sigaction old, new = { .sa_handler = on_signal };
	int fd = zc_open_pool(1, BUF);
	struct later later;
	uint32_t index;

	(void)state;
	assert_int_equal(zc_acquire(fd, &index, 1, 0), 1);
	sigaction(SIGUSR1, &new, &old);
	start(&later, later_signal, fd, NULL);
	assert_int_equal(zc_acquire(fd, &index, 1, FOREVER), -EINTR);
	pthread_join(later.thread, NULL);
	sigaction(SIGUSR1, &old, NULL);
	assert_states(fd, 1, 0);
	close(fd);
}

/* What is acquired is still a source. */
static void sent_while_acquired(void **state)
{
	int fd = zc_open_pool(COUNT, BUF);
	unsigned char *map = zc_map(fd, POOL);
	int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct zc_xfer x = zc_xfer(fd, dst);
	uint32_t indices[COUNT];

	(void)state;
	zc_fill(map, POOL, 5, 0);
	assert_int_equal(zc_acquire(fd, indices, COUNT, 0), COUNT);
	x.end[0].flags = ZCDEV_END_OFFSET;
	x.end[0].offset = BUF;
	x.t.len = 2 * BUF;
	zc_assert_errno(zc_xfer_run(fd, &x), 0, "transfer");
	zc_check_range(dst, 0, 2 * BUF, 5, BUF);
	assert_states(fd, COUNT, 0);
	close(dst);
	munmap(map, POOL);
	close(fd);
}

struct race {
	int fd;
	unsigned int seed;
	int *owners;
	int clashes;
	int error;
};

#define ROUNDS	3000

static void *race(void *arg)
{
	struct race *r = arg;
	uint32_t indices[3];

	for (int i = 0; i < ROUNDS && !r->error; i++) {
		int n = zc_acquire(r->fd, indices, 1 + rand_r(&r->seed) % 3,
				   FOREVER);

		if (n <= 0) {
			r->error = -n;
			break;
		}
		for (int k = 0; k < n; k++)
			r->clashes += __atomic_fetch_add(&r->owners[indices[k]],
							 1, __ATOMIC_SEQ_CST);
		for (int k = 0; k < n; k++)
			__atomic_fetch_sub(&r->owners[indices[k]], 1,
					   __ATOMIC_SEQ_CST);
		r->error = zc_release(r->fd, indices, n);
	}
	return NULL;
}

static void threads(void **state)
{
	int fd = zc_open_pool(COUNT, 4096), owners[COUNT] = {};
	struct race races[4];
	pthread_t threads[4];

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		races[i] = (struct race) {
			.fd = fd, .seed = i, .owners = owners,
		};
		assert_int_equal(pthread_create(&threads[i], NULL, race,
						&races[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		zc_assert_errno(races[i].error, 0, "thread %d", i);
		assert_int_equal(races[i].clashes, 0);
	}
	assert_states(fd, 0, 0);
	close(fd);
}

/* Of all who release the same buffer one does. */
static void *release_once(void *arg)
{
	struct race *r = arg;
	uint32_t index = 0;

	r->error = zc_release(r->fd, &index, 1);
	return NULL;
}

static void double_release(void **state)
{
	int fd = zc_open_pool(1, 4096);
	struct race races[4];
	pthread_t threads[4];
	uint32_t index;

	(void)state;
	for (int round = 0; round < 200; round++) {
		int done = 0;

		assert_int_equal(zc_acquire(fd, &index, 1, 0), 1);
		for (int i = 0; i < 4; i++) {
			races[i] = (struct race) { .fd = fd };
			assert_int_equal(pthread_create(&threads[i], NULL,
							release_once,
							&races[i]), 0);
		}
		for (int i = 0; i < 4; i++) {
			pthread_join(threads[i], NULL);
			assert_true(!races[i].error || races[i].error == EINVAL);
			done += !races[i].error;
		}
		assert_int_equal(done, 1);
	}
	close(fd);
}

struct family {
	int fd;
	uint32_t indices[COUNT];
};

static int child_releases(void *arg)
{
	const struct family *f = arg;

	return zc_release(f->fd, f->indices, 2);
}

static int child_acquires(void *arg)
{
	const struct family *f = arg;
	uint32_t indices[COUNT];

	return zc_acquire(f->fd, indices, COUNT, 0) == 2 ? 0 : EPROTO;
}

static void across_fork(void **state)
{
	struct family f = { .fd = zc_open_pool(COUNT, BUF) };

	(void)state;
	assert_int_equal(zc_acquire(f.fd, f.indices, COUNT, 0), COUNT);
	zc_assert_errno(zc_child(child_releases, &f), 0, "child");
	assert_states(f.fd, 2, 0);
	/* Who dies leaves what it had to the others. */
	zc_assert_errno(zc_child(child_acquires, &f), 0, "child");
	assert_states(f.fd, COUNT, 0);
	assert_int_equal(zc_release(f.fd, f.indices, COUNT), 0);
	close(f.fd);
}

static void goes_with_the_pool(void **state)
{
	uint32_t indices[COUNT];
	int fd = zc_open_pool(COUNT, BUF);

	(void)state;
	assert_int_equal(zc_acquire(fd, indices, COUNT, 0), COUNT);
	close(fd);
	zc_assert_no_pools();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("each buffer once, and no more than there are",
			all_of_them),
		ZC_TEST("thousands in one call", many),
		ZC_TEST("release is all or none", all_or_none),
		ZC_TEST("without a pool it is ENXIO", no_pool),
		ZC_TEST("transfers stage around what is acquired", not_staged),
		ZC_TEST("a transfer waits if all are acquired", transfer_waits),
		ZC_TEST("waits until somebody releases", waits_for_release),
		ZC_TEST("waits until references are gone", waits_for_references),
		ZC_TEST("released while referenced is in flight",
			released_while_referenced),
		ZC_TEST("gives up in time", timeouts),
		ZC_TEST("a signal ends the wait", interrupted),
		ZC_TEST("acquired buffers can be sent", sent_while_acquired),
		ZC_TEST("threads never have the same buffer", threads),
		ZC_TEST("only one of several releases counts", double_release),
		ZC_TEST("children share, and leave theirs behind", across_fork),
		ZC_TEST("acquired buffers go with the pool", goes_with_the_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
