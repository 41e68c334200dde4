/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was taken from a stream but has not reached the sinks. It lies in the
 * pool, in buffers that are ours until it has.
 */
#ifndef ZCDEVCTL_BACKLOG_H
#define ZCDEVCTL_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "device.h"

/**
 * struct backlog - ranges of the pool, in the order of the stream
 * @ranges: room for @size of them, each in a buffer of its own
 * @size: 0 if the source is no stream
 * @buf_size: of the pool
 * @foreign: that is the pool of a sink, in which the source puts it at once
 * @first, @count: those that are in use
 */
struct backlog {
	struct zcdev_range *ranges;
	unsigned int size;
	uint32_t buf_size;
	bool foreign;
	unsigned int first;
	unsigned int count;
};

/* Return: 0, or a positive errno. */
int backlog_init(struct backlog *backlog, unsigned int buffers, uint32_t buf_size);
void backlog_free(struct backlog *backlog);

/* The oldest range, or NULL. */
const struct zcdev_range *backlog_first(const struct backlog *backlog);

uint64_t backlog_bytes(const struct backlog *backlog);

/* True if there is something, and it cannot be moved. */
bool backlog_is_stuck(const struct backlog *backlog);

/**
 * backlog_drop - forget the oldest @bytes, and give their buffers back
 *
 * Return: 0, or a positive errno; EIO if there are not that many.
 */
int backlog_drop(struct backlog *backlog, struct device *dev, uint64_t bytes);

#endif
