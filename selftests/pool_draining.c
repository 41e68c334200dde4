// SPDX-License-Identifier: GPL-2.0
/*
 * One byte in a socket queue pins a whole buffer, and the socket is charged
 * one byte. So a closed pool whose pages are still out stays charged, and
 * counts against the next one, until the last page is back.
 * timeout: 120
 */
#include "zc_mem.h"

#define POOL	(8 * MiB)
#define BUF	(2 * MiB)
#define ROUNDS	170

/* Where a peer that never reads has what was queued. */
struct peer {
	int send, recv;
};

static struct peer peer_open(void)
{
	int pair[2];

	zc_must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	return (struct peer) { pair[0], pair[1] };
}

static void peer_close(struct peer *peer)
{
	close(peer->send);
	close(peer->recv);
}

/*
 * A pool of one's own, one byte of each buffer queued, byte N at peer N modulo
 * @count, everything of the pool closed again. Returns 0 or an errno.
 */
static int pin_pool(struct peer *peers, int count)
{
	int fd = open("/dev/zcdev", O_RDWR | O_CLOEXEC), ret;
	unsigned char *map;

	zc_must(fd >= 0);
	ret = zc_pool_create(fd, POOL / BUF, BUF, 0);
	if (ret) {
		close(fd);
		return ret;
	}
	map = mmap(NULL, POOL, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	zc_must(map != MAP_FAILED);
	for (size_t i = 0; i < POOL / BUF && !ret; i++) {
		map[i * BUF] = i + 1;
		ret = zc_queue(peers[i % count].send, map + i * BUF, 1);
	}
	munmap(map, POOL);
	close(fd);
	return ret;
}

static void read_peer(struct peer *peer)
{
	for (size_t i = 0; i < POOL / BUF; i++) {
		unsigned char byte = 0;

		assert_int_equal(recv(peer->recv, &byte, 1, 0), 1);
		assert_int_equal(byte, i + 1);
	}
}

static void stays_charged(void **state)
{
	struct peer peer = peer_open();
	int fd = zc_open();

	(void)state;
	assert_int_equal(pin_pool(&peer, 1), 0);
	/* Longer than the worker takes to look several times. */
	assert_false(zc_wait_until(1.5, zc_total_bytes(fd) != POOL));
	read_peer(&peer);
	assert_true(zc_wait_until(20, zc_total_bytes(fd) == 0));
	peer_close(&peer);
	close(fd);
}

/*
 * Each buffer is given back when its own last page is. (Of one socket 6.1 gives
 * back several pages together.)
 */
static void in_parts(void **state)
{
	struct peer peers[POOL / BUF];
	int fd = zc_open();
	char byte;

	(void)state;
	for (size_t i = 0; i < POOL / BUF; i++)
		peers[i] = peer_open();
	assert_int_equal(pin_pool(peers, POOL / BUF), 0);
	for (size_t i = 0; i < POOL / BUF; i++) {
		assert_int_equal(zc_total_bytes(fd), POOL - i * BUF);
		assert_int_equal(recv(peers[i].recv, &byte, 1, 0), 1);
		assert_true(zc_wait_until(20, zc_total_bytes(fd) ==
					  POOL - (i + 1) * BUF));
		peer_close(&peers[i]);
	}
	close(fd);
}

/* Pools that are not pinned go at once, and so does what is not. */
static void rest_goes_at_once(void **state)
{
	struct peer peer = peer_open();
	int fd = zc_open_pool(POOL / BUF, BUF), look = zc_open();
	unsigned char *map = zc_map(fd, POOL);

	(void)state;
	assert_int_equal(zc_queue(peer.send, map + BUF, 1), 0);
	munmap(map, POOL);
	close(fd);
	assert_int_equal(zc_total_bytes(look), BUF);
	peer_close(&peer);
	assert_true(zc_wait_until(20, zc_total_bytes(look) == 0));
	close(look);
}

/* Returns the errno that ended it; how often it went well in @rounds. */
static int pin_many(struct peer *peers, int *rounds)
{
	int ret = 0;

	for (*rounds = 0; *rounds < ROUNDS && !ret; ++*rounds)
		ret = pin_pool(&peers[*rounds], 1);
	*rounds -= !!ret;
	return ret;
}

static void total_cap(void **state)
{
	static struct peer peers[ROUNDS];
	long before, lost;
	int fd = zc_open(), rounds, ret;
	struct zcdev_query q;

	(void)state;
	for (int i = 0; i < ROUNDS; i++)
		peers[i] = peer_open();
	assert_int_equal(zc_query(fd, &q), 0);
	before = zc_available();
	ret = pin_many(peers, &rounds);
	lost = before - zc_available();
	zc_assert_errno(ret, ENOSPC, "%d rounds", rounds);
	assert_int_equal(rounds, q.out_max_total_bytes / POOL);
	assert_true(zc_total_bytes(fd) <= q.out_max_total_bytes);
	assert_true(lost <= (long)(q.out_max_total_bytes / KiB) + 16384);
	/* The peers go without reading: that frees the pages just as well. */
	for (int i = 0; i < ROUNDS; i++)
		peer_close(&peers[i]);
	assert_true(zc_wait_until(20, zc_total_bytes(fd) == 0));
	close(fd);
}

/* Without privilege, in a child: how many rounds it took to be refused. */
static int pin_as_user(void *arg)
{
	static struct peer peers[ROUNDS];
	int rounds, ret;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++)
		peers[i] = peer_open();
	ret = pin_many(peers, &rounds);
	if (ret != EDQUOT || rounds != 1)
		return 1;
	/* A read of the queue, and there is room for exactly one more. */
	for (size_t i = 0; i < POOL / BUF; i++) {
		char byte;

		zc_must(recv(peers[0].recv, &byte, 1, 0) == 1);
	}
	if (pin_pool(&peers[0], 1))
		return 2;
	return pin_pool(&peers[1], 1) == EDQUOT ? 0 : 3;
}

static void user_limit(void **state)
{
	int fd = zc_open();

	(void)state;
	assert_int_equal(zc_as_user(ZC_NOBODY, POOL, pin_as_user, NULL), 0);
	/* The child is gone, and with it both ends of its sockets. */
	assert_true(zc_wait_until(20, zc_total_bytes(fd) == 0));
	close(fd);
}

/* What came back just now is not held against a new pool. */
static void no_waiting(void **state)
{
	struct peer peer = peer_open();
	int fd = zc_open();

	(void)state;
	zc_param("max_total_mib", "8");
	assert_int_equal(pin_pool(&peer, 1), 0);
	zc_assert_errno(zc_pool_create(fd, POOL / BUF, BUF, 0), ENOSPC,
			"while the peer has it");
	read_peer(&peer);
	zc_assert_errno(zc_pool_create(fd, POOL / BUF, BUF, 0), 0,
			"right after it read");
	peer_close(&peer);
	close(fd);
}

static int for_all(void **state)
{
	(void)state;
	return chmod("/dev/zcdev", 0666);
}

static int for_root(void **state)
{
	(void)state;
	return chmod("/dev/zcdev", 0660);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("a closed pool stays charged while a peer has its pages",
			stays_charged),
		ZC_TEST("each buffer goes when its last page is back", in_parts),
		ZC_TEST("buffers that nobody has go at once", rest_goes_at_once),
		ZC_TEST("170 pools in queues: refused at the cap, memory stays",
			total_cap),
		ZC_TEST("170 pools in queues: refused at RLIMIT_MEMLOCK",
			user_limit),
		ZC_TEST_PARAMS("a pool fits as soon as the pages are back",
			       no_waiting),
	};

	return cmocka_run_group_tests(tests, for_all, for_root);
}
