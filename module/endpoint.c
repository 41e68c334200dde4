// SPDX-License-Identifier: GPL-2.0
/*
 * What an end of a transfer is: from a descriptor to ops.
 *
 * Everything that is not in the table is refused: what splices, or looks like
 * a socket, is not safe to feed pages to because of that.
 */
#include "endpoint.h"

#include <linux/kernel.h>
#include <linux/overflow.h>

#include "chardev.h"
#include "pool.h"

static const struct zc_end_type *const end_types[] = {
	&zc_end_file,
	&zc_end_block,
	&zc_end_pool,
	&zc_end_pipe,
	&zc_end_char,
	&zc_end_ktls,
	&zc_end_tcp,
	&zc_end_unix,
	&zc_end_vsock,
};

/**
 * zc_end_sources() - kinds that can be a source
 *
 * Return: a mask of bits as in &struct zcdev_query.
 */
u32 zc_end_sources(void)
{
	u32 i, mask = 0;

	for (i = 0; i < ARRAY_SIZE(end_types); i++)
		if (end_types[i]->source)
			mask |= 1U << end_types[i]->kind;
	return mask;
}

/**
 * zc_end_sinks() - kinds that can be a sink
 *
 * Return: a mask of bits as in &struct zcdev_query.
 */
u32 zc_end_sinks(void)
{
	u32 i, mask = 0;

	for (i = 0; i < ARRAY_SIZE(end_types); i++)
		if (end_types[i]->sink)
			mask |= 1U << end_types[i]->kind;
	return mask;
}

static const struct zc_end_type *end_probe(struct file *file)
{
	u32 i;
	int ret;

	if (S_ISDIR(file_inode(file)->i_mode))
		return ERR_PTR(-EISDIR);
	for (i = 0; i < ARRAY_SIZE(end_types); i++) {
		ret = end_types[i]->probe(file);
		if (ret)
			return ret < 0 ? ERR_PTR(ret) : end_types[i];
	}
	return ERR_PTR(-EOPNOTSUPP);
}

static int check_arg(const struct zcdev_end *arg)
{
	u32 via = arg->flags & (ZCDEV_END_DIRECT | ZCDEV_END_BUFFERED);

	if (arg->flags & ~ZC_END_FLAGS || arg->reserved ||
	    via == (ZCDEV_END_DIRECT | ZCDEV_END_BUFFERED))
		return -EINVAL;
	if (!(arg->flags & ZCDEV_END_OFFSET) && arg->offset)
		return -EINVAL;
	if (arg->offset > LLONG_MAX)
		return -EOVERFLOW;
	return 0;
}

static const struct zc_end_type *end_open(struct zc_end *end,
					  const struct zcdev_end *arg,
					  fmode_t mode)
{
	const struct zc_end_type *type;
	int ret = check_arg(arg);

	if (ret)
		return ERR_PTR(ret);
	end->fd = fdget(arg->fd);
	end->file = fd_file(end->fd);
	if (!end->file || !(end->file->f_mode & mode))
		return ERR_PTR(-EBADF);
	type = end_probe(end->file);
	if (IS_ERR(type))
		return type;
	end->kind = type->kind;
	end->flags = arg->flags;
	end->copy_below = arg->copy_below;
	end->pos = arg->offset;
	return type;
}

/**
 * zc_end_open_source() - take the descriptor of a source
 * @end: zeroed; to be closed with zc_end_close() also after an error
 * @arg: as the caller gave it
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int zc_end_open_source(struct zc_end *end, const struct zcdev_end *arg)
{
	const struct zc_end_type *type = end_open(end, arg, FMODE_READ);

	if (IS_ERR(type))
		return PTR_ERR(type);
	if (end->copy_below)
		return -EINVAL;
	end->source = type->source;
	return end->source ? 0 : -EOPNOTSUPP;
}

/**
 * zc_end_open_sink() - take the descriptor of a sink
 * @end: zeroed; to be closed with zc_end_close() also after an error
 * @arg: as the caller gave it
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int zc_end_open_sink(struct zc_end *end, const struct zcdev_end *arg)
{
	const struct zc_end_type *type = end_open(end, arg, FMODE_WRITE);

	if (IS_ERR(type))
		return PTR_ERR(type);
	if (end->copy_below && !(type->kind != ZCDEV_KIND_CHAR &&
				 type->sink && type->sink->events))
		return -EINVAL;
	end->sink = type->sink;
	return end->sink ? 0 : -EOPNOTSUPP;
}

/**
 * zc_end_close() - give the descriptor back
 * @end: opened, or zeroed
 */
void zc_end_close(struct zc_end *end)
{
	if (end->file)
		fdput(end->fd);
	end->file = NULL;
}

/**
 * zc_end_report() - the verdict of one end
 * @end: after the transfer
 * @arg: out_ members are set
 */
void zc_end_report(const struct zc_end *end, struct zcdev_end *arg)
{
	arg->out_kind = end->kind;
	arg->out_paths = end->moved.paths;
	arg->out_reasons = end->moved.reasons;
	arg->out_error = -end->error;
	arg->out_bytes = zc_moved_bytes(&end->moved);
	arg->out_zerocopy = end->moved.zerocopy;
	arg->out_unverified = end->moved.unverified;
	arg->out_copied = end->moved.copied;
	arg->out_offloaded = end->moved.offloaded;
}

static bool end_is_file(const struct zc_end *end)
{
	return end->kind == ZCDEV_KIND_FILE || end->kind == ZCDEV_KIND_BLOCK;
}

/* What two descriptors of the same thing have in common. */
static const void *end_identity(const struct zc_end *end)
{
	if (end_is_file(end))
		return end->file->f_mapping->host;
	if (end->kind == ZCDEV_KIND_POOL)
		return zc_file_pool(zc_chardev_file(end->file));
	return end->file->private_data;
}

/* Nobody minds two to a character device: bytes have no order there. */
static bool end_same(const struct zc_end *a, const struct zc_end *b)
{
	return a->kind == b->kind && a->kind != ZCDEV_KIND_CHAR &&
	       end_identity(a) == end_identity(b);
}

static bool end_has_offsets(const struct zc_end *end)
{
	return end_is_file(end) || end->kind == ZCDEV_KIND_POOL;
}

static int check_ranges(const struct zc_end *a, u64 len_a,
			const struct zc_end *b, u64 len_b)
{
	loff_t end_a, end_b;

	if (len_a > LLONG_MAX || len_b > LLONG_MAX ||
	    check_add_overflow(a->pos, (loff_t)len_a, &end_a) ||
	    check_add_overflow(b->pos, (loff_t)len_b, &end_b))
		return -EOVERFLOW;
	return len_a && a->pos < end_b && b->pos < end_a ? -EINVAL : 0;
}

/**
 * zc_end_check_pages() - who may be given pages of the page cache?
 * @source: opened
 * @sink: opened
 *
 * Sinks that pass on references, and never write to what they are given.
 *
 * Context: any.
 * Return: 0 or -EOPNOTSUPP.
 */
int zc_end_check_pages(const struct zc_end *source, const struct zc_end *sink)
{
	if (!(source->flags & ZCDEV_END_PAGE_CACHE))
		return 0;
	switch (sink->kind) {
	case ZCDEV_KIND_TCP:
	case ZCDEV_KIND_UNIX:
	case ZCDEV_KIND_PIPE:
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/**
 * zc_end_check_sinks() - refuse two sinks that write to one place
 * @a: prepared
 * @b: prepared
 * @len: bytes expected, ZCDEV_TO_END if nobody knows
 *
 * Context: process.
 * Return: 0, -EINVAL if they do, -EOVERFLOW if a range does not fit.
 */
int zc_end_check_sinks(const struct zc_end *a, const struct zc_end *b, u64 len)
{
	if (!end_same(a, b))
		return 0;
	if (len == ZCDEV_TO_END || !end_has_offsets(a))
		return -EINVAL;
	return check_ranges(a, len, b, len);
}

/**
 * zc_end_check_overlap() - refuse a transfer into its own source
 * @source: prepared
 * @sink: prepared
 * @len: bytes asked for; bounded to the present end of a file that is both
 *	source and sink, or it would chase its own tail
 * @extra: bytes that the sink gets besides
 *
 * A socket may well be sent what comes from it.
 *
 * Context: process.
 * Return: 0, -EINVAL if the ranges overlap, or a pipe would be sent what comes
 * from it; -EOVERFLOW if a range does not fit.
 */
int zc_end_check_overlap(const struct zc_end *source, const struct zc_end *sink,
			 u64 *len, u32 extra)
{
	loff_t size;

	if (!end_same(source, sink))
		return 0;
	if (!end_has_offsets(source))
		return source->kind == ZCDEV_KIND_PIPE ? -EINVAL : 0;
	if (end_is_file(source)) {
		size = i_size_read(source->file->f_mapping->host);
		if (*len == ZCDEV_TO_END || *len > size - source->pos)
			*len = max_t(loff_t, size - source->pos, 0);
	}
	return check_ranges(source, *len, sink, *len + extra);
}
