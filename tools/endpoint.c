// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <sys/un.h>

#include "endpoint.h"
#include "units.h"

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

static int copy_host(struct endpoint *end, const char *host, size_t len, struct fault *f)
{
	if (len >= sizeof(end->host))
		return refuse(end, f, "the host name is too long");
	memcpy(end->host, host, len);
	end->host[len] = 0;
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

static int parse_reserved(struct endpoint *end, const char *rest, struct fault *f)
{
	(void)rest;
	return fault_set(f, STATUS_USAGE,
			 "'%s': this version has no such end; a file of that name is './%s'",
			 end->text, end->text);
}

/* Reserved are the schemes to come: a script must not create files by them. */
static const struct scheme {
	const char *prefix;
	enum endpoint_kind kind;
	int (*parse)(struct endpoint *end, const char *rest, struct fault *f);
} schemes[] = {
	{ "tcp:", ENDPOINT_TCP, parse_tcp },
	{ "tcp-listen:", ENDPOINT_TCP_LISTEN, parse_tcp_listen },
	{ "unix:", ENDPOINT_UNIX, parse_unix },
	{ "unix-listen:", ENDPOINT_UNIX_LISTEN, parse_unix },
	{ "vsock:", ENDPOINT_PATH, parse_reserved },
	{ "vsock-listen:", ENDPOINT_PATH, parse_reserved },
	{ "fd:", ENDPOINT_PATH, parse_reserved },
	{ "pool:", ENDPOINT_PATH, parse_reserved },
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
	return end->kind != ENDPOINT_PATH && end->kind != ENDPOINT_STDIO;
}
