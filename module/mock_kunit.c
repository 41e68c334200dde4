// SPDX-License-Identifier: GPL-2.0
/*
 * A source and sinks that misbehave on purpose.
 *
 * The source makes bytes that depend on their stream offset, the sinks check
 * them, so a chunk that is lost, repeated, reordered or overwritten too early
 * is seen whatever the counts say. Both can be synchronous, or complete in any
 * context after a while, in any order; come short, fail or stall at a chosen
 * request.
 */
#include "mock_kunit.h"

#include <kunit/test.h>

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/random.h>

#include "buffer.h"
#include "file.h"

/* How much later, in ticks of zc_late_start(), and what is longer than others. */
#define LATE		3
#define STALLED		6

struct mock *zc_mock;

static u8 byte_at(u64 offset)
{
	return (offset * 2654435761U) >> 24 ^ offset;
}

static u8 *chunk_byte(const struct zc_chunk *chunk, u32 i)
{
	u32 at = chunk->data + i;

	return page_address(zc_buf_page(chunk->buf, at)) + offset_in_page(at);
}

static void late_complete(struct zc_late *late)
{
	struct mock_late *m = container_of(late, struct mock_late, late);

	zc_request_complete(m->req, m->result);
}

static long complete_late(struct mock_late *late, struct zc_request *req,
			  long result, bool stalled)
{
	late += req->chunk - req->chunk->pipeline->ring;
	late->req = req;
	late->result = result;
	zc_late_start(&late->late,
		      stalled ? STALLED : get_random_u32_below(LATE));
	return -EIOCBQUEUED;
}

/* The source */

static long mock_filled(struct zc_end *end, struct zc_chunk *chunk,
			long result)
{
	chunk->filled.zerocopy = 1;
	chunk->filled.paths = ZCDEV_PATH_DIRECT;
	return result;
}

/* Is this the chunk with that number? */
static bool is_chunk(const struct zc_chunk *chunk, u32 nr)
{
	return nr && chunk->offset ==
		     (u64)(nr - 1) * chunk->pipeline->chunk_size;
}

static long mock_fill(struct zc_end *end, struct zc_chunk *chunk)
{
	const struct mock_case *c = &zc_mock->c;
	u32 nr = ++zc_mock->fills;
	long n = 0, i;

	if (chunk->offset < c->size)
		n = min_t(u64, chunk->want, c->size - chunk->offset);
	if (nr == c->short_at)
		n /= 2;
	for (i = 0; i < n; i++)
		*chunk_byte(chunk, i) = byte_at(chunk->offset + i);
	if (is_chunk(chunk, c->fail_in))
		n = -EIO;
	if (is_chunk(chunk, c->end_in))
		n = 0;
	if (c->async_in)
		return complete_late(zc_mock->late, &chunk->in, n,
				     nr == c->stall_in);
	return n < 0 ? n : mock_filled(end, chunk, n);
}

static bool mock_at_end(struct zc_end *end, u64 offset)
{
	return offset >= zc_mock->c.size;
}

static const struct zc_source_ops mock_source_ops = {
	.fill	= mock_fill,
	.filled	= mock_filled,
	.at_end	= mock_at_end,
};

/* The sinks */

/* Marks bytes as taken, and looks whether they are what they should be. */
static void mock_take(struct mock_sink *sink, const struct zc_chunk *chunk,
		      u32 done, long n)
{
	u64 at = chunk->offset + done;
	long i;

	for (i = 0; i < n; i++, at++) {
		sink->wrong += *chunk_byte(chunk, done + i) != byte_at(at);
		if (at < MOCK_SEEN)
			sink->taken[at]++;
	}
}

static long mock_drained(struct zc_end *end, struct zc_chunk *chunk,
			 struct zc_drain *drain, long result)
{
	struct mock_sink *sink = container_of(end, struct mock_sink, end);

	mock_take(sink, chunk, drain->done, result);
	drain->req.part.copied = max(result, 0L);
	drain->req.part.paths = ZCDEV_PATH_COPY;
	drain->req.part.reasons = ZCDEV_REASON_PROTOCOL;
	return result;
}

/* Full from this drain on, until it says otherwise. */
static long mock_stall(struct mock_sink *sink)
{
	WRITE_ONCE(sink->full, true);
	zc_late_start(&sink->room, STALLED);
	return -EAGAIN;
}

static long mock_drain(struct zc_end *end, struct zc_chunk *chunk,
		       struct zc_drain *drain)
{
	struct mock_sink *sink = container_of(end, struct mock_sink, end);
	const struct mock_case *c = &zc_mock->c;
	u32 nr = ++sink->drains;
	bool stalled = sink->picky && nr == c->stall_out;
	long n = chunk->len - drain->done;

	if (READ_ONCE(sink->full) || (c->again_every && !(nr % c->again_every)))
		return -EAGAIN;
	if (stalled && !c->async_out)
		return mock_stall(sink);
	if (c->most)
		n = min_t(long, n, c->most);
	if (sink->picky && nr == c->short_out)
		n = DIV_ROUND_UP(n, 3);
	if (sink->fail && nr == sink->fail)
		n = -ENOSPC;
	if (c->async_out)
		return complete_late(sink->late, &drain->req, n, stalled);
	return n < 0 ? n : mock_drained(end, chunk, drain, n);
}

static bool mock_blocked(struct zc_end *end)
{
	return READ_ONCE(container_of(end, struct mock_sink, end)->full);
}

static const struct zc_sink_ops mock_sink_ops = {
	.drain		= mock_drain,
	.drained	= mock_drained,
	.events		= EPOLLOUT,
	.blocked	= mock_blocked,
};

static void mock_room(struct zc_late *late)
{
	struct mock_sink *sink = container_of(late, struct mock_sink, room);

	WRITE_ONCE(sink->full, false);
	wake_up_poll(&sink->wq, EPOLLOUT);
}

static __poll_t mock_poll(struct file *file, poll_table *pt)
{
	struct mock_sink *sink = file->private_data;

	poll_wait(file, &sink->wq, pt);
	return READ_ONCE(sink->full) ? 0 : EPOLLOUT;
}

static const struct file_operations mock_fops = {
	.owner	= THIS_MODULE,
	.poll	= mock_poll,
};

/* Life */

static void late_init(struct mock_late *late, enum zc_late_from from)
{
	u32 i;

	for (i = 0; i < MOCK_DEPTH; i++)
		zc_late_init(&late[i].late, from, late_complete);
}

/* Returns how many were still to complete, or did so where they should not. */
static u32 late_stop(struct mock_late *late)
{
	u32 i, wrong = 0;

	for (i = 0; i < MOCK_DEPTH; i++)
		wrong += zc_late_stop(&late[i].late) + late[i].late.astray;
	return wrong;
}

static void sink_init(struct kunit *test, struct mock_sink *sink)
{
	sink->end.sink = &mock_sink_ops;
	init_waitqueue_head(&sink->wq);
	sink->end.file = anon_inode_getfile("[zcdev]", &mock_fops, sink,
					    O_WRONLY);
	KUNIT_ASSERT_FALSE(test, IS_ERR(sink->end.file));
}

static void sink_exit(struct mock_sink *sink)
{
	late_stop(sink->late);
	zc_late_stop(&sink->room);
	if (!IS_ERR_OR_NULL(sink->end.file))
		__fput_sync(sink->end.file);
}

/**
 * zc_mock_init() - source, sinks and a pool, for a suite
 * @test: of KUnit
 */
int zc_mock_init(struct kunit *test)
{
	struct zcdev_pool_create geometry = {
		.count = MOCK_BUFS,
		.buf_size = SZ_64K,
		.node = ZCDEV_NODE_ANY,
	};
	u32 i;

	zc_mock = kunit_kzalloc(test, sizeof(*zc_mock), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, zc_mock);
	zc_file_init(&zc_mock->file);
	zc_mock->source.source = &mock_source_ops;
	for (i = 0; i < MOCK_SINKS; i++)
		sink_init(test, &zc_mock->sink[i]);
	return zc_pool_create(&zc_mock->file, &geometry);
}

/**
 * zc_mock_exit() - what a suite does in the end
 * @test: of KUnit
 */
void zc_mock_exit(struct kunit *test)
{
	u32 i;

	if (!zc_mock)
		return;
	late_stop(zc_mock->late);
	for (i = 0; i < MOCK_SINKS; i++)
		sink_exit(&zc_mock->sink[i]);
	if (zc_mock->file.pool)
		zc_pool_close(zc_mock->file.pool);
	zc_mock = NULL;
}

/**
 * zc_mock_pipeline() - between the source and some sinks
 * @test: of KUnit
 * @c: how they are to misbehave
 * @sinks: how many; it is the first that misbehaves
 * @from: in which context they complete, or have room again
 *
 * Return: it, to be freed with zc_mock_finish().
 */
struct zc_pipeline *zc_mock_pipeline(struct kunit *test,
				     const struct mock_case *c, u32 sinks,
				     enum zc_late_from from)
{
	struct zc_pipeline *p;
	u32 i;

	p = zc_pipeline_new(zc_mock->file.pool, c->depth ?: 3, 0, sinks);
	KUNIT_ASSERT_NOT_NULL(test, p);
	zc_mock->c = *c;
	zc_mock->sink[0].fail = c->fail_out;
	zc_mock->sink[0].picky = true;
	p->source = &zc_mock->source;
	late_init(zc_mock->late, from);
	for (i = 0; i < sinks; i++) {
		p->lane[i].sink = &zc_mock->sink[i].end;
		late_init(zc_mock->sink[i].late, from);
		zc_late_init(&zc_mock->sink[i].room, from, mock_room);
	}
	p->remaining = c->len ?: ZCDEV_TO_END;
	p->chunk_size = c->chunk ?: SZ_4K;
	p->phase = c->phase;
	return p;
}

/* Looking */

/**
 * zc_mock_expect_source() - the verdict of the source says so
 * @test: of KUnit
 * @p: has run
 * @bytes: that moved
 */
void zc_mock_expect_source(struct kunit *test, const struct zc_pipeline *p,
			   u64 bytes)
{
	KUNIT_EXPECT_EQ(test, p->bytes, bytes);
	KUNIT_EXPECT_EQ(test, zc_moved_bytes(&zc_mock->source.moved), bytes);
	KUNIT_EXPECT_EQ(test, zc_mock->source.moved.zerocopy, bytes);
}

/* Of what the sink remembers: all of the prefix, and nothing twice. */
static u32 taken_wrong(const struct mock_sink *sink, u64 bytes)
{
	u32 i, wrong = 0;

	for (i = 0; i < MOCK_SEEN; i++)
		wrong += i < bytes ? sink->taken[i] != 1 : sink->taken[i] > 1;
	return wrong;
}

/**
 * zc_mock_expect_sink() - so much was accepted, once and as it should be
 * @test: of KUnit
 * @p: has run
 * @sink: which
 * @bytes: accepted
 * @error: of the sink
 */
void zc_mock_expect_sink(struct kunit *test, const struct zc_pipeline *p,
			 u32 sink, u64 bytes, int error)
{
	const struct mock_sink *s = &zc_mock->sink[sink];

	KUNIT_EXPECT_EQ(test, p->lane[sink].bytes, bytes);
	KUNIT_EXPECT_EQ(test, s->wrong, 0);
	KUNIT_EXPECT_EQ(test, taken_wrong(s, bytes), 0);
	KUNIT_EXPECT_EQ(test, s->end.error, error);
	KUNIT_EXPECT_EQ(test, s->end.moved.copied, bytes);
	KUNIT_EXPECT_EQ(test, s->end.moved.reasons,
			bytes ? ZCDEV_REASON_PROTOCOL : 0);
}

/**
 * zc_mock_finish() - nothing completes any more, and no buffer is missing
 * @test: of KUnit
 * @p: has run; is freed
 */
void zc_mock_finish(struct kunit *test, struct zc_pipeline *p)
{
	struct zcdev_pool_info info = {};
	u32 i;

	KUNIT_EXPECT_EQ(test, late_stop(zc_mock->late), 0);
	for (i = 0; i < p->lanes; i++) {
		KUNIT_EXPECT_EQ(test, late_stop(zc_mock->sink[i].late), 0);
		KUNIT_EXPECT_FALSE(test, zc_mock->sink[i].room.astray);
	}
	zc_pipeline_free(p);
	zc_pool_info(zc_mock->file.pool, &info);
	KUNIT_EXPECT_EQ(test, info.out_free, MOCK_BUFS);
}

/**
 * zc_mock_run() - what the first sink does is no matter to others
 * @test: of KUnit
 * @c: how source and first sink misbehave
 * @sinks: how many
 * @from: in which context they complete, or have room again
 */
void zc_mock_run(struct kunit *test, const struct mock_case *c, u32 sinks,
		 enum zc_late_from from)
{
	struct zc_pipeline *p = zc_mock_pipeline(test, c, sinks, from);
	u64 all = c->fail_out && sinks > 1 ? c->size : c->bytes;
	u32 i;

	zc_pipeline_run(p);
	KUNIT_EXPECT_EQ(test, p->error, c->fail_out ? 0 : c->error);
	zc_mock_expect_source(test, p, all);
	zc_mock_expect_sink(test, p, 0, c->bytes, c->fail_out ? c->error : 0);
	for (i = 1; i < sinks; i++)
		zc_mock_expect_sink(test, p, i, all, 0);
	zc_mock_finish(test, p);
}
