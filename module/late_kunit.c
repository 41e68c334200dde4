// SPDX-License-Identifier: GPL-2.0
/*
 * What ends on purpose misbehave with: time, and interrupts.
 */
#include "late_kunit.h"

#include <linux/ktime.h>
#include <linux/preempt.h>

/* Not too often for an emulated machine. */
#define TICK_NS		(50 * NSEC_PER_USEC)

static bool late_is_in_place(const struct zc_late *late)
{
	switch (late->from) {
	case ZC_LATE_WORK:
		return in_task();
	case ZC_LATE_SOFTIRQ:
		return in_serving_softirq() && !in_hardirq();
	default:
		/* There it is a thread, as are the handlers of disks. */
		return in_hardirq() || IS_ENABLED(CONFIG_PREEMPT_RT);
	}
}

static void late_run(struct zc_late *late)
{
	late->astray |= !late_is_in_place(late);
	late->fn(late);
}

static void late_work(struct work_struct *work)
{
	late_run(container_of(work, struct zc_late, work.work));
}

static enum hrtimer_restart late_timer(struct hrtimer *timer)
{
	late_run(container_of(timer, struct zc_late, timer));
	return HRTIMER_NORESTART;
}

/* Not HARD, whose functions may not even take the locks that are mutexes on RT. */
static enum hrtimer_mode late_mode(const struct zc_late *late)
{
	return late->from == ZC_LATE_SOFTIRQ ? HRTIMER_MODE_REL_SOFT :
					       HRTIMER_MODE_REL;
}

/**
 * zc_late_init() - make ready
 * @late: zeroed, or stopped
 * @from: in which context it is to happen
 * @fn: what is to happen
 */
void zc_late_init(struct zc_late *late, enum zc_late_from from,
		  void (*fn)(struct zc_late *late))
{
	late->from = from;
	late->fn = fn;
	INIT_DELAYED_WORK(&late->work, late_work);
	hrtimer_setup(&late->timer, late_timer, CLOCK_MONOTONIC,
		      late_mode(late));
}

/**
 * zc_late_start() - have it happen once
 * @late: did happen, or never
 * @ticks: so much later: jiffies for a workqueue, else shorter
 *
 * Context: any.
 */
void zc_late_start(struct zc_late *late, u32 ticks)
{
	if (late->from == ZC_LATE_WORK)
		queue_delayed_work(system_unbound_wq, &late->work, ticks);
	else
		hrtimer_start(&late->timer, ns_to_ktime(ticks * TICK_NS),
			      late_mode(late));
}

/**
 * zc_late_stop() - let it happen no more
 * @late: zeroed, or ready
 *
 * Context: process; sleeps.
 * Return: true if it was still to happen.
 */
bool zc_late_stop(struct zc_late *late)
{
	if (!late->fn)
		return false;
	if (late->from == ZC_LATE_WORK)
		return cancel_delayed_work_sync(&late->work);
	return hrtimer_cancel(&late->timer);
}
