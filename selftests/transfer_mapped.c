// SPDX-License-Identifier: GPL-2.0
/*
 * A TCP receiver that maps what it got in place of copying it
 * (TCP_ZEROCOPY_RECEIVE), and keeps it mapped: it never sees what the buffer is
 * used for next, whichever way the pages came to TCP.
 */
#include "zc_sock.h"

#include <sys/mman.h>

#define SIZE	(64 * KiB)

/* As much as has arrived. */
static void splice_on(int from, int to)
{
	size_t left = SIZE;
	int pipe[2];
	ssize_t n;

	assert_int_equal(pipe2(pipe, O_CLOEXEC), 0);
	while (left) {
		n = splice(from, NULL, pipe[1], NULL, left, 0);
		assert_true(n > 0);
		assert_int_equal(splice(pipe[0], NULL, to, NULL, n, 0), n);
		left -= n;
	}
	close(pipe[0]);
	close(pipe[1]);
}

static void to_tcp(int zc, struct zc_xfer *x, const int tcp[2])
{
	x->end[1].fd = tcp[0];
	assert_int_equal(zc_xfer_run(zc, x), 0);
}

static void by_unix(int zc, struct zc_xfer *x, const int tcp[2])
{
	int fds[2];

	zc_unix_pair(fds);
	x->end[1].fd = fds[0];
	assert_int_equal(zc_xfer_run(zc, x), 0);
	splice_on(fds[1], tcp[0]);
	close(fds[0]);
	close(fds[1]);
}

static void by_pipe(int zc, struct zc_xfer *x, const int tcp[2])
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	x->end[1].fd = fds[1];
	assert_int_equal(zc_xfer_run(zc, x), 0);
	splice_on(fds[0], tcp[0]);
	close(fds[0]);
	close(fds[1]);
}

/* The pool itself, from which pages can be spliced too. */
static void by_splice(int zc, struct zc_xfer *x, const int tcp[2])
{
	int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0600);

	x->end[1].fd = dst;
	assert_int_equal(zc_xfer_run(zc, x), 0);
	assert_int_equal(lseek(zc, 0, SEEK_SET), 0);
	splice_on(zc, tcp[0]);
	close(dst);
}

static const struct {
	const char *name;
	void (*send)(int zc, struct zc_xfer *x, const int tcp[2]);
} ways[] = {
	{ "to TCP", to_tcp },
	{ "to a UNIX socket, spliced to TCP", by_unix },
	{ "to a pipe, spliced to TCP", by_pipe },
	{ "spliced from the device to TCP", by_splice },
};

/* Lets go of everything else that has arrived. */
static void read_rest(int fd, size_t left)
{
	char *buf = malloc(left);

	assert_int_equal(recv(fd, buf, left, MSG_WAITALL), left);
	free(buf);
}

/* Returns how many of the bytes that have arrived are mapped at @at. */
static size_t map_received(int fd, void *at)
{
	struct tcp_zerocopy_receive arg = {
		.address = (uintptr_t)at,
		.length = SIZE,
	};
	socklen_t len = sizeof(arg);

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &arg,
				    &len), 0);
	read_rest(fd, SIZE - arg.length);
	return arg.length;
}

/* The next clients of whoever has the pool: each buffer that is free is filled. */
static void use_for_others(int zc)
{
	int src = zc_make_file("next", 8 * SIZE, 2);
	int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct zc_xfer x = zc_xfer(src, dst);

	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, 8 * SIZE);
	close(src);
	close(dst);
}

static void keeps_what_it_maps(size_t way, unsigned int buf)
{
	unsigned int count = SIZE / buf + 1;	/* one is left whoever has the others */
	int zc = zc_open_pool(count, buf), tcp[2], src;
	struct zc_xfer x;
	unsigned char *pool, *seen;
	size_t mapped;

	zc_case("%s, buffers of %u", ways[way].name, buf);
	src = zc_make_file("src", SIZE, 1);
	zc_tcp_pair(tcp);
	pool = mmap(NULL, count * buf, PROT_READ, MAP_SHARED, zc, 0);
	assert_ptr_not_equal(pool, MAP_FAILED);
	seen = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, tcp[1], 0);
	assert_ptr_not_equal(seen, MAP_FAILED);

	x = zc_xfer(src, -1);
	ways[way].send(zc, &x, tcp);
	assert_int_equal(x.t.out_bytes, SIZE);
	mapped = map_received(tcp[1], seen);
	use_for_others(zc);
	assert_int_equal(zc_differs(seen, mapped, 1, 0), mapped);

	munmap(seen, SIZE);
	munmap(pool, count * buf);
	close(tcp[0]);
	close(tcp[1]);
	close(src);
	close(zc);
}

static void what_is_mapped_never_changes(void **state)
{
	static const unsigned int sizes[] = { 4096, 8192, 64 * KiB };
	size_t way, i;

	(void)state;
	for (way = 0; way < sizeof(ways) / sizeof(ways[0]); way++)
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			keeps_what_it_maps(way, sizes[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_mapped_never_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
