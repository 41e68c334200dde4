// SPDX-License-Identifier: GPL-2.0
/*
 * The source stands where the sink does that has the least; when an ioctl was
 * interrupted, others may be further. So each ioctl is for those that have the
 * least, and goes no further than where the next one waits. Sinks that failed
 * keep their counts and hold nobody back.
 *
 * A stream cannot stand still: what it gave and no sink has is in the backlog,
 * and is the source of the next ioctls.
 *
 * Where the source ends is known when it has: so a sink that is behind gets what
 * it lacks of the source before any of the trailer.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
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

unsigned int move_alive(const struct move *move)
{
	unsigned int i, alive = 0;

	for (i = 1; i <= move->sink_count; i++)
		alive += !move->failed[i];
	return alive;
}

uint64_t move_least(const struct move *move, uint64_t from)
{
	uint64_t place = UINT64_MAX;
	unsigned int i;

	for (i = 1; i <= move->sink_count; i++) {
		if (!move->failed[i] && move->ends[i].out_bytes >= from &&
		    move->ends[i].out_bytes < place)
			place = move->ends[i].out_bytes;
	}
	return place;
}

static uint64_t least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t move_payload(const struct move *move, uint64_t place)
{
	return place > move->header.len ? least_of(place - move->header.len, move->len) : 0;
}

uint64_t move_trailer_at(const struct move *move)
{
	return move->len == ZCDEV_TO_END ? UINT64_MAX : move->header.len + move->len;
}

/* Where a sink is that has everything. */
static uint64_t finish(const struct move *move)
{
	uint64_t at = move_trailer_at(move);

	return at == UINT64_MAX ? at : at + move->trailer.len;
}

/*
 * Where it is with @bytes of the source, and with all that comes after the last. A
 * length that a pool has no room for is refused, so what fills one is the rest.
 */
static uint64_t place_of(const struct move *move, uint64_t bytes)
{
	return bytes >= least_of(move->len, move->room) ? finish(move) : move->header.len + bytes;
}

/* How far the next ioctl can go on the way to @goal. */
static uint64_t limit(const struct move *move, uint64_t goal)
{
	const struct zcdev_range *range = backlog_first(&move->backlog);

	goal = least_of(goal, move_least(move, move_least(move, 0) + 1));
	if (range)
		goal = least_of(goal, move->header.len + move->bytes + range->len);
	return goal;
}

/* Nothing went wrong. Either the source has no more, or the sinks are at @to. */
static int check_ended(struct move *move, const struct call *call, uint64_t to)
{
	if (call->t.out_bytes < call->t.len)
		move->len = move->bytes;
	else if (move_least(move, 0) < to)
		return EIO;
	return 0;
}

/* Interrupted in a trailer that was sent along: that tells where it began. */
static void check_trailer(struct move *move, const struct call *call)
{
	if (call->t.trailer_count && move_alive(move) && move->bytes < move->len &&
	    move_least(move, 0) > move->header.len + move->bytes)
		move->len = move->bytes;
}

/* All that had the least have failed: the source goes where the others are. */
static int catch_up(struct move *move)
{
	uint64_t bytes = move_payload(move, move_least(move, 0));

	if (!move_alive(move) || bytes <= move->bytes)
		return 0;
	bytes -= move->bytes;
	move->bytes += bytes;
	if (move->backlog.size)
		return backlog_drop(&move->backlog, move->dev, bytes);
	if (move->ends[0].flags & ZCDEV_END_OFFSET)
		move->ends[0].offset += bytes;
	else if (lseek(move->ends[0].fd, bytes, SEEK_CUR) < 0)
		return errno;
	return 0;
}

/*
 * Being stopped and continued by the shell ends an ioctl that has moved something
 * as well. Only a signal that we caught is the user's wish.
 */
static bool interrupted_for_nothing(const struct move *move)
{
	return move->error == EINTR && !*move->stop;
}

/* One ioctl. Returns false if it was the last, with @error. */
static bool transfer(struct move *move, uint64_t to)
{
	struct call call;
	int wrong;

	call_prepare(&call, move, to);
	call_issue(&call, move->dev);
	wrong = call_collect(&call, move);
	move->error = call_verdict(&call, move);
	check_trailer(move, &call);
	if (interrupted_for_nothing(move))
		move->error = 0;
	else if (!move->error && !call.refused && call_has_survivors(&call))
		move->error = check_ended(move, &call, to);
	if (!move->error)
		move->error = wrong ? wrong : catch_up(move);
	/* What lies in the pool of a sink cannot be moved from there to there. */
	if (!move->error && backlog_is_stuck(&move->backlog))
		move->error = EINTR;
	return !move->error;
}

/* Brings all sinks to @goal, or as far as there is something for them. */
static bool advance(struct move *move, uint64_t goal)
{
	bool more;

	do {
		more = transfer(move, limit(move, goal));
		goal = least_of(goal, finish(move));
	} while (more && move_least(move, 0) < goal);
	return more;
}

static uint64_t first_slice(const struct move *move)
{
	uint64_t most = FIRST_SLICE * move->slice_unit;

	/* Who is slow should not have to wait for the first tick. */
	if (move->backlog.size)
		return move->slice_unit;
	return move->rate ? least_of(move_next_slice(move->slice_unit, move->rate, 1), most) : most;
}

static bool is_done(const struct move *move)
{
	return move_least(move, 0) >= finish(move);
}

static void run_in_slices(struct move *move)
{
	uint64_t slice = first_slice(move);
	double start, now = move_now();
	uint64_t begin;
	bool more;

	do {
		start = now;
		begin = move->bytes;
		more = advance(move, place_of(move, begin + slice));
		if (move->tick)
			move->tick(move->context, move->bytes);
		if (!more || is_done(move))
			return;
		if (*move->stop) {
			move->error = EINTR;
			return;
		}
		now = move_now();
		slice = move_next_slice(move->slice_unit, move->bytes - begin, now - start);
	} while (true);
}

int move_run(struct move *move)
{
	/* A signal that came while the ends were made ready. */
	if (*move->stop)
		move->error = EINTR;
	else if (!finish(move))
		return move_ask(move);
	else if (move->slice_unit)
		run_in_slices(move);
	else
		advance(move, finish(move));
	return move->error ? -1 : 0;
}

/* The kernel blames one sink at a time. */
static void ask(struct move *move)
{
	unsigned int asked;

	do {
		asked = move_alive(move);
		transfer(move, 0);
	} while (!move->error && move_alive(move) < asked);
}

/* Nothing is to move, neither of the source nor of what goes with it. */
int move_ask(struct move *move)
{
	const uint64_t len = move->len, header = move->header.len, trailer = move->trailer.len;

	move->len = 0;
	move->header.len = 0;
	move->trailer.len = 0;
	ask(move);
	move->len = len;
	move->header.len = header;
	move->trailer.len = trailer;
	return move->error ? -1 : 0;
}
