// SPDX-License-Identifier: GPL-2.0
/*
 * A network goes while it has pages of a pool: its cards with the packets that
 * wait in them, its namespace, whoever sends and whoever receives. The pages
 * come back when the last packet is gone, and not a moment earlier.
 * timeout: 120
 */
#include <net/if.h>
#include <sched.h>

#include "zc_disk.h"
#include "zc_mem.h"
#include "zc_sock.h"
#include "zc_task.h"

#define SIZE	(256 * KiB)

/* Seconds that packets stay under way: more than it takes to look for them. */
static unsigned int delay(void)
{
	return zc_debug_kernel() ? 9 : 3;
}

static void slow_down(const char *card)
{
	char command[128];

	snprintf(command, sizeof(command), "modprobe -q sch_netem; tc qdisc add dev %s "
		 "root netem limit 10000 delay %us", card, delay());
	zc_must(!system(command));
}

/* A namespace of one's own, whose packets take long from now on. */
static void enter_slow_network(int fds[2])
{
	zc_must(!unshare(CLONE_NEWNET));
	zc_must(!system("ip link set lo up"));
	zc_tcp_pair(fds);
	slow_down("lo");
}

/* Does not wait for anybody to acknowledge when it is closed. */
static void be_rude(int sock)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	zc_must(!setsockopt(sock, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
}

/* Sends from a pool of its own and has it closed; packets are under way. */
static void send_and_close(int sock)
{
	int src = open("src", O_RDONLY | O_CLOEXEC);
	int zc = open("/dev/zcdev", O_RDWR | O_CLOEXEC);
	struct zc_xfer x = zc_xfer(src, sock);

	zc_must(src >= 0 && zc >= 0);
	zc_must(!zc_pool_create(zc, 4, SIZE / 4, 0));
	fcntl(sock, F_SETFL, O_NONBLOCK);
	zc_must(!zc_xfer_run(zc, &x));
	zc_must(x.end[1].out_zerocopy);
	close(zc);
	close(src);
}

enum way { CLOSED, RESET, CARD_GONE, WAYS };

static int send_in_namespace(void *arg)
{
	enum way way = *(enum way *)arg;
	int fds[2];

	enter_slow_network(fds);
	send_and_close(fds[0]);
	if (way != CLOSED)
		be_rude(fds[0]);
	if (way == CARD_GONE)
		zc_must(!system("tc qdisc del dev lo root; ip link set lo down"));
	return 0;
}

/* The child exits: the namespace has no process and no descriptor any more. */
static void namespace_goes(void **state)
{
	enum way way = *(enum way *)*state;
	int look = zc_open(), src = zc_make_file("src", SIZE, 1);
	double start = zc_now();

	assert_int_equal(zc_child(send_in_namespace, &way), 0);
	if (way != CARD_GONE) {
		assert_true(zc_now() - start < delay());
		assert_true(zc_total_bytes(look) > 0);
	}
	/* A sender that was not reset tries again for a while. */
	assert_true(zc_wait_until(way == CLOSED ? 60 : 2 * delay(),
				  zc_total_bytes(look) == 0));
	close(src);
	close(look);
}

/* Two cards between two namespaces; the one that sends is deleted. */
static int send_and_delete(void *arg)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(7000),
		.sin_addr.s_addr = inet_addr("10.9.9.2"),
	};
	int go[2], sock, total, look = zc_open();
	char byte;
	pid_t pid;

	(void)arg;
	zc_must(!pipe(go) && !unshare(CLONE_NEWNET));
	pid = fork();
	if (!pid) {
		zc_must(!unshare(CLONE_NEWNET) && write(go[1], "", 1) == 1);
		zc_must(!system("until ip link set zcb up 2>/dev/null; do "
				"sleep 0.1; done; ip addr add 10.9.9.2/24 dev zcb; "
				"socat -u TCP-LISTEN:7000 /dev/null"));
		_exit(0);
	}
	zc_must(read(go[0], &byte, 1) == 1);
	char command[200];

	snprintf(command, sizeof(command), "modprobe -q veth; ip link add zca "
		 "type veth peer name zcb netns %d && ip addr add 10.9.9.1/24 "
		 "dev zca && ip link set zca up", pid);
	zc_must(!system(command));
	sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	zc_must(zc_wait_until(10, !connect(sock, (void *)&addr, sizeof(addr))));
	slow_down("zca");
	be_rude(sock);
	send_and_close(sock);
	total = zc_total_bytes(look);
	zc_must(!system("ip link del zca"));
	close(sock);
	kill(pid, SIGKILL);
	return total ? 0 : 1;
}

static void card_goes(void **state)
{
	int look = zc_open(), src = zc_make_file("src", SIZE, 1);

	(void)state;
	assert_int_equal(zc_child(send_and_delete, NULL), 0);
	assert_true(zc_wait_until(2 * delay(), zc_total_bytes(look) == 0));
	close(src);
	close(look);
}

int main(void)
{
	static enum way ways[] = { CLOSED, RESET, CARD_GONE };
	const struct CMUnitTest tests[] = {
		{ "the namespace goes, sockets closed", namespace_goes, NULL,
		  NULL, &ways[CLOSED] },
		{ "the namespace goes, connections reset", namespace_goes, NULL,
		  NULL, &ways[RESET] },
		{ "the namespace goes, its card down", namespace_goes, NULL,
		  NULL, &ways[CARD_GONE] },
		ZC_TEST("the card that sends is deleted", card_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
