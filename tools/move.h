/* SPDX-License-Identifier: GPL-2.0 */
/* Calling ZCDEV_TRANSFER until everything has moved, and adding up. */
#ifndef ZCDEVCTL_MOVE_H
#define ZCDEVCTL_MOVE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "backlog.h"
#include "blob.h"
#include "device.h"

#define MOVE_MAX_SINKS	16
#define MOVE_MAX_ENDS	(1 + MOVE_MAX_SINKS)

/**
 * struct move - one transfer, from the first to the last ioctl
 * @dev: an open device with a pool
 * @flags: ZCDEV_TRANSFER_; without ZCDEV_TRANSFER_FAIL_FAST a sink that fails is
 *	left out from then on, and the others go on as long as there are any
 * @len: bytes to move, or ZCDEV_TO_END; what there was once the source has ended
 * @header: what each sink gets before these
 * @trailer: and after them, unless the source ended before @len
 * @room: bytes of the source that every sink which is a pool has room for, or
 *	UINT64_MAX
 * @rate, @latency_ns: as in struct zcdev_transfer
 * @sink_count: at most MOVE_MAX_SINKS
 * @ends: source first; fd, flags, offset and copy_below are set by the caller,
 *	the counts are sums over all ioctls
 * @failed: sinks that take no part, or none any more; by the index of @ends
 * @slice_unit: 0 to move everything in one ioctl; else @tick is called about
 *	three times a second, and slices are multiples of this
 * @tick: told the bytes moved so far; may be NULL
 * @context: its first argument
 * @stop: not 0 once the user wants it to end
 * @backlog: with room for every buffer of the pool if the source is a stream;
 *	what is in there in the end was taken from it, but not delivered
 * @bytes: accepted by every sink that did not fail; if all did, by the last; of
 *	the source, without header and trailer
 * @error: 0, or the positive errno that ended it
 */
struct move {
	struct device *dev;
	uint32_t flags;
	uint64_t len;
	struct blob header;
	struct blob trailer;
	uint64_t room;
	uint64_t rate;
	uint64_t latency_ns;
	unsigned int sink_count;
	struct zcdev_end ends[MOVE_MAX_ENDS];
	bool failed[MOVE_MAX_ENDS];
	uint64_t slice_unit;
	void (*tick)(void *context, uint64_t bytes);
	void *context;
	const volatile sig_atomic_t *stop;
	struct backlog backlog;
	uint64_t bytes;
	int error;
};

/* Return: 0 if it came to an end by itself, maybe without those in @failed, or -1
 * with @error.
 */
int move_run(struct move *move);

/**
 * move_ask - have the kernel look at the ends without moving anything
 *
 * Return: as move_run() would, as far as it can be known by then.
 */
int move_ask(struct move *move);

/* The number of sinks that did not fail. */
unsigned int move_alive(const struct move *move);

/*
 * Where a sink is counts from the first byte of the header to the last of the
 * trailer. Of those that did not fail and have @from or more, this is the least.
 *
 * Return: UINT64_MAX if there are none.
 */
uint64_t move_least(const struct move *move, uint64_t from);

/* Where the trailer begins; UINT64_MAX before the source has ended. */
uint64_t move_trailer_at(const struct move *move);

/* The bytes of the source that a sink at @place has. */
uint64_t move_payload(const struct move *move, uint64_t place);

/* The length of the next slice, after one of @done bytes took @seconds. */
uint64_t move_next_slice(uint64_t unit, uint64_t done, double seconds);

/* Seconds on a clock that nobody sets. */
double move_now(void);

#endif
