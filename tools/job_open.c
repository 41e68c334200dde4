// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <sys/auxv.h>

#include "explain.h"
#include "job.h"
#include "units.h"

const char *job_name(const struct job *job, unsigned int i)
{
	return job->opts.ends[i].text;
}

static int open_device(struct job *job, struct fault *f)
{
	int ret = device_open(&job->dev);

	return ret ? explain(f, EXPLAIN_DEVICE, job->dev.path, -ret) : 0;
}

static int open_source(struct job *job, struct fault *f)
{
	uint64_t size;

	job->opened = 1;
	if (end_open_source(&job->ends[0], &job->opts.ends[0], f))
		return -1;
	size = end_remaining(&job->ends[0], job->opts.in_offset);
	job->expected = job->opts.len < size ? job->opts.len : size;
	return 0;
}

/* Out of memory for the usual pool is no reason to give up; half of it will do. */
static int make_pool(struct job *job, struct fault *f)
{
	uint32_t page_size = getauxval(AT_PAGESZ);
	char size[UNITS_TEXT], text[2 * UNITS_TEXT];
	int ret;

	job->pool = geometry_choose(job->opts.chunk, job->opts.depth, job->expected, page_size);
	do {
		ret = device_pool_create(&job->dev, job->pool.count, job->pool.buf_size);
		if (!ret)
			return 0;
	} while ((ret == -EDQUOT || ret == -ENOMEM || ret == -ENOSPC) &&
		 geometry_shrink(&job->pool, page_size));
	snprintf(text, sizeof(text), "%u x %s", job->pool.count,
		 units_size(size, job->pool.buf_size));
	return explain(f, EXPLAIN_POOL, text, -ret);
}

/* With an offset the ranges may well lie apart; that is for the kernel to say. */
static int open_sink(struct job *job, unsigned int i, struct fault *f)
{
	job->opened = i + 1;
	if (end_open_sink(&job->ends[i], &job->opts.ends[i], f))
		return -1;
	if (job->opts.out_offset == TRANSFER_NO_OFFSET && end_same(&job->ends[0], &job->ends[i]))
		return fault_set(f, STATUS_FAILED,
				 "%s and %s are the same; it would be overwritten while it is read",
				 job_name(job, 0), job_name(job, i));
	return 0;
}

static int open_sinks(struct job *job, struct fault *f)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (open_sink(job, i, f))
			return -1;
	}
	return 0;
}

static uint64_t offset_of(const struct job *job, unsigned int i)
{
	return i ? job->opts.out_offset : job->opts.in_offset;
}

static void fill_end(const struct job *job, unsigned int i, struct zcdev_end *end)
{
	end->fd = job->ends[i].fd;
	/* --via speaks of files; a socket has nothing to choose from. */
	end->flags = end_is_file(&job->ends[i]) ? job->opts.end_flags : 0;
	if (offset_of(job, i) != TRANSFER_NO_OFFSET) {
		end->flags |= ZCDEV_END_OFFSET;
		end->offset = offset_of(job, i);
	}
}

static void prepare_move(struct job *job)
{
	unsigned int i;

	job->move.dev = &job->dev;
	job->move.flags = job->opts.strict ? ZCDEV_TRANSFER_STRICT : 0;
	job->move.len = job->opts.len;
	job->move.sink_count = job->opts.sink_count;
	for (i = 0; i <= job->opts.sink_count; i++)
		fill_end(job, i, &job->move.ends[i]);
}

int job_truncate(struct job *job, struct fault *f)
{
	unsigned int i;

	if (job->opts.out_offset != TRANSFER_NO_OFFSET)
		return 0;
	for (i = 1; i <= job->opts.sink_count; i++) {
		if (!end_has_contents(&job->ends[i]))
			continue;
		if (move_ask(&job->move))
			return job_explain(job, f);
		if (end_truncate(&job->ends[i], f))
			return -1;
	}
	return 0;
}

int job_open(struct job *job, struct fault *f)
{
	if (open_device(job, f) || open_source(job, f) || make_pool(job, f) ||
	    open_sinks(job, f))
		return -1;
	prepare_move(job);
	return 0;
}

void job_close(struct job *job)
{
	while (job->opened)
		end_close(&job->ends[--job->opened]);
}
