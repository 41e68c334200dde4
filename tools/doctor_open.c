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
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctor.h"

static int open_unnamed(const char *path)
{
	char directory[PATH_MAX];

	if (snprintf(directory, sizeof(directory), "%s", path) >= (int)sizeof(directory)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(dirname(directory), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

/* Devices and the like are only opened; nothing is ever written to them. */
static int open_file_sink(struct end *end)
{
	struct stat st;

	if (stat(end->where->path, &st) || S_ISREG(st.st_mode))
		end->fd = open_unnamed(end->where->path);
	else
		end->fd = open(end->where->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
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
	return where->kind == ENDPOINT_TCP_LISTEN || where->kind == ENDPOINT_UNIX_LISTEN;
}

static int open_loop(struct end *end)
{
	end->fd = end->where->kind == ENDPOINT_TCP_LISTEN ? tcp_loop() : unix_loop();
	return end->fd < 0 || fstat(end->fd, &end->st) ? -1 : 0;
}

/* What is said of @end, which is @name, once it could not be opened. */
static bool failed(struct doctor *doctor, const char *name, const struct end *end)
{
	int err = errno;

	if (err == EOPNOTSUPP || err == EISDIR)
		doctor_say(doctor, name, DOCTOR_NOTE,
			   "%s cannot be tried without writing it: its file system has no unnamed files",
			   end->where->text);
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
