/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One device and its mapping, as sweeps through faults have them.
 */
#ifndef ZC_FAULT_DEV_H
#define ZC_FAULT_DEV_H

#include "zc_fault.h"

#define BUF	(16 * KiB)
#define POOL	(4 * BUF)

static int dev = -1;
static unsigned char *map;	/* all of its pool, filled by seed 3 */

static inline void give_back(const void *arg)
{
	(void)arg;
	if (map)
		munmap(map, POOL);
	map = NULL;
	close(dev);
	dev = -1;
	zc_assert_no_pools();
}

static inline bool plain_device(const void *arg)
{
	(void)arg;
	dev = zc_open();
	return true;
}

static inline bool device_with_pool(const void *arg)
{
	(void)arg;
	dev = zc_open_pool(POOL / BUF, BUF);
	return true;
}

/* Nobody holds what is nobody's. */
static inline void assert_free(unsigned int maps)
{
	struct zcdev_pool_info info;

	assert_int_equal(zc_pool_info(dev, &info), 0);
	assert_int_equal(info.out_maps, maps);
	assert_int_equal(info.out_staging, 0);
	assert_int_equal(info.out_in_flight, 0);
	assert_int_equal(info.out_acquired, 0);
	assert_int_equal(info.out_free, info.out_count);
}

static inline bool mapped(const void *arg)
{
	device_with_pool(arg);
	map = zc_map(dev, POOL);
	zc_fill(map, POOL, 3, 0);
	return true;
}

/* Only what the module does can fail. */
static inline int zc_fault_ours(void **state)
{
	(void)state;
	zc_fault_within(zc_find_text("zcdev", NULL), ZC_DEEP);
	zc_fault_pages_before();
	return 0;
}

static inline int zc_fault_over(void **state)
{
	(void)state;
	zc_fault_pages_after();
	return 0;
}

#endif /* ZC_FAULT_DEV_H */
