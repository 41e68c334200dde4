// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/vm_sockets.h>

#include "endpoint.h"
#include "units.h"

/* 64 bits in decimal, with leading zeros that nobody needs. */
#define NUMBER_TEXT	32

#define UNIX_PATH_MAX	(sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

static int refuse(const struct endpoint *end, struct fault *f, const char *why)
{
	return fault_set(f, STATUS_USAGE, "'%s': %s", end->text, why);
}

static int parse_port(struct endpoint *end, const char *text, struct fault *f)
{
	uint64_t port;

	if (units_parse_count(text, &port) || port < 1 || port > UINT16_MAX)
		return refuse(end, f, "the port must be a number from 1 to 65535");
	end->port = port;
	return 0;
}

/* Return: 0, or -1 if @text does not fit in @size bytes. */
static int copy_part(char *part, size_t size, const char *text, size_t len)
{
	if (len >= size)
		return -1;
	memcpy(part, text, len);
	part[len] = 0;
	return 0;
}

static int copy_host(struct endpoint *end, const char *host, size_t len, struct fault *f)
{
	if (copy_part(end->host, sizeof(end->host), host, len))
		return refuse(end, f, "the host name is too long");
	return 0;
}

/* [ADDR]:PORT */
static int parse_bracketed(struct endpoint *end, const char *rest, struct fault *f)
{
	const char *close = strchr(rest, ']');

	if (!close || close[1] != ':')
		return refuse(end, f, "an address in brackets must be followed by :PORT");
	if (close == rest + 1)
		return refuse(end, f, "no address in the brackets");
	if (copy_host(end, rest + 1, close - rest - 1, f))
		return -1;
	return parse_port(end, close + 2, f);
}

/* HOST:PORT with a possibly empty HOST */
static int parse_host_port(struct endpoint *end, const char *rest, struct fault *f)
{
	const char *colon = strchr(rest, ':');

	if (*rest == '[')
		return parse_bracketed(end, rest, f);
	if (!colon)
		return refuse(end, f, "HOST:PORT is missing one of the two");
	if (strchr(colon + 1, ':'))
		return refuse(end, f, "write an IPv6 address in brackets: [ADDR]:PORT");
	if (copy_host(end, rest, colon - rest, f))
		return -1;
	return parse_port(end, colon + 1, f);
}

static int parse_tcp(struct endpoint *end, const char *rest, struct fault *f)
{
	if (parse_host_port(end, rest, f))
		return -1;
	if (!*end->host)
		return refuse(end, f, "no host to connect to");
	return 0;
}

static int parse_tcp_listen(struct endpoint *end, const char *rest, struct fault *f)
{
	if (!strchr(rest, ':'))
		return parse_port(end, rest, f);
	return parse_host_port(end, rest, f);
}

static int parse_unix(struct endpoint *end, const char *rest, struct fault *f)
{
	if (!*rest)
		return refuse(end, f, "no path of a socket");
	if (strlen(rest) > UNIX_PATH_MAX)
		return refuse(end, f, "the path of a socket has at most 107 characters");
	end->path = rest;
	return 0;
}

/* A 32-bit number, but not the last one, which vsock has a meaning for. */
static int parse_vsock_number(uint32_t *number, const char *text)
{
	uint64_t value;

	if (units_parse_count(text, &value) || value >= UINT32_MAX)
		return -1;
	*number = value;
	return 0;
}

static int parse_vsock_port(struct endpoint *end, const char *text, struct fault *f)
{
	if (parse_vsock_number(&end->port, text))
		return refuse(end, f, "the port must be a number from 0 to 4294967294");
	return 0;
}

/* CID:PORT */
static int parse_vsock(struct endpoint *end, const char *rest, struct fault *f)
{
	const char *colon = strchr(rest, ':');
	char cid[NUMBER_TEXT];

	if (!colon)
		return refuse(end, f, "CID:PORT is missing one of the two");
	if (copy_part(cid, sizeof(cid), rest, colon - rest) || parse_vsock_number(&end->cid, cid))
		return refuse(end, f, "the CID must be a number: 1 is this machine, 2 its host");
	return parse_vsock_port(end, colon + 1, f);
}

static int parse_vsock_listen(struct endpoint *end, const char *rest, struct fault *f)
{
	if (strchr(rest, ':') && *rest != ':')
		return parse_vsock(end, rest, f);
	end->cid = VMADDR_CID_ANY;
	return parse_vsock_port(end, rest + (*rest == ':'), f);
}

static int parse_fd(struct endpoint *end, const char *rest, struct fault *f)
{
	uint64_t fd;

	if (units_parse_count(rest, &fd) || fd > INT_MAX)
		return refuse(end, f, "an open descriptor is a number from 0 on");
	end->fd = fd;
	return 0;
}

/* FD:OFFSET[:LEN] */
static int parse_pool(struct endpoint *end, const char *rest, struct fault *f)
{
	char copy[3 * NUMBER_TEXT], *next = copy, *fd, *offset;

	if (copy_part(copy, sizeof(copy), rest, strlen(rest)))
		return refuse(end, f, "the numbers are too long");
	fd = strsep(&next, ":");
	offset = strsep(&next, ":");
	if (!offset)
		return refuse(end, f, "a range of a pool is FD:OFFSET or FD:OFFSET:LEN");
	if (parse_fd(end, fd, f))
		return -1;
	end->len = ENDPOINT_NO_LEN;
	if (units_parse_size(offset, &end->offset) || (next && units_parse_size(next, &end->len)))
		return refuse(end, f, "offset and length are sizes such as 4096, 64K or 2G");
	return 0;
}

static const struct scheme {
	const char *prefix;
	enum endpoint_kind kind;
	int (*parse)(struct endpoint *end, const char *rest, struct fault *f);
} schemes[] = {
	{ "tcp:", ENDPOINT_TCP, parse_tcp },
	{ "tcp-listen:", ENDPOINT_TCP_LISTEN, parse_tcp_listen },
	{ "unix:", ENDPOINT_UNIX, parse_unix },
	{ "unix-listen:", ENDPOINT_UNIX_LISTEN, parse_unix },
	{ "vsock:", ENDPOINT_VSOCK, parse_vsock },
	{ "vsock-listen:", ENDPOINT_VSOCK_LISTEN, parse_vsock_listen },
	{ "fd:", ENDPOINT_FD, parse_fd },
	{ "pool:", ENDPOINT_POOL, parse_pool },
};

int endpoint_parse(struct endpoint *end, const char *text, struct fault *f)
{
	const struct scheme *s;

	memset(end, 0, sizeof(*end));
	end->text = text;
	if (!strcmp(text, "-")) {
		end->kind = ENDPOINT_STDIO;
		return 0;
	}
	for (s = schemes; s < schemes + sizeof(schemes) / sizeof(schemes[0]); s++) {
		if (!strncmp(text, s->prefix, strlen(s->prefix))) {
			end->kind = s->kind;
			return s->parse(end, text + strlen(s->prefix), f);
		}
	}
	if (!*text)
		return refuse(end, f, "an empty path");
	end->kind = ENDPOINT_PATH;
	end->path = text;
	return 0;
}

bool endpoint_is_socket(const struct endpoint *end)
{
	return end->kind >= ENDPOINT_TCP;
}

bool endpoint_is_inherited(const struct endpoint *end)
{
	return end->kind == ENDPOINT_STDIO || end->kind == ENDPOINT_FD ||
	       end->kind == ENDPOINT_POOL;
}
