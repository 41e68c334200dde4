// SPDX-License-Identifier: GPL-2.0
/*
 * The source stands where the sink does that has the least; when an ioctl was
 * interrupted, others may be further. So each ioctl is for those that have the
 * least, and goes no further than where the next one waits. Sinks that failed
 * keep their counts and hold nobody back.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "move.h"
#include "units.h"

/* Enough for the pipeline to run full, little enough for a slow first tick. */
#define FIRST_SLICE	16
#define SLICE_SECONDS	0.3
#define MAX_SLICE	GIB

double move_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

uint64_t move_next_slice(uint64_t unit, uint64_t done, double seconds)
{
	double want = seconds > 0 ? done / seconds * SLICE_SECONDS : MAX_SLICE;
	uint64_t slice = want < MAX_SLICE ? (uint64_t)want : MAX_SLICE;

	slice -= slice % unit;
	return slice ? slice : unit;
}

/**
 * struct call - one ioctl
 * @t: its argument
 * @ends: the ends that take part, source first
 * @index: which of the move they are
 */
struct call {
	struct zcdev_transfer t;
	struct zcdev_end ends[MOVE_MAX_ENDS];
	unsigned int index[MOVE_MAX_ENDS];
};

unsigned int move_alive(const struct move *move)
{
	unsigned int i, alive = 0;

	for (i = 1; i <= move->sink_count; i++)
		alive += !move->failed[i];
	return alive;
}

/* Where the sinks are that have the least of those with @from or more. */
static uint64_t least(const struct move *move, uint64_t from)
{
	uint64_t bytes = UINT64_MAX;
	unsigned int i;

	for (i = 1; i <= move->sink_count; i++) {
		if (!move->failed[i] && move->ends[i].out_bytes >= from &&
		    move->ends[i].out_bytes < bytes)
			bytes = move->ends[i].out_bytes;
	}
	return bytes;
}

/* Only the inputs: what the kernel leaves alone must read as nothing. */
static void call_add(struct call *call, unsigned int slot, const struct move *move,
		     unsigned int i)
{
	const struct zcdev_end *from = &move->ends[i];

	call->index[slot] = i;
	call->ends[slot] = (struct zcdev_end){
		.fd = from->fd,
		.flags = from->flags,
		.offset = from->offset,
	};
}

static void call_prepare(struct call *call, const struct move *move, uint64_t len)
{
	unsigned int i;

	call->t = (struct zcdev_transfer){
		.flags = move->flags,
		.len = len,
		.ends = (uintptr_t)call->ends,
	};
	call_add(call, 0, move, 0);
	for (i = 1; i <= move->sink_count; i++) {
		if (!move->failed[i] && move->ends[i].out_bytes == move->bytes)
			call_add(call, ++call->t.sink_count, move, i);
	}
}

/* An ioctl that fails has moved nothing; at most the ends tell which one it was. */
static void call_issue(struct call *call, struct device *dev)
{
	int ret = device_transfer(dev, &call->t);

	if (ret) {
		call->t.out_error = -ret;
		call->t.out_bytes = 0;
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
}

static void add_offset(struct zcdev_end *end, uint64_t bytes)
{
	if (end->flags & ZCDEV_END_OFFSET)
		end->offset += bytes;
}

static void call_collect(const struct call *call, struct move *move)
{
	unsigned int slot, i;

	add_counts(&move->ends[0], &call->ends[0]);
	add_offset(&move->ends[0], call->t.out_bytes);
	move->bytes += call->t.out_bytes;
	for (slot = 1; slot <= call->t.sink_count; slot++) {
		i = call->index[slot];
		add_counts(&move->ends[i], &call->ends[slot]);
		add_offset(&move->ends[i], call->ends[slot].out_bytes);
		move->failed[i] = call->ends[slot].out_error;
	}
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

/* The error that ends it. That of a sink does not, if others may go on. */
static int call_verdict(const struct call *call, const struct move *move)
{
	int error = call->t.out_error;
	int sink = sink_error(call, error);

	if (!sink || call->ends[0].out_error)
		return error;
	if (move->flags & ZCDEV_TRANSFER_FAIL_FAST || !move_alive(move))
		return sink;
	return error == sink ? 0 : error;
}

static bool call_has_survivors(const struct call *call)
{
	unsigned int slot;

	for (slot = 1; slot <= call->t.sink_count; slot++) {
		if (!call->ends[slot].out_error)
			return true;
	}
	return false;
}

/* All that had the least have failed: the source goes where the others are. */
static int catch_up(struct move *move)
{
	uint64_t bytes = least(move, 0);

	if (bytes <= move->bytes)
		return 0;
	bytes -= move->bytes;
	if (!(move->ends[0].flags & ZCDEV_END_OFFSET) &&
	    lseek(move->ends[0].fd, bytes, SEEK_CUR) < 0)
		return errno;
	add_offset(&move->ends[0], bytes);
	move->bytes += bytes;
	return 0;
}

/*
 * Being stopped and continued by the shell ends an ioctl with EINTR as well.
 * Only a signal that we caught is the user's wish.
 */
static bool interrupted_for_nothing(const struct move *move)
{
	return move->error == EINTR && !*move->stop;
}

/* One ioctl. Returns false if it was the last: nobody gets more, or @error. */
static bool transfer(struct move *move, uint64_t len)
{
	struct call call;
	bool refused;
	int error;

	call_prepare(&call, move, len);
	call_issue(&call, move->dev);
	call_collect(&call, move);
	error = call.t.out_error;
	refused = error && !call.t.out_bytes;
	move->error = call_verdict(&call, move);
	if (interrupted_for_nothing(move)) {
		move->error = 0;
	} else if (!move->error && !refused && call_has_survivors(&call)) {
		/* They have all that was asked for, or all there was. */
		return call.t.out_bytes == len;
	}
	if (!move->error)
		move->error = catch_up(move);
	return !move->error;
}

/* How far the next ioctl can go: to @goal, or to where a sink waits already. */
static uint64_t distance(const struct move *move, uint64_t goal)
{
	uint64_t next = least(move, move->bytes + 1);

	if (next < goal)
		goal = next;
	return goal == ZCDEV_TO_END ? goal : goal - move->bytes;
}

/* Brings all sinks to @goal. Returns false if it was over before. */
static bool advance(struct move *move, uint64_t goal)
{
	bool more;

	do {
		more = transfer(move, distance(move, goal));
	} while (more && move->bytes < goal);
	return more;
}

static uint64_t left(const struct move *move)
{
	return move->len == ZCDEV_TO_END ? ZCDEV_TO_END : move->len - move->bytes;
}

static void run_in_slices(struct move *move)
{
	uint64_t slice = FIRST_SLICE * move->slice_unit;
	double start, now = move_now();
	uint64_t begin;
	bool more;

	do {
		start = now;
		begin = move->bytes;
		more = advance(move, begin + (left(move) < slice ? left(move) : slice));
		if (move->tick)
			move->tick(move->context, move->bytes);
		if (!more)
			return;
		if (*move->stop) {
			move->error = EINTR;
			return;
		}
		now = move_now();
		slice = move_next_slice(move->slice_unit, move->bytes - begin, now - start);
	} while (left(move));
}

int move_run(struct move *move)
{
	/* A signal that came while the ends were made ready. */
	if (*move->stop)
		move->error = EINTR;
	else if (!move->len)
		return move_ask(move);
	else if (move->slice_unit)
		run_in_slices(move);
	else
		advance(move, move->len);
	return move->error ? -1 : 0;
}

int move_ask(struct move *move)
{
	unsigned int asked;

	/* The kernel blames one sink at a time. */
	do {
		asked = move_alive(move);
		transfer(move, 0);
	} while (!move->error && move_alive(move) < asked);
	return move->error ? -1 : 0;
}
