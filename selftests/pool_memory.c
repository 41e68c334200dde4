// SPDX-License-Identifier: GPL-2.0
/*
 * What a pool is made of: zeroed pages, in one piece or below 4 GiB where that
 * was asked for, and all of them back when it is gone.
 * timeout: 180
 */
#include "zc_mem.h"

static int create(int fd, uint32_t count, uint32_t buf_size, uint32_t flags)
{
	int ret = zc_pool_create(fd, count, buf_size, flags);

	zc_assert_errno(ret, 0, "%u x %u, flags %#x", count, buf_size, flags);
	return fd;
}

/* Is this buffer one run of page frames, naturally aligned? */
static bool one_piece(const unsigned char *buf, size_t size)
{
	uint64_t first = zc_pfn(buf);

	assert_int_not_equal(first, 0);
	for (size_t at = 0; at < size; at += ZC_PAGE)
		if (zc_pfn(buf + at) != first + at / ZC_PAGE)
			return false;
	return first % (size / ZC_PAGE) == 0;
}

static void contiguous(void **state)
{
	static const uint32_t sizes[] = { 4096, 8192, 65536, 1 << 20, 4 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		int fd = create(zc_open(), 3, sizes[i], ZCDEV_POOL_CONTIGUOUS);
		unsigned char *map = zc_map(fd, 3 * sizes[i]);

		for (int b = 0; b < 3; b++)
			assert_true(one_piece(map + b * sizes[i], sizes[i]));
		munmap(map, 3 * sizes[i]);
		close(fd);
	}
}

/* Without insisting, POOL_INFO counts the pieces truthfully. */
static void info_contiguous(void **state)
{
	struct zcdev_pool_info info;
	int fd = create(zc_open(), 16, 4 << 20, 0);
	unsigned char *map = zc_map(fd, 64 * MiB);
	unsigned int whole = 0;

	(void)state;
	for (int b = 0; b < 16; b++)
		whole += one_piece(map + b * 4 * MiB, 4 * MiB);
	assert_int_equal(zc_pool_info(fd, &info), 0);
	assert_int_equal(info.out_contiguous, whole);
	munmap(map, 64 * MiB);
	close(fd);
}

/* How many pages of a pool are above 4 GiB. */
static size_t count_above(uint32_t flags)
{
	int fd = create(zc_open(), 64, 1 << 20, flags);
	unsigned char *map = zc_map(fd, 64 * MiB);
	size_t above = 0;

	for (size_t at = 0; at < 64 * MiB; at += ZC_PAGE)
		above += zc_pfn(map + at) >= 4 * GiB / ZC_PAGE;
	munmap(map, 64 * MiB);
	close(fd);
	return above;
}

static void dma32(void **state)
{
	(void)state;
	assert_int_equal(count_above(ZCDEV_POOL_DMA32), 0);
	/* Only a machine with more memory than that has seen a difference. */
	if (!count_above(0)) {
		puts("# no pool reaches above 4 GiB on this machine");
		skip();
	}
}

/* Every page is there once: no frame is in two places. */
static int compare_pfn(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void distinct(void **state)
{
	enum { PAGES = 2048 };
	static uint64_t pfn[2 * PAGES];
	int fd[2];

	(void)state;
	for (int p = 0; p < 2; p++) {
		unsigned char *map;

		fd[p] = create(zc_open(), PAGES / 16, 16 * ZC_PAGE, 0);
		map = zc_map(fd[p], PAGES * ZC_PAGE);
		for (size_t i = 0; i < PAGES; i++)
			pfn[p * PAGES + i] = zc_pfn(map + i * ZC_PAGE);
		munmap(map, PAGES * ZC_PAGE);
	}
	qsort(pfn, 2 * PAGES, sizeof(*pfn), compare_pfn);
	for (size_t i = 1; i < 2 * PAGES; i++)
		assert_true(pfn[i - 1] < pfn[i]);
	close(fd[0]);
	close(fd[1]);
}

/* First byte that is not zero, or @len. */
static size_t not_zero(const unsigned char *mem, size_t len)
{
	return mem[0] || memcmp(mem, mem + 1, len - 1) ? 0 : len;
}

/* Leave as much free memory dirty as we can get. */
static int dirty(void *arg)
{
	size_t len = *(size_t *)arg;
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	zc_must(mem != MAP_FAILED);
	memset(mem, 0xa5, len);
	return 0;
}

static void zeroed(void **state)
{
	static const uint32_t sizes[] = { 4096, 65536, 2 << 20 };
	size_t len = zc_available() / 4 * 3 * KiB;
	struct zcdev_query q;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		int fd = zc_open();
		unsigned char *map;
		size_t bytes;

		assert_int_equal(zc_child(dirty, &len), 0);
		assert_int_equal(zc_query(fd, &q), 0);
		bytes = q.out_max_pool_bytes / (4 << 20) * (4 << 20);
		create(fd, bytes / sizes[i], sizes[i], 0);
		map = zc_map(fd, bytes);
		assert_int_equal(not_zero(map, bytes), bytes);
		munmap(map, bytes);
		close(fd);
	}
}

/* What one user wrote into a pool the next does not find in his. */
static int write_canary(void *arg)
{
	int fd = *(int *)arg;
	unsigned char *map;

	zc_must(!zc_pool_create(fd, 4, 2 << 20, 0));
	map = mmap(NULL, 8 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	zc_must(map != MAP_FAILED);
	memset(map, 0xc5, 8 * MiB);
	return 0;
}

static int find_canary(void *arg)
{
	int fd = *(int *)arg;
	unsigned char *map;

	zc_must(!zc_pool_create(fd, 4, 2 << 20, 0));
	map = mmap(NULL, 8 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	zc_must(map != MAP_FAILED);
	return not_zero(map, 8 * MiB) != 8 * MiB;
}

static void no_stale_data(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		int fd = zc_open();

		assert_int_equal(zc_as_user(ZC_NOBODY, 8 * MiB, write_canary,
					    &fd), 0);
		close(fd);
		fd = zc_open();
		assert_int_equal(zc_as_user(ZC_NOBODY + 1, 8 * MiB,
					    find_canary, &fd), 0);
		close(fd);
	}
}

static void memory_returns(void **state)
{
	long before, lost;

	(void)state;
	zc_assert_no_pools();
	before = zc_available();
	for (int i = 0; i < 60; i++) {
		int fd = create(zc_open(), 32, i % 2 ? 1 << 20 : 1 << 16, 0);
		unsigned char *map = zc_map(fd, 32 * 65536);

		memset(map, 1, 32 * 65536);
		close(fd);
		munmap(map, 32 * 65536);
	}
	zc_assert_no_pools();
	/* 960 MiB went through; per-CPU lists and slabs may keep a little. */
	assert_true(zc_wait_until(5, (lost = before - zc_available()) < 8192));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("CONTIGUOUS buffers are one aligned piece", contiguous),
		ZC_TEST("POOL_INFO counts contiguous buffers", info_contiguous),
		ZC_TEST("DMA32 memory is below 4 GiB", dma32),
		ZC_TEST("no page is in two places", distinct),
		ZC_TEST("memory is zeroed, whatever was there", zeroed),
		ZC_TEST("no user sees another's bytes", no_stale_data),
		ZC_TEST("all memory comes back", memory_returns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
