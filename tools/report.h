/* SPDX-License-Identifier: GPL-2.0 */
/* What a transfer tells at its end, for people and for programs. */
#ifndef ZCDEVCTL_REPORT_H
#define ZCDEVCTL_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "zcdev.h"

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
 * @bytes: bytes that the sink accepted
 * @error: 0, or the errno that ended it
 * @message: the sentence to it, or NULL
 * @sync: whether the sink is on its disk
 * @names: as the user wrote the ends
 * @ends: source first
 * @sink_count: the number of ends less one
 * @pool: geometry; out_count is 0 if not known
 */
struct report {
	double seconds;
	uint64_t asked;
	uint64_t bytes;
	int error;
	const char *message;
	enum report_sync sync;
	const char * const *names;
	const struct zcdev_end *ends;
	unsigned int sink_count;
	struct zcdev_pool_info pool;
};

/* Bytes per second, 0 if there was no time to measure. */
double report_rate(const struct report *report);

/* One or two lines. */
void report_human(FILE *out, const struct report *report);

/* One object on one line. */
void report_json(FILE *out, const struct report *report);

#endif
