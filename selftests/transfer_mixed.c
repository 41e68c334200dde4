// SPDX-License-Identifier: GPL-2.0
/*
 * Parts of blocks go through the page cache, whole ones directly: where both
 * share a page, and the disk is slow, neither may undo the other. Nor may a
 * transfer that cuts its padding cut what others are writing meanwhile.
 */
#include "zc_disk.h"
#include "zc_task.h"

#define SIZE	(256 * KiB)
#define MNT	"mnt"

#define SLOW	"/dev/mapper/zcslow"
#define LATE	30	/* ms until a write has been made; reads take none */
#define LATER	200

static int slow_disk(unsigned int ms)
{
	zc_sh("modprobe -q dm-mod; modprobe -q dm-delay; "
	      "dmsetup create zcslow --noudevsync --table "
	      "'0 %u delay %s 0 0 %s 0 %u' && dmsetup mknodes",
	      512 * 2048, zc_scratch(), zc_scratch(), ms);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	return slow_disk(LATE);
}

static int set_up_slower(void **state)
{
	(void)state;
	return slow_disk(LATER);
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

static void mount_xfs(void)
{
	if (system("modprobe -q xfs"))
		skip();
	zc_sh("mkfs.xfs -q -f " SLOW);
	mkdir(MNT, 0755);
	assert_int_equal(mount(SLOW, MNT, "xfs", 0, ""), 0);
}

static void neighbours_in_a_page_keep_their_bytes_on_xfs(void **state)
{
	(void)state;
	mount_xfs();
	overwrite_all(MNT "/dst");
}

static void neighbours_in_a_page_keep_their_bytes_on_a_disk(void **state)
{
	(void)state;
	overwrite_all(SLOW);
}

/* One sink ends in the page that the other begins in. */
static void two_sinks_share_a_page(void **state)
{
	enum { LEN = 129 * 512, NEXT = LEN + 100 };
	int zc = zc_open_pool(2, 128 * KiB), src = zc_make_file("src", SIZE, 1);
	int dst = zc_make_file(SLOW, SIZE, 2);
	struct zcdev_end ends[3] = {
		{ .fd = src }, { .fd = dst, .flags = ZCDEV_END_OFFSET },
		{ .fd = dst, .flags = ZCDEV_END_OFFSET, .offset = NEXT },
	};
	struct zcdev_transfer t = {
		.size = sizeof(t), .len = LEN, .ends = (uintptr_t)ends,
		.end_size = sizeof(ends[0]), .sink_count = 2,
	};

	(void)state;
	assert_int_equal(zc_errno(ioctl(zc, ZCDEV_TRANSFER, &t)), 0);
	assert_int_equal(t.out_bytes, LEN);
	assert_int_equal(fsync(dst), 0);
	zc_sh("echo 3 >/proc/sys/vm/drop_caches");
	zc_check_range(dst, 0, LEN, 1, 0);
	zc_check_range(dst, LEN, NEXT - LEN, 2, LEN);
	zc_check_range(dst, NEXT, LEN, 1, 0);
	close(dst);
	close(src);
	close(zc);
}

#define FAR	MiB	/* behind all of the transfer */
#define FAR_LEN	(64 * KiB)

/*
 * Makes the file longer, while the first write has yet to move its end. A write(2)
 * would keep others out until it has moved it.
 */
static void write_far(void)
{
	int zc = zc_open_pool(1, FAR_LEN), src = zc_make_file("far", FAR_LEN, 3);
	struct zc_xfer x = zc_xfer(src, open(MNT "/dst", O_WRONLY | O_CLOEXEC));

	x.end[1].flags = ZCDEV_END_OFFSET;
	x.end[1].offset = FAR;
	usleep(LATER * 1000 / 4);
	zc_must(!zc_xfer_run(zc, &x));
	zc_must(x.t.out_bytes == FAR_LEN);
}

/* @src goes to the begin of a new file, and another process writes behind it. */
static void extend_both(int src, uint64_t len, uint32_t flags)
{
	int zc = zc_open_pool(4, 64 * KiB), status, dst;
	struct zc_xfer x;
	pid_t pid;

	zc_sh("rm -f " MNT "/dst; sync");
	dst = open(MNT "/dst", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(dst >= 0);
	assert_int_equal(fsync(dst), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		write_far();
		_exit(0);
	}
	lseek(src, 0, SEEK_SET);
	x = zc_xfer(src, dst);
	x.end[1].flags = flags;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, len);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(zc_size(dst), FAR + FAR_LEN);
	zc_check_range(dst, FAR, FAR_LEN, 3, 0);
	close(dst);
	close(zc);
}

static void nobody_is_cut_off(void **state)
{
	int src = zc_make_file("src", 4000, 1);

	(void)state;
	mount_xfs();
	for (int i = 0; i < 2; i++)
		extend_both(src, 4000, 0);
	/* Data, and behind it a hole. */
	assert_int_equal(ftruncate(src, 256 * KiB), 0);
	for (int i = 0; i < 2; i++)
		extend_both(src, 256 * KiB, ZCDEV_END_SPARSE);
	close(src);
}

#define test(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(neighbours_in_a_page_keep_their_bytes_on_ext4),
		test(neighbours_in_a_page_keep_their_bytes_on_xfs),
		test(neighbours_in_a_page_keep_their_bytes_on_a_disk),
		test(two_sinks_share_a_page),
		cmocka_unit_test_setup_teardown(nobody_is_cut_off, set_up_slower,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
