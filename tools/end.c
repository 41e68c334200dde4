// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "end.h"
#include "explain.h"
#include "file.h"
#include "sock.h"

static const char *inherited_name(const struct end *end)
{
	if (end->where->kind != ENDPOINT_STDIO)
		return end->where->text;
	return end->fd == STDIN_FILENO ? "standard input" : "standard output";
}

/*
 * All that we open ourselves is closed on exec, and nothing inherited is: so the
 * number of a closed descriptor that has become one of ours is told apart.
 */
static int open_inherited(struct end *end, int fd, enum explain what, struct fault *f)
{
	int flags = fcntl(fd, F_GETFD);

	end->fd = fd;
	if (flags < 0 || flags & FD_CLOEXEC)
		return explain(f, what, inherited_name(end), EBADF);
	if (fstat(fd, &end->st))
		return explain(f, what, inherited_name(end), errno);
	if (S_ISDIR(end->st.st_mode))
		return explain(f, what, inherited_name(end), EISDIR);
	return 0;
}

static int open_socket(struct end *end, struct fault *f)
{
	end->fd = sock_open(end->where, f);
	end->st.st_mode = S_IFSOCK;
	return end->fd < 0 ? -1 : 0;
}

int end_open_source(struct end *end, const struct endpoint *where, struct fault *f)
{
	*end = (struct end){ .where = where, .fd = -1 };
	if (endpoint_is_socket(where))
		return open_socket(end, f);
	if (where->kind == ENDPOINT_STDIO)
		return open_inherited(end, STDIN_FILENO, EXPLAIN_OPEN_SOURCE, f);
	if (endpoint_is_inherited(where))
		return open_inherited(end, where->fd, EXPLAIN_OPEN_SOURCE, f);
	return file_open_source(end, f);
}

int end_open_sink(struct end *end, const struct endpoint *where, struct fault *f)
{
	*end = (struct end){ .where = where, .fd = -1 };
	if (endpoint_is_socket(where))
		return open_socket(end, f);
	if (where->kind == ENDPOINT_STDIO)
		return open_inherited(end, STDOUT_FILENO, EXPLAIN_OPEN_SINK, f);
	if (endpoint_is_inherited(where))
		return open_inherited(end, where->fd, EXPLAIN_OPEN_SINK, f);
	return file_open_sink(end, f);
}

void end_close(struct end *end)
{
	if (end->fd >= 0 && !endpoint_is_inherited(end->where))
		close(end->fd);
	end->fd = -1;
}

bool end_has_contents(const struct end *end)
{
	return end->where->kind == ENDPOINT_PATH && S_ISREG(end->st.st_mode) &&
	       end->st.st_size > 0;
}

int end_truncate(const struct end *end, struct fault *f)
{
	if (end_has_contents(end) && ftruncate(end->fd, 0))
		return explain(f, EXPLAIN_OPEN_SINK, end->where->text, errno);
	return 0;
}

int end_sync(const struct end *end, struct fault *f)
{
	return end_is_file(end) ? file_sync(end, f) : 0;
}

int end_hang_up(const struct end *end, struct fault *f)
{
	int err;

	if (!endpoint_is_socket(end->where))
		return 0;
	err = sock_hang_up(end->fd);
	return err ? explain(f, EXPLAIN_WRITE, end->where->text, err) : 0;
}

bool end_same(const struct end *a, const struct end *b)
{
	bool files = S_ISREG(a->st.st_mode) && S_ISREG(b->st.st_mode);
	bool pipes = S_ISFIFO(a->st.st_mode) && S_ISFIFO(b->st.st_mode);

	if (files || pipes)
		return a->st.st_dev == b->st.st_dev && a->st.st_ino == b->st.st_ino;
	if (S_ISBLK(a->st.st_mode) && S_ISBLK(b->st.st_mode))
		return a->st.st_rdev == b->st.st_rdev;
	return false;
}

bool end_is_file(const struct end *end)
{
	return S_ISREG(end->st.st_mode) || S_ISBLK(end->st.st_mode);
}

bool end_is_stream(const struct end *end)
{
	return !end_is_file(end) && end->where->kind != ENDPOINT_POOL;
}

static uint64_t total_size(const struct end *end)
{
	uint64_t bytes;

	if (S_ISREG(end->st.st_mode))
		return end->st.st_size;
	if (S_ISBLK(end->st.st_mode) && !ioctl(end->fd, BLKGETSIZE64, &bytes))
		return bytes;
	return END_UNKNOWN;
}

uint64_t end_remaining(const struct end *end, uint64_t offset)
{
	uint64_t size = total_size(end);

	if (end->where->kind == ENDPOINT_POOL)
		return end->len;
	if (size == END_UNKNOWN)
		return END_UNKNOWN;
	/* What we opened ourselves stands at 0; what was inherited may not. */
	if (offset == END_UNKNOWN)
		offset = endpoint_is_inherited(end->where) ?
			 (uint64_t)lseek(end->fd, 0, SEEK_CUR) : 0;
	return offset < size ? size - offset : 0;
}

static int socket_option(int fd, int option)
{
	socklen_t len = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) ? -1 : value;
}

static bool has_tls(int fd)
{
	char ulp[8] = "";
	socklen_t len = sizeof(ulp);

	return !getsockopt(fd, IPPROTO_TCP, TCP_ULP, ulp, &len) && !strcmp(ulp, "tls");
}

static enum zcdev_kind tcp_kind(int fd, const char **what)
{
	bool tls = has_tls(fd);

	*what = tls ? "a kTLS socket" : "a TCP socket";
	return tls ? ZCDEV_KIND_KTLS : ZCDEV_KIND_TCP;
}

static enum zcdev_kind socket_kind(int fd, const char **what)
{
	int domain = socket_option(fd, SO_DOMAIN);

	*what = "a socket of another protocol";
	if (socket_option(fd, SO_TYPE) != SOCK_STREAM)
		return ZCDEV_KIND_NONE;
	if ((domain == AF_INET || domain == AF_INET6) &&
	    socket_option(fd, SO_PROTOCOL) == IPPROTO_TCP)
		return tcp_kind(fd, what);
	if (domain == AF_UNIX) {
		*what = "a UNIX stream socket";
		return ZCDEV_KIND_UNIX;
	}
	if (domain == AF_VSOCK) {
		*what = "a vsock socket";
		return ZCDEV_KIND_VSOCK;
	}
	return ZCDEV_KIND_NONE;
}

static enum zcdev_kind device_kind(const struct end *end, const char **what)
{
	if (end->where->kind == ENDPOINT_POOL) {
		*what = "a pool";
		return ZCDEV_KIND_POOL;
	}
	if (isatty(end->fd)) {
		*what = "a terminal";
		return ZCDEV_KIND_NONE;
	}
	*what = "a character device";
	return ZCDEV_KIND_CHAR;
}

enum zcdev_kind end_kind(const struct end *end, const char **what)
{
	switch (end->st.st_mode & S_IFMT) {
	case S_IFREG:
		*what = "a regular file";
		return ZCDEV_KIND_FILE;
	case S_IFBLK:
		*what = "a block device";
		return ZCDEV_KIND_BLOCK;
	case S_IFSOCK:
		return socket_kind(end->fd, what);
	case S_IFIFO:
		*what = "a pipe";
		return ZCDEV_KIND_PIPE;
	case S_IFCHR:
		return device_kind(end, what);
	case S_IFDIR:
		*what = "a directory";
		return ZCDEV_KIND_NONE;
	default:
		*what = "something else";
		return ZCDEV_KIND_NONE;
	}
}
