// SPDX-License-Identifier: GPL-2.0
/*
 * The mapping as the UMEM of an AF_XDP socket: frames of a peer land in it, and
 * frames in it are sent, over veth, with the generic and the driver's hook.
 */
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <sys/syscall.h>

#include "zc_mem.h"
#include "zc_veth.h"

#define BUF	(64 * KiB)
#define COUNT	4
#define POOL	(COUNT * BUF)
#define CHUNK	(2 * KiB)
#define RING	64U		/* entries of each ring: as many as half the pool */
#define FRAMES	300

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

static int xskmap(int sock)
{
	uint32_t queue = 0, fd = sock;
	union bpf_attr create = {
		.map_type = BPF_MAP_TYPE_XSKMAP,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};
	int map = bpf(BPF_MAP_CREATE, &create);
	union bpf_attr update = {
		.map_fd = map,
		.key = (uintptr_t)&queue,
		.value = (uintptr_t)&fd,
	};

	assert_true(map >= 0);
	assert_int_equal(bpf(BPF_MAP_UPDATE_ELEM, &update), 0);
	return map;
}

/* return bpf_redirect_map(map, ctx->rx_queue_index, XDP_PASS); */
static int redirect(int map)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_1,
		  .off = offsetof(struct xdp_md, rx_queue_index) },
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_1,
		  .src_reg = BPF_PSEUDO_MAP_FD, .imm = map },
		{ },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3,
		  .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)insns,
		.insn_cnt = sizeof(insns) / sizeof(*insns),
		.license = (uintptr_t)"GPL",
	};
	int prog = bpf(BPF_PROG_LOAD, &load);

	assert_true(prog >= 0);
	return prog;
}

/* Attached as long as the link is open. */
static int attach(int prog, const char *card, uint32_t mode)
{
	union bpf_attr attr = {
		.link_create = {
			.prog_fd = prog,
			.target_ifindex = if_nametoindex(card),
			.attach_type = BPF_XDP,
			.flags = mode,
		},
	};
	int link = bpf(BPF_LINK_CREATE, &attr);

	if (link < 0)
		fail_msg("BPF_LINK_CREATE: %s", strerror(errno));
	return link;
}

/**
 * struct ring - one of the four, as it is shared with the kernel
 * @producer: counts what was put in
 * @consumer: counts what was taken out
 * @desc: the entries: addresses, or struct xdp_desc
 */
struct ring {
	uint32_t *producer;
	uint32_t *consumer;
	void *desc;
	void *map;
	size_t len;
};

static void ring_map(struct ring *ring, int sock, off_t where,
		     const struct xdp_ring_offset *off, size_t entry)
{
	ring->len = off->desc + RING * entry;
	ring->map = mmap(NULL, ring->len, PROT_READ | PROT_WRITE, MAP_SHARED,
			 sock, where);
	assert_ptr_not_equal(ring->map, MAP_FAILED);
	ring->producer = (uint32_t *)((char *)ring->map + off->producer);
	ring->consumer = (uint32_t *)((char *)ring->map + off->consumer);
	ring->desc = (char *)ring->map + off->desc;
}

/* Does the kernel have something for us? */
static bool ring_ready(const struct ring *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) !=
	       *ring->consumer;
}

static void ring_advance(uint32_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELEASE);
}

struct xsk {
	int sock, map, prog, link;
	unsigned char *umem;
	struct ring fill, completion, rx, tx;
};

static void ring_size(int sock, int which)
{
	unsigned int entries = RING;

	assert_int_equal(setsockopt(sock, SOL_XDP, which, &entries,
				    sizeof(entries)), 0);
}

static void xsk_rings(struct xsk *x)
{
	struct xdp_mmap_offsets off;
	socklen_t len = sizeof(off);

	ring_size(x->sock, XDP_UMEM_FILL_RING);
	ring_size(x->sock, XDP_UMEM_COMPLETION_RING);
	ring_size(x->sock, XDP_RX_RING);
	ring_size(x->sock, XDP_TX_RING);
	assert_int_equal(getsockopt(x->sock, SOL_XDP, XDP_MMAP_OFFSETS, &off,
				    &len), 0);
	ring_map(&x->fill, x->sock, XDP_UMEM_PGOFF_FILL_RING, &off.fr, 8);
	ring_map(&x->completion, x->sock, XDP_UMEM_PGOFF_COMPLETION_RING,
		 &off.cr, 8);
	ring_map(&x->rx, x->sock, XDP_PGOFF_RX_RING, &off.rx,
		 sizeof(struct xdp_desc));
	ring_map(&x->tx, x->sock, XDP_PGOFF_TX_RING, &off.tx,
		 sizeof(struct xdp_desc));
}

static void give(struct xsk *x, uint64_t addr)
{
	uint64_t *desc = x->fill.desc;

	desc[*x->fill.producer % RING] = addr;
	ring_advance(x->fill.producer);
}

/* On queue 0 of zc1, with the mapping of @fd. */
static struct xsk xsk_open(int fd, uint32_t mode)
{
	struct xsk x = {
		.sock = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0),
		.umem = zc_map(fd, POOL),
	};
	struct xdp_umem_reg reg = {
		.addr = (uintptr_t)x.umem,
		.len = POOL,
		.chunk_size = CHUNK,
	};
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_COPY,
		.sxdp_ifindex = if_nametoindex("zc1"),
	};

	assert_true(x.sock >= 0);
	assert_int_equal(setsockopt(x.sock, SOL_XDP, XDP_UMEM_REG, &reg,
				    sizeof(reg)), 0);
	xsk_rings(&x);
	if (bind(x.sock, (struct sockaddr *)&addr, sizeof(addr)))
		fail_msg("bind: %s", strerror(errno));
	x.map = xskmap(x.sock);
	x.prog = redirect(x.map);
	x.link = attach(x.prog, "zc1", mode);
	/* The first half is for what comes, the second for what goes. */
	for (uint32_t i = 0; i < RING; i++)
		give(&x, i * CHUNK);
	return x;
}

static void xsk_close(struct xsk *x)
{
	struct ring *rings[] = { &x->fill, &x->completion, &x->rx, &x->tx };

	close(x->link);
	close(x->prog);
	close(x->map);
	for (int i = 0; i < 4; i++)
		munmap(rings[i]->map, rings[i]->len);
	close(x->sock);
	munmap(x->umem, POOL);
}

/* The next frame of ours, and its chunk back to where it came from. */
static void receive(struct xsk *x, uint32_t seq)
{
	struct pollfd p = { .fd = x->sock, .events = POLLIN };
	const struct xdp_desc *desc;
	bool ours;

	do {
		if (!ring_ready(&x->rx))
			assert_int_equal(poll(&p, 1, 10000), 1);
		desc = (struct xdp_desc *)x->rx.desc + *x->rx.consumer % RING;
		assert_true(desc->addr < POOL / 2);
		ours = zc_frame_ours(x->umem + desc->addr, desc->len);
		if (ours)
			zc_frame_check(x->umem + desc->addr, desc->len, seq);
		give(x, desc->addr / CHUNK * CHUNK);
		ring_advance(x->rx.consumer);
	} while (!ours);
}

static void transmit(struct xsk *x, uint32_t seq)
{
	struct xdp_desc *desc = x->tx.desc;
	uint64_t addr = POOL / 2 + seq % RING * CHUNK;

	desc[*x->tx.producer % RING] = (struct xdp_desc) {
		.addr = addr,
		.len = zc_frame_make(x->umem + addr, seq),
	};
	ring_advance(x->tx.producer);
	assert_true(sendto(x->sock, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0);
	assert_true(zc_wait_until(10, ring_ready(&x->completion)));
	assert_int_equal(((uint64_t *)x->completion.desc)
			 [*x->completion.consumer % RING], addr);
	ring_advance(x->completion.consumer);
}

static void both_ways(uint32_t mode)
{
	unsigned char copy[ZC_FRAME_MAX];
	int fd = zc_open_pool(COUNT, BUF), peer = zc_packet_socket("zc0");
	struct xsk x = xsk_open(fd, mode);
	uint32_t index;

	/* All of it is pinned, as long as the socket is open. */
	assert_int_equal(zc_in_flight(fd), COUNT);
	assert_int_equal(zc_acquire(fd, &index, 1, 0), -ETIMEDOUT);
	for (uint32_t i = 0; i < FRAMES; i++) {
		size_t len = zc_frame_make(copy, i);

		assert_int_equal(send(peer, copy, len, 0), len);
		receive(&x, i);
		transmit(&x, 1000 + i);
		len = recv(peer, copy, sizeof(copy), 0);
		zc_frame_check(copy, len, 1000 + i);
	}
	xsk_close(&x);
	assert_true(zc_wait_until(10, !zc_in_flight(fd)));
	close(peer);
	close(fd);
	zc_assert_no_pools();
}

static void generic(void **state)
{
	(void)state;
	both_ways(XDP_FLAGS_SKB_MODE);
}

static void driver(void **state)
{
	(void)state;
	both_ways(XDP_FLAGS_DRV_MODE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("AF_XDP UMEM, generic hook", generic),
		ZC_TEST("AF_XDP UMEM, hook of the driver", driver),
	};

	return cmocka_run_group_tests(tests, zc_veth_up, NULL);
}
