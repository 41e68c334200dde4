// SPDX-License-Identifier: GPL-2.0
/* timeout: 120 */
/*
 * From where to where: explicit offsets and positions of every residue, in the
 * middle of files, past their ends, within one file, and those that are wrong.
 */
#include "zc_sock.h"

#include <limits.h>
#include <sys/sysmacros.h>

#define SIZE	(256 * KiB)

#define each(i, table)	(i = 0; i < sizeof(table) / sizeof((table)[0]); i++)

static const uint64_t residues[] = { 0, 1, 511, 512, 4096, 4097 + 512 };
static const uint64_t lens[] = { 1, 511, 4096, 70001 };

static struct zc_xfer at_offsets(int src, uint64_t from, int dst, uint64_t to,
				 uint64_t len)
{
	struct zc_xfer x = zc_xfer(src, dst);

	x.t.len = len;
	x.end[0].flags = ZCDEV_END_OFFSET;
	x.end[0].offset = from;
	x.end[1].flags = ZCDEV_END_OFFSET;
	x.end[1].offset = to;
	return x;
}

/* The file @dst was of seed 2 and @size, and got @len bytes at @to. */
static void check_middle(int dst, uint64_t to, uint64_t from, uint64_t len,
			 size_t size)
{
	uint64_t end = to + len;

	zc_check_range(dst, 0, to < size ? to : size, 2, 0);
	zc_check_range(dst, to, len, 1, from);
	if (end < size)
		zc_check_range(dst, end, size - end, 2, end);
	assert_int_equal(zc_size(dst), end > size ? end : size);
}

static void the_rest_of_the_file_stays_as_it_was(void **state)
{
	int src = zc_make_file("src", SIZE, 1), zc = zc_open_pool(4, 16 * KiB);
	size_t i, k, l;

	(void)state;
	for each(i, residues) for each(k, residues) for each(l, lens) {
		int dst = zc_make_file("dst", SIZE, 2);
		uint64_t to = 32 * KiB + residues[k];
		struct zc_xfer x = at_offsets(src, residues[i], dst, to, lens[l]);

		zc_case("from %lu to %lu len %lu", residues[i], to, lens[l]);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_error, 0);
		assert_int_equal(x.t.out_bytes, lens[l]);
		zc_assert_verdict(&x);
		check_middle(dst, to, residues[i], lens[l], SIZE);
		assert_int_equal(lseek(src, 0, SEEK_CUR), 0);
		assert_int_equal(lseek(dst, 0, SEEK_CUR), 0);
		assert_int_equal(fsync(dst), 0);
		close(dst);
	}
	close(src);
	close(zc);
}

/* What can go direct does: everything but parts of blocks in the middle. */
static void whole_blocks_in_the_middle_go_direct(void **state)
{
	int src = zc_make_file("src", SIZE, 1), zc = zc_open_pool(4, 16 * KiB);
	int dst = zc_make_file("dst", SIZE, 2);
	struct zc_xfer x = at_offsets(src, 512, dst, 1024, 100 * KiB);

	(void)state;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.end[0].out_zerocopy, 100 * KiB);
	assert_int_equal(x.end[1].out_zerocopy, 100 * KiB);
	x = at_offsets(src, 512 + 100, dst, 1024 + 100, 100 * KiB);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.end[0].out_zerocopy, 100 * KiB);
	assert_true(x.end[1].out_copied > 0);
	assert_true(x.end[1].out_copied < 1024);
	assert_int_equal(x.end[1].out_reasons, ZCDEV_REASON_UNALIGNED);
	assert_int_equal(x.end[1].out_paths,
			 ZCDEV_PATH_DIRECT | ZCDEV_PATH_BUFFERED);
	check_middle(dst, 1024, 512, 100 * KiB + 100, SIZE);
	close(dst);
	close(src);
	close(zc);
}

static void a_file_can_grow_from_its_middle(void **state)
{
	static const uint64_t tos[] = { 0, 4096, 99 * KiB, 100000, 100 * KiB,
					100 * KiB + 1, 200 * KiB + 3 };
	int src = zc_make_file("src", SIZE, 1), zc = zc_open_pool(3, 16 * KiB);
	size_t size = 100 * KiB, len = 150001, i;

	(void)state;
	for each(i, tos) {
		int dst = zc_make_file("dst", size, 2);
		struct zc_xfer x = at_offsets(src, 0, dst, tos[i], len);
		static char zeros[SIZE];
		static char hole[SIZE];

		zc_case("to %lu", tos[i]);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, len);
		zc_assert_verdict(&x);
		check_middle(dst, tos[i], 0, len, size);
		if (tos[i] > size) {
			assert_int_equal(pread(dst, hole, tos[i] - size, size),
					 tos[i] - size);
			assert_memory_equal(hole, zeros, tos[i] - size);
		}
		close(dst);
	}
	close(src);
	close(zc);
}

static void positions_advance_by_what_moved(void **state)
{
	static const struct { off_t src, dst; uint64_t len, moved; } cases[] = {
		{ 0, 0, 1000, 1000 },
		{ 1000, 3, 5000, 5000 },
		{ 4096, 8192, 65536, 65536 },
		{ 200001, 100, ZCDEV_TO_END, SIZE - 200001 },
		{ SIZE - 5, 0, 100, 5 },
		{ SIZE, 7, 100, 0 },
		{ SIZE + 100, 7, ZCDEV_TO_END, 0 },
	};
	int src = zc_make_file("src", SIZE, 1), zc = zc_open_pool(3, 16 * KiB);
	size_t i;

	(void)state;
	for each(i, cases) {
		int dst = zc_make_file("dst", SIZE, 2);
		struct zc_xfer x = zc_xfer(src, dst);

		zc_case("case %zu", i);
		lseek(src, cases[i].src, SEEK_SET);
		lseek(dst, cases[i].dst, SEEK_SET);
		x.t.len = cases[i].len;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, cases[i].moved);
		assert_int_equal(lseek(src, 0, SEEK_CUR),
				 cases[i].src + cases[i].moved);
		assert_int_equal(lseek(dst, 0, SEEK_CUR),
				 cases[i].dst + cases[i].moved);
		check_middle(dst, cases[i].dst, cases[i].src, cases[i].moved,
			     SIZE);
		close(dst);
	}
	close(src);
	close(zc);
}

static void pieces_one_after_another_make_the_whole(void **state)
{
	int src = zc_make_file("src", SIZE, 1), zc = zc_open_pool(3, 16 * KiB);
	int dst = zc_make_file("dst", 0, 2);
	uint64_t done = 0, step = 1;

	(void)state;
	for (; done < SIZE; step = step * 3 + 1) {
		struct zc_xfer x = zc_xfer(src, dst);

		x.t.len = step;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		done += x.t.out_bytes;
		assert_int_equal(zc_size(dst), done);
	}
	zc_check_range(dst, 0, SIZE, 1, 0);
	close(dst);
	close(src);
	close(zc);
}

static void within_one_file_only_apart(void **state)
{
	static const struct { uint64_t from, to, len; int ret; } cases[] = {
		{ 0, 100 * KiB, 100 * KiB, 0 },
		{ 100 * KiB, 0, 100 * KiB, 0 },
		{ 0, 50, 50, 0 },
		{ 5000, 0, 5000, 0 },
		{ 0, 0, 1, EINVAL },
		{ 0, 50, 51, EINVAL },
		{ 5000, 0, 5001, EINVAL },
		{ 0, 100 * KiB, ZCDEV_TO_END, EINVAL },
		{ 0, SIZE, ZCDEV_TO_END, 0 },
		{ SIZE - 10, SIZE, 100, 0 },
		{ SIZE - 10, 20, ZCDEV_TO_END, 0 },
		{ 0, 0, 0, 0 },
	};
	int zc = zc_open_pool(3, 16 * KiB), other;
	uint64_t moved;
	size_t i;

	(void)state;
	for each(i, cases) {
		int fd = zc_make_file("file", SIZE, 2);
		struct zc_xfer x;

		zc_case("case %zu", i);
		other = open("file", O_RDONLY);
		x = at_offsets(other, cases[i].from, fd, cases[i].to,
			       cases[i].len);
		assert_int_equal(zc_xfer_run(zc, &x), cases[i].ret);
		moved = SIZE - cases[i].from;
		if (cases[i].len < moved)
			moved = cases[i].len;
		if (cases[i].ret)
			moved = 0;
		else
			assert_int_equal(x.t.out_bytes, moved);
		zc_check_range(fd, cases[i].to, moved, 2, cases[i].from);
		if (cases[i].to + moved > SIZE)
			assert_int_equal(zc_size(fd), cases[i].to + moved);
		else
			assert_int_equal(zc_size(fd), SIZE);
		close(other);
		close(fd);
	}
	close(zc);
}

static void a_file_can_be_appended_to_itself_once(void **state)
{
	int src = zc_make_file("file", 70001, 1), zc = zc_open_pool(2, 16 * KiB);
	int dst = open("file", O_WRONLY | O_APPEND);
	struct zc_xfer x = zc_xfer(src, dst);

	(void)state;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, 70001);
	assert_int_equal(zc_size(src), 140002);
	zc_check_range(src, 0, 70001, 1, 0);
	zc_check_range(src, 70001, 70001, 1, 0);
	close(dst);
	close(src);
	close(zc);
}

static void appending_goes_to_the_end(void **state)
{
	static const size_t starts[] = { 0, 1, 512, 4096, 5000 };
	int src = zc_make_file("src", 100000, 1), zc = zc_open_pool(3, 16 * KiB);
	size_t i;

	(void)state;
	for each(i, starts) {
		int rd = zc_make_file("dst", starts[i], 2);
		int dst = open("dst", O_WRONLY | O_APPEND);
		struct zc_xfer x = zc_xfer(src, dst);

		zc_case("start %zu", starts[i]);
		lseek(src, 0, SEEK_SET);
		lseek(dst, 0, SEEK_SET);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		zc_assert_verdict(&x);
		assert_int_equal(x.t.out_bytes, 100000);
		check_middle(rd, starts[i], 0, 100000, starts[i]);
		assert_int_equal(lseek(dst, 0, SEEK_CUR), starts[i] + 100000);
		if (starts[i] % 512)
			assert_int_equal(x.end[1].out_reasons,
					 ZCDEV_REASON_APPEND);
		x = zc_xfer(src, dst);
		x.end[1].flags = ZCDEV_END_OFFSET;
		assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
		assert_int_equal(zc_size(rd), starts[i] + 100000);
		close(dst);
		close(rd);
	}
	close(src);
	close(zc);
}

static void what_does_not_fit_is_refused(void **state)
{
	static const struct { uint64_t from, to, len; int ret; } cases[] = {
		{ 1ULL << 63, 0, 1, EOVERFLOW },
		{ 0, 1ULL << 63, 1, EOVERFLOW },
		{ ~0ULL, 0, 0, EOVERFLOW },
		{ 0, ~0ULL, 0, EOVERFLOW },
		{ LLONG_MAX, 0, 0, 0 },
		{ 0, LLONG_MAX, 0, 0 },
		{ LLONG_MAX, 0, 1, EOVERFLOW },
		{ 0, LLONG_MAX, 1, EOVERFLOW },
		{ 0, LLONG_MAX - 4095, 4096, EOVERFLOW },
		{ 1, 0, LLONG_MAX, EOVERFLOW },
		{ 0, 1, LLONG_MAX, EOVERFLOW },
		{ 0, 0, 1ULL << 63, EOVERFLOW },
		{ 0, 0, ~0ULL - 1, EOVERFLOW },
		/* More than ext4 can have in a file. */
		{ 0, LLONG_MAX - 8192, 4096, EFBIG },
		{ 0, 1ULL << 50, 4096, EFBIG },
	};
	int src = zc_make_file("src", 10000, 1), dst = zc_make_file("dst", 9, 2);
	int zc = zc_open_pool(2, 16 * KiB);
	size_t i;

	(void)state;
	for each(i, cases) {
		struct zc_xfer x = at_offsets(src, cases[i].from, dst,
					      cases[i].to, cases[i].len);

		zc_case("case %zu", i);
		assert_int_equal(zc_xfer_run(zc, &x), cases[i].ret);
		assert_int_equal(zc_size(dst), 9);
	}
	close(dst);
	close(src);
	close(zc);
}

static void offsets_need_their_flag_and_a_file(void **state)
{
	int src = zc_make_file("src", 10000, 1), zc = zc_open(), fds[2];
	struct zc_xfer x;
	int dst = zc_make_file("dst", 9, 2);

	(void)state;
	zc_tcp_pair(fds);
	x = zc_xfer(src, fds[0]);
	x.end[1].flags = ZCDEV_END_OFFSET;
	assert_int_equal(zc_xfer_run(zc, &x), ESPIPE);
	x = zc_xfer(src, dst);
	x.end[1].offset = 1;
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	x = zc_xfer(src, dst);
	x.end[0].offset = 1;
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	assert_int_equal(zc_size(dst), 9);
	close(fds[0]);
	close(fds[1]);
	close(dst);
	close(src);
	close(zc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rest_of_the_file_stays_as_it_was),
		cmocka_unit_test(whole_blocks_in_the_middle_go_direct),
		cmocka_unit_test(a_file_can_grow_from_its_middle),
		cmocka_unit_test(positions_advance_by_what_moved),
		cmocka_unit_test(pieces_one_after_another_make_the_whole),
		cmocka_unit_test(within_one_file_only_apart),
		cmocka_unit_test(a_file_can_be_appended_to_itself_once),
		cmocka_unit_test(appending_goes_to_the_end),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(offsets_need_their_flag_and_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
