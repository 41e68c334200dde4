// SPDX-License-Identifier: GPL-2.0
/* timeout: 120 */
/*
 * Sinks that are full or bounded, disks with bad blocks: what was counted is
 * the contiguous prefix, the file ends with it, and the errno says why.
 */
#include "zc_disk.h"
#include "zc_sock.h"

#include <sys/resource.h>

#define MNT	"mnt"
#define BAD	"/dev/mapper/zcbad"
#define SIZE	(8 * MiB)

static void limit_size(rlim_t bytes)
{
	struct rlimit lim = { bytes, RLIM_INFINITY };

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
}

static volatile int xfsz;

static void on_xfsz(int sig)
{
	(void)sig;
	xfsz++;
}

static void a_size_limit_leaves_the_prefix(void **state)
{
	static const struct { uint64_t limit, from; } cases[] = {
		{ 64 * KiB, 0 }, { 64 * KiB + 512, 0 }, { 70001, 0 },
		{ 511, 0 }, { 300001, 4096 }, { 300001, 13 },
	};
	int src, zc;
	size_t i;

	(void)state;
	signal(SIGXFSZ, on_xfsz);
	src = zc_make_file("src", MiB, 1);
	zc = zc_open_pool(4, 64 * KiB);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int dst = zc_make_file("dst", 0, 2);
		struct zc_xfer x = zc_xfer(src, dst);
		uint64_t room = cases[i].limit - cases[i].from;
		int ret;

		zc_case("limit %lu from %lu", cases[i].limit, cases[i].from);
		lseek(src, 0, SEEK_SET);
		lseek(dst, cases[i].from, SEEK_SET);
		limit_size(cases[i].limit);
		ret = zc_xfer_run(zc, &x);
		limit_size(RLIM_INFINITY);
		assert_int_equal(ret, 0);
		assert_int_equal(x.t.out_error, EFBIG);
		assert_int_equal(x.end[1].out_error, EFBIG);
		assert_int_equal(x.t.out_bytes, room);
		zc_assert_verdict(&x);
		assert_int_equal(zc_size(dst), cases[i].limit);
		zc_check_range(dst, cases[i].from, room, 1, 0);
		assert_int_equal(lseek(src, 0, SEEK_CUR), room);
		assert_int_equal(lseek(dst, 0, SEEK_CUR), cases[i].limit);

		/* Nothing fits any more: an error, and a signal. */
		xfsz = 0;
		limit_size(cases[i].limit);
		ret = zc_xfer_run(zc, &x);
		limit_size(RLIM_INFINITY);
		assert_int_equal(ret, EFBIG);
		assert_int_equal(xfsz, 1);
		assert_int_equal(zc_size(dst), cases[i].limit);
		close(dst);
	}
	close(src);
	close(zc);
}

/* @mib of the scratch disk, of which table lines are given. */
static void make_disk(const char *table)
{
	zc_sh("modprobe -q dm-mod; printf '%s' | "
	      "dmsetup create zcbad --noudevsync && dmsetup mknodes", table);
}

static int tear_down(void **state)
{
	(void)state;
	zc_disk_reset(MNT, "zcbad");
	return 0;
}

static void a_full_disk_leaves_the_prefix(void **state)
{
	int src = zc_make_file("src", 24 * MiB + 5, 1), dst, zc = zc_open();
	char table[128];
	struct zc_xfer x;

	(void)state;
	snprintf(table, sizeof(table), "0 %lu linear %s 0\\n", 16 * MiB / 512,
		 zc_scratch());
	make_disk(table);
	zc_mount_ext4(BAD, MNT, "");
	dst = zc_make_file(MNT "/dst", 0, 2);
	x = zc_xfer(src, dst);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, ENOSPC);
	assert_int_equal(x.end[1].out_error, ENOSPC);
	assert_true(x.t.out_bytes > 0 && x.t.out_bytes < 16 * MiB);
	zc_assert_verdict(&x);
	assert_int_equal(zc_size(dst), x.t.out_bytes);
	assert_int_equal(lseek(src, 0, SEEK_CUR), x.t.out_bytes);
	zc_check_range(dst, 0, x.t.out_bytes, 1, 0);
	assert_int_equal(fsync(dst), 0);
}

/* 8 MiB of disk that is bad from 3 MiB + 1 KiB on, for 4 KiB. */
#define BAD_AT	(3 * MiB + KiB)

static void make_bad_disk(unsigned int seed)
{
	int fd = open(zc_scratch(), O_RDWR);
	static unsigned char buf[SIZE];
	char table[512];

	zc_fill(buf, SIZE, seed, 0);
	assert_int_equal(pwrite(fd, buf, SIZE, 0), SIZE);
	assert_int_equal(fsync(fd), 0);
	close(fd);
	zc_bad_table(table, sizeof(table), SIZE / 512, BAD_AT / 512);
	make_disk(table);
}

/* A bad block spoils the chunk that it is in, and no earlier one. */
static void a_read_error_ends_with_the_chunk_before(void **state)
{
	static const unsigned int chunks[] = { 4096, 64 * KiB, MiB };
	size_t i;
	int src;

	(void)state;
	make_bad_disk(1);
	src = open(BAD, O_RDONLY);
	assert_true(src >= 0);
	for (i = 0; i < 3; i++) {
		int dst = zc_make_file("dst", 0, 2), zc = zc_open_pool(6, MiB);
		struct zc_xfer x = zc_xfer(src, dst);
		uint64_t good = BAD_AT / chunks[i] * chunks[i];

		zc_case("chunk %u", chunks[i]);
		lseek(src, 0, SEEK_SET);
		x.t.chunk = chunks[i];
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		zc_assert_stopped(&x, 0, EIO);
		assert_int_equal(x.t.out_bytes, good);
		assert_int_equal(lseek(src, 0, SEEK_CUR), good);
		assert_int_equal(zc_size(dst), good);
		zc_check_range(dst, 0, good, 1, 0);
		close(dst);
		close(zc);
	}
	/* Nothing but the bad block. */
	int dst = zc_make_file("dst", 100, 2), zc = zc_open_pool(2, 4096);
	struct zc_xfer x = zc_xfer(src, dst);

	lseek(src, BAD_AT, SEEK_SET);
	assert_int_equal(zc_xfer_run(zc, &x), EIO);
	assert_int_equal(zc_size(dst), 100);
	assert_int_equal(lseek(src, 0, SEEK_CUR), BAD_AT);
}

static void a_write_error_ends_with_the_chunk_before(void **state)
{
	static const unsigned int chunks[] = { 4096, 64 * KiB, MiB };
	int src = zc_make_file("src", SIZE, 1), dst, zc = zc_open_pool(6, MiB);
	size_t i;

	(void)state;
	make_bad_disk(2);
	dst = open(BAD, O_RDWR | O_DIRECT);
	assert_true(dst >= 0);
	for (i = 0; i < 3; i++) {
		struct zc_xfer x = zc_xfer(src, dst);
		uint64_t good = BAD_AT / chunks[i] * chunks[i];

		zc_case("chunk %u", chunks[i]);
		lseek(src, 0, SEEK_SET);
		lseek(dst, 0, SEEK_SET);
		x.t.chunk = chunks[i];
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		zc_assert_stopped(&x, 1, EIO);
		assert_int_equal(x.t.out_bytes, good);
		assert_int_equal(lseek(src, 0, SEEK_CUR), good);
		assert_int_equal(lseek(dst, 0, SEEK_CUR), good);
	}
}

static void a_block_device_ends_where_it_ends(void **state)
{
	int src = zc_make_file("src", SIZE + 5000, 1), dst, zc = zc_open();
	char table[128];
	struct zc_xfer x;

	(void)state;
	snprintf(table, sizeof(table), "0 %lu linear %s 0\\n", SIZE / 512,
		 zc_scratch());
	make_disk(table);
	dst = open(BAD, O_RDWR);
	x = zc_xfer(src, dst);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, ENOSPC);
	assert_int_equal(x.t.out_bytes, SIZE);
	assert_int_equal(x.end[1].out_kind, ZCDEV_KIND_BLOCK);
	zc_assert_verdict(&x);
	zc_check_range(dst, 0, SIZE, 1, 0);
	assert_int_equal(zc_xfer_run(zc, &x), ENOSPC);
	close(zc);
	/* And as a source it gives all it has. */
	int back = zc_make_file("back", 0, 2);

	zc = zc_open();
	lseek(dst, 0, SEEK_SET);
	x = zc_xfer(dst, back);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, 0);
	assert_int_equal(x.t.out_bytes, SIZE);
	assert_int_equal(x.end[0].out_zerocopy, SIZE);
	zc_check_range(back, 0, SIZE, 1, 0);
}

#define test(f)	cmocka_unit_test_teardown(f, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_size_limit_leaves_the_prefix),
		test(a_full_disk_leaves_the_prefix),
		test(a_read_error_ends_with_the_chunk_before),
		test(a_write_error_ends_with_the_chunk_before),
		test(a_block_device_ends_where_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
