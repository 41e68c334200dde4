// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sock.h"

/* A listener on a free port of @family's loopback address; *@port is its. */
static int listener(int family, uint16_t *port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(family, SOCK_STREAM, 0);
	socklen_t len = family == AF_INET ? sizeof(v4) : sizeof(v6);
	struct sockaddr *addr = family == AF_INET ? (void *)&v4 : (void *)&v6;

	if (fd < 0 || bind(fd, addr, len))
		return -1;
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, addr, &len), 0);
	*port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return fd;
}

static int open_text(const char *text, struct fault *f)
{
	struct endpoint where;

	assert_int_equal(endpoint_parse(&where, text, f), 0);
	return sock_open(&where, f);
}

static void check_connect(int family, const char *format)
{
	struct fault f;
	char text[64], byte = 0;
	uint16_t port;
	int door = listener(family, &port), fd, peer;

	if (door < 0)
		skip();
	snprintf(text, sizeof(text), "%.*s:%u", (int)sizeof(text) - 8, format, port);
	fd = open_text(text, &f);
	check_row(fd >= 0, "%s", f.text);
	peer = accept(door, NULL, NULL);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(sock_hang_up(fd), 0);
	assert_int_equal(read(peer, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	assert_int_equal(read(peer, &byte, 1), 0);
	close(peer);
	close(fd);
	close(door);
}

static void test_ipv4(void **state)
{
	(void)state;
	check_connect(AF_INET, "tcp:127.0.0.1");
}

static void test_ipv6(void **state)
{
	(void)state;
	check_connect(AF_INET6, "tcp:[::1]");
}

/* A name may have addresses on which nobody listens: all are tried. */
static void test_name(void **state)
{
	(void)state;
	check_connect(AF_INET, "tcp:localhost");
}

static void test_refused(void **state)
{
	struct fault f;
	char text[64];
	uint16_t port;

	(void)state;
	close(listener(AF_INET, &port));
	snprintf(text, sizeof(text), "tcp:127.0.0.1:%u", port);
	assert_int_equal(open_text(text, &f), -1);
	assert_int_equal(f.status, STATUS_FAILED);
	assert_non_null(strstr(f.text, "nobody listens"));
	snprintf(text, sizeof(text), "tcp:localhost:%u", port);
	assert_int_equal(open_text(text, &f), -1);
	assert_non_null(strstr(f.text, "nobody listens"));
}

static void test_no_such_host(void **state)
{
	struct fault f;

	(void)state;
	assert_int_equal(open_text("tcp:no-such-host.invalid:1", &f), -1);
	check_sentence(f.text);
	assert_non_null(strstr(f.text, "cannot find the host"));
}

static void test_port_taken(void **state)
{
	struct fault f;
	char text[64];
	uint16_t port;
	int door = listener(AF_INET, &port);

	(void)state;
	snprintf(text, sizeof(text), "tcp-listen:127.0.0.1:%u", port);
	assert_int_equal(open_text(text, &f), -1);
	assert_non_null(strstr(f.text, "another port"));
	close(door);
}

/* Knocks at @addr until somebody opens, says "x" and leaves. */
static pid_t visitor(const struct sockaddr *addr, socklen_t len)
{
	pid_t pid = fork();
	int tries, fd;

	if (pid)
		return pid;
	for (tries = 0; tries < 500; tries++) {
		fd = socket(addr->sa_family, SOCK_STREAM, 0);
		if (!connect(fd, addr, len))
			_exit(write(fd, "x", 1) != 1);
		close(fd);
		usleep(10000);
	}
	_exit(1);
}

static void check_visited(int fd, pid_t pid)
{
	char byte = 0;
	int status;

	assert_true(fd >= 0);
	assert_int_equal(read(fd, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* With no address, IPv4 is let in as well. */
static void test_tcp_listen(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct fault f;
	char text[64];
	uint16_t port;
	pid_t pid;

	(void)state;
	close(listener(AF_INET, &port));
	addr.sin_port = htons(port);
	pid = visitor((struct sockaddr *)&addr, sizeof(addr));
	snprintf(text, sizeof(text), "tcp-listen:%u", port);
	check_visited(open_text(text, &f), pid);
}

static void test_unix(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/zcdevctl-test-XXXXXX", text[128];
	struct fault f;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/s", dir);
	snprintf(text, sizeof(text), "unix:%s", addr.sun_path);
	assert_int_equal(open_text(text, &f), -1);
	assert_non_null(strstr(f.text, "nobody listens"));

	pid = visitor((struct sockaddr *)&addr, sizeof(addr));
	snprintf(text, sizeof(text), "unix-listen:%s", addr.sun_path);
	check_visited(open_text(text, &f), pid);
	/* Nothing stays behind, so the directory is empty. */
	assert_int_equal(rmdir(dir), 0);
}

/* A reset that nobody has noticed yet must not pass for success. */
static void test_reset(void **state)
{
	const struct linger hard = { .l_onoff = 1 };
	struct fault f;
	char text[64];
	uint16_t port;
	int door = listener(AF_INET, &port), fd, peer;

	(void)state;
	snprintf(text, sizeof(text), "tcp:127.0.0.1:%u", port);
	fd = open_text(text, &f);
	peer = accept(door, NULL, NULL);
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(peer);
	assert_int_equal(sock_hang_up(fd), ECONNRESET);
	close(fd);
	close(door);
}

/* As much as the kernel queues for a peer that does not read yet. */
static size_t fill(int fd)
{
	static const char scrap[65536];
	const int size = 4 << 20;
	size_t sum = 0;
	ssize_t sent;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	while ((sent = send(fd, scrap, sizeof(scrap), MSG_DONTWAIT)) > 0)
		sum += sent;
	return sum;
}

static size_t drain(int fd)
{
	static char scrap[65536];
	size_t sum = 0;
	ssize_t got;

	while ((got = read(fd, scrap, sizeof(scrap))) > 0)
		sum += got;
	return sum;
}

/* What the peer has said does not cost it what is still queued for it. */
static void test_unread(void **state)
{
	struct fault f;
	char text[64];
	uint16_t port;
	int door = listener(AF_INET, &port), fd, peer;
	size_t sent;

	(void)state;
	snprintf(text, sizeof(text), "tcp:127.0.0.1:%u", port);
	fd = open_text(text, &f);
	peer = accept(door, NULL, NULL);
	assert_int_equal(write(peer, "220 hello", 9), 9);
	sent = fill(fd);
	assert_int_equal(sock_hang_up(fd), 0);
	close(fd);
	assert_int_equal(drain(peer), sent);
	close(peer);
	close(door);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_such_host),
		cmocka_unit_test(test_port_taken),
		cmocka_unit_test(test_tcp_listen),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_unread),
	};

	return cmocka_run_group_tests_name("sock", tests, NULL, NULL);
}
