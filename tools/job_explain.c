// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "explain.h"
#include "job.h"

/* Any that still took part: they all have the same source. */
static unsigned int some_sink(const struct job *job)
{
	unsigned int i;

	for (i = 1; i < job->opts.sink_count; i++) {
		if (!job->move.failed[i])
			break;
	}
	return i;
}

/*
 * EOPNOTSUPP has several causes; what the module serves tells them apart.
 * @guilty is the end that has it, or -1.
 */
static void explain_unsupported(struct job *job, int guilty, struct fault *f)
{
	unsigned int i = guilty > 0 ? (unsigned int)guilty : some_sink(job);
	struct refusal why = {
		.source = job_name(job, 0),
		.sink = job_name(job, i),
		.guilty = guilty < 0 ? NULL : job_name(job, guilty),
		.strict = job->opts.strict,
		.direct = job->opts.end_flags & ZCDEV_END_DIRECT,
	};
	enum zcdev_kind source = end_kind(&job->ends[0], &why.source_what);
	enum zcdev_kind sink = end_kind(&job->ends[i], &why.sink_what);
	struct zcdev_query query;

	if (device_query(&job->dev, &query)) {
		explain(f, EXPLAIN_MOVE, "these ends", EOPNOTSUPP);
		return;
	}
	why.source_served = source != ZCDEV_KIND_NONE && query.out_sources & (1U << source);
	why.sink_served = sink != ZCDEV_KIND_NONE && query.out_sinks & (1U << sink);
	explain_refusal(f, &why);
}

static void explain_end(struct job *job, unsigned int i, struct fault *f)
{
	const struct zcdev_end *end = &job->move.ends[i];

	if (end->out_error == EOPNOTSUPP && !end->out_bytes)
		explain_unsupported(job, i, f);
	else
		explain(f, i ? EXPLAIN_WRITE : EXPLAIN_READ, job_name(job, i), end->out_error);
	f->err = end->out_error;
}

static void explain_sinks(struct job *job)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (job->move.ends[i].out_error && job->faults[i].status == STATUS_DONE)
			explain_end(job, i, &job->faults[i]);
	}
}

static bool is_sinks_error(const struct job *job)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (job->move.ends[i].out_error == job->move.error)
			return true;
	}
	return false;
}

static void explain_nobody(struct job *job, struct fault *f)
{
	char ends[FAULT_TEXT / 2];

	if (job->opts.sink_count == 1)
		snprintf(ends, sizeof(ends), "%s to %s", job_name(job, 0), job_name(job, 1));
	else
		snprintf(ends, sizeof(ends), "%s to %u DST", job_name(job, 0),
			 move_alive(&job->move));
	explain(f, EXPLAIN_MOVE, ends, job->move.error);
}

/* What ended it, if that was not a sink. */
static void explain_rest(struct job *job, struct fault *f)
{
	int err = job->move.error;

	if (err == EINTR && *job->move.stop)
		fault_set(f, STATUS_FAILED, "interrupted after %" PRIu64 " bytes",
			  job->move.bytes);
	else if (job->move.ends[0].out_error)
		explain_end(job, 0, f);
	else if (err == EOPNOTSUPP && !job->move.bytes)
		explain_unsupported(job, -1, f);
	else
		explain_nobody(job, f);
	f->err = err;
}

void job_explain(struct job *job)
{
	explain_sinks(job);
	if (job->move.error && (job->move.ends[0].out_error || !is_sinks_error(job)))
		explain_rest(job, &job->faults[0]);
}
