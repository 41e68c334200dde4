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
 * @end_flags: the ZCDEV_END_ flags that the module knows
 * @expected: bytes that will probably move, or END_UNKNOWN
 * @ends: source first
 * @opened: how many of @ends have been tried
 * @move: the transfer; its @stop is the caller's
 * @left: bytes that were taken from a stream, but not delivered
 * @seconds: that it took, sync included
 * @sync: how that went, for each sink
 * @faults: why a sink failed, by the index of @ends; the first is for whatever
 *	else ended it. Those that did not happen have STATUS_DONE.
 */
struct job {
	struct transfer_opts opts;
	struct device dev;
	struct geometry pool;
	uint32_t end_flags;
	uint64_t expected;
	struct end ends[MOVE_MAX_ENDS];
	unsigned int opened;
	struct move move;
	uint64_t left;
	double seconds;
	enum report_sync sync[MOVE_MAX_ENDS];
	struct fault faults[MOVE_MAX_ENDS];
};

/* End @i as the user wrote it. */
const char *job_name(const struct job *job, unsigned int i);

/* The first of @faults, or NULL. */
const struct fault *job_fault(const struct job *job);

/**
 * job_sink_failed - leave sink @i out from now on; its fault is there already
 *
 * Return: 0 if the others are to go on, or -1.
 */
int job_sink_failed(struct job *job, unsigned int i);

/**
 * job_pool_source, job_pool_sink - look at an end that may be a range of a pool
 *
 * A sink that has no pool yet gets one, if it is known how large it must be.
 *
 * Return: 0, or -1 with the fault of that end.
 */
int job_pool_source(struct job *job);
int job_pool_sink(struct job *job, unsigned int i);

/* Bytes of the source that all sinks which are pools have room for, or UINT64_MAX. */
uint64_t job_pool_room(const struct job *job);

/* Return: 0, or -1 with a fault if a sink that is a pool may be too small. */
int job_pool_full(struct job *job);

/**
 * job_open - open everything, in the order that does the least harm on failure
 *
 * The device, the source, the pool, and only then the sinks, which are created
 * or connected to.
 *
 * Return: 0, or -1 if nothing can move; job_close() is due in both cases.
 */
int job_open(struct job *job);
void job_close(struct job *job);

/* Empties files that will be overwritten, once the kernel has agreed to serve
 * them: a refusal must not cost the user what was in there. Return: as job_open().
 */
int job_truncate(struct job *job);

/* A sentence for whatever stopped @job->move, and for each sink that it left out. */
void job_explain(struct job *job);

#endif
