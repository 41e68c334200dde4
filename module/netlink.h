/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_NETLINK_H
#define _ZC_NETLINK_H

#include <linux/limits.h>
#include <linux/netlink.h>
#include <net/genetlink.h>

#include "owner.h"

struct zc_end;
struct zc_entry;
struct zc_progress;
struct zc_registry;

/* An end in a message is no larger than this, without its name. */
#define ZC_NETLINK_END_SIZE	192

/**
 * struct zc_dump - a dump under way, in struct netlink_callback
 * @next: the least id that was not looked at
 * @asker: who wants to know
 */
struct zc_dump {
	u64 next;
	struct zc_asker asker;
};

/**
 * struct zc_row - a message that is being written, with one object in it
 * @skb: where to
 * @portid: whom it is for
 * @seq: which request it answers
 * @flags: NLM_F_
 * @asker: who wants to know
 */
struct zc_row {
	struct sk_buff *skb;
	u32 portid;
	u32 seq;
	int flags;
	const struct zc_asker *asker;
};

/* Writes all of an object, or nothing and returns -EMSGSIZE. */
typedef int (*zc_row_fn)(struct zc_row *row, void *object);

extern struct genl_family zc_netlink_family;

int zc_netlink_start(struct netlink_callback *cb);
int zc_netlink_done(struct netlink_callback *cb);
int zc_netlink_dump(struct sk_buff *skb, struct netlink_callback *cb,
		    struct zc_registry *registry, zc_row_fn fill);
struct zc_entry *zc_netlink_find(struct genl_info *info, int attr,
				 struct zc_registry *registry);
int zc_netlink_reply(struct sk_buff *request, struct genl_info *info,
		     size_t size, zc_row_fn fill, void *object);

void *zc_row_begin(struct zc_row *row, u8 cmd);
int zc_row_end(struct zc_row *row, void *hdr, int ret);
int zc_row_put_owner(struct zc_row *row, const struct zc_owner *owner, int uid,
		     int pid, int comm);

int zc_netlink_pool_get(struct sk_buff *skb, struct genl_info *info);
int zc_netlink_pool_dump(struct sk_buff *skb, struct netlink_callback *cb);

int zc_netlink_transfer_get(struct sk_buff *skb, struct genl_info *info);
int zc_netlink_transfer_start(struct netlink_callback *cb);
int zc_netlink_transfer_dump(struct sk_buff *skb, struct netlink_callback *cb);
int zc_netlink_transfer_cancel(struct sk_buff *skb, struct genl_info *info);

int zc_netlink_put_end(struct sk_buff *skb, const struct zc_progress *progress,
		       const struct zc_end *end, char *name);
int zc_netlink_put_ends(struct sk_buff *skb, const struct zc_progress *progress,
			char *name);

int zc_netlink_stats_get(struct sk_buff *skb, struct genl_info *info);
int zc_netlink_stats_start(struct netlink_callback *cb);
int zc_netlink_stats_dump(struct sk_buff *skb, struct netlink_callback *cb);

int zc_netlink_limit_get(struct sk_buff *skb, struct genl_info *info);
int zc_netlink_limit_set(struct sk_buff *skb, struct genl_info *info);

int zc_netlink_init(void);
void zc_netlink_exit(void);

#endif /* _ZC_NETLINK_H */
