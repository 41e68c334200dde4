// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: its commands, and what they have in common. What
 * each says is in a file of its own; uapi/zcdev_netlink.yaml describes it all.
 *
 * A dump looks an id up for each row, so what comes or goes meanwhile neither
 * hides nor doubles another row. Nothing is locked between rows.
 */
#include "netlink.h"

#include <linux/module.h>

#include <zcdev_netlink.h>

#include "pool.h"
#include "progress.h"
#include "registry.h"

static struct zc_dump *dump_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct zc_dump) > sizeof(cb->ctx));
	return (struct zc_dump *)cb->ctx;
}

/*
 * Before 6.5 who begins a dump is given no room for words. There the answer is
 * made here, and -EINTR has nobody make another; that goes with 6.4.
 */
static int refuse_dump(struct netlink_callback *cb, const struct nlattr *attr)
{
	struct netlink_ext_ack own = {};

	NL_SET_ERR_MSG_ATTR(cb->extack ?: &own, attr,
			    "a dump takes no attributes");
	if (cb->extack)
		return -EINVAL;
	netlink_ack(cb->skb, (struct nlmsghdr *)cb->nlh, -EINVAL, &own);
	return -EINTR;
}

/**
 * zc_netlink_start() - begin a dump, of everything
 * @cb: the dump
 *
 * Context: process, in the system call that sends the request.
 * Return: 0 or an errno.
 */
int zc_netlink_start(struct netlink_callback *cb)
{
	unsigned int i, max = genl_dumpit_info(cb)->op.maxattr;
	struct nlattr **attrs = genl_info_dump(cb)->attrs;

	for (i = 1; attrs && i <= max; i++)
		if (attrs[i])
			return refuse_dump(cb, attrs[i]);
	dump_of(cb)->next = 0;
	zc_asker_init(&dump_of(cb)->asker, cb->skb);
	return 0;
}

/**
 * zc_netlink_done() - end a dump
 * @cb: the dump; begun
 *
 * Context: process.
 * Return: 0.
 */
int zc_netlink_done(struct netlink_callback *cb)
{
	zc_asker_exit(&dump_of(cb)->asker);
	return 0;
}

/**
 * zc_netlink_dump() - write as many objects as fit
 * @skb: where to
 * @cb: the dump
 * @registry: list of the objects
 * @fill: writes one, given its struct zc_entry
 *
 * Context: process.
 * Return: bytes written, 0 if there are no more, or an errno.
 */
int zc_netlink_dump(struct sk_buff *skb, struct netlink_callback *cb,
		    struct zc_registry *registry, zc_row_fn fill)
{
	struct zc_dump *dump = dump_of(cb);
	struct zc_row row = {
		.skb = skb,
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.flags = NLM_F_MULTI,
		.asker = &dump->asker,
	};
	struct zc_entry *entry;
	int ret;
	u32 id;

	while ((entry = zc_registry_next(registry, dump->next))) {
		ret = fill(&row, entry);
		id = entry->id;
		zc_registry_put(entry);
		if (ret)
			return skb->len ?: ret;
		dump->next = (u64)id + 1;
		cond_resched();
	}
	return skb->len;
}

/**
 * zc_netlink_find() - the object that a request is about
 * @info: the request
 * @attr: the attribute with its id
 * @registry: where it is listed
 *
 * Context: process.
 * Return: to be given back soon with zc_registry_put(), or an errno.
 */
struct zc_entry *zc_netlink_find(struct genl_info *info, int attr,
				 struct zc_registry *registry)
{
	struct zc_entry *entry;

	if (GENL_REQ_ATTR_CHECK(info, attr)) {
		GENL_SET_ERR_MSG(info, "which one? an id is missing");
		return ERR_PTR(-EINVAL);
	}
	entry = zc_registry_get(registry, nla_get_u32(info->attrs[attr]));
	if (entry)
		return entry;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
			    "nothing with this id is listed");
	return ERR_PTR(-ENOENT);
}

/**
 * zc_netlink_reply() - answer a request with one object
 * @request: the message
 * @info: the request
 * @size: bytes that the answer takes at most
 * @fill: writes the object
 * @object: for @fill
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int zc_netlink_reply(struct sk_buff *request, struct genl_info *info,
		     size_t size, zc_row_fn fill, void *object)
{
	struct zc_row row = {
		.skb = genlmsg_new(size, GFP_KERNEL),
		.portid = info->snd_portid,
		.seq = info->snd_seq,
	};
	struct zc_asker asker;
	int ret;

	if (!row.skb)
		return -ENOMEM;
	zc_asker_init(&asker, request);
	row.asker = &asker;
	ret = fill(&row, object);
	zc_asker_exit(&asker);
	if (!ret)
		return genlmsg_reply(row.skb, info);
	nlmsg_free(row.skb);
	return ret;
}

/**
 * zc_row_begin() - begin a message
 * @row: where to
 * @cmd: which
 *
 * Context: any.
 * Return: for zc_row_end(), or NULL if there is no room.
 */
void *zc_row_begin(struct zc_row *row, u8 cmd)
{
	return genlmsg_put(row->skb, row->portid, row->seq, &zc_netlink_family,
			   row->flags, cmd);
}

/**
 * zc_row_end() - end a message, or take it back
 * @row: where to
 * @hdr: what zc_row_begin() returned
 * @ret: 0, or why it is to be taken back
 *
 * Context: any.
 * Return: @ret.
 */
int zc_row_end(struct zc_row *row, void *hdr, int ret)
{
	if (ret)
		genlmsg_cancel(row->skb, hdr);
	else
		genlmsg_end(row->skb, hdr);
	return ret;
}

/**
 * zc_row_put_owner() - say whose an object is, as far as the asker may know
 * @row: where to
 * @owner: who
 * @uid: attribute for the uid
 * @pid: attribute for the pid
 * @comm: attribute for the name of the task
 *
 * Context: any.
 * Return: 0 or -EMSGSIZE.
 */
int zc_row_put_owner(struct zc_row *row, const struct zc_owner *owner, int uid,
		     int pid, int comm)
{
	u32 id;

	if (zc_asker_uid(row->asker, owner, &id) &&
	    nla_put_u32(row->skb, uid, id))
		return -EMSGSIZE;
	if (zc_asker_pid(row->asker, owner, &id) &&
	    nla_put_u32(row->skb, pid, id))
		return -EMSGSIZE;
	if (zc_asker_trusted(row->asker, owner) &&
	    nla_put_string(row->skb, comm, owner->comm))
		return -EMSGSIZE;
	return 0;
}

static const struct nla_policy pool_policy[ZCDEV_A_POOL_ID + 1] = {
	[ZCDEV_A_POOL_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy transfer_policy[ZCDEV_A_TRANSFER_ID + 1] = {
	[ZCDEV_A_TRANSFER_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy stats_policy[ZCDEV_A_STATS_POOL_ID + 1] = {
	[ZCDEV_A_STATS_POOL_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* Not const: before 6.7 a policy could not point at it. */
static struct netlink_range_validation limit_range = {
	.max = S64_MAX,
};

static const struct nla_policy limit_policy[ZCDEV_A_LIMIT_TOTAL_MAX + 1] = {
	[ZCDEV_A_LIMIT_POOL_MAX] = NLA_POLICY_FULL_RANGE(NLA_U64, &limit_range),
	[ZCDEV_A_LIMIT_USER_MAX] = NLA_POLICY_FULL_RANGE(NLA_U64, &limit_range),
	[ZCDEV_A_LIMIT_TOTAL_MAX] = NLA_POLICY_FULL_RANGE(NLA_U64,
							  &limit_range),
};

static const struct genl_ops netlink_ops[] = {
	{
		.cmd	= ZCDEV_CMD_POOL_GET,
		.policy	= pool_policy,
		.maxattr = ZCDEV_A_POOL_ID,
		.doit	= zc_netlink_pool_get,
		.start	= zc_netlink_start,
		.dumpit	= zc_netlink_pool_dump,
		.done	= zc_netlink_done,
	},
	{
		.cmd	= ZCDEV_CMD_TRANSFER_GET,
		.policy	= transfer_policy,
		.maxattr = ZCDEV_A_TRANSFER_ID,
		.doit	= zc_netlink_transfer_get,
		.start	= zc_netlink_transfer_start,
		.dumpit	= zc_netlink_transfer_dump,
		.done	= zc_netlink_done,
	},
	{
		.cmd	= ZCDEV_CMD_TRANSFER_CANCEL,
		.policy	= transfer_policy,
		.maxattr = ZCDEV_A_TRANSFER_ID,
		.doit	= zc_netlink_transfer_cancel,
	},
	{
		.cmd	= ZCDEV_CMD_STATS_GET,
		.policy	= stats_policy,
		.maxattr = ZCDEV_A_STATS_POOL_ID,
		.doit	= zc_netlink_stats_get,
		.start	= zc_netlink_stats_start,
		.dumpit	= zc_netlink_stats_dump,
		.done	= zc_netlink_done,
	},
	{
		.cmd	= ZCDEV_CMD_LIMIT_GET,
		.doit	= zc_netlink_limit_get,
	},
	{
		.cmd	= ZCDEV_CMD_LIMIT_SET,
		.flags	= GENL_ADMIN_PERM,
		.policy	= limit_policy,
		.maxattr = ZCDEV_A_LIMIT_TOTAL_MAX,
		.doit	= zc_netlink_limit_set,
	},
};

static const struct genl_multicast_group netlink_groups[] = {
	{ .name = ZCDEV_MCGRP_EVENTS },
};

struct genl_family zc_netlink_family __ro_after_init = {
	.name		= ZCDEV_FAMILY_NAME,
	.version	= ZCDEV_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.ops		= netlink_ops,
	.n_ops		= ARRAY_SIZE(netlink_ops),
	.mcgrps		= netlink_groups,
	.n_mcgrps	= ARRAY_SIZE(netlink_groups),
	.module		= THIS_MODULE,
};

/**
 * zc_netlink_init() - register the family
 *
 * Return: 0 or an errno.
 */
int __init zc_netlink_init(void)
{
	return genl_register_family(&zc_netlink_family);
}

/** zc_netlink_exit() - no more questions; those that were asked are answered. */
void zc_netlink_exit(void)
{
	genl_unregister_family(&zc_netlink_family);
}

MODULE_ALIAS_GENL_FAMILY(ZCDEV_FAMILY_NAME);
