/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_WAIT_H
#define _ZC_WAIT_H

#include <linux/poll.h>
#include <linux/types.h>
#include <linux/wait.h>

struct file;

/* What a pipe has: one queue for readers, one for writers. */
#define ZC_WAIT_QUEUES	2

/**
 * struct zc_bell - where one task sleeps until something happens
 * @rung: something happened since it was last silenced
 * @wq: where the task sleeps
 */
struct zc_bell {
	bool rung;
	wait_queue_head_t wq;
};

/**
 * struct zc_patience - how long somebody makes a transfer wait
 * @waiting: right now
 * @since: jiffies when it began, if @waiting
 */
struct zc_patience {
	bool waiting;
	unsigned long since;
};

/**
 * struct zc_wait - a file rings a bell when it has something to say
 * @bell: the bell
 * @events: EPOLL events that are of interest
 * @deaf: the file has more wait queues than we can be in: nothing may ring
 * @queues: how many wait queues of the file this is in
 * @queue: the entry in each, and what it is an entry of
 */
struct zc_wait {
	struct zc_bell *bell;
	__poll_t events;
	bool deaf;
	u32 queues;
	struct zc_wait_queue {
		wait_queue_entry_t entry;
		wait_queue_head_t *head;
		struct zc_wait *wait;
	} queue[ZC_WAIT_QUEUES];
};

void zc_bell_init(struct zc_bell *bell);
void zc_bell_ring(struct zc_bell *bell);
void zc_bell_silence(struct zc_bell *bell);
int zc_bell_wait(struct zc_bell *bell, u64 ns);

u64 zc_patience_left(struct zc_patience *patience, long timeout);

void zc_wait_begin(struct zc_wait *wait, struct zc_bell *bell,
		   struct file *file, __poll_t events);
void zc_wait_end(struct zc_wait *wait);

#endif /* _ZC_WAIT_H */
