// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "fake_kernel.h"

struct fake fake;
unsigned char fake_pool[FAKE_BUFS * FAKE_BUF];

/* Where the next bytes from a stream are put, so that it is not always the same. */
static unsigned int next_buf;

/**
 * struct load - what goes to the sinks of one TRANSFER
 * @bytes: header, payload and trailer, one after the other
 * @header, @payload, @trailer: how many of each
 * @buf: of the pool, that has the first byte of what came from a stream
 */
struct load {
	unsigned char bytes[2 * ZCDEV_IOV_MAX_BYTES + sizeof(fake_pool)];
	uint64_t header;
	uint64_t payload;
	uint64_t trailer;
	unsigned int buf;
};

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.pool_limit = UINT64_MAX;
	fake.max_sinks = MOVE_MAX_SINKS;
	fake.refuse_end = -1;
	fake.no_pool = -1;
	fake.no_device = -1;
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
	q->out_end_flags = fake.end_flags;
	q->out_sinks = q->out_sources | 1U << ZCDEV_KIND_TCP | 1U << ZCDEV_KIND_UNIX;
	return 0;
}

static int pool_create(int fd, const struct zcdev_pool_create *c)
{
	if (fd >= 0 && fd == fake.no_pool)
		fake.no_pool = -1;
	fake.create = *c;
	fake.creates++;
	if ((uint64_t)c->count * c->buf_size > fake.pool_limit)
		return fail(fake.pool_errno);
	return 0;
}

static int pool_info(int fd, struct zcdev_pool_info *info)
{
	if (fd >= 0 && fd == fake.no_pool)
		return fail(ENXIO);
	if (fd >= 0 && fd == fake.no_device)
		return fail(ENOTTY);
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
	const struct zcdev_iov *header = (void *)(uintptr_t)t->header;
	const struct zcdev_iov *trailer = (void *)(uintptr_t)t->trailer;
	unsigned int i;

	if (!fake.calls)
		memset(fake.fds, -1, sizeof(fake.fds));
	for (i = 0; i <= t->sink_count && !fake.calls; i++)
		fake.fds[i] = ends[i].fd;
	if (fake.calls < FAKE_CALLS) {
		fake.seen[fake.calls] = t->len;
		fake.sinks[fake.calls] = t->sink_count;
		fake.headers[fake.calls] = t->header_count ? header->len : 0;
		fake.trailers[fake.calls] = t->trailer_count ? trailer->len : 0;
	}
	fake.flags = t->flags;
	fake.rate = t->rate;
	fake.latency_ns = t->latency_ns;
	fake.copy_below = ends[1].copy_below;
	fake.pool += ends[0].fd < 0;
	fake.calls++;
}

/* ESPIPE of a stream is a position that no file has. */
static off_t position(const struct zcdev_end *end)
{
	return end->flags & ZCDEV_END_OFFSET ? (off_t)end->offset : lseek(end->fd, 0, SEEK_CUR);
}

static uint64_t take_stream(int fd, unsigned char *to, uint64_t want)
{
	uint64_t done = 0;
	ssize_t got;

	do {
		got = read(fd, to + done, want - done);
		done += got > 0 ? got : 0;
	} while (got > 0 && done < want);
	return done;
}

/* Bytes of the source at @to; the device itself is the one without a descriptor. */
static uint64_t take(const struct zcdev_end *source, unsigned char *to, uint64_t want)
{
	off_t from = position(source);
	ssize_t got;

	if (want > sizeof(fake_pool))
		want = sizeof(fake_pool);
	if (source->fd < 0) {
		memcpy(to, fake_pool + source->offset, want);
		return want;
	}
	if (from < 0)
		return take_stream(source->fd, to, want);
	got = pread(source->fd, to, want, from);
	return got > 0 ? got : 0;
}

static uint64_t add_iov(struct load *load, uint64_t at, uint64_t address, uint32_t count)
{
	const struct zcdev_iov *iov = (void *)(uintptr_t)address;
	uint64_t begin = at;

	for (; count; count--, iov++) {
		memcpy(load->bytes + at, (void *)(uintptr_t)iov->addr, iov->len);
		at += iov->len;
	}
	return at - begin;
}

static uint64_t iov_bytes(uint64_t address, uint32_t count)
{
	const struct zcdev_iov *iov = (void *)(uintptr_t)address;
	uint64_t bytes = 0;

	for (; count; count--, iov++)
		bytes += iov->len;
	return bytes;
}

/* Bytes of the source that the pool has room for. */
static uint64_t room_for(const struct zcdev_transfer *t, const struct zcdev_end *sink)
{
	if (!fake.room)
		return UINT64_MAX;
	return fake.room - sink->offset - iov_bytes(t->header, t->header_count) -
	       iov_bytes(t->trailer, t->trailer_count);
}

static uint64_t load_bytes(const struct load *load)
{
	return load->header + load->payload + load->trailer;
}

/* Where @step will stop it, a stream has not been read to its end. */
static void load_up(struct load *load, const struct zcdev_transfer *t,
		    const struct zcdev_end *source)
{
	uint64_t want = t->len;

	if (want > room_for(t, source + 1))
		want = room_for(t, source + 1);
	load->header = add_iov(load, 0, t->header, t->header_count);
	if (position(source) < 0 && fake.step_times && fake.step >= load->header &&
	    fake.step - load->header + fake.ahead < want)
		want = fake.step - load->header + fake.ahead;
	load->payload = take(source, load->bytes + load->header, want);
	load->trailer = add_iov(load, load->header + load->payload, t->trailer, t->trailer_count);
	load->buf = next_buf;
	if (position(source) < 0)
		memcpy(fake_pool + load->buf * FAKE_BUF, load->bytes + load->header, load->payload);
	next_buf = (next_buf + 3) % 50;
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

static uint64_t put(const struct zcdev_end *sink, const unsigned char *bytes, uint64_t count)
{
	ssize_t put;

	if (sink->flags & ZCDEV_END_OFFSET)
		put = pwrite(sink->fd, bytes, count, sink->offset);
	else
		put = write(sink->fd, bytes, count);
	return put > 0 ? put : 0;
}

/* To one sink, which may have had enough. Returns what it accepted. */
static uint64_t feed(struct zcdev_end *ends, unsigned int i, const struct load *load, uint64_t len)
{
	int k = known(&ends[i]);
	uint64_t done;

	ends[i].out_error = 0;
	if (k > 0 && k == fake.fail_end && fake.accepted[k] + len > fake.fail_at) {
		len = fake.fail_at - fake.accepted[k];
		ends[i].out_error = fake.fail_errno;
	}
	done = put(&ends[i], load->bytes, len);
	if (k > 0)
		fake.accepted[k] += done;
	account(&ends[i], done, ZCDEV_PATH_BUFFERED);
	return done;
}

static uint64_t payload_of(const struct load *load, uint64_t accepted)
{
	uint64_t bytes = accepted > load->header ? accepted - load->header : 0;

	return bytes < load->payload ? bytes : load->payload;
}

/* To all of them, up to @len. Returns the error of one that failed. */
static int feed_all(struct zcdev_transfer *t, struct zcdev_end *ends, const struct load *load,
		    uint64_t len, bool stops)
{
	uint64_t done, alive = UINT64_MAX, last = 0;
	unsigned int i;
	int error = 0;

	for (i = 1; i <= t->sink_count; i++) {
		bool lags = stops && fake.lag_end && known(&ends[i]) == fake.lag_end;

		done = payload_of(load, feed(ends, i, load, lags ? len - fake.lag : len));
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

/* A range for each buffer that has some of it. */
static void leave(struct zcdev_transfer *t, const struct load *load)
{
	struct zcdev_range *left = (void *)(uintptr_t)t->left;
	uint64_t at = load->buf * FAKE_BUF + t->out_bytes;
	uint64_t end = load->buf * FAKE_BUF + load->payload;
	uint64_t part;

	t->out_left_bytes = end - at;
	for (t->out_left_count = 0; !fake.forget && at < end && t->out_left_count < t->left_count; at += part) {
		part = FAKE_BUF - at % FAKE_BUF;
		if (part > end - at)
			part = end - at;
		fake.acquired[at / FAKE_BUF] = true;
		left[t->out_left_count++] = (struct zcdev_range){ at, part };
	}
}

static int buf_release(const struct zcdev_buf_release *release)
{
	const uint32_t *index = (void *)(uintptr_t)release->indices;

	if (fake.release_errno)
		return fail(fake.release_errno);
	if (release->size != sizeof(*release) || release->count != 1 || !fake.acquired[*index])
		return fail(EINVAL);
	fake.acquired[*index] = false;
	return 0;
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

/* What the source has given: of a stream all that was taken, of others what was accepted. */
static void account_source(struct zcdev_transfer *t, struct zcdev_end *source,
			   const struct load *load)
{
	off_t before = position(source);

	account(source, before < 0 ? load->payload : t->out_bytes, ZCDEV_PATH_DIRECT);
	source->out_error = 0;
	if (before < 0)
		leave(t, load);
	else if (!(source->flags & ZCDEV_END_OFFSET))
		lseek(source->fd, before + t->out_bytes, SEEK_SET);
}

static int transfer(struct zcdev_transfer *t)
{
	static struct load load;
	struct zcdev_end *ends = (struct zcdev_end *)(uintptr_t)t->ends;
	bool stops;
	int error;

	remember(t, ends);
	if (t->size != sizeof(*t) || t->end_size != sizeof(*ends) || !t->sink_count ||
	    t->sink_count > fake.max_sinks)
		return fail(EINVAL);
	if (refuses(t, ends))
		return fail(fake.refuse);
	if (t->len != ZCDEV_TO_END && t->len > room_for(t, &ends[1]))
		return fail(EINVAL);
	if (fake.mute && !t->len)
		return 0;
	load_up(&load, t, &ends[0]);
	stops = load_bytes(&load) && fake.step_times && load_bytes(&load) >= fake.step;
	error = feed_all(t, ends, &load, stops ? fake.step : load_bytes(&load), stops);
	account_source(t, &ends[0], &load);
	if (stops) {
		fake.step_times--;
		if (fake.raise)
			*fake.raise = 1;
		error = fake.step_errno;
		if (error != EINTR)
			ends[1].out_error = error;
	}
	t->out_error = error;
	return error && !anything_moved(t, ends) && !t->out_left_bytes ? fail(error) : 0;
}

int fake_ioctl(int fd, unsigned long request, void *arg)
{
	switch (request) {
	case ZCDEV_QUERY:
		return query(arg);
	case ZCDEV_POOL_CREATE:
		return pool_create(fd, arg);
	case ZCDEV_POOL_INFO:
		return pool_info(fd, arg);
	case ZCDEV_TRANSFER:
		return transfer(arg);
	case ZCDEV_BUF_RELEASE:
		return buf_release(arg);
	default:
		return fail(ENOTTY);
	}
}
