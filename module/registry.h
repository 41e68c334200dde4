/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_REGISTRY_H
#define _ZC_REGISTRY_H

#include <linux/completion.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/xarray.h>

/**
 * struct zc_entry - what makes an object listed: embedded in it
 * @id: never 0; 0 before it is listed
 * @users: the registry, and whoever looks at the object right now
 * @unused: the last of them is gone
 *
 * Not a lifetime of its own: its owner takes the object off the list and waits
 * for those who look, who are quick.
 */
struct zc_entry {
	u32 id;
	refcount_t users;
	struct completion unused;
};

/**
 * struct zc_registry - objects by id
 * @entries: of struct zc_entry; its lock protects @next
 * @next: where the search for a free id begins
 */
struct zc_registry {
	struct xarray entries;
	u32 next;
};

#define ZC_REGISTRY_INIT(name) \
	{ .entries = XARRAY_INIT((name).entries, XA_FLAGS_ALLOC1), .next = 1 }

int zc_registry_add(struct zc_registry *registry, struct zc_entry *entry);
void zc_registry_del(struct zc_registry *registry, struct zc_entry *entry);
struct zc_entry *zc_registry_get(struct zc_registry *registry, u32 id);
struct zc_entry *zc_registry_next(struct zc_registry *registry, u64 from);
void zc_registry_put(struct zc_entry *entry);

#endif /* _ZC_REGISTRY_H */
