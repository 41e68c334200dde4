/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every selftest needs: the device, checked files, and cmocka.
 *
 * Each program tests one behaviour from outside, through the device alone, in
 * an empty directory of its own on ext4. It runs as root.
 */
#ifndef ZC_H
#define ZC_H

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "zcdev.h"

#define KiB	1024UL
#define MiB	(1024 * KiB)
#define GiB	(1024 * MiB)

/* An errno instead of -1, so that one assertion tells all. */
static inline int zc_errno(int ret)
{
	return ret < 0 ? errno : 0;
}

static inline int zc_open(void)
{
	int fd = open("/dev/zcdev", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static inline int zc_query(int fd, struct zcdev_query *q)
{
	memset(q, 0, sizeof(*q));
	q->size = sizeof(*q);
	return zc_errno(ioctl(fd, ZCDEV_QUERY, q));
}

static inline int zc_pool_create_on(int fd, unsigned int count,
				    unsigned int buf_size, unsigned int flags,
				    int node)
{
	struct zcdev_pool_create c = {
		.size = sizeof(c),
		.count = count,
		.buf_size = buf_size,
		.flags = flags,
		.node = node,
	};

	return zc_errno(ioctl(fd, ZCDEV_POOL_CREATE, &c));
}

static inline int zc_pool_create(int fd, unsigned int count,
				 unsigned int buf_size, unsigned int flags)
{
	return zc_pool_create_on(fd, count, buf_size, flags, ZCDEV_NODE_ANY);
}

static inline int zc_pool_info(int fd, struct zcdev_pool_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return zc_errno(ioctl(fd, ZCDEV_POOL_INFO, info));
}

/* One of the counts of POOL_INFO, by the name of its member. */
#define ZC_POOL_COUNT(fd, member) \
	zc_pool_count(fd, offsetof(struct zcdev_pool_info, member))

static inline uint32_t zc_pool_count(int fd, size_t member)
{
	struct zcdev_pool_info info;

	assert_int_equal(zc_pool_info(fd, &info), 0);
	return *(uint32_t *)((char *)&info + member);
}

/* Bytes in all pools of the machine; @fd may be any open device. */
static inline uint64_t zc_total_bytes(int fd)
{
	struct zcdev_query q;

	assert_int_equal(zc_query(fd, &q), 0);
	return q.out_total_bytes;
}

/* All pool memory is back, soon: draining pools of earlier tests are gone. */
static inline void zc_assert_no_pools(void)
{
	int fd = zc_open(), tries;

	for (tries = 0; tries < 1000 && zc_total_bytes(fd); tries++)
		usleep(10000);
	assert_int_equal(zc_total_bytes(fd), 0);
	close(fd);
}

/* Returns how many were acquired, or -errno. */
static inline int zc_acquire(int fd, uint32_t *indices, unsigned int count,
			     uint64_t timeout_ns)
{
	struct zcdev_buf_acquire a = {
		.size = sizeof(a),
		.indices = (uintptr_t)indices,
		.timeout_ns = timeout_ns,
		.count = count,
	};

	return ioctl(fd, ZCDEV_BUF_ACQUIRE, &a) ? -errno : (int)a.out_count;
}

static inline int zc_release(int fd, const uint32_t *indices,
			     unsigned int count)
{
	struct zcdev_buf_release r = {
		.size = sizeof(r),
		.indices = (uintptr_t)indices,
		.count = count,
	};

	return zc_errno(ioctl(fd, ZCDEV_BUF_RELEASE, &r));
}

static inline int zc_buf_wait(int fd, uint64_t offset, uint64_t len,
			      uint64_t timeout_ns)
{
	struct zcdev_buf_wait wait = {
		.size = sizeof(wait),
		.offset = offset,
		.len = len,
		.timeout_ns = timeout_ns,
	};

	return zc_errno(ioctl(fd, ZCDEV_BUF_WAIT, &wait));
}

/* A device with a pool. */
static inline int zc_open_pool(unsigned int count, unsigned int buf_size)
{
	int fd = zc_open();

	assert_int_equal(zc_pool_create(fd, count, buf_size, 0), 0);
	return fd;
}

/**
 * struct zc_xfer - a transfer with its two ends: fill in, run, look
 */
struct zc_xfer {
	struct zcdev_transfer t;
	struct zcdev_end end[2];
};

/* From the position of @src to the position of @dst, to the end. */
static inline struct zc_xfer zc_xfer(int src, int dst)
{
	struct zc_xfer x = {
		.t = {
			.size = sizeof(x.t),
			.len = ZCDEV_TO_END,
			.end_size = sizeof(x.end[0]),
			.sink_count = 1,
		},
		.end = { { .fd = src }, { .fd = dst } },
	};

	return x;
}

static inline int zc_xfer_run(int fd, struct zc_xfer *x)
{
	x->t.ends = (uintptr_t)x->end;
	return zc_errno(ioctl(fd, ZCDEV_TRANSFER, &x->t));
}

/* The identities that hold for every verdict; a sink got @extra bytes more. */
static inline void zc_assert_verdict_extra(const struct zc_xfer *x,
					   uint64_t extra)
{
	int i;

	for (i = 0; i < 2; i++) {
		const struct zcdev_end *e = &x->end[i];

		assert_int_equal(e->out_bytes, e->out_zerocopy +
				 e->out_unverified + e->out_copied +
				 e->out_offloaded);
		if (e->out_copied || e->out_unverified)
			assert_int_not_equal(e->out_reasons, 0);
		else
			assert_int_equal(e->out_reasons, 0);
	}
	assert_int_equal(x->end[1].out_bytes, x->t.out_bytes + extra);
}

static inline void zc_assert_verdict(const struct zc_xfer *x)
{
	zc_assert_verdict_extra(x, 0);
}

/* It moved something, and then @end of it failed: 0 the source, 1 the sink. */
static inline void zc_assert_stopped(const struct zc_xfer *x, int end, int error)
{
	assert_int_equal(x->t.out_error, error);
	assert_int_equal(x->end[end].out_error, error);
	assert_int_equal(x->end[!end].out_error, 0);
	zc_assert_verdict(x);
}

/* Bytes that depend on seed and offset, so that nothing can be swapped. */
static inline unsigned char zc_byte(unsigned int seed, uint64_t offset)
{
	uint64_t x = (offset >> 3) * 0x9E3779B97F4A7C15ULL + seed;

	x ^= x >> 29;
	x *= 0xBF58476D1CE4E5B9ULL;
	return x >> (8 * (offset & 7));
}

/* Eight of them, as they lie in memory. */
static inline uint64_t zc_word(unsigned int seed, uint64_t offset)
{
	uint64_t x = (offset >> 3) * 0x9E3779B97F4A7C15ULL + seed;

	x ^= x >> 29;
	return htole64(x * 0xBF58476D1CE4E5B9ULL);
}

static inline void zc_fill(void *buf, size_t len, unsigned int seed,
			   uint64_t offset)
{
	unsigned char *p = buf;
	uint64_t word;
	size_t i = 0;

	while (i < len) {
		if ((offset + i) % 8 || len - i < 8) {
			p[i] = zc_byte(seed, offset + i);
			i++;
			continue;
		}
		word = zc_word(seed, offset + i);
		memcpy(p + i, &word, 8);
		i += 8;
	}
}

/* First offset in @buf that is not as zc_fill() made it, or @len. */
static inline size_t zc_differs(const void *buf, size_t len, unsigned int seed,
				uint64_t offset)
{
	const unsigned char *p = buf;
	uint64_t word;
	size_t i = 0;

	while (i < len) {
		word = zc_word(seed, offset + i);
		if ((offset + i) % 8 == 0 && len - i >= 8 &&
		    !memcmp(p + i, &word, 8)) {
			i += 8;
			continue;
		}
		if (p[i] != zc_byte(seed, offset + i))
			break;
		i++;
	}
	return i;
}

/* A file of @len bytes as zc_fill() makes them, on disk, not in the cache. */
static inline int zc_make_file(const char *name, size_t len, unsigned int seed)
{
	static char buf[MiB];
	size_t at, n;
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	for (at = 0; at < len; at += n) {
		n = len - at < sizeof(buf) ? len - at : sizeof(buf);
		zc_fill(buf, n, seed, at);
		assert_int_equal(pwrite(fd, buf, n, at), n);
	}
	assert_int_equal(fsync(fd), 0);
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	return fd;
}

/* @len bytes from @at on are those that were at @from in a file of @seed. */
static inline void zc_check_range(int fd, off_t at, size_t len,
				  unsigned int seed, uint64_t from)
{
	static char buf[MiB];
	size_t done, n;

	for (done = 0; done < len; done += n) {
		n = len - done < sizeof(buf) ? len - done : sizeof(buf);
		assert_int_equal(pread(fd, buf, n, at + done), n);
		assert_int_equal(zc_differs(buf, n, seed, from + done), n);
	}
}

/* What a test said is not lost when it hangs and is killed. */
__attribute__((constructor))
static inline void zc_speak_in_lines(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/* What a table is at: found above the complaint of the assertion. */
#define zc_case(...)	(printf("at " __VA_ARGS__), puts(""))

static inline off_t zc_size(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_size;
}

#endif /* ZC_H */
