// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "call.h"

/* Only the inputs: what the kernel leaves alone must read as nothing. */
static void add_end(struct call *call, unsigned int slot, const struct move *move,
		    unsigned int i)
{
	const struct zcdev_end *from = &move->ends[i];

	call->index[slot] = i;
	call->ends[slot] = (struct zcdev_end){
		.fd = from->fd,
		.flags = from->flags,
		.offset = from->offset,
		.copy_below = from->copy_below,
	};
}

static void add_ends(struct call *call, const struct move *move)
{
	uint64_t place = move_least(move, 0);
	unsigned int i;

	add_end(call, 0, move, 0);
	for (i = 1; i <= move->sink_count; i++) {
		if (!move->failed[i] && move->ends[i].out_bytes == place)
			add_end(call, ++call->t.sink_count, move, i);
	}
}

/* The part of @blob, which begins at @at, between two places. */
static void cut(struct zcdev_iov *iov, const struct blob *blob, uint64_t at, uint64_t from,
		uint64_t to)
{
	uint64_t begin = from > at ? from - at : 0;
	uint64_t end = to > at ? to - at : 0;

	if (end > blob->len)
		end = blob->len;
	if (begin < end)
		*iov = (struct zcdev_iov){ (uintptr_t)blob->data + begin, end - begin };
}

static void add_header(struct call *call, const struct move *move, uint64_t to)
{
	cut(&call->header, &move->header, 0, move_least(move, 0), to);
	if (!call->header.len)
		return;
	call->t.header = (uintptr_t)&call->header;
	call->t.header_count = 1;
}

/*
 * Before the source has ended nobody knows where the trailer begins. It can go
 * along all the same: what is more than header and source is trailer.
 */
static void add_trailer(struct call *call, const struct move *move, uint64_t to)
{
	uint64_t from = move_least(move, 0), at = move_trailer_at(move);

	if (at == UINT64_MAX && to == UINT64_MAX)
		at = from;
	cut(&call->trailer, &move->trailer, at, from, to);
	if (!call->trailer.len)
		return;
	call->t.trailer = (uintptr_t)&call->trailer;
	call->t.trailer_count = 1;
}

static void add_left(struct call *call, const struct backlog *backlog)
{
	call->t.left = (uintptr_t)backlog->ranges;
	call->t.left_count = backlog->size;
}

/* What the source gave before comes first. */
static void add_backlog(struct call *call, const struct move *move)
{
	const struct zcdev_range *range = backlog_first(&move->backlog);

	if (!range) {
		add_left(call, &move->backlog);
		return;
	}
	call->from_backlog = true;
	call->ends[0] = (struct zcdev_end){
		.fd = move->dev->fd,
		.flags = ZCDEV_END_OFFSET,
		.offset = range->offset,
	};
}

void call_prepare(struct call *call, const struct move *move, uint64_t to)
{
	uint64_t from = move_payload(move, move_least(move, 0));

	*call = (struct call){
		.t = {
			.flags = move->flags,
			.len = to == UINT64_MAX ? ZCDEV_TO_END : move_payload(move, to) - from,
			.ends = (uintptr_t)call->ends,
			.rate = move->rate,
			.latency_ns = move->latency_ns,
		},
	};
	add_ends(call, move);
	add_header(call, move, to);
	add_trailer(call, move, to);
	if (call->t.len)
		add_backlog(call, move);
}

/* An ioctl that fails has moved nothing; at most the ends tell which one it was. */
void call_issue(struct call *call, struct device *dev)
{
	int ret = device_transfer(dev, &call->t);

	if (ret) {
		call->t.out_error = -ret;
		call->t.out_bytes = 0;
		call->refused = true;
	}
}

static void add_counts(struct zcdev_end *sum, const struct zcdev_end *part)
{
	if (part->out_kind)
		sum->out_kind = part->out_kind;
	sum->out_paths |= part->out_paths;
	sum->out_reasons |= part->out_reasons;
	sum->out_error = part->out_error;
	sum->out_bytes += part->out_bytes;
	sum->out_zerocopy += part->out_zerocopy;
	sum->out_unverified += part->out_unverified;
	sum->out_copied += part->out_copied;
	sum->out_offloaded += part->out_offloaded;
}

static void add_offset(struct zcdev_end *end, uint64_t bytes)
{
	if (end->flags & ZCDEV_END_OFFSET)
		end->offset += bytes;
}

static int collect_left(const struct call *call, struct backlog *backlog)
{
	backlog->first = 0;
	backlog->count = call->t.out_left_count;
	return backlog_bytes(backlog) == call->t.out_left_bytes ? 0 : EIO;
}

static int collect_source(const struct call *call, struct move *move)
{
	move->bytes += call->t.out_bytes;
	if (call->from_backlog)
		return backlog_drop(&move->backlog, move->dev, call->t.out_bytes);
	add_counts(&move->ends[0], &call->ends[0]);
	add_offset(&move->ends[0], call->t.out_bytes);
	return call->t.left ? collect_left(call, &move->backlog) : 0;
}

int call_collect(const struct call *call, struct move *move)
{
	unsigned int slot, i;

	for (slot = 1; slot <= call->t.sink_count; slot++) {
		i = call->index[slot];
		add_counts(&move->ends[i], &call->ends[slot]);
		add_offset(&move->ends[i], call->ends[slot].out_bytes);
		move->failed[i] = call->ends[slot].out_error;
	}
	return collect_source(call, move);
}

/* 0, or the error of a sink that failed: @error, if it is that of any. */
static int sink_error(const struct call *call, int error)
{
	unsigned int slot;
	int first = 0;

	for (slot = 1; slot <= call->t.sink_count; slot++) {
		if (!call->ends[slot].out_error)
			continue;
		if (call->ends[slot].out_error == error)
			return error;
		if (!first)
			first = call->ends[slot].out_error;
	}
	return first;
}

int call_verdict(const struct call *call, const struct move *move)
{
	int error = call->t.out_error;
	int sink = sink_error(call, error);

	if (!sink || call->ends[0].out_error)
		return error;
	if (move->flags & ZCDEV_TRANSFER_FAIL_FAST || !move_alive(move))
		return sink;
	return error == sink ? 0 : error;
}

bool call_has_survivors(const struct call *call)
{
	unsigned int slot;

	for (slot = 1; slot <= call->t.sink_count; slot++) {
		if (!call->ends[slot].out_error)
			return true;
	}
	return false;
}
