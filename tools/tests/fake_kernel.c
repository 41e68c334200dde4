// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "fake_kernel.h"

struct fake fake;

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.pool_limit = UINT64_MAX;
	fake.max_sinks = MOVE_MAX_SINKS;
	fake.refuse_end = -1;
}

static int fail(int err)
{
	errno = err;
	return -1;
}

static int query(struct zcdev_query *q)
{
	q->out_sources = 1U << ZCDEV_KIND_FILE | 1U << ZCDEV_KIND_BLOCK;
	q->out_max_sinks = fake.max_sinks;
	q->out_sinks = q->out_sources | 1U << ZCDEV_KIND_TCP | 1U << ZCDEV_KIND_UNIX;
	return 0;
}

static int pool_create(const struct zcdev_pool_create *c)
{
	fake.create = *c;
	fake.creates++;
	if ((uint64_t)c->count * c->buf_size > fake.pool_limit)
		return fail(fake.pool_errno);
	return 0;
}

static int pool_info(struct zcdev_pool_info *info)
{
	info->out_count = fake.create.count;
	info->out_buf_size = fake.create.buf_size;
	info->out_contiguous = fake.create.count;
	return 0;
}

/* Which end of the first TRANSFER this is. */
static int known(const struct zcdev_end *end)
{
	int i;

	for (i = 0; i < MOVE_MAX_ENDS; i++) {
		if (fake.fds[i] == end->fd)
			return i;
	}
	return -1;
}

static void remember(const struct zcdev_transfer *t, const struct zcdev_end *ends)
{
	unsigned int i;

	if (!fake.calls)
		memset(fake.fds, -1, sizeof(fake.fds));
	for (i = 0; i <= t->sink_count && !fake.calls; i++)
		fake.fds[i] = ends[i].fd;
	if (fake.calls < FAKE_CALLS) {
		fake.seen[fake.calls] = t->len;
		fake.sinks[fake.calls] = t->sink_count;
	}
	fake.flags = t->flags;
	fake.calls++;
}

static off_t position(const struct zcdev_end *end)
{
	return end->flags & ZCDEV_END_OFFSET ? (off_t)end->offset : lseek(end->fd, 0, SEEK_CUR);
}

/* Small buffers are slow and need no thought. */
static uint64_t copy(const struct zcdev_end *source, const struct zcdev_end *sink, uint64_t len)
{
	char buf[4096];
	off_t from = position(source);
	uint64_t done = 0;
	ssize_t got;

	while (done < len) {
		size_t want = len - done < sizeof(buf) ? len - done : sizeof(buf);

		got = pread(source->fd, buf, want, from + done);
		if (got <= 0)
			break;
		if (sink->flags & ZCDEV_END_OFFSET)
			got = pwrite(sink->fd, buf, got, sink->offset + done);
		else
			got = write(sink->fd, buf, got);
		if (got < 0)
			break;
		done += got;
	}
	return done;
}

static void account(struct zcdev_end *end, uint64_t done, uint32_t path)
{
	end->out_kind = ZCDEV_KIND_FILE;
	end->out_paths = path;
	end->out_reasons = 0;
	end->out_bytes = done;
	end->out_zerocopy = done;
	end->out_unverified = 0;
	end->out_copied = 0;
}

/* To one sink, which may have had enough. Returns what it accepted. */
static uint64_t feed(struct zcdev_end *ends, unsigned int i, uint64_t len)
{
	int k = known(&ends[i]);
	uint64_t done;

	ends[i].out_error = 0;
	if (k > 0 && k == fake.fail_end && fake.accepted[k] + len > fake.fail_at) {
		len = fake.fail_at - fake.accepted[k];
		ends[i].out_error = fake.fail_errno;
	}
	done = copy(&ends[0], &ends[i], len);
	if (k > 0)
		fake.accepted[k] += done;
	account(&ends[i], done, ZCDEV_PATH_BUFFERED);
	return done;
}

/* To all of them. Returns the error of one that failed. */
static int feed_all(struct zcdev_transfer *t, struct zcdev_end *ends, uint64_t len, bool stops)
{
	uint64_t done, alive = UINT64_MAX, last = 0;
	unsigned int i;
	int error = 0;

	for (i = 1; i <= t->sink_count; i++) {
		bool lags = stops && fake.lag_end && known(&ends[i]) == fake.lag_end;

		done = feed(ends, i, lags ? len - fake.lag : len);
		if (ends[i].out_error)
			error = ends[i].out_error;
		if (ends[i].out_error)
			last = done;
		else if (done < alive)
			alive = done;
	}
	t->out_bytes = alive == UINT64_MAX ? last : alive;
	return error;
}

static bool anything_moved(const struct zcdev_transfer *t, const struct zcdev_end *ends)
{
	unsigned int i;

	for (i = 1; i <= t->sink_count; i++) {
		if (ends[i].out_bytes)
			return true;
	}
	return false;
}

static bool refuses(const struct zcdev_transfer *t, struct zcdev_end *ends)
{
	unsigned int i;

	if (!fake.refuse || fake.refuse_end < 0)
		return fake.refuse;
	for (i = 0; i <= t->sink_count; i++) {
		if (known(&ends[i]) == fake.refuse_end) {
			ends[i].out_error = fake.refuse;
			return true;
		}
	}
	return false;
}

static int transfer(struct zcdev_transfer *t)
{
	struct zcdev_end *ends = (struct zcdev_end *)(uintptr_t)t->ends;
	bool stops = t->len && fake.step_times && t->len >= fake.step;
	off_t before;
	int error;

	remember(t, ends);
	if (t->size != sizeof(*t) || t->end_size != sizeof(*ends) || !t->sink_count ||
	    t->sink_count > fake.max_sinks)
		return fail(EINVAL);
	if (refuses(t, ends))
		return fail(fake.refuse);
	before = position(&ends[0]);
	error = feed_all(t, ends, stops ? fake.step : t->len, stops);
	account(&ends[0], t->out_bytes, ZCDEV_PATH_DIRECT);
	ends[0].out_error = 0;
	if (!(ends[0].flags & ZCDEV_END_OFFSET))
		lseek(ends[0].fd, before + t->out_bytes, SEEK_SET);
	if (stops) {
		fake.step_times--;
		if (fake.raise)
			*fake.raise = 1;
		error = fake.step_errno;
		if (error != EINTR)
			ends[1].out_error = error;
	}
	t->out_error = error;
	return error && !anything_moved(t, ends) ? fail(error) : 0;
}

int fake_ioctl(int fd, unsigned long request, void *arg)
{
	(void)fd;
	switch (request) {
	case ZCDEV_QUERY:
		return query(arg);
	case ZCDEV_POOL_CREATE:
		return pool_create(arg);
	case ZCDEV_POOL_INFO:
		return pool_info(arg);
	case ZCDEV_TRANSFER:
		return transfer(arg);
	default:
		return fail(ENOTTY);
	}
}
