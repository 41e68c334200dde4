// SPDX-License-Identifier: GPL-2.0
/*
 * ZCDEV_TRANSFER: from what the caller wrote to a pipeline and back.
 *
 * Everything is checked, and the memory for the results written once, before
 * the first byte moves. From then on whatever happens is a result, not an
 * error of the ioctl.
 */
#include "transfer.h"

#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ladder.h"
#include "pool.h"

/**
 * struct zc_transfer - one ioctl under way
 * @arg: what the caller wrote, once
 * @uarg: where the results go
 * @ends: the ends as the caller wrote them, source first
 * @source: where the bytes come from
 * @sinks: number of sinks
 * @sink: where they go
 */
struct zc_transfer {
	struct zcdev_transfer *arg;
	struct zcdev_transfer __user *uarg;
	struct zcdev_end *ends;
	struct zc_end source;
	u32 sinks;
	struct zc_end sink[];
};

static int check_arg(const struct zcdev_transfer *arg)
{
	if (arg->flags & ~ZC_TRANSFER_FLAGS || arg->reserved ||
	    arg->sink_count < 1 || arg->sink_count > ZC_TRANSFER_SINKS)
		return -EINVAL;
	if (arg->header_count || arg->trailer_count || arg->rate ||
	    arg->latency_ns || arg->left_count)
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

static int write_end(const struct zc_transfer *t, u32 i)
{
	const struct zcdev_end *end = &t->ends[i];
	size_t from = offsetof(struct zcdev_end, out_kind);
	size_t len = offsetofend(struct zcdev_end, out_offloaded) - from;

	return copy_to_user(end_uptr(t, i) + from, (char *)end + from, len) ?
	       -EFAULT : 0;
}

/* Also called before anything moves, to see that it can be done after. */
static int write_results(struct zc_transfer *t, u64 bytes, int error)
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
	t->arg->out_bytes = bytes;
	t->arg->out_left_bytes = 0;
	t->arg->out_error = -error;
	t->arg->out_left_count = 0;
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
	return t->sinks == 1 && !t->arg->header_count &&
	       !t->arg->trailer_count && !t->arg->rate && !t->arg->chunk &&
	       zc_ladder_stands(&t->source, &t->sink[0]);
}

/* Who climbs the ladder is strict about what is left after that. */
static bool prepares_strictly(const struct zc_transfer *t)
{
	return t->arg->flags & ZCDEV_TRANSFER_STRICT && !has_ladder(t);
}

static int prepare_sinks(struct zc_transfer *t, u64 *len)
{
	bool strict = prepares_strictly(t);
	u64 expected = expected_len(t, *len);
	u32 i, k;

	for (i = 0; i < t->sinks; i++) {
		struct zc_end *sink = &t->sink[i];

		sink->error = sink->sink->prepare(sink, expected, strict,
						  &t->source);
		for (k = 0; k < i && !sink->error; k++)
			sink->error = zc_end_check_sinks(&t->sink[k], sink,
							 expected);
		if (!sink->error)
			sink->error = zc_end_check_overlap(&t->source, sink,
							   len);
		if (sink->error)
			return sink->error;
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
	if (t->source.source->lend)
		*len = expected_len(t, *len);
	return prepare_sinks(t, len);
}

/*
 * The source reads whole blocks; if a sink can then write such, it does. The
 * first that can be pleased decides.
 */
static u32 choose_phase(const struct zc_transfer *t)
{
	u32 i, align = t->source.align ?: 1;

	for (i = 0; i < t->sinks; i++)
		if (t->sink[i].phase &&
		    t->sink[i].phase % align == t->source.phase)
			return t->sink[i].phase;
	return t->source.phase;
}

/* Whose buffers the payload is in. */
static struct zc_pool *get_pool(struct zc_file *file,
				const struct zc_transfer *t)
{
	const struct zc_end *source = &t->source;
	int ret;

	if (source->source->lender)
		return t->arg->chunk ? ERR_PTR(-EINVAL) :
				       source->source->lender(source);
	ret = zc_pool_create_default(file, 0);
	return ret ? ERR_PTR(ret) : zc_file_pool(file);
}

static struct zc_pipeline *make_pipeline(struct zc_file *file,
					 struct zc_transfer *t, u64 len)
{
	struct zc_pipeline *p;
	struct zc_pool *pool;
	u32 i, depth;

	pool = get_pool(file, t);
	if (IS_ERR(pool))
		return ERR_CAST(pool);
	if (t->arg->chunk > pool->buf_size)
		return ERR_PTR(-EINVAL);

	depth = min(t->arg->depth ?: ZC_TRANSFER_DEPTH, pool->count);
	p = zc_pipeline_new(pool, depth, t->sinks);
	if (!p)
		return ERR_PTR(-ENOMEM);
	p->source = &t->source;
	for (i = 0; i < t->sinks; i++)
		p->lane[i].sink = &t->sink[i];
	p->remaining = len;
	p->strict = t->arg->flags & ZCDEV_TRANSFER_STRICT;
	p->fail_fast = t->arg->flags & ZCDEV_TRANSFER_FAIL_FAST;
	p->chunk_size = t->arg->chunk ?: pool->buf_size;
	p->phase = choose_phase(t);
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

static bool anything_moved(const struct zc_pipeline *p)
{
	u32 i;

	for (i = 0; i < p->lanes; i++)
		if (p->lane[i].bytes)
			return true;
	return false;
}

/* Returns an errno only if nothing moved. */
static int run(struct zc_transfer *t, struct zc_pipeline *p)
{
	int error, ret;

	zc_pipeline_run(p);
	error = finish_ends(t, p);
	error = p->error ?: error;
	/* Not restarted: that would begin the send timeout anew. */
	if (error == -ERESTARTSYS)
		error = -EINTR;
	ret = write_results(t, p->bytes, error);
	return anything_moved(p) || !error ? ret : error;
}

/* The end of a transfer that had no pipeline. Returns as run(). */
static int finish_climb(struct zc_transfer *t, u64 bytes, int error)
{
	struct zc_end *source = &t->source, *sink = &t->sink[0];
	int ret;

	source->source->finish(source, bytes);
	sink->sink->finish(sink, bytes);
	error = error ?: sink->error;
	ret = write_results(t, bytes, error);
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
	ret = run(t, p);
	zc_pipeline_free(p);
	return ret;
}

static int transfer(struct zc_file *file, struct zc_transfer *t)
{
	bool strict = t->arg->flags & ZCDEV_TRANSFER_STRICT;
	u64 len = t->arg->len, moved = 0;
	int ret, error;

	ret = read_ends(t);
	if (ret)
		return ret;
	error = prepare_ends(t, &len);
	ret = write_results(t, 0, error);
	if (error || ret || !len)
		return error ?: ret;

	if (has_ladder(t)) {
		moved = zc_ladder_climb(&t->source, &t->sink[0], len, strict);
		if (t->sink[0].error ||
		    zc_ladder_complete(&t->source, len, moved))
			return finish_climb(t, moved, 0);
	}
	return transfer_rest(file, t, len, moved);
}

static struct zc_transfer *transfer_new(u32 sinks)
{
	struct zc_transfer *t;

	t = kzalloc(struct_size(t, sink, sinks), GFP_KERNEL_ACCOUNT);
	if (!t)
		return NULL;
	t->sinks = sinks;
	t->ends = kcalloc(1 + sinks, sizeof(*t->ends), GFP_KERNEL_ACCOUNT);
	if (!t->ends) {
		kfree(t);
		return NULL;
	}
	return t;
}

static void transfer_free(struct zc_transfer *t)
{
	u32 i;

	for (i = 0; i < t->sinks; i++)
		zc_end_close(&t->sink[i]);
	zc_end_close(&t->source);
	kfree(t->ends);
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
		return ret;
	t = transfer_new(arg->sink_count);
	if (!t)
		return -ENOMEM;
	t->arg = arg;
	t->uarg = uarg;
	ret = transfer(file, t);
	transfer_free(t);
	return ret;
}
