// SPDX-License-Identifier: GPL-2.0
/* timeout: 180 */
/*
 * Between files of a file system that can share blocks nothing is read or
 * written at all; and what cannot be shared moves as always.
 */
#include "zc_disk.h"

#include <sys/resource.h>
#include <sys/statfs.h>

#define MNT	"mnt"
#define SIZE	(6 * MiB)

static const char *fs;

/* Bytes that the file system says are in use, once all is written. */
static uint64_t used(int fd)
{
	struct statfs s;

	assert_int_equal(syncfs(fd), 0);
	assert_int_equal(fstatfs(fd, &s), 0);
	return (s.f_blocks - s.f_bfree) * s.f_bsize;
}

static void assert_end_cloned(const struct zcdev_end *e, uint64_t bytes)
{
	assert_int_equal(e->out_offloaded, bytes);
	assert_int_equal(!!(e->out_paths & ZCDEV_PATH_CLONE), bytes != 0);
	assert_false(e->out_paths & ZCDEV_PATH_OFFLOAD);
}

static void assert_cloned(const struct zc_xfer *x, uint64_t bytes)
{
	zc_assert_verdict(x);
	assert_end_cloned(&x->end[0], bytes);
	assert_end_cloned(&x->end[1], bytes);
}

static int has_pool(int zc)
{
	struct zcdev_pool_info info;

	return zc_pool_info(zc, &info) == 0;
}

static void a_whole_file_takes_no_space_and_no_pool(void **state)
{
	static const uint64_t tails[] = { 0, 1, 4095, 70001 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		uint64_t size = SIZE + tails[i], before;
		int src = zc_make_file(MNT "/src", size, 1);
		int dst = zc_make_file(MNT "/dst", 0, 2), zc = zc_open();
		struct zc_xfer x = zc_xfer(src, dst);

		zc_case("%s: tail %lu", fs, tails[i]);
		before = used(src);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_error, 0);
		assert_int_equal(x.t.out_bytes, size);
		assert_cloned(&x, size);
		assert_int_equal(x.end[0].out_paths, ZCDEV_PATH_CLONE);
		assert_int_equal(x.end[1].out_paths, ZCDEV_PATH_CLONE);
		assert_true(used(src) < before + SIZE / 4);
		assert_false(has_pool(zc));
		assert_int_equal(zc_size(dst), size);
		assert_int_equal(lseek(src, 0, SEEK_CUR), size);
		assert_int_equal(lseek(dst, 0, SEEK_CUR), size);
		zc_check_range(dst, 0, size, 1, 0);
		close(src);
		close(dst);
		close(zc);
	}
}

static void only_whole_blocks_are_shared(void **state)
{
	static const struct { uint64_t from, to, len, cloned; } cases[] = {
		/* the tail ends inside the source, or inside the sink */
		{ 0, 0, 2 * MiB + 5, 2 * MiB },
		{ 64 * KiB, 128 * KiB, 64 * KiB + 4095, 64 * KiB },
		{ 0, 0, 4095, 0 },
		{ 4096, 0, 4096, 4096 },
		{ SIZE - 8192, 0, ZCDEV_TO_END, 8192 },
		/* blocks that do not meet */
		{ 512, 512, 64 * KiB, 0 },
		{ 512, 0, 64 * KiB, 0 },
		{ 0, 1, 64 * KiB, 0 },
		{ SIZE, 0, 10, 0 },
		{ 0, 0, 0, 0 },
	};
	int src = zc_make_file(MNT "/src", SIZE + 100, 1), zc = zc_open();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int dst = zc_make_file(MNT "/dst", SIZE + 8192, 2);
		struct zc_xfer x = zc_xfer(src, dst);
		uint64_t from = cases[i].from, to = cases[i].to;
		uint64_t len = cases[i].len, cloned = cases[i].cloned;

		zc_case("%s: case %zu", fs, i);
		x.t.len = len;
		x.end[0].flags = ZCDEV_END_OFFSET;
		x.end[0].offset = from;
		x.end[1].flags = ZCDEV_END_OFFSET;
		x.end[1].offset = to;
		if (len > SIZE + 100 - from)
			len = SIZE + 100 - from;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_error, 0);
		assert_int_equal(x.t.out_bytes, len);
		assert_cloned(&x, cloned);
		assert_int_equal(zc_size(dst), SIZE + 8192);
		zc_check_range(dst, 0, to, 2, 0);
		zc_check_range(dst, to, len, 1, from);
		zc_check_range(dst, to + len, SIZE + 8192 - to - len, 2,
			       to + len);
		assert_int_equal(lseek(src, 0, SEEK_CUR), 0);
		close(dst);
	}
	close(src);
	close(zc);
}

static void who_names_a_way_does_not_share(void **state)
{
	static const struct { unsigned int in, out; int how; } cases[] = {
		{ ZCDEV_END_DIRECT, 0, 0 }, { 0, ZCDEV_END_DIRECT, 0 },
		{ ZCDEV_END_BUFFERED, 0, 0 }, { 0, ZCDEV_END_BUFFERED, 0 },
		{ 0, 0, O_APPEND },
	};
	int src = zc_make_file(MNT "/src", MiB, 1), zc = zc_open();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int dst = zc_make_file(MNT "/dst", 0, 2);
		struct zc_xfer x = zc_xfer(src, dst);

		zc_case("%s: case %zu", fs, i);
		lseek(src, 0, SEEK_SET);
		fcntl(dst, F_SETFL, cases[i].how);
		x.end[0].flags = cases[i].in;
		x.end[1].flags = cases[i].out;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, MiB);
		assert_cloned(&x, 0);
		zc_check_range(dst, 0, MiB, 1, 0);
		close(dst);
	}
	close(src);
	close(zc);
}

static void several_sinks_do_not_share(void **state)
{
	struct zcdev_end end[3] = {};
	struct zcdev_transfer t = {
		.size = sizeof(t), .len = ZCDEV_TO_END, .sink_count = 2,
		.ends = (uintptr_t)end, .end_size = sizeof(end[0]),
	};
	int zc = zc_open(), i;

	(void)state;
	end[0].fd = zc_make_file(MNT "/src", MiB, 1);
	end[1].fd = zc_make_file(MNT "/dst", 0, 2);
	end[2].fd = zc_make_file(MNT "/dst2", 0, 2);
	assert_int_equal(ioctl(zc, ZCDEV_TRANSFER, &t), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(end[i].out_bytes, MiB);
		assert_int_equal(end[i].out_offloaded, 0);
		zc_check_range(end[i].fd, 0, MiB, 1, 0);
		close(end[i].fd);
	}
	close(zc);
}

static volatile int xfsz;

static void on_xfsz(int sig)
{
	(void)sig;
	xfsz++;
}

static void a_size_limit_leaves_the_prefix(void **state)
{
	static const uint64_t limits[] = { 64 * KiB, 64 * KiB + 512, 70001, 7 };
	struct rlimit lim = { 0, RLIM_INFINITY };
	int src = zc_make_file(MNT "/src", MiB, 1), zc = zc_open();
	size_t i;

	(void)state;
	signal(SIGXFSZ, on_xfsz);
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int dst = zc_make_file(MNT "/dst", 0, 2), ret;
		struct zc_xfer x = zc_xfer(src, dst);

		zc_case("%s: limit %lu", fs, limits[i]);
		lseek(src, 0, SEEK_SET);
		xfsz = 0;
		lim.rlim_cur = limits[i];
		setrlimit(RLIMIT_FSIZE, &lim);
		ret = zc_xfer_run(zc, &x);
		lim.rlim_cur = RLIM_INFINITY;
		setrlimit(RLIMIT_FSIZE, &lim);
		assert_int_equal(ret, 0);
		assert_int_equal(xfsz, 1);
		assert_int_equal(x.t.out_error, EFBIG);
		assert_int_equal(x.t.out_bytes, limits[i]);
		assert_cloned(&x, limits[i] & ~4095UL);
		assert_int_equal(zc_size(dst), limits[i]);
		zc_check_range(dst, 0, limits[i], 1, 0);
		assert_int_equal(lseek(src, 0, SEEK_CUR), limits[i]);
		assert_int_equal(lseek(dst, 0, SEEK_CUR), limits[i]);
		close(dst);
	}
	close(src);
	close(zc);
}

/* There is no room for a pool: what was shared counts all the same. */
static void without_memory_the_shared_part_counts(void **state)
{
	struct zcdev_query q;
	int src = zc_make_file(MNT "/src", MiB + 1, 1);
	int dst = zc_make_file(MNT "/dst", 2 * MiB, 2), zc = zc_open();
	struct zc_xfer x = zc_xfer(src, dst);

	(void)state;
	assert_int_equal(zc_query(zc, &q), 0);
	zc_sh("echo 100000 >/sys/module/zcdev/parameters/default_count");
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	zc_sh("echo %u >/sys/module/zcdev/parameters/default_count",
	      q.out_default_count);
	assert_int_equal(x.t.out_error, ENOSPC);
	assert_int_equal(x.t.out_bytes, MiB);
	assert_cloned(&x, MiB);
	assert_int_equal(zc_size(dst), 2 * MiB);
	zc_check_range(dst, 0, MiB, 1, 0);
	zc_check_range(dst, MiB, MiB, 2, MiB);
	assert_int_equal(lseek(src, 0, SEEK_CUR), MiB);
	assert_int_equal(lseek(dst, 0, SEEK_CUR), MiB);
	close(src);
	close(dst);
	close(zc);
}

/* btrfs does not say what direct means, but sharing needs no word from it. */
static void strict_transfers_may_share(void **state)
{
	int src = zc_make_file(MNT "/src", MiB + 1, 1), zc = zc_open();
	int dst = zc_make_file(MNT "/dst", 0, 2);
	struct zc_xfer x = zc_xfer(src, dst);

	(void)state;
	x.t.flags = ZCDEV_TRANSFER_STRICT;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, 0);
	assert_cloned(&x, MiB + 1);
	zc_check_range(dst, 0, MiB + 1, 1, 0);

	/* Nothing to share here, and no whole blocks to write. */
	x = zc_xfer(src, dst);
	x.t.flags = ZCDEV_TRANSFER_STRICT;
	lseek(src, 513, SEEK_SET);
	lseek(dst, 0, SEEK_SET);
	assert_int_equal(zc_xfer_run(zc, &x), EOPNOTSUPP);
	zc_check_range(dst, 0, MiB + 1, 1, 0);
	assert_int_equal(lseek(src, 0, SEEK_CUR), 513);
	assert_int_equal(lseek(dst, 0, SEEK_CUR), 0);

	/* The rest of a shared file would be copied: an error after the fact. */
	x = zc_xfer(src, dst);
	x.t.flags = ZCDEV_TRANSFER_STRICT;
	x.t.len = 8192 + 5;
	lseek(src, 0, SEEK_SET);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, EOPNOTSUPP);
	assert_int_equal(x.t.out_bytes, 8192);
	assert_cloned(&x, 8192);
	close(src);
	close(dst);
	close(zc);
}

static void one_file_can_be_both(void **state)
{
	int fd = zc_make_file(MNT "/src", 2 * MiB, 1), zc = zc_open();
	struct zc_xfer x = zc_xfer(fd, fd);

	(void)state;
	x.end[0].flags = ZCDEV_END_OFFSET;
	x.end[1].flags = ZCDEV_END_OFFSET;
	x.end[1].offset = 2 * MiB;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, 2 * MiB);
	assert_cloned(&x, 2 * MiB);
	zc_check_range(fd, 2 * MiB, 2 * MiB, 1, 0);

	x.end[1].offset = MiB;
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	close(fd);
	close(zc);
}

static void ext4_shares_nothing(void **state)
{
	int src = zc_make_file("src", MiB, 1), dst = zc_make_file("dst", 0, 2);
	int zc = zc_open();
	struct zc_xfer x = zc_xfer(src, dst);

	(void)state;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_cloned(&x, 0);
	assert_int_equal(x.end[1].out_zerocopy, MiB);
	close(src);
	close(dst);
	close(zc);
}

/* Two of a kind are not one. */
static void other_file_systems_share_nothing(void **state)
{
	int src = zc_make_file("src", MiB, 1), zc = zc_open();
	int dst = zc_make_file(MNT "/dst", 0, 2);
	struct zc_xfer x = zc_xfer(src, dst);

	(void)state;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, MiB);
	assert_cloned(&x, 0);
	zc_check_range(dst, 0, MiB, 1, 0);
	close(src);
	close(dst);
	close(zc);
}

/* Makes the file system for the first of its tests. */
static int set_up(void **state)
{
	if (fs != *state) {
		umount2(MNT, 0);
		fs = *state;
		zc_mount_sharing(fs, MNT, "");
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	closefrom(3);
	return 0;
}

static int tear_down_all(void **state)
{
	(void)state;
	return umount2(MNT, 0);
}

static const char xfs[] = "xfs", btrfs[] = "btrfs";

#define ON(kind, test)							\
	{ #kind ": " #test, test, set_up, tear_down, (void *)(kind) }
#define ALL_ON(kind)							\
	ON(kind, a_whole_file_takes_no_space_and_no_pool),		\
	ON(kind, only_whole_blocks_are_shared),				\
	ON(kind, who_names_a_way_does_not_share),			\
	ON(kind, several_sinks_do_not_share),				\
	ON(kind, a_size_limit_leaves_the_prefix),			\
	ON(kind, without_memory_the_shared_part_counts),		\
	ON(kind, one_file_can_be_both),					\
	ON(kind, other_file_systems_share_nothing)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALL_ON(xfs),
		ALL_ON(btrfs),
		ON(btrfs, strict_transfers_may_share),
		cmocka_unit_test(ext4_shares_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down_all);
}
