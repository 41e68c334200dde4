// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "explain.h"
#include "job.h"

/* EOPNOTSUPP has several causes; what the module serves tells them apart. */
static int explain_unsupported(struct job *job, struct fault *f)
{
	struct refusal why = {
		.source = job_name(job, 0),
		.sink = job_name(job, 1),
		.strict = job->opts.strict,
		.direct = job->opts.end_flags & ZCDEV_END_DIRECT,
	};
	enum zcdev_kind source = end_kind(&job->ends[0], &why.source_what);
	enum zcdev_kind sink = end_kind(&job->ends[1], &why.sink_what);
	struct zcdev_query query;

	if (device_query(&job->dev, &query))
		return explain(f, EXPLAIN_MOVE, "these ends", EOPNOTSUPP);
	why.source_served = source != ZCDEV_KIND_NONE && query.out_sources & (1U << source);
	why.sink_served = sink != ZCDEV_KIND_NONE && query.out_sinks & (1U << sink);
	return explain_refusal(f, &why);
}

/* One of the ends may know that it was to blame. */
static int explain_end(struct job *job, int err, struct fault *f)
{
	char both[FAULT_TEXT / 2];
	unsigned int i;

	for (i = 0; i <= job->opts.sink_count; i++) {
		if (job->move.ends[i].out_error == err)
			return explain(f, i ? EXPLAIN_WRITE : EXPLAIN_READ, job_name(job, i), err);
	}
	snprintf(both, sizeof(both), "%s to %s", job_name(job, 0), job_name(job, 1));
	return explain(f, EXPLAIN_MOVE, both, err);
}

static int choose(struct job *job, int err, struct fault *f)
{
	if (err == EOPNOTSUPP && !job->move.bytes)
		return explain_unsupported(job, f);
	if (err == EINTR && *job->move.stop)
		return fault_set(f, STATUS_FAILED, "interrupted after %" PRIu64 " bytes",
				 job->move.bytes);
	return explain_end(job, err, f);
}

int job_explain(struct job *job, struct fault *f)
{
	choose(job, job->move.error, f);
	f->err = job->move.error;
	return -1;
}
