// SPDX-License-Identifier: GPL-2.0
/* timeout: 120 */
/*
 * Files that become longer or shorter while they are read end where they end,
 * with exact counts and without an error.
 */
#include "zc_sock.h"

#include <poll.h>

#define SIZE	(4 * MiB)

static const unsigned int ways[] = {
	0, ZCDEV_END_BUFFERED, ZCDEV_END_PAGE_CACHE,
};

/* A transfer that stops when the socket is full: returns when it is. */
static void start_mover(struct zc_mover *m, int src, int sink, unsigned int how)
{
	struct pollfd p = { .fd = sink, .events = POLLOUT };

	m->zc = zc_open_pool(2, 64 * KiB);
	m->x = zc_xfer(src, sink);
	m->x.end[0].flags = how;
	m->x.t.depth = 2;
	zc_mover_start(m);
	while (poll(&p, 1, 0) > 0)
		usleep(1000);
	usleep(50000);
}

static void check_mover(struct zc_mover *m, struct zc_reader *r, int *sink,
			uint64_t bytes)
{
	zc_reader_start(r);
	zc_mover_join(m);
	assert_int_equal(m->error, 0);
	assert_int_equal(m->x.t.out_error, 0);
	assert_int_equal(m->x.t.out_bytes, bytes);
	zc_assert_verdict(&m->x);
	zc_reader_finish(r, sink, bytes);
	close(m->zc);
}

static void append(int fd, size_t at, size_t len)
{
	unsigned char *buf = malloc(len);

	zc_fill(buf, len, 1, at);
	assert_int_equal(pwrite(fd, buf, len, at), len);
	free(buf);
}

/* @to: how long the file is when the reader begins. */
static void change(size_t to)
{
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int src = zc_make_file("src", SIZE, 1), fds[2];
		struct zc_reader r = { .seed = 1 };
		struct zc_mover m;

		zc_case("flags %#x, to %zu bytes", ways[i], to);
		zc_unix_pair(fds);
		r.fd = fds[1];
		start_mover(&m, src, fds[0], ways[i]);
		if (to > SIZE)
			append(src, SIZE, to - SIZE);
		assert_int_equal(ftruncate(src, to), 0);
		check_mover(&m, &r, &fds[0], to);
		assert_int_equal(lseek(src, 0, SEEK_CUR), to);
		close(src);
	}
}

static void what_was_added_moves(void **state)
{
	(void)state;
	change(SIZE + 1);
	change(SIZE + MiB + 777);
}

static void what_was_cut_does_not(void **state)
{
	(void)state;
	change(3 * MiB);
	change(3 * MiB + 777);
	change(SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_moves),
		cmocka_unit_test(what_was_cut_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
