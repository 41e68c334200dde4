// SPDX-License-Identifier: GPL-2.0
/* timeout: 180 */
/*
 * Files with a bad block in the middle, and disks that are full, whichever way
 * the bytes go: what was counted is what arrived, and what comes next works.
 */
#include <linux/fiemap.h>
#include <linux/fs.h>

#include "zc_disk.h"
#include "zc_pair.h"
#include "zc_task.h"

#define MNT	"mnt"
#define NAME	"zcerrors"
#define DISK	"/dev/mapper/" NAME
#define SECTORS	(48 * MiB / 512)
#define SIZE	(3 * MiB + 777)
#define CHUNK	(64 * KiB)
#define BAD_AT	(MiB + 5 * 4096)
#define SPARSE	ZCDEV_END_SPARSE

/* The disk alone. */
static int set_up_disk(void **state)
{
	(void)state;
	zc_sh("modprobe -q dm-mod; modprobe -q dm-delay; dmsetup create " NAME
	      " --noudevsync --table '0 %lu linear %s 0' && dmsetup mknodes",
	      SECTORS, zc_scratch());
	return 0;
}

static int set_up(void **state)
{
	set_up_disk(state);
	zc_mount_ext4(DISK, MNT, "");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	zc_disk_reset(MNT, NAME);
	return 0;
}

/* Where on the disk a block of the file is. */
static unsigned long sector_of(int fd, uint64_t offset)
{
	struct {
		struct fiemap map;
		struct fiemap_extent extent;
	} f = { .map = {
		.fm_start = offset,
		.fm_length = 4096,
		.fm_flags = FIEMAP_FLAG_SYNC,
		.fm_extent_count = 1,
	} };

	assert_int_equal(ioctl(fd, FS_IOC_FIEMAP, &f), 0);
	assert_int_equal(f.map.fm_mapped_extents, 1);
	return (f.extent.fe_physical + offset - f.extent.fe_logical) / 512;
}

static void use_table(const char *table)
{
	zc_sh("printf '%s' | dmsetup reload " NAME " && dmsetup suspend " NAME
	      " --noudevsync && dmsetup resume " NAME " --noudevsync", table);
}

/* From now on the disk cannot read or write that block of the file. */
static void break_block(int fd, uint64_t offset)
{
	char table[512];

	zc_bad_table(table, sizeof(table), SECTORS, sector_of(fd, offset));
	use_table(table);
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
}

static void mend(void)
{
	char table[128];

	snprintf(table, sizeof(table), "0 %lu linear %s 0\\n", SECTORS, zc_scratch());
	use_table(table);
}

/* A way from a file to where it is read, and how exactly it can tell where it is bad. */
struct way {
	const char *name;
	unsigned int in, out;
	bool to_socket;
	unsigned int step;
};

static const struct way ways[] = {
	{ "direct to a file", 0, 0, false, CHUNK },
	{ "direct to a socket", 0, 0, true, CHUNK },
	{ "sparse", 0, SPARSE, false, CHUNK },
	{ "buffered", ZCDEV_END_BUFFERED, 0, false, 4096 },
	{ "buffered to a socket", ZCDEV_END_BUFFERED, 0, true, 4096 },
	{ "buffered and sparse", ZCDEV_END_BUFFERED, ZCDEV_END_BUFFERED | SPARSE, false, 4096 },
	{ "pages of the page cache", ZCDEV_END_PAGE_CACHE, 0, true, 4096 },
};

/* From @at on; returns where it ended. */
static uint64_t read_from(int src, uint64_t at, const struct way *way, int error)
{
	int zc = zc_open_pool(4, CHUNK), fds[2] = { -1, zc_make_file("dst", 0, 2) };
	struct zc_reader r = { .seed = 1, .from = at };
	struct zc_xfer x;

	if (way->to_socket) {
		close(fds[1]);
		zc_tcp_pair(fds);
		r.fd = fds[1];
		zc_reader_start(&r);
	}
	assert_int_equal(lseek(src, at, SEEK_SET), at);
	x = zc_xfer(src, way->to_socket ? fds[0] : fds[1]);
	x.end[0].flags = way->in;
	x.end[1].flags = way->out;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	if (error)
		zc_assert_stopped(&x, 0, error);
	else
		assert_int_equal(x.t.out_error, 0);
	assert_int_equal(x.end[0].out_bytes, x.t.out_bytes);
	at += x.t.out_bytes;
	assert_int_equal(lseek(src, 0, SEEK_CUR), at);
	if (way->to_socket) {
		zc_reader_finish(&r, &fds[0], x.t.out_bytes);
	} else {
		assert_int_equal(zc_size(fds[1]), x.t.out_bytes);
		zc_check_range(fds[1], 0, x.t.out_bytes, 1, at - x.t.out_bytes);
		close(fds[1]);
	}
	close(zc);
	return at;
}

/* What is read as a whole: ext4 has larger folios in the page cache from 6.16 on. */
static uint64_t unit(void)
{
	return zc_kernel_is("newest") ? MiB : 4096;
}

static void check_end(uint64_t end, const struct way *way)
{
	uint64_t last = BAD_AT / way->step * way->step;
	uint64_t first = BAD_AT / unit() * unit();

	assert_in_range(end, first < last ? first : last, last);
	assert_int_equal(end % way->step, 0);
}

static void a_file_that_cannot_be_read_in_the_middle(void **state)
{
	int src = zc_make_file(MNT "/src", SIZE, 1);
	size_t i;

	(void)state;
	break_block(src, BAD_AT);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		uint64_t end;

		zc_case("%s", ways[i].name);
		posix_fadvise(src, 0, 0, POSIX_FADV_DONTNEED);
		end = read_from(src, 0, &ways[i], EIO);
		check_end(end, &ways[i]);
		/* Behind it nothing is wrong. */
		end = read_from(src, (BAD_AT / unit() + 1) * unit(), &ways[i], 0);
		assert_int_equal(end, SIZE);
	}
	mend();
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		assert_int_equal(read_from(src, 0, &ways[i], 0), SIZE);
	close(src);
}

/* Over what is there, so that the file system has nothing to allocate. */
static void a_file_that_cannot_be_written_in_the_middle(void **state)
{
	static const unsigned int flags[] = { 0, ZCDEV_END_DIRECT, SPARSE };
	int src = zc_make_file("src", SIZE, 1), zc = zc_open_pool(4, CHUNK), dst;
	size_t i;

	(void)state;
	dst = zc_make_file(MNT "/dst", SIZE, 2);
	break_block(dst, BAD_AT);
	for (i = 0; i < 3; i++) {
		struct zc_xfer x = zc_xfer(src, dst);
		uint64_t good = BAD_AT / CHUNK * CHUNK;

		zc_case("flags %#x", flags[i]);
		lseek(src, 0, SEEK_SET);
		lseek(dst, 0, SEEK_SET);
		x.end[1].flags = flags[i];
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		zc_assert_stopped(&x, 1, EIO);
		assert_int_equal(x.t.out_bytes, good);
		assert_int_equal(lseek(src, 0, SEEK_CUR), good);
		assert_int_equal(lseek(dst, 0, SEEK_CUR), good);
		assert_int_equal(zc_size(dst), SIZE);
		zc_check_range(dst, 0, good, 1, 0);
	}
	mend();
	close(src);
	close(dst);
	close(zc);
}

/* The page cache takes all, and fsync() tells what became of it: as after write(2). */
static void a_buffered_write_that_fails_later(void **state)
{
	int src = zc_make_file("src", SIZE, 1), zc = zc_open_pool(4, CHUNK);
	int dst = zc_make_file(MNT "/dst", SIZE, 2);
	struct zc_xfer x = zc_xfer(src, dst);

	(void)state;
	break_block(dst, BAD_AT);
	x.end[1].flags = ZCDEV_END_BUFFERED;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, 0);
	assert_int_equal(x.t.out_bytes, SIZE);
	assert_int_equal(x.end[1].out_copied, SIZE);
	assert_int_equal(zc_errno(fsync(dst)), EIO);
	close(dst);
	close(src);
	close(zc);

	/* The tool does that, and fails. */
	assert_int_not_equal(system("zcdevctl transfer -q --via buffered --out-offset 0 src "
				    MNT "/dst 2>message"), 0);
	zc_sh("grep -q 'cannot sync .*Input/output error' message || { cat message; false; }");
	mend();
}

struct watch {
	int zc;
	bool full;		/* all buffers were in use */
	uint64_t freed_ms;	/* when the first of them was not any more */
};

static void *watch_pool(void *arg)
{
	struct watch *w = arg;

	w->full = zc_wait_until(10, ZC_POOL_COUNT(w->zc, out_free) == 0);
	if (w->full && zc_wait_until(10, ZC_POOL_COUNT(w->zc, out_free) != 0))
		w->freed_ms = zc_now_ms();
	return NULL;
}

/* What the disk still reads for chunks behind a bad one is waited for. */
static void a_bad_block_before_slow_ones(void **state)
{
	struct watch watch;
	pthread_t thread;
	uint64_t begin;
	int zc = zc_open_pool(4, CHUNK), dst = zc_make_file("dst", 0, 2);
	const unsigned long chunk = CHUNK / 512;
	char table[512];
	struct zc_xfer x;
	int src;

	(void)state;
	snprintf(table, sizeof(table),
		 "0 %lu delay %s 0 200\\n%lu %lu error\\n%lu %lu delay %s %lu 1000\\n",
		 2 * chunk, zc_scratch(), 2 * chunk, chunk, 3 * chunk,
		 SECTORS - 3 * chunk, zc_scratch(), 3 * chunk);
	use_table(table);
	src = open(DISK, O_RDONLY | O_CLOEXEC);
	assert_true(src >= 0);
	x = zc_xfer(src, dst);
	watch = (struct watch) { .zc = zc };
	assert_int_equal(pthread_create(&thread, NULL, watch_pool, &watch), 0);
	begin = zc_now_ms();
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	/* The slow one was asked for by then: neither its buffer is let go, nor we. */
	assert_true(zc_now_ms() - begin >= 900);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(watch.full);
	assert_true(watch.freed_ms >= begin + 900);
	zc_assert_stopped(&x, 0, EIO);
	assert_int_equal(x.t.out_bytes, 2 * CHUNK);
	assert_int_equal(zc_size(dst), 2 * CHUNK);
	close(src);
	close(dst);
	close(zc);
}

/* Full, whatever the bytes come from. Returns how many fitted. */
static uint64_t fill_up(int zc, struct zc_xfer *x, uint64_t from)
{
	int dst = x->end[1].fd;

	assert_int_equal(zc_xfer_run(zc, x), 0);
	assert_int_equal(x->t.out_error, ENOSPC);
	assert_int_equal(x->end[0].out_error, 0);
	assert_int_equal(x->end[1].out_error, ENOSPC);
	assert_true(x->t.out_bytes > 0 && x->t.out_bytes < SIZE);
	zc_assert_verdict(x);
	assert_int_equal(zc_size(dst), x->t.out_bytes);
	zc_check_range(dst, 0, x->t.out_bytes, 1, from);
	assert_int_equal(fsync(dst), 0);
	return x->t.out_bytes;
}

/* All but some MiB of the disk is taken. */
static void leave_room(void)
{
	zc_fill_disk(MNT, 1500000);
}

static void a_full_disk_leaves_the_prefix(void **state)
{
	static const struct { unsigned int in, out; } cases[] = {
		{ 0, 0 }, { ZCDEV_END_DIRECT, ZCDEV_END_DIRECT },
		{ 0, ZCDEV_END_BUFFERED }, { ZCDEV_END_BUFFERED, 0 },
		{ 0, SPARSE }, { ZCDEV_END_BUFFERED, ZCDEV_END_BUFFERED | SPARSE },
	};
	int src = zc_make_file("src", SIZE, 1), zc = zc_open_pool(4, CHUNK);
	size_t i;

	(void)state;
	leave_room();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int dst = zc_make_file(MNT "/dst", 0, 2);
		struct zc_xfer x = zc_xfer(src, dst);

		zc_case("flags %#x, %#x", cases[i].in, cases[i].out);
		lseek(src, 0, SEEK_SET);
		/* Directly, a length in whole blocks. */
		x.t.len = ZCDEV_TO_END;
		if (cases[i].in & ZCDEV_END_DIRECT)
			x.t.len = SIZE / 4096 * 4096;
		x.end[0].flags = cases[i].in;
		x.end[1].flags = cases[i].out;
		assert_int_equal(lseek(src, 0, SEEK_CUR), 0);
		fill_up(zc, &x, 0);
		assert_int_equal(lseek(src, 0, SEEK_CUR), x.t.out_bytes);
		assert_int_equal(lseek(dst, 0, SEEK_CUR), x.t.out_bytes);
		close(dst);
	}
	close(src);
	close(zc);
}

/* What the disk did not take of a stream is in the pool, and goes elsewhere. */
static void a_stream_to_a_full_disk(void **state)
{
	int zc = zc_open_pool(4, CHUNK), dst = zc_make_file(MNT "/dst", 0, 2), in[2];
	struct zc_writer w = { .seed = 1, .len = SIZE };
	int rest = zc_make_file("rest", 0, 2);
	struct zcdev_range left[4];
	struct zc_xfer x, y;
	uint64_t sum;
	unsigned int i;

	(void)state;
	leave_room();
	zc_tcp_pair(in);
	w.fd = in[0];
	zc_writer_start(&w);
	x = zc_xfer(in[1], dst);
	x.t.left = (uintptr_t)left;
	x.t.left_count = 4;
	sum = fill_up(zc, &x, 0);
	assert_int_equal(x.end[0].out_bytes, sum + x.t.out_left_bytes);
	for (i = 0; i < x.t.out_left_count; sum += left[i++].len) {
		y = zc_xfer(zc, rest);
		y.end[0].flags = ZCDEV_END_OFFSET;
		y.end[0].offset = left[i].offset;
		y.t.len = left[i].len;
		assert_int_equal(zc_xfer_run(zc, &y), 0);
	}
	assert_int_equal(sum, x.end[0].out_bytes);
	for (i = 0; i < x.t.out_left_count; i++)
		assert_int_equal(zc_release(zc, &(uint32_t){ left[i].offset / CHUNK }, 1), 0);
	y = zc_xfer(in[1], rest);
	assert_int_equal(zc_xfer_run(zc, &y), 0);
	zc_writer_join(&w);
	assert_int_equal(x.t.out_bytes + zc_size(rest), SIZE);
	zc_check_range(rest, 0, zc_size(rest), 1, x.t.out_bytes);
	close(in[1]);
	close(dst);
	close(rest);
	close(zc);
}

/* A full disk among several: the others get all. */
static void a_full_disk_beside_another_file(void **state)
{
	struct zcdev_end end[3] = {};
	struct zcdev_transfer t = {
		.size = sizeof(t), .len = ZCDEV_TO_END, .sink_count = 2,
		.ends = (uintptr_t)end, .end_size = sizeof(end[0]),
	};
	int zc = zc_open_pool(4, CHUNK);

	(void)state;
	leave_room();
	end[0].fd = zc_make_file("src", SIZE, 1);
	end[1].fd = zc_make_file(MNT "/dst", 0, 2);
	end[2].fd = zc_make_file("dst", 0, 2);
	assert_int_equal(ioctl(zc, ZCDEV_TRANSFER, &t), 0);
	assert_int_equal(t.out_error, ENOSPC);
	assert_int_equal(end[1].out_error, ENOSPC);
	assert_int_equal(end[2].out_error, 0);
	assert_int_equal(t.out_bytes, SIZE);
	assert_int_equal(end[2].out_bytes, SIZE);
	assert_true(end[1].out_bytes > 0 && end[1].out_bytes < SIZE);
	assert_int_equal(zc_size(end[1].fd), end[1].out_bytes);
	zc_check_range(end[1].fd, 0, end[1].out_bytes, 1, 0);
	zc_check_range(end[2].fd, 0, SIZE, 1, 0);
	close(zc);
}

#define test(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_file_that_cannot_be_read_in_the_middle),
		test(a_file_that_cannot_be_written_in_the_middle),
		test(a_buffered_write_that_fails_later),
		cmocka_unit_test_setup_teardown(a_bad_block_before_slow_ones, set_up_disk,
						tear_down),
		test(a_full_disk_leaves_the_prefix),
		test(a_stream_to_a_full_disk),
		test(a_full_disk_beside_another_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
