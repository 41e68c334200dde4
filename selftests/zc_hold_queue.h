/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Holders: queues of sockets, and pipes.
 */
#ifndef ZC_HOLD_QUEUE_H
#define ZC_HOLD_QUEUE_H

#include <poll.h>
#include <sys/utsname.h>

#include "zc_hold.h"
#include "zc_pair.h"

static inline void prepare_unix(struct hold *h)
{
	zc_unix_pair(h->fds);
}

static inline void prepare_tcp(struct hold *h)
{
	zc_tcp_pair(h->fds);
}

static inline void prepare_ktls(struct hold *h)
{
	zc_ktls_pair(h->fds);
}

static inline void prepare_vsock(struct hold *h)
{
	zc_vsock_pair(h->fds);
}

static inline void prepare_pipe(struct hold *h)
{
	zc_pair(ZC_PAIR_PIPE, h->fds);
}

static inline bool take_socket(struct hold *h, int fd, unsigned char *map)
{
	(void)fd;
	for (int i = 0; i < HELD; i++)
		zc_must(!zc_queue(h->fds[0], map + held_at(i), ZC_PAGE));
	return true;
}

static inline bool take_pipe(struct hold *h, int fd, unsigned char *map)
{
	(void)fd;
	for (int i = 0; i < HELD; i++) {
		struct iovec iov = { map + held_at(i), ZC_PAGE };

		zc_must(vmsplice(h->fds[0], &iov, 1, 0) == (ssize_t)ZC_PAGE);
	}
	return true;
}

/* What the device itself puts into a pipe. */
static inline bool take_splice(struct hold *h, int fd, unsigned char *map)
{
	(void)map;
	for (int i = 0; i < HELD; i++) {
		loff_t at = held_at(i);

		zc_must(splice(fd, &at, h->fds[0], NULL, ZC_PAGE, 0) ==
			(ssize_t)ZC_PAGE);
	}
	return true;
}

/* Pinned until the receiver has read them; before Linux 6.7 they are copied. */
static inline bool take_vsock(struct hold *h, int fd, unsigned char *map)
{
	(void)fd;
	if (setsockopt(h->fds[0], SOL_SOCKET, SO_ZEROCOPY, &(int){ 1 },
		       sizeof(int))) {
		hold_close(h);
		return false;
	}
	for (int i = 0; i < HELD; i++)
		zc_must(send(h->fds[0], map + held_at(i), ZC_PAGE,
			     MSG_ZEROCOPY) == (ssize_t)ZC_PAGE);
	return true;
}

/* Before Linux 6.5 UDP and TLS copy what is spliced into them at once. */
static inline bool splice_holds_pages(void)
{
	struct utsname u;
	int major = 0, minor = 0;

	zc_must(!uname(&u) && sscanf(u.release, "%d.%d", &major, &minor) == 2);
	return major > 6 || (major == 6 && minor >= 5);
}

/* Pages wait, not encrypted yet, in a record that is not complete. */
static inline bool take_ktls(struct hold *h, int fd, unsigned char *map)
{
	int p[2];

	if (!splice_holds_pages()) {
		hold_close(h);
		return false;
	}
	zc_must(!pipe2(p, O_CLOEXEC));
	for (int i = 0; i < HELD; i++) {
		struct iovec iov = { map + held_at(i), ZC_PAGE };

		zc_must(vmsplice(p[1], &iov, 1, 0) == (ssize_t)ZC_PAGE);
		zc_must(splice(p[0], NULL, h->fds[0], NULL, ZC_PAGE,
			       SPLICE_F_MORE) == (ssize_t)ZC_PAGE);
	}
	close(p[0]);
	close(p[1]);
	(void)fd;
	return true;
}

static inline bool read_pages(struct hold *h)
{
	unsigned char page[ZC_PAGE];
	bool right = true;

	for (int i = 0; i < HELD; i++) {
		for (size_t at = 0; at < ZC_PAGE;) {
			ssize_t n = read(h->fds[1], page + at, ZC_PAGE - at);

			zc_must(n > 0);
			at += n;
		}
		right = right && page_is_right(page, i);
	}
	return right;
}

static inline bool give_queue(struct hold *h)
{
	bool right = read_pages(h);

	hold_close(h);
	return right;
}

/* A last byte completes the record. */
static inline bool give_ktls(struct hold *h)
{
	char last = 0;
	bool right;

	zc_must(write(h->fds[0], "!", 1) == 1);
	right = read_pages(h) && read(h->fds[1], &last, 1) == 1 && last == '!';
	hold_close(h);
	return right;
}

/* The reader goes first, and reads nothing. */
static inline bool drop_queue(struct hold *h)
{
	close(h->fds[1]);
	close(h->fds[0]);
	return true;
}

static inline bool hung_up(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	/* POLLERR says only that pages were sent. */
	return poll(&p, 1, 0) == 1 && p.revents & POLLRDHUP;
}

/* If both go at once, each waits eight seconds for the other. */
static inline bool drop_vsock(struct hold *h)
{
	bool noticed;

	close(h->fds[1]);
	noticed = zc_wait_until(5, hung_up(h->fds[0]));
	close(h->fds[0]);
	return noticed;
}

/* AF_PACKET: a copy of a packet has the pages of the packet */

#define UDP_HEADERS	28

static inline void prepare_packet(struct hold *h)
{
	h->fds[0] = -1;
	h->fds[1] = zc_packet_bound(SOCK_DGRAM, ETH_P_IP, ZC_LO);
}

/* Datagrams to itself, which only who listens to the card still has then. */
static inline bool take_packet(struct hold *h, int fd, unsigned char *map)
{
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 addr;
	socklen_t len = zc_loopback(AF_INET, &addr);

	(void)fd;
	if (!splice_holds_pages()) {
		close(udp);
		close(h->fds[1]);
		return false;
	}
	zc_must(!bind(udp, (struct sockaddr *)&addr, len) &&
		!getsockname(udp, (struct sockaddr *)&addr, &len) &&
		!connect(udp, (struct sockaddr *)&addr, len));
	for (int i = 0; i < HELD; i++)
		zc_must(!zc_queue(udp, map + held_at(i), ZC_PAGE));
	close(udp);
	return true;
}

static inline bool give_packet(struct hold *h)
{
	unsigned char packet[UDP_HEADERS + ZC_PAGE];
	bool right = true;

	for (int i = 0; i < HELD;) {
		/* Others may use this card as well. */
		if (read(h->fds[1], packet, sizeof(packet)) != sizeof(packet))
			continue;
		right = right && page_is_right(packet + UDP_HEADERS, i);
		i++;
	}
	close(h->fds[1]);
	return right;
}

static inline bool drop_packet(struct hold *h)
{
	return !close(h->fds[1]);
}

#endif /* ZC_HOLD_QUEUE_H */
