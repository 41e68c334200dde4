/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A disk in memory that can be pulled out.
 *
 * Not one of scsi_debug, which the debug kernel has: lockdep of 6.12 takes the
 * locks of all disks for one, and complains about its removal as such.
 */
#ifndef ZC_NULLB_H
#define ZC_NULLB_H

#include "zc_disk.h"
#include "zc_mem.h"

#define NULLB	"/sys/kernel/config/nullb/zcpull"

/* Of 64 MiB, each request of which takes 10 ms; returns its node. */
static inline const char *nullb_plug(void)
{
	static const char *const path = "/dev/zcpull";
	static const char *const old = "/dev/nullb0";	/* before Linux 5.19 */

	if (access("/sys/module/null_blk", F_OK))
		zc_sh("modprobe -q null_blk nr_devices=0");
	assert_int_equal(mkdir(NULLB, 0755), 0);
	zc_write_file(NULLB "/size", "64");
	zc_write_file(NULLB "/memory_backed", "1");
	zc_write_file(NULLB "/irqmode", "2");
	zc_write_file(NULLB "/completion_nsec", "10000000");
	zc_write_file(NULLB "/power", "1");
	assert_true(zc_wait_until(5, !access(path, F_OK) ||
				  !access(old, F_OK)));
	return access(path, F_OK) ? old : path;
}

static inline void nullb_pull(void)
{
	zc_write_file(NULLB "/power", "0");
}

/* Nobody has it open any more. */
static inline int nullb_remove(void)
{
	rmdir(NULLB);
	return !zc_wait_until(5, !system("rmmod null_blk 2>/dev/null"));
}

#endif /* ZC_NULLB_H */
