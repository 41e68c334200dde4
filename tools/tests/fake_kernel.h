/* SPDX-License-Identifier: GPL-2.0 */
/* The module's side of the ioctls, as far as a test of the tool needs it. */
#ifndef ZCDEVCTL_FAKE_KERNEL_H
#define ZCDEVCTL_FAKE_KERNEL_H

#include <signal.h>
#include <stdint.h>

#include "device.h"
#include "move.h"

#define FAKE_CALLS	64

/**
 * struct fake - what the fake does next, and what it has seen
 * @pool_limit: bytes above which POOL_CREATE fails
 * @pool_errno: with this
 * @max_sinks: that it says it takes
 * @refuse: errno of every TRANSFER that @refuse_end takes part in; nothing moves
 * @refuse_end: end that it blames for that, or -1: all TRANSFERs, nobody is blamed
 * @fail_end: sink that fails, or 0
 * @fail_at: once it has accepted that many bytes
 * @fail_errno: with this
 * @lag_end: sink that is behind by @lag when @step ends a TRANSFER, or 0
 * @lag: see @lag_end
 * @step: bytes after which a TRANSFER stops with @step_errno, or 0 for never
 * @step_errno: see @step
 * @step_times: how often that happens
 * @raise: set by @step, as a signal handler would
 * @fds: of the ends in the first TRANSFER: how they are known in later ones
 * @accepted: by each of these
 * @seen: lengths of the TRANSFERs
 * @sinks: how many took part in them
 * @flags: of the last TRANSFER
 * @calls: number of those
 * @create: the last POOL_CREATE
 * @creates: number of those
 */
struct fake {
	uint64_t pool_limit;
	int pool_errno;
	unsigned int max_sinks;
	int refuse;
	int refuse_end;
	int fail_end;
	uint64_t fail_at;
	int fail_errno;
	int lag_end;
	uint64_t lag;
	uint64_t step;
	int step_errno;
	unsigned int step_times;
	volatile sig_atomic_t *raise;
	int fds[MOVE_MAX_ENDS];
	uint64_t accepted[MOVE_MAX_ENDS];
	uint64_t seen[FAKE_CALLS];
	unsigned int sinks[FAKE_CALLS];
	uint32_t flags;
	unsigned int calls;
	struct zcdev_pool_create create;
	unsigned int creates;
};

extern struct fake fake;

/* Forgets everything; then TRANSFER copies with read and write. */
void fake_reset(void);

int fake_ioctl(int fd, unsigned long request, void *arg);

#endif
