// SPDX-License-Identifier: GPL-2.0
/*
 * measure [-c] [-p PORT [-n NETNS]] PHASE COMMAND…: run it between markers.
 *
 * With -c from cold caches. With -p a receiver listens on that port, here or in
 * a network namespace, and discards what arrives; the phase then lasts until it
 * has seen the end, so that what a sender leaves in socket queues counts too.
 * Prints "PHASE bytes-received seconds".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mark.h"

MARK_DEFINE();

static void die(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	sync();
	if (fd < 0 || write(fd, "3", 1) != 1)
		die("drop_caches");
	close(fd);
}

static int listen_on(unsigned short port, const char *netns)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };
	char path[64];
	int one = 1, fd;

	if (netns) {
		snprintf(path, sizeof(path), "/run/netns/%s", netns);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || setns(fd, CLONE_NEWNET))
			die(path);
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1))
		die("listen");
	return fd;
}

/* MSG_TRUNC: TCP frees the data without copying it. */
static pid_t start_sink(unsigned short port, const char *netns, unsigned long long *received)
{
	int fd, ready[2];
	ssize_t len;
	pid_t pid;
	char c = 0;

	if (pipe2(ready, O_CLOEXEC))
		die("pipe");
	pid = fork();
	if (pid) {
		close(ready[1]);
		if (read(ready[0], &c, 1) != 1)
			exit(1);
		return pid;
	}
	fd = listen_on(port, netns);
	if (write(ready[1], &c, 1) != 1)
		die("pipe");
	fd = accept(fd, NULL, NULL);
	if (fd < 0)
		die("accept");
	while ((len = recv(fd, NULL, 1 << 30, MSG_TRUNC)) > 0)
		*received += len;
	if (len < 0)
		die("recv");
	_exit(0);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	unsigned long long *received;
	const char *netns = NULL;
	int opt, status, bad = 0, cold = 0, port = 0, phase;
	pid_t sink = -1, pid;
	double start;

	while ((opt = getopt(argc, argv, "+cn:p:")) != -1) {
		if (opt == 'c')
			cold = 1;
		else if (opt == 'n')
			netns = optarg;
		else if (opt == 'p')
			port = atoi(optarg);
		else
			return 2;
	}
	if (argc - optind < 2)
		return 2;
	phase = atoi(argv[optind++]);

	received = mmap(NULL, sizeof(*received), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (received == MAP_FAILED)
		die("mmap");
	if (port)
		sink = start_sink(port, netns, received);
	if (cold)
		drop_caches();

	mark(phase);
	start = now();
	pid = fork();
	if (!pid) {
		execvp(argv[optind], argv + optind);
		die(argv[optind]);
	}
	if (waitpid(pid, &status, 0) != pid || status) {
		bad = 1;
		if (sink > 0)
			kill(sink, SIGKILL);
	}
	if (sink > 0 && (waitpid(sink, &status, 0) != sink || status))
		bad = 1;
	mark(0);

	printf("%d %llu %.3f\n", phase, *received, now() - start);
	return bad;
}
