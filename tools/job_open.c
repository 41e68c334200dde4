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

const struct fault *job_fault(const struct job *job)
{
	unsigned int i;

	for (i = 0; i <= job->opts.sink_count; i++) {
		if (job->faults[i].status != STATUS_DONE)
			return &job->faults[i];
	}
	return NULL;
}

int job_sink_failed(struct job *job, unsigned int i)
{
	job->move.failed[i] = true;
	return job->opts.keep_going && move_alive(&job->move) ? 0 : -1;
}

static int open_device(struct job *job)
{
	int ret = device_open(&job->dev);

	return ret ? explain(&job->faults[0], EXPLAIN_DEVICE, job->dev.path, -ret) : 0;
}

static int query_module(struct job *job, struct zcdev_query *query)
{
	int ret = device_query(&job->dev, query);

	if (ret)
		return explain(&job->faults[0], EXPLAIN_IOCTL, job->dev.path, -ret);
	job->end_flags = query->out_end_flags;
	return 0;
}

/* Every module can have one sink; some do not know what an end is asked for. */
static int check_module(struct job *job)
{
	struct zcdev_query query;

	if (query_module(job, &query))
		return -1;
	if (job->opts.page_cache && !(query.out_end_flags & ZCDEV_END_PAGE_CACHE))
		return fault_set(&job->faults[0], STATUS_FAILED,
				 "the loaded module has no --page-cache; see 'zcdevctl query'");
	if (job->opts.sink_count > query.out_max_sinks && job->opts.sink_count > 1)
		return fault_set(&job->faults[0], STATUS_FAILED,
				 "the loaded module takes up to %u DST, not %u; see 'zcdevctl query'",
				 query.out_max_sinks, job->opts.sink_count);
	return 0;
}

/* Before anything else is opened, waited for or created. */
static int read_blobs(struct job *job)
{
	const struct transfer_opts *opts = &job->opts;

	if (opts->header &&
	    blob_read(&job->move.header, opts->header, "--header", &job->faults[0]))
		return -1;
	if (opts->trailer &&
	    blob_read(&job->move.trailer, opts->trailer, "--trailer", &job->faults[0]))
		return -1;
	return 0;
}

static int check_latency(struct job *job)
{
	if (job->opts.latency_ns != TRANSFER_NO_LATENCY && !end_is_stream(&job->ends[0]))
		return fault_set(&job->faults[0], STATUS_USAGE,
				 "--latency is for streams, and %s has all its bytes already",
				 job_name(job, 0));
	return 0;
}

static int check_page_cache(struct job *job)
{
	if (job->opts.page_cache && !S_ISREG(job->ends[0].st.st_mode))
		return fault_set(&job->faults[0], STATUS_USAGE,
				 "--page-cache is for regular files, and %s is none",
				 job_name(job, 0));
	return 0;
}

static int open_source(struct job *job)
{
	uint64_t size;

	job->opened = 1;
	if (end_open_source(&job->ends[0], &job->opts.ends[0], &job->faults[0]))
		return -1;
	if (check_latency(job) || check_page_cache(job) || job_pool_source(job))
		return -1;
	size = end_remaining(&job->ends[0], job->opts.in_offset);
	job->expected = job->opts.len < size ? job->opts.len : size;
	return 0;
}

/* What moves in a while: large buffers would only make it uneven. */
static uint64_t at_once(const struct job *job)
{
	uint64_t burst = job->opts.rate / 4 + 1;

	return job->opts.rate && burst < job->expected ? burst : job->expected;
}

static int make_backlog(struct job *job)
{
	unsigned int i;
	int err;

	if (!end_is_stream(&job->ends[0]))
		return 0;
	err = backlog_init(&job->move.backlog, job->pool.count, job->pool.buf_size);
	if (err)
		return explain(&job->faults[0], EXPLAIN_READ, job_name(job, 0), err);
	for (i = 1; i <= job->opts.sink_count; i++)
		job->move.backlog.foreign |= job->opts.ends[i].kind == ENDPOINT_POOL;
	return 0;
}

/* Out of memory for the usual pool is no reason to give up; half of it will do. */
static int make_pool(struct job *job)
{
	uint32_t page_size = getauxval(AT_PAGESZ);
	char size[UNITS_TEXT], text[2 * UNITS_TEXT];
	int ret;

	job->pool = geometry_choose(job->opts.chunk, job->opts.depth, at_once(job), page_size);
	/* A pool that is the source lends its own buffers, and a file its pages. */
	if (job->opts.ends[0].kind == ENDPOINT_POOL || job->opts.page_cache)
		return 0;
	do {
		ret = device_pool_create(&job->dev, job->pool.count, job->pool.buf_size);
		if (!ret)
			return make_backlog(job);
	} while ((ret == -EDQUOT || ret == -ENOMEM || ret == -ENOSPC) &&
		 geometry_shrink(&job->pool, page_size));
	snprintf(text, sizeof(text), "%u x %s", job->pool.count,
		 units_size(size, job->pool.buf_size));
	return explain(&job->faults[0], EXPLAIN_POOL, text, -ret);
}

/*
 * A mistake, not a sink that fails: others do not go on. With an offset the
 * ranges of source and sink may well lie apart; that is for the kernel to say.
 */
static int check_same(struct job *job, unsigned int i)
{
	unsigned int k;

	if (job->opts.out_offset == TRANSFER_NO_OFFSET && end_same(&job->ends[0], &job->ends[i]))
		return fault_set(&job->faults[0], STATUS_FAILED,
				 "%s and %s are the same; it would be overwritten while it is read",
				 job_name(job, 0), job_name(job, i));
	for (k = 1; k < i; k++) {
		if (end_same(&job->ends[k], &job->ends[i]))
			return fault_set(&job->faults[0], STATUS_FAILED,
					 "%s and %s are the same; it would be written twice at once",
					 job_name(job, k), job_name(job, i));
	}
	return 0;
}

static int open_sink(struct job *job, unsigned int i)
{
	job->opened = i + 1;
	if (end_open_sink(&job->ends[i], &job->opts.ends[i], &job->faults[i]) ||
	    job_pool_sink(job, i))
		return job_sink_failed(job, i);
	return check_same(job, i);
}

static int check_copy_below(struct job *job)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (!job->opts.copy_below || S_ISSOCK(job->ends[i].st.st_mode))
			return 0;
	}
	return fault_set(&job->faults[0], STATUS_USAGE,
			 "--copy-below is for sockets, and no DST is one");
}

static int open_sinks(struct job *job)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (open_sink(job, i))
			return -1;
	}
	return check_copy_below(job);
}

static uint64_t offset_of(const struct job *job, unsigned int i)
{
	if (job->opts.ends[i].kind == ENDPOINT_POOL)
		return job->opts.ends[i].offset;
	return i ? job->opts.out_offset : job->opts.in_offset;
}

/* What else a file is asked for, where it makes sense. */
static uint32_t file_flags(const struct job *job, unsigned int i)
{
	uint32_t flags = job->opts.end_flags;

	if (!i && job->opts.page_cache)
		flags |= ZCDEV_END_PAGE_CACHE;
	if (i && !job->opts.solid && S_ISREG(job->ends[0].st.st_mode) &&
	    S_ISREG(job->ends[i].st.st_mode))
		flags |= job->end_flags & ZCDEV_END_SPARSE;
	return flags;
}

static void fill_end(const struct job *job, unsigned int i, struct zcdev_end *end)
{
	end->fd = job->ends[i].fd;
	/* --via speaks of files; a socket has nothing to choose from. */
	end->flags = end_is_file(&job->ends[i]) ? file_flags(job, i) : 0;
	if (i && S_ISSOCK(job->ends[i].st.st_mode))
		end->copy_below = job->opts.copy_below;
	if (offset_of(job, i) != TRANSFER_NO_OFFSET) {
		end->flags |= ZCDEV_END_OFFSET;
		end->offset = offset_of(job, i);
	}
}

/* A single sink ends it anyway; modules that take no more do not know the flag. */
static uint32_t transfer_flags(const struct transfer_opts *opts)
{
	uint32_t flags = opts->strict ? ZCDEV_TRANSFER_STRICT : 0;

	if (opts->sink_count > 1 && !opts->keep_going)
		flags |= ZCDEV_TRANSFER_FAIL_FAST;
	return flags;
}

/* A range of a pool ends where it was said to, or where the pool does. */
static uint64_t length(const struct job *job)
{
	if (job->opts.ends[0].kind == ENDPOINT_POOL && job->ends[0].len < job->opts.len)
		return job->ends[0].len;
	return job->opts.len;
}

static void prepare_move(struct job *job)
{
	unsigned int i;

	job->move.dev = &job->dev;
	job->move.flags = transfer_flags(&job->opts);
	job->move.len = length(job);
	job->move.room = job_pool_room(job);
	job->move.rate = job->opts.rate;
	if (job->opts.latency_ns != TRANSFER_NO_LATENCY)
		job->move.latency_ns = job->opts.latency_ns;
	for (i = 0; i <= job->opts.sink_count; i++)
		fill_end(job, i, &job->move.ends[i]);
}

static bool is_to_truncate(const struct job *job, unsigned int i)
{
	return !job->move.failed[i] && end_has_contents(&job->ends[i]);
}

static bool any_to_truncate(const struct job *job)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (is_to_truncate(job, i))
			return true;
	}
	return false;
}

int job_truncate(struct job *job)
{
	unsigned int i;
	int ret;

	if (job->opts.out_offset != TRANSFER_NO_OFFSET || !any_to_truncate(job))
		return 0;
	ret = move_ask(&job->move);
	job_explain(job);
	for (i = 1; i <= job->opts.sink_count && !ret; i++) {
		if (is_to_truncate(job, i) && end_truncate(&job->ends[i], &job->faults[i]))
			ret = job_sink_failed(job, i);
	}
	return ret;
}

int job_open(struct job *job)
{
	job->move.sink_count = job->opts.sink_count;
	if (read_blobs(job) || open_device(job) || check_module(job) || open_source(job) ||
	    make_pool(job) || open_sinks(job))
		return -1;
	prepare_move(job);
	return 0;
}

void job_close(struct job *job)
{
	while (job->opened)
		end_close(&job->ends[--job->opened]);
	backlog_free(&job->move.backlog);
	blob_free(&job->move.header);
	blob_free(&job->move.trailer);
}
