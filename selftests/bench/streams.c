// SPDX-License-Identifier: GPL-2.0
/*
 * streams SCENARIO…: what moving streams and pool ranges costs, ours beside
 * what programs use today.
 *
 * Each run is a phase between markers: it begins before the ends are connected
 * and ends when whoever receives has seen the last byte. Senders and receivers
 * are processes of their own, and count. Prints, for `streams` on the host:
 *
 *	phase NUMBER SCENARIO MOVER BYTES
 *	disk SCENARIO BYTES	read from the disk meanwhile
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mark.h"
#include "zcdev.h"

MARK_DEFINE();

#define MiB	(1UL << 20)
#define SIZE	(64 * MiB)
#define PIECE	MiB
#define SINKS	4
#define RUNS	5
#define ALWAYS	(~0U)

static int number;

static void die(const char *what)
{
	fprintf(stderr, "streams: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void check(bool ok, const char *what)
{
	if (!ok)
		die(what);
}

/* fds[0] sends to fds[1]. */
static void tcp_pair(int fds[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(addr);

	check(!bind(listener, (struct sockaddr *)&addr, len) && !listen(listener, 1) &&
	      !getsockname(listener, (struct sockaddr *)&addr, &len), "listen");
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	check(!connect(fds[0], (struct sockaddr *)&addr, len), "connect");
	fds[1] = accept(listener, NULL, NULL);
	check(fds[1] >= 0, "accept");
	close(listener);
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	sync();
	check(fd >= 0 && write(fd, "3", 1) == 1, "drop_caches");
	close(fd);
}

static unsigned long long disk_sectors(void)
{
	unsigned long long sectors = 0;
	FILE *f = fopen("/sys/block/vda/stat", "r");

	check(f && fscanf(f, "%*u %*u %llu", &sectors) == 1, "stat");
	fclose(f);
	return sectors;
}

/* A process that reads a socket, TCP without a copy, until it ends. */
static pid_t discard(int fd, int other, unsigned long bytes)
{
	static char buf[256 << 10];
	bool tcp = getsockname(fd, (struct sockaddr *)buf, &(socklen_t){ sizeof(buf) }) == 0 &&
		   ((struct sockaddr *)buf)->sa_family == AF_INET;
	unsigned long got = 0;
	pid_t pid = fork();
	ssize_t n;

	if (pid)
		return pid;
	close(other);
	do {
		n = tcp ? recv(fd, NULL, 1 << 30, MSG_TRUNC) : read(fd, buf, sizeof(buf));
		got += n > 0 ? n : 0;
	} while (n > 0);
	_exit(n < 0 || got != bytes);
}

/* A process that sends the file. */
static pid_t feed(int fd, int other)
{
	int src = open("src", O_RDONLY);
	pid_t pid = fork();
	ssize_t n;

	if (pid) {
		close(src);
		return pid;
	}
	close(other);
	while ((n = sendfile(fd, src, NULL, 1 << 30)) > 0)
		;
	_exit(n < 0);
}

static void reap(pid_t pid)
{
	int status;

	check(waitpid(pid, &status, 0) == pid && !status, "a process beside");
}

static int open_zcdev(unsigned int count, unsigned int buf_size)
{
	struct zcdev_pool_create c = {
		.size = sizeof(c), .count = count, .buf_size = buf_size, .node = ZCDEV_NODE_ANY,
	};
	int fd = open("/dev/zcdev", O_RDWR);

	check(fd >= 0 && (!count || !ioctl(fd, ZCDEV_POOL_CREATE, &c)), "/dev/zcdev");
	return fd;
}

static void transfer(int zc, struct zcdev_end *ends, unsigned int sinks, unsigned long len)
{
	struct zcdev_transfer t = {
		.size = sizeof(t), .len = len, .ends = (uintptr_t)ends,
		.end_size = sizeof(*ends), .sink_count = sinks,
	};

	check(!ioctl(zc, ZCDEV_TRANSFER, &t), "transfer");
	errno = t.out_error;
	check(!t.out_error && t.out_bytes == len, "transfer");
}

static void begin(bool cold)
{
	if (cold)
		drop_caches();
	fflush(stdout);
	mark(number);
}

static void end(void)
{
	mark(0);
}

/* TCP or a pipe to a file, synced; the sender is sendfile from a warm file. */

static void read_write(int in, int out)
{
	char *buf = malloc(PIECE);
	ssize_t n;

	while ((n = read(in, buf, PIECE)) > 0)
		check(write(out, buf, n) == n, "write");
	check(!n, "read");
	free(buf);
}

static void stream_to_file(bool ours, void (*connect)(int fds[2]))
{
	int fds[2], out, zc;
	pid_t sender;

	unlink("dst");
	begin(false);
	connect(fds);
	sender = feed(fds[0], fds[1]);
	close(fds[0]);
	out = open("dst", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (ours) {
		struct zcdev_end ends[2] = { { .fd = fds[1] }, { .fd = out } };

		zc = open_zcdev(0, 0);
		transfer(zc, ends, 1, SIZE);
		close(zc);
	} else {
		read_write(fds[1], out);
	}
	check(!fdatasync(out), "fdatasync");
	reap(sender);
	close(fds[1]);
	close(out);
	end();
}

static void tcp_to_file(bool ours)
{
	stream_to_file(ours, tcp_pair);
}

static void pipe_pair(int fds[2])
{
	int ends[2];

	check(!pipe(ends), "pipe");
	fds[0] = ends[1];
	fds[1] = ends[0];
}

static void pipe_to_file(bool ours)
{
	stream_to_file(ours, pipe_pair);
}

/* A range of a pool, or of memory, to TCP in 1 MiB pieces. */

static void memory_to_tcp(bool ours)
{
	unsigned long i;
	int fds[2], zc = -1;
	char *buf = NULL;
	pid_t sink;

	/* The memory is there before, and warm. */
	if (ours) {
		zc = open_zcdev(1, PIECE);
	} else {
		buf = malloc(PIECE);
		memset(buf, 1, PIECE);
	}
	begin(false);
	tcp_pair(fds);
	sink = discard(fds[1], fds[0], SIZE);
	close(fds[1]);
	for (i = 0; i < SIZE / PIECE; i++) {
		struct zcdev_end ends[2] = {
			{ .fd = zc, .flags = ZCDEV_END_OFFSET }, { .fd = fds[0] },
		};

		if (ours)
			transfer(zc, ends, 1, PIECE);
		else
			check(send(fds[0], buf, PIECE, 0) == PIECE, "send");
	}
	close(fds[0]);
	reap(sink);
	end();
	free(buf);
	if (ours)
		close(zc);
}

/* A cold file to one and to four TCP sinks; the whole of it as a pool to one. */

static void fan(unsigned int sinks)
{
	struct zcdev_end ends[1 + SINKS] = {};
	int fds[SINKS][2], zc;
	pid_t pid[SINKS];
	unsigned int i;

	begin(true);
	for (i = 0; i < sinks; i++) {
		tcp_pair(fds[i]);
		pid[i] = discard(fds[i][1], fds[i][0], SIZE);
		close(fds[i][1]);
		ends[1 + i].fd = fds[i][0];
		/* The others' children must not keep it open. */
		fcntl(fds[i][0], F_SETFD, FD_CLOEXEC);
	}
	ends[0].fd = open("src", O_RDONLY);
	zc = open_zcdev(0, 0);
	transfer(zc, ends, sinks, SIZE);
	for (i = 0; i < sinks; i++)
		shutdown(fds[i][0], SHUT_WR);
	for (i = 0; i < sinks; i++) {
		reap(pid[i]);
		close(fds[i][0]);
	}
	close(ends[0].fd);
	close(zc);
	end();
}

static void pool_to_tcp(void)
{
	struct zcdev_end ends[2] = { { .flags = ZCDEV_END_OFFSET }, {} };
	int fds[2], zc = open_zcdev(SIZE / (4 * MiB), 4 * MiB);
	pid_t sink;

	begin(false);
	tcp_pair(fds);
	sink = discard(fds[1], fds[0], SIZE);
	close(fds[1]);
	ends[0].fd = zc;
	ends[1].fd = fds[0];
	transfer(zc, ends, 1, SIZE);
	close(fds[0]);
	reap(sink);
	end();
	close(zc);
}

/* TCP to TCP; the sender is sendfile from a warm file. */

static void recv_send(int in, int out)
{
	char *buf = malloc(PIECE);
	ssize_t n;

	while ((n = recv(in, buf, PIECE, 0)) > 0)
		check(send(out, buf, n, 0) == n, "send");
	check(!n, "recv");
	free(buf);
}

static void proxy(bool ours)
{
	int in[2], out[2], zc;
	pid_t sender, sink;

	begin(false);
	tcp_pair(in);
	tcp_pair(out);
	sender = feed(in[0], in[1]);
	close(in[0]);
	sink = discard(out[1], out[0], SIZE);
	close(out[1]);
	if (ours) {
		struct zcdev_end ends[2] = { { .fd = in[1] }, { .fd = out[0] } };

		zc = open_zcdev(0, 0);
		transfer(zc, ends, 1, SIZE);
		close(zc);
	} else {
		recv_send(in[1], out[0]);
	}
	close(out[0]);
	close(in[1]);
	reap(sender);
	reap(sink);
	end();
}

/* Pieces of a pool by copy, by reference, and as the default has it. */

static void make_sink(const char *kind, int fds[2])
{
	int swap[2];

	if (!strcmp(kind, "tcp")) {
		tcp_pair(fds);
	} else if (!strcmp(kind, "unix")) {
		check(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "socketpair");
	} else {
		check(!pipe(swap), "pipe");
		fds[0] = swap[1];
		fds[1] = swap[0];
	}
}

static unsigned long pieces_of(unsigned long size)
{
	unsigned long pieces = 64 * MiB / size;

	return pieces < 4000 ? pieces : 4000;
}

static void small(const char *kind, unsigned long size, unsigned int copy_below)
{
	struct zcdev_end ends[2] = { { .flags = ZCDEV_END_OFFSET }, {} };
	unsigned long i, pieces = pieces_of(size);
	int fds[2], zc = open_zcdev(2, 4 * MiB);
	pid_t sink;

	begin(false);
	make_sink(kind, fds);
	sink = discard(fds[1], fds[0], pieces * size);
	close(fds[1]);
	ends[0].fd = zc;
	ends[1].fd = fds[0];
	ends[1].copy_below = copy_below;
	for (i = 0; i < pieces; i++) {
		ends[0].offset = i * size % (8 * MiB - size + 1);
		transfer(zc, ends, 1, size);
	}
	close(fds[0]);
	reap(sink);
	end();
	close(zc);
}

static void announce(const char *scenario, const char *mover, unsigned long bytes)
{
	printf("phase %d %s %s %lu\n", ++number, scenario, mover, bytes);
}

static void pair_of(const char *scenario, const char *theirs, void (*run)(bool ours))
{
	int i, ours;

	for (ours = 0; ours < 2; ours++) {
		announce(scenario, ours ? "zcdev" : theirs, SIZE);
		for (i = 0; i < RUNS; i++)
			run(ours);
	}
}

static void all_fans(void)
{
	unsigned long long before;
	int i;

	announce("fan", "one", SIZE);
	for (i = 0; i < RUNS; i++)
		fan(1);
	announce("fan", "four", SIZE);
	before = disk_sectors();
	for (i = 0; i < RUNS; i++)
		fan(SINKS);
	printf("disk fan %llu\n", (disk_sectors() - before) * 512 / RUNS);
	announce("fan", "pool", SIZE);
	for (i = 0; i < RUNS; i++)
		pool_to_tcp();
}

/* KIND, or KIND:SIZE for one size alone */
static void all_small(char *kind)
{
	static const struct { const char *name; unsigned int below; } hows[] = {
		{ "copy", ALWAYS }, { "reference", 1 }, { "default", 0 },
	};
	char *colon = strchr(kind, ':'), scenario[64];
	unsigned long size = colon ? strtoul(colon + 1, NULL, 0) : 512;
	unsigned long last = colon ? size : MiB;
	size_t how;
	int i;

	if (colon)
		*colon = 0;
	for (; size <= last; size *= 2) {
		snprintf(scenario, sizeof(scenario), "small-%s-%lu", kind, size);
		for (how = 0; how < 3; how++) {
			announce(scenario, hows[how].name, size * pieces_of(size));
			for (i = 0; i < RUNS; i++)
				small(kind, size, hows[how].below);
		}
	}
}

int main(int argc, char **argv)
{
	int i;

	/* The first of everything in a boot costs more than the others. */
	memory_to_tcp(false);
	memory_to_tcp(true);
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "tofile"))
			pair_of("tofile", "recv+write", tcp_to_file);
		else if (!strcmp(argv[i], "pipefile"))
			pair_of("pipefile", "read+write", pipe_to_file);
		else if (!strcmp(argv[i], "memory"))
			pair_of("memory", "send", memory_to_tcp);
		else if (!strcmp(argv[i], "proxy"))
			pair_of("proxy", "recv+send", proxy);
		else if (!strcmp(argv[i], "fan"))
			all_fans();
		else if (!strncmp(argv[i], "small-", 6))
			all_small(argv[i] + 6);
		else
			return 2;
	}
	return 0;
}
