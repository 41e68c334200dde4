// SPDX-License-Identifier: GPL-2.0
/*
 * Receivers that mean no good: windows of a few bytes, windows that close for a
 * while, resets at any moment, and those who never read and then die. The
 * transfer neither spins nor loses a byte, and what they held comes back.
 * timeout: 120
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include "zc_mem.h"
#include "zc_sock.h"

#define SIZE	(3 * MiB + 77)

/* As zc_tcp_pair(), with as little room at the receiver as there can be. */
static void narrow_pair(int fds[2])
{
	struct sockaddr_in6 addr;
	socklen_t len;
	int listener = zc_listen(AF_INET, 0, &addr, &len), room = 1;

	assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room,
				    sizeof(room)), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fds[0], (struct sockaddr *)&addr, len), 0);
	fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fds[1] >= 0);
	close(listener);
}

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void tiny_windows(void **state)
{
	int src = zc_make_file("src", 40000, 1), zc = zc_open_pool(2, 8 * KiB);
	struct zc_reader r = { .seed = 1, .step = 300, .pause_us = 500 };
	struct zc_xfer x;
	int fds[2];

	(void)state;
	narrow_pair(fds);
	r.fd = fds[1];
	zc_reader_start(&r);
	x = zc_xfer(src, fds[0]);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, 40000);
	zc_reader_finish(&r, &fds[0], 40000);
	close(src);
	close(zc);
}

/* A window that stays closed costs no CPU time to speak of. */
static void closed_windows(void **state)
{
	int src = zc_make_file("src", SIZE, 1), zc = zc_open_pool(4, 256 * KiB);
	struct zc_reader r = { .seed = 1, .step = 400000, .pause_us = 300000 };
	double begin = zc_now(), cpu;
	struct zc_xfer x;
	int fds[2], room = 256 * KiB;

	(void)state;
	zc_tcp_pair(fds);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	r.fd = fds[1];
	zc_reader_start(&r);
	x = zc_xfer(src, fds[0]);
	cpu = cpu_seconds();
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	cpu = cpu_seconds() - cpu;
	printf("# %.2f s of CPU in %.2f s\n", cpu, zc_now() - begin);
	assert_int_equal(x.t.out_bytes, SIZE);
	assert_true(cpu < (zc_now() - begin) * 0.7);
	zc_reader_finish(&r, &fds[0], SIZE);
	close(src);
	close(zc);
}

/* In a child: reads so much, and resets. */
static pid_t reset_after(int fds[2], uint64_t bytes)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	struct zc_reader r = { .fd = fds[1], .seed = 1, .limit = bytes };
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	close(fds[0]);
	if (bytes)
		zc_reader_run(&r);
	zc_must(!setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &reset,
			    sizeof(reset)));
	close(fds[1]);
	_exit(!bytes || (r.bytes == bytes && r.bad == UINT64_MAX) ? 0 : 1);
}

static void resets(void **state)
{
	int src = zc_make_file("src", SIZE, 1);

	(void)state;
	for (uint64_t bytes = 0; bytes < SIZE; bytes = bytes * 3 + 1) {
		int zc = zc_open_pool(3, 64 * KiB), fds[2], status, ret;
		struct zc_xfer x;
		pid_t pid;

		zc_tcp_pair(fds);
		pid = reset_after(fds, bytes);
		close(fds[1]);
		x = zc_xfer(src, fds[0]);
		assert_int_equal(lseek(src, 0, SEEK_SET), 0);
		ret = zc_xfer_run(zc, &x);
		zc_case("%llu bytes: %d, %d", (unsigned long long)bytes, ret,
			x.t.out_error);
		ret = ret ?: x.t.out_error;
		assert_true(ret == ECONNRESET || ret == EPIPE ||
			    (!bytes && ret == ENOTCONN));
		assert_true(x.t.out_bytes >= bytes);
		assert_int_equal(lseek(src, 0, SEEK_CUR), x.t.out_bytes);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		close(fds[0]);
		close(zc);
	}
	close(src);
	zc_assert_no_pools();
}

/* Whoever never reads holds the mover up until it dies, and not longer. */
static void deaf_and_dead(void **state)
{
	int src = zc_make_file("src", SIZE, 1), room = 64 * KiB;

	(void)state;
	for (int round = 0; round < 4; round++) {
		int zc = zc_open_pool(3, 64 * KiB), fds[2], ret;
		struct zc_xfer x;
		pid_t pid;

		if (round % 2)
			zc_unix_pair(fds);
		else
			zc_tcp_pair(fds);
		setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
		setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
		pid = fork();
		if (!pid) {
			close(fds[0]);
			usleep(500000);
			raise(SIGKILL);
		}
		close(fds[1]);
		x = zc_xfer(src, fds[0]);
		assert_int_equal(lseek(src, 0, SEEK_SET), 0);
		ret = zc_xfer_run(zc, &x);
		zc_case("round %d: %d, %d", round, ret, x.t.out_error);
		assert_int_equal(ret, 0);
		assert_true(x.t.out_error == EPIPE ||
			    x.t.out_error == ECONNRESET);
		assert_int_equal(lseek(src, 0, SEEK_CUR), x.t.out_bytes);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		close(fds[0]);
		close(zc);
		zc_assert_no_pools();
	}
	close(src);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("a window of a few bytes", tiny_windows),
		ZC_TEST("a window that closes and opens", closed_windows),
		ZC_TEST("resets after any number of bytes", resets),
		ZC_TEST("a peer that never reads, and dies", deaf_and_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
