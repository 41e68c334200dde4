/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Connected sockets, and somebody who reads and checks what arrives.
 */
#ifndef ZC_SOCK_H
#define ZC_SOCK_H

#include "zc.h"
#include "zc_task.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#define ZC_LO	1	/* index of the loopback card, in every namespace */

/* Of AF_PACKET: what of this protocol passes a card. @type: SOCK_ */
static inline int zc_packet_bound(int type, uint16_t protocol, unsigned int card)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htobe16(protocol),
		.sll_ifindex = card,
	};
	int fd = socket(AF_PACKET, type | SOCK_CLOEXEC, 0);

	zc_must(fd >= 0 && !bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	return fd;
}

/* An IPv6 address takes both families. */
static inline socklen_t zc_loopback(int family, struct sockaddr_in6 *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->sin6_family = family;
	if (family == AF_INET6) {
		addr->sin6_addr = in6addr_loopback;
		return sizeof(*addr);
	}
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*in);
}

/* A socket that listens, and where. */
static inline int zc_listen(int family, int protocol, struct sockaddr_in6 *addr,
			    socklen_t *len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return fd;
	*len = zc_loopback(family, addr);
	assert_int_equal(bind(fd, (struct sockaddr *)addr, *len), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)addr, len), 0);
	return fd;
}

/* fds[0] sends to fds[1]. */
static inline void zc_tcp_pair_of(int family, int fds[2])
{
	struct sockaddr_in6 addr;
	socklen_t len;
	int listener = zc_listen(family, 0, &addr, &len);

	assert_true(listener >= 0);
	fds[0] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fds[0] >= 0);
	assert_int_equal(connect(fds[0], (struct sockaddr *)&addr, len), 0);
	fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fds[1] >= 0);
	close(listener);
}

static inline void zc_tcp_pair(int fds[2])
{
	zc_tcp_pair_of(AF_INET, fds);
}

static inline void zc_unix_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    fds), 0);
}

static inline uint64_t zc_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

/* Run @fn beside us, deaf to signals, which are for whoever transfers. */
static inline int zc_thread(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

/**
 * struct zc_reader - a thread that reads a socket or pipe until it ends
 * @fd: the socket or pipe
 * @seed: what must arrive is what zc_fill() makes of it
 * @from: offset of the first byte in that
 * @limit: stop after so many bytes, 0 for never
 * @step: bytes to read at once, 0 for many
 * @pause_us: how long to rest after each read
 * @bytes: that arrived
 * @bad: offset of the first wrong one, or UINT64_MAX
 * @error: errno that ended it
 */
struct zc_reader {
	int fd;
	unsigned int seed;
	uint64_t from;
	uint64_t limit;
	size_t step;
	unsigned int pause_us;
	uint64_t bytes;
	uint64_t bad;
	int error;
	pthread_t thread;
};

static inline void *zc_reader_run(void *arg)
{
	struct zc_reader *r = arg;
	size_t size = r->step ?: 256 * KiB, want, ok;
	unsigned char *buf = malloc(size);
	ssize_t n = 1;

	r->bad = UINT64_MAX;
	while (n > 0 && (!r->limit || r->bytes < r->limit)) {
		want = size;
		if (r->limit && r->limit - r->bytes < want)
			want = r->limit - r->bytes;
		n = read(r->fd, buf, want);
		if (n <= 0)
			break;
		ok = zc_differs(buf, n, r->seed, r->from + r->bytes);
		if (ok != (size_t)n && r->bad == UINT64_MAX)
			r->bad = r->bytes + ok;
		__atomic_add_fetch(&r->bytes, n, __ATOMIC_RELEASE);
		if (r->pause_us)
			usleep(r->pause_us);
	}
	r->error = n < 0 ? errno : 0;
	free(buf);
	return NULL;
}

static inline void zc_reader_start(struct zc_reader *r)
{
	assert_int_equal(zc_thread(&r->thread, zc_reader_run, r), 0);
}

static inline void zc_reader_join(struct zc_reader *r)
{
	assert_int_equal(pthread_join(r->thread, NULL), 0);
}

/* Nothing more is sent: all that was has arrived, and in order. */
static inline void zc_reader_finish(struct zc_reader *r, int *sender,
				    uint64_t bytes)
{
	close(*sender);
	zc_reader_join(r);
	close(r->fd);
	assert_int_equal(r->error, 0);
	assert_int_equal(r->bad, UINT64_MAX);
	assert_int_equal(r->bytes, bytes);
}

/**
 * struct zc_mover - a transfer in a thread of its own
 * @zc: the device
 * @x: what it does, and did
 * @error: what the ioctl returned
 */
struct zc_mover {
	int zc;
	struct zc_xfer x;
	int error;
	pthread_t thread;
};

static inline void *zc_mover_run(void *arg)
{
	struct zc_mover *m = arg;

	m->error = zc_xfer_run(m->zc, &m->x);
	return NULL;
}

static inline void zc_mover_start(struct zc_mover *m)
{
	assert_int_equal(pthread_create(&m->thread, NULL, zc_mover_run, m), 0);
}

static inline void zc_mover_join(struct zc_mover *m)
{
	assert_int_equal(pthread_join(m->thread, NULL), 0);
}

#endif /* ZC_SOCK_H */
