// SPDX-License-Identifier: GPL-2.0
/* timeout: 120 */
/*
 * A buffer is filled again only when nobody references its pages any more:
 * what a socket took is what its peer reads, however late, however small the
 * pool, whoever else uses it, and whether it still exists.
 */
#include "zc_sock.h"

#include <sys/wait.h>

#define SIZE	(2 * MiB + 77)

typedef void pair_fn(int fds[2]);

static pair_fn *const pairs[] = { zc_tcp_pair, zc_unix_pair };

static const struct {
	unsigned int count, buf;
} pools[] = {
	{ 1, 16 * KiB }, { 1, 256 * KiB }, { 2, 4096 }, { 2, 64 * KiB },
	{ 3, MiB },
};

#define each(i, table)	(i = 0; i < sizeof(table) / sizeof((table)[0]); i++)

/* The reader lags behind by as much as the queues hold. */
static void slow_readers_get_what_was_sent(void **state)
{
	size_t i, k;

	(void)state;
	for each(i, pools) for each(k, pairs) {
		int src = zc_make_file("src", SIZE, 1), fds[2];
		int zc = zc_open_pool(pools[i].count, pools[i].buf);
		struct zc_reader r = { .seed = 1, .step = 24 * KiB,
				       .pause_us = 1000 };
		struct zc_xfer x;

		zc_case("%u x %u, kind %zu", pools[i].count, pools[i].buf, k);
		pairs[k](fds);
		r.fd = fds[1];
		zc_reader_start(&r);
		x = zc_xfer(src, fds[0]);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, SIZE);
		zc_assert_verdict(&x);
		zc_reader_finish(&r, &fds[0], SIZE);
		close(src);
		close(zc);
	}
}

/* A transfer of all that fits into @fd while nobody reads. */
static uint64_t fill_queue(int zc, int src, int fd)
{
	struct zc_xfer x = zc_xfer(src, fd);

	fcntl(fd, F_SETFL, O_NONBLOCK);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, x.t.out_bytes < SIZE ? EAGAIN : 0);
	return x.t.out_bytes;
}

static void assert_queue_holds(int fds[2], unsigned int seed, uint64_t bytes)
{
	struct zc_reader r = { .fd = fds[1], .seed = seed };

	zc_reader_start(&r);
	zc_reader_finish(&r, &fds[0], bytes);
}

/* The queue of one pins buffers that the other must not get. */
static void a_later_transfer_leaves_queued_bytes_alone(void **state)
{
	size_t k;

	(void)state;
	for each(k, pairs) {
		int zc = zc_open_pool(4, 64 * KiB), first[2], second[2];
		int a = zc_make_file("a", 128 * KiB, 1);
		int b = zc_make_file("b", SIZE, 2);
		struct zc_reader r = { .seed = 2 };
		struct zc_xfer x;

		pairs[k](first);
		x = zc_xfer(a, first[0]);
		x.t.len = 100000;
		fcntl(first[0], F_SETFL, O_NONBLOCK);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_true(x.t.out_bytes > 64 * KiB);

		pairs[k](second);
		r.fd = second[1];
		zc_reader_start(&r);
		x = zc_xfer(b, second[0]);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, SIZE);
		zc_reader_finish(&r, &second[0], SIZE);

		assert_queue_holds(first, 1, lseek(a, 0, SEEK_CUR));
		close(a);
		close(b);
		close(zc);
	}
}

/* Touches @bytes of fresh memory, so that freed pages are used again. */
static void stir_memory(size_t bytes)
{
	int zc = zc_open_pool(bytes / MiB, MiB);
	unsigned char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *q = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, zc, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	assert_ptr_not_equal(q, MAP_FAILED);
	memset(p, 0x5a, bytes);
	memset(q, 0xa5, bytes);
	munmap(p, bytes);
	munmap(q, bytes);
	close(zc);
}

static void queued_bytes_outlive_their_pool(void **state)
{
	size_t i, k;

	(void)state;
	for each(i, pools) for each(k, pairs) {
		int src = zc_make_file("src", SIZE, 1), fds[2];
		int zc = zc_open_pool(pools[i].count, pools[i].buf);
		uint64_t bytes;

		zc_case("%u x %u, kind %zu", pools[i].count, pools[i].buf, k);
		pairs[k](fds);
		bytes = fill_queue(zc, src, fds[0]);
		assert_true(bytes > 0);
		close(zc);
		stir_memory(64 * MiB);
		assert_queue_holds(fds, 1, bytes);
		close(src);
	}
	zc_assert_no_pools();
}

#define MOVERS	4

/* A process of its own: what it moves ends as it should, or it fails. */
static void one_mover(int zc, unsigned int seed, pair_fn *pair)
{
	struct zc_reader r = { .seed = seed, .step = 40000, .pause_us = 500 };
	char name[16];
	int fds[2], src, round;

	snprintf(name, sizeof(name), "src%u", seed);
	src = zc_make_file(name, SIZE / 2, seed);
	for (round = 0; round < 3; round++) {
		struct zc_xfer x;

		pair(fds);
		r.fd = fds[1];
		r.bytes = 0;
		zc_reader_start(&r);
		x = zc_xfer(src, fds[0]);
		x.end[0].flags = ZCDEV_END_OFFSET;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, SIZE / 2);
		zc_reader_finish(&r, &fds[0], SIZE / 2);
	}
}

static void one_copier(int zc, unsigned int seed)
{
	char name[16];
	int src, dst, round;

	snprintf(name, sizeof(name), "src%u", seed);
	src = zc_make_file(name, SIZE, seed);
	for (round = 0; round < 3; round++) {
		struct zc_xfer x;

		snprintf(name, sizeof(name), "dst%u", seed);
		dst = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
		x = zc_xfer(src, dst);
		x.end[0].flags = ZCDEV_END_OFFSET;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(zc_size(dst), SIZE);
		zc_check_range(dst, 0, SIZE, seed, 0);
		close(dst);
	}
}

struct move {
	struct zc_mover mover;
	struct zc_reader r;
};

static void start_move(struct move *m, int zc, unsigned int seed)
{
	char name[16];
	int fds[2], src;

	snprintf(name, sizeof(name), "src%u", seed);
	src = zc_make_file(name, SIZE, seed);
	pairs[seed % 2](fds);
	m->mover = (struct zc_mover){ .zc = zc, .x = zc_xfer(src, fds[0]) };
	m->r = (struct zc_reader){ .fd = fds[1], .seed = seed, .step = 40000,
				   .pause_us = 300 * seed };
	zc_reader_start(&m->r);
	zc_mover_start(&m->mover);
}

static void threads_that_share_a_pool_do_not_mix_bytes(void **state)
{
	static const unsigned int counts[] = { 1, 2, 8 };
	struct move m[MOVERS];
	size_t i, n;
	int zc;

	(void)state;
	for each(i, counts) {
		zc_case("%u buffers", counts[i]);
		zc = zc_open_pool(counts[i], 64 * KiB);
		for (n = 0; n < MOVERS; n++)
			start_move(&m[n], zc, n + 1);
		for (n = 0; n < MOVERS; n++) {
			struct zc_xfer *x = &m[n].mover.x;

			zc_mover_join(&m[n].mover);
			assert_int_equal(m[n].mover.error, 0);
			assert_int_equal(x->t.out_bytes, SIZE);
			zc_reader_finish(&m[n].r, &x->end[1].fd, SIZE);
			close(x->end[0].fd);
		}
		close(zc);
	}
}

static void processes_that_share_a_pool_do_not_mix_bytes(void **state)
{
	int zc = zc_open_pool(2, 128 * KiB), status;
	unsigned int n;

	(void)state;
	for (n = 0; n < MOVERS; n++) {
		if (fork())
			continue;
		/* An assertion that fails must not run on as the parent. */
		signal(SIGABRT, SIG_DFL);
		if (n % 2)
			one_mover(zc, n + 1, pairs[n / 2]);
		else
			one_copier(zc, n + 1);
		_exit(42);
	}
	for (n = 0; n < MOVERS; n++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 42);
	}
	close(zc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_readers_get_what_was_sent),
		cmocka_unit_test(a_later_transfer_leaves_queued_bytes_alone),
		cmocka_unit_test(queued_bytes_outlive_their_pool),
		cmocka_unit_test(threads_that_share_a_pool_do_not_mix_bytes),
		cmocka_unit_test(processes_that_share_a_pool_do_not_mix_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
