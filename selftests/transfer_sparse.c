// SPDX-License-Identifier: GPL-2.0
/* timeout: 180 */
/*
 * Holes of a file become holes, if its sink wants that, and are zeros for every
 * other; whatever the file system can do, all bytes and counts are right.
 */
#include "zc_disk.h"
#include "zc_sock.h"

#include <sys/resource.h>

#define MNT	"mnt"
#define HOLE	(ZCDEV_END_OFFSET | ZCDEV_END_SPARSE)

/* Bytes of seed 1 at some places of a file, and nothing elsewhere. */
struct extent {
	uint64_t at, len;
};

static const struct extent extents[] = {
	{ MiB, 5000 },			/* a hole first */
	{ 3 * MiB, MiB + 4096 },
	{ 4 * MiB + 8192, 4096 },	/* holes too short to be one */
	{ 4 * MiB + 60 * KiB, 4096 },
	{ 6 * MiB + 512 * KiB, 100 },
	{ 0, 0 },			/* and one last */
};

#define SIZE	(9 * MiB + 777)

static int make_sparse(const char *name, const struct extent *e, uint64_t size)
{
	int fd = zc_make_file(name, 0, 1);
	static char buf[2 * MiB];

	for (; e->len; e++) {
		zc_fill(buf, e->len, 1, e->at);
		assert_int_equal(pwrite(fd, buf, e->len, e->at), e->len);
	}
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(fsync(fd), 0);
	return fd;
}

/* @b from @to on is what @a is from @from on. */
static void assert_same(int a, uint64_t from, int b, uint64_t to, uint64_t len)
{
	static char in[MiB], out[MiB];
	uint64_t at, n;

	for (at = 0; at < len; at += n) {
		n = len - at < MiB ? len - at : MiB;
		assert_int_equal(pread(a, in, n, from + at), n);
		assert_int_equal(pread(b, out, n, to + at), n);
		assert_memory_equal(in, out, n);
	}
}

/* Bytes of data, as lseek() sees them. */
static uint64_t data_bytes(int fd)
{
	off_t data = 0, hole = 0, sum = 0;

	while ((data = lseek(fd, hole, SEEK_DATA)) >= 0) {
		hole = lseek(fd, data, SEEK_HOLE);
		sum += hole - data;
	}
	lseek(fd, 0, SEEK_SET);
	return sum;
}

/* Bytes of what the file has on its disk. */
static uint64_t stored(int fd)
{
	struct stat st;

	assert_int_equal(fsync(fd), 0);
	assert_int_equal(fstat(fd, &st), 0);
	return st.st_blocks * 512;
}

static struct zc_xfer sparse_xfer(int src, int dst)
{
	struct zc_xfer x = zc_xfer(src, dst);

	/* Nothing is to be cloned here. */
	x.end[0].flags = ZCDEV_END_OFFSET;
	x.end[1].flags = HOLE;
	x.t.chunk = 64 * KiB;
	return x;
}

static void assert_holes(const struct zc_xfer *x, uint64_t bytes)
{
	int i;

	zc_assert_verdict(x);
	for (i = 0; i < 2; i++) {
		assert_int_equal(x->end[i].out_offloaded, bytes);
		assert_int_equal(!!(x->end[i].out_paths & ZCDEV_PATH_HOLE),
				 bytes != 0);
	}
}

static void holes_stay_holes(void **state)
{
	const char *dir = *state;
	char name[32];
	int src, dst, zc = zc_open_pool(4, 256 * KiB), old;

	snprintf(name, sizeof(name), "%s/dst", dir);
	src = make_sparse("src", extents, SIZE);
	/* Into a new file; one with data there; one that is longer. */
	for (old = 0; old <= 12; old += 4) {
		struct zc_xfer x;
		uint64_t data;

		zc_case("%s: %d MiB before", dir, old);
		dst = zc_make_file(name, old * MiB, 2);
		x = sparse_xfer(src, dst);
		x.t.chunk = 0;
		x.t.depth = 3;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_error, 0);
		assert_int_equal(x.t.out_bytes, SIZE);
		assert_same(src, 0, dst, 0, SIZE);
		/* The short ones are data now. */
		data = 8192 + MiB + 64 * KiB + 4096;
		assert_holes(&x, SIZE - data);
		if (old > 9) {
			zc_check_range(dst, SIZE, old * MiB - SIZE, 2, SIZE);
			data += old * MiB - SIZE + 777;
		}
		assert_int_equal(data_bytes(dst), data);
		assert_true(stored(dst) <= data + 128 * KiB);
		close(dst);
	}
	close(src);
	close(zc);
}

static void holes_are_zeros_without_being_asked(void **state)
{
	int src = make_sparse("src", extents, SIZE), zc = zc_open();
	int dst = zc_make_file("dst", 0, 2);
	struct zc_xfer x = zc_xfer(src, dst);

	(void)state;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_holes(&x, 0);
	assert_same(src, 0, dst, 0, SIZE);
	assert_true(stored(dst) >= SIZE);
	close(src);
	close(dst);
	close(zc);
}

/* The disk has less to do, seen from outside. */
static uint64_t disk_sectors(void)
{
	unsigned long v[8] = {};
	FILE *f = fopen("/sys/block/vda/stat", "r");
	int n;

	assert_non_null(f);
	n = fscanf(f, "%lu %lu %lu %lu %lu %lu %lu", &v[0], &v[1], &v[2], &v[3],
		   &v[4], &v[5], &v[6]);
	fclose(f);
	assert_int_equal(n, 7);
	return v[6];
}

static void a_hole_is_not_written(void **state)
{
	static const struct extent e[] = { { 63 * MiB, MiB }, { 0, 0 } };
	int src = make_sparse("src", e, 128 * MiB), zc = zc_open();
	int dst = zc_make_file("dst", 0, 2);
	struct zc_xfer x = sparse_xfer(src, dst);
	uint64_t before;

	(void)state;
	x.t.chunk = 0;
	sync();
	before = disk_sectors();
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	fsync(dst);
	assert_true(disk_sectors() - before < 4 * MiB / 512);
	assert_holes(&x, 127 * MiB);
	assert_same(src, 0, dst, 0, 128 * MiB);
	close(src);
	close(dst);
	close(zc);
}

static void offsets_and_lengths_are_exact(void **state)
{
	static const struct { uint64_t from, to, len; } cases[] = {
		{ 0, 0, MiB }, { 0, 0, MiB + 1 }, { 13, 77, ZCDEV_TO_END },
		{ 512, 1024, 8 * MiB + 512 }, { 4096, 4096, 300 * KiB + 5 },
		{ MiB - 1, MiB - 1, 2 }, { 2 * MiB + 7, 3, 70 * KiB },
		{ SIZE - 1, 0, ZCDEV_TO_END }, { SIZE, 5, ZCDEV_TO_END },
		{ SIZE + MiB, 5, ZCDEV_TO_END }, { 8 * MiB, 512, 100 * KiB },
		{ 4 * MiB + 4096, 0, ZCDEV_TO_END },
	};
	int src = make_sparse("src", extents, SIZE), zc = zc_open_pool(4, 64 * KiB);
	size_t i;

	(void)state;
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t from = cases[i / 2].from, to = cases[i / 2].to;
		uint64_t len = cases[i / 2].len;
		/* Into an empty file, and into the middle of one. */
		uint64_t old = i % 2 ? 12 * MiB : 0;
		int dst = zc_make_file("dst", old, 2);
		struct zc_xfer x = sparse_xfer(src, dst);

		zc_case("case %zu, %lu before", i / 2, old);
		if (from >= SIZE)
			len = 0;
		else if (len > SIZE - from)
			len = SIZE - from;
		lseek(src, 11, SEEK_SET);
		x.t.len = cases[i / 2].len;
		x.end[0].offset = from;
		x.end[1].offset = to;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_error, 0);
		assert_int_equal(x.t.out_bytes, len);
		zc_assert_verdict(&x);
		assert_same(src, from, dst, to, len);
		if (old) {
			zc_check_range(dst, 0, to, 2, 0);
			zc_check_range(dst, to + len, old - to - len, 2, to + len);
		}
		assert_int_equal(zc_size(dst), old ?: len ? to + len : 0);
		/* Looking for holes moves nothing of the program's. */
		assert_int_equal(lseek(src, 0, SEEK_CUR), 11);
		close(dst);
	}
	close(src);
	close(zc);
}

static void own_positions_advance(void **state)
{
	int src = make_sparse("src", extents, SIZE), zc = zc_open();
	int dst = zc_make_file("dst", 0, 2);
	struct zc_xfer x = zc_xfer(src, dst);

	(void)state;
	x.end[1].flags = ZCDEV_END_SPARSE;
	x.t.len = 2 * MiB;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(lseek(src, 0, SEEK_CUR), 2 * MiB);
	assert_int_equal(lseek(dst, 0, SEEK_CUR), 2 * MiB);
	assert_int_equal(zc_size(dst), 2 * MiB);
	x.t.len = ZCDEV_TO_END;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, SIZE - 2 * MiB);
	assert_int_equal(lseek(dst, 0, SEEK_CUR), SIZE);
	assert_same(src, 0, dst, 0, SIZE);
	close(src);
	close(dst);
	close(zc);
}

static void a_terabyte_of_nothing_is_nothing(void **state)
{
	static const struct extent e[] = { { 0, 4096 }, { 0, 0 } };
	int src = make_sparse("src", e, 1024 * GiB), zc = zc_open();
	int dst = zc_make_file("dst", 0, 2);
	struct zc_xfer x = sparse_xfer(src, dst);

	(void)state;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, 0);
	assert_int_equal(x.t.out_bytes, 1024 * GiB);
	assert_holes(&x, 1024 * GiB - 4096);
	assert_int_equal(zc_size(dst), 1024 * GiB);
	assert_int_equal(data_bytes(dst), 4096);
	zc_check_range(dst, 0, 4096, 1, 0);
	close(src);
	close(dst);
	close(zc);
}

/* Another process, that writes to a file what comes out of a socket. */
static pid_t keep(int sock, int other, int file)
{
	static char buf[256 * KiB];
	pid_t pid = fork();
	ssize_t n = 1;

	assert_true(pid >= 0);
	if (pid)
		return pid;
	close(other);
	while (n > 0) {
		n = read(sock, buf, sizeof(buf));
		if (n > 0 && write(file, buf, n) != n)
			_exit(1);
	}
	_exit(n ? 1 : 0);
}

/* One reads zeros, in a socket another, and the third has holes. */
static void each_sink_as_it_wants(void **state)
{
	struct zcdev_end end[4] = {};
	struct zcdev_transfer t = {
		.size = sizeof(t), .len = ZCDEV_TO_END, .sink_count = 3,
		.ends = (uintptr_t)end, .end_size = sizeof(end[0]),
	};
	int kept = zc_make_file("kept", 0, 2), zc = zc_open(), fds[2], i;
	int status = -1;
	pid_t pid;

	(void)state;
	end[0].fd = make_sparse("src", extents, SIZE);
	end[0].flags = ZCDEV_END_OFFSET;
	end[1].fd = zc_make_file("plain", 0, 2);
	end[2].fd = zc_make_file("sparse", 12 * MiB, 2);
	end[2].flags = HOLE;
	zc_tcp_pair(fds);
	end[3].fd = fds[0];
	pid = keep(fds[1], fds[0], kept);
	assert_int_equal(ioctl(zc, ZCDEV_TRANSFER, &t), 0);
	assert_int_equal(t.out_error, 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(end[i].out_bytes, SIZE);
	assert_same(end[0].fd, 0, end[1].fd, 0, SIZE);
	assert_same(end[0].fd, 0, end[2].fd, 0, SIZE);
	assert_true(stored(end[1].fd) >= SIZE);
	assert_true(stored(end[2].fd) < 5 * MiB);
	assert_int_equal(end[1].out_offloaded, 0);
	assert_true(end[2].out_offloaded > 7 * MiB);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(zc_size(kept), SIZE);
	assert_same(end[0].fd, 0, kept, 0, SIZE);
	close(kept);
	for (i = 0; i < 3; i++)
		close(end[i].fd);
	close(zc);
}

static void a_size_limit_leaves_the_prefix(void **state)
{
	static const uint64_t limits[] = {
		512 * KiB, 512 * KiB + 7, MiB, 2 * MiB, 3 * MiB + 5, 9 * MiB,
	};
	struct rlimit lim = { 0, RLIM_INFINITY };
	int src = make_sparse("src", extents, SIZE), zc = zc_open();
	size_t i;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int dst = zc_make_file("dst", 0, 2), ret;
		struct zc_xfer x = sparse_xfer(src, dst);

		zc_case("limit %lu", limits[i]);
		lim.rlim_cur = limits[i];
		setrlimit(RLIMIT_FSIZE, &lim);
		ret = zc_xfer_run(zc, &x);
		lim.rlim_cur = RLIM_INFINITY;
		setrlimit(RLIMIT_FSIZE, &lim);
		assert_int_equal(ret, 0);
		assert_int_equal(x.t.out_error, EFBIG);
		assert_int_equal(x.t.out_bytes, limits[i]);
		zc_assert_verdict(&x);
		assert_int_equal(zc_size(dst), limits[i]);
		assert_same(src, 0, dst, 0, limits[i]);
		close(dst);
	}
	close(src);
	close(zc);
}

/* What was punched or extended behind the prefix is undone, or not done. */
static void a_full_disk_leaves_the_prefix(void **state)
{
	static const struct extent e[] = {
		{ 4 * MiB, MiB }, { 20 * MiB, MiB }, { 0, 0 },
	};
	int src = make_sparse("src", e, 40 * MiB), zc = zc_open(), dst, i;
	struct zc_xfer x;
	uint64_t first;

	(void)state;
	zc_mount_ext4(zc_scratch(), MNT, "");
	/* Nearly all at once, and then to the last block. */
	zc_fill_disk(MNT, 40 * MiB);
	zc_sh("! dd if=/dev/zero of=%s/rest bs=64k 2>/dev/null", MNT);
	dst = zc_make_file(MNT "/dst", 0, 2);
	x = sparse_xfer(src, dst);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, ENOSPC);
	assert_true(x.t.out_bytes >= 4 * MiB && x.t.out_bytes < 5 * MiB);
	assert_int_equal(zc_size(dst), x.t.out_bytes);
	first = x.t.out_bytes;
	assert_same(src, 0, dst, 0, first);

	/* Room, so that it ends at the end; again into what is there now. */
	zc_sh("truncate -s 0 %s/full; sync", MNT);
	for (i = 0; i < 2; i++) {
		x = sparse_xfer(src, dst);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_error, 0);
		assert_holes(&x, 38 * MiB);
		assert_same(src, 0, dst, 0, 40 * MiB);
	}
	close(src);
	close(dst);
	close(zc);
}

static void appended_holes_are_zeros(void **state)
{
	int src = make_sparse("src", extents, SIZE), zc = zc_open();
	int dst = zc_make_file("dst", 4096, 2);
	struct zc_xfer x = zc_xfer(src, dst);

	(void)state;
	fcntl(dst, F_SETFL, O_APPEND);
	x.end[1].flags = ZCDEV_END_SPARSE;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, SIZE);
	assert_holes(&x, 0);
	zc_check_range(dst, 0, 4096, 2, 0);
	assert_same(src, 0, dst, 4096, SIZE);
	close(src);
	close(dst);
	close(zc);
}

static void only_files_have_holes(void **state)
{
	int src = make_sparse("src", extents, SIZE), zc = zc_open_pool(1, MiB);
	int dst = zc_make_file("dst", 0, 2), fds[2];
	int disk = open(zc_scratch(), O_RDWR);
	struct zc_xfer x;

	(void)state;
	x = sparse_xfer(src, disk);
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	x = sparse_xfer(disk, dst);
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	x = sparse_xfer(zc, dst);
	x.t.chunk = 0;
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	x = zc_xfer(src, dst);
	x.end[0].flags = ZCDEV_END_SPARSE;
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	zc_tcp_pair(fds);
	x = zc_xfer(src, fds[0]);
	x.end[1].flags = ZCDEV_END_SPARSE;
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	assert_int_equal(zc_size(dst), 0);
	close(src);
	close(dst);
	close(disk);
	close(zc);
}

static int tear_down(void **state)
{
	(void)state;
	closefrom(3);
	umount2(MNT, 0);
	return 0;
}

/* A file system that cannot free parts of a file gets zeros there. */
static int mount_ramfs(void **state)
{
	(void)state;
	mkdir(MNT, 0755);
	return mount("none", MNT, "ramfs", 0, "");
}

static void zeros_where_holes_cannot_be(void **state)
{
	static const struct extent e[] = { { 4 * MiB, MiB }, { 0, 0 } };
	int src = make_sparse("src", e, 9 * MiB + 5), zc = zc_open();
	uint64_t old;

	(void)state;
	for (old = 0; old <= 12 * MiB; old += 6 * MiB) {
		int dst = zc_make_file(MNT "/dst", old, 2);
		struct zc_xfer x = sparse_xfer(src, dst);

		zc_case("%lu before", old);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_error, 0);
		assert_int_equal(x.t.out_bytes, 9 * MiB + 5);
		zc_assert_verdict(&x);
		assert_same(src, 0, dst, 0, 9 * MiB + 5);
		if (old > 9 * MiB)
			zc_check_range(dst, 9 * MiB + 5, 3 * MiB - 5, 2,
				       9 * MiB + 5);
		close(dst);
	}
	close(src);
	close(zc);
}

static int mount_fs(void **state)
{
	const char *fs = *state;

	if (!strcmp(fs, "tmpfs")) {
		mkdir(MNT, 0755);
		return mount("none", MNT, fs, 0, "");
	}
	/* XFS keeps room for more behind the end, unless told not to. */
	zc_mount_sharing(fs, MNT, strcmp(fs, "xfs") ? "" : "allocsize=4096");
	return 0;
}

static int mount_and_point(void **state)
{
	int ret = mount_fs(state);

	*state = MNT;
	return ret;
}

#define ON(kind, test)							\
	{ kind ": " #test, test, mount_and_point, tear_down, (void *)(kind) }

/* Files of /proc know no holes, and say so by an errno. */
static void who_knows_no_holes_is_read(void **state)
{
	int src = open("/proc/version", O_RDONLY | O_CLOEXEC);
	int dst = zc_make_file("dst", 0, 2), zc = zc_open_pool(4, 4 * KiB);
	struct zc_xfer x = zc_xfer(src, dst);
	char in[KiB], out[KiB];
	ssize_t len;

	(void)state;
	assert_int_equal(lseek(src, 0, SEEK_DATA), -1);
	len = pread(src, in, sizeof(in), 0);
	assert_true(len > 0);
	x.end[1].flags = HOLE;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_holes(&x, 0);
	assert_int_equal(x.t.out_error, 0);
	assert_int_equal(x.t.out_bytes, len);
	assert_int_equal(pread(dst, out, sizeof(out), 0), len);
	assert_memory_equal(in, out, len);
	close(src);
	close(dst);
	close(zc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(holes_stay_holes, "."),
		ON("xfs", holes_stay_holes),
		ON("btrfs", holes_stay_holes),
		ON("tmpfs", holes_stay_holes),
		cmocka_unit_test(holes_are_zeros_without_being_asked),
		cmocka_unit_test(a_hole_is_not_written),
		cmocka_unit_test(offsets_and_lengths_are_exact),
		cmocka_unit_test(own_positions_advance),
		cmocka_unit_test(a_terabyte_of_nothing_is_nothing),
		cmocka_unit_test(each_sink_as_it_wants),
		cmocka_unit_test(a_size_limit_leaves_the_prefix),
		cmocka_unit_test_teardown(a_full_disk_leaves_the_prefix,
					  tear_down),
		cmocka_unit_test(appended_holes_are_zeros),
		cmocka_unit_test(only_files_have_holes),
		cmocka_unit_test(who_knows_no_holes_is_read),
		cmocka_unit_test_setup_teardown(zeros_where_holes_cannot_be,
						mount_ramfs, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
