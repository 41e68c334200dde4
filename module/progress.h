/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_PROGRESS_H
#define _ZC_PROGRESS_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include "endpoint.h"
#include "owner.h"
#include "registry.h"

struct zc_pipeline;
struct zc_pool;

/**
 * struct zc_progress - a transfer as others see it while it runs
 * @entry: makes it listed
 * @owner: who transfers
 * @source: where the bytes come from
 * @sink: array of where they go
 * @sinks: number of sinks
 * @flags: ZCDEV_TRANSFER_
 * @len: bytes asked for, ZCDEV_TO_END for all
 * @begin: when it began, ns
 * @cancelled: somebody wants it to end
 * @lock: protects @pipeline, so that it stays while somebody looks at it, and
 *	@pool
 * @pipeline: how it moves bytes now; NULL while it has none
 * @pool: whose buffers they are in; NULL if none yet, else valid to the end
 */
struct zc_progress {
	struct zc_entry entry;
	struct zc_owner owner;
	const struct zc_end *source;
	const struct zc_end *sink;
	u32 sinks;
	u32 flags;
	u64 len;
	u64 begin;
	bool cancelled;
	spinlock_t lock;	/* pipeline, pool */
	struct zc_pipeline *pipeline;
	struct zc_pool *pool;
};

static inline bool zc_progress_cancelled(const struct zc_progress *progress)
{
	return progress && READ_ONCE(progress->cancelled);
}

/* 0 if it is not listed. */
static inline u32 zc_progress_id(const struct zc_progress *progress)
{
	return progress ? progress->entry.id : 0;
}

extern struct zc_registry zc_transfers;

void zc_progress_begin(struct zc_progress *progress);
void zc_progress_end(struct zc_progress *progress, u64 bytes, int error);
void zc_progress_attach(struct zc_progress *progress, struct zc_pipeline *p);
void zc_progress_detach(struct zc_progress *progress);
void zc_progress_moved(struct zc_progress *progress, struct zc_pool *pool,
		       struct zc_end *end, const struct zc_moved *moved);
u32 zc_progress_role(const struct zc_end *end);

void zc_progress_cancel(struct zc_progress *progress);
u64 zc_progress_bytes(struct zc_progress *progress);
u32 zc_progress_pool(struct zc_progress *progress);

#endif /* _ZC_PROGRESS_H */
