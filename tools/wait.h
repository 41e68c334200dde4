/* SPDX-License-Identifier: GPL-2.0 */
/* Commands that go on until the user has had enough. */
#ifndef ZCDEVCTL_WAIT_H
#define ZCDEVCTL_WAIT_H

#include <stdbool.h>

/*
 * From now on SIGINT, SIGTERM and SIGWINCH are taken only by wait_for(), so that
 * none can come between a look and a wait.
 */
void wait_begin(void);

/* SIGINT or SIGTERM came: the user has had enough. */
bool wait_is_over(void);

/**
 * wait_for - wait until @fd is readable
 * @fd: or -1 for none
 * @seconds: at most, or -1 for ever
 *
 * Return: true if it is; false if the time is over or a signal came: SIGWINCH, too,
 * so that a window that was resized is drawn again.
 */
bool wait_for(int fd, double seconds);

/* Waits until move_now() is @when or the user has had enough, and no shorter. */
void wait_until(double when);

#endif
