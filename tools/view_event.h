/* SPDX-License-Identifier: GPL-2.0 */
/* What the multicast group tells. */
#ifndef ZCDEVCTL_VIEW_EVENT_H
#define ZCDEVCTL_VIEW_EVENT_H

#include <stdio.h>
#include <time.h>

#include "record.h"

/* One line. @when is the time of day at which it came. */
void view_event_human(FILE *out, const struct record *event, const struct timespec *when);
void view_event_json(FILE *out, const struct record *event, const struct timespec *when);

/* The same for events that were lost. */
void view_event_lost(FILE *out, bool json, const struct timespec *when);

#endif
