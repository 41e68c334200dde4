/* SPDX-License-Identifier: GPL-2.0 */
/* The module's side of the ioctls, as far as a test of the tool needs it. */
#ifndef ZCDEVCTL_FAKE_KERNEL_H
#define ZCDEVCTL_FAKE_KERNEL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "device.h"
#include "move.h"

#define FAKE_CALLS	64

#define FAKE_BUF	4096
#define FAKE_BUFS	128

/**
 * struct fake - what the fake does next, and what it has seen
 * @pool_limit: bytes above which POOL_CREATE fails
 * @pool_errno: with this
 * @room: bytes of the pool that the first sink is, or 0 if it is none
 * @max_sinks: that it says it takes
 * @end_flags: ZCDEV_END_ flags that it says it knows
 * @refuse: errno of every TRANSFER that @refuse_end takes part in; nothing moves
 * @refuse_end: end that it blames for that, or -1: all TRANSFERs, nobody is blamed
 * @fail_end: sink that fails, or 0
 * @fail_at: once it has accepted that many bytes
 * @fail_errno: with this
 * @ahead: bytes that it has taken from a stream then, and no sink has
 * @lag_end: sink that is behind by @lag when @step ends a TRANSFER, or 0
 * @lag: see @lag_end
 * @mute: a TRANSFER of nothing but a trailer does nothing, and does not say so
 * @step: bytes after which a TRANSFER stops with @step_errno, or 0 for never
 * @step_errno: see @step
 * @step_times: how often that happens
 * @forget: of what was left it names no ranges
 * @release_errno: of BUF_RELEASE
 * @raise: set by @step, as a signal handler would
 * @fds: of the ends in the first TRANSFER: how they are known in later ones
 * @accepted: by each of these
 * @seen: lengths of the TRANSFERs
 * @sinks: how many took part in them
 * @headers, @trailers: bytes of these that they had
 * @pool: how many of them had a range of a pool as the source
 * @rate, @latency_ns, @copy_below: of the last TRANSFER, and of its first sink
 * @flags: of the last TRANSFER
 * @calls: number of those
 * @create: the last POOL_CREATE
 * @creates: number of those
 * @no_pool: this descriptor is an open file of a device without a pool
 * @no_device: this descriptor is something else
 * @acquired: buffers that the program holds
 */
struct fake {
	uint64_t pool_limit;
	int pool_errno;
	uint64_t room;
	unsigned int max_sinks;
	uint32_t end_flags;
	int refuse;
	int refuse_end;
	int fail_end;
	uint64_t fail_at;
	int fail_errno;
	uint64_t ahead;
	int lag_end;
	uint64_t lag;
	bool mute;
	uint64_t step;
	int step_errno;
	unsigned int step_times;
	bool forget;
	int release_errno;
	volatile sig_atomic_t *raise;
	int fds[MOVE_MAX_ENDS];
	uint64_t accepted[MOVE_MAX_ENDS];
	uint64_t seen[FAKE_CALLS];
	unsigned int sinks[FAKE_CALLS];
	uint64_t headers[FAKE_CALLS];
	uint64_t trailers[FAKE_CALLS];
	unsigned int pool;
	uint64_t rate;
	uint64_t latency_ns;
	uint32_t copy_below;
	uint32_t flags;
	unsigned int calls;
	struct zcdev_pool_create create;
	unsigned int creates;
	int no_pool;
	int no_device;
	bool acquired[FAKE_BUFS];
};

extern struct fake fake;

/* What is in its pool. */
extern unsigned char fake_pool[FAKE_BUFS * FAKE_BUF];

/* Forgets everything; then TRANSFER copies with read and write. */
void fake_reset(void);

int fake_ioctl(int fd, unsigned long request, void *arg);

#endif
