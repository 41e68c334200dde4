// SPDX-License-Identifier: GPL-2.0
/*
 * Strict transfers either copy nothing or refuse before a byte moves; and an
 * end goes the way it is told to, or not at all.
 */
#include "zc_sock.h"

#include <sys/mount.h>

#define SIZE	(300 * KiB)
#define OLD	5000	/* bytes of seed 2 in a sink */

static int source(size_t size)
{
	return zc_make_file("src", size, 1);
}

static void assert_untouched(int dst)
{
	assert_int_equal(zc_size(dst), OLD);
	zc_check_range(dst, 0, OLD, 2, 0);
	assert_int_equal(lseek(dst, 0, SEEK_CUR), 0);
}

static void files_move_strictly_when_nothing_is_copied(void **state)
{
	static const struct { uint64_t size, from, to, len; } cases[] = {
		{ SIZE, 0, 0, ZCDEV_TO_END },
		{ SIZE + 1, 0, 0, ZCDEV_TO_END },
		{ SIZE + 511, 512, 0, ZCDEV_TO_END },
		{ 1, 0, 0, ZCDEV_TO_END },
		{ SIZE, 4096, 512, 8192 },
		{ SIZE, 0, 0, 70001 },
		{ SIZE, 0, 8192, 3 },
		{ SIZE, 0, 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int src = source(cases[i].size), zc = zc_open_pool(3, 64 * KiB);
		int dst = zc_make_file("dst", OLD, 2);
		struct zc_xfer x = zc_xfer(src, dst);
		uint64_t moved = cases[i].size - cases[i].from;

		if (cases[i].len < moved)
			moved = cases[i].len;
		zc_case("case %zu", i);
		/* A tail that ends inside the file is not ours to pad. */
		if ((cases[i].to + moved) % 512 && cases[i].to + moved < OLD)
			assert_int_equal(ftruncate(dst, 0), 0);
		x.t.flags = ZCDEV_TRANSFER_STRICT;
		x.t.len = cases[i].len;
		lseek(src, cases[i].from, SEEK_SET);
		lseek(dst, cases[i].to, SEEK_SET);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, moved);
		assert_int_equal(x.end[0].out_zerocopy, moved);
		assert_int_equal(x.end[1].out_zerocopy, moved);
		zc_check_range(dst, cases[i].to, moved, 1, cases[i].from);
		close(dst);
		close(src);
		close(zc);
	}
}

static void copies_are_refused_before_a_byte_moves(void **state)
{
	static const struct {
		uint64_t from, to, len;
		unsigned int in_flags, out_flags;
	} cases[] = {
		{ 0, 1, 100, 0, 0 },
		{ 0, 511, 512, 0, 0 },
		{ 1, 0, 512, 0, 0 },
		{ 513, 0, ZCDEV_TO_END, 0, 0 },
		{ 0, 0, 100, 0, 0 },		/* tail inside the sink */
		{ 0, 512, 513, 0, 0 },
		{ 0, 0, 4096, ZCDEV_END_BUFFERED, 0 },
		{ 0, 0, 4096, 0, ZCDEV_END_BUFFERED },
	};
	int src = source(SIZE), zc = zc_open(), dst = zc_make_file("dst", OLD, 2);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct zc_xfer x = zc_xfer(src, dst);

		zc_case("case %zu", i);
		x.t.flags = ZCDEV_TRANSFER_STRICT;
		x.t.len = cases[i].len;
		x.end[0].flags = ZCDEV_END_OFFSET | cases[i].in_flags;
		x.end[0].offset = cases[i].from;
		x.end[1].flags = ZCDEV_END_OFFSET | cases[i].out_flags;
		x.end[1].offset = cases[i].to;
		assert_int_equal(zc_xfer_run(zc, &x), EOPNOTSUPP);
		assert_untouched(dst);
	}
	close(dst);
	close(src);
	close(zc);
}

static void file_systems_in_memory_are_refused(void **state)
{
	int src = source(SIZE), dst = zc_make_file("dst", OLD, 2);
	int mem, zc = zc_open();
	struct zc_xfer x;

	(void)state;
	mem = memfd_create("mem", 0);
	assert_int_equal(ftruncate(mem, 8192), 0);
	x = zc_xfer(mem, dst);
	x.t.flags = ZCDEV_TRANSFER_STRICT;
	assert_int_equal(zc_xfer_run(zc, &x), EOPNOTSUPP);
	assert_untouched(dst);
	x = zc_xfer(src, mem);
	x.t.flags = ZCDEV_TRANSFER_STRICT;
	assert_int_equal(zc_xfer_run(zc, &x), EOPNOTSUPP);
	assert_int_equal(zc_size(mem), 8192);

	/* Not strict: copied, and it says so. */
	x = zc_xfer(src, mem);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.end[1].out_copied, SIZE);
	assert_int_equal(x.end[1].out_reasons, ZCDEV_REASON_NO_DIRECT);
	zc_check_range(mem, 0, SIZE, 1, 0);
	x = zc_xfer(mem, dst);
	x.end[0].flags = ZCDEV_END_OFFSET;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.end[0].out_copied, SIZE);
	assert_int_equal(x.end[0].out_reasons, ZCDEV_REASON_NO_DIRECT);
	assert_int_equal(x.end[1].out_zerocopy, SIZE);
	zc_check_range(dst, 0, SIZE, 1, 0);
	close(mem);
	close(dst);
	close(src);
	close(zc);
}

static void sockets_take_the_smallest_by_reference(void **state)
{
	static const size_t sizes[] = { 1, 511, 2047, 4097, SIZE + 3 };
	size_t n;

	(void)state;
	for (n = 0; n < 2 * sizeof(sizes) / sizeof(sizes[0]); n++) {
		size_t size = sizes[n / 2], k = n % 2;
		int src = source(size), zc = zc_open_pool(3, 64 * KiB);
		struct zc_reader r = { .seed = 1 };
		struct zc_xfer x;
		int fds[2];

		zc_case("%zu bytes, kind %zu", size, k);
		if (k)
			zc_unix_pair(fds);
		else
			zc_tcp_pair(fds);
		r.fd = fds[1];
		zc_reader_start(&r);
		x = zc_xfer(src, fds[0]);
		x.t.flags = ZCDEV_TRANSFER_STRICT;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		zc_assert_verdict(&x);
		assert_int_equal(x.end[1].out_zerocopy, size);
		assert_int_equal(x.end[1].out_paths, ZCDEV_PATH_REFERENCE);
		zc_reader_finish(&r, &fds[0], size);
		close(src);
		close(zc);
	}
}

static void an_end_goes_the_way_it_is_told(void **state)
{
	static const struct {
		unsigned int in, out, in_path, out_path;
	} cases[] = {
		{ 0, ZCDEV_END_BUFFERED, ZCDEV_PATH_DIRECT, ZCDEV_PATH_BUFFERED },
		{ ZCDEV_END_BUFFERED, 0, ZCDEV_PATH_BUFFERED, ZCDEV_PATH_DIRECT },
		{ ZCDEV_END_BUFFERED, ZCDEV_END_BUFFERED, ZCDEV_PATH_BUFFERED,
		  ZCDEV_PATH_BUFFERED },
		{ ZCDEV_END_DIRECT, ZCDEV_END_DIRECT, ZCDEV_PATH_DIRECT,
		  ZCDEV_PATH_DIRECT },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int src = source(SIZE + 9), zc = zc_open_pool(3, 64 * KiB);
		int dst = zc_make_file("dst", OLD, 2);
		struct zc_xfer x = zc_xfer(src, dst);

		zc_case("case %zu", i);
		x.end[0].flags = cases[i].in;
		x.end[1].flags = cases[i].out;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		zc_assert_verdict(&x);
		assert_int_equal(x.t.out_bytes, SIZE + 9);
		assert_int_equal(x.end[0].out_paths, cases[i].in_path);
		assert_int_equal(x.end[1].out_paths, cases[i].out_path);
		for (k = 0; k < 2; k++)
			assert_int_equal(x.end[k].out_reasons,
					 x.end[k].flags & ZCDEV_END_BUFFERED ?
					 ZCDEV_REASON_ASKED : 0);
		zc_check_range(dst, 0, SIZE + 9, 1, 0);
		assert_int_equal(zc_size(dst), SIZE + 9);
		close(dst);
		close(src);
		close(zc);
	}
}

static void ways_that_exclude_each_other_or_do_not_exist(void **state)
{
	int src = source(SIZE), zc = zc_open(), fds[2], mem;
	int dst = zc_make_file("dst", OLD, 2);
	unsigned int both = ZCDEV_END_DIRECT | ZCDEV_END_BUFFERED;
	struct zc_xfer x;
	size_t k;

	(void)state;
	for (k = 0; k < 2; k++) {
		x = zc_xfer(src, dst);
		x.end[k].flags = both;
		assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
		assert_untouched(dst);
	}
	mem = memfd_create("mem", 0);
	x = zc_xfer(src, mem);
	x.end[1].flags = ZCDEV_END_DIRECT;
	assert_int_equal(zc_xfer_run(zc, &x), EOPNOTSUPP);
	assert_int_equal(zc_size(mem), 0);
	x = zc_xfer(mem, dst);
	x.end[0].flags = ZCDEV_END_DIRECT;
	assert_int_equal(zc_xfer_run(zc, &x), EOPNOTSUPP);
	zc_tcp_pair(fds);
	for (k = ZCDEV_END_DIRECT; k <= ZCDEV_END_BUFFERED; k *= 2) {
		x = zc_xfer(src, fds[0]);
		x.end[1].flags = k;
		assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	}
	close(fds[0]);
	close(fds[1]);
	close(mem);
	close(dst);
	close(src);
	close(zc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_move_strictly_when_nothing_is_copied),
		cmocka_unit_test(copies_are_refused_before_a_byte_moves),
		cmocka_unit_test(file_systems_in_memory_are_refused),
		cmocka_unit_test(sockets_take_the_smallest_by_reference),
		cmocka_unit_test(an_end_goes_the_way_it_is_told),
		cmocka_unit_test(ways_that_exclude_each_other_or_do_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
