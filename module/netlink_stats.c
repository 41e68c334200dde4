// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: counters, of one pool, of each, or of all together.
 */
#include "netlink.h"

#include <linux/slab.h>

#include <zcdev_netlink.h>

#include "pool.h"
#include "registry.h"
#include "stats.h"

/* A key and a count, in a nest; with every padding there can be. */
#define TALLY_SIZE	32
#define STATS_SIZE \
	(512 + TALLY_SIZE * (ZC_STATS_ERRNOS + \
			     2 * (ZC_STATS_PATHS + ZC_STATS_REASONS)))

static int put_tally(struct sk_buff *skb, int attr, u32 key, u64 count)
{
	struct nlattr *nest;

	if (!count)
		return 0;
	nest = nla_nest_start(skb, attr);
	if (!nest || nla_put_u32(skb, ZCDEV_A_TALLY_KEY, key) ||
	    nla_put_u64_64bit(skb, ZCDEV_A_TALLY_COUNT, count,
			      ZCDEV_A_TALLY_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_by_bit(struct sk_buff *skb, int attr, const u64 *counts, u32 nr)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < nr && !ret; i++)
		ret = put_tally(skb, attr, BIT(i), counts[i]);
	return ret;
}

static int put_count(struct sk_buff *skb, int attr, u64 count)
{
	return nla_put_u64_64bit(skb, attr, count, ZCDEV_A_STATS_PAD);
}

static int put_flow(struct sk_buff *skb, int attr, const struct zc_flow *flow)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest ||
	    put_count(skb, ZCDEV_A_FLOW_ZEROCOPY, flow->zerocopy) ||
	    put_count(skb, ZCDEV_A_FLOW_UNVERIFIED, flow->unverified) ||
	    put_count(skb, ZCDEV_A_FLOW_COPIED, flow->copied) ||
	    put_count(skb, ZCDEV_A_FLOW_OFFLOADED, flow->offloaded) ||
	    put_by_bit(skb, ZCDEV_A_FLOW_PATH, flow->path, ZC_STATS_PATHS) ||
	    put_by_bit(skb, ZCDEV_A_FLOW_REASON, flow->reason,
		       ZC_STATS_REASONS))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_failures(struct sk_buff *skb, const u64 *failure)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < ZC_STATS_ERRNOS && !ret; i++)
		ret = put_tally(skb, ZCDEV_A_STATS_FAILURE, i, failure[i]);
	return ret;
}

static int put_counts(struct sk_buff *skb, const struct zc_counts *counts)
{
	if (put_count(skb, ZCDEV_A_STATS_TRANSFERS, counts->transfers) ||
	    put_count(skb, ZCDEV_A_STATS_REFUSED, counts->refused) ||
	    put_flow(skb, ZCDEV_A_STATS_SOURCE,
		     &counts->flow[ZCDEV_ROLE_SOURCE]) ||
	    put_flow(skb, ZCDEV_A_STATS_SINK, &counts->flow[ZCDEV_ROLE_SINK]) ||
	    put_count(skb, ZCDEV_A_STATS_WAITS, counts->waits) ||
	    put_count(skb, ZCDEV_A_STATS_BUFFER_WAITS, counts->buffer_waits))
		return -EMSGSIZE;
	return put_failures(skb, counts->failure);
}

static int fill_counts(struct zc_row *row, u32 pool,
		       const struct zc_counts *counts)
{
	void *hdr = zc_row_begin(row, ZCDEV_CMD_STATS_GET);
	int ret = 0;

	if (!hdr)
		return -EMSGSIZE;
	if (pool)
		ret = nla_put_u32(row->skb, ZCDEV_A_STATS_POOL_ID, pool);
	return zc_row_end(row, hdr, ret ?: put_counts(row->skb, counts));
}

static int fill_pool(struct zc_row *row, void *entry)
{
	struct zc_pool *pool = container_of(entry, struct zc_pool, entry);
	struct zc_counts *counts = kmalloc(sizeof(*counts), GFP_KERNEL);
	int ret;

	if (!counts)
		return -ENOMEM;
	zc_stats_read(&pool->stats, counts);
	ret = fill_counts(row, pool->entry.id, counts);
	kfree(counts);
	return ret;
}

static int fill_total(struct zc_row *row, void *object)
{
	struct zc_counts *counts = kmalloc(sizeof(*counts), GFP_KERNEL);
	int ret;

	if (!counts)
		return -ENOMEM;
	zc_stats_read_total(counts);
	ret = fill_counts(row, 0, counts);
	kfree(counts);
	return ret;
}

/**
 * zc_netlink_stats_get() - ZCDEV_CMD_STATS_GET, one pool or the total
 * @skb: the request
 * @info: likewise
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int zc_netlink_stats_get(struct sk_buff *skb, struct genl_info *info)
{
	struct zc_entry *entry;
	int ret;

	if (!info->attrs[ZCDEV_A_STATS_POOL_ID])
		return zc_netlink_reply(skb, info, STATS_SIZE, fill_total,
					NULL);
	entry = zc_netlink_find(info, ZCDEV_A_STATS_POOL_ID, &zc_pools);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	ret = zc_netlink_reply(skb, info, STATS_SIZE, fill_pool, entry);
	zc_registry_put(entry);
	return ret;
}

/**
 * zc_netlink_stats_start() - begin to dump counters
 * @cb: the dump
 *
 * Context: process, in the system call that sends the request.
 * Return: 0 or an errno.
 */
int zc_netlink_stats_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = STATS_SIZE;
	return zc_netlink_start(cb);
}

/**
 * zc_netlink_stats_dump() - ZCDEV_CMD_STATS_GET, each pool
 * @skb: where to
 * @cb: the dump
 *
 * Context: process.
 * Return: as zc_netlink_dump().
 */
int zc_netlink_stats_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return zc_netlink_dump(skb, cb, &zc_pools, fill_pool);
}
