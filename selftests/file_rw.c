// SPDX-License-Identifier: GPL-2.0
/*
 * The pool as a file of fixed size: read, write, seek, alone and in vectors, at
 * every edge, by system calls and by programs that know nothing of it.
 */
#include <limits.h>
#include <sys/uio.h>

#include "zc_disk.h"
#include "zc_mem.h"

#define BUF	(64 * KiB)
#define COUNT	4
#define POOL	((off_t)(COUNT * BUF))

/* Edges of pages, buffers and of the pool, and what is beside them. */
static const off_t edges[] = {
	0, 1, 7, 4095, 4096, 4097, BUF - 1, BUF, BUF + 1, 2 * BUF - 4096,
	2 * BUF, POOL - BUF, POOL - 4096, POOL - 1, POOL, POOL + 1, 2 * POOL,
	LLONG_MAX - 8191, LLONG_MAX,
};

static const size_t lens[] = { 0, 1, 4095, 4096, 8192, BUF, BUF + 1, POOL };

#define EACH(table, i) \
	for (size_t i = 0; i < sizeof(table) / sizeof((table)[0]); i++)

/* Where an access of @len bytes at @at ends: short at the end of the pool. */
static ssize_t fits(off_t at, size_t len)
{
	if (at >= POOL)
		return 0;
	return (off_t)len < POOL - at ? (off_t)len : POOL - at;
}

/* The end of what can be addressed at all is the VFS's business. */
static bool addressable(off_t at, size_t len)
{
	return LLONG_MAX - at >= (off_t)len;
}

static void reads(void **state)
{
	static unsigned char copy[POOL + 1];
	int fd = zc_open_pool(COUNT, BUF);
	unsigned char *map = zc_map(fd, POOL);

	(void)state;
	zc_fill(map, POOL, 1, 0);
	EACH(edges, i) EACH(lens, j) {
		ssize_t want = fits(edges[i], lens[j]);

		if (!addressable(edges[i], lens[j]))
			continue;
		zc_case("%ld, %zu", edges[i], lens[j]);
		memset(copy, 0xee, sizeof(copy));
		assert_int_equal(pread(fd, copy, lens[j], edges[i]), want);
		assert_int_equal(zc_differs(copy, want, 1, edges[i]), want);
		assert_int_equal(copy[want], 0xee);
	}
	zc_assert_errno(zc_errno(pread(fd, copy, 1, -1)), EINVAL, "at -1");
	munmap(map, POOL);
	close(fd);
}

/* @len bytes of the second kind there, and of the first everywhere else. */
static void assert_written(const unsigned char *map, size_t at, size_t len)
{
	size_t end = at + len;

	assert_int_equal(zc_differs(map, at, 1, 0), at);
	assert_int_equal(zc_differs(map + at, len, 2, at), len);
	assert_int_equal(zc_differs(map + end, POOL - end, 1, end), POOL - end);
}

static void writes(void **state)
{
	static unsigned char data[POOL];
	int fd = zc_open_pool(COUNT, BUF);
	unsigned char *map = zc_map(fd, POOL);

	(void)state;
	EACH(edges, i) EACH(lens, j) {
		ssize_t want = fits(edges[i], lens[j]), ret;

		if (!addressable(edges[i], lens[j]))
			continue;
		zc_case("%ld, %zu", edges[i], lens[j]);
		zc_fill(map, POOL, 1, 0);
		zc_fill(data, lens[j], 2, edges[i]);
		ret = pwrite(fd, data, lens[j], edges[i]);
		if (lens[j] && !want) {
			assert_int_equal(ret, -1);
			assert_int_equal(errno, ENOSPC);
		} else {
			assert_int_equal(ret, want);
		}
		assert_written(map, want ? edges[i] : 0, want);
	}
	munmap(map, POOL);
	close(fd);
}

/* Buffers of single pages, and of pages that nobody has mapped. */
static void single_pages(void **state)
{
	static unsigned char copy[16 * 4096];
	int fd = zc_open_pool(16, 4096);

	(void)state;
	assert_int_equal(read(fd, copy, sizeof(copy)), sizeof(copy));
	for (size_t i = 0; i < sizeof(copy); i++)
		assert_int_equal(copy[i], 0);
	zc_fill(copy, sizeof(copy), 3, 0);
	assert_int_equal(pwrite(fd, copy + 100, 3 * 4096, 100), 3 * 4096);
	memset(copy, 0, sizeof(copy));
	assert_int_equal(pread(fd, copy, sizeof(copy), 0), sizeof(copy));
	assert_int_equal(zc_differs(copy + 100, 3 * 4096, 3, 100), 3 * 4096);
	assert_int_equal(copy[99], 0);
	assert_int_equal(copy[100 + 3 * 4096], 0);
	close(fd);
}

static void position(void **state)
{
	static unsigned char data[BUF];
	int fd = zc_open_pool(COUNT, BUF), other;

	(void)state;
	zc_fill(data, BUF, 4, 0);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(write(fd, data, BUF), BUF);
	zc_assert_errno(zc_errno(write(fd, data, 1)), ENOSPC, "at the end");
	assert_int_equal(read(fd, data, BUF), 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), POOL);
	/* A duplicate has the same position. */
	other = dup(fd);
	assert_int_equal(lseek(other, -10, SEEK_END), POOL - 10);
	assert_int_equal(read(fd, data, 100), 10);
	assert_int_equal(zc_differs(data, 10, 4, BUF - 10), 10);
	assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
	assert_int_equal(read(other, data, 10), 10);
	assert_int_equal(zc_differs(data, 10, 4, 5), 10);
	/* pread() has its own. */
	assert_int_equal(pread(fd, data, 10, 0), 10);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 15);
	close(other);
	close(fd);
}

static void seeks(void **state)
{
	static const struct {
		off_t offset;
		int whence;
		off_t want;
	} rows[] = {
		{ 0, SEEK_SET, 0 },
		{ POOL, SEEK_SET, POOL },
		{ POOL + 1, SEEK_SET, -EINVAL },
		{ -1, SEEK_SET, -EINVAL },
		{ LLONG_MAX, SEEK_SET, -EINVAL },
		{ 0, SEEK_END, POOL },
		{ -POOL, SEEK_END, 0 },
		{ -POOL - 1, SEEK_END, -EINVAL },
		{ 1, SEEK_END, -EINVAL },
		{ 0, SEEK_CUR, 100 },
		{ -100, SEEK_CUR, 0 },
		{ -101, SEEK_CUR, -EINVAL },
		{ POOL - 100, SEEK_CUR, POOL },
		{ POOL, SEEK_CUR, -EINVAL },
		{ LLONG_MAX, SEEK_CUR, -EINVAL },
		{ 0, SEEK_DATA, -EINVAL },
		{ 0, SEEK_HOLE, -EINVAL },
	};
	int fd = zc_open_pool(COUNT, BUF);

	(void)state;
	EACH(rows, i) {
		off_t ret;

		zc_case("%ld, %d", rows[i].offset, rows[i].whence);
		assert_int_equal(lseek(fd, 100, SEEK_SET), 100);
		ret = lseek(fd, rows[i].offset, rows[i].whence);
		assert_int_equal(ret < 0 ? -errno : ret, rows[i].want);
		if (ret < 0)
			assert_int_equal(lseek(fd, 0, SEEK_CUR), 100);
	}
	close(fd);
}

static void vectors(void **state)
{
	static unsigned char data[3 * BUF], copy[3 * BUF];
	struct iovec out[] = {
		{ data, 1 }, { NULL, 0 }, { data + 1, BUF },
		{ data + 1 + BUF, 4095 },
	}, in[] = {
		{ copy, 4095 }, { copy + 4095, 2 * BUF },
	};
	int fd = zc_open_pool(COUNT, BUF);
	ssize_t len = 1 + BUF + 4095;

	(void)state;
	zc_fill(data, len, 5, 0);
	assert_int_equal(lseek(fd, BUF - 100, SEEK_SET), BUF - 100);
	assert_int_equal(writev(fd, out, 4), len);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), BUF - 100 + len);
	in[1].iov_len = len - 4095;
	assert_int_equal(preadv(fd, in, 2, BUF - 100), len);
	assert_int_equal(zc_differs(copy, len, 5, 0), len);
	/* Cut at the end of the pool. */
	assert_int_equal(pwritev2(fd, out, 4, POOL - 4097, RWF_NOWAIT), 4097);
	in[1].iov_len = 2 * BUF;
	assert_int_equal(preadv2(fd, in, 2, POOL - 4097, RWF_NOWAIT), 4097);
	assert_int_equal(zc_differs(copy, 4097, 5, 0), 4097);
	close(fd);
}

static void bad_memory(void **state)
{
	int fd = zc_open_pool(COUNT, BUF);
	unsigned char *mem = mmap(NULL, 2 * ZC_PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	munmap(mem + ZC_PAGE, ZC_PAGE);
	zc_assert_errno(zc_errno(read(fd, mem + ZC_PAGE, 1)), EFAULT, "read");
	zc_assert_errno(zc_errno(write(fd, mem + ZC_PAGE, 1)), EFAULT, "write");
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	/* As much as is there. */
	zc_fill(mem, ZC_PAGE, 6, 0);
	assert_int_equal(write(fd, mem + ZC_PAGE - 100, 200), 100);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 100);
	assert_int_equal(pread(fd, mem + ZC_PAGE - 50, 100, 0), 50);
	assert_int_equal(zc_differs(mem + ZC_PAGE - 50, 50, 6, ZC_PAGE - 100),
			 50);
	munmap(mem, ZC_PAGE);
	close(fd);
}

/* From one place in the pool to another, through a mapping of it. */
static void its_own_memory(void **state)
{
	int fd = zc_open_pool(COUNT, BUF);
	unsigned char *map = zc_map(fd, POOL);

	(void)state;
	zc_fill(map, POOL, 7, 0);
	/* The pages have to be faulted in while they are copied to. */
	assert_int_equal(madvise(map, POOL, MADV_DONTNEED), 0);
	assert_int_equal(pread(fd, map + 2 * BUF, BUF, 100), BUF);
	assert_int_equal(zc_differs(map + 2 * BUF, BUF, 7, 100), BUF);
	assert_int_equal(madvise(map, POOL, MADV_DONTNEED), 0);
	assert_int_equal(pwrite(fd, map, BUF, 3 * BUF), BUF);
	assert_int_equal(zc_differs(map + 3 * BUF, BUF, 7, 0), BUF);
	munmap(map, POOL);
	close(fd);
}

static void no_pool(void **state)
{
	int fd = zc_open();
	char byte = 0;

	(void)state;
	zc_assert_errno(zc_errno(read(fd, &byte, 1)), ENXIO, "read");
	zc_assert_errno(zc_errno(write(fd, &byte, 1)), ENXIO, "write");
	zc_assert_errno(zc_errno(lseek(fd, 0, SEEK_SET)), ENXIO, "lseek");
	zc_assert_errno(zc_pool_create(fd, 1, BUF, 0), 0, "create");
	assert_int_equal(read(fd, &byte, 1), 1);
	close(fd);
}

static void modes(void **state)
{
	int ro = open("/dev/zcdev", O_RDONLY | O_CLOEXEC);
	int wo = open("/dev/zcdev", O_WRONLY | O_CLOEXEC);
	void *map;
	char byte = 1;

	(void)state;
	/* The one pool that a read-only file can have: by mmap(). */
	map = mmap(NULL, BUF, PROT_READ, MAP_SHARED, ro, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(read(ro, &byte, 1), 1);
	zc_assert_errno(zc_errno(write(ro, &byte, 1)), EBADF, "write");
	zc_assert_errno(zc_errno(write(wo, &byte, 1)), ENXIO, "write-only");
	zc_assert_errno(zc_errno(read(wo, &byte, 1)), EBADF, "read");
	munmap(map, BUF);
	close(ro);
	close(wo);
}

/* Programs that were written long before: they get it as stdin or stdout. */
static void old_programs(void **state)
{
	int fd = zc_open_pool(COUNT, BUF), dst;

	(void)state;
	fcntl(fd, F_SETFD, 0);
	close(zc_make_file("data", POOL, 8));
	zc_sh("cat data >&%d", fd);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), POOL);
	zc_sh("! cat data >&%d 2>/dev/null", fd);	/* full */
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	zc_sh("cmp data - <&%d", fd);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	zc_sh("dd bs=1000 skip=3 count=100 <&%d >out 2>/dev/null", fd);
	dst = open("out", O_RDONLY | O_CLOEXEC);
	assert_int_equal(zc_size(dst), 100000);
	zc_check_range(dst, 0, 100000, 8, 3000);
	close(dst);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	zc_sh("dd if=data bs=4k seek=16 count=1 conv=notrunc >&%d 2>/dev/null",
	      fd);
	zc_check_range(fd, BUF, 4096, 8, 0);
	zc_check_range(fd, BUF + 4096, 4096, 8, BUF + 4096);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("reads at every edge", reads),
		ZC_TEST("writes at every edge, and nowhere else", writes),
		ZC_TEST("a pool of single pages", single_pages),
		ZC_TEST("the position moves, and is shared", position),
		ZC_TEST("lseek stays within the pool", seeks),
		ZC_TEST("readv and writev", vectors),
		ZC_TEST("bad memory is EFAULT, or short", bad_memory),
		ZC_TEST("to and from a mapping of itself", its_own_memory),
		ZC_TEST("without a pool it is ENXIO", no_pool),
		ZC_TEST("the mode of the open file binds", modes),
		ZC_TEST("cat, cmp and dd work on it", old_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
