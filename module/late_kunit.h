/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_LATE_KUNIT_H
#define _ZC_LATE_KUNIT_H

#include <linux/hrtimer.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/**
 * enum zc_late_from - whence something happens later
 * @ZC_LATE_WORK: a workqueue, where it may sleep
 * @ZC_LATE_SOFTIRQ: where network packets come from
 * @ZC_LATE_HARDIRQ: where disks say that they are done
 */
enum zc_late_from {
	ZC_LATE_WORK,
	ZC_LATE_SOFTIRQ,
	ZC_LATE_HARDIRQ,
};

/**
 * struct zc_late - something that happens later, in a context of choice
 * @from: which
 * @fn: what
 * @astray: it happened in another
 * @work: if @from is ZC_LATE_WORK
 * @timer: if not
 */
struct zc_late {
	enum zc_late_from from;
	void (*fn)(struct zc_late *late);
	bool astray;
	struct delayed_work work;
	struct hrtimer timer;
};

void zc_late_init(struct zc_late *late, enum zc_late_from from,
		  void (*fn)(struct zc_late *late));
void zc_late_start(struct zc_late *late, u32 ticks);
bool zc_late_stop(struct zc_late *late);

#endif /* _ZC_LATE_KUNIT_H */
