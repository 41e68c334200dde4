/* SPDX-License-Identifier: GPL-2.0 */
/* The module's side of the ioctls, as far as a test of the tool needs it. */
#ifndef ZCDEVCTL_FAKE_KERNEL_H
#define ZCDEVCTL_FAKE_KERNEL_H

#include <signal.h>
#include <stdint.h>

#include "device.h"

#define FAKE_CALLS	64

/**
 * struct fake - what the fake does next, and what it has seen
 * @pool_limit: bytes above which POOL_CREATE fails
 * @pool_errno: with this
 * @refuse: errno of every TRANSFER; nothing moves
 * @refuse_end: end that it blames for that, or -1
 * @step: bytes after which a TRANSFER stops with @step_errno, or 0 for never
 * @step_errno: see @step
 * @step_times: how often that happens
 * @raise: set by @step, as a signal handler would
 * @seen: lengths of the TRANSFERs
 * @calls: number of those
 * @create: the last POOL_CREATE
 * @creates: number of those
 */
struct fake {
	uint64_t pool_limit;
	int pool_errno;
	int refuse;
	int refuse_end;
	uint64_t step;
	int step_errno;
	unsigned int step_times;
	volatile sig_atomic_t *raise;
	uint64_t seen[FAKE_CALLS];
	unsigned int calls;
	struct zcdev_pool_create create;
	unsigned int creates;
};

extern struct fake fake;

/* Forgets everything; then TRANSFER copies with read and write. */
void fake_reset(void);

int fake_ioctl(int fd, unsigned long request, void *arg);

#endif
