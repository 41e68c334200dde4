// SPDX-License-Identifier: GPL-2.0
/*
 * Counters, of each pool and of all together.
 *
 * Those of a pool are shared by the transfers that use it. Those of all pools
 * are shared by everybody, so each CPU has its own: they are atomic all the
 * same, so that a task may be moved between CPUs at any time and no lock or
 * retry is needed to read 64 bits anywhere.
 *
 * An end is counted once for each piece that it gives or takes, which is a
 * chunk or, at a socket, what it took at once.
 */
#include "stats.h"

#include <linux/bitops.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include <zcdev_netlink.h>

static DEFINE_PER_CPU(struct zc_stats, stats_total);

#define INDEX(member)	(offsetof(struct zc_counts, member) / sizeof(u64))

static void add(struct zc_stats *stats, size_t index, u64 n)
{
	if (stats)
		atomic64_add(n, &stats->count[index]);
	atomic64_add(n, &raw_cpu_ptr(&stats_total)->count[index]);
}

static void add_some(struct zc_stats *stats, size_t index, u64 n)
{
	if (n)
		add(stats, index, n);
}

/* To one counter for each bit. */
static void add_bits(struct zc_stats *stats, size_t index, u32 bits, u64 n)
{
	for (; n && bits; bits &= bits - 1)
		add(stats, index + __ffs(bits), n);
}

/**
 * zc_stats_began() - a transfer began
 * @stats: of the pool, or NULL if it has none yet
 *
 * Context: any; so all of these.
 */
void zc_stats_began(struct zc_stats *stats)
{
	add(stats, INDEX(transfers), 1);
}

/**
 * zc_stats_failed() - a transfer ended with an error
 * @stats: of the pool, or NULL
 * @error: negative errno
 */
void zc_stats_failed(struct zc_stats *stats, int error)
{
	u32 index = -error;

	add(stats, INDEX(failure) + (index < ZC_STATS_ERRNOS ? index : 0), 1);
}

/**
 * zc_stats_refused() - a transfer did not even begin
 * @stats: of the pool, or NULL
 * @error: negative errno
 */
void zc_stats_refused(struct zc_stats *stats, int error)
{
	add(stats, INDEX(refused), 1);
	zc_stats_failed(stats, error);
}

/**
 * zc_stats_waited() - a transfer is going to sleep
 * @stats: of the pool, or NULL
 * @for_buffers: it could go on if there were buffers
 */
void zc_stats_waited(struct zc_stats *stats, bool for_buffers)
{
	add(stats, INDEX(waits), 1);
	if (for_buffers)
		add(stats, INDEX(buffer_waits), 1);
}

/**
 * zc_stats_moved() - bytes passed an end
 * @stats: of the pool, or NULL
 * @role: enum zcdev_role
 * @moved: how they did
 */
void zc_stats_moved(struct zc_stats *stats, u32 role,
		    const struct zc_moved *moved)
{
	size_t flow = role == ZCDEV_ROLE_SOURCE ?
		      INDEX(flow[ZCDEV_ROLE_SOURCE]) :
		      INDEX(flow[ZCDEV_ROLE_SINK]);

#define FLOW(member)	(flow + offsetof(struct zc_flow, member) / sizeof(u64))
	add_some(stats, FLOW(zerocopy), moved->zerocopy);
	add_some(stats, FLOW(unverified), moved->unverified);
	add_some(stats, FLOW(copied), moved->copied);
	add_some(stats, FLOW(offloaded), moved->offloaded);
	add_bits(stats, FLOW(path), moved->paths, zc_moved_bytes(moved));
	add_bits(stats, FLOW(reason), moved->reasons,
		 moved->copied + moved->unverified);
#undef FLOW
}

static void sum(const struct zc_stats *stats, struct zc_counts *counts)
{
	u64 *to = (u64 *)counts;
	size_t i;

	for (i = 0; i < ZC_COUNTS; i++)
		to[i] += atomic64_read(&stats->count[i]);
}

/**
 * zc_stats_read() - what the counters say now
 * @stats: of a pool
 * @counts: set
 */
void zc_stats_read(const struct zc_stats *stats, struct zc_counts *counts)
{
	memset(counts, 0, sizeof(*counts));
	sum(stats, counts);
}

/**
 * zc_stats_read_total() - what the counters of all pools say now
 * @counts: set
 *
 * Those of pools that are gone are in it.
 */
void zc_stats_read_total(struct zc_counts *counts)
{
	int cpu;

	memset(counts, 0, sizeof(*counts));
	for_each_possible_cpu(cpu)
		sum(per_cpu_ptr(&stats_total, cpu), counts);
}
