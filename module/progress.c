// SPDX-License-Identifier: GPL-2.0
/*
 * Transfers in progress: listed, counted, told of, and cancelled.
 *
 * A transfer is an ioctl under way. From its first byte to its last it is in a
 * list, where others find it: what they read there changes under their eyes,
 * but each number by itself is a true one. It leaves the list before anything
 * that they could look at goes.
 */
#include "progress.h"

#include <linux/ktime.h>
#include <linux/sched.h>

#include <zcdev_netlink.h>

#include "event.h"
#include "pipeline.h"
#include "pool.h"
#include "stats.h"
#include "trace.h"

/* Transfers in progress, of struct zc_progress. */
struct zc_registry zc_transfers = ZC_REGISTRY_INIT(zc_transfers);

/**
 * zc_progress_begin() - list a transfer that is about to move bytes
 * @progress: zeroed, but for the ends, @flags and @len
 *
 * Context: process.
 */
void zc_progress_begin(struct zc_progress *progress)
{
	spin_lock_init(&progress->lock);
	progress->begin = ktime_get_ns();
	zc_owner_init(&progress->owner);
	zc_registry_add(&zc_transfers, &progress->entry);
	trace_zcdev_transfer_begin(progress);
	zc_event_transfer_begin(progress);
}

/**
 * zc_progress_end() - the transfer is over
 * @progress: begun, and detached
 * @bytes: by how much the source moved on
 * @error: 0, or the negative errno that ended it
 *
 * Context: process; may sleep until nobody looks at it.
 */
void zc_progress_end(struct zc_progress *progress, u64 bytes, int error)
{
	struct zc_pool *pool = progress->pool;

	if (!pool)
		zc_stats_began(NULL);
	if (error)
		zc_stats_failed(pool ? &pool->stats : NULL, error);
	trace_zcdev_transfer_end(progress, bytes, error);
	zc_registry_del(&zc_transfers, &progress->entry);
	zc_event_transfer_end(progress, bytes, error);
	zc_owner_exit(&progress->owner);
}

/**
 * zc_progress_attach() - the transfer has a pipeline from now on
 * @progress: begun
 * @p: the pipeline; until zc_progress_detach()
 *
 * Context: process.
 */
void zc_progress_attach(struct zc_progress *progress, struct zc_pipeline *p)
{
	p->progress = progress;
	spin_lock(&progress->lock);
	progress->pipeline = p;
	progress->pool = p->pool;
	spin_unlock(&progress->lock);
	/* Those that have no pool count when they end. */
	if (p->pool)
		zc_stats_began(&p->pool->stats);
}

/**
 * zc_progress_detach() - its pipeline is about to go
 * @progress: begun
 *
 * Context: process.
 */
void zc_progress_detach(struct zc_progress *progress)
{
	spin_lock(&progress->lock);
	progress->pipeline = NULL;
	spin_unlock(&progress->lock);
}

/**
 * zc_progress_role() - is an end the source or a sink?
 * @end: opened
 *
 * Context: any.
 * Return: enum zcdev_role.
 */
u32 zc_progress_role(const struct zc_end *end)
{
	return end->source ? ZCDEV_ROLE_SOURCE : ZCDEV_ROLE_SINK;
}

/**
 * zc_progress_moved() - count bytes that passed an end
 * @progress: of the transfer, or NULL if it is not listed
 * @pool: whose buffers they are in, or NULL if in none
 * @end: the end
 * @moved: how they did
 *
 * Tells of the first bytes that are copied for a reason.
 *
 * Context: the transferring task.
 */
void zc_progress_moved(struct zc_progress *progress, struct zc_pool *pool,
		       struct zc_end *end, const struct zc_moved *moved)
{
	u32 news = moved->copied ? moved->reasons & ~end->told : 0;

	zc_stats_moved(pool ? &pool->stats : NULL, zc_progress_role(end), moved);
	if (likely(!news))
		return;
	end->told |= news;
	if (progress) {
		trace_zcdev_fallback(progress, end, news);
		zc_event_transfer_fallback(progress, end);
	}
}

/**
 * zc_progress_cancel() - have a transfer end
 * @progress: listed
 *
 * It ends as by a signal, but with ECANCELED. Does not wait for that.
 *
 * Context: process.
 */
void zc_progress_cancel(struct zc_progress *progress)
{
	spin_lock(&progress->lock);
	WRITE_ONCE(progress->cancelled, true);
	if (progress->pipeline)
		zc_bell_ring(&progress->pipeline->bell);
	spin_unlock(&progress->lock);
}

/**
 * zc_progress_bytes() - by how much the source has moved on
 * @progress: listed
 *
 * Context: any.
 */
u64 zc_progress_bytes(struct zc_progress *progress)
{
	struct zc_moved moved;
	u64 bytes;

	spin_lock(&progress->lock);
	if (progress->pipeline) {
		bytes = READ_ONCE(progress->pipeline->bytes);
	} else {
		moved = zc_moved_look(&progress->sink->moved);
		bytes = zc_moved_bytes(&moved);
	}
	spin_unlock(&progress->lock);
	return bytes;
}

/**
 * zc_progress_pool() - whose buffers the bytes are in
 * @progress: listed
 *
 * Context: any.
 * Return: id of the pool, or 0 if they are in none.
 */
u32 zc_progress_pool(struct zc_progress *progress)
{
	u32 id;

	spin_lock(&progress->lock);
	id = progress->pool ? progress->pool->entry.id : 0;
	spin_unlock(&progress->lock);
	return id;
}
