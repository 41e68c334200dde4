/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_STATS_H
#define _ZC_STATS_H

#include <linux/atomic.h>
#include <linux/types.h>

#include "endpoint.h"

/* Bits of ZCDEV_PATH_ and ZCDEV_REASON_ there are, and room for more. */
#define ZC_STATS_PATHS		10
#define ZC_STATS_REASONS	15
/* Every errno that errno.h names is less. */
#define ZC_STATS_ERRNOS		134

/**
 * struct zc_flow - bytes that passed ends of one role
 * @zerocopy: as in struct zc_moved
 * @unverified: likewise
 * @copied: likewise
 * @offloaded: likewise
 * @path: all of them, by bit of ZCDEV_PATH_
 * @reason: the copied and unverified ones, by bit of ZCDEV_REASON_
 */
struct zc_flow {
	u64 zerocopy;
	u64 unverified;
	u64 copied;
	u64 offloaded;
	u64 path[ZC_STATS_PATHS];
	u64 reason[ZC_STATS_REASONS];
};

/**
 * struct zc_counts - what is counted; all members are u64
 * @transfers: that began
 * @refused: that failed before
 * @waits: how often a transfer slept
 * @buffer_waits: how often it did because all buffers were in use
 * @flow: by enum zcdev_role
 * @failure: by errno; 0 stands for those that errno.h does not name
 */
struct zc_counts {
	u64 transfers;
	u64 refused;
	u64 waits;
	u64 buffer_waits;
	struct zc_flow flow[2];
	u64 failure[ZC_STATS_ERRNOS];
};

#define ZC_COUNTS	(sizeof(struct zc_counts) / sizeof(u64))

/**
 * struct zc_stats - counters: a struct zc_counts that grows
 * @count: its members in order
 */
struct zc_stats {
	atomic64_t count[ZC_COUNTS];
};

void zc_stats_began(struct zc_stats *stats);
void zc_stats_refused(struct zc_stats *stats, int error);
void zc_stats_failed(struct zc_stats *stats, int error);
void zc_stats_waited(struct zc_stats *stats, bool for_buffers);
void zc_stats_moved(struct zc_stats *stats, u32 role,
		    const struct zc_moved *moved);

void zc_stats_read(const struct zc_stats *stats, struct zc_counts *counts);
void zc_stats_read_total(struct zc_counts *counts);

#endif /* _ZC_STATS_H */
