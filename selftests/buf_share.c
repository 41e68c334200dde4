// SPDX-License-Identifier: GPL-2.0
/*
 * A producer and its consumers, processes that share nothing but a descriptor
 * which was passed and messages that say which buffer is full. Nobody copies, and
 * nobody overwrites what somebody else still needs.
 * timeout: 120
 */
#include <signal.h>
#include <sys/sendfile.h>

#include "zc_mem.h"
#include "zc_sock.h"

#define BUF		(64 * KiB)
#define COUNT		6
#define POOL		(COUNT * BUF)
#define MESSAGES	1500
#define PATIENCE	20000000000ULL	/* ns */

/* Buffer @index has the bytes of message @seq. */
struct message {
	uint32_t index;
	uint32_t seq;
};

struct consumer {
	int sock;
	int other;	/* its peer, of the producer */
	int out;	/* where relay() sends to */
	unsigned int limit;	/* after which it does nothing any more, or 0 */
};

static int take_pool(const struct consumer *c, unsigned char **map)
{
	int fd = zc_recv_fd(c->sock);

	*map = mmap(NULL, POOL, PROT_READ, MAP_SHARED, fd, 0);
	zc_must(*map != MAP_FAILED);
	return fd;
}

/* Returns 0 when there is nothing more to come. */
static int receive(const struct consumer *c, struct message *m)
{
	ssize_t n = recv(c->sock, m, sizeof(*m), 0);

	zc_must(n == 0 || n == sizeof(*m));
	return n;
}

/* Looks at the bytes where they are, and gives the buffer back. */
static int check(void *arg)
{
	const struct consumer *c = arg;
	unsigned char *map;
	struct message m;
	int fd, ret;

	close(c->other);
	fd = take_pool(c, &map);
	for (unsigned int n = 1; receive(c, &m); n++) {
		if (zc_differs(map + m.index * BUF, BUF, m.seq, 0) != BUF)
			return EBADMSG;
		ret = zc_release(fd, &m.index, 1);
		if (ret)
			return ret;
		if (n == c->limit)
			pause();
	}
	return 0;
}

/* Passes the bytes on by reference, and gives the buffer back at once. */
static int relay(void *arg)
{
	const struct consumer *c = arg;
	unsigned char *map;
	struct message m;
	int fd;

	close(c->other);
	fd = take_pool(c, &map);
	while (receive(c, &m)) {
		off_t at = m.index * BUF, end = at + BUF;

		while (at < end)
			if (sendfile(c->out, fd, &at, end - at) <= 0)
				return errno;
		if (zc_release(fd, &m.index, 1))
			return EPROTO;
	}
	return 0;
}

/* Before there is a pool: what it gets of it, it gets by a message. */
static pid_t start(struct consumer *c, int (*fn)(void *))
{
	int pair[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	c->sock = pair[1];
	c->other = pair[0];
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(fn(c));
	close(pair[1]);
	return pid;
}

/* One buffer, filled where it lies. */
static void produce(int fd, unsigned char *map, int to, uint32_t seq)
{
	struct message m = { .seq = seq };

	assert_int_equal(zc_acquire(fd, &m.index, 1, PATIENCE), 1);
	zc_fill(map + m.index * BUF, BUF, seq, 0);
	assert_int_equal(send(to, &m, sizeof(m), 0), sizeof(m));
}

static void assert_exit(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void assert_all_free(int fd)
{
	struct zcdev_pool_info info;

	assert_int_equal(zc_pool_info(fd, &info), 0);
	assert_int_equal(info.out_acquired, 0);
	assert_int_equal(info.out_free, COUNT);
}

static void one_consumer(void **state)
{
	struct consumer c = {};
	pid_t pid = start(&c, check);
	int fd = zc_open_pool(COUNT, BUF);
	unsigned char *map = zc_map(fd, POOL);

	(void)state;
	zc_send_fd(c.other, fd);
	for (uint32_t i = 0; i < MESSAGES; i++)
		produce(fd, map, c.other, i);
	close(c.other);
	assert_exit(pid);
	assert_all_free(fd);
	munmap(map, POOL);
	close(fd);
}

static void several_consumers(void **state)
{
	struct consumer c[3];
	pid_t pid[3];
	unsigned char *map;
	int fd;

	(void)state;
	for (int i = 0; i < 3; i++) {
		c[i].limit = 0;
		pid[i] = start(&c[i], check);
	}
	fd = zc_open_pool(COUNT, BUF);
	map = zc_map(fd, POOL);
	for (int i = 0; i < 3; i++)
		zc_send_fd(c[i].other, fd);
	for (uint32_t i = 0; i < MESSAGES; i++)
		produce(fd, map, c[i % 3].other, i);
	/* The later ones have the earlier sockets too. */
	for (int i = 0; i < 3; i++)
		shutdown(c[i].other, SHUT_WR);
	for (int i = 0; i < 3; i++) {
		assert_exit(pid[i]);
		close(c[i].other);
	}
	assert_all_free(fd);
	munmap(map, POOL);
	close(fd);
}

/*
 * Released while a socket still has the pages: the producer gets them only when
 * these have been read, so the far end reads what was produced.
 */
static void *read_messages(void *arg)
{
	static unsigned char data[BUF];
	int fd = *(int *)arg;

	for (uint32_t seq = 0; seq < MESSAGES / 5; seq++) {
		if (recv(fd, data, BUF, MSG_WAITALL) != (ssize_t)BUF)
			return "short";
		if (zc_differs(data, BUF, seq, 0) != BUF)
			return "bytes that were not produced";
		/* Slower than the others. */
		if (seq % 50 == 0)
			usleep(20000);
	}
	return NULL;
}

static void passed_on(void **state)
{
	struct consumer c = {};
	pthread_t reader;
	unsigned char *map;
	int fd, pair[2];
	void *complaint;
	pid_t pid;

	(void)state;
	zc_tcp_pair(pair);
	c.out = pair[0];
	pid = start(&c, relay);
	close(pair[0]);
	pthread_create(&reader, NULL, read_messages, &pair[1]);
	fd = zc_open_pool(COUNT, BUF);
	map = zc_map(fd, POOL);
	zc_send_fd(c.other, fd);
	for (uint32_t i = 0; i < MESSAGES / 5; i++)
		produce(fd, map, c.other, i);
	close(c.other);
	assert_exit(pid);
	pthread_join(reader, &complaint);
	if (complaint)
		fail_msg("%s", (char *)complaint);
	close(pair[1]);
	munmap(map, POOL);
	close(fd);
	zc_assert_no_pools();
}

/* Whoever is left can release what the dead have left. */
static void killed(void **state)
{
	struct consumer c = { .limit = 2 };
	pid_t pid = start(&c, check);
	int fd = zc_open_pool(COUNT, BUF), status, mine = 0;
	unsigned char *map = zc_map(fd, POOL);
	struct zcdev_pool_info info;
	uint32_t index;

	(void)state;
	zc_send_fd(c.other, fd);
	for (uint32_t i = 0; i < COUNT; i++)
		produce(fd, map, c.other, i);
	/* It takes two of the six, and never looks at the others. */
	assert_true(zc_wait_until(10, !zc_pool_info(fd, &info) &&
				  info.out_acquired == COUNT - 2));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	for (index = 0; index < COUNT; index++)
		mine += !zc_release(fd, &index, 1);
	assert_int_equal(mine, COUNT - 2);
	assert_all_free(fd);
	close(c.other);
	munmap(map, POOL);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("a producer and a consumer", one_consumer),
		ZC_TEST("three consumers", several_consumers),
		ZC_TEST("a consumer that passes on by reference", passed_on),
		ZC_TEST("a consumer that dies with buffers", killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
