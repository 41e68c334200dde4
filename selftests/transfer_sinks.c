// SPDX-License-Identifier: GPL-2.0
/* timeout: 120 */
/*
 * One source, several sinks: the disk is read once, and what becomes of one
 * sink is nobody else's business unless the caller says so.
 */
#include <inttypes.h>

#include "zc_sock.h"
#include "zc_mem.h"

#define SIZE	(6 * MiB + 12345)
#define BUF	(1 * MiB)
#define SINKS	4
#define SEED	77

/**
 * struct fan - a transfer to many
 */
struct fan {
	struct zcdev_transfer t;
	struct zcdev_end end[1 + 16];
};

static struct fan fan(int src, unsigned int sinks)
{
	struct fan f = {
		.t = {
			.size = sizeof(f.t),
			.len = ZCDEV_TO_END,
			.end_size = sizeof(f.end[0]),
			.sink_count = sinks,
		},
		.end = { { .fd = src } },
	};

	return f;
}

static int fan_run(int zc, struct fan *f)
{
	f->t.ends = (uintptr_t)f->end;
	return zc_errno(ioctl(zc, ZCDEV_TRANSFER, &f->t));
}

static void assert_end(const struct zcdev_end *end, uint64_t bytes, int error)
{
	assert_int_equal(end->out_bytes, bytes);
	assert_int_equal(end->out_error, error);
	assert_int_equal(end->out_bytes, end->out_zerocopy +
			 end->out_unverified + end->out_copied);
}

static uint64_t sectors_read(const char *disk)
{
	char line[256], name[32];
	uint64_t sectors = 0, n;
	FILE *f = fopen("/proc/diskstats", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*u %*u %31s %*u %*u %" SCNu64, name, &n) ==
		    2 && !strcmp(name, disk))
			sectors = n;
	fclose(f);
	return sectors;
}

static void all_sinks_get_all_bytes(void **state)
{
	int src = zc_make_file("src", SIZE, SEED), zc = zc_open_pool(4, BUF);
	int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct zc_reader readers[SINKS - 1] = {};
	struct fan f = fan(src, SINKS);
	int fds[SINKS - 1][2], i;
	uint64_t before;

	(void)state;
	for (i = 0; i < SINKS - 1; i++) {
		if (i == 1)
			zc_unix_pair(fds[i]);
		else
			zc_tcp_pair(fds[i]);
		readers[i] = (struct zc_reader){ .fd = fds[i][1], .seed = SEED };
		zc_reader_start(&readers[i]);
		f.end[1 + i].fd = fds[i][0];
	}
	f.end[SINKS].fd = dst;

	before = sectors_read("vda");
	assert_int_equal(fan_run(zc, &f), 0);
	assert_true((sectors_read("vda") - before) * 512 <= SIZE + BUF);
	assert_int_equal(f.t.out_error, 0);
	assert_int_equal(f.t.out_bytes, SIZE);
	for (i = 0; i <= SINKS; i++)
		assert_end(&f.end[i], SIZE, 0);
	assert_int_equal(lseek(src, 0, SEEK_CUR), SIZE);
	assert_int_equal(zc_size(dst), SIZE);
	zc_check_range(dst, 0, SIZE, SEED, 0);
	for (i = 0; i < SINKS - 1; i++)
		zc_reader_finish(&readers[i], &fds[i][0], SIZE);
	close(zc);
	close(src);
	close(dst);
}

/* Takes little until it is read. Before 6.5 a UNIX socket takes pages without end. */
static void stuck_pair(int fds[2])
{
	zc_tcp_pair(fds);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &(int){ 65536 }, sizeof(int));
}

/* Full before it has all buffers, which the other needs. */
static void a_sink_that_fails_does_not_stop_the_others(void **state)
{
	int src = zc_make_file("src", SIZE, SEED), zc = zc_open_pool(4, BUF);
	int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct fan f = fan(src, 2);
	int fds[2];

	(void)state;
	stuck_pair(fds);
	/* When the peer is closed, below, it resets: what is sent then fails. */
	assert_int_equal(setsockopt(fds[1], SOL_SOCKET, SO_LINGER,
				    &(struct linger){ 1, 0 },
				    sizeof(struct linger)), 0);
	f.end[1].fd = fds[0];
	f.end[2].fd = dst;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	assert_int_equal(fan_run(zc, &f), 0);
	/* Nobody reads: this sink fills up and, non-blocking, gives up. */
	assert_int_equal(f.end[1].out_error, EAGAIN);
	assert_true(f.end[1].out_bytes < SIZE);
	assert_end(&f.end[2], SIZE, 0);
	assert_int_equal(f.t.out_bytes, SIZE);
	assert_int_equal(f.t.out_error, EAGAIN);
	zc_check_range(dst, 0, SIZE, SEED, 0);

	/* Now the peer is gone for good. */
	close(fds[1]);
	f.end[0].flags = ZCDEV_END_OFFSET;
	f.end[2].flags = ZCDEV_END_OFFSET;
	assert_int_not_equal(fan_run(zc, &f), 0);
	close(fds[0]);
	close(zc);
	close(src);
	close(dst);
}

static void fail_fast_stops_all(void **state)
{
	int src = zc_make_file("src", SIZE, SEED), zc = zc_open_pool(2, BUF);
	int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct fan f = fan(src, 2);
	int fds[2];

	(void)state;
	stuck_pair(fds);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	f.end[1].fd = fds[0];
	f.end[2].fd = dst;
	f.t.flags = ZCDEV_TRANSFER_FAIL_FAST;
	assert_int_equal(fan_run(zc, &f), 0);
	assert_int_equal(f.t.out_error, EAGAIN);
	assert_int_equal(f.end[1].out_error, EAGAIN);
	assert_int_equal(f.end[2].out_error, 0);
	assert_true(f.end[2].out_bytes < SIZE);
	/* The file holds what it accepted and not a byte more. */
	assert_int_equal(zc_size(dst), f.end[2].out_bytes);
	zc_check_range(dst, 0, f.end[2].out_bytes, SEED, 0);
	close(fds[0]);
	close(fds[1]);
	close(zc);
	close(src);
	close(dst);
}

static void a_slow_sink_holds_back_only_as_far_as_the_ring(void **state)
{
	int src = zc_make_file("src", SIZE, SEED), zc = zc_open_pool(4, BUF);
	struct zc_reader slow = { .seed = SEED, .step = 64 * KiB,
				  .pause_us = 2000 };
	struct zc_reader fast = { .seed = SEED };
	struct fan f = fan(src, 2);
	int a[2], b[2];

	(void)state;
	zc_tcp_pair(a);
	zc_tcp_pair(b);
	slow.fd = a[1];
	fast.fd = b[1];
	zc_reader_start(&slow);
	zc_reader_start(&fast);
	f.end[1].fd = a[0];
	f.end[2].fd = b[0];
	assert_int_equal(fan_run(zc, &f), 0);
	assert_end(&f.end[1], SIZE, 0);
	assert_end(&f.end[2], SIZE, 0);
	zc_reader_finish(&slow, &a[0], SIZE);
	zc_reader_finish(&fast, &b[0], SIZE);
	close(zc);
	close(src);
}

static void on_alarm(int number)
{
	(void)number;
}

/* One that stands still lets the other go on for the buffers there are. */
static void a_stuck_sink_stops_the_other_after_the_ring(void **state)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int src = zc_make_file("src", SIZE, SEED), zc = zc_open_pool(4, BUF);
	struct zc_reader stuck = { .seed = SEED }, fast = { .seed = SEED };
	struct fan f = fan(src, 2);
	int a[2], b[2];

	(void)state;
	stuck_pair(a);
	zc_tcp_pair(b);
	fast.fd = b[1];
	zc_reader_start(&fast);
	f.end[1].fd = a[0];
	f.end[2].fd = b[0];
	sigaction(SIGALRM, &action, NULL);
	alarm(2);
	assert_int_equal(fan_run(zc, &f), 0);
	assert_int_equal(f.t.out_error, EINTR);
	/* What it has accepted is in its queue, and so are the buffers. */
	printf("stuck after %llu bytes\n", (unsigned long long)f.end[1].out_bytes);
	assert_true(f.end[1].out_bytes > 0 && f.end[1].out_bytes < 4 * BUF);
	assert_end(&f.end[1], f.end[1].out_bytes, 0);
	assert_end(&f.end[2], 4 * BUF, 0);
	assert_int_equal(f.t.out_bytes, f.end[1].out_bytes);
	assert_int_equal(lseek(src, 0, SEEK_CUR), f.t.out_bytes);
	stuck.fd = a[1];
	zc_reader_start(&stuck);
	zc_reader_finish(&stuck, &a[0], f.end[1].out_bytes);
	zc_reader_finish(&fast, &b[0], 4 * BUF);
	close(zc);
	close(src);
}

struct leaver {
	int zc, fd;
};

/* Reads nothing, and hangs up when it has all buffers of the pool. */
static void *leave(void *arg)
{
	struct leaver *leaver = arg;

	if (!zc_wait_until(20, zc_in_flight(leaver->zc) == 2))
		return NULL;
	/* The queue of a socket would go with it. */
	if (shutdown(leaver->fd, SHUT_RD))
		close(leaver->fd);
	return NULL;
}

/* fds[0] is where it is read; takes more than two buffers. */
static void roomy_pair(int fds[2], bool local)
{
	const int room = MiB;

	if (!local) {
		assert_int_equal(pipe(fds), 0);
		assert_true(fcntl(fds[1], F_SETPIPE_SZ, room) >= room);
		return;
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(setsockopt(fds[1], SOL_SOCKET, SO_SNDBUFFORCE, &room,
				    sizeof(room)), 0);
}

/* They stay in its queue, so nothing more is ever written that would fail. */
static void a_reader_that_goes_with_all_buffers_ends_it(void **state)
{
	int src = zc_make_file("src", SIZE, SEED);
	unsigned int round, sinks;

	(void)state;
	for (round = 0; round < 4; round++) {
		int zc = zc_open_pool(2, 64 * KiB), dst = zc_make_file("dst", 0, 2);
		struct fan f = fan(src, sinks = 1 + round % 2);
		struct leaver leaver = { .zc = zc };
		pthread_t thread;
		unsigned int i;
		int fds[2];

		zc_case("%s, %u sinks", round < 2 ? "pipe" : "UNIX socket", sinks);
		roomy_pair(fds, round >= 2);
		leaver.fd = fds[0];
		f.end[0].flags = ZCDEV_END_OFFSET;
		f.end[1].fd = fds[1];
		f.end[2].fd = dst;
		f.t.flags = ZCDEV_TRANSFER_FAIL_FAST;
		assert_int_equal(pthread_create(&thread, NULL, leave, &leaver), 0);
		assert_int_equal(fan_run(zc, &f), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(f.t.out_error, EPIPE);
		assert_int_equal(f.end[1].out_error, EPIPE);
		for (i = 1; i <= sinks; i++)
			assert_int_equal(f.end[i].out_bytes, 128 * KiB);
		zc_check_range(dst, 0, zc_size(dst), SEED, 0);
		if (round >= 2)
			close(fds[0]);
		close(fds[1]);
		assert_int_equal(zc_in_flight(zc), 0);
		close(zc);
		close(dst);
	}
	close(src);
}

static void two_sinks_cannot_write_to_one_place(void **state)
{
	int src = zc_make_file("src", SIZE, SEED), zc = zc_open_pool(2, BUF);
	int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct fan f = fan(src, 2);

	(void)state;
	f.end[1] = (struct zcdev_end){ .fd = dst, .flags = ZCDEV_END_OFFSET };
	f.end[2] = f.end[1];
	f.end[2].offset = SIZE - 1;
	assert_int_equal(fan_run(zc, &f), EINVAL);
	assert_int_equal(f.end[2].out_error, EINVAL);
	assert_int_equal(zc_size(dst), 0);

	f.end[2].offset = 7 * MiB;
	assert_int_equal(fan_run(zc, &f), 0);
	assert_int_equal(zc_size(dst), 7 * MiB + SIZE);
	zc_check_range(dst, 0, SIZE, SEED, 0);
	zc_check_range(dst, 7 * MiB, SIZE, SEED, 0);
	close(zc);
	close(src);
	close(dst);
}

struct job {
	int zc, ret;
	struct fan f;
};

static void *job_run(void *arg)
{
	struct job *job = arg;

	job->ret = fan_run(job->zc, &job->f);
	return NULL;
}

/*
 * A file that has got all its bytes while the other sink, a socket, holds the
 * transfer back.
 */
struct held {
	struct job job;
	int src, dst, peer;
	pthread_t thread;
};

#define HELD_LEN	(2 * BUF + 12345)
#define HELD_PADDED	((HELD_LEN + 511) / 512 * 512)

static void hold(struct held *h)
{
	uint64_t deadline = zc_now_ms() + 20000;
	int zc = zc_open_pool(4, BUF), fds[2];
	unsigned char *mem = zc_map(zc, 4 * BUF);

	memset(mem, 0xa5, 4 * BUF);
	assert_int_equal(munmap(mem, 4 * BUF), 0);
	h->src = zc_make_file("src", SIZE, SEED);
	h->dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
	stuck_pair(fds);
	h->peer = fds[1];
	h->job = (struct job){ .zc = zc, .f = fan(h->src, 2) };
	h->job.f.t.len = HELD_LEN;
	h->job.f.end[1].fd = h->dst;
	h->job.f.end[2].fd = fds[0];
	assert_int_equal(pthread_create(&h->thread, NULL, job_run, &h->job), 0);
	while (zc_size(h->dst) < (off_t)HELD_LEN && zc_now_ms() < deadline)
		usleep(1000);
	assert_int_equal(zc_size(h->dst), HELD_PADDED);
}

static void let_go(struct held *h)
{
	struct zc_reader late = { .fd = h->peer, .seed = SEED };

	zc_reader_start(&late);
	assert_int_equal(pthread_join(h->thread, NULL), 0);
	assert_int_equal(h->job.ret, 0);
	zc_reader_finish(&late, &h->job.f.end[2].fd, HELD_LEN);
	zc_check_range(h->dst, 0, HELD_LEN, SEED, 0);
	close(h->job.zc);
	close(h->src);
}

/*
 * The last block of a file is written whole, and cut when all is over: until
 * then everybody can read what is in it, which must be nobody's bytes.
 */
static void behind_the_last_byte_are_zeros(void **state)
{
	static const char zeros[512];
	char tail[512];
	struct held h;

	(void)state;
	hold(&h);
	assert_int_equal(pread(h.dst, tail, sizeof(tail), HELD_LEN),
			 HELD_PADDED - HELD_LEN);
	assert_memory_equal(tail, zeros, HELD_PADDED - HELD_LEN);
	let_go(&h);
	assert_int_equal(zc_size(h.dst), HELD_LEN);
	close(h.dst);
}

static void what_others_append_is_not_cut(void **state)
{
	struct held h;

	(void)state;
	hold(&h);
	assert_int_equal(pwrite(h.dst, "mine", 4, HELD_LEN + 5000), 4);
	let_go(&h);
	assert_int_equal(zc_size(h.dst), HELD_LEN + 5004);
	close(h.dst);
}

/* Not by a transfer either that was to write behind it, and had nothing to. */
static void what_others_write_before_is_not_cut(void **state)
{
	int zc = zc_open_pool(2, 64 * KiB), dst = zc_make_file("dst", 0, 1), sv[2];
	struct zc_mover m = { .zc = zc };

	(void)state;
	zc_tcp_pair(sv);
	m.x = zc_xfer(sv[1], dst);
	m.x.end[1].flags = ZCDEV_END_OFFSET;
	m.x.end[1].offset = 16 * MiB;
	zc_mover_start(&m);
	usleep(100000);
	assert_int_equal(pwrite(dst, "mine", 4, 5000), 4);
	close(sv[0]);
	zc_mover_join(&m);
	assert_int_equal(m.error, 0);
	assert_int_equal(m.x.t.out_bytes, 0);
	assert_int_equal(zc_size(dst), 5004);
	close(sv[1]);
	close(dst);
	close(zc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_sinks_get_all_bytes),
		cmocka_unit_test(a_sink_that_fails_does_not_stop_the_others),
		cmocka_unit_test(fail_fast_stops_all),
		cmocka_unit_test(a_slow_sink_holds_back_only_as_far_as_the_ring),
		cmocka_unit_test(a_stuck_sink_stops_the_other_after_the_ring),
		cmocka_unit_test(a_reader_that_goes_with_all_buffers_ends_it),
		cmocka_unit_test(two_sinks_cannot_write_to_one_place),
		cmocka_unit_test(behind_the_last_byte_are_zeros),
		cmocka_unit_test(what_others_append_is_not_cut),
		cmocka_unit_test(what_others_write_before_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
