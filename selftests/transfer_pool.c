// SPDX-License-Identifier: GPL-2.0
/* timeout: 60 */
/*
 * A range of the pool as the source: what the program wrote there goes to
 * sockets by reference and to files by DMA, and BUF_WAIT tells when the range
 * is the program's alone again.
 */
#include "zc_sock.h"
#include "zc_task.h"

#define BUF	(64 * KiB)
#define COUNT	8
#define POOL	(COUNT * BUF)
#define SEED	5

static unsigned char *map_filled(int zc)
{
	unsigned char *pool = mmap(NULL, POOL, PROT_READ | PROT_WRITE,
				   MAP_SHARED, zc, 0);

	assert_true(pool != MAP_FAILED);
	zc_fill(pool, POOL, SEED, 0);
	return pool;
}

static struct zc_xfer from_pool(int zc, uint64_t offset, uint64_t len, int dst)
{
	struct zc_xfer x = zc_xfer(zc, dst);

	x.end[0].flags = ZCDEV_END_OFFSET;
	x.end[0].offset = offset;
	x.t.len = len;
	return x;
}

static const struct { uint64_t offset, len; } ranges[] = {
	{ 0, POOL }, { 0, 1 }, { 0, BUF }, { BUF, BUF }, { 100, 5000 },
	{ BUF - 1, 2 }, { 4096, 3 * BUF }, { POOL - 1, 1 },
	{ 3 * BUF + 77, 2 * BUF + 1000 }, { 513, POOL - 513 }, { POOL, 0 },
};

#define RANGES	(sizeof(ranges) / sizeof(ranges[0]))

static void ranges_go_to_sockets_by_reference(void **state)
{
	int zc = zc_open_pool(COUNT, BUF), fds[2], kind;
	unsigned char *pool = map_filled(zc);
	size_t i;

	(void)state;
	for (i = 0; i < 2 * RANGES; i++) {
		uint64_t offset = ranges[i / 2].offset, len = ranges[i / 2].len;
		struct zc_reader r = { .seed = SEED, .from = offset };
		struct zc_xfer x;

		kind = i % 2;
		if (kind)
			zc_unix_pair(fds);
		else
			zc_tcp_pair(fds);
		r.fd = fds[1];
		zc_reader_start(&r);
		x = from_pool(zc, offset, len, fds[0]);
		x.t.flags = ZCDEV_TRANSFER_STRICT;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, len);
		zc_assert_verdict(&x);
		assert_int_equal(x.end[0].out_kind, ZCDEV_KIND_POOL);
		assert_int_equal(x.end[0].out_zerocopy, len);
		assert_int_equal(x.end[0].out_paths,
				 len ? ZCDEV_PATH_POOL : 0);
		assert_int_equal(x.end[1].out_zerocopy, len);
		zc_reader_finish(&r, &fds[0], len);
		assert_int_equal(zc_buf_wait(zc, 0, POOL, 5000000000ULL), 0);
	}
	/* Nothing was written to the pool. */
	assert_int_equal(zc_differs(pool, POOL, SEED, 0), POOL);
	munmap(pool, POOL);
	close(zc);
}

static void ranges_go_to_files(void **state)
{
	int zc = zc_open_pool(COUNT, BUF);
	unsigned char *pool = map_filled(zc);
	size_t i;

	(void)state;
	for (i = 0; i < RANGES; i++) {
		uint64_t offset = ranges[i].offset, len = ranges[i].len;
		int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
		struct zc_xfer x = from_pool(zc, offset, len, dst);

		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, len);
		zc_assert_verdict(&x);
		assert_int_equal(zc_size(dst), len);
		zc_check_range(dst, 0, len, SEED, offset);
		if (!(offset % 4096) && !(len % 4096))
			assert_int_equal(x.end[1].out_zerocopy, len);
		/* Padding a tail would write behind the range. */
		assert_int_equal(zc_differs(pool, POOL, SEED, 0), POOL);
		close(dst);
	}
	munmap(pool, POOL);
	close(zc);
}

static void another_open_file_can_be_the_source(void **state)
{
	int zc = zc_open(), other = zc_open_pool(COUNT, BUF);
	int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct zc_xfer x = from_pool(other, BUF, ZCDEV_TO_END, dst);
	unsigned char *pool = map_filled(other);
	struct zcdev_pool_info info;

	(void)state;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, POOL - BUF);
	zc_check_range(dst, 0, POOL - BUF, SEED, BUF);
	/* Nothing had to be staged, so no pool was made. */
	assert_int_equal(zc_pool_info(zc, &info), ENXIO);
	munmap(pool, POOL);
	close(dst);
	close(other);
	close(zc);
}

static void ranges_that_are_none_are_refused(void **state)
{
	static const struct {
		uint64_t offset, len;
		uint32_t flags, chunk;
		int error;
	} bad[] = {
		{ 0, POOL + 1, ZCDEV_END_OFFSET, 0, EINVAL },
		{ POOL, 1, ZCDEV_END_OFFSET, 0, EINVAL },
		{ POOL + 1, 0, ZCDEV_END_OFFSET, 0, EINVAL },
		{ POOL + 1, ZCDEV_TO_END, ZCDEV_END_OFFSET, 0, EINVAL },
		{ 1, POOL, ZCDEV_END_OFFSET, 0, EINVAL },
		{ 1, ~0ULL - 1, ZCDEV_END_OFFSET, 0, EINVAL },
		{ 0, BUF, 0, 0, EINVAL },
		{ 0, BUF, ZCDEV_END_OFFSET | ZCDEV_END_DIRECT, 0, EINVAL },
		{ 0, BUF, ZCDEV_END_OFFSET, 4096, EINVAL },
	};
	int zc = zc_open_pool(COUNT, BUF), fds[2];
	struct zc_xfer x;
	size_t i;

	(void)state;
	zc_tcp_pair(fds);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		x = from_pool(zc, bad[i].offset, bad[i].len, fds[0]);
		x.end[0].flags = bad[i].flags;
		x.t.chunk = bad[i].chunk;
		print_message("# case %zu\n", i);
		assert_int_equal(zc_xfer_run(zc, &x), bad[i].error);
	}
	close(zc);
	zc = zc_open();
	x = from_pool(zc, 0, 1, fds[0]);
	assert_int_equal(zc_xfer_run(zc, &x), ENXIO);
	close(zc);
	close(fds[0]);
	close(fds[1]);
}

/* What is to be where is copied there, also within one buffer. */
static void ranges_of_one_buffer(void **state)
{
	int zc = zc_open_pool(COUNT, BUF);
	unsigned char *pool = map_filled(zc);
	struct zc_xfer x = from_pool(zc, 4096, 5000, zc);

	(void)state;
	x.end[1].flags = ZCDEV_END_OFFSET;
	x.end[1].offset = 20000;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, 5000);
	zc_assert_verdict(&x);
	assert_int_equal(x.end[1].out_copied, 5000);
	assert_int_equal(x.end[1].out_reasons, ZCDEV_REASON_MEMORY);
	assert_int_equal(zc_differs(pool + 20000, 5000, SEED, 4096), 5000);
	assert_int_equal(zc_differs(pool, 20000, SEED, 0), 20000);
	munmap(pool, POOL);
	close(zc);
}

static void buf_wait_tells_when_a_range_is_free(void **state)
{
	int zc = zc_open_pool(COUNT, BUF), fds[2];
	unsigned char *pool = map_filled(zc), got[1000];
	struct zc_xfer x;
	uint64_t begin;

	(void)state;
	assert_int_equal(zc_buf_wait(zc, 0, POOL, 0), 0);
	zc_tcp_pair(fds);
	x = from_pool(zc, 2 * BUF, BUF, fds[0]);
	assert_int_equal(zc_xfer_run(zc, &x), 0);

	/* Nobody has read it: only that one buffer is taken. */
	assert_int_equal(zc_buf_wait(zc, 2 * BUF, 1, 0), ETIMEDOUT);
	assert_int_equal(zc_buf_wait(zc, 0, 2 * BUF, 0), 0);
	assert_int_equal(zc_buf_wait(zc, 3 * BUF, POOL - 3 * BUF, 0), 0);
	assert_int_equal(zc_buf_wait(zc, 2 * BUF, 0, 0), 0);
	begin = zc_now_ms();
	assert_int_equal(zc_buf_wait(zc, 0, POOL, 200000000), ETIMEDOUT);
	assert_true(zc_now_ms() - begin >= 200);
	assert_int_equal(zc_buf_wait(zc, 0, POOL + 1, 0), EINVAL);
	assert_int_equal(zc_buf_wait(zc, ~0ULL, 2, 0), EINVAL);

	/* Whoever can write the pool can change what is queued: as documented. */
	memset(pool + 2 * BUF, 0xaa, 1000);
	assert_int_equal(recv(fds[1], got, sizeof(got), MSG_WAITALL), 1000);
	assert_int_equal(got[999], 0xaa);

	while (recv(fds[1], got, sizeof(got), MSG_DONTWAIT) > 0)
		;
	assert_int_equal(zc_buf_wait(zc, 0, POOL, ~0ULL), 0);
	munmap(pool, POOL);
	close(fds[0]);
	close(fds[1]);
	close(zc);
}

/* A buffer that is queued at fds[1], and one that is in a pipe. */
static void queue_two(int zc, unsigned char *pool, int fds[2], int in_pipe[2])
{
	struct iovec iov = { pool + 4 * BUF, 4096 };
	struct zc_xfer x = from_pool(zc, 2 * BUF, BUF, fds[0]);

	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(vmsplice(in_pipe[1], &iov, 1, 0), 4096);
	assert_int_equal(zc_buf_wait(zc, 2 * BUF, BUF, 1000000), ETIMEDOUT);
	assert_int_equal(zc_buf_wait(zc, 4 * BUF, BUF, 1000000), ETIMEDOUT);
}

static void drain(int fds[2], int in_pipe[2])
{
	static char got[BUF];

	zc_must(recv(fds[1], got, BUF, MSG_WAITALL) == (ssize_t)BUF);
	zc_must(read(in_pipe[0], got, 4096) == 4096);
}

static void on_alarm(int number)
{
	(void)number;
}

/* When whoever references it lets go, here or in another process, or at a signal. */
static void buf_wait_ends_in_time(void **state)
{
	/* Again and again, should the first be too early. */
	struct itimerval soon = { { 0, 200000 }, { 0, 200000 } }, never = {};
	struct sigaction action = { .sa_handler = on_alarm };
	int zc = zc_open_pool(COUNT, BUF), fds[2], in_pipe[2], status;
	unsigned char *pool = map_filled(zc);
	uint64_t begin;
	pid_t pid;

	(void)state;
	zc_tcp_pair(fds);
	assert_int_equal(pipe2(in_pipe, O_CLOEXEC), 0);

	queue_two(zc, pool, fds, in_pipe);
	begin = zc_now_ms();
	pid = fork();
	if (!pid) {
		usleep(300000);
		drain(fds, in_pipe);
		_exit(0);
	}
	assert_int_equal(zc_buf_wait(zc, 0, POOL, ~0ULL), 0);
	assert_true(zc_now_ms() - begin >= 250);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);

	/* The other way round: who shares the pool waits. */
	queue_two(zc, pool, fds, in_pipe);
	pid = fork();
	if (!pid)
		_exit(zc_buf_wait(zc, 0, POOL, ~0ULL));
	usleep(300000);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	drain(fds, in_pipe);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);

	queue_two(zc, pool, fds, in_pipe);
	sigaction(SIGALRM, &action, NULL);
	begin = zc_now_ms();
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_int_equal(zc_buf_wait(zc, 0, POOL, ~0ULL), EINTR);
	assert_true(zc_now_ms() - begin >= 150);
	setitimer(ITIMER_REAL, &never, NULL);
	drain(fds, in_pipe);
	munmap(pool, POOL);
	close(fds[0]);
	close(fds[1]);
	close(in_pipe[0]);
	close(in_pipe[1]);
	close(zc);
	zc_assert_no_pools();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_go_to_sockets_by_reference),
		cmocka_unit_test(ranges_go_to_files),
		cmocka_unit_test(another_open_file_can_be_the_source),
		cmocka_unit_test(ranges_that_are_none_are_refused),
		cmocka_unit_test(ranges_of_one_buffer),
		cmocka_unit_test(buf_wait_tells_when_a_range_is_free),
		cmocka_unit_test(buf_wait_ends_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
