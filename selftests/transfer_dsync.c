// SPDX-License-Identifier: GPL-2.0
/*
 * What a transfer to a file with O_DSYNC returns for is on disk, its size as
 * well: where padding was cut off, or a hole left at the end, the file system goes
 * down at once and comes back as it should be.
 * timeout: 120
 */
#include <linux/fs.h>

#include "zc_disk.h"

#define MNT		"mnt"
#define GOING_DOWN	_IOR('X', 125, uint32_t)	/* of ext4 and XFS */
#define NO_LOG_FLUSH	2	/* what is not on disk yet never will be */

#define HOLE		(256 * KiB)

static int tear_down(void **state)
{
	(void)state;
	closefrom(3);
	umount2(MNT, MNT_DETACH);
	return 0;
}

/* As if the power had gone. */
static void crash(int fd)
{
	uint32_t how = NO_LOG_FLUSH;

	assert_int_equal(ioctl(fd, GOING_DOWN, &how), 0);
	close(fd);
	assert_int_equal(umount(MNT), 0);
}

static void survive(const char *fs, int src, uint64_t size, uint32_t flags,
		    int sync)
{
	int zc = zc_open_pool(4, 64 * KiB), dst;
	struct zc_xfer x;

	zc_case("%s, %llu bytes, flags %x, %x", fs, (unsigned long long)size, flags,
		sync);
	if (!strcmp(fs, "ext4"))
		zc_mount_ext4(zc_scratch(), MNT, "");
	else
		zc_mount_sharing(fs, MNT, "");
	dst = open(MNT "/dst", O_RDWR | O_CREAT | O_CLOEXEC | sync, 0600);
	assert_true(dst >= 0);
	assert_int_equal(fsync(dst), 0);
	zc_sh("sync");
	lseek(src, 0, SEEK_SET);
	x = zc_xfer(src, dst);
	x.end[1].flags = flags;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, size);
	crash(dst);
	assert_int_equal(mount(zc_scratch(), MNT, fs, 0, ""), 0);
	dst = open(MNT "/dst", O_RDONLY | O_CLOEXEC);
	assert_true(dst >= 0);
	assert_int_equal(zc_size(dst), size);
	zc_check_range(dst, 0, 1000, 1, 0);
	close(dst);
	assert_int_equal(umount(MNT), 0);
	close(zc);
}

static void survives(const char *fs)
{
	static const int syncs[] = { O_DSYNC, O_SYNC };
	int src = zc_make_file("src", 1000, 1);

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(ftruncate(src, 1000), 0);
		survive(fs, src, 1000, 0, syncs[i]);
		assert_int_equal(ftruncate(src, HOLE), 0);
		survive(fs, src, HOLE, ZCDEV_END_SPARSE, syncs[i]);
	}
	close(src);
}

static void ext4(void **state)
{
	(void)state;
	survives("ext4");
}

static void xfs(void **state)
{
	(void)state;
	if (system("modprobe -q xfs"))
		skip();
	survives("xfs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(ext4, tear_down),
		cmocka_unit_test_teardown(xfs, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
