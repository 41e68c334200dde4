// SPDX-License-Identifier: GPL-2.0
/*
 * The simplest program: open, mmap, use. The pool is made by the first mmap()
 * and never changes after.
 */
#include "zc_mem.h"

static void sizes(void **state)
{
	static const size_t lens[] = {
		1, 4095, 4096, 4097, 5000, 12288, 65536, 65537, 1 << 20,
		(1 << 20) + 1, 3 << 20, 4 << 20, 5 << 20, (8 << 20) - 1,
		8 << 20, (8 << 20) + 1, 33 << 20,
	};
	struct zcdev_query q;

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		size_t len = lens[i], pages = (len + 4095) / 4096 * 4096;
		struct zcdev_pool_info info;
		int fd = zc_open();
		unsigned char *map;
		uint64_t bytes;

		assert_int_equal(zc_query(fd, &q), 0);
		map = zc_map(fd, len);
		assert_int_equal(zc_pool_info(fd, &info), 0);
		bytes = (uint64_t)info.out_count * info.out_buf_size;
		/* All of it, and less than one buffer more. */
		assert_true(bytes >= pages);
		assert_true(bytes - info.out_buf_size < pages);
		if (len >= q.out_default_buf_size)
			assert_int_equal(info.out_buf_size,
					 q.out_default_buf_size);
		else	/* a small one is one buffer */
			assert_int_equal(info.out_count, 1);
		zc_fill(map, pages, 1, 0);
		assert_int_equal(zc_differs(map, pages, 1, 0), pages);
		munmap(map, len);
		close(fd);
	}
}

static void never_resized(void **state)
{
	struct zcdev_pool_info before, after;
	int fd = zc_open();
	unsigned char *map = zc_map(fd, 16384), *more;

	(void)state;
	map[0] = 42;
	assert_int_equal(zc_pool_info(fd, &before), 0);
	more = mmap(NULL, 32768, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_equal(more, MAP_FAILED);
	assert_int_equal(errno, ENXIO);
	munmap(map, 16384);
	/* Not even when nothing is mapped any more. */
	more = mmap(NULL, 32768, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_equal(more, MAP_FAILED);
	assert_int_equal(errno, ENXIO);
	zc_assert_errno(zc_pool_create(fd, 1, 4096, 0), EEXIST, "create");
	assert_int_equal(zc_pool_info(fd, &after), 0);
	assert_int_equal(before.out_maps, 1);
	assert_int_equal(after.out_maps, 0);
	after.out_maps = before.out_maps;
	assert_memory_equal(&before, &after, sizeof(before));
	map = zc_map(fd, 4096);
	assert_int_equal(map[0], 42);
	munmap(map, 4096);
	close(fd);
}

static void needs_offset_0(void **state)
{
	struct zcdev_pool_info info;
	int fd = zc_open();

	(void)state;
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 4096),
			 MAP_FAILED);
	assert_int_equal(errno, ENXIO);
	zc_assert_errno(zc_pool_info(fd, &info), ENXIO, "no pool");
	close(fd);
}

static void too_large(void **state)
{
	struct zcdev_pool_info info;
	struct zcdev_query q;
	int fd = zc_open();

	(void)state;
	assert_int_equal(zc_query(fd, &q), 0);
	assert_ptr_equal(mmap(NULL, q.out_max_pool_bytes + (4 << 20), PROT_READ,
			      MAP_SHARED, fd, 0), MAP_FAILED);
	assert_int_equal(errno, ENOSPC);
	assert_ptr_equal(mmap(NULL, 1UL << 46, PROT_READ, MAP_SHARED, fd, 0),
			 MAP_FAILED);
	assert_int_equal(errno, ENOSPC);
	zc_assert_errno(zc_pool_info(fd, &info), ENXIO, "no pool");
	assert_int_equal(zc_total_bytes(fd), 0);
	close(fd);
}

/* The default geometry is a parameter; nonsense in it counts as its bound. */
static void default_geometry(void **state)
{
	static const struct {
		const char *kib;
		uint32_t buf_size;
	} rows[] = {
		{ "64", 64 << 10 }, { "4", 4096 }, { "4096", 4 << 20 },
		{ "0", 4096 }, { "3", 4096 }, { "100", 64 << 10 },
		{ "5000", 4 << 20 }, { "4294967295", 4 << 20 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct zcdev_query q;
		struct zcdev_pool_info info;
		int fd = zc_open();

		zc_param("default_buf_kib", rows[i].kib);
		assert_int_equal(zc_query(fd, &q), 0);
		munmap(zc_map(fd, 8 << 20), 8 << 20);
		assert_int_equal(zc_pool_info(fd, &info), 0);
		close(fd);
		assert_int_equal(q.out_default_buf_size, rows[i].buf_size);
		assert_int_equal(info.out_buf_size, rows[i].buf_size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("mmap makes a pool of that size, in whole buffers",
			sizes),
		ZC_TEST("a second mmap never resizes", never_resized),
		ZC_TEST("only from offset 0", needs_offset_0),
		ZC_TEST("beyond the cap is ENOSPC", too_large),
		ZC_TEST_PARAMS("the default geometry is a parameter",
			       default_geometry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
