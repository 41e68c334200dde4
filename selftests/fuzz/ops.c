// SPDX-License-Identifier: GPL-2.0
/*
 * The calls that programs are made of: the device's own, and all that can be
 * done to what the device works with.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "memory.h"
#include "netlink.h"
#include "program.h"
#include "slot.h"
#include "zcdev.h"

#define SINKS	2
#define INDICES	16
#define MOST	(4UL << 20)	/* bytes of an ordinary call */

#define SLOT(name)		{ name, ARG_SLOT, 0 }
#define POOL			{ "zc", ARG_POOL, 0 }
#define NUM(name, most)		{ name, ARG_NUM, most }
#define SIZE(name)		{ name, ARG_SIZE, 0 }
#define FLAGS(name, mask)	{ name, ARG_FLAGS, mask }
#define TIME(name)		{ name, ARG_TIME, 0 }
#define PLACE(name)		{ name, ARG_PLACE, PLACE_LAST }

/* What is no call of ours need not wait for long. */
static int ready(uint64_t slot, short events)
{
	struct pollfd p = { .fd = slot_fd(slot), .events = events };

	poll(&p, 1, 2);
	return p.revents ? p.fd : -1;
}

/* The ioctls. "grow" makes a struct longer or shorter than it is. */

static void op_query(const uint64_t *arg)
{
	struct zcdev_query q = { .size = sizeof(q) + arg[2], .flags = arg[1] };

	ioctl(slot_fd(arg[0]), ZCDEV_QUERY, memory_place(arg[3], &q, sizeof(q)));
}

static void op_create(const uint64_t *arg)
{
	struct zcdev_pool_create c = {
		.size = sizeof(c) + arg[5],
		.count = arg[1],
		.buf_size = arg[2],
		.flags = arg[3],
		.node = (int)arg[4] - 1,
	};

	ioctl(slot_fd(arg[0]), ZCDEV_POOL_CREATE, memory_place(arg[6], &c, sizeof(c)));
}

/* As create, but with a pool that most transfers can use. */
static void op_pool(const uint64_t *arg)
{
	struct zcdev_pool_create c = {
		.size = sizeof(c),
		.count = 1 + arg[1] % 8,
		.buf_size = 4096 << arg[2] % 9,
		.node = ZCDEV_NODE_ANY,
	};

	ioctl(slot_fd(arg[0]), ZCDEV_POOL_CREATE, &c);
}

static void op_info(const uint64_t *arg)
{
	struct zcdev_pool_info info = { .size = sizeof(info) + arg[2], .flags = arg[1] };

	ioctl(slot_fd(arg[0]), ZCDEV_POOL_INFO, memory_place(arg[3], &info, sizeof(info)));
}

static void op_wait(const uint64_t *arg)
{
	struct zcdev_buf_wait w = {
		.size = sizeof(w) + arg[5],
		.offset = arg[1],
		.len = arg[2],
		.timeout_ns = arg[3],
		.flags = arg[4],
	};

	ioctl(slot_fd(arg[0]), ZCDEV_BUF_WAIT, memory_place(arg[6], &w, sizeof(w)));
}

static void op_acquire(const uint64_t *arg)
{
	uint32_t indices[INDICES];
	struct zcdev_buf_acquire a = {
		.size = sizeof(a) + arg[4],
		.count = arg[1],
		.timeout_ns = arg[2],
		.flags = arg[3],
		.indices = (uintptr_t)memory_place(arg[5], indices, sizeof(indices)),
	};

	/* More would be written behind the array: that is what the kernel is told. */
	if (arg[5] == PLACE_HERE && a.count > INDICES)
		a.indices = (uintptr_t)memory_arena(0);
	ioctl(slot_fd(arg[0]), ZCDEV_BUF_ACQUIRE, memory_place(arg[6], &a, sizeof(a)));
}

static void op_release(const uint64_t *arg)
{
	uint32_t indices[INDICES], i;
	struct zcdev_buf_release r = {
		.size = sizeof(r) + arg[5],
		.count = arg[1],
		.flags = arg[4],
	};

	for (i = 0; i < INDICES; i++)
		indices[i] = arg[2] + i * arg[3];
	r.indices = (uintptr_t)memory_place(arg[6], indices, sizeof(indices));
	ioctl(slot_fd(arg[0]), ZCDEV_BUF_RELEASE, memory_place(arg[7], &r, sizeof(r)));
}

enum transfer_arg {
	T_POOL, T_SOURCE, T_SINK, T_LEN, T_SINK2, T_SOURCE_AT, T_SINK_AT, T_SOURCE_FLAGS,
	T_SINK_FLAGS, T_FLAGS, T_CHUNK, T_DEPTH, T_HEADER, T_TRAILER, T_RATE, T_LATENCY,
	T_LEFT, T_BELOW, T_GROW, T_END_GROW, T_ENDS_PLACE, T_IOV_PLACE, T_PLACE,
};

static void transfer_ends(struct zcdev_end *ends, const uint64_t *arg)
{
	const uint64_t slots[] = { arg[T_SOURCE], arg[T_SINK], arg[T_SINK2] };
	unsigned int i;

	for (i = 0; i <= SINKS; i++) {
		ends[i].fd = slot_fd(slots[i]);
		ends[i].flags = i ? arg[T_SINK_FLAGS] : arg[T_SOURCE_FLAGS];
		/* Two sinks at one place would be refused. */
		ends[i].offset = i ? arg[T_SINK_AT] * i : arg[T_SOURCE_AT];
		ends[i].copy_below = i ? arg[T_BELOW] : 0;
	}
}

/* Header and trailer come from the arena if it is mapped, so from a pool. */
static uint64_t transfer_iov(struct zcdev_iov iov[2], uint64_t bytes, uint64_t place)
{
	static char text[4096];

	iov[0] = (struct zcdev_iov) { (uintptr_t)text, bytes < 4096 ? bytes : 4096 };
	iov[1] = (struct zcdev_iov) { (uintptr_t)memory_arena(1000),
				      bytes < 4096 ? 0 : bytes - 4096 };
	return (uintptr_t)memory_place(place, iov, 2 * sizeof(*iov));
}

static void op_transfer(const uint64_t *arg)
{
	struct zcdev_end ends[1 + SINKS] = {};
	struct zcdev_iov header[2], trailer[2];
	struct zcdev_range left[INDICES];
	struct zcdev_transfer t = {
		.size = sizeof(t) + arg[T_GROW],
		.flags = arg[T_FLAGS],
		.len = arg[T_LEN],
		.end_size = sizeof(ends[0]) + arg[T_END_GROW],
		.sink_count = arg[T_SINK2] ? 2 : 1,
		.chunk = arg[T_CHUNK],
		.depth = arg[T_DEPTH],
		.rate = arg[T_RATE],
		.latency_ns = arg[T_LATENCY],
		.left_count = arg[T_LEFT] < INDICES ? arg[T_LEFT] : INDICES,
		.left = (uintptr_t)left,
	};

	if (arg[T_HEADER]) {
		t.header = transfer_iov(header, arg[T_HEADER], arg[T_IOV_PLACE]);
		t.header_count = 2;
	}
	if (arg[T_TRAILER]) {
		t.trailer = transfer_iov(trailer, arg[T_TRAILER], arg[T_IOV_PLACE]);
		t.trailer_count = 2;
	}
	transfer_ends(ends, arg);
	t.ends = (uintptr_t)memory_place(arg[T_ENDS_PLACE], ends, sizeof(ends));
	ioctl(slot_fd(arg[T_POOL]), ZCDEV_TRANSFER, memory_place(arg[T_PLACE], &t, sizeof(t)));
}

/* Any number, any bytes. */
static void op_ioctl(const uint64_t *arg)
{
	uint64_t words[64];
	unsigned int i;

	for (i = 0; i < 64; i++)
		words[i] = i == 7 ? arg[3] : i == 2 ? arg[4] : 0;
	words[0] = (uint32_t)arg[2] | arg[5] << 32;
	ioctl(slot_fd(arg[0]), _IO(ZCDEV_IOC_TYPE, 0) + arg[1], words);
}

/* Mappings */

static void op_mmap(const uint64_t *arg)
{
	size_t len = arg[1] % ARENA_SIZE;
	int flags = MAP_FIXED | (arg[5] & 1 ? MAP_PRIVATE : MAP_SHARED);

	mmap(memory_arena(arg[3] << 12), len, (arg[4] & 3) ?: PROT_READ | PROT_WRITE,
	     flags | (arg[5] & 2 ? MAP_POPULATE : 0), slot_fd(arg[0]), arg[2]);
}

static void op_munmap(const uint64_t *arg)
{
	munmap(memory_arena(arg[0] << 12), arg[1] % ARENA_SIZE);
}

static void op_mremap(const uint64_t *arg)
{
	mremap(memory_arena(arg[0] << 12), arg[1] % ARENA_SIZE, arg[2] % ARENA_SIZE,
	       arg[4] & (MREMAP_MAYMOVE | MREMAP_FIXED), memory_arena(arg[3] << 12));
}

static void op_madvise(const uint64_t *arg)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_DONTFORK, MADV_DOFORK, MADV_DONTDUMP, MADV_HUGEPAGE,
		MADV_REMOVE, MADV_FREE, MADV_POPULATE_WRITE, MADV_PAGEOUT, MADV_MERGEABLE,
		MADV_COLD, MADV_WILLNEED,
	};

	madvise(memory_arena(arg[0] << 12), arg[1] % ARENA_SIZE,
		advice[arg[2] % (sizeof(advice) / sizeof(*advice))]);
}

static void op_mprotect(const uint64_t *arg)
{
	mprotect(memory_arena(arg[0] << 12), arg[1] % ARENA_SIZE, arg[2] & 7);
}

static void op_mlock(const uint64_t *arg)
{
	mlock(memory_arena(arg[0] << 12), arg[1] % ARENA_SIZE);
}

static void op_touch(const uint64_t *arg)
{
	volatile char *at = memory_arena(arg[0]);

	if (arg[1])
		*at = arg[1];
	else
		(void)*at;
}

/* Reading and writing */

static void op_read(const uint64_t *arg)
{
	pread(ready(arg[0], POLLIN), memory_arena(arg[1]), arg[2] % MOST, arg[3]);
}

static void op_write(const uint64_t *arg)
{
	pwrite(ready(arg[0], POLLOUT), memory_arena(arg[1]), arg[2] % MOST, arg[3]);
}

/* Through memory that is no pool, at the position. */
static void op_copy(const uint64_t *arg)
{
	static __thread char buf[65536];
	size_t len = arg[2] % sizeof(buf);

	if (read(ready(arg[0], POLLIN), buf, len) < 0)
		memset(buf, 'x', len);
	write(ready(arg[1], POLLOUT), buf, len);
}

static void op_readv(const uint64_t *arg)
{
	struct iovec iov[2] = {
		{ memory_arena(arg[1]), arg[2] % MOST },
		{ memory_arena(arg[3]), arg[2] % 5000 },
	};

	if (arg[4])
		writev(ready(arg[0], POLLOUT), iov, 2);
	else
		readv(ready(arg[0], POLLIN), iov, 2);
}

static void op_seek(const uint64_t *arg)
{
	lseek(slot_fd(arg[0]), arg[1], arg[2]);
}

static void op_splice(const uint64_t *arg)
{
	loff_t in = arg[3], out = arg[4];

	splice(ready(arg[0], POLLIN), arg[5] & 1 ? &in : NULL, ready(arg[1], POLLOUT),
	       arg[5] & 2 ? &out : NULL, arg[2] % MOST, arg[5] >> 2);
}

static void op_tee(const uint64_t *arg)
{
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK))
		return;
	tee(slot_fd(SLOT_PIPE_OUT), pipes[1], arg[0] % MOST, SPLICE_F_NONBLOCK);
	splice(pipes[0], NULL, slot_fd(arg[1]), NULL, arg[0] % MOST, SPLICE_F_NONBLOCK);
	close(pipes[0]);
	close(pipes[1]);
}

static void op_sendfile(const uint64_t *arg)
{
	off_t at = arg[3];

	sendfile(ready(arg[1], POLLOUT), ready(arg[0], POLLIN), arg[4] ? &at : NULL, arg[2] % MOST);
}

static void op_vmsplice(const uint64_t *arg)
{
	struct iovec iov = { memory_arena(arg[0]), arg[1] % 65536 };

	vmsplice(ready(SLOT_PIPE_IN, POLLOUT), &iov, 1, arg[2] & (SPLICE_F_GIFT | SPLICE_F_NONBLOCK));
}

static void op_send(const uint64_t *arg)
{
	int one = 1, fd = slot_fd(arg[0]);

	if (arg[3] & MSG_ZEROCOPY)
		setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one));
	send(fd, memory_arena(arg[1]), arg[2] % MOST, arg[3]);
}

static void op_recv(const uint64_t *arg)
{
	recv(ready(arg[0], POLLIN), memory_arena(arg[1]), arg[2] % MOST, arg[3]);
}

/* What may happen to an end */

static void op_truncate(const uint64_t *arg)
{
	int fd = slot_fd(arg[0]);

	/* The source is there for the next program, too. */
	if (arg[0] != SLOT_FILE && arg[0] != SLOT_DIRECT && arg[0] != SLOT_HOLES)
		ftruncate(fd, arg[1] % (64 << 20));
}

static void op_fallocate(const uint64_t *arg)
{
	fallocate(slot_fd(SLOT_OUT), arg[0], arg[1] % (16 << 20), arg[2] % (16 << 20));
}

static void op_sync(const uint64_t *arg)
{
	fsync(slot_fd(arg[0]));
	posix_fadvise(slot_fd(arg[0]), 0, 0, POSIX_FADV_DONTNEED);
}

static void op_flags(const uint64_t *arg)
{
	fcntl(slot_fd(arg[0]), F_SETFL, arg[1] & (O_NONBLOCK | O_DIRECT | O_APPEND));
}

static void op_shutdown(const uint64_t *arg)
{
	shutdown(slot_fd(arg[0]), arg[1]);
}

static void op_buffer(const uint64_t *arg)
{
	int bytes = arg[1], fd = slot_fd(arg[0]);
	struct timeval timeout = { .tv_usec = arg[2] % 50000 };

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	fcntl(fd, F_SETPIPE_SZ, bytes);
}

static void op_tls(const uint64_t *arg)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info.version = TLS_1_2_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};
	int fd = slot_fd(arg[0]);

	setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls"));
	setsockopt(fd, SOL_TLS, arg[1] ? TLS_RX : TLS_TX, &info, sizeof(info));
}

static void op_poll(const uint64_t *arg)
{
	struct pollfd p = { .fd = slot_fd(arg[0]), .events = POLLIN | POLLOUT | POLLPRI };

	poll(&p, 1, 1);
}

static void op_close(const uint64_t *arg)
{
	slot_close(arg[0]);
}

static void op_dup(const uint64_t *arg)
{
	slot_put(SLOT_ZC2, fcntl(slot_fd(arg[0]), F_DUPFD_CLOEXEC, 0));
}

/* Send a descriptor to ourselves, and take it out of the queue or leave it. */
static void op_pass(const uint64_t *arg)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fd = slot_fd(arg[0]);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(slot_fd(SLOT_UNIX_A), &msg, MSG_DONTWAIT) != 1 || !arg[1] ||
	    recvmsg(slot_fd(SLOT_UNIX_B), &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
		return;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS) {
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		slot_put(SLOT_ZC2, fd);
	}
}

/* A child with all of it, that writes to the arena, and goes now or later. */
static void op_fork(const uint64_t *arg)
{
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		usleep(arg[0] % 50 * 1000);
		if (arg[1])
			*(volatile char *)memory_arena(arg[1]) = 1;
		_exit(0);
	}
}

/* Anybody, with what anybody may lock. */
static void op_user(const uint64_t *arg)
{
	struct rlimit limit = { arg[0] % (16 << 20), arg[0] % (16 << 20) };

	setrlimit(RLIMIT_MEMLOCK, &limit);
	setresuid(1000, 1000, 1000);
}

static void op_pause(const uint64_t *arg)
{
	usleep(arg[0] % 10000);
}

/* Netlink */

static void op_netlink(const uint64_t *arg)
{
	struct netlink_attr attr[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		attr[i].type = arg[2 + 3 * i];
		attr[i].kind = arg[3 + 3 * i];
		attr[i].value = arg[4 + 3 * i];
	}
	netlink_send(arg[0], arg[1], attr, 3);
}

static void op_listen(const uint64_t *arg)
{
	netlink_listen(arg[0]);
}

#define ALL_TRANSFER	(ZCDEV_TRANSFER_STRICT | ZCDEV_TRANSFER_FAIL_FAST)
#define ALL_END		(ZCDEV_END_OFFSET | ZCDEV_END_DIRECT | ZCDEV_END_BUFFERED | \
			 ZCDEV_END_PAGE_CACHE | ZCDEV_END_SPARSE)
#define ALL_SPLICE	(SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)
#define ALL_SEND	(MSG_DONTWAIT | MSG_MORE | MSG_ZEROCOPY | MSG_OOB)
#define ATTR(n)		NUM("type" n, 20), NUM("kind" n, NETLINK_KINDS - 1), NUM("value" n, 20)

const struct op ops[] = {
	{ "transfer", 30, op_transfer, {
		[T_POOL] = POOL, [T_SOURCE] = SLOT("from"), [T_SINK] = SLOT("to"),
		[T_LEN] = SIZE("len"), [T_SINK2] = SLOT("to2"), [T_SOURCE_AT] = SIZE("from_at"),
		[T_SINK_AT] = SIZE("to_at"), [T_SOURCE_FLAGS] = FLAGS("from_flags", ALL_END),
		[T_SINK_FLAGS] = FLAGS("to_flags", ALL_END), [T_FLAGS] = FLAGS("flags", ALL_TRANSFER),
		[T_CHUNK] = SIZE("chunk"), [T_DEPTH] = NUM("depth", 8),
		[T_HEADER] = SIZE("header"), [T_TRAILER] = SIZE("trailer"), [T_RATE] = SIZE("rate"),
		[T_LATENCY] = TIME("latency"), [T_LEFT] = NUM("left", 4), [T_BELOW] = SIZE("below"),
		[T_GROW] = NUM("grow", 0), [T_END_GROW] = NUM("end_grow", 0),
		[T_ENDS_PLACE] = PLACE("ends_place"), [T_IOV_PLACE] = PLACE("iov_place"),
		[T_PLACE] = PLACE("place") } },
	{ "pool", 10, op_pool, { POOL, NUM("count", 8), NUM("order", 10) } },
	{ "create", 4, op_create, { POOL, NUM("count", 8), SIZE("size"),
		FLAGS("flags", ZCDEV_POOL_CONTIGUOUS | ZCDEV_POOL_DMA32), NUM("node", 1),
		NUM("grow", 0), PLACE("place") } },
	{ "query", 1, op_query, { POOL, FLAGS("flags", 0), NUM("grow", 0), PLACE("place") } },
	{ "info", 2, op_info, { POOL, FLAGS("flags", 0), NUM("grow", 0), PLACE("place") } },
	{ "wait", 3, op_wait, { POOL, SIZE("at"), SIZE("len"), TIME("time"), FLAGS("flags", 0),
		NUM("grow", 0), PLACE("place") } },
	{ "acquire", 5, op_acquire, { POOL, NUM("count", 8), TIME("time"), FLAGS("flags", 0),
		NUM("grow", 0), PLACE("list_place"), PLACE("place") } },
	{ "release", 5, op_release, { POOL, NUM("count", 8), NUM("first", 4), NUM("step", 2),
		FLAGS("flags", 0), NUM("grow", 0), PLACE("list_place"), PLACE("place") } },
	{ "ioctl", 2, op_ioctl, { POOL, NUM("nr", 8), NUM("size", 200), SIZE("a"), SIZE("b"),
		FLAGS("flags", 7) } },
	{ "mmap", 10, op_mmap, { POOL, SIZE("len"), SIZE("at"), NUM("where", 64), NUM("prot", 7),
		FLAGS("flags", 3) } },
	{ "munmap", 4, op_munmap, { NUM("where", 64), SIZE("len") } },
	{ "mremap", 2, op_mremap, { NUM("where", 64), SIZE("len"), SIZE("new"), NUM("to", 128),
		FLAGS("flags", MREMAP_MAYMOVE | MREMAP_FIXED) } },
	{ "madvise", 3, op_madvise, { NUM("where", 64), SIZE("len"), NUM("advice", 11) } },
	{ "mprotect", 2, op_mprotect, { NUM("where", 64), SIZE("len"), NUM("prot", 7) } },
	{ "mlock", 1, op_mlock, { NUM("where", 64), SIZE("len") } },
	{ "touch", 5, op_touch, { SIZE("at"), NUM("write", 1) } },
	{ "read", 4, op_read, { SLOT("fd"), SIZE("mem"), SIZE("len"), SIZE("at") } },
	{ "write", 4, op_write, { SLOT("fd"), SIZE("mem"), SIZE("len"), SIZE("at") } },
	{ "copy", 5, op_copy, { SLOT("from"), SLOT("to"), SIZE("len") } },
	{ "readv", 2, op_readv, { SLOT("fd"), SIZE("mem"), SIZE("len"), SIZE("mem2"),
		NUM("write", 1) } },
	{ "seek", 2, op_seek, { SLOT("fd"), SIZE("at"), NUM("whence", 4) } },
	{ "splice", 6, op_splice, { SLOT("from"), SLOT("to"), SIZE("len"), SIZE("from_at"),
		SIZE("to_at"), FLAGS("flags", 3 | ALL_SPLICE << 2) } },
	{ "tee", 1, op_tee, { SIZE("len"), SLOT("to") } },
	{ "sendfile", 2, op_sendfile, { SLOT("from"), SLOT("to"), SIZE("len"), SIZE("at"),
		NUM("pos", 1) } },
	{ "vmsplice", 3, op_vmsplice, { SIZE("mem"), SIZE("len"), FLAGS("flags", ALL_SPLICE) } },
	{ "send", 3, op_send, { SLOT("fd"), SIZE("mem"), SIZE("len"), FLAGS("flags", ALL_SEND) } },
	{ "recv", 3, op_recv, { SLOT("fd"), SIZE("mem"), SIZE("len"),
		FLAGS("flags", MSG_DONTWAIT | MSG_PEEK) } },
	{ "truncate", 1, op_truncate, { SLOT("fd"), SIZE("len") } },
	{ "fallocate", 1, op_fallocate, { FLAGS("mode", 3), SIZE("at"), SIZE("len") } },
	{ "sync", 1, op_sync, { SLOT("fd") } },
	{ "flags", 4, op_flags, { SLOT("fd"), FLAGS("set", O_NONBLOCK | O_DIRECT | O_APPEND) } },
	{ "shutdown", 1, op_shutdown, { SLOT("fd"), NUM("how", 2) } },
	{ "buffer", 2, op_buffer, { SLOT("fd"), SIZE("len"), NUM("time", 50000) } },
	{ "tls", 2, op_tls, { SLOT("fd"), NUM("rx", 1) } },
	{ "poll", 1, op_poll, { SLOT("fd") } },
	{ "close", 4, op_close, { SLOT("fd") } },
	{ "dup", 1, op_dup, { SLOT("fd") } },
	{ "pass", 2, op_pass, { SLOT("fd"), NUM("take", 1) } },
	{ "fork", 2, op_fork, { NUM("wait", 50), SIZE("touch") } },
	{ "user", 1, op_user, { SIZE("limit") } },
	{ "pause", 1, op_pause, { NUM("us", 10000) } },
	{ "netlink", 8, op_netlink, { NUM("cmd", 16), FLAGS("flags", NLM_F_DUMP | NLM_F_ECHO),
		ATTR("1"), ATTR("2"), ATTR("3") } },
	{ "listen", 1, op_listen, { NUM("group", 20) } },
	{}
};
