// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fake_kernel.h"

struct fake fake;

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.pool_limit = UINT64_MAX;
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

/* One byte buffer at a time is slow and needs no thought. */
static uint64_t copy(struct zcdev_end *ends, uint64_t len)
{
	char buf[4096];
	uint64_t done = 0;
	ssize_t got;

	while (done < len) {
		size_t want = len - done < sizeof(buf) ? len - done : sizeof(buf);

		if (ends[0].flags & ZCDEV_END_OFFSET)
			got = pread(ends[0].fd, buf, want, ends[0].offset + done);
		else
			got = read(ends[0].fd, buf, want);
		if (got <= 0)
			break;
		if (ends[1].flags & ZCDEV_END_OFFSET)
			got = pwrite(ends[1].fd, buf, got, ends[1].offset + done);
		else
			got = write(ends[1].fd, buf, got);
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
	end->out_error = 0;
	end->out_bytes = done;
	end->out_zerocopy = done;
	end->out_unverified = 0;
	end->out_copied = 0;
}

static int transfer(struct zcdev_transfer *t)
{
	struct zcdev_end *ends = (struct zcdev_end *)(uintptr_t)t->ends;
	uint64_t len = t->len;
	int stops;

	if (fake.calls < FAKE_CALLS)
		fake.seen[fake.calls] = len;
	fake.calls++;
	if (t->size != sizeof(*t) || t->end_size != sizeof(*ends) || t->sink_count != 1)
		return fail(EINVAL);
	if (fake.refuse) {
		if (fake.refuse_end >= 0)
			ends[fake.refuse_end].out_error = fake.refuse;
		return fail(fake.refuse);
	}
	stops = len && fake.step_times && len >= fake.step;
	t->out_bytes = copy(ends, stops ? fake.step : len);
	account(&ends[0], t->out_bytes, ZCDEV_PATH_DIRECT);
	account(&ends[1], t->out_bytes, ZCDEV_PATH_BUFFERED);
	t->out_error = 0;
	if (!stops)
		return 0;
	fake.step_times--;
	if (fake.raise)
		*fake.raise = 1;
	if (!t->out_bytes)
		return fail(fake.step_errno);
	t->out_error = fake.step_errno;
	ends[1].out_error = fake.step_errno == EINTR ? 0 : fake.step_errno;
	return 0;
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
