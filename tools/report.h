/* SPDX-License-Identifier: GPL-2.0 */
/* What a transfer tells at its end, for people and for programs. */
#ifndef ZCDEVCTL_REPORT_H
#define ZCDEVCTL_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "fault.h"
#include "zcdev.h"

/* From good to bad. */
enum report_sync {
	REPORT_SYNC_NONE,	/* no disk at that end */
	REPORT_SYNC_DONE,
	REPORT_SYNC_SKIPPED,	/* --no-sync */
	REPORT_SYNC_FAILED,	/* or not tried, after another failure */
};

/**
 * struct report - everything there is to say
 * @seconds: from the first byte to the end of the sync
 * @asked: bytes that the user asked for, or ZCDEV_TO_END
 * @bytes: bytes of the source that each sink accepted, if it did not fail
 * @left: bytes that were taken from a stream, but not delivered
 * @sync: whether each sink is on its disk
 * @failure: what is told first, or NULL
 * @faults: what went wrong: not with an end in particular, or with the source,
 *	and with each sink
 * @names: as the user wrote the ends
 * @ends: what the kernel counted
 * @sink_count: the number of ends less one; all arrays have the source first
 * @pool: geometry; out_count is 0 if not known
 */
struct report {
	double seconds;
	uint64_t asked;
	uint64_t bytes;
	uint64_t left;
	const enum report_sync *sync;
	const struct fault *failure;
	const struct fault *faults;
	const char * const *names;
	const struct zcdev_end *ends;
	unsigned int sink_count;
	struct zcdev_pool_info pool;
};

/* Bytes per second, 0 if there was no time to measure. */
double report_rate(const struct report *report);

/* All sinks together: what the worst of them is. */
enum report_sync report_sync(const struct report *report);

/* One or two lines, with several sinks one for each end, and one for what was left. */
void report_human(FILE *out, const struct report *report);

/* One object on one line. */
void report_json(FILE *out, const struct report *report);

#endif
