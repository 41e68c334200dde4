// SPDX-License-Identifier: GPL-2.0
/*
 * Parts of blocks go through the page cache, whole ones directly: where both
 * share a page, and the disk is slow, neither may undo the other.
 */
#include "zc_disk.h"

#define SIZE	(256 * KiB)
#define MNT	"mnt"

#define SLOW	"/dev/mapper/zcslow"

/* Reads at once, writes after 30 ms. */
static int set_up(void **state)
{
	(void)state;
	zc_sh("modprobe -q dm-mod; modprobe -q dm-delay; "
	      "dmsetup create zcslow --noudevsync --table "
	      "'0 %u delay %s 0 0 %s 0 30' && dmsetup mknodes",
	      512 * 2048, zc_scratch(), zc_scratch());
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	zc_disk_reset(MNT, "zcslow");
	return 0;
}

static void overwrite(int dst, uint64_t at, uint64_t len)
{
	int src = zc_make_file("src", SIZE, 1), zc = zc_open_pool(8, 16 * KiB);
	struct zc_xfer x = zc_xfer(src, dst);
	uint64_t end = at + len;

	zc_case("%lu + %lu", at, len);
	x.t.len = len;
	lseek(src, at, SEEK_SET);
	lseek(dst, at, SEEK_SET);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, len);
	/* Nothing went wrong behind our back. */
	assert_int_equal(fsync(dst), 0);
	zc_sh("echo 3 >/proc/sys/vm/drop_caches");
	zc_check_range(dst, 0, at, 2, 0);
	zc_check_range(dst, at, len, 1, at);
	zc_check_range(dst, end, SIZE - end, 2, end);
	close(dst);
	close(zc);
	close(src);
}

static void overwrite_all(const char *name)
{
	static const struct { uint64_t at, len; } cases[] = {
		{ 512, 16 * KiB + 100 },
		{ 512, 3 * 16 * KiB + 100 },
		{ 3584, 4 * 16 * KiB + 511 },
		{ 0, 4 * 16 * KiB + 2048 + 7 },
		{ 700, 4 * 16 * KiB },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		overwrite(zc_make_file(name, SIZE, 2), cases[i].at,
			  cases[i].len);
}

static void neighbours_in_a_page_keep_their_bytes_on_ext4(void **state)
{
	(void)state;
	zc_mount_ext4(SLOW, MNT, "");
	overwrite_all(MNT "/dst");
}

static void neighbours_in_a_page_keep_their_bytes_on_xfs(void **state)
{
	(void)state;
	if (system("modprobe -q xfs"))
		skip();
	zc_sh("mkfs.xfs -q -f " SLOW);
	mkdir(MNT, 0755);
	assert_int_equal(mount(SLOW, MNT, "xfs", 0, ""), 0);
	overwrite_all(MNT "/dst");
}

static void neighbours_in_a_page_keep_their_bytes_on_a_disk(void **state)
{
	(void)state;
	overwrite_all(SLOW);
}

#define test(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(neighbours_in_a_page_keep_their_bytes_on_ext4),
		test(neighbours_in_a_page_keep_their_bytes_on_xfs),
		test(neighbours_in_a_page_keep_their_bytes_on_a_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
