// SPDX-License-Identifier: GPL-2.0
/*
 * Lists of pools and transfers, for those who ask.
 *
 * Ids are handed out in turn, so one is not used again before all others were.
 * Who walks a list remembers the id it has come to, not an object: whatever
 * comes and goes meanwhile, what stays is met once. Each step costs a look-up.
 *
 * A tree, since it needs no memory of its own: a transfer is listed and taken
 * off again for each call, however short.
 */
#include "registry.h"

static struct zc_entry *entry_of(struct rb_node *node)
{
	return rb_entry(node, struct zc_entry, node);
}

/* Returns false if its id is in use. */
static bool insert(struct zc_registry *registry, struct zc_entry *entry)
{
	struct rb_node **link = &registry->entries.rb_node, *parent = NULL;

	while (*link) {
		const struct zc_entry *other = entry_of(*link);

		if (entry->id == other->id)
			return false;
		parent = *link;
		link = entry->id < other->id ? &parent->rb_left :
					       &parent->rb_right;
	}
	rb_link_node(&entry->node, parent, link);
	rb_insert_color(&entry->node, &registry->entries);
	return true;
}

/**
 * zc_registry_add() - list an object
 * @registry: the list
 * @entry: of the object, which is complete
 *
 * Context: process.
 */
void zc_registry_add(struct zc_registry *registry, struct zc_entry *entry)
{
	refcount_set(&entry->users, 1);
	init_completion(&entry->unused);
	spin_lock(&registry->lock);
	/* Ends: there are more ids than could ever be listed. */
	do {
		entry->id = registry->next++ ?: registry->next++;
	} while (!insert(registry, entry));
	spin_unlock(&registry->lock);
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
	spin_lock(&registry->lock);
	rb_erase(&entry->node, &registry->entries);
	spin_unlock(&registry->lock);
	zc_registry_put(entry);
	wait_for_completion(&entry->unused);
}

/* The first with this id or a greater one. */
static struct zc_entry *find_from(const struct zc_registry *registry, u64 from)
{
	struct rb_node *node = registry->entries.rb_node;
	struct zc_entry *found = NULL;

	while (node) {
		struct zc_entry *entry = entry_of(node);

		if (entry->id >= from) {
			found = entry;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
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
	struct zc_entry *entry;

	spin_lock(&registry->lock);
	entry = find_from(registry, from);
	/* What is listed has the reference of the list. */
	if (entry)
		refcount_inc(&entry->users);
	spin_unlock(&registry->lock);
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
	struct zc_entry *entry = zc_registry_next(registry, id);

	if (!entry || entry->id == id)
		return entry;
	zc_registry_put(entry);
	return NULL;
}
