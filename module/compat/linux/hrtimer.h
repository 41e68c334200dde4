/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_COMPAT_LINUX_HRTIMER_H
#define _ZC_COMPAT_LINUX_HRTIMER_H

#include <linux/version.h>
#include_next <linux/hrtimer.h>

/* 6.13 takes the function along; goes with 6.12. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void
zc_compat_hrtimer_setup(struct hrtimer *timer,
			enum hrtimer_restart (*function)(struct hrtimer *),
			clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}

#define hrtimer_setup	zc_compat_hrtimer_setup
#endif

#endif /* _ZC_COMPAT_LINUX_HRTIMER_H */
