// SPDX-License-Identifier: GPL-2.0
/* Ends that are ranges of a pool: of an open file of the device that we inherited. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "explain.h"
#include "job.h"

static int fault_of(struct job *job, unsigned int i, int err)
{
	struct fault *f = &job->faults[i];

	if (err == ENOTTY)
		return fault_set(f, STATUS_FAILED, "%s is not an open file of a zcdev device",
				 job_name(job, i));
	return explain(f, i ? EXPLAIN_WRITE : EXPLAIN_READ, job_name(job, i), err);
}

/* Another file than that of the job, asked in the same way. */
static struct device device_of(const struct job *job, unsigned int i)
{
	struct device dev = job->dev;

	dev.fd = job->ends[i].fd;
	return dev;
}

static uint64_t pool_bytes(const struct zcdev_pool_info *info)
{
	return (uint64_t)info->out_count * info->out_buf_size;
}

static uint64_t bytes_after(uint64_t pool, uint64_t offset)
{
	return offset < pool ? pool - offset : 0;
}

/* The pool must have @len bytes from the offset on. */
static int check_room(struct job *job, unsigned int i, uint64_t pool, uint64_t len)
{
	uint64_t offset = job->ends[i].where->offset;

	if (offset <= pool && len <= pool - offset)
		return 0;
	return fault_set(&job->faults[i], STATUS_FAILED,
			 "%s: %" PRIu64 " bytes from there on are more than the pool has, which is %" PRIu64,
			 job_name(job, i), len, pool);
}

int job_pool_source(struct job *job)
{
	const struct endpoint *where = job->ends[0].where;
	struct zcdev_pool_info info;
	struct device dev;
	int ret;

	if (where->kind != ENDPOINT_POOL)
		return 0;
	dev = device_of(job, 0);
	ret = device_pool_info(&dev, &info);
	if (ret)
		return fault_of(job, 0, -ret);
	job->ends[0].len = where->len;
	if (where->len == ENDPOINT_NO_LEN)
		job->ends[0].len = bytes_after(pool_bytes(&info), where->offset);
	return check_room(job, 0, pool_bytes(&info), job->ends[0].len);
}

/* What each sink gets besides the bytes of the source. */
static uint64_t extra_bytes(const struct job *job)
{
	return job->move.header.len + job->move.trailer.len;
}

/* What each sink gets at least: how much the source has may not be known yet. */
static uint64_t least_bytes(const struct job *job)
{
	uint64_t bytes = extra_bytes(job);

	if (job->expected != END_UNKNOWN &&
	    __builtin_add_overflow(bytes, job->expected, &bytes))
		return UINT64_MAX;
	return bytes;
}

/* As large as it has to be, in the largest buffers. */
static int create_pool(struct job *job, unsigned int i, struct device *dev)
{
	uint64_t offset = job->ends[i].where->offset, bytes, count;
	char text[UNITS_TEXT];
	int ret;

	if (job->expected == END_UNKNOWN)
		return fault_set(&job->faults[i], STATUS_FAILED,
				 "%s has no pool yet, and how large it must be is not known; say so with -s",
				 job_name(job, i));
	if (__builtin_add_overflow(offset, least_bytes(job), &bytes))
		return fault_of(job, i, EOVERFLOW);
	count = bytes / GEOMETRY_MAX_BUF + !!(bytes % GEOMETRY_MAX_BUF);
	if (count > UINT32_MAX)
		return fault_of(job, i, EOVERFLOW);
	if (!count)
		count = 1;
	job->ends[i].len = count * GEOMETRY_MAX_BUF - offset;
	ret = device_pool_create(dev, count, GEOMETRY_MAX_BUF);
	return ret ? explain(&job->faults[i], EXPLAIN_POOL, units_size(text, bytes), -ret) : 0;
}

int job_pool_sink(struct job *job, unsigned int i)
{
	struct zcdev_pool_info info;
	struct device dev;
	int ret;

	if (job->ends[i].where->kind != ENDPOINT_POOL)
		return 0;
	dev = device_of(job, i);
	ret = device_pool_info(&dev, &info);
	if (ret == -ENXIO)
		return create_pool(job, i, &dev);
	if (ret)
		return fault_of(job, i, -ret);
	job->ends[i].len = bytes_after(pool_bytes(&info), job->ends[i].where->offset);
	return check_room(job, i, pool_bytes(&info), least_bytes(job));
}

uint64_t job_pool_room(const struct job *job)
{
	uint64_t room = UINT64_MAX, left;
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		left = job->ends[i].len - extra_bytes(job);
		if (job->opts.ends[i].kind == ENDPOINT_POOL && !job->move.failed[i] && left < room)
			room = left;
	}
	return room;
}

/* A source without a length goes into a pool as far as there is room. */
int job_pool_full(struct job *job)
{
	unsigned int i;

	for (i = 1; i <= job->opts.sink_count; i++) {
		if (job->opts.ends[i].kind == ENDPOINT_POOL &&
		    job->move.ends[i].out_bytes == job->ends[i].len)
			return fault_set(&job->faults[i], STATUS_FAILED,
					 "%s is full; what else %s may have was not taken",
					 job_name(job, i), job_name(job, 0));
	}
	return 0;
}
