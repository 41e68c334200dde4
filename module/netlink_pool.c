// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: pools, with their geometry and what their buffers are doing.
 */
#include "netlink.h"

#include <zcdev.h>
#include <zcdev_netlink.h>

#include "pool.h"
#include "registry.h"

#define POOL_SIZE	512

static int put_geometry(struct sk_buff *skb, const struct zcdev_pool_info *info)
{
	if (nla_put_u32(skb, ZCDEV_A_POOL_FLAGS, info->out_pool_flags) ||
	    nla_put_u32(skb, ZCDEV_A_POOL_COUNT, info->out_count) ||
	    nla_put_u32(skb, ZCDEV_A_POOL_BUF_SIZE, info->out_buf_size) ||
	    nla_put_s32(skb, ZCDEV_A_POOL_NODE, info->out_node) ||
	    nla_put_u32(skb, ZCDEV_A_POOL_CONTIGUOUS, info->out_contiguous))
		return -EMSGSIZE;
	return 0;
}

static int put_use(struct sk_buff *skb, const struct zcdev_pool_info *info)
{
	if (nla_put_u32(skb, ZCDEV_A_POOL_FREE, info->out_free) ||
	    nla_put_u32(skb, ZCDEV_A_POOL_ACQUIRED, info->out_acquired) ||
	    nla_put_u32(skb, ZCDEV_A_POOL_STAGING, info->out_staging) ||
	    nla_put_u32(skb, ZCDEV_A_POOL_IN_FLIGHT, info->out_in_flight) ||
	    nla_put_u32(skb, ZCDEV_A_POOL_MAPS, info->out_maps) ||
	    nla_put_u64_64bit(skb, ZCDEV_A_POOL_CHARGED, info->out_charged,
			      ZCDEV_A_POOL_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_pool(struct zc_row *row, const struct zc_pool *pool,
		    const struct zcdev_pool_info *info,
		    const struct zc_pool_state *state)
{
	if (nla_put_u32(row->skb, ZCDEV_A_POOL_ID, pool->entry.id) ||
	    zc_row_put_owner(row, &pool->owner, ZCDEV_A_POOL_OWNER_UID,
			     ZCDEV_A_POOL_OWNER_PID, ZCDEV_A_POOL_OWNER_COMM) ||
	    put_geometry(row->skb, info) || put_use(row->skb, info) ||
	    nla_put_u64_64bit(row->skb, ZCDEV_A_POOL_HELD, state->held,
			      ZCDEV_A_POOL_PAD))
		return -EMSGSIZE;
	return state->draining ?
	       nla_put_flag(row->skb, ZCDEV_A_POOL_DRAINING) : 0;
}

static int fill_pool(struct zc_row *row, void *entry)
{
	struct zc_pool *pool = container_of(entry, struct zc_pool, entry);
	struct zcdev_pool_info info = {};
	struct zc_pool_state state;
	void *hdr;

	/* The buffers are looked at, which takes time: not for nothing. */
	if (skb_tailroom(row->skb) < POOL_SIZE)
		return -EMSGSIZE;
	hdr = zc_row_begin(row, ZCDEV_CMD_POOL_GET);
	if (!hdr)
		return -EMSGSIZE;
	zc_pool_look(pool, &info, &state);
	return zc_row_end(row, hdr, put_pool(row, pool, &info, &state));
}

/**
 * zc_netlink_pool_get() - ZCDEV_CMD_POOL_GET, one
 * @skb: the request
 * @info: likewise
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int zc_netlink_pool_get(struct sk_buff *skb, struct genl_info *info)
{
	struct zc_entry *entry;
	int ret;

	entry = zc_netlink_find(info, ZCDEV_A_POOL_ID, &zc_pools);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	ret = zc_netlink_reply(skb, info, POOL_SIZE, fill_pool, entry);
	zc_registry_put(entry);
	return ret;
}

/**
 * zc_netlink_pool_dump() - ZCDEV_CMD_POOL_GET, all
 * @skb: where to
 * @cb: the dump
 *
 * Context: process.
 * Return: as zc_netlink_dump().
 */
int zc_netlink_pool_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return zc_netlink_dump(skb, cb, &zc_pools, fill_pool);
}
