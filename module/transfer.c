// SPDX-License-Identifier: GPL-2.0
/*
 * ZCDEV_TRANSFER: from what the caller wrote to a pipeline and back.
 *
 * Everything is checked, and the memory for the results written once, before
 * the first byte moves. From then on whatever happens is a result, not an
 * error of the ioctl.
 */
#include "transfer.h"

#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "extra.h"
#include "ladder.h"
#include "pool.h"
#include "progress.h"
#include "stats.h"

/**
 * struct zc_transfer - one ioctl under way
 * @arg: what the caller wrote, once
 * @uarg: where the results go
 * @progress: what others see of it
 * @ends: the ends as the caller wrote them, source first; behind @sink
 * @header: goes before the source's bytes, or NULL
 * @trailer: goes after them, or NULL
 * @left: where undelivered bytes are, as many as make sense; behind @ends
 * @source: where the bytes come from
 * @sinks: number of sinks
 * @sink: where they go
 */
struct zc_transfer {
	struct zcdev_transfer *arg;
	struct zcdev_transfer __user *uarg;
	struct zc_progress progress;
	struct zcdev_end *ends;
	struct zc_extra *header;
	struct zc_extra *trailer;
	struct zcdev_range *left;
	struct zc_end source;
	u32 sinks;
	struct zc_end sink[];
};

static int check_arg(const struct zcdev_transfer *arg)
{
	if (arg->flags & ~ZC_TRANSFER_FLAGS || arg->reserved ||
	    arg->sink_count < 1 || arg->sink_count > ZC_TRANSFER_SINKS)
		return -EINVAL;
	if (arg->end_size < offsetofend(struct zcdev_end, out_offloaded))
		return -EINVAL;
	if (arg->end_size > PAGE_SIZE)
		return -E2BIG;
	if (arg->depth > ZC_TRANSFER_DEPTH)
		return -EINVAL;
	if (arg->chunk && (!is_power_of_2(arg->chunk) || arg->chunk < SZ_4K))
		return -EINVAL;
	return 0;
}

static void __user *end_uptr(const struct zc_transfer *t, u32 i)
{
	return u64_to_user_ptr(t->arg->ends) + (size_t)i * t->arg->end_size;
}

static int read_ends(struct zc_transfer *t)
{
	u32 i;
	int ret;

	for (i = 0; i <= t->sinks; i++) {
		ret = copy_struct_from_user(&t->ends[i], sizeof(t->ends[i]),
					    end_uptr(t, i), t->arg->end_size);
		if (ret)
			return ret;
	}
	return 0;
}

static int read_extras(struct zc_transfer *t)
{
	t->header = zc_extra_new(t->arg->header, t->arg->header_count);
	if (IS_ERR(t->header))
		return PTR_ERR(t->header);
	t->trailer = zc_extra_new(t->arg->trailer, t->arg->trailer_count);
	return PTR_ERR_OR_ZERO(t->trailer);
}

static u32 extra_bytes(const struct zc_transfer *t)
{
	return zc_extra_len(t->header) + zc_extra_len(t->trailer);
}

/* Entries for undelivered bytes that make sense. */
static u32 left_max(const struct zcdev_transfer *arg)
{
	return min_t(u32, arg->left_count, ZC_TRANSFER_DEPTH);
}

static int write_end(const struct zc_transfer *t, u32 i)
{
	const struct zcdev_end *end = &t->ends[i];
	size_t from = offsetof(struct zcdev_end, out_kind);
	size_t len = offsetofend(struct zcdev_end, out_offloaded) - from;

	return copy_to_user(end_uptr(t, i) + from, (char *)end + from, len) ?
	       -EFAULT : 0;
}

static int write_left(const struct zc_transfer *t)
{
	return copy_to_user(u64_to_user_ptr(t->arg->left), t->left,
			    array_size(left_max(t->arg), sizeof(t->left[0]))) ?
	       -EFAULT : 0;
}

/* Also called before anything moves, to see that it can be done after. */
static int write_results(struct zc_transfer *t, int error)
{
	size_t from = offsetof(struct zcdev_transfer, out_bytes);
	u32 i;
	int ret;

	zc_end_report(&t->source, &t->ends[0]);
	for (i = 0; i < t->sinks; i++)
		zc_end_report(&t->sink[i], &t->ends[1 + i]);
	for (i = 0; i <= t->sinks; i++) {
		ret = write_end(t, i);
		if (ret)
			return ret;
	}
	ret = write_left(t);
	if (ret)
		return ret;
	t->arg->out_error = -error;
	return copy_to_user((void __user *)t->uarg + from,
			    (void *)t->arg + from, sizeof(*t->arg) - from) ?
	       -EFAULT : 0;
}

/* How many bytes to expect: the end of a file is known in advance. */
static u64 expected_len(const struct zc_transfer *t, u64 len)
{
	const struct zc_end *source = &t->source;

	if (len != ZCDEV_TO_END || !source->source->left)
		return len;
	return source->source->left(source);
}

static int open_ends(struct zc_transfer *t)
{
	u32 i;

	t->source.error = zc_end_open_source(&t->source, &t->ends[0]);
	if (t->source.error)
		return t->source.error;
	for (i = 0; i < t->sinks; i++) {
		struct zc_end *sink = &t->sink[i];

		sink->error = zc_end_open_sink(sink, &t->ends[1 + i]);
		if (sink->error)
			return sink->error;
	}
	return 0;
}

/* May bytes move without passing here? Not if the caller said how they pass. */
static bool has_ladder(const struct zc_transfer *t)
{
	return t->sinks == 1 && !t->header && !t->trailer && !t->arg->rate &&
	       !t->arg->chunk && zc_ladder_stands(&t->source, &t->sink[0]);
}

/* Who climbs the ladder is strict about what is left after that. */
static bool prepares_strictly(const struct zc_transfer *t)
{
	return t->arg->flags & ZCDEV_TRANSFER_STRICT && !has_ladder(t);
}

static int prepare_sink(struct zc_transfer *t, struct zc_end *sink,
			u64 expected, u64 *len)
{
	const struct zc_end *other;
	int ret;

	ret = sink->sink->prepare(sink, expected, prepares_strictly(t),
				  &t->source);
	if (!ret)
		ret = zc_end_check_pages(&t->source, sink);
	for (other = t->sink; other != sink && !ret; other++)
		ret = zc_end_check_sinks(other, sink, expected);
	return ret ?: zc_end_check_overlap(&t->source, sink, len,
					   extra_bytes(t));
}

static int prepare_sinks(struct zc_transfer *t, u64 *len)
{
	u64 expected = expected_len(t, *len);
	struct zc_end *sink;

	if (expected != ZCDEV_TO_END &&
	    check_add_overflow(expected, (u64)extra_bytes(t), &expected))
		return -EOVERFLOW;
	for (sink = t->sink; sink != t->sink + t->sinks; sink++) {
		sink->error = prepare_sink(t, sink, expected, len);
		if (sink->error)
			return sink->error;
	}
	return 0;
}

/* A stream without an end goes into a pool as far as there is room. */
static int bound_by_room(struct zc_transfer *t, u64 *len)
{
	struct zc_end *sink;
	u64 room;

	for (sink = t->sink; sink != t->sink + t->sinks; sink++) {
		if (!sink->sink->room)
			continue;
		room = sink->sink->room(sink);
		if (room < extra_bytes(t) ||
		    (t->arg->len != ZCDEV_TO_END &&
		     t->arg->len > room - extra_bytes(t))) {
			sink->error = -EINVAL;
			return -EINVAL;
		}
		*len = min(*len, room - extra_bytes(t));
	}
	return 0;
}

static int prepare_ends(struct zc_transfer *t, u64 *len)
{
	int ret;

	ret = open_ends(t);
	if (ret)
		return ret;
	t->source.error = t->source.source->prepare(&t->source, *len,
						    prepares_strictly(t));
	if (t->source.error)
		return t->source.error;
	/* There is nothing to lend behind the end of a pool. */
	if (t->source.source->lender)
		*len = expected_len(t, *len);
	ret = prepare_sinks(t, len);
	return ret ?: bound_by_room(t, len);
}

/* A sink that the source can fill in place. */
static struct zc_end *find_landing(struct zc_transfer *t)
{
	struct zc_end *sink;

	if (t->source.source->lend)
		return NULL;
	for (sink = t->sink; sink != t->sink + t->sinks; sink++)
		if (sink->sink->lender)
			return sink;
	return NULL;
}

/* Where in an alignment unit of a sink the payload begins. */
static u32 sink_phase(const struct zc_transfer *t, const struct zc_end *sink)
{
	return sink->align ?
	       (sink->phase + zc_extra_len(t->header)) % sink->align : 0;
}

/*
 * The source reads whole blocks; if a sink can then write such, it does. The
 * first that can be pleased decides.
 */
static u32 choose_phase(const struct zc_transfer *t, const struct zc_end *landing)
{
	u32 i, phase, align = t->source.align ?: 1;

	if (landing)
		return sink_phase(t, landing);
	for (i = 0; i < t->sinks; i++) {
		phase = sink_phase(t, &t->sink[i]);
		if (phase && phase % align == t->source.phase)
			return phase;
	}
	return t->source.phase;
}

/* Whose buffers the payload is in. NULL: not in those of any pool. */
static struct zc_pool *get_pool(struct zc_file *file,
				const struct zc_transfer *t,
				const struct zc_end *landing)
{
	const struct zc_end *source = &t->source;
	int ret;

	if ((source->source->lender || landing) && t->arg->chunk)
		return ERR_PTR(-EINVAL);
	if (source->source->lend)
		return source->source->lender ?
		       source->source->lender(source) : NULL;
	if (landing)
		return landing->sink->lender(landing);
	ret = zc_pool_create_default(file, 0);
	return ret ? ERR_PTR(ret) : zc_file_pool(file);
}

static u32 choose_depth(const struct zc_transfer *t, const struct zc_pool *pool)
{
	u32 depth;

	if (!pool)
		return min(t->arg->depth ?: ZC_TRANSFER_LENT, ZC_TRANSFER_LENT);
	depth = min(t->arg->depth ?: ZC_TRANSFER_DEPTH, pool->count);
	return t->source.source->events && left_max(t->arg) ?
	       min(depth, left_max(t->arg)) : depth;
}

/* Little enough that a limited rate is even within an eighth of a second. */
static u32 choose_chunk(const struct zc_transfer *t, const struct zc_pool *pool)
{
	u32 chunk = t->arg->chunk ?: pool ? pool->buf_size : ZC_BUF_MAX;
	u64 paced = t->arg->rate / 8;

	if (!t->arg->rate || paced >= chunk)
		return chunk;
	return rounddown_pow_of_two(max_t(u64, paced, PAGE_SIZE));
}

static bool all_patient(const struct zc_transfer *t)
{
	u32 i;

	for (i = 0; i < t->sinks; i++)
		if (!t->sink[i].sink->patient)
			return false;
	return true;
}

static void set_pipeline(struct zc_pipeline *p, struct zc_transfer *t)
{
	u32 i;

	p->source = &t->source;
	for (i = 0; i < t->sinks; i++)
		p->lane[i].sink = &t->sink[i];
	p->strict = t->arg->flags & ZCDEV_TRANSFER_STRICT;
	p->fail_fast = t->arg->flags & ZCDEV_TRANSFER_FAIL_FAST;
	p->header = t->header;
	p->trailer = t->trailer;
	p->rate = t->arg->rate;
	p->latency_ns = t->arg->latency_ns;
	p->patient = all_patient(t);
}

static struct zc_pipeline *make_pipeline(struct zc_file *file,
					 struct zc_transfer *t, u64 len)
{
	struct zc_end *landing = find_landing(t);
	struct zc_pipeline *p;
	struct zc_pool *pool;

	pool = get_pool(file, t, landing);
	if (IS_ERR(pool))
		return ERR_CAST(pool);
	if (t->arg->chunk > (pool ? pool->buf_size : ZC_BUF_MAX))
		return ERR_PTR(-EINVAL);

	p = zc_pipeline_new(pool, choose_depth(t, pool),
			    !!t->header + !!t->trailer, t->sinks);
	if (!p)
		return ERR_PTR(-ENOMEM);
	set_pipeline(p, t);
	p->landing = landing;
	p->remaining = len;
	p->chunk_size = choose_chunk(t, pool);
	p->phase = choose_phase(t, landing);
	return p;
}

/* Returns the error that the caller gets if nobody else had one. */
static int finish_ends(struct zc_transfer *t, struct zc_pipeline *p)
{
	int error = 0;
	u32 i;

	if (t->source.source->finish)
		t->source.source->finish(&t->source, p->bytes);
	for (i = 0; i < t->sinks; i++) {
		struct zc_end *sink = &t->sink[i];

		if (sink->sink->finish)
			sink->sink->finish(sink, p->lane[i].bytes);
		error = error ?: sink->error;
	}
	return error;
}

/* What was taken from a stream has moved, if only into the pool. */
static void settle_left(struct zc_transfer *t, struct zc_pipeline *p)
{
	if (!t->source.source->events)
		return;
	t->arg->out_left_bytes = p->fill_offset - p->bytes;
	t->arg->out_left_count = zc_stream_left(p, t->left, left_max(t->arg));
}

static bool anything_moved(const struct zc_transfer *t,
			   const struct zc_pipeline *p)
{
	u32 i;

	for (i = 0; i < p->lanes; i++)
		if (p->lane[i].bytes)
			return true;
	return t->arg->out_left_bytes;
}

static bool ends_some_time(long timeout)
{
	return timeout && timeout != MAX_SCHEDULE_TIMEOUT;
}

/* Of an end, of which a part may have passed? */
static bool has_timeout(const struct zc_transfer *t)
{
	u32 i;

	for (i = 0; i < t->sinks; i++)
		if (ends_some_time(zc_sink_timeout(&t->sink[i])))
			return true;
	return ends_some_time(zc_source_timeout(&t->source));
}

/*
 * Returns an errno only if nothing moved. As with recv(2), a signal then has the
 * ioctl begin anew, unless that would begin a timeout anew, too.
 */
static int run(struct zc_transfer *t, struct zc_pipeline *p)
{
	bool again = false;
	int error, ret;

	zc_pipeline_run(p);
	error = finish_ends(t, p);
	error = p->error ?: error;
	if (error == -ERESTARTSYS) {
		again = !has_timeout(t);
		error = -EINTR;
	}
	t->arg->out_bytes = p->bytes;
	settle_left(t, p);
	ret = write_results(t, error);
	if (anything_moved(t, p) || !error)
		return ret;
	return again ? -ERESTARTSYS : error;
}

/* The end of a transfer that had no pipeline. Returns as run(). */
static int finish_climb(struct zc_transfer *t, u64 bytes, int error)
{
	struct zc_end *source = &t->source, *sink = &t->sink[0];
	int ret;

	source->source->finish(source, bytes);
	sink->sink->finish(sink, bytes);
	error = error ?: sink->error;
	t->arg->out_bytes = bytes;
	ret = write_results(t, error);
	return bytes || !error ? ret : error;
}

/* The bytes that the ladder has not moved. */
static int transfer_rest(struct zc_file *file, struct zc_transfer *t, u64 len,
			 u64 moved)
{
	struct zc_pipeline *p;
	int ret;

	p = make_pipeline(file, t, len);
	if (IS_ERR(p))
		return moved ? finish_climb(t, moved, PTR_ERR(p)) : PTR_ERR(p);
	zc_pipeline_skip(p, moved);
	zc_progress_attach(&t->progress, p);
	ret = run(t, p);
	zc_progress_detach(&t->progress);
	zc_pipeline_free(p);
	return ret;
}

static int read_args(struct zc_transfer *t)
{
	int ret = read_ends(t);

	t->arg->out_bytes = 0;
	t->arg->out_left_bytes = 0;
	t->arg->out_left_count = 0;
	return ret ?: read_extras(t);
}

/* What file systems can do by themselves, without a pool. */
static u64 climb(struct zc_transfer *t, u64 len)
{
	bool strict = t->arg->flags & ZCDEV_TRANSFER_STRICT;
	struct zc_end *source = &t->source, *sink = &t->sink[0];
	u64 moved;

	moved = zc_ladder_climb(source, sink, len, strict, &t->progress);
	zc_progress_moved(&t->progress, NULL, source, &source->moved);
	zc_progress_moved(&t->progress, NULL, sink, &sink->moved);
	return moved;
}

static int move(struct zc_file *file, struct zc_transfer *t, u64 len)
{
	u64 moved = 0;

	if (has_ladder(t)) {
		moved = climb(t, len);
		if (t->sink[0].error ||
		    zc_ladder_complete(&t->source, len, moved))
			return finish_climb(t, moved, 0);
	}
	return transfer_rest(file, t, len, moved);
}

/* Everything that can fail before a byte moves, but for memory. */
static int prepare(struct zc_transfer *t, u64 *len)
{
	int ret, error;

	ret = read_args(t);
	if (ret)
		return ret;
	error = prepare_ends(t, len);
	ret = write_results(t, error);
	return error ?: ret;
}

static int refuse(struct zc_file *file, int error)
{
	struct zc_pool *pool = zc_file_pool(file);

	zc_stats_refused(pool ? &pool->stats : NULL, error);
	return error;
}

static int transfer(struct zc_file *file, struct zc_transfer *t)
{
	struct zc_progress *progress = &t->progress;
	u64 len = t->arg->len;
	int ret;

	ret = prepare(t, &len);
	if (ret)
		return refuse(file, ret);
	if (!len && !extra_bytes(t))
		return 0;
	progress->source = &t->source;
	progress->sink = t->sink;
	progress->sinks = t->sinks;
	progress->flags = t->arg->flags;
	progress->len = t->arg->len;
	zc_progress_begin(progress);
	ret = move(file, t, len);
	/* To whoever watches, one that begins anew is another one. */
	zc_progress_end(progress, t->arg->out_bytes,
			ret == -ERESTARTSYS ? -EINTR :
			ret ?: -(int)t->arg->out_error);
	return ret;
}

static struct zc_transfer *transfer_new(struct zcdev_transfer *arg,
					struct zcdev_transfer __user *uarg)
{
	size_t ends = array_size(1 + arg->sink_count, sizeof(struct zcdev_end));
	size_t left = array_size(left_max(arg), sizeof(struct zcdev_range));
	struct zc_transfer *t;

	t = kzalloc(size_add(struct_size(t, sink, arg->sink_count),
			     size_add(ends, left)), GFP_KERNEL_ACCOUNT);
	if (!t)
		return NULL;
	t->arg = arg;
	t->uarg = uarg;
	t->sinks = arg->sink_count;
	t->ends = (struct zcdev_end *)&t->sink[t->sinks];
	t->left = (struct zcdev_range *)&t->ends[1 + t->sinks];
	return t;
}

static void transfer_free(struct zc_transfer *t)
{
	u32 i;

	for (i = 0; i < t->sinks; i++)
		zc_end_close(&t->sink[i]);
	zc_end_close(&t->source);
	zc_extra_free(t->header);
	zc_extra_free(t->trailer);
	kfree(t);
}

/**
 * zc_transfer_ioctl() - ZCDEV_TRANSFER
 * @file: whose pool
 * @arg: the kernel's copy of the caller's struct
 * @uarg: where it came from, and where the results go
 *
 * Context: process; sleeps.
 * Return: 0 or an errno as in the uapi header.
 */
int zc_transfer_ioctl(struct zc_file *file, struct zcdev_transfer *arg,
		      struct zcdev_transfer __user *uarg)
{
	struct zc_transfer *t;
	int ret;

	ret = check_arg(arg);
	if (ret)
		return refuse(file, ret);
	t = transfer_new(arg, uarg);
	if (!t)
		return refuse(file, -ENOMEM);
	ret = transfer(file, t);
	transfer_free(t);
	return ret;
}
