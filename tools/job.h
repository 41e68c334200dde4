/* SPDX-License-Identifier: GPL-2.0 */
/* One run of "zcdevctl transfer": everything that belongs together. */
#ifndef ZCDEVCTL_JOB_H
#define ZCDEVCTL_JOB_H

#include "device.h"
#include "end.h"
#include "geometry.h"
#include "move.h"
#include "report.h"
#include "transfer_opts.h"

/**
 * struct job - one run of the command
 * @opts: the command line
 * @dev: the device
 * @pool: the geometry that the pool got
 * @expected: bytes that will probably move, or END_UNKNOWN
 * @ends: source first
 * @opened: how many of @ends have been tried
 * @move: the transfer; its @stop is the caller's
 * @seconds: that it took, sync included
 * @sync: how that went
 */
struct job {
	struct transfer_opts opts;
	struct device dev;
	struct geometry pool;
	uint64_t expected;
	struct end ends[MOVE_MAX_ENDS];
	unsigned int opened;
	struct move move;
	double seconds;
	enum report_sync sync;
};

/* End @i as the user wrote it. */
const char *job_name(const struct job *job, unsigned int i);

/**
 * job_open - open everything, in the order that does the least harm on failure
 *
 * The device, the source, the pool, and only then the sink, which is created or
 * connected to.
 *
 * Return: 0, or -1 with @f; job_close() is due in both cases.
 */
int job_open(struct job *job, struct fault *f);
void job_close(struct job *job);

/* Empties files that will be overwritten, once the kernel has agreed to serve
 * them: a refusal must not cost the user what was in there.
 */
int job_truncate(struct job *job, struct fault *f);

/* What stopped @job->move, as a sentence. Returns -1. */
int job_explain(struct job *job, struct fault *f);

#endif
