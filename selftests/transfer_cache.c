// SPDX-License-Identifier: GPL-2.0
/*
 * The page cache and a transfer agree about what is in a file, and neither is
 * filled nor lent by it.
 */
#include "zc_sock.h"

#define SIZE	(4 * MiB)

static size_t cached_pages(int fd)
{
	static unsigned char vec[SIZE / 4096 + 1];
	size_t size = zc_size(fd), i, n = 0;
	void *p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(mincore(p, size, vec), 0);
	for (i = 0; i < (size + 4095) / 4096; i++)
		n += vec[i] & 1;
	munmap(p, size);
	return n;
}

static void move(int from, int to)
{
	int zc = zc_open();
	struct zc_xfer x = zc_xfer(from, to);

	x.end[0].flags = ZCDEV_END_OFFSET;
	x.end[1].flags = ZCDEV_END_OFFSET;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, 0);
	assert_int_equal(x.t.out_bytes, zc_size(from));
	close(zc);
}

static void neither_file_is_cached_by_a_transfer(void **state)
{
	int src = zc_make_file("src", SIZE, 1), dst = zc_make_file("dst", 0, 2);

	(void)state;
	assert_int_equal(cached_pages(src), 0);
	move(src, dst);
	assert_int_equal(cached_pages(src), 0);
	assert_int_equal(cached_pages(dst), 0);
	zc_check_range(dst, 0, SIZE, 1, 0);
	close(src);
	close(dst);
}

static void what_was_just_written_is_seen(void **state)
{
	static unsigned char buf[SIZE];
	int src = zc_make_file("src", SIZE, 1), dst = zc_make_file("dst", 0, 2);
	unsigned char *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
				  src, 0);

	(void)state;
	assert_ptr_not_equal(map, MAP_FAILED);
	/* By write(), and by a mapping: neither is on the disk yet. */
	zc_fill(buf, SIZE / 2, 3, 0);
	assert_int_equal(pwrite(src, buf, SIZE / 2, 0), SIZE / 2);
	zc_fill(map + SIZE / 2, SIZE / 2, 3, SIZE / 2);
	move(src, dst);
	zc_check_range(dst, 0, SIZE, 3, 0);
	munmap(map, SIZE);
	close(src);
	close(dst);
}

static void what_was_cached_of_the_sink_is_forgotten(void **state)
{
	int src = zc_make_file("src", SIZE, 1), dst = zc_make_file("dst", SIZE, 2);
	unsigned char *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
				  dst, 0);

	(void)state;
	assert_ptr_not_equal(map, MAP_FAILED);
	zc_check_range(dst, 0, SIZE, 2, 0);
	map[5] = 77;
	assert_int_equal(zc_differs(map + 4096, SIZE - 4096, 2, 4096), SIZE - 4096);
	move(src, dst);
	zc_check_range(dst, 0, SIZE, 1, 0);
	assert_int_equal(zc_differs(map, SIZE, 1, 0), SIZE);
	munmap(map, SIZE);
	close(src);
	close(dst);
}

/*
 * What is queued in a socket is what the file was when it moved: sendfile()
 * sends whatever the page cache holds when the network card looks.
 */
static void later_writes_do_not_reach_the_socket(void **state)
{
	static const unsigned int flags[] = { 0, ZCDEV_END_BUFFERED };
	static unsigned char buf[SIZE];
	size_t n;

	(void)state;
	for (n = 0; n < 4; n++) {
		unsigned int how = flags[n / 2], k = n % 2;
		int src = zc_make_file("src", SIZE, 1), zc = zc_open(), fds[2];
		struct zc_reader r = { .seed = 1 };
		struct zc_xfer x;

		zc_case("flags %#x, kind %u", how, k);
		if (k)
			zc_unix_pair(fds);
		else
			zc_tcp_pair(fds);
		/* All in the page cache, if somebody wanted it from there. */
		assert_int_equal(pread(src, buf, SIZE, 0), SIZE);
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
		x = zc_xfer(src, fds[0]);
		x.end[0].flags = how;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_true(x.t.out_bytes > 64 * KiB);
		memset(buf, 0xee, SIZE);
		assert_int_equal(pwrite(src, buf, SIZE, 0), SIZE);
		assert_int_equal(fsync(src), 0);
		r.fd = fds[1];
		zc_reader_start(&r);
		zc_reader_finish(&r, &fds[0], x.t.out_bytes);
		close(src);
		close(zc);
	}
}

static void holes_are_zeros(void **state)
{
	static unsigned char buf[SIZE], zeros[SIZE];
	int src = zc_make_file("src", 0, 1), dst = zc_make_file("dst", SIZE, 2);

	(void)state;
	assert_int_equal(ftruncate(src, SIZE), 0);
	zc_fill(buf, 5000, 1, 0);
	assert_int_equal(pwrite(src, buf, 5000, MiB), 5000);
	move(src, dst);
	zc_check_range(dst, MiB, 5000, 1, 0);
	assert_int_equal(pread(dst, buf, MiB, 0), MiB);
	assert_memory_equal(buf, zeros, MiB);
	assert_int_equal(pread(dst, buf, 3 * MiB - 5000, MiB + 5000),
			 3 * MiB - 5000);
	assert_memory_equal(buf, zeros, 3 * MiB - 5000);
	close(src);
	close(dst);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neither_file_is_cached_by_a_transfer),
		cmocka_unit_test(what_was_just_written_is_seen),
		cmocka_unit_test(what_was_cached_of_the_sink_is_forgotten),
		cmocka_unit_test(later_writes_do_not_reach_the_socket),
		cmocka_unit_test(holes_are_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
