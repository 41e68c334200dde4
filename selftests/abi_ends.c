// SPDX-License-Identifier: GPL-2.0
/*
 * Every kind of descriptor in each place of a transfer, as its source, its sink
 * and its second sink, by both entries: served, or refused with the errno of
 * the header. The transfers are empty: ends are looked at before a byte moves.
 */
#include <linux/if_alg.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <linux/udmabuf.h>
#include <linux/userfaultfd.h>
#include <net/ethernet.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include "abi.h"
#include "zc_kinds.h"

/**
 * struct subject - a descriptor
 * @name: for people
 * @open: -1: not on this kernel. A second one that belongs to it is left open.
 * @source: errno as a source; 0: served
 * @sink: errno as a sink; 0: served
 * @kind: where that is said to be served, but the kernel does not yet name this
 *	kind (enum zcdev_kind), it is EOPNOTSUPP
 */
struct subject {
	const char *name;
	int (*open)(void);
	int source, sink;
	uint32_t kind;
};

static int open_rdwr(void) { return open("rdwr", O_RDWR | O_CREAT, 0600); }
static int open_rdonly(void) { return open("source", O_RDONLY); }
static int open_wronly(void) { return open("rdwr", O_WRONLY | O_CREAT, 0600); }
static int open_path(void) { return open("source", O_PATH); }
static int open_directory(void) { return open(".", O_RDONLY | O_DIRECTORY); }
static int open_memfd(void) { return memfd_create("zc", MFD_CLOEXEC); }
static int open_proc(void) { return open("/proc/self/comm", O_RDWR); }
static int open_disk(void) { return open(getenv("SCRATCH_BLK") ?: "", O_RDWR); }
static int open_null(void) { return open("/dev/null", O_RDWR); }
static int open_zero(void) { return open("/dev/zero", O_RDWR); }
static int open_urandom(void) { return open("/dev/urandom", O_RDWR); }
static int open_kmsg(void) { return open("/dev/kmsg", O_RDWR); }
static int open_ptmx(void) { return open("/dev/ptmx", O_RDWR | O_NOCTTY); }
static int open_fuse(void) { return open("/dev/fuse", O_RDWR); }
static int open_tun(void) { return open("/dev/net/tun", O_RDWR); }
static int open_empty(void) { return zc_open(); }
static int open_pool(void) { return zc_open_pool(2, ZC_PAGE); }
static int open_eventfd(void) { return eventfd(1, 0); }
static int open_epoll(void) { return epoll_create1(0); }
static int open_timerfd(void) { return timerfd_create(CLOCK_MONOTONIC, 0); }
static int open_inotify(void) { return inotify_init1(0); }
static int open_pidfd(void) { return pidfd_open(getpid(), 0); }
static int open_unbound(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static int open_udp(void) { return socket(AF_INET, SOCK_DGRAM, 0); }
static int open_raw(void) { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }
static int open_vsock(void) { return socket(AF_VSOCK, SOCK_STREAM, 0); }

static int open_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
}

static int open_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static int open_alg(void)
{
	return socket(AF_ALG, SOCK_SEQPACKET, 0);
}

static int open_signalfd(void)
{
	sigset_t none;

	sigemptyset(&none);
	return signalfd(-1, &none, 0);
}

static int open_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, O_CLOEXEC);
}

static int open_uring(void)
{
	unsigned char params[120] = {};

	return syscall(SYS_io_uring_setup, 1, params);
}

static int open_namespace(void)
{
	return open("/proc/self/ns/net", O_RDONLY);
}

static int open_dmabuf(void)
{
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	struct udmabuf_create create = {
		.memfd = memfd_create("zc", MFD_ALLOW_SEALING),
		.size = ZC_PAGE,
	};

	if (dev < 0 || ftruncate(create.memfd, ZC_PAGE) ||
	    fcntl(create.memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -1;
	return ioctl(dev, UDMABUF_CREATE, &create);
}

static int unix_of(int type)
{
	int fds[2];

	return socketpair(AF_UNIX, type, 0, fds) ? -1 : fds[0];
}

static int open_dgram(void) { return unix_of(SOCK_DGRAM); }
static int open_seqpacket(void) { return unix_of(SOCK_SEQPACKET); }
static int open_stream(void) { return unix_of(SOCK_STREAM); }

static int open_tcp(void)
{
	int fds[2];

	zc_tcp_pair(fds);
	return fds[0];
}

static int open_listener(void)
{
	struct sockaddr_in6 addr;
	socklen_t len;

	return zc_listen(AF_INET, 0, &addr, &len);
}

static int open_pipe_end(int end)
{
	int fds[2];

	return pipe(fds) ? -1 : fds[end];
}

static int open_read_end(void) { return open_pipe_end(0); }
static int open_write_end(void) { return open_pipe_end(1); }

static int open_fifo(void)
{
	mkfifo("fifo", 0600);
	return open("fifo", O_RDWR | O_NONBLOCK);
}

static int open_closed(void)
{
	int fd = open_null();

	close(fd);
	return fd;
}

#define F	ZCDEV_KIND_FILE
#define C	ZCDEV_KIND_CHAR
#define NOT	EOPNOTSUPP

static const struct subject subjects[] = {
	{ "a file", open_rdwr, 0, 0, F },
	{ "a file to read", open_rdonly, 0, EBADF, F },
	{ "a file to write", open_wronly, EBADF, 0, F },
	{ "O_PATH", open_path, EBADF, EBADF, F },
	{ "a closed one", open_closed, EBADF, EBADF, F },
	{ "a directory", open_directory, EISDIR, EBADF, F },
	{ "a memfd", open_memfd, 0, 0, F },
	/* It has no iterators, and so no I/O that we could ask for. */
	{ "a file of /proc", open_proc, NOT, NOT, F },
	{ "a block device", open_disk, 0, 0, ZCDEV_KIND_BLOCK },
	{ "/dev/null", open_null, 0, 0, C },
	{ "/dev/zero", open_zero, 0, 0, C },
	{ "/dev/urandom", open_urandom, 0, 0, C },
	{ "/dev/kmsg", open_kmsg, NOT, NOT, C },
	{ "a terminal", open_ptmx, NOT, NOT, C },
	{ "/dev/fuse", open_fuse, NOT, NOT, C },
	{ "/dev/net/tun", open_tun, NOT, NOT, C },
	{ "zcdev without a pool", open_empty, ENXIO, ENXIO, ZCDEV_KIND_POOL },
	{ "a pool", open_pool, 0, 0, ZCDEV_KIND_POOL },
	{ "a pipe to read", open_read_end, 0, EBADF, ZCDEV_KIND_PIPE },
	{ "a pipe to write", open_write_end, EBADF, 0, ZCDEV_KIND_PIPE },
	{ "a FIFO", open_fifo, 0, 0, ZCDEV_KIND_PIPE },
	{ "TCP", open_tcp, 0, 0, ZCDEV_KIND_TCP },
	{ "TCP, unconnected", open_unbound, ENOTCONN, ENOTCONN, ZCDEV_KIND_TCP },
	{ "TCP, listening", open_listener, ENOTCONN, ENOTCONN, ZCDEV_KIND_TCP },
	{ "UNIX stream", open_stream, 0, 0, ZCDEV_KIND_UNIX },
	{ "UNIX datagram", open_dgram, NOT, NOT, 0 },
	{ "UNIX seqpacket", open_seqpacket, NOT, NOT, 0 },
	{ "vsock, unconnected", open_vsock, ENOTCONN, ENOTCONN, ZCDEV_KIND_VSOCK },
	{ "UDP", open_udp, NOT, NOT, 0 },
	{ "raw", open_raw, NOT, NOT, 0 },
	{ "packet", open_packet, NOT, NOT, 0 },
	{ "netlink", open_netlink, NOT, NOT, 0 },
	{ "AF_ALG", open_alg, NOT, NOT, 0 },
	{ "eventfd", open_eventfd, NOT, NOT, 0 },
	{ "epoll", open_epoll, NOT, NOT, 0 },
	{ "timerfd", open_timerfd, NOT, NOT, 0 },
	{ "signalfd", open_signalfd, NOT, NOT, 0 },
	{ "inotify", open_inotify, NOT, EBADF, 0 },
	{ "pidfd", open_pidfd, NOT, NOT, 0 },
	{ "userfaultfd", open_userfaultfd, NOT, EBADF, 0 },
	{ "io_uring", open_uring, NOT, NOT, 0 },
	{ "a namespace", open_namespace, NOT, EBADF, 0 },
	{ "a dma-buf", open_dmabuf, NOT, NOT, 0 },
};

#define SUBJECTS	(sizeof(subjects) / sizeof(subjects[0]))

enum place { SOURCE, SINK, SECOND_SINK, PLACES };

static const char *const place_names[] = { "source", "sink", "second sink" };

/* What the header says of it, as far as this kernel serves its kind. */
static int expected(const struct subject *s, enum place place)
{
	const struct zc_kind kind = { .kind = s->kind };
	bool sink = place != SOURCE;
	int ret = sink ? s->sink : s->source;

	if (ret == EBADF || ret == EISDIR || zc_kind_served(&kind, sink))
		return ret;
	/* What it is is looked at before what it is to be. */
	return ret == ENOTCONN && zc_kind_served(&kind, !sink) ? ret : NOT;
}

/* The transfer of abi.h, of nothing, with @fd in one of its places. */
static int try_place(const struct abi_call *call, int zc, int fd,
		     enum place place)
{
	struct zcdev_transfer *t = &abi_fill(call)->transfer;

	abi_ends[2] = abi_ends[1];
	for (int i = 0; i < 3; i++) {
		abi_ends[i].flags = 0;
		abi_ends[i].offset = 0;
	}
	t->len = 0;
	t->sink_count = place == SECOND_SINK ? 2 : 1;
	abi_ends[place].fd = fd;
	return abi_do(call, zc, t);
}

static bool is_pool(const struct subject *s)
{
	return s->kind == ZCDEV_KIND_POOL;
}

static int try_pool(const struct abi_call *call, int zc, int fd,
		    enum place place)
{
	int ret = try_place(call, zc, fd, place);

	/* A pool has no position. */
	if (ret != EINVAL)
		return ret;
	abi_ends[place].flags = ZCDEV_END_OFFSET;
	return abi_do(call, zc, abi_mem);
}

static void kinds(void **state)
{
	const struct abi_call *call = *state;
	unsigned int tried = 0;

	for (size_t i = 0; i < SUBJECTS; i++)
		for (enum place place = SOURCE; place < PLACES; place++) {
			const struct subject *s = &subjects[i];
			int zc = zc_open_pool(2, ZC_PAGE), fd = s->open(), ret;

			if (fd < 0) {
				printf("# no %s here\n", s->name);
				close(zc);
				break;
			}
			ret = is_pool(s) ? try_pool(call, zc, fd, place) :
					   try_place(call, zc, fd, place);
			zc_assert_errno(ret, expected(s, place), "%s as %s",
					s->name, place_names[place]);
			/* And what belongs to it. */
			closefrom(zc);
			tried++;
		}
	assert_true(tried > 3 * 30);
}

int main(void)
{
	static const struct abi_rule rules[] = {
		{ "each kind of descriptor in each place", kinds, "TRANSFER" },
	};

	/* Modules for those that are refused, and a look before there are many. */
	if (system("modprobe -q -a tun af_alg vsock"))
		puts("# not all modules");
	zc_kind_served(&zc_kinds[0], true);
	return ABI_RUN(rules);
}
