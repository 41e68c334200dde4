// SPDX-License-Identifier: GPL-2.0
/*
 * Which ranges can be mapped, in which way, and what can be done to a mapping
 * afterwards: part it, move it, never grow it.
 */
#include "zc_mem.h"

#define BUF	(64 * KiB)
#define POOL	(4 * BUF)

static int open_mode(int mode)
{
	int fd = open("/dev/zcdev", mode | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* 0 or an errno; what is mapped is gone again. */
static int try_map(int fd, size_t len, int prot, int flags, off_t offset)
{
	void *map = mmap(NULL, len, prot, flags, fd, offset);

	return map == MAP_FAILED ? errno : zc_errno(munmap(map, len));
}

static void ranges(void **state)
{
	static const struct {
		uint64_t offset;
		size_t len;
		int want;
	} rows[] = {
		{ 0, POOL, 0 }, { 0, 4096, 0 }, { 0, 1, 0 },
		{ 4096, POOL - 4096, 0 }, { POOL - 4096, 4096, 0 },
		{ BUF - 4096, 8192, 0 }, { BUF, 2 * BUF, 0 },
		{ POOL - 4096, 1, 0 },
		{ 0, POOL + 1, ENXIO }, { 0, POOL + 4096, ENXIO },
		{ POOL - 4096, 4097, ENXIO }, { POOL, 1, ENXIO },
		{ POOL + 4096, 4096, ENXIO }, { 1ULL << 32, 4096, ENXIO },
		{ 1ULL << 44, 4096, ENXIO }, { 1ULL << 62, 4096, ENXIO },
		{ 1ULL << 63, 4096, ENXIO }, { -8192ULL, 4096, ENXIO },
		{ -4096ULL, 4096, EOVERFLOW }, { -4096ULL, 8192, EOVERFLOW },
		{ 0, 1UL << 46, ENXIO },
		{ 0, 0, EINVAL }, { 1, 4096, EINVAL }, { 512, 4096, EINVAL },
	};
	int fd = zc_open_pool(4, BUF);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		zc_assert_errno(try_map(fd, rows[i].len, PROT_READ | PROT_WRITE,
					MAP_SHARED, rows[i].offset),
				rows[i].want, "%zu at %#llx", rows[i].len,
				(unsigned long long)rows[i].offset);
	close(fd);
}

static void sharing(void **state)
{
	static const struct {
		int flags, want;
	} rows[] = {
		{ MAP_SHARED, 0 }, { MAP_SHARED_VALIDATE, 0 },
		{ MAP_SHARED | MAP_POPULATE, 0 }, { MAP_SHARED | MAP_LOCKED, 0 },
		{ MAP_SHARED | MAP_NORESERVE, 0 }, { MAP_PRIVATE, EINVAL },
		{ MAP_PRIVATE | MAP_POPULATE, EINVAL },
		{ MAP_SHARED_VALIDATE | MAP_SYNC, EOPNOTSUPP },
	};
	int fd = zc_open_pool(4, BUF);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		zc_assert_errno(try_map(fd, POOL, PROT_READ | PROT_WRITE,
					rows[i].flags, 0), rows[i].want,
				"flags %#x", rows[i].flags);
	zc_assert_errno(try_map(fd, POOL, PROT_READ, MAP_PRIVATE, 0), EINVAL,
			"private, only to read");
	close(fd);
	/* Refused before a pool is made of it. */
	fd = zc_open();
	zc_assert_errno(try_map(fd, POOL, PROT_READ, MAP_PRIVATE, 0), EINVAL,
			"private, without a pool");
	assert_int_equal(zc_total_bytes(fd), 0);
	close(fd);
}

static void modes(void **state)
{
	static const struct {
		int mode, prot, want;
	} rows[] = {
		{ O_RDWR, PROT_NONE, 0 }, { O_RDWR, PROT_READ, 0 },
		{ O_RDWR, PROT_WRITE, 0 }, { O_RDWR, PROT_READ | PROT_WRITE, 0 },
		{ O_RDONLY, PROT_NONE, 0 }, { O_RDONLY, PROT_READ, 0 },
		{ O_RDONLY, PROT_WRITE, EACCES },
		{ O_RDONLY, PROT_READ | PROT_WRITE, EACCES },
		{ O_WRONLY, PROT_READ, EACCES }, { O_WRONLY, PROT_WRITE, EACCES },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int fd = open_mode(rows[i].mode);

		zc_assert_errno(try_map(fd, POOL, rows[i].prot, MAP_SHARED, 0),
				rows[i].want, "mode %d, prot %d",
				rows[i].mode, rows[i].prot);
		close(fd);
	}
}

static void read_only_stays(void **state)
{
	int fd = open_mode(O_RDONLY);
	unsigned char *map = mmap(NULL, POOL, PROT_READ, MAP_SHARED, fd, 0);

	(void)state;
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(map[0] | map[POOL - 1], 0);
	zc_assert_errno(zc_errno(mprotect(map, POOL, PROT_READ | PROT_WRITE)),
			EACCES, "mprotect");
	/* A system call cannot write there either. */
	close(fd);
	fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	zc_assert_errno(zc_errno(read(fd, map, 1)), EFAULT, "read()");
	close(fd);
	munmap(map, POOL);
}

static void protections(void **state)
{
	int fd = zc_open_pool(4, BUF);
	volatile unsigned char *map = zc_map(fd, POOL);

	(void)state;
	zc_fill((void *)map, POOL, 7, 0);
	assert_int_equal(mprotect((void *)map, BUF, PROT_NONE), 0);
	assert_int_equal(mprotect((void *)(map + BUF), BUF, PROT_READ), 0);
	assert_int_equal(mprotect((void *)map, 2 * BUF,
				  PROT_READ | PROT_WRITE), 0);
	assert_int_equal(zc_differs((void *)map, POOL, 7, 0), POOL);
	map[0] = 1;
	munmap((void *)map, POOL);
	close(fd);
}

/* The same byte of the pool, wherever it is mapped. */
static void same_bytes(void **state)
{
	int fd = zc_open_pool(4, BUF);
	unsigned char *all = zc_map(fd, POOL), *part;

	(void)state;
	zc_fill(all, POOL, 9, 0);
	for (size_t at = 0; at < POOL; at += 4096) {
		part = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			    at);
		assert_ptr_not_equal(part, MAP_FAILED);
		assert_int_equal(zc_differs(part, 4096, 9, at), 4096);
		part[17] ^= 0xff;
		assert_int_equal(all[at + 17], part[17]);
		munmap(part, 4096);
	}
	munmap(all, POOL);
	close(fd);
}

static void no_growth(void **state)
{
	int fd = zc_open_pool(4, BUF);
	unsigned char *map = zc_map(fd, BUF), *grown;

	(void)state;
	grown = mremap(map, BUF, 2 * BUF, 0);
	assert_ptr_equal(grown, MAP_FAILED);
	assert_int_equal(errno, EFAULT);
	grown = mremap(map, BUF, 2 * BUF, MREMAP_MAYMOVE);
	assert_ptr_equal(grown, MAP_FAILED);
	assert_int_equal(errno, EFAULT);
	grown = mremap(map, BUF, BUF / 2, 0);
	assert_ptr_equal(grown, map);
	munmap(map, BUF / 2);
	close(fd);
}

static void moves(void **state)
{
	int fd = zc_open_pool(4, BUF);
	unsigned char *map = zc_map(fd, POOL);
	unsigned char *room = mmap(NULL, POOL, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct zcdev_pool_info info;

	(void)state;
	zc_fill(map, POOL, 3, 0);
	map = mremap(map, POOL, POOL, MREMAP_MAYMOVE | MREMAP_FIXED, room);
	assert_ptr_equal(map, room);
	assert_int_equal(zc_differs(map, POOL, 3, 0), POOL);
	/* A part of it, too: the rest stays where it is. */
	room = mmap(NULL, BUF, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_equal(mremap(map + BUF, BUF, BUF,
				MREMAP_MAYMOVE | MREMAP_FIXED, room), room);
	assert_int_equal(zc_differs(room, BUF, 3, BUF), BUF);
	assert_int_equal(zc_differs(map, BUF, 3, 0), BUF);
	assert_int_equal(zc_differs(map + 2 * BUF, 2 * BUF, 3, 2 * BUF),
			 2 * BUF);
	assert_int_equal(zc_pool_info(fd, &info), 0);
	assert_int_equal(info.out_free, 4);
	munmap(map, POOL);
	munmap(room, BUF);
	close(fd);
}

/* Unmap parts in this order, the rest stays good; then all is gone. */
static void unmap_in_order(const int order[4], bool close_first)
{
	int fd = zc_open_pool(4, BUF), look = zc_open();
	unsigned char *map = zc_map(fd, POOL);
	bool gone[4] = { false };
	struct zcdev_pool_info info;

	zc_fill(map, POOL, 5, 0);
	if (close_first)
		close(fd);
	for (int i = 0; i < 4; i++) {
		munmap(map + order[i] * BUF, BUF);
		gone[order[i]] = true;
		for (int b = 0; b < 4; b++)
			if (!gone[b])
				assert_int_equal(zc_differs(map + b * BUF, BUF,
							    5, b * BUF), BUF);
		if (close_first && i < 3)
			assert_int_equal(zc_total_bytes(look), POOL);
	}
	if (!close_first) {
		assert_int_equal(zc_pool_info(fd, &info), 0);
		assert_int_equal(info.out_free, 4);
		close(fd);
	}
	assert_int_equal(zc_total_bytes(look), 0);
	close(look);
}

static void partial_unmap(void **state)
{
	(void)state;
	/* All 24 orders, by the digits of the number. */
	for (int n = 0; n < 256; n++) {
		int order[4] = { n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6 };

		if ((1 << order[0] | 1 << order[1] | 1 << order[2] |
		     1 << order[3]) != 15)
			continue;
		unmap_in_order(order, false);
		unmap_in_order(order, true);
	}
}

static void fixed_over(void **state)
{
	int fd = zc_open_pool(4, BUF);
	unsigned char *map = zc_map(fd, POOL);
	struct zcdev_pool_info info;

	(void)state;
	zc_fill(map, POOL, 6, 0);
	/* The pool over itself, shifted; and something else over a part. */
	assert_ptr_equal(mmap(map, 2 * BUF, PROT_READ, MAP_SHARED | MAP_FIXED,
			      fd, 2 * BUF), map);
	assert_int_equal(zc_differs(map, 2 * BUF, 6, 2 * BUF), 2 * BUF);
	assert_ptr_equal(mmap(map + BUF, BUF, PROT_READ, MAP_PRIVATE |
			      MAP_FIXED | MAP_ANONYMOUS, -1, 0), map + BUF);
	assert_int_equal(map[BUF], 0);
	assert_int_equal(zc_pool_info(fd, &info), 0);
	assert_int_equal(info.out_in_flight, 0);
	munmap(map, POOL);
	close(fd);
	zc_assert_no_pools();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("ranges inside the pool map, others are ENXIO", ranges),
		ZC_TEST("MAP_PRIVATE is EINVAL, MAP_SHARED works", sharing),
		ZC_TEST("the mode of the open file binds", modes),
		ZC_TEST("a read-only mapping stays read-only", read_only_stays),
		ZC_TEST("mprotect takes and gives rights", protections),
		ZC_TEST("an offset is the same byte in every mapping",
			same_bytes),
		ZC_TEST("a mapping cannot grow", no_growth),
		ZC_TEST("a mapping moves, in whole and in part", moves),
		ZC_TEST("unmapped in parts, in every order", partial_unmap),
		ZC_TEST("mapped over a mapping", fixed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
