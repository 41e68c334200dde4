// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <time.h>

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

static void add_end(struct zcdev_end *sum, const struct zcdev_end *part)
{
	sum->out_kind = part->out_kind;
	sum->out_paths |= part->out_paths;
	sum->out_reasons |= part->out_reasons;
	sum->out_error = part->out_error;
	sum->out_bytes += part->out_bytes;
	sum->out_zerocopy += part->out_zerocopy;
	sum->out_unverified += part->out_unverified;
	sum->out_copied += part->out_copied;
	if (sum->flags & ZCDEV_END_OFFSET)
		sum->offset += part->out_bytes;
}

/* Only the inputs: what the kernel leaves alone must read as nothing. */
static void copy_inputs(struct zcdev_end *to, const struct zcdev_end *from)
{
	memset(to, 0, sizeof(*to));
	to->fd = from->fd;
	to->flags = from->flags;
	to->offset = from->offset;
}

/* One ioctl. Returns what it moved, and in @move->error what ended it. */
static uint64_t transfer(struct move *move, uint64_t len)
{
	struct zcdev_end ends[MOVE_MAX_ENDS];
	struct zcdev_transfer t = {
		.flags = move->flags,
		.len = len,
		.ends = (uintptr_t)ends,
		.sink_count = move->sink_count,
	};
	unsigned int i;
	int ret;

	for (i = 0; i <= move->sink_count; i++)
		copy_inputs(&ends[i], &move->ends[i]);
	ret = device_transfer(move->dev, &t);
	if (ret) {
		/* Nothing moved; at most the ends tell which one it was. */
		for (i = 0; i <= move->sink_count; i++)
			move->ends[i].out_error = ends[i].out_error;
		move->error = -ret;
		return 0;
	}
	for (i = 0; i <= move->sink_count; i++)
		add_end(&move->ends[i], &ends[i]);
	move->error = t.out_error;
	move->bytes += t.out_bytes;
	return t.out_bytes;
}

/*
 * Being stopped and continued by the shell ends an ioctl with EINTR as well.
 * Only a signal that we caught is the user's wish.
 */
static bool interrupted_for_nothing(struct move *move)
{
	return move->error == EINTR && !*move->stop;
}

/* An EINTR that does not count moves on where it was. */
static uint64_t transfer_all(struct move *move, uint64_t len)
{
	uint64_t done = 0;

	do {
		done += transfer(move, len == ZCDEV_TO_END ? len : len - done);
	} while (interrupted_for_nothing(move) && done < len);
	if (interrupted_for_nothing(move))
		move->error = 0;
	return done;
}

static uint64_t left(const struct move *move)
{
	return move->len == ZCDEV_TO_END ? ZCDEV_TO_END : move->len - move->bytes;
}

static void run_in_slices(struct move *move)
{
	uint64_t slice = FIRST_SLICE * move->slice_unit;
	uint64_t len, done;
	double start, now = move_now();

	do {
		start = now;
		len = left(move) < slice ? left(move) : slice;
		done = transfer_all(move, len);
		if (move->tick)
			move->tick(move->context, move->bytes);
		if (move->error || done < len)
			return;
		if (*move->stop) {
			move->error = EINTR;
			return;
		}
		now = move_now();
		slice = move_next_slice(move->slice_unit, done, now - start);
	} while (left(move));
}

int move_run(struct move *move)
{
	/* A signal that came while the ends were made ready. */
	if (*move->stop)
		move->error = EINTR;
	else if (move->slice_unit && move->len)
		run_in_slices(move);
	else
		transfer_all(move, move->len);
	return move->error ? -1 : 0;
}

int move_ask(struct move *move)
{
	transfer(move, 0);
	return move->error ? -1 : 0;
}
