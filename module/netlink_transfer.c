// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: transfers in progress, and how to end one.
 */
#include "netlink.h"

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/slab.h>

#include <zcdev_netlink.h>

#include "end_name.h"
#include "progress.h"
#include "registry.h"

#define TRANSFER_SIZE	512

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, ZCDEV_A_END_PAD);
}

static int put_moved(struct sk_buff *skb, const struct zc_moved *moved)
{
	const struct zc_moved now = zc_moved_look(moved);

	if (nla_put_u32(skb, ZCDEV_A_END_PATHS, now.paths) ||
	    nla_put_u32(skb, ZCDEV_A_END_REASONS, now.reasons) ||
	    put_u64(skb, ZCDEV_A_END_BYTES, zc_moved_bytes(&now)) ||
	    put_u64(skb, ZCDEV_A_END_ZEROCOPY, now.zerocopy) ||
	    put_u64(skb, ZCDEV_A_END_UNVERIFIED, now.unverified) ||
	    put_u64(skb, ZCDEV_A_END_COPIED, now.copied) ||
	    put_u64(skb, ZCDEV_A_END_OFFLOADED, now.offloaded))
		return -EMSGSIZE;
	return 0;
}

static int put_place(struct sk_buff *skb, const struct zc_end *end, char *buf)
{
	u32 pool = zc_end_pool_id(end);
	const char *name;

	if (pool)
		return nla_put_u32(skb, ZCDEV_A_END_POOL_ID, pool);
	name = buf ? zc_end_name(end, buf) : NULL;
	return name ? nla_put_string(skb, ZCDEV_A_END_NAME, name) : 0;
}

static u32 index_of(const struct zc_progress *progress,
		    const struct zc_end *end)
{
	return end == progress->source ? 0 : 1 + (end - progress->sink);
}

/**
 * zc_netlink_put_end() - write one end of a transfer
 * @skb: where to
 * @progress: the transfer
 * @end: the end
 * @buf: PATH_MAX bytes, or NULL: its name is not to be told
 *
 * Context: process.
 * Return: 0 or -EMSGSIZE.
 */
int zc_netlink_put_end(struct sk_buff *skb, const struct zc_progress *progress,
		       const struct zc_end *end, char *buf)
{
	struct nlattr *nest = nla_nest_start(skb, ZCDEV_A_TRANSFER_END);
	int error = READ_ONCE(end->error);

	if (!nest ||
	    nla_put_u32(skb, ZCDEV_A_END_INDEX, index_of(progress, end)) ||
	    nla_put_u32(skb, ZCDEV_A_END_ROLE, zc_progress_role(end)) ||
	    nla_put_u32(skb, ZCDEV_A_END_KIND, end->kind) ||
	    put_place(skb, end, buf) ||
	    (error && nla_put_u32(skb, ZCDEV_A_END_ERROR, -error)) ||
	    put_moved(skb, &end->moved))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * zc_netlink_put_ends() - write all ends of a transfer
 * @skb: where to
 * @progress: the transfer
 * @buf: PATH_MAX bytes, or NULL: names are not to be told
 *
 * Context: process.
 * Return: 0 or -EMSGSIZE.
 */
int zc_netlink_put_ends(struct sk_buff *skb, const struct zc_progress *progress,
			char *buf)
{
	int ret = zc_netlink_put_end(skb, progress, progress->source, buf);
	u32 i;

	for (i = 0; i < progress->sinks && !ret; i++)
		ret = zc_netlink_put_end(skb, progress, &progress->sink[i],
					 buf);
	return ret;
}

/* A file system clones more in no time than 64 bits hold, and division traps. */
static u64 per_second(u64 bytes, u64 ns)
{
	if (mul_u64_u64_shr(bytes, NSEC_PER_SEC, 64) >= ns)
		return U64_MAX;
	return mul_u64_u64_div_u64(bytes, NSEC_PER_SEC, ns);
}

static int put_counts(struct sk_buff *skb, struct zc_progress *progress)
{
	u64 elapsed = ktime_get_ns() - progress->begin;
	u64 bytes = zc_progress_bytes(progress);
	u64 rate = per_second(bytes, elapsed ?: 1);

	if (put_u64(skb, ZCDEV_A_TRANSFER_BYTES, bytes) ||
	    put_u64(skb, ZCDEV_A_TRANSFER_ELAPSED, elapsed) ||
	    put_u64(skb, ZCDEV_A_TRANSFER_RATE, rate) ||
	    (zc_progress_cancelled(progress) &&
	     nla_put_flag(skb, ZCDEV_A_TRANSFER_CANCELLED)))
		return -EMSGSIZE;
	return 0;
}

static int put_transfer(struct zc_row *row, struct zc_progress *progress,
			char *buf)
{
	u32 pool = zc_progress_pool(progress);
	struct sk_buff *skb = row->skb;

	if (nla_put_u32(skb, ZCDEV_A_TRANSFER_ID, progress->entry.id) ||
	    (pool && nla_put_u32(skb, ZCDEV_A_TRANSFER_POOL_ID, pool)) ||
	    zc_row_put_owner(row, &progress->owner,
			     ZCDEV_A_TRANSFER_OWNER_UID,
			     ZCDEV_A_TRANSFER_OWNER_PID,
			     ZCDEV_A_TRANSFER_OWNER_COMM) ||
	    nla_put_u32(skb, ZCDEV_A_TRANSFER_FLAGS, progress->flags) ||
	    (progress->len != ZCDEV_TO_END &&
	     put_u64(skb, ZCDEV_A_TRANSFER_LEN, progress->len)) ||
	    put_counts(skb, progress))
		return -EMSGSIZE;
	return zc_netlink_put_ends(skb, progress, buf);
}

static int try_transfer(struct zc_row *row, struct zc_progress *progress,
			char *buf)
{
	void *hdr = zc_row_begin(row, ZCDEV_CMD_TRANSFER_GET);

	return hdr ? zc_row_end(row, hdr, put_transfer(row, progress, buf)) :
		     -EMSGSIZE;
}

/* Rather no names than no row, if all are so long that no message has room. */
static int fill_transfer(struct zc_row *row, void *entry)
{
	struct zc_progress *progress = container_of(entry, struct zc_progress,
						    entry);
	char *buf = NULL;
	int ret;

	if (zc_asker_trusted(row->asker, &progress->owner)) {
		buf = kmalloc(PATH_MAX, GFP_KERNEL);
		if (!buf)
			return -ENOMEM;
	}
	ret = try_transfer(row, progress, buf);
	kfree(buf);
	if (ret && buf && !row->skb->len)
		ret = try_transfer(row, progress, NULL);
	return ret;
}

static size_t transfer_size(u32 ends)
{
	return TRANSFER_SIZE + ends * (ZC_NETLINK_END_SIZE + PATH_MAX);
}

/**
 * zc_netlink_transfer_get() - ZCDEV_CMD_TRANSFER_GET, one
 * @skb: the request
 * @info: likewise
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int zc_netlink_transfer_get(struct sk_buff *skb, struct genl_info *info)
{
	struct zc_progress *progress;
	struct zc_entry *entry;
	int ret;

	entry = zc_netlink_find(info, ZCDEV_A_TRANSFER_ID, &zc_transfers);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	progress = container_of(entry, struct zc_progress, entry);
	ret = zc_netlink_reply(skb, info, transfer_size(1 + progress->sinks),
			       fill_transfer, entry);
	zc_registry_put(entry);
	return ret;
}

/**
 * zc_netlink_transfer_start() - begin to dump transfers
 * @cb: the dump
 *
 * Context: process, in the system call that sends the request.
 * Return: 0 or an errno.
 */
int zc_netlink_transfer_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = transfer_size(2);
	return zc_netlink_start(cb);
}

/**
 * zc_netlink_transfer_dump() - ZCDEV_CMD_TRANSFER_GET, all
 * @skb: where to
 * @cb: the dump
 *
 * Context: process.
 * Return: as zc_netlink_dump().
 */
int zc_netlink_transfer_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return zc_netlink_dump(skb, cb, &zc_transfers, fill_transfer);
}

static bool may_cancel(struct sk_buff *request,
		       const struct zc_progress *progress)
{
	struct zc_asker asker;
	bool may;

	zc_asker_init(&asker, request);
	may = zc_asker_trusted(&asker, &progress->owner);
	zc_asker_exit(&asker);
	return may;
}

/**
 * zc_netlink_transfer_cancel() - ZCDEV_CMD_TRANSFER_CANCEL
 * @skb: the request
 * @info: likewise
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int zc_netlink_transfer_cancel(struct sk_buff *skb, struct genl_info *info)
{
	struct zc_progress *progress;
	struct zc_entry *entry;
	int ret = 0;

	entry = zc_netlink_find(info, ZCDEV_A_TRANSFER_ID, &zc_transfers);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	progress = container_of(entry, struct zc_progress, entry);
	if (may_cancel(skb, progress)) {
		zc_progress_cancel(progress);
	} else {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[ZCDEV_A_TRANSFER_ID],
				    "the transfer is somebody else's");
		ret = -EPERM;
	}
	zc_registry_put(entry);
	return ret;
}
