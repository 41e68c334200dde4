// SPDX-License-Identifier: GPL-2.0
/* timeout: 300 */
/* only: 6.1 6.12 newest */
/*
 * More than 4 GiB in one call, so that no count is cut to 32 bits: nothing that
 * a debug kernel would see better.
 */
#include "zc_sock.h"

#define SIZE	(5 * GiB + 13)
#define MARK	(4 * GiB + 12345)	/* data in an otherwise empty file */
#define MARKED	(MiB + 77)

static int make_source(void)
{
	static unsigned char buf[MARKED];
	int fd = open("big", O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	zc_fill(buf, MARKED, 1, 0);
	assert_int_equal(pwrite(fd, buf, MARKED, MARK), MARKED);
	assert_int_equal(fsync(fd), 0);
	return fd;
}

static void *discard(void *arg)
{
	struct zc_reader *r = arg;
	ssize_t n;

	while ((n = recv(r->fd, NULL, 16 * MiB, MSG_TRUNC)) > 0)
		r->bytes += n;
	r->error = n ? errno : 0;
	return NULL;
}

static void five_gib_to_a_socket_in_one_call(void **state)
{
	int src = make_source(), zc = zc_open_pool(2, 4 * MiB), fds[2];
	struct zc_reader r = {};
	struct zc_xfer x;

	(void)state;
	zc_tcp_pair(fds);
	r.fd = fds[1];
	assert_int_equal(pthread_create(&r.thread, NULL, discard, &r), 0);
	x = zc_xfer(src, fds[0]);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, 0);
	assert_int_equal(x.t.out_bytes, SIZE);
	assert_int_equal(x.end[0].out_zerocopy, SIZE);
	zc_assert_verdict(&x);
	assert_int_equal(lseek(src, 0, SEEK_CUR), SIZE);
	close(fds[0]);
	zc_reader_join(&r);
	assert_int_equal(r.error, 0);
	assert_int_equal(r.bytes, SIZE);
	close(fds[1]);
	close(src);
	close(zc);
}

/* Past 4 GiB on both sides, and more than fits into 32 bits on the way. */
static void five_gib_to_a_file_in_one_call(void **state)
{
	int src = make_source(), zc = zc_open_pool(2, 4 * MiB);
	int dst = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct zc_xfer x = zc_xfer(src, dst);

	(void)state;
	x.t.len = 4 * GiB + 2 * MiB;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, 0);
	assert_int_equal(x.t.out_bytes, 4 * GiB + 2 * MiB);
	zc_assert_verdict(&x);
	assert_int_equal(x.end[1].out_zerocopy, x.t.out_bytes);
	assert_int_equal(zc_size(dst), x.t.out_bytes);
	assert_int_equal(lseek(dst, 0, SEEK_CUR), x.t.out_bytes);
	zc_check_range(dst, MARK, MARKED, 1, 0);
	close(dst);
	close(src);
	close(zc);
	unlink("copy");
}

static void offsets_past_4_gib(void **state)
{
	int src = make_source(), dst = zc_make_file("small", 0, 2), zc = zc_open();
	struct zc_xfer x = zc_xfer(src, dst);

	(void)state;
	x.end[0].flags = ZCDEV_END_OFFSET;
	x.end[0].offset = MARK;
	x.t.len = MARKED;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, MARKED);
	zc_check_range(dst, 0, MARKED, 1, 0);
	x = zc_xfer(dst, src);
	x.end[0].flags = ZCDEV_END_OFFSET;
	x.end[1].flags = ZCDEV_END_OFFSET;
	x.end[1].offset = SIZE + 7 * GiB;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, MARKED);
	zc_check_range(src, SIZE + 7 * GiB, MARKED, 1, 0);
	assert_int_equal(zc_size(src), SIZE + 7 * GiB + MARKED);
	close(dst);
	close(src);
	close(zc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_gib_to_a_socket_in_one_call),
		cmocka_unit_test(five_gib_to_a_file_in_one_call),
		cmocka_unit_test(offsets_past_4_gib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
