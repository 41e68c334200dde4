// SPDX-License-Identifier: GPL-2.0
/*
 * Ends that cannot be: each with its errno, before anything moves.
 */
#include "zc_sock.h"

#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/ethernet.h>
#include <sys/eventfd.h>
#include <sys/swap.h>
#include <sys/timerfd.h>

#define SIZE	10000

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

static int zc, src, dst;

static int set_up(void **state)
{
	(void)state;
	zc = zc_open();
	src = zc_make_file("src", SIZE, 1);
	dst = zc_make_file("dst", 100, 2);
	return 0;
}

static void assert_nothing_moved(void)
{
	assert_int_equal(lseek(src, 0, SEEK_CUR), 0);
	assert_int_equal(lseek(dst, 0, SEEK_CUR), 0);
	assert_int_equal(zc_size(dst), 100);
	zc_check_range(dst, 0, 100, 2, 0);
}

static void refused_as_source(int fd, int error)
{
	struct zc_xfer x = zc_xfer(fd, dst);

	assert_int_equal(zc_xfer_run(zc, &x), error);
	assert_nothing_moved();
}

static void refused_as_sink(int fd, int error)
{
	struct zc_xfer x = zc_xfer(src, fd);

	assert_int_equal(zc_xfer_run(zc, &x), error);
	assert_nothing_moved();
}

/* Refused in both places; closes it. */
static void refused(const char *what, int fd, int error)
{
	if (fd < 0) {
		printf("%s: not in this kernel (%s)\n", what, strerror(errno));
		return;
	}
	zc_case("%s", what);
	refused_as_source(fd, error);
	refused_as_sink(fd, error);
	close(fd);
}

static void descriptors_that_are_none(void **state)
{
	int fd = open("src", O_RDONLY);

	(void)state;
	close(fd);
	refused_as_source(fd, EBADF);
	refused_as_sink(fd, EBADF);
	refused_as_source(-1, EBADF);
	refused_as_sink(-100, EBADF);
	refused_as_sink(1 << 20, EBADF);
	refused("O_PATH", open("src", O_PATH), EBADF);
}

static void descriptors_of_the_wrong_mode(void **state)
{
	int fd = open("src", O_WRONLY);

	(void)state;
	refused_as_source(fd, EBADF);
	close(fd);
	fd = open("dst", O_RDONLY);
	refused_as_sink(fd, EBADF);
	close(fd);
}

static void directories(void **state)
{
	int fd = open(".", O_RDONLY);

	(void)state;
	refused_as_source(fd, EISDIR);
	/* A directory is never open for writing. */
	refused_as_sink(fd, EBADF);
	close(fd);
}

static void kinds_that_are_not_served(void **state)
{
	int pair[2];

	(void)state;
	refused("/dev/mem", open("/dev/mem", O_RDWR), EOPNOTSUPP);
	refused("/dev/kmsg", open("/dev/kmsg", O_RDWR), EOPNOTSUPP);
	refused("/dev/tty", open("/dev/ttyS0", O_RDWR | O_NOCTTY), EOPNOTSUPP);
	refused("/dev/fuse", open("/dev/fuse", O_RDWR), EOPNOTSUPP);
	refused("/dev/net/tun", open("/dev/net/tun", O_RDWR), EOPNOTSUPP);
	refused("/dev/vhost-net", open("/dev/vhost-net", O_RDWR), EOPNOTSUPP);
	refused("/dev/ptmx", open("/dev/ptmx", O_RDWR | O_NOCTTY), EOPNOTSUPP);
	refused("eventfd", eventfd(1, 0), EOPNOTSUPP);
	refused("timerfd", timerfd_create(CLOCK_MONOTONIC, 0), EOPNOTSUPP);
	refused("UDP", socket(AF_INET, SOCK_DGRAM, 0), EOPNOTSUPP);
	refused("raw", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EOPNOTSUPP);
	refused("packet", socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)),
		EOPNOTSUPP);
	refused("netlink", socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
		EOPNOTSUPP);
	refused("vsock datagram", socket(AF_VSOCK, SOCK_DGRAM, 0), EOPNOTSUPP);
	refused("vsock seqpacket", socket(AF_VSOCK, SOCK_SEQPACKET, 0),
		EOPNOTSUPP);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	refused("UNIX datagram", pair[0], EOPNOTSUPP);
	close(pair[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	refused("UNIX seqpacket", pair[0], EOPNOTSUPP);
	close(pair[1]);
}

static void sockets_of_the_crypto_interface(void **state)
{
	struct sockaddr_alg addr = {
		.salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256",
	};
	int fd = socket(AF_ALG, SOCK_SEQPACKET, 0), op;

	(void)state;
	if (fd < 0 && !system("modprobe -q -a af_alg algif_hash"))
		fd = socket(AF_ALG, SOCK_SEQPACKET, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		skip();
	op = accept(fd, NULL, NULL);
	assert_true(op >= 0);
	refused("AF_ALG operation", op, EOPNOTSUPP);
	refused("AF_ALG", fd, EOPNOTSUPP);
}

static void sockets_that_are_not_connected(void **state)
{
	struct sockaddr_in6 addr;
	socklen_t len;

	(void)state;
	refused("TCP", socket(AF_INET, SOCK_STREAM, 0), ENOTCONN);
	refused("listening TCP", zc_listen(AF_INET, 0, &addr, &len), ENOTCONN);
	refused("UNIX", socket(AF_UNIX, SOCK_STREAM, 0), ENOTCONN);
	refused("vsock", socket(AF_VSOCK, SOCK_STREAM, 0), ENOTCONN);
}

static void sockets_that_are_shut_down(void **state)
{
	int fds[2], k;

	(void)state;
	for (k = 0; k < 2; k++) {
		if (k)
			zc_unix_pair(fds);
		else
			zc_tcp_pair(fds);
		assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
		zc_case("kind %d", k);
		refused_as_sink(fds[0], EPIPE);
		close(fds[0]);
		close(fds[1]);
	}
}

static void multipath_tcp(void **state)
{
	struct sockaddr_in6 addr;
	socklen_t len;
	int listener = zc_listen(AF_INET, IPPROTO_MPTCP, &addr, &len), fd, peer;

	(void)state;
	if (listener < 0)
		skip();
	fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, len), 0);
	peer = accept(listener, NULL, NULL);
	refused_as_sink(fd, EOPNOTSUPP);
	close(peer);
	close(fd);
	close(listener);
}

/* It would be sent what comes from it, for ever. */
static void a_pipe_into_itself(void **state)
{
	struct zc_xfer x;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	x = zc_xfer(fds[0], fds[1]);
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	close(fds[0]);
	close(fds[1]);
}

static void a_file_that_is_swapped_to(void **state)
{
	int fd = zc_make_file("swap", 4 * MiB, 3);

	(void)state;
	assert_int_equal(fchmod(fd, 0600), 0);
	assert_int_equal(system("mkswap swap >/dev/null"), 0);
	assert_int_equal(swapon("swap", 0), 0);
	refused_as_sink(fd, ETXTBSY);
	assert_int_equal(swapoff("swap"), 0);
	close(fd);
}

static void a_file_that_is_sealed(void **state)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	(void)state;
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	refused_as_sink(fd, EPERM);
	close(fd);
}

/* Where results would go is tried first. */
static void results_that_cannot_be_written(void **state)
{
	struct zc_xfer *x = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct zcdev_end *ends = (void *)((char *)x + 4096);
	size_t page = 4096;

	(void)state;
	*x = zc_xfer(src, dst);
	memcpy(ends, x->end, sizeof(x->end));
	x->t.ends = (uintptr_t)ends;

	/* The ends can be read, but not written. */
	assert_int_equal(mprotect(ends, page, PROT_READ), 0);
	assert_int_equal(zc_errno(ioctl(zc, ZCDEV_TRANSFER, &x->t)), EFAULT);
	assert_nothing_moved();
	/* Nor can the struct itself. */
	assert_int_equal(mprotect(ends, page, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(mprotect(x, page, PROT_READ), 0);
	assert_int_equal(zc_errno(ioctl(zc, ZCDEV_TRANSFER, &x->t)), EFAULT);
	assert_nothing_moved();
	assert_int_equal(mprotect(x, page, PROT_READ | PROT_WRITE), 0);
	/* The second end is not there at all. */
	x->t.ends = (uintptr_t)ends + page - sizeof(*ends);
	memcpy((char *)ends + page - sizeof(*ends), x->end, sizeof(*ends));
	assert_int_equal(munmap((char *)ends + page, page), 0);
	assert_int_equal(zc_errno(ioctl(zc, ZCDEV_TRANSFER, &x->t)), EFAULT);
	assert_nothing_moved();
	/* And all is well when it can be. */
	x->t.ends = (uintptr_t)ends;
	memcpy(ends, x->end, sizeof(x->end));
	assert_int_equal(zc_errno(ioctl(zc, ZCDEV_TRANSFER, &x->t)), 0);
	assert_int_equal(x->t.out_bytes, SIZE);
	munmap(x, 2 * page);
}

static void ends_of_another_size(void **state)
{
	static const struct { uint32_t size; int grown, ret; } cases[] = {
		{ sizeof(struct zcdev_end) - 8, 0, EINVAL },
		{ 0, 0, EINVAL },
		{ sizeof(struct zcdev_end) + 8, 0, 0 },
		{ sizeof(struct zcdev_end) + 8, 1, E2BIG },
		{ 8192, 0, E2BIG },
		{ UINT32_MAX, 0, E2BIG },
	};
	static char ends[4 * 8192];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct zc_xfer x = zc_xfer(src, dst);
		uint32_t stride = cases[i].size;

		zc_case("end_size %u, %d", cases[i].size, cases[i].grown);
		if (stride > 8192)
			stride = 8192;
		memset(ends, 0, sizeof(ends));
		memcpy(ends, &x.end[0], sizeof(x.end[0]));
		memcpy(ends + stride, &x.end[1], sizeof(x.end[1]));
		if (cases[i].grown)
			ends[stride + sizeof(struct zcdev_end)] = 1;
		x.t.ends = (uintptr_t)ends;
		x.t.end_size = cases[i].size;
		assert_int_equal(zc_errno(ioctl(zc, ZCDEV_TRANSFER, &x.t)),
				 cases[i].ret);
		if (cases[i].ret) {
			assert_nothing_moved();
			continue;
		}
		memcpy(&x.end[1], ends + stride, sizeof(x.end[1]));
		assert_int_equal(x.end[1].out_bytes, SIZE);
		assert_int_equal(ftruncate(dst, 0), 0);
		assert_int_equal(lseek(src, 0, SEEK_SET), 0);
		assert_int_equal(lseek(dst, 0, SEEK_SET), 0);
		close(dst);
		dst = zc_make_file("dst", 100, 2);
	}
}

static int tear_down(void **state)
{
	(void)state;
	close(dst);
	close(src);
	close(zc);
	return 0;
}

#define test(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(descriptors_that_are_none),
		test(descriptors_of_the_wrong_mode),
		test(directories),
		test(kinds_that_are_not_served),
		test(sockets_of_the_crypto_interface),
		test(sockets_that_are_not_connected),
		test(sockets_that_are_shut_down),
		test(multipath_tcp),
		test(a_pipe_into_itself),
		test(a_file_that_is_swapped_to),
		test(a_file_that_is_sealed),
		test(results_that_cannot_be_written),
		test(ends_of_another_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
