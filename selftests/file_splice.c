// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of the pool in pipes and sockets, by splice(2), tee(2) and sendfile(2):
 * by reference, and never filled with anything else while somebody holds them.
 */
#include <sys/sendfile.h>

#include "zc_mem.h"
#include "zc_sock.h"

#define BUF	(256 * KiB)
#define COUNT	4
#define POOL	((off_t)(COUNT * BUF))

/* A pool that has been filled, and is not mapped. */
static int filled(unsigned int count, size_t buf, unsigned int seed)
{
	int fd = zc_open_pool(count, buf);
	unsigned char *map = zc_map(fd, count * buf);

	zc_fill(map, count * buf, seed, 0);
	munmap(map, count * buf);
	return fd;
}

/* A pipe with room for @bytes. */
static void pipe_of(int p[2], size_t bytes)
{
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_true(fcntl(p[1], F_SETPIPE_SZ, bytes) >= (int)bytes);
}

static void pipe_close(int p[2])
{
	close(p[0]);
	close(p[1]);
}

static void assert_reads(int fd, size_t len, unsigned int seed, uint64_t from)
{
	unsigned char *copy = malloc(len);
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, copy + done, len - done);
		assert_true(n > 0);
		done += n;
	}
	assert_int_equal(zc_differs(copy, len, seed, from), len);
	free(copy);
}

static void by_reference(void **state)
{
	int fd = filled(COUNT, BUF, 1), p[2];
	char byte = 0x77;
	loff_t at = BUF - 100;

	(void)state;
	pipe_of(p, MiB);
	assert_int_equal(splice(fd, &at, p[1], NULL, 200, 0), 200);
	assert_int_equal(at, BUF + 100);
	assert_int_equal(zc_in_flight(fd), 2);
	/* What is written now is what will be read. */
	assert_int_equal(pwrite(fd, &byte, 1, BUF - 100), 1);
	assert_int_equal(read(p[0], &byte, 1), 1);
	assert_int_equal(byte, 0x77);
	assert_reads(p[0], 199, 1, BUF - 99);
	assert_int_equal(zc_in_flight(fd), 0);
	pipe_close(p);
	close(fd);
}

static void positions(void **state)
{
	static const struct {
		loff_t at;
		size_t len;
		ssize_t want;
	} rows[] = {
		{ 0, 1, 1 }, { 0, POOL, POOL }, { 1, POOL, POOL - 1 },
		{ 4095, 2, 2 }, { BUF - 1, 2, 2 }, { POOL - 1, 100, 1 },
		{ POOL, 1, 0 }, { POOL + 1, 1, 0 }, { 0, 0, 0 },
		{ 64 * KiB - 5, 10, 10 }, { 100, 2 * POOL, POOL - 100 },
	};
	int fd = filled(COUNT, BUF, 2), p[2];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		loff_t at = rows[i].at;
		ssize_t ret;

		zc_case("%ld, %zu", (long)at, rows[i].len);
		pipe_of(p, MiB);
		ret = splice(fd, &at, p[1], NULL, rows[i].len, 0);
		assert_int_equal(ret, rows[i].want);
		assert_int_equal(at, rows[i].at + ret);
		/* Its own position. */
		if (rows[i].at <= POOL) {
			assert_int_equal(lseek(fd, rows[i].at, SEEK_SET),
					 rows[i].at);
			assert_reads(p[0], ret, 2, rows[i].at);
			assert_int_equal(splice(fd, NULL, p[1], NULL,
						rows[i].len, 0), ret);
			assert_int_equal(lseek(fd, 0, SEEK_CUR), at);
			assert_reads(p[0], ret, 2, rows[i].at);
		}
		pipe_close(p);
	}
	assert_int_equal(zc_in_flight(fd), 0);
	close(fd);
}

/* A small pipe takes what it can, a full one nothing. */
static void full_pipe(void **state)
{
	int fd = filled(COUNT, BUF, 3), p[2];
	loff_t at = 0;

	(void)state;
	pipe_of(p, 4 * ZC_PAGE);
	assert_int_equal(splice(fd, &at, p[1], NULL, 1, 0), 1);
	assert_int_equal(splice(fd, &at, p[1], NULL, 1, 0), 1);
	assert_int_equal(splice(fd, &at, p[1], NULL, 1, 0), 1);
	/* One entry is left, for a page as far as the kernel knows. */
	assert_int_equal(splice(fd, &at, p[1], NULL, POOL, 0), ZC_PAGE);
	assert_int_equal(at, ZC_PAGE + 3);
	zc_assert_errno(zc_errno(splice(fd, &at, p[1], NULL, 1,
					SPLICE_F_NONBLOCK)), EAGAIN, "full");
	assert_int_equal(at, ZC_PAGE + 3);
	assert_reads(p[0], ZC_PAGE + 3, 3, 0);
	pipe_close(p);

	/* Nobody will ever read it. */
	signal(SIGPIPE, SIG_IGN);
	pipe_of(p, MiB);
	close(p[0]);
	zc_assert_errno(zc_errno(splice(fd, &at, p[1], NULL, 1, 0)), EPIPE,
			"no reader");
	close(p[1]);
	assert_int_equal(zc_in_flight(fd), 0);
	close(fd);
}

static void refused(void **state)
{
	int fd = zc_open(), p[2];
	loff_t at = -1;

	(void)state;
	pipe_of(p, MiB);
	zc_assert_errno(zc_errno(splice(fd, NULL, p[1], NULL, 1, 0)), ENXIO,
			"no pool");
	assert_int_equal(write(p[1], "x", 1), 1);
	zc_assert_errno(zc_errno(splice(p[0], NULL, fd, NULL, 1, 0)), ENXIO,
			"to no pool");
	assert_int_equal(zc_pool_create(fd, 1, BUF, 0), 0);
	zc_assert_errno(zc_errno(splice(fd, &at, p[1], NULL, 1, 0)), EINVAL,
			"at -1");
	at = BUF;
	zc_assert_errno(zc_errno(splice(p[0], NULL, fd, &at, 1, 0)), ENOSPC,
			"beyond the end");
	/* The byte is still there. */
	at = 5;
	assert_int_equal(splice(p[0], NULL, fd, &at, 1, 0), 1);
	assert_int_equal(at, 6);
	pipe_close(p);
	close(fd);
}

/* Copies of references: each holds the pages for itself. */
static void teed(void **state)
{
	int fd = filled(COUNT, BUF, 4), a[2], b[2], c[2];
	loff_t at = 1000;
	size_t len = 3 * BUF;

	(void)state;
	pipe_of(a, MiB);
	pipe_of(b, MiB);
	pipe_of(c, MiB);
	assert_int_equal(splice(fd, &at, a[1], NULL, len, 0), len);
	assert_int_equal(tee(a[0], b[1], len, 0), len);
	assert_int_equal(splice(b[0], NULL, c[1], NULL, 2 * BUF, 0), 2 * BUF);
	assert_reads(a[0], len, 4, 1000);
	assert_int_equal(zc_in_flight(fd), 4);
	assert_reads(b[0], len - 2 * BUF, 4, 1000 + 2 * BUF);
	assert_int_equal(zc_in_flight(fd), 3);
	assert_reads(c[0], 2 * BUF, 4, 1000);
	assert_int_equal(zc_in_flight(fd), 0);
	pipe_close(a);
	pipe_close(b);
	pipe_close(c);
	close(fd);
}

static void copy_through(int fd, unsigned int seed)
{
	int src = zc_make_file("src", 2 * POOL, seed);
	int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct zc_xfer x;

	assert_int_equal(lseek(src, 0, SEEK_SET), 0);
	x = zc_xfer(src, dst);
	zc_assert_errno(zc_xfer_run(fd, &x), 0, "transfer");
	assert_int_equal(x.t.out_bytes, 2 * POOL);
	zc_check_range(dst, 0, 2 * POOL, seed, 0);
	close(src);
	close(dst);
}

/* One byte of a buffer in a pipe keeps all of it from being staged in. */
static void never_recycled(void **state)
{
	int fd = filled(COUNT, BUF, 5), p[2], q[2];
	loff_t at = BUF + 5, last = POOL - 1;

	(void)state;
	pipe_of(p, MiB);
	pipe_of(q, MiB);
	assert_int_equal(splice(fd, &at, p[1], NULL, 1, 0), 1);
	assert_int_equal(splice(fd, &last, p[1], NULL, 1, 0), 1);
	assert_int_equal(tee(p[0], q[1], 2, 0), 2);
	for (int i = 0; i < 5; i++)
		copy_through(fd, 50 + i);
	/* Not only these bytes: their buffers are as they were. */
	zc_check_range(fd, BUF, BUF, 5, BUF);
	zc_check_range(fd, 3 * BUF, BUF, 5, 3 * BUF);
	assert_reads(p[0], 1, 5, BUF + 5);
	assert_reads(p[0], 1, 5, POOL - 1);
	/* The copies of the references hold them just as well. */
	for (int i = 0; i < 5; i++)
		copy_through(fd, 60 + i);
	zc_check_range(fd, BUF, BUF, 5, BUF);
	assert_reads(q[0], 1, 5, BUF + 5);
	assert_reads(q[0], 1, 5, POOL - 1);
	/* Now they are used again. */
	assert_int_equal(zc_in_flight(fd), 0);
	copy_through(fd, 70);
	copy_through(fd, 71);
	{
		unsigned char byte[64];
		ssize_t n = pread(fd, byte, sizeof(byte), BUF);

		assert_int_equal(n, sizeof(byte));
		assert_int_not_equal(zc_differs(byte, n, 5, BUF), n);
	}
	pipe_close(p);
	pipe_close(q);
	close(fd);
}

/* What is in a pipe is there when the pool is gone. */
static void outlives_the_pool(void **state)
{
	int fd = filled(COUNT, BUF, 6), p[2];
	loff_t at = 0;

	(void)state;
	pipe_of(p, MiB);
	assert_int_equal(splice(fd, &at, p[1], NULL, POOL, 0), POOL);
	close(fd);
	fd = zc_open_pool(2 * COUNT, BUF);
	copy_through(fd, 7);
	close(fd);
	assert_reads(p[0], POOL, 6, 0);
	pipe_close(p);
	zc_assert_no_pools();
}

static void sendfile_to_file(void **state)
{
	int fd = filled(COUNT, BUF, 8);
	int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	off_t at = 777;

	(void)state;
	assert_int_equal(sendfile(dst, fd, &at, 2 * POOL), POOL - 777);
	assert_int_equal(at, POOL);
	assert_int_equal(sendfile(dst, fd, &at, 1), 0);
	zc_check_range(dst, 0, POOL - 777, 8, 777);
	/* With its own position. */
	assert_int_equal(sendfile(dst, fd, NULL, 1000), 1000);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 1000);
	zc_check_range(dst, POOL - 777, 1000, 8, 0);
	assert_int_equal(zc_in_flight(fd), 0);
	close(dst);
	close(fd);
}

static void sendfile_from_file(void **state)
{
	int fd = zc_open_pool(COUNT, BUF);
	int src = zc_make_file("src", POOL + 5000, 9);
	off_t at = 3;

	(void)state;
	assert_int_equal(lseek(fd, 100, SEEK_SET), 100);
	assert_int_equal(sendfile(fd, src, &at, 2 * BUF), 2 * BUF);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 100 + 2 * BUF);
	zc_check_range(fd, 100, 2 * BUF, 9, 3);
	/* Up to the end of the pool, and not a byte more. */
	assert_int_equal(sendfile(fd, src, &at, POOL), POOL - 100 - 2 * BUF);
	zc_check_range(fd, 100, POOL - 100, 9, 3);
	zc_assert_errno(zc_errno(sendfile(fd, src, &at, 1)), ENOSPC, "full");
	close(src);
	close(fd);
}

/* From one pool to another, and within one. */
static void pool_to_pool(void **state)
{
	int a = filled(COUNT, BUF, 10), b = zc_open_pool(COUNT, BUF), p[2];
	loff_t from = 5, to = 2 * BUF;

	(void)state;
	assert_int_equal(sendfile(b, a, NULL, POOL), POOL);
	zc_check_range(b, 0, POOL, 10, 0);
	pipe_of(p, MiB);
	assert_int_equal(splice(a, &from, p[1], NULL, BUF, 0), BUF);
	assert_int_equal(splice(p[0], NULL, a, &to, BUF, 0), BUF);
	zc_check_range(a, 2 * BUF, BUF, 10, 5);
	pipe_close(p);
	close(a);
	close(b);
}

static void to_socket(int pair[2])
{
	int fd = filled(COUNT, BUF, 11);
	struct zc_reader reader = { .fd = pair[1], .seed = 11 };
	off_t at = 0;

	zc_reader_start(&reader);
	while (at < POOL)
		assert_true(sendfile(pair[0], fd, &at, POOL - at) > 0);
	zc_reader_finish(&reader, &pair[0], POOL);
	assert_true(zc_wait_until(10, !zc_in_flight(fd)));
	close(fd);
}

static void to_tcp(void **state)
{
	int pair[2];

	(void)state;
	zc_tcp_pair(pair);
	to_socket(pair);
}

static void to_unix(void **state)
{
	int pair[2];

	(void)state;
	zc_unix_pair(pair);
	to_socket(pair);
}

/* Queued by reference, while transfers want every buffer they can get. */
static void held_by_socket(void **state)
{
	int fd = filled(COUNT, BUF, 12), pair[2];
	off_t at = BUF;

	(void)state;
	zc_unix_pair(pair);
	assert_int_equal(sendfile(pair[0], fd, &at, 32 * KiB), 32 * KiB);
	assert_int_equal(zc_in_flight(fd), 1);
	for (int i = 0; i < 3; i++)
		copy_through(fd, 20 + i);
	assert_reads(pair[1], 32 * KiB, 12, BUF);
	assert_true(zc_wait_until(10, !zc_in_flight(fd)));
	close(pair[0]);
	close(pair[1]);
	close(fd);
}

/*
 * A receiver that wants pages mapped gets none of ours: a mapping that it keeps
 * could not be told from one of the pool.
 */
static void single_pages_are_copied(void **state)
{
	int fd = filled(16, ZC_PAGE, 13), p[2];
	unsigned char byte = 0x77, first;
	loff_t at = 0;

	(void)state;
	pipe_of(p, MiB);
	assert_int_equal(splice(fd, &at, p[1], NULL, 16 * ZC_PAGE, 0),
			 16 * ZC_PAGE);
	assert_int_equal(zc_in_flight(fd), 0);
	assert_int_equal(pread(fd, &first, 1, 0), 1);
	assert_int_equal(pwrite(fd, &byte, 1, 0), 1);
	assert_int_equal(read(p[0], &byte, 1), 1);
	assert_int_equal(byte, first);
	assert_reads(p[0], 16 * ZC_PAGE - 1, 13, 1);
	pipe_close(p);
	close(fd);
}

static void to_nowhere(void **state)
{
	int fd = filled(COUNT, BUF, 14), p[2];
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	loff_t at = 0;

	(void)state;
	assert_int_equal(sendfile(null, fd, NULL, POOL), POOL);
	pipe_of(p, MiB);
	assert_int_equal(splice(fd, &at, p[1], NULL, POOL, 0), POOL);
	assert_int_equal(splice(p[0], NULL, null, NULL, BUF, 0), BUF);
	pipe_close(p);
	assert_int_equal(zc_in_flight(fd), 0);
	close(null);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("a pipe gets the pages themselves", by_reference),
		ZC_TEST("from everywhere to the end", positions),
		ZC_TEST("a pipe that is small, full, or without a reader",
			full_pipe),
		ZC_TEST("no pool, and beyond the end", refused),
		ZC_TEST("tee, and on to other pipes", teed),
		ZC_TEST("what a pipe holds is not staged in", never_recycled),
		ZC_TEST("what a pipe holds outlives the pool",
			outlives_the_pool),
		ZC_TEST("sendfile to a file", sendfile_to_file),
		ZC_TEST("sendfile from a file", sendfile_from_file),
		ZC_TEST("from pool to pool", pool_to_pool),
		ZC_TEST("sendfile to TCP", to_tcp),
		ZC_TEST("sendfile to a UNIX socket", to_unix),
		ZC_TEST("what a socket holds is not staged in", held_by_socket),
		ZC_TEST("single pages are copied", single_pages_are_copied),
		ZC_TEST("to /dev/null", to_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
