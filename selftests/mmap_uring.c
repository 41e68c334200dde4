// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring on the mapping, plain and registered: direct reads and writes, and
 * zero-copy sends with their notifications; and io_uring on the device itself.
 */
#include <liburing.h>
#include <sys/utsname.h>

#include "zc_mem.h"
#include "zc_sock.h"

#define BUF	(256 * KiB)
#define COUNT	4
#define POOL	(COUNT * BUF)

/**
 * struct stage - a ring, and a pool with a mapping
 * @ring: of io_uring
 * @fd: the device
 * @map: all of the pool
 * @fixed: the mapping is registered, as buffer 0
 */
struct stage {
	struct io_uring ring;
	int fd;
	unsigned char *map;
	bool fixed;
};

static bool kernel_before(int major, int minor)
{
	struct utsname u;
	int a, b;

	assert_int_equal(uname(&u), 0);
	assert_int_equal(sscanf(u.release, "%d.%d", &a, &b), 2);
	return a < major || (a == major && b < minor);
}

static int register_map(struct stage *s)
{
	struct iovec iov = { s->map, POOL };

	return -io_uring_register_buffers(&s->ring, &iov, 1);
}

static void stage_open(struct stage *s, bool fixed)
{
	s->fd = zc_open_pool(COUNT, BUF);
	s->map = zc_map(s->fd, POOL);
	s->fixed = fixed;
	assert_int_equal(io_uring_queue_init(8, &s->ring, 0), 0);
	if (fixed)
		zc_assert_errno(register_map(s), 0, "register");
}

/* The ring lets go when it is gone, which takes a while. */
static void stage_close(struct stage *s)
{
	io_uring_queue_exit(&s->ring);
	assert_true(zc_wait_until(20, !zc_in_flight(s->fd)));
	munmap(s->map, POOL);
	close(s->fd);
	zc_assert_no_pools();
}

/* The flags of the completion, whose result must be @want. */
static unsigned int complete(struct stage *s, int want)
{
	struct io_uring_cqe *cqe;
	unsigned int flags;

	assert_true(io_uring_submit_and_wait(&s->ring, 1) >= 0);
	assert_int_equal(io_uring_wait_cqe(&s->ring, &cqe), 0);
	assert_int_equal(cqe->res, want);
	flags = cqe->flags;
	io_uring_cqe_seen(&s->ring, cqe);
	return flags;
}

static void do_read(struct stage *s, int file, size_t to, size_t len,
		    off_t from)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);

	if (s->fixed)
		io_uring_prep_read_fixed(sqe, file, s->map + to, len, from, 0);
	else
		io_uring_prep_read(sqe, file, s->map + to, len, from);
	complete(s, len);
}

static void do_write(struct stage *s, int file, size_t from, size_t len,
		     off_t to)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);

	if (s->fixed)
		io_uring_prep_write_fixed(sqe, file, s->map + from, len, to, 0);
	else
		io_uring_prep_write(sqe, file, s->map + from, len, to);
	complete(s, len);
}

/* Whole buffers, and across the edges of buffers. */
static void direct_io(bool fixed)
{
	struct stage s;
	int file;

	stage_open(&s, fixed);
	file = open("data", O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC,
		    0600);
	assert_true(file >= 0);
	zc_fill(s.map, POOL, 1, 0);
	do_write(&s, file, 0, POOL, 0);
	do_write(&s, file, BUF - 4096, 2 * BUF, POOL);
	memset(s.map, 0, POOL);
	do_read(&s, file, 0, POOL, 0);
	assert_int_equal(zc_differs(s.map, POOL, 1, 0), POOL);
	memset(s.map, 0, POOL);
	do_read(&s, file, BUF + 4096, 2 * BUF, POOL);
	assert_int_equal(zc_differs(s.map + BUF + 4096, 2 * BUF, 1, BUF - 4096),
			 2 * BUF);
	close(file);
	file = open("data", O_RDONLY | O_CLOEXEC);
	zc_check_range(file, 0, POOL, 1, 0);
	zc_check_range(file, POOL, 2 * BUF, 1, BUF - 4096);
	close(file);
	unlink("data");
	stage_close(&s);
}

static void plain_io(void **state)
{
	(void)state;
	direct_io(false);
}

static void fixed_io(void **state)
{
	(void)state;
	direct_io(true);
}

/* One send: its result, and the notification that its pages are free. */
static void send_zc(struct stage *s, int sock, size_t from, size_t len)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);

	if (s->fixed)
		io_uring_prep_send_zc_fixed(sqe, sock, s->map + from, len,
					    MSG_WAITALL, 0, 0);
	else
		io_uring_prep_send_zc(sqe, sock, s->map + from, len,
				      MSG_WAITALL, 0);
	assert_true(complete(s, len) & IORING_CQE_F_MORE);
	assert_true(complete(s, 0) & IORING_CQE_F_NOTIF);
}

static void sends(bool fixed)
{
	static const size_t lens[] = { BUF, 4096, 1, 4095, BUF + 7, 2 * BUF };
	struct zc_reader reader = { .seed = 2 };
	size_t at = 0;
	struct stage s;
	int pair[2];

	stage_open(&s, fixed);
	zc_fill(s.map, POOL, 2, 0);
	zc_tcp_pair(pair);
	reader.fd = pair[1];
	zc_reader_start(&reader);
	for (size_t i = 0; at < POOL; i++) {
		size_t len = lens[i % 6] < POOL - at ? lens[i % 6] : POOL - at;

		send_zc(&s, pair[0], at, len);
		at += len;
	}
	zc_reader_finish(&reader, &pair[0], POOL);
	stage_close(&s);
}

static void plain_send(void **state)
{
	(void)state;
	sends(false);
}

static void fixed_send(void **state)
{
	(void)state;
	sends(true);
}

/* What is registered is pinned: nobody else gets it. */
static void registered(void **state)
{
	uint32_t index;
	struct stage s;

	(void)state;
	stage_open(&s, true);
	assert_int_equal(zc_in_flight(s.fd), COUNT);
	assert_int_equal(zc_acquire(s.fd, &index, 1, 0), -ETIMEDOUT);
	assert_int_equal(io_uring_unregister_buffers(&s.ring), 0);
	assert_true(zc_wait_until(20, !zc_in_flight(s.fd)));
	assert_int_equal(zc_acquire(s.fd, &index, 1, 0), 1);
	stage_close(&s);
}

/* Mappings of files could not be registered yet, and nothing stays pinned. */
static void refused(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, false);
	zc_assert_errno(register_map(&s), EOPNOTSUPP, "register");
	assert_true(!zc_in_flight(s.fd));
	stage_close(&s);
}

/* From one pool into the other, and back. */
static void the_device(void **state)
{
	struct stage s;
	int other = zc_open_pool(COUNT, BUF);

	(void)state;
	stage_open(&s, false);
	zc_fill(s.map, POOL, 3, 0);
	do_write(&s, other, 0, POOL, 0);
	memset(s.map, 0, POOL);
	do_read(&s, other, 0, BUF, 100);
	assert_int_equal(zc_differs(s.map, BUF, 3, 100), BUF);
	io_uring_prep_read(io_uring_get_sqe(&s.ring), other, s.map, 1, POOL);
	complete(&s, 0);
	io_uring_prep_write(io_uring_get_sqe(&s.ring), other, s.map, 1, POOL);
	complete(&s, -ENOSPC);
	close(other);
	stage_close(&s);
}

/* Bytes of the pool through a pipe that io_uring fills and empties. */
static void splices(void **state)
{
	static unsigned char copy[BUF];
	int p[2];
	struct stage s;

	(void)state;
	stage_open(&s, false);
	zc_fill(s.map, POOL, 4, 0);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_true(fcntl(p[1], F_SETPIPE_SZ, MiB) > 0);
	io_uring_prep_splice(io_uring_get_sqe(&s.ring), s.fd, 1000, p[1], -1,
			     BUF, 0);
	complete(&s, BUF);
	assert_false(!zc_in_flight(s.fd));
	for (size_t done = 0; done < BUF;) {
		ssize_t n = read(p[0], copy + done, BUF - done);

		assert_true(n > 0);
		done += n;
	}
	assert_int_equal(zc_differs(copy, BUF, 4, 1000), BUF);
	close(p[0]);
	close(p[1]);
	stage_close(&s);
}

#define PLAIN							\
	ZC_TEST("direct reads and writes", plain_io),		\
	ZC_TEST("zero-copy sends", plain_send),			\
	ZC_TEST("reads and writes of the device", the_device),	\
	ZC_TEST("splice from the device", splices)

int main(void)
{
	/* As 6.1 does it, and as 6.12 does. */
	const struct CMUnitTest old[] = {
		PLAIN,
		ZC_TEST("registering is refused", refused),
	}, new[] = {
		PLAIN,
		ZC_TEST("registered buffers are in flight", registered),
		ZC_TEST("direct reads and writes, registered", fixed_io),
		ZC_TEST("zero-copy sends, registered", fixed_send),
	};

	if (kernel_before(6, 12))
		return cmocka_run_group_tests(old, NULL, NULL);
	return cmocka_run_group_tests(new, NULL, NULL);
}
