// SPDX-License-Identifier: GPL-2.0
/*
 * movers HOW SRC DST [SIZE]: what programs use today to move a file; and zcdevctl,
 * into a file that grows (`extended`) or was made long enough before (`allocated`).
 *
 * DST is a path, written and synced, or tcp:HOST:PORT. SIZE is that of the
 * buffer, or of the pipe. Each mover is as short as its interface allows.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <liburing.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define URING_DEPTH 16

struct move {
	const char *src;
	int in, out;
	bool to_socket;
	size_t size;		/* of a buffer */
	off_t len;		/* of the source */
};

static void die(const char *what)
{
	fprintf(stderr, "movers: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void check(bool ok, const char *what)
{
	if (!ok)
		die(what);
}

static void *buffer(size_t size)
{
	void *p = NULL;

	errno = posix_memalign(&p, 4096, size);
	check(!errno, "buffer");
	return p;
}

static void write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		check(n > 0, "write");
		p += n;
		len -= n;
	}
}

/* read+write, and with O_DIRECT on files as `direct` */
static void move_rw(struct move *m)
{
	char *buf = buffer(m->size);
	ssize_t n;

	while ((n = read(m->in, buf, m->size)) > 0)
		write_all(m->out, buf, n);
	check(!n, "read");
}

static void move_sendfile(struct move *m)
{
	ssize_t n;

	while ((n = sendfile(m->out, m->in, NULL, 0x7ffff000)) > 0)
		;
	check(!n, "sendfile");
}

static void move_splice(struct move *m)
{
	ssize_t n, left, sent;
	int p[2];

	check(!pipe(p) && fcntl(p[1], F_SETPIPE_SZ, m->size) > 0, "pipe");
	while ((n = splice(m->in, NULL, p[1], NULL, m->size, SPLICE_F_MOVE)) > 0) {
		for (left = n; left; left -= sent) {
			sent = splice(p[0], NULL, m->out, NULL, left,
				      SPLICE_F_MOVE | SPLICE_F_MORE);
			check(sent > 0, "splice out");
		}
	}
	check(!n, "splice in");
}

static void move_copy_file_range(struct move *m)
{
	ssize_t n;

	while ((n = copy_file_range(m->in, NULL, m->out, NULL, 1 << 30, 0)) > 0)
		;
	check(!n, "copy_file_range");
}

/* Completed MSG_ZEROCOPY sends; waits for one if @wait. */
static unsigned int zerocopy_done(int fd, bool wait)
{
	struct pollfd p = { .fd = fd };
	char control[128];
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct sock_extended_err *err;

	if (wait)
		poll(&p, 1, -1);
	if (recvmsg(fd, &msg, MSG_ERRQUEUE) < 0)
		return 0;
	err = (void *)CMSG_DATA(CMSG_FIRSTHDR(&msg));
	return err->ee_data - err->ee_info + 1;
}

/* O_DIRECT read, MSG_ZEROCOPY send, two buffers */
static void move_zerocopy(struct move *m)
{
	char *bufs[2] = { buffer(m->size), buffer(m->size) };
	unsigned int sent = 0, done = 0, of_buf[2] = { 0, 0 };
	ssize_t n, some;
	int one = 1;

	check(!setsockopt(m->out, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)), "SO_ZEROCOPY");
	for (int i = 0;; i = !i) {
		while (done < of_buf[i])
			done += zerocopy_done(m->out, true);
		n = read(m->in, bufs[i], m->size);
		check(n >= 0, "read");
		if (!n)
			break;
		for (ssize_t off = 0; off < n; off += some) {
			some = send(m->out, bufs[i] + off, n - off, MSG_ZEROCOPY);
			check(some > 0, "send");
			sent++;
		}
		of_buf[i] = sent;
	}
	while (done < sent)
		done += zerocopy_done(m->out, true);
}

/*
 * io_uring: direct reads into registered buffers, in flight together. A file
 * takes them in any order by fixed writes, a socket one after another.
 */
enum slot_state { READING, READ, WRITING, IDLE };

struct slot {
	enum slot_state state;
	off_t offset;
	size_t len, done;
	char *buf;
};

static void uring_read(struct io_uring *ring, struct move *m, struct slot *slots, int i,
		       off_t *next)
{
	struct slot *s = &slots[i];
	struct io_uring_sqe *sqe;

	s->state = IDLE;
	if (*next >= m->len)
		return;
	s->state = READING;
	s->offset = *next;
	s->len = m->len - *next < (off_t)m->size ? (size_t)(m->len - *next) : m->size;
	s->done = 0;
	*next += s->len;
	sqe = io_uring_get_sqe(ring);
	io_uring_prep_read_fixed(sqe, m->in, s->buf, m->size, s->offset, i);
	sqe->user_data = i;
}

static void uring_write(struct io_uring *ring, struct move *m, struct slot *slots, int i)
{
	struct slot *s = &slots[i];
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	s->state = WRITING;
	if (m->to_socket)
		io_uring_prep_send(sqe, m->out, s->buf + s->done, s->len - s->done, MSG_WAITALL);
	else
		io_uring_prep_write_fixed(sqe, m->out, s->buf + s->done, s->len - s->done,
					  s->offset + s->done, i);
	sqe->user_data = i;
}

static void move_uring(struct move *m)
{
	struct slot slots[URING_DEPTH] = { 0 };
	struct iovec iov[URING_DEPTH];
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	off_t next = 0, written = 0, sending = 0;
	int i;

	check(!io_uring_queue_init(2 * URING_DEPTH, &ring, 0), "io_uring");
	for (i = 0; i < URING_DEPTH; i++) {
		slots[i].buf = buffer(m->size);
		iov[i] = (struct iovec){ slots[i].buf, m->size };
	}
	check(!io_uring_register_buffers(&ring, iov, URING_DEPTH), "register buffers");
	for (i = 0; i < URING_DEPTH; i++)
		uring_read(&ring, m, slots, i, &next);

	while (written < m->len) {
		io_uring_submit_and_wait(&ring, 1);
		while (!io_uring_peek_cqe(&ring, &cqe)) {
			struct slot *s = &slots[i = cqe->user_data];

			errno = -cqe->res;
			check(cqe->res > 0, s->state == READING ? "uring read" : "uring write");
			if (s->state == READING) {
				s->state = READ;
				if (!m->to_socket)
					uring_write(&ring, m, slots, i);
			} else {
				s->done += cqe->res;
				written += cqe->res;
				if (s->done < s->len) {
					uring_write(&ring, m, slots, i);
				} else {
					sending += s->len;
					uring_read(&ring, m, slots, i, &next);
				}
			}
			io_uring_cqe_seen(&ring, cqe);
		}
		for (i = 0; m->to_socket && i < URING_DEPTH; i++)
			if (slots[i].state == READ && slots[i].offset == sending)
				uring_write(&ring, m, slots, i);
	}
}

/* zcdevctl into the file that is open here, which becomes longer with each write. */
static void move_extended(struct move *m)
{
	char sink[16];

	snprintf(sink, sizeof(sink), "fd:%d", m->out);
	execlp("zcdevctl", "zcdevctl", "transfer", "-q", m->src, sink, NULL);
	die("zcdevctl");
}

/* And into one that is as long as the source: zeros to whoever reads it early. */
static void move_allocated(struct move *m)
{
	errno = posix_fallocate(m->out, 0, m->len);
	check(!errno, "fallocate");
	move_extended(m);
}

static int connect_to(char *where)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	char *port = strchr(where, ':');
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	errno = EINVAL;
	check(port, where);
	*port++ = 0;
	addr.sin_port = htons(atoi(port));
	check(inet_pton(AF_INET, where, &addr.sin_addr) == 1, where);
	check(fd >= 0 && !connect(fd, (struct sockaddr *)&addr, sizeof(addr)), "connect");
	return fd;
}

static const struct mover {
	const char *name;
	void (*move)(struct move *m);
	size_t size;
	int flags;		/* to open files with */
} movers[] = {
	{ "rw", move_rw, 128 << 10, 0 },
	{ "direct", move_rw, 1 << 20, O_DIRECT },
	{ "sendfile", move_sendfile, 0, 0 },
	{ "splice", move_splice, 1 << 20, 0 },
	{ "copy_file_range", move_copy_file_range, 0, 0 },
	{ "zerocopy", move_zerocopy, 1 << 20, O_DIRECT },
	{ "uring", move_uring, 128 << 10, O_DIRECT },
	{ "extended", move_extended, 0, 0 },
	{ "allocated", move_allocated, 0, 0 },
};

int main(int argc, char **argv)
{
	const struct mover *how = NULL;
	struct move m = { 0 };
	struct stat st;

	for (size_t i = 0; argc >= 4 && i < sizeof(movers) / sizeof(*movers); i++)
		if (!strcmp(movers[i].name, argv[1]))
			how = &movers[i];
	if (!how) {
		fprintf(stderr, "usage: movers HOW SRC DST [SIZE]\n");
		return 2;
	}
	m.size = argc > 4 ? strtoul(argv[4], NULL, 0) : how->size;
	m.src = argv[2];
	m.in = open(argv[2], O_RDONLY | how->flags);
	check(m.in >= 0 && !fstat(m.in, &st), argv[2]);
	m.len = st.st_size;
	m.to_socket = !strncmp(argv[3], "tcp:", 4);
	if (m.to_socket)
		m.out = connect_to(argv[3] + 4);
	else
		m.out = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | how->flags, 0644);
	check(m.out >= 0, argv[3]);
	how->move(&m);
	check(m.to_socket || !fdatasync(m.out), "fdatasync");
	return 0;
}
