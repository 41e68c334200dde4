// SPDX-License-Identifier: GPL-2.0
/*
 * What the multicast group hears: ids and counts, of what was created in the
 * listener's network namespace. Anybody there may listen, so nothing else is
 * told. An event that finds no memory is lost, which its listeners see as they
 * see an overrun.
 */
#include "event.h"

#include <linux/ktime.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include <zcdev_netlink.h>

#include "netlink.h"
#include "netns.h"
#include "pool.h"
#include "progress.h"

/* One group, the first. */
#define GROUP	0

/* Room for a message with @ends ends; if there is none, listeners are told. */
static struct sk_buff *event_new(struct net *net, u8 cmd, u32 ends, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(256 + ends * ZC_NETLINK_END_SIZE,
					  GFP_KERNEL);

	if (!skb) {
		genl_set_err(&zc_netlink_family, net, 0, GROUP, -ENOBUFS);
		return NULL;
	}
	*hdr = genlmsg_put(skb, 0, 0, &zc_netlink_family, 0, cmd);
	return skb;
}

/* @ret is what became of the attributes. */
static void event_send(struct net *net, struct sk_buff *skb, void *hdr, int ret)
{
	if (WARN_ON_ONCE(ret)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, hdr);
	genlmsg_multicast_netns(&zc_netlink_family, net, skb, 0, GROUP,
				GFP_KERNEL);
}

static bool heard(struct net *net)
{
	return genl_has_listeners(&zc_netlink_family, net, GROUP);
}

static int put_pool(struct sk_buff *skb, const struct zc_pool *pool)
{
	if (nla_put_u32(skb, ZCDEV_A_POOL_ID, pool->entry.id) ||
	    nla_put_u32(skb, ZCDEV_A_POOL_COUNT, pool->count) ||
	    nla_put_u32(skb, ZCDEV_A_POOL_BUF_SIZE, pool->buf_size) ||
	    nla_put_u64_64bit(skb, ZCDEV_A_POOL_HELD, zc_pool_held(pool),
			      ZCDEV_A_POOL_PAD))
		return -EMSGSIZE;
	return 0;
}

/**
 * zc_event_pool() - something happened to a pool
 * @pool: the pool
 * @cmd: what: ZCDEV_CMD_POOL_*_NTF
 *
 * Context: process; may be called under mmap_lock.
 */
void zc_event_pool(struct zc_pool *pool, u8 cmd)
{
	struct net *net = zc_netns_get_net(pool->netns);
	struct sk_buff *skb;
	void *hdr;

	if (!net)
		return;
	if (heard(net)) {
		skb = event_new(net, cmd, 0, &hdr);
		if (skb)
			event_send(net, skb, hdr, put_pool(skb, pool));
	}
	put_net(net);
}

/* The transferring task is in the namespace that hears of it. */
static struct net *current_net(void)
{
	return current->nsproxy->net_ns;
}

static int put_transfer(struct sk_buff *skb, struct zc_progress *progress)
{
	u32 pool = zc_progress_pool(progress);

	if (nla_put_u32(skb, ZCDEV_A_TRANSFER_ID, progress->entry.id) ||
	    (pool && nla_put_u32(skb, ZCDEV_A_TRANSFER_POOL_ID, pool)))
		return -EMSGSIZE;
	return 0;
}

static int put_bytes(struct sk_buff *skb, u64 bytes)
{
	return nla_put_u64_64bit(skb, ZCDEV_A_TRANSFER_BYTES, bytes,
				 ZCDEV_A_TRANSFER_PAD);
}

static int put_end_of_transfer(struct sk_buff *skb,
			       struct zc_progress *progress, u64 bytes,
			       int error)
{
	if (put_transfer(skb, progress) || put_bytes(skb, bytes) ||
	    nla_put_u64_64bit(skb, ZCDEV_A_TRANSFER_ELAPSED,
			      ktime_get_ns() - progress->begin,
			      ZCDEV_A_TRANSFER_PAD) ||
	    (error && nla_put_u32(skb, ZCDEV_A_TRANSFER_ERROR, -error)))
		return -EMSGSIZE;
	return zc_netlink_put_ends(skb, progress, NULL);
}

/**
 * zc_event_transfer_begin() - a transfer began
 * @progress: the transfer
 *
 * Context: the transferring task; so all of these.
 */
void zc_event_transfer_begin(struct zc_progress *progress)
{
	struct sk_buff *skb;
	void *hdr;

	if (!heard(current_net()))
		return;
	skb = event_new(current_net(), ZCDEV_CMD_TRANSFER_BEGIN_NTF,
			1 + progress->sinks, &hdr);
	if (skb)
		event_send(current_net(), skb, hdr,
			   put_transfer(skb, progress) ?:
			   zc_netlink_put_ends(skb, progress, NULL));
}

/**
 * zc_event_transfer_fallback() - an end copies for a new reason
 * @progress: the transfer
 * @end: the end
 */
void zc_event_transfer_fallback(struct zc_progress *progress,
				const struct zc_end *end)
{
	struct sk_buff *skb;
	void *hdr;

	if (!heard(current_net()))
		return;
	skb = event_new(current_net(), ZCDEV_CMD_TRANSFER_FALLBACK_NTF, 1,
			&hdr);
	if (skb)
		event_send(current_net(), skb, hdr,
			   put_transfer(skb, progress) ?:
			   put_bytes(skb, zc_progress_bytes(progress)) ?:
			   zc_netlink_put_end(skb, progress, end, NULL));
}

/**
 * zc_event_transfer_end() - a transfer is over
 * @progress: the transfer
 * @bytes: by how much the source moved on
 * @error: 0, or the negative errno that ended it
 */
void zc_event_transfer_end(struct zc_progress *progress, u64 bytes, int error)
{
	struct sk_buff *skb;
	void *hdr;

	if (!heard(current_net()))
		return;
	skb = event_new(current_net(), ZCDEV_CMD_TRANSFER_END_NTF,
			1 + progress->sinks, &hdr);
	if (skb)
		event_send(current_net(), skb, hdr,
			   put_end_of_transfer(skb, progress, bytes, error));
}
