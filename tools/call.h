/* SPDX-License-Identifier: GPL-2.0 */
/* One ZCDEV_TRANSFER of the many that a move may take. */
#ifndef ZCDEVCTL_CALL_H
#define ZCDEVCTL_CALL_H

#include <stdbool.h>

#include "move.h"

/**
 * struct call - one ioctl
 * @t: its argument
 * @ends: the ends that take part, source first
 * @index: which of the move they are
 * @header, @trailer: what of them these sinks still lack
 * @from_backlog: the source is not the stream, but what was taken from it before
 * @refused: it failed, so nothing has moved
 */
struct call {
	struct zcdev_transfer t;
	struct zcdev_end ends[MOVE_MAX_ENDS];
	unsigned int index[MOVE_MAX_ENDS];
	struct zcdev_iov header;
	struct zcdev_iov trailer;
	bool from_backlog;
	bool refused;
};

/* For the sinks that have the least, to bring them to @to: see move_least(). */
void call_prepare(struct call *call, const struct move *move, uint64_t to);

void call_issue(struct call *call, struct device *dev);

/**
 * call_collect - add up what it did
 *
 * Return: 0, or a positive errno if that does not add up.
 */
int call_collect(const struct call *call, struct move *move);

/* The error that ends the move. That of a sink does not, if others may go on. */
int call_verdict(const struct call *call, const struct move *move);

/* True if it had a sink that did not fail. */
bool call_has_survivors(const struct call *call);

#endif
