/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_REGISTRY_H
#define _ZC_REGISTRY_H

#include <linux/completion.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct zc_entry - what makes an object listed: embedded in it
 * @node: in the registry
 * @id: never 0; 0 before it is listed
 * @users: the registry, and whoever looks at the object right now
 * @unused: the last of them is gone
 *
 * Not a lifetime of its own: its owner takes the object off the list and waits
 * for those who look, who are quick.
 */
struct zc_entry {
	struct rb_node node;
	u32 id;
	refcount_t users;
	struct completion unused;
};

/**
 * struct zc_registry - objects by id
 * @lock: protects the rest; innermost
 * @entries: of struct zc_entry, by id
 * @next: where the search for a free id begins
 */
struct zc_registry {
	spinlock_t lock;	/* the rest */
	struct rb_root entries;
	u32 next;
};

#define ZC_REGISTRY_INIT(name) \
	{ .lock = __SPIN_LOCK_UNLOCKED((name).lock), .entries = RB_ROOT, \
	  .next = 1 }

void zc_registry_add(struct zc_registry *registry, struct zc_entry *entry);
void zc_registry_del(struct zc_registry *registry, struct zc_entry *entry);
struct zc_entry *zc_registry_get(struct zc_registry *registry, u32 id);
struct zc_entry *zc_registry_next(struct zc_registry *registry, u64 from);
void zc_registry_put(struct zc_entry *entry);

#endif /* _ZC_REGISTRY_H */
