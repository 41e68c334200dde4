// SPDX-License-Identifier: GPL-2.0
#include "slot.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNUSED	-2	/* was not asked for yet */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int fds[SLOT_COUNT];

static void open_pipe(int pair[2])
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return;
	pair[0] = ends[1];
	pair[1] = ends[0];
}

static void open_unix(int pair[2])
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return;
	pair[0] = ends[0];
	pair[1] = ends[1];
}

/* Two ends of a connection over a listener that goes at once. */
static void open_stream(int pair[2], int family, struct sockaddr *addr, socklen_t len)
{
	int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0)
		return;
	if (!bind(listener, addr, len) && !listen(listener, 1) &&
	    !getsockname(listener, addr, &len)) {
		pair[0] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (!connect(pair[0], addr, len))
			pair[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	}
	close(listener);
}

static void open_tcp(int pair[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	open_stream(pair, AF_INET, (struct sockaddr *)&addr, sizeof(addr));
}

static void open_vsock(int pair[2])
{
	struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_LOCAL,
		.svm_port = VMADDR_PORT_ANY,
	};

	open_stream(pair, AF_VSOCK, (struct sockaddr *)&addr, sizeof(addr));
}

static void open_memfd(int pair[2])
{
	pair[0] = memfd_create("fuzz", MFD_CLOEXEC);
	if (pair[0] >= 0 && ftruncate(pair[0], 65536))
		perror("memfd");
}

static void open_udp(int pair[2])
{
	pair[0] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void open_event(int pair[2])
{
	pair[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/* A slot is opened by path, or by a function that may fill the next one too. */
static const struct {
	const char *name;
	const char *path;
	int flags;
	void (*open)(int pair[2]);
} slots[SLOT_COUNT] = {
	[SLOT_NONE]	= { "none" },
	[SLOT_ZC0]	= { "zc0", "/dev/zcdev", O_RDWR },
	[SLOT_ZC1]	= { "zc1", "/dev/zcdev", O_RDWR },
	[SLOT_ZC2]	= { "zc2" },
	[SLOT_ZC_READ]	= { "zc.read", "/dev/zcdev", O_RDONLY },
	[SLOT_FILE]	= { "file", "file", O_RDWR },
	[SLOT_FILE2]	= { "file2", "file", O_RDONLY },
	[SLOT_HOLES]	= { "holes", "holes", O_RDWR },
	[SLOT_OUT]	= { "out", "out", O_RDWR | O_CREAT | O_TRUNC },
	[SLOT_OUT2]	= { "out2", "out2", O_RDWR | O_CREAT | O_TRUNC },
	[SLOT_DIRECT]	= { "direct", "direct", O_RDWR | O_CREAT | O_DIRECT },
	[SLOT_APPEND]	= { "append", "append", O_RDWR | O_CREAT | O_TRUNC | O_APPEND },
	[SLOT_MEMFD]	= { "memfd", .open = open_memfd },
	[SLOT_BLOCK]	= { "block", "/dev/vdb", O_RDWR },
	[SLOT_PIPE_IN]	= { "pipe.in", .open = open_pipe },
	[SLOT_PIPE_OUT]	= { "pipe.out" },
	[SLOT_UNIX_A]	= { "unix.a", .open = open_unix },
	[SLOT_UNIX_B]	= { "unix.b" },
	[SLOT_TCP_A]	= { "tcp.a", .open = open_tcp },
	[SLOT_TCP_B]	= { "tcp.b" },
	[SLOT_VSOCK_A]	= { "vsock.a", .open = open_vsock },
	[SLOT_VSOCK_B]	= { "vsock.b" },
	[SLOT_NULL]	= { "null", "/dev/null", O_RDWR },
	[SLOT_ZERO]	= { "zero", "/dev/zero", O_RDWR },
	[SLOT_FULL]	= { "full", "/dev/full", O_RDWR },
	[SLOT_RANDOM]	= { "random", "/dev/urandom", O_RDWR },
	[SLOT_UDP]	= { "udp", .open = open_udp },
	[SLOT_EVENT]	= { "event", .open = open_event },
	[SLOT_DIR]	= { "dir", ".", O_RDONLY | O_DIRECTORY },
	[SLOT_PATH]	= { "path", "file", O_PATH },
};

int slot_find(const char *name)
{
	int i;

	for (i = 0; i < SLOT_COUNT; i++)
		if (!strcmp(slots[i].name, name))
			return i;
	return -1;
}

const char *slot_name(uint64_t slot)
{
	return slots[slot % SLOT_COUNT].name;
}

static void make_file(const char *name, off_t size, off_t step)
{
	char block[4096];
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool bad = fd < 0 || ftruncate(fd, size);
	off_t at;

	for (at = 0; at < size && !bad; at += step) {
		memset(block, at >> 12, sizeof(block));
		bad = pwrite(fd, block, sizeof(block), at) != sizeof(block);
	}
	if (bad) {
		perror(name);
		exit(EXIT_FAILURE);
	}
	close(fd);
}

void slots_prepare(void)
{
	make_file("file", 1 << 20, 4096);
	make_file("direct", 1 << 20, 4096);
	make_file("holes", 1 << 20, 65536);
}

void slots_reset(void)
{
	int i;

	for (i = 0; i < SLOT_COUNT; i++)
		fds[i] = UNUSED;
}

/* The slot whose open() also makes this one. */
static uint64_t slot_first(uint64_t slot)
{
	return slot && !slots[slot].path && !slots[slot].open && slots[slot - 1].open ?
	       slot - 1 : slot;
}

static void slot_open(uint64_t slot)
{
	int pair[2] = { -1, -1 };

	if (slots[slot].path)
		pair[0] = open(slots[slot].path, slots[slot].flags | O_CLOEXEC, 0644);
	else if (slots[slot].open)
		slots[slot].open(pair);
	fds[slot] = pair[0];
	if (pair[1] >= 0)
		fds[slot + 1] = pair[1];
}

int slot_fd(uint64_t slot)
{
	int fd;

	slot %= SLOT_COUNT;
	pthread_mutex_lock(&lock);
	if (fds[slot] == UNUSED)
		slot_open(slot_first(slot));
	fd = fds[slot] < 0 ? -1 : fds[slot];
	pthread_mutex_unlock(&lock);
	return fd;
}

void slot_put(uint64_t slot, int fd)
{
	int old;

	slot %= SLOT_COUNT;
	pthread_mutex_lock(&lock);
	old = fds[slot];
	fds[slot] = fd;
	pthread_mutex_unlock(&lock);
	if (old >= 0)
		close(old);
}

void slot_close(uint64_t slot)
{
	slot %= SLOT_COUNT;
	slot_put(slot, slots[slot].path ? UNUSED : -1);
}

void slots_close(void)
{
	int i;

	for (i = 0; i < SLOT_COUNT; i++)
		slot_close(i);
}
