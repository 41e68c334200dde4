// SPDX-License-Identifier: GPL-2.0
/* timeout: 120 */
/*
 * Between network namespaces, over a pair of virtual cards that can do much or
 * little: the bytes arrive, and what the card forces to copy is reported.
 */
#include "zc_sock.h"

#include <linux/ethtool.h>
#include <net/if.h>
#include <sched.h>
#include <sys/wait.h>

#define SIZE	(3 * MiB + 7)
#define PORT	7777

static int here, there;	/* network namespaces */

static void sh(const char *command)
{
	if (system(command))
		fail_msg("failed: %s", command);
}

static void set_feature(const char *dev, unsigned int cmd, unsigned int on)
{
	struct ethtool_value v = { .cmd = cmd, .data = on };
	struct ifreq ifr = {};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strcpy(ifr.ifr_name, dev);
	ifr.ifr_data = (char *)&v;
	assert_int_equal(ioctl(fd, SIOCETHTOOL, &ifr), 0);
	close(fd);
}

static int set_up(void **state)
{
	(void)state;
	sh("modprobe -q veth; ip link add zc0 type veth peer name zc1 && "
	   "ip addr add 10.9.0.1/24 dev zc0 && ip link set zc0 up");
	here = open("/proc/self/ns/net", O_RDONLY);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	there = open("/proc/self/ns/net", O_RDONLY);
	assert_int_equal(setns(here, CLONE_NEWNET), 0);
	/* The new one is our child's. */
	if (!fork()) {
		char command[128];

		snprintf(command, sizeof(command),
			 "ip link set zc1 netns /proc/%d/fd/%d", getppid(), there);
		_exit(system(command) != 0);
	}
	int status;

	wait(&status);
	assert_int_equal(status, 0);
	assert_int_equal(setns(there, CLONE_NEWNET), 0);
	sh("ip addr add 10.9.0.2/24 dev zc1 && ip link set zc1 up && "
	   "ip link set lo up");
	assert_int_equal(setns(here, CLONE_NEWNET), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(setns(here, CLONE_NEWNET), 0);
	sh("ip link del zc0");
	close(there);
	close(here);
	return 0;
}

/* fds[0] is here, fds[1] there. */
static void veth_pair(int fds[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
		.sin_addr.s_addr = inet_addr("10.9.0.2"),
	};
	int one = 1, listener;

	assert_int_equal(setns(there, CLONE_NEWNET), 0);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(listener, (void *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(setns(here, CLONE_NEWNET), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fds[0], (void *)&addr, sizeof(addr)), 0);
	fds[1] = accept(listener, NULL, NULL);
	assert_true(fds[1] >= 0);
	close(listener);
}

static void move(struct zc_xfer *x, unsigned int flags, int want)
{
	int src = zc_make_file("src", SIZE, 1), zc = zc_open_pool(3, 256 * KiB);
	struct zc_reader r = { .seed = 1 };
	int fds[2];

	veth_pair(fds);
	r.fd = fds[1];
	zc_reader_start(&r);
	*x = zc_xfer(src, fds[0]);
	x->t.flags = flags;
	assert_int_equal(zc_xfer_run(zc, x), want);
	if (!want) {
		assert_int_equal(x->t.out_error, 0);
		assert_int_equal(x->t.out_bytes, SIZE);
		zc_assert_verdict(x);
	}
	zc_reader_finish(&r, &fds[0], want ? 0 : SIZE);
	close(src);
	close(zc);
}

static void cards_with_scatter_gather_take_references(void **state)
{
	struct zc_xfer x;

	(void)state;
	move(&x, ZCDEV_TRANSFER_STRICT, 0);
	assert_int_equal(x.end[1].out_zerocopy, SIZE);
}

static void cards_without_segmentation_get_it_right(void **state)
{
	struct zc_xfer x;

	(void)state;
	set_feature("zc0", ETHTOOL_STSO, 0);
	set_feature("zc0", ETHTOOL_SGSO, 0);
	move(&x, 0, 0);
}

static void cards_without_checksums_get_it_right(void **state)
{
	struct zc_xfer x;

	(void)state;
	set_feature("zc0", ETHTOOL_STXCSUM, 0);
	move(&x, 0, 0);
}

static void cards_without_scatter_gather_are_reported(void **state)
{
	struct zc_xfer x;

	(void)state;
	set_feature("zc0", ETHTOOL_SSG, 0);
	move(&x, 0, 0);
	assert_int_equal(x.end[1].out_copied, SIZE);
	assert_int_equal(x.end[1].out_paths, ZCDEV_PATH_COPY);
	assert_int_equal(x.end[1].out_reasons, ZCDEV_REASON_NO_SG);
	move(&x, ZCDEV_TRANSFER_STRICT, EOPNOTSUPP);
}

static void small_packets_arrive_whole(void **state)
{
	struct zc_xfer x;

	(void)state;
	sh("ip link set zc0 mtu 600");
	set_feature("zc0", ETHTOOL_STSO, 0);
	move(&x, 0, 0);
	assert_true(x.end[1].out_zerocopy > SIZE - 64 * KiB);
}

/* What is lost is sent again, from buffers that must still be as they were. */
static void lost_packets_are_sent_again_as_they_were(void **state)
{
	struct zc_xfer x;

	(void)state;
	if (system("modprobe -q sch_netem; "
		   "tc qdisc add dev zc0 root netem loss 3% delay 1ms"))
		skip();
	move(&x, 0, 0);
}

#define test(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(cards_with_scatter_gather_take_references),
		test(cards_without_segmentation_get_it_right),
		test(cards_without_checksums_get_it_right),
		test(cards_without_scatter_gather_are_reported),
		test(small_packets_arrive_whole),
		test(lost_packets_are_sent_again_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
