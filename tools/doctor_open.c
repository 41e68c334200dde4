// SPDX-License-Identifier: GPL-2.0
/*
 * Ends to ask about, by which nothing is lost: a file that would be written is
 * stood in for by one without a name in the same directory, a connection that is
 * to be waited for by one of this machine with itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctor.h"

static int open_unnamed(char *path)
{
	return open(dirname(path), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static bool is_link(const char *name)
{
	struct stat st;

	return !lstat(name, &st) && S_ISLNK(st.st_mode);
}

/*
 * Where a link leads to is what would be written. Devices and the like are only
 * opened; nothing is ever written to them.
 */
static int open_path(const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	if (!realpath(name, path)) {
		if (errno != ENOENT || is_link(name))
			return -1;
		snprintf(path, sizeof(path), "%s", name);
	}
	if (stat(path, &st))
		return open_unnamed(path);
	if (!S_ISREG(st.st_mode))
		return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	return access(path, W_OK) ? -1 : open_unnamed(path);
}

static int open_file_sink(struct end *end)
{
	end->fd = open_path(end->where->path);
	return end->fd < 0 || fstat(end->fd, &end->st) ? -1 : 0;
}

/*
 * One that is connected to this machine through the loopback device. Who listens
 * stays open until we exit: else the kernel would break the connection off.
 */
static int tcp_loop(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(to);

	if (bind(listener, (struct sockaddr *)&to, sizeof(to)) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&to, &len) ||
	    connect(fd, (struct sockaddr *)&to, len))
		return -1;
	return fd;
}

/* Likewise, its other side. */
static int unix_loop(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) ? -1 : pair[0];
}

static bool is_listening(const struct endpoint *where)
{
	return where->kind == ENDPOINT_TCP_LISTEN || where->kind == ENDPOINT_UNIX_LISTEN ||
	       where->kind == ENDPOINT_VSOCK_LISTEN;
}

/* There is none for vsock: few machines can reach themselves by that. */
static int open_loop(struct end *end)
{
	if (end->where->kind == ENDPOINT_TCP_LISTEN)
		end->fd = tcp_loop();
	else if (end->where->kind == ENDPOINT_UNIX_LISTEN)
		end->fd = unix_loop();
	return end->fd < 0 || fstat(end->fd, &end->st) ? -1 : 0;
}

/* Why an end that may well work cannot be tried, or NULL if it does not work. */
static const char *why_untried(const struct end *end, int err)
{
	const char *path = end->where->path;
	struct stat st;

	if (end->where->kind == ENDPOINT_VSOCK_LISTEN)
		return "before its peer is there";
	if (err == EOPNOTSUPP)
		return "without writing it: its file system has no unnamed files";
	if (end->where->kind != ENDPOINT_PATH)
		return NULL;
	if (stat(path, &st))
		return err == ENOENT && is_link(path) ? "before there is what it links to" : NULL;
	if (err == ENXIO && S_ISFIFO(st.st_mode))
		return "before somebody reads it";
	if (S_ISREG(st.st_mode) && !access(path, W_OK))
		return "without writing it: its directory takes no other file";
	return NULL;
}

/* What is said of @end, which is @name, once it could not be opened. */
static bool failed(struct doctor *doctor, const char *name, const struct end *end)
{
	int err = errno;
	const char *why = why_untried(end, err);

	if (why)
		doctor_say(doctor, name, DOCTOR_NOTE, "%s cannot be tried %s", end->where->text,
			   why);
	else
		doctor_say(doctor, name, DOCTOR_BAD, "%s cannot be opened: %s", end->where->text,
			   strerror(err));
	return false;
}

static bool open_source(struct doctor *doctor, const struct endpoint *where)
{
	struct end *end = &doctor->source;
	struct fault f;

	end->where = where;
	end->fd = -1;
	if (is_listening(where))
		return !open_loop(end) || failed(doctor, "source", end);
	if (!end_open_source(end, where, &f))
		return true;
	doctor_say(doctor, "source", DOCTOR_BAD, "%s", f.text);
	return false;
}

static bool open_sink(struct doctor *doctor, const struct endpoint *where)
{
	struct end *end = &doctor->sink;
	struct fault f;

	end->where = where;
	end->fd = -1;
	if (where->kind == ENDPOINT_PATH)
		return !open_file_sink(end) || failed(doctor, "sink", end);
	if (is_listening(where))
		return !open_loop(end) || failed(doctor, "sink", end);
	if (!end_open_sink(end, where, &f))
		return true;
	doctor_say(doctor, "sink", DOCTOR_BAD, "%s", f.text);
	return false;
}

bool doctor_open(struct doctor *doctor, const struct endpoint *source,
		 const struct endpoint *sink)
{
	doctor->sink.where = sink;
	doctor->sink.fd = -1;
	return open_source(doctor, source) && open_sink(doctor, sink);
}
