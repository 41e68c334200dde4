// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "explain.h"
#include "sock.h"

typedef int (*attach_fn)(int fd, const struct sockaddr *addr, socklen_t len);

/* A fresh socket put through @attach: connect() or listen_at(). */
static int try_address(const struct sockaddr *addr, socklen_t len, attach_fn attach)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -1;
	if (!attach(fd, addr, len))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static int listen_at(int fd, const struct sockaddr *addr, socklen_t len)
{
	const int on = 1, off = 0;

	if (addr->sa_family == AF_INET || addr->sa_family == AF_INET6)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (addr->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, addr, len))
		return -1;
	return listen(fd, 1);
}

static int try_ipv4(const struct endpoint *where, struct in_addr host, attach_fn attach)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(where->port),
		.sin_addr = host,
	};

	return try_address((struct sockaddr *)&addr, sizeof(addr), attach);
}

static int try_ipv6(const struct endpoint *where, struct in6_addr host, attach_fn attach)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(where->port),
		.sin6_addr = host,
	};

	return try_address((struct sockaddr *)&addr, sizeof(addr), attach);
}

/* Both families through one socket, or IPv4 where there is no IPv6. */
static int try_every_local_address(const struct endpoint *where)
{
	int fd = try_ipv6(where, in6addr_any, listen_at);

	if (fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = try_ipv4(where, (struct in_addr){ INADDR_ANY }, listen_at);
	return fd;
}

static int lookup_failed(const struct endpoint *where, int code, struct fault *f)
{
	const char *why = code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code);

	return fault_set(f, STATUS_FAILED, "cannot find the host of %s: %s; check the name",
			 where->text, why);
}

static int try_name(const struct endpoint *where, attach_fn attach, enum explain what,
		    struct fault *f)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list, *ai;
	char port[6];
	int fd = -1, code;

	snprintf(port, sizeof(port), "%u", where->port);
	code = getaddrinfo(where->host, port, &hints, &list);
	if (code)
		return lookup_failed(where, code, f);
	for (ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = try_address(ai->ai_addr, ai->ai_addrlen, attach);
	if (fd < 0)
		explain(f, what, where->text, errno);
	freeaddrinfo(list);
	return fd;
}

/* The resolver is a small program of its own: numbers do without it. */
static int try_host(const struct endpoint *where, attach_fn attach, enum explain what,
		    struct fault *f)
{
	struct in6_addr v6;
	struct in_addr v4;
	int fd;

	if (!*where->host)
		fd = try_every_local_address(where);
	else if (inet_pton(AF_INET, where->host, &v4) == 1)
		fd = try_ipv4(where, v4, attach);
	else if (inet_pton(AF_INET6, where->host, &v6) == 1)
		fd = try_ipv6(where, v6, attach);
	else
		return try_name(where, attach, what, f);
	if (fd < 0)
		explain(f, what, where->text, errno);
	return fd;
}

static int try_path(const struct endpoint *where, attach_fn attach, enum explain what,
		    struct fault *f)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	/* endpoint_parse() has seen to it that it fits. */
	strncpy(addr.sun_path, where->path, sizeof(addr.sun_path) - 1);
	fd = try_address((struct sockaddr *)&addr, sizeof(addr), attach);
	if (fd < 0)
		explain(f, what, where->text, errno);
	return fd;
}

static int try_vsock(const struct endpoint *where, attach_fn attach, enum explain what,
		     struct fault *f)
{
	struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK,
		.svm_port = where->port,
		.svm_cid = where->cid,
	};
	int fd = try_address((struct sockaddr *)&addr, sizeof(addr), attach);

	if (fd < 0)
		explain(f, what, where->text, errno);
	return fd;
}

/* One connection, then the door is closed. */
static int accept_one(int listener, const struct endpoint *where, struct fault *f)
{
	int fd;

	do {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	} while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		explain(f, EXPLAIN_LISTEN, where->text, errno);
	close(listener);
	return fd;
}

int sock_open(const struct endpoint *where, struct fault *f)
{
	int fd;

	switch (where->kind) {
	case ENDPOINT_TCP:
		return try_host(where, connect, EXPLAIN_CONNECT, f);
	case ENDPOINT_UNIX:
		return try_path(where, connect, EXPLAIN_CONNECT, f);
	case ENDPOINT_VSOCK:
		return try_vsock(where, connect, EXPLAIN_CONNECT, f);
	case ENDPOINT_TCP_LISTEN:
		fd = try_host(where, listen_at, EXPLAIN_LISTEN, f);
		return fd < 0 ? -1 : accept_one(fd, where, f);
	case ENDPOINT_UNIX_LISTEN:
		fd = try_path(where, listen_at, EXPLAIN_LISTEN, f);
		if (fd < 0)
			return -1;
		fd = accept_one(fd, where, f);
		unlink(where->path);
		return fd;
	case ENDPOINT_VSOCK_LISTEN:
		fd = try_vsock(where, listen_at, EXPLAIN_LISTEN, f);
		return fd < 0 ? -1 : accept_one(fd, where, f);
	default:
		return fault_set(f, STATUS_FAILED, "%s is not a socket", where->text);
	}
}

/*
 * close() with bytes unread makes TCP send a reset, which can cost the peer the
 * end of what we sent. What it has said so far is of no use to us: drop it.
 */
static void drop_unread(int fd)
{
	char scrap[4096];
	int i;

	for (i = 0; i < 256; i++) {
		if (recv(fd, scrap, sizeof(scrap), MSG_DONTWAIT) <= 0)
			return;
	}
}

int sock_hang_up(int fd)
{
	int failed = shutdown(fd, SHUT_WR) ? errno : 0;
	int pending = 0;
	socklen_t len = sizeof(pending);

	/* A pending error says more than the ENOTCONN that comes of it. */
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &len);
	drop_unread(fd);
	return pending ? pending : failed;
}
