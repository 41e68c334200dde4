/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every kind of descriptor that people are likely to have, how one is made, and what
 * it is as an end of a transfer: served, or refused with the errno of the header.
 */
#ifndef ABI_SUBJECTS_H
#define ABI_SUBJECTS_H

#include <linux/bpf.h>
#include <linux/if_alg.h>
#include <linux/if_tun.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/udmabuf.h>
#include <linux/userfaultfd.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#include "abi.h"
#include "zc_kinds.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

/* Where a descriptor cannot be had. */
#define ON_6_1		(1U << 0)
#define ON_6_12		(1U << 1)
#define ON_DEBUG	(1U << 2)	/* and kcsan */

/**
 * struct subject - a descriptor
 * @name: for people
 * @open: -1: not on this kernel. Others that belong to it are left open.
 * @source: errno as a source; 0: served
 * @sink: errno as a sink; 0: served
 * @kind: where that is said to be served, but the kernel does not yet name this
 *	kind (enum zcdev_kind), it is EOPNOTSUPP
 * @missing: kernels that have none, and no others
 */
struct subject {
	const char *name;
	int (*open)(void);
	int source, sink;
	uint32_t kind;
	unsigned int missing;
};

static int open_rdwr(void) { return open("rdwr", O_RDWR | O_CREAT, 0600); }
static int open_rdonly(void) { return open("source", O_RDONLY); }
static int open_wronly(void) { return open("rdwr", O_WRONLY | O_CREAT, 0600); }
static int open_append(void) { return open("rdwr", O_WRONLY | O_CREAT | O_APPEND, 0600); }
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
static int open_xdp(void) { return socket(AF_XDP, SOCK_RAW, 0); }
static int open_vsock(void) { return socket(AF_VSOCK, SOCK_STREAM, 0); }

static int open_card(void)
{
	struct ifreq ifr = { .ifr_name = "zc%d", .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open_tun();

	return ioctl(fd, TUNSETIFF, &ifr) ? -1 : fd;
}

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

static int open_listening_unix(void)
{
	const struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	/* Without a path the kernel chooses a name. */
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr.sun_family)))
		return -1;
	return listen(fd, 1) ? -1 : fd;
}

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

static int open_mptcp(void)
{
	struct sockaddr_in6 addr;
	socklen_t len;
	int fd, listener = zc_listen(AF_INET, IPPROTO_MPTCP, &addr, &len);

	fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	if (listener < 0 || connect(fd, (struct sockaddr *)&addr, len))
		return -1;
	return fd;
}

static int open_connected_vsock(void)
{
	struct zc_place p = {};

	return zc_open_vsock_place(&p, true) ? p.fd : -1;
}

static int open_ktls(void)
{
	int fd = open_tcp();

	return zc_tls(fd, TLS_TX) && zc_tls(fd, TLS_RX) ? fd : -1;
}

static int open_ruleset(void)
{
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE,
	};

	return syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
}

static int open_bpf_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4,
		.max_entries = 1,
	};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static int open_perf_event(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static int open_fanotify(void)
{
	return fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);
}

static int open_secret(void) { return syscall(SYS_memfd_secret, 0); }

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
	{ "a file", open_rdwr, 0, 0, F, 0 },
	{ "a file to read", open_rdonly, 0, EBADF, F, 0 },
	{ "a file to write", open_wronly, EBADF, 0, F, 0 },
	{ "a file to append", open_append, EBADF, 0, F, 0 },
	{ "O_PATH", open_path, EBADF, EBADF, F, 0 },
	{ "a closed one", open_closed, EBADF, EBADF, F, 0 },
	{ "a directory", open_directory, EISDIR, EBADF, F, 0 },
	{ "a memfd", open_memfd, 0, 0, F, 0 },
	{ "a secret memfd", open_secret, NOT, NOT, F, ON_6_1 },
	/* It has no iterators, and so no I/O that we could ask for. */
	{ "a file of /proc", open_proc, NOT, NOT, F, 0 },
	{ "a block device", open_disk, 0, 0, ZCDEV_KIND_BLOCK, 0 },
	{ "/dev/null", open_null, 0, 0, C, 0 },
	{ "/dev/zero", open_zero, 0, 0, C, 0 },
	{ "/dev/urandom", open_urandom, 0, 0, C, 0 },
	{ "/dev/kmsg", open_kmsg, NOT, NOT, C, 0 },
	{ "a terminal", open_ptmx, NOT, NOT, C, 0 },
	{ "/dev/fuse", open_fuse, NOT, NOT, C, 0 },
	{ "/dev/net/tun", open_tun, NOT, NOT, C, 0 },
	{ "a tap card", open_card, NOT, NOT, C, 0 },
	{ "zcdev without a pool", open_empty, ENXIO, ENXIO, ZCDEV_KIND_POOL, 0 },
	{ "a pool", open_pool, 0, 0, ZCDEV_KIND_POOL, 0 },
	{ "a pipe to read", open_read_end, 0, EBADF, ZCDEV_KIND_PIPE, 0 },
	{ "a pipe to write", open_write_end, EBADF, 0, ZCDEV_KIND_PIPE, 0 },
	{ "a FIFO", open_fifo, 0, 0, ZCDEV_KIND_PIPE, 0 },
	{ "TCP", open_tcp, 0, 0, ZCDEV_KIND_TCP, 0 },
	{ "TCP, unconnected", open_unbound, ENOTCONN, ENOTCONN, ZCDEV_KIND_TCP, 0 },
	{ "TCP, listening", open_listener, ENOTCONN, ENOTCONN, ZCDEV_KIND_TCP, 0 },
	{ "kTLS", open_ktls, 0, 0, ZCDEV_KIND_KTLS, 0 },
	{ "MPTCP", open_mptcp, NOT, NOT, 0, 0 },
	{ "UNIX stream", open_stream, 0, 0, ZCDEV_KIND_UNIX, 0 },
	{ "UNIX, listening", open_listening_unix, ENOTCONN, ENOTCONN, ZCDEV_KIND_UNIX, 0 },
	{ "UNIX datagram", open_dgram, NOT, NOT, 0, 0 },
	{ "UNIX seqpacket", open_seqpacket, NOT, NOT, 0, 0 },
	{ "vsock, unconnected", open_vsock, ENOTCONN, ENOTCONN, ZCDEV_KIND_VSOCK, 0 },
	{ "vsock", open_connected_vsock, 0, 0, ZCDEV_KIND_VSOCK, 0 },
	{ "UDP", open_udp, NOT, NOT, 0, 0 },
	{ "raw", open_raw, NOT, NOT, 0, 0 },
	{ "packet", open_packet, NOT, NOT, 0, 0 },
	{ "AF_XDP", open_xdp, NOT, NOT, 0, 0 },
	{ "netlink", open_netlink, NOT, NOT, 0, 0 },
	{ "AF_ALG", open_alg, NOT, NOT, 0, 0 },
	{ "eventfd", open_eventfd, NOT, NOT, 0, 0 },
	{ "epoll", open_epoll, NOT, NOT, 0, 0 },
	{ "timerfd", open_timerfd, NOT, NOT, 0, 0 },
	{ "signalfd", open_signalfd, NOT, NOT, 0, 0 },
	{ "inotify", open_inotify, NOT, EBADF, 0, 0 },
	{ "pidfd", open_pidfd, NOT, NOT, 0, 0 },
	{ "userfaultfd", open_userfaultfd, NOT, EBADF, 0, 0 },
	{ "io_uring", open_uring, NOT, NOT, 0, 0 },
	{ "a namespace", open_namespace, NOT, EBADF, 0, 0 },
	{ "a landlock ruleset", open_ruleset, NOT, NOT, 0, 0 },
	{ "a bpf map", open_bpf_map, NOT, NOT, 0, 0 },
	{ "a perf event", open_perf_event, NOT, NOT, 0, 0 },
	{ "fanotify", open_fanotify, NOT, NOT, 0, 0 },
	{ "a dma-buf", open_dmabuf, NOT, NOT, 0, ON_6_1 },
};

#define SUBJECTS	(sizeof(subjects) / sizeof(subjects[0]))

#endif /* ABI_SUBJECTS_H */
