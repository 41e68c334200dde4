// SPDX-License-Identifier: GPL-2.0
/* timeout: 120 */
/*
 * Peers that close, lag, or never read, and signals meanwhile: the transfer
 * ends as it should, with counts that are exact.
 */
#include "zc_sock.h"

#include <sys/wait.h>

#define SIZE	(24 * MiB + 5)

#define each(i, table)	(i = 0; i < sizeof(table) / sizeof((table)[0]); i++)

typedef void pair_fn(int fds[2]);

static void tcp6_pair(int fds[2])
{
	zc_tcp_pair_of(AF_INET6, fds);
}

static pair_fn *const pairs[] = { zc_tcp_pair, tcp6_pair, zc_unix_pair };

static int source(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = zc_make_file("src", SIZE, 1);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* What was counted left the source, no more and no less. */
static void assert_exact(const struct zc_xfer *x)
{
	zc_assert_verdict(x);
	assert_int_equal(x->end[0].out_bytes, x->t.out_bytes);
	assert_int_equal(lseek(x->end[0].fd, 0, SEEK_CUR), x->t.out_bytes);
}

/* Exactly @bytes are on their way to fds[1]. */
static void assert_queued(int fds[2], uint64_t bytes)
{
	struct zc_reader r = { .fd = fds[1], .seed = 1 };

	zc_reader_start(&r);
	zc_reader_finish(&r, &fds[0], bytes);
}

static void every_family_gets_the_bytes(void **state)
{
	size_t k;

	(void)state;
	for each(k, pairs) {
		struct zc_reader r = { .seed = 1 };
		int fds[2], zc = zc_open();
		struct zc_xfer x;

		pairs[k](fds);
		r.fd = fds[1];
		zc_reader_start(&r);
		x = zc_xfer(source(), fds[0]);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, SIZE);
		assert_exact(&x);
		zc_reader_finish(&r, &fds[0], SIZE);
		close(zc);
	}
}

static void a_socket_that_does_not_block_stops_with_eagain(void **state)
{
	size_t k;

	(void)state;
	for each(k, pairs) {
		int fds[2], zc = zc_open();
		struct zc_xfer x;

		pairs[k](fds);
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
		x = zc_xfer(source(), fds[0]);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_error, EAGAIN);
		assert_int_equal(x.end[1].out_error, EAGAIN);
		assert_int_equal(x.end[0].out_error, 0);
		assert_true(x.t.out_bytes > 0 && x.t.out_bytes < SIZE);
		assert_exact(&x);
		assert_queued(fds, x.t.out_bytes);
		close(zc);
	}
}

/* Again and again, from where it stopped: nothing lost, nothing twice. */
static void what_stopped_can_go_on(void **state)
{
	size_t k;

	(void)state;
	for each(k, pairs) {
		struct zc_reader r = { .seed = 1, .step = 100000,
				       .pause_us = 1000 };
		int fds[2], zc = zc_open_pool(4, 256 * KiB), src = source();
		uint64_t done = 0;

		pairs[k](fds);
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
		r.fd = fds[1];
		zc_reader_start(&r);
		while (done < SIZE) {
			struct zc_xfer x = zc_xfer(src, fds[0]);
			int ret = zc_xfer_run(zc, &x);

			assert_true(!ret || ret == EAGAIN);
			done += ret ? 0 : x.t.out_bytes;
			assert_int_equal(lseek(src, 0, SEEK_CUR), done);
			if (ret)
				usleep(2000);
		}
		zc_reader_finish(&r, &fds[0], SIZE);
		close(zc);
	}
}

static void a_send_timeout_ends_it_in_time(void **state)
{
	struct timeval tv = { .tv_usec = 400000 };
	size_t k;

	(void)state;
	for each(k, pairs) {
		int fds[2], zc = zc_open();
		uint64_t start;
		struct zc_xfer x;

		pairs[k](fds);
		assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO,
					    &tv, sizeof(tv)), 0);
		x = zc_xfer(source(), fds[0]);
		start = zc_now_ms();
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_in_range(zc_now_ms() - start, 390, 3000);
		assert_int_equal(x.t.out_error, EAGAIN);
		assert_exact(&x);
		assert_queued(fds, x.t.out_bytes);
		close(zc);
	}
}

/* Slow, but each read makes room long before the time is over. */
static void a_send_timeout_does_not_hurt_who_makes_progress(void **state)
{
	struct timeval tv = { .tv_sec = 1 };
	int src = source(), zc = zc_open_pool(2, 4 * MiB), small = 32 * KiB;
	struct zc_reader r = { .seed = 1, .step = 64 * KiB, .pause_us = 20000 };
	struct zc_xfer x;
	int fds[2];

	(void)state;
	zc_unix_pair(fds);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	r.fd = fds[1];
	zc_reader_start(&r);
	x = zc_xfer(src, fds[0]);
	x.t.len = 4 * MiB;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, 0);
	assert_int_equal(x.t.out_bytes, 4 * MiB);
	zc_reader_finish(&r, &fds[0], 4 * MiB);
	close(zc);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void alarm_in_ms(unsigned int ms)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval timer = { .it_value.tv_sec = ms / 1000,
				   .it_value.tv_usec = ms % 1000 * 1000 };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void a_signal_ends_the_wait_with_exact_counts(void **state)
{
	size_t k;

	(void)state;
	for each(k, pairs) {
		int fds[2], zc = zc_open_pool(4, 256 * KiB);
		struct zc_xfer x;

		pairs[k](fds);
		x = zc_xfer(source(), fds[0]);
		alarm_in_ms(zc_debug_kernel() ? 2000 : 300);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_error, EINTR);
		assert_int_equal(x.end[0].out_error, 0);
		assert_int_equal(x.end[1].out_error, 0);
		assert_true(x.t.out_bytes > 0 && x.t.out_bytes < SIZE);
		assert_exact(&x);

		assert_queued(fds, x.t.out_bytes);
		close(zc);
	}
}

static void a_peer_that_closes_ends_it(void **state)
{
	size_t k;

	(void)state;
	for each(k, pairs) {
		struct zc_reader r = { .seed = 1, .limit = 3 * MiB + 11 };
		int fds[2], zc = zc_open();
		struct zc_xfer x;
		int status;
		pid_t pid;

		zc_case("kind %zu", k);
		pairs[k](fds);
		/* A process of its own, whose exit closes the last reference. */
		pid = fork();
		if (!pid) {
			close(fds[0]);
			r.fd = fds[1];
			zc_reader_run(&r);
			_exit(r.bytes == r.limit && r.bad == UINT64_MAX ? 42 : 1);
		}
		close(fds[1]);
		x = zc_xfer(source(), fds[0]);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_true(x.t.out_error == EPIPE ||
			    x.t.out_error == ECONNRESET);
		assert_int_equal(x.end[1].out_error, x.t.out_error);
		assert_exact(&x);
		/* All that was read was counted, and no more than fits. */
		assert_in_range(x.t.out_bytes, r.limit, r.limit + 16 * MiB);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
		assert_int_equal(zc_xfer_run(zc, &x), k < 2 ? ENOTCONN : EPIPE);
		close(fds[0]);
		close(zc);
	}
}

static void a_killed_mover_leaves_nothing_behind(void **state)
{
	int round, status;

	(void)state;
	for (round = 0; round < 24; round++) {
		struct zc_reader r = { .seed = 1, .step = 50000,
				       .pause_us = 200 };
		int fds[2];
		pid_t pid;

		pairs[round % 3](fds);
		r.fd = fds[1];
		pid = fork();
		if (!pid) {
			int zc = zc_open_pool(1 + round % 4, 256 * KiB);
			struct zc_xfer x = zc_xfer(open("src", O_RDONLY), fds[0]);

			close(fds[1]);
			zc_xfer_run(zc, &x);
			_exit(0);
		}
		close(fds[0]);
		zc_reader_start(&r);
		/* From before the pool is made to somewhere in the middle. */
		usleep(round * 3000);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		zc_reader_join(&r);
		close(fds[1]);
		assert_int_equal(r.bad, UINT64_MAX);
	}
	zc_assert_no_pools();
}

#define ROUNDS	20

static void answer_each(int fd, size_t size)
{
	static char buf[256 * KiB];

	while (recv(fd, buf, size, MSG_WAITALL) == (ssize_t)size)
		send(fd, buf, 1, 0);
}

static void move(int zc, int dst, size_t size)
{
	struct zc_xfer x = zc_xfer(source(), dst);

	x.t.len = size;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, size);
}

static void send_plainly(int zc, int dst, size_t size)
{
	static const char buf[256 * KiB];

	(void)zc;
	assert_int_equal(send(dst, buf, size, 0), size);
}

typedef void send_fn(int zc, int dst, size_t size);

/* For one, until its receiver has answered. */
static double round_trip_ms(send_fn *fn, int nodelay, size_t size)
{
	int zc = zc_open(), fds[2];
	uint64_t start;
	char answer;
	pid_t pid;

	zc_tcp_pair(fds);
	setsockopt(fds[0], IPPROTO_TCP, TCP_NODELAY, &nodelay, sizeof(nodelay));
	pid = fork();
	if (!pid) {
		close(fds[0]);
		answer_each(fds[1], size);
		_exit(0);
	}
	close(fds[1]);
	start = zc_now_ms();
	for (int i = 0; i < ROUNDS; i++) {
		fn(zc, fds[0], size);
		assert_int_equal(recv(fds[0], &answer, 1, 0), 1);
	}
	start = zc_now_ms() - start;
	close(fds[0]);
	waitpid(pid, NULL, 0);
	close(zc);
	return (double)start / ROUNDS;
}

/*
 * Do the last bytes wait for more? That would cost 40 or 200 ms. A busy host holds
 * back all and sundry: some tries, and who sends plainly may be as slow.
 */
static bool held_back(int nodelay, size_t size)
{
	double ms, plain = 0;
	int tries = zc_debug_kernel() ? 10 : 3;

	do {
		ms = round_trip_ms(move, nodelay, size);
		if (ms >= 30)
			plain = round_trip_ms(send_plainly, 1, size);
	} while (ms >= plain + 30 && --tries);
	zc_case("%zu bytes, nodelay %d: %.1f ms, plainly %.1f ms", size, nodelay,
		ms, plain);
	return ms >= plain + 30;
}

static void the_last_bytes_leave_at_once(void **state)
{
	static const size_t sizes[] = { 1, 100, 3000, 65537, 200001 };
	size_t i;

	(void)state;
	for each(i, sizes) {
		assert_false(held_back(0, sizes[i]));
		assert_false(held_back(1, sizes[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_family_gets_the_bytes),
		cmocka_unit_test(a_socket_that_does_not_block_stops_with_eagain),
		cmocka_unit_test(what_stopped_can_go_on),
		cmocka_unit_test(a_send_timeout_ends_it_in_time),
		cmocka_unit_test(a_send_timeout_does_not_hurt_who_makes_progress),
		cmocka_unit_test(a_signal_ends_the_wait_with_exact_counts),
		cmocka_unit_test(a_peer_that_closes_ends_it),
		cmocka_unit_test(a_killed_mover_leaves_nothing_behind),
		cmocka_unit_test(the_last_bytes_leave_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
