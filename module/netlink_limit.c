// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: limits, and what counts against them.
 */
#include "netlink.h"

#include <linux/capability.h>
#include <linux/cred.h>

#include <zcdev_netlink.h>

#include "account.h"
#include "limit.h"

#define LIMIT_SIZE	256

static const int limit_attr[ZC_LIMITS] = {
	[ZC_LIMIT_POOL]		= ZCDEV_A_LIMIT_POOL_MAX,
	[ZC_LIMIT_USER]		= ZCDEV_A_LIMIT_USER_MAX,
	[ZC_LIMIT_TOTAL]	= ZCDEV_A_LIMIT_TOTAL_MAX,
};

static int put_bytes(struct sk_buff *skb, int attr, u64 bytes)
{
	return nla_put_u64_64bit(skb, attr, bytes, ZCDEV_A_LIMIT_PAD);
}

static int put_limits(struct zc_row *row)
{
	u64 held = zc_account_user(row->asker->cred->uid);
	enum zc_limit i;

	for (i = 0; i < ZC_LIMITS; i++)
		if (put_bytes(row->skb, limit_attr[i], zc_limit(i)))
			return -EMSGSIZE;
	if (put_bytes(row->skb, ZCDEV_A_LIMIT_USER_HELD, held) ||
	    put_bytes(row->skb, ZCDEV_A_LIMIT_TOTAL_HELD, zc_account_total()))
		return -EMSGSIZE;
	return 0;
}

static int fill_limits(struct zc_row *row, void *object)
{
	void *hdr = zc_row_begin(row, ZCDEV_CMD_LIMIT_GET);

	return hdr ? zc_row_end(row, hdr, put_limits(row)) : -EMSGSIZE;
}

/**
 * zc_netlink_limit_get() - ZCDEV_CMD_LIMIT_GET
 * @skb: the request
 * @info: likewise
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int zc_netlink_limit_get(struct sk_buff *skb, struct genl_info *info)
{
	return zc_netlink_reply(skb, info, LIMIT_SIZE, fill_limits, NULL);
}

/**
 * zc_netlink_limit_set() - ZCDEV_CMD_LIMIT_SET
 * @skb: the request; its sender has CAP_NET_ADMIN
 * @info: likewise
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int zc_netlink_limit_set(struct sk_buff *skb, struct genl_info *info)
{
	bool any = false;
	enum zc_limit i;

	if (!netlink_capable(skb, CAP_SYS_RESOURCE)) {
		GENL_SET_ERR_MSG(info, "to set a limit takes CAP_SYS_RESOURCE");
		return -EPERM;
	}
	for (i = 0; i < ZC_LIMITS; i++) {
		const struct nlattr *attr = info->attrs[limit_attr[i]];

		if (!attr)
			continue;
		zc_limit_set(i, nla_get_u64(attr));
		any = true;
	}
	if (any)
		return 0;
	GENL_SET_ERR_MSG(info, "no limit to set");
	return -EINVAL;
}
