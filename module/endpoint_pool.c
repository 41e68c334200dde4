// SPDX-License-Identifier: GPL-2.0
/*
 * A range of a pool: its buffers are the payload.
 *
 * As a source it lends them, and nothing is staged or read. They stay the
 * program's, and are never written to; when the transfer is over a sink may
 * still hold them, which ZCDEV_BUF_WAIT waits for.
 *
 * As a sink it lends them to the source, which fills them in place. If that has
 * buffers of its own, or there is another such sink, the CPU copies.
 */
#include "endpoint.h"

#include "buffer.h"
#include "chardev.h"
#include "pipeline.h"
#include "pool.h"

static int pool_probe(struct file *file)
{
	return zc_chardev_file(file) ? 1 : 0;
}

static struct zc_pool *end_pool(const struct zc_end *end)
{
	return zc_file_pool(zc_chardev_file(end->file));
}

static u64 end_room(const struct zc_end *end)
{
	return zc_pool_bytes(end_pool(end)) - end->pos;
}

static int pool_prepare(struct zc_end *end, u64 len)
{
	struct zc_pool *pool = end_pool(end);
	u64 size;

	if (!pool)
		return -ENXIO;
	size = zc_pool_bytes(pool);
	/* A pool has no position of its own. */
	if (end->flags != ZCDEV_END_OFFSET || end->pos > size)
		return -EINVAL;
	if (len != ZCDEV_TO_END && len > size - end->pos)
		return -EINVAL;
	end->align = pool->buf_size;
	end->phase = end->pos % pool->buf_size;
	return 0;
}

/* Source */

static int pool_source_prepare(struct zc_end *end, u64 len, bool strict)
{
	return pool_prepare(end, len);
}

static struct zc_buf *pool_source_lend(struct zc_end *end,
				       struct zc_chunk *chunk)
{
	struct zc_pool *pool = end_pool(end);

	return &pool->bufs[(end->pos + chunk->offset) / pool->buf_size];
}

static long pool_source_fill(struct zc_end *end, struct zc_chunk *chunk)
{
	chunk->filled.paths = ZCDEV_PATH_POOL;
	chunk->filled.zerocopy = 1;
	return chunk->want;
}

static bool pool_source_at_end(struct zc_end *end, u64 offset)
{
	return offset >= end_room(end);
}

static const struct zc_source_ops pool_source_ops = {
	.prepare	= pool_source_prepare,
	.lender		= end_pool,
	.lend		= pool_source_lend,
	.left		= end_room,
	.fill		= pool_source_fill,
	.at_end		= pool_source_at_end,
};

/* Sink */

static int pool_sink_prepare(struct zc_end *end, u64 len, bool strict,
			     const struct zc_end *source)
{
	/* Without an end it takes what there is room for: see @room. */
	int ret = pool_prepare(end, ZCDEV_TO_END);

	return ret ?: strict && source->source->lend ? -EOPNOTSUPP : 0;
}

/* A buffer that the program has acquired is lent without a claim. */
static struct zc_buf *pool_sink_lend(struct zc_end *end, struct zc_chunk *chunk)
{
	struct zc_pool *pool = end_pool(end);
	struct zc_buf *buf = &pool->bufs[(end->pos + chunk->to) /
					 pool->buf_size];

	chunk->claimed = false;
	if (READ_ONCE(buf->state) == ZC_BUF_ACQUIRED)
		return buf;
	chunk->claimed = zc_pool_claim_this(pool, buf);
	return chunk->claimed ? buf : NULL;
}

static void pool_sink_unlend(struct zc_end *end, struct zc_chunk *chunk)
{
	if (chunk->claimed)
		zc_pool_unclaim(end_pool(end), chunk->buf);
}

static long pool_sink_drain(struct zc_end *end, struct zc_chunk *chunk,
			    struct zc_drain *drain)
{
	struct zc_pool *pool = end_pool(end);
	u64 at = end->pos + chunk->to + drain->done;
	struct zc_moved *part = &drain->req.part;
	u32 offset = at % pool->buf_size;
	struct zc_buf *buf;
	u32 bytes;

	if (at >= zc_pool_bytes(pool))
		return -ENOSPC;
	buf = &pool->bufs[at / pool->buf_size];
	bytes = min(chunk->len - drain->done, pool->buf_size - offset);
	/* One buffer may have both ranges: then it is not there yet. */
	if (buf == chunk->buf && offset == chunk->data + drain->done) {
		part->paths = ZCDEV_PATH_POOL;
		part->zerocopy = bytes;
		return bytes;
	}
	if (chunk->pipeline->strict && !chunk->extra)
		return -EOPNOTSUPP;
	zc_buf_copy(buf, offset, chunk->buf, chunk->data + drain->done, bytes);
	part->paths = ZCDEV_PATH_COPY;
	part->reasons = ZCDEV_REASON_MEMORY;
	part->copied = bytes;
	return bytes;
}

static const struct zc_sink_ops pool_sink_ops = {
	.prepare	= pool_sink_prepare,
	.lender		= end_pool,
	.lend		= pool_sink_lend,
	.unlend		= pool_sink_unlend,
	.room		= end_room,
	.drain		= pool_sink_drain,
};

const struct zc_end_type zc_end_pool = {
	.kind	= ZCDEV_KIND_POOL,
	.probe	= pool_probe,
	.source	= &pool_source_ops,
	.sink	= &pool_sink_ops,
};
