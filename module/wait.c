// SPDX-License-Identifier: GPL-2.0
/*
 * The one place where a transfer sleeps, and what wakes it: a completion, a
 * socket or pipe that has room or data, a signal, or time.
 */
#include "wait.h"

#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/sched.h>

/**
 * zc_bell_init() - a silent bell
 * @bell: the bell
 */
void zc_bell_init(struct zc_bell *bell)
{
	bell->rung = false;
	init_waitqueue_head(&bell->wq);
}

/**
 * zc_bell_ring() - wake who sleeps there
 * @bell: the bell
 *
 * Context: any.
 */
void zc_bell_ring(struct zc_bell *bell)
{
	WRITE_ONCE(bell->rung, true);
	wake_up(&bell->wq);
}

/**
 * zc_bell_silence() - forget what happened so far
 * @bell: the bell
 *
 * Look for work after this, and what happens during the look will ring.
 *
 * Context: the task that waits.
 */
void zc_bell_silence(struct zc_bell *bell)
{
	WRITE_ONCE(bell->rung, false);
	smp_mb();	/* the looks that follow come after */
}

/**
 * zc_bell_wait() - sleep until the bell rings
 * @bell: the bell
 * @ns: no longer than this, KTIME_MAX for ever
 *
 * Context: the task that waits; interruptible.
 * Return: 0, -ETIME, or -ERESTARTSYS for a signal.
 */
int zc_bell_wait(struct zc_bell *bell, u64 ns)
{
	return wait_event_interruptible_hrtimeout(bell->wq,
						  READ_ONCE(bell->rung),
						  ns_to_ktime(ns));
}

/**
 * zc_patience_left() - how much longer can it be waited for?
 * @patience: of whoever makes us wait; forget it once that moves
 * @timeout: jiffies that it may take in all, MAX_SCHEDULE_TIMEOUT for ever
 *
 * Context: the task that waits.
 * Return: nanoseconds, KTIME_MAX for ever, 0 if the time is over.
 */
u64 zc_patience_left(struct zc_patience *patience, long timeout)
{
	long left;

	if (timeout == MAX_SCHEDULE_TIMEOUT)
		return KTIME_MAX;
	if (!patience->waiting) {
		patience->waiting = true;
		patience->since = jiffies;
	}
	left = timeout - (long)(jiffies - patience->since);
	return left > 0 ? jiffies_to_nsecs(left) : 0;
}

struct wait_table {
	poll_table pt;
	struct zc_wait *wait;
};

/* Under the lock of the file's queue: the wait cannot end meanwhile. */
static int wait_wake(wait_queue_entry_t *entry, unsigned int mode, int sync,
		     void *key)
{
	struct zc_wait_queue *queue = container_of(entry, struct zc_wait_queue,
						   entry);
	struct zc_wait *wait = queue->wait;

	if (key && !(key_to_poll(key) & wait->events))
		return 0;
	zc_bell_ring(wait->bell);
	return 1;
}

static void wait_queue_proc(struct file *file, wait_queue_head_t *head,
			    poll_table *pt)
{
	struct zc_wait *wait = container_of(pt, struct wait_table, pt)->wait;
	struct zc_wait_queue *queue = &wait->queue[wait->queues];

	if (wait->queues == ZC_WAIT_QUEUES) {
		wait->deaf = true;
		return;
	}
	queue->wait = wait;
	queue->head = head;
	init_waitqueue_func_entry(&queue->entry, wait_wake);
	add_wait_queue(head, &queue->entry);
	wait->queues++;
}

/**
 * zc_wait_begin() - have a file ring a bell
 * @wait: zeroed; to be ended
 * @bell: outlives @wait
 * @file: outlives @wait
 * @events: EPOLL events of interest
 *
 * Context: process.
 */
void zc_wait_begin(struct zc_wait *wait, struct zc_bell *bell,
		   struct file *file, __poll_t events)
{
	struct wait_table table = { .wait = wait };

	wait->bell = bell;
	wait->events = events | EPOLLERR | EPOLLHUP;
	init_poll_funcptr(&table.pt, wait_queue_proc);
	table.pt._key = wait->events;
	vfs_poll(file, &table.pt);
}

/**
 * zc_wait_end() - no more
 * @wait: zeroed, or begun
 *
 * Context: process.
 */
void zc_wait_end(struct zc_wait *wait)
{
	while (wait->queues) {
		struct zc_wait_queue *queue = &wait->queue[--wait->queues];

		remove_wait_queue(queue->head, &queue->entry);
	}
}
