// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/fs.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "end.h"
#include "explain.h"
#include "file.h"
#include "sock.h"

static int open_stdio(struct end *end, int fd, enum explain what, struct fault *f)
{
	end->fd = fd;
	if (fstat(fd, &end->st))
		return explain(f, what, fd ? "standard output" : "standard input", errno);
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
		return open_stdio(end, STDIN_FILENO, EXPLAIN_OPEN_SOURCE, f);
	return file_open_source(end, f);
}

int end_open_sink(struct end *end, const struct endpoint *where, struct fault *f)
{
	*end = (struct end){ .where = where, .fd = -1 };
	if (endpoint_is_socket(where))
		return open_socket(end, f);
	if (where->kind == ENDPOINT_STDIO)
		return open_stdio(end, STDOUT_FILENO, EXPLAIN_OPEN_SINK, f);
	return file_open_sink(end, f);
}

void end_close(struct end *end)
{
	if (end->fd >= 0 && end->where->kind != ENDPOINT_STDIO)
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
	if (S_ISREG(a->st.st_mode) && S_ISREG(b->st.st_mode))
		return a->st.st_dev == b->st.st_dev && a->st.st_ino == b->st.st_ino;
	if (S_ISBLK(a->st.st_mode) && S_ISBLK(b->st.st_mode))
		return a->st.st_rdev == b->st.st_rdev;
	return false;
}

bool end_is_file(const struct end *end)
{
	return S_ISREG(end->st.st_mode) || S_ISBLK(end->st.st_mode);
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

	if (size == END_UNKNOWN)
		return END_UNKNOWN;
	/* What we opened ourselves stands at 0; standard input may not. */
	if (offset == END_UNKNOWN)
		offset = end->where->kind == ENDPOINT_STDIO ?
			 (uint64_t)lseek(end->fd, 0, SEEK_CUR) : 0;
	return offset < size ? size - offset : 0;
}

static int socket_option(int fd, int option)
{
	socklen_t len = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) ? -1 : value;
}

static enum zcdev_kind socket_kind(int fd, const char **what)
{
	int domain = socket_option(fd, SO_DOMAIN);

	if (socket_option(fd, SO_TYPE) == SOCK_STREAM) {
		if ((domain == AF_INET || domain == AF_INET6) &&
		    socket_option(fd, SO_PROTOCOL) == IPPROTO_TCP) {
			*what = "a TCP socket";
			return ZCDEV_KIND_TCP;
		}
		if (domain == AF_UNIX) {
			*what = "a UNIX stream socket";
			return ZCDEV_KIND_UNIX;
		}
	}
	*what = "a socket of another protocol";
	return ZCDEV_KIND_NONE;
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
		return ZCDEV_KIND_NONE;
	case S_IFCHR:
		*what = isatty(end->fd) ? "a terminal" : "a character device";
		return ZCDEV_KIND_NONE;
	case S_IFDIR:
		*what = "a directory";
		return ZCDEV_KIND_NONE;
	default:
		*what = "something else";
		return ZCDEV_KIND_NONE;
	}
}
