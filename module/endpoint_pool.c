// SPDX-License-Identifier: GPL-2.0
/*
 * A range of a pool as a source: its buffers are the payload.
 *
 * Nothing is staged and nothing read. The buffers stay the program's, and are
 * never written to; when the transfer is over a sink may still hold them, which
 * ZCDEV_BUF_WAIT waits for.
 */
#include "endpoint.h"

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

static int pool_source_prepare(struct zc_end *end, u64 len, bool strict)
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

static struct zc_pool *pool_source_lender(const struct zc_end *end)
{
	return end_pool(end);
}

static struct zc_buf *pool_source_lend(struct zc_end *end, u64 offset)
{
	struct zc_pool *pool = end_pool(end);

	return &pool->bufs[(end->pos + offset) / pool->buf_size];
}

static u64 pool_source_left(const struct zc_end *end)
{
	return zc_pool_bytes(end_pool(end)) - end->pos;
}

static long pool_source_fill(struct zc_end *end, struct zc_chunk *chunk)
{
	chunk->filled.paths = ZCDEV_PATH_POOL;
	chunk->filled.zerocopy = 1;
	return chunk->want;
}

static bool pool_source_at_end(struct zc_end *end, u64 offset)
{
	return offset >= pool_source_left(end);
}

static const struct zc_source_ops pool_source_ops = {
	.prepare	= pool_source_prepare,
	.lender		= pool_source_lender,
	.lend		= pool_source_lend,
	.left		= pool_source_left,
	.fill		= pool_source_fill,
	.at_end		= pool_source_at_end,
};

const struct zc_end_type zc_end_pool = {
	.kind	= ZCDEV_KIND_POOL,
	.probe	= pool_probe,
	.source	= &pool_source_ops,
};
