// SPDX-License-Identifier: GPL-2.0
/*
 * Lists of pools and transfers, for those who ask.
 *
 * Ids are handed out in turn, so one is not used again before all others were.
 * Who walks a list remembers the id it has come to, not an object: whatever
 * comes and goes meanwhile, what stays is met once. Each step costs a look-up.
 */
#include "registry.h"

/**
 * zc_registry_add() - list an object
 * @registry: the list
 * @entry: of the object, which is complete
 *
 * Context: process; sleeps.
 * Return: 0, or -ENOMEM.
 */
int zc_registry_add(struct zc_registry *registry, struct zc_entry *entry)
{
	int ret;

	refcount_set(&entry->users, 1);
	init_completion(&entry->unused);
	ret = xa_alloc_cyclic(&registry->entries, &entry->id, entry,
			      XA_LIMIT(1, U32_MAX), &registry->next,
			      GFP_KERNEL_ACCOUNT);
	return ret < 0 ? -ENOMEM : 0;
}

/**
 * zc_registry_put() - done with what zc_registry_get() or _next() returned
 * @entry: the entry
 *
 * Context: any.
 */
void zc_registry_put(struct zc_entry *entry)
{
	if (refcount_dec_and_test(&entry->users))
		complete(&entry->unused);
}

/**
 * zc_registry_del() - take an object off the list
 * @registry: the list
 * @entry: of the object
 *
 * Waits until nobody looks at the object any more.
 *
 * Context: process; holds nothing that somebody who looks at it takes.
 */
void zc_registry_del(struct zc_registry *registry, struct zc_entry *entry)
{
	xa_erase(&registry->entries, entry->id);
	zc_registry_put(entry);
	wait_for_completion(&entry->unused);
}

/**
 * zc_registry_next() - the first object from an id on
 * @registry: the list
 * @from: the id
 *
 * Context: process.
 * Return: NULL, or an entry to be given back soon with zc_registry_put().
 */
struct zc_entry *zc_registry_next(struct zc_registry *registry, u64 from)
{
	unsigned long id = from;
	struct zc_entry *entry;

	if (from > U32_MAX)
		return NULL;
	xa_lock(&registry->entries);
	/* What is listed has the reference of the list. */
	entry = xa_find(&registry->entries, &id, U32_MAX, XA_PRESENT);
	if (entry)
		refcount_inc(&entry->users);
	xa_unlock(&registry->entries);
	return entry;
}

/**
 * zc_registry_get() - the object with an id
 * @registry: the list
 * @id: any
 *
 * Context: process.
 * Return: NULL, or an entry to be given back soon with zc_registry_put().
 */
struct zc_entry *zc_registry_get(struct zc_registry *registry, u32 id)
{
	struct zc_entry *entry;

	xa_lock(&registry->entries);
	entry = xa_load(&registry->entries, id);
	if (entry)
		refcount_inc(&entry->users);
	xa_unlock(&registry->entries);
	return entry;
}
