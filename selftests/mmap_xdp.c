// SPDX-License-Identifier: GPL-2.0
/*
 * The mapping as the UMEM of an AF_XDP socket: frames of a peer land in it, and
 * frames in it are sent, over veth, with the generic and the driver's hook.
 */
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <poll.h>
#include <sys/syscall.h>

#include "zc_mem.h"
#include "zc_veth.h"
#include "zc_xsk.h"

#define BUF	(64 * KiB)
#define COUNT	4
#define POOL	(COUNT * BUF)
#define CHUNK	(2 * KiB)
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

/* A socket on queue 0 of zc1, to which that passes all that comes. */
struct tap {
	struct zc_xsk xsk;
	int map, prog, link;
	unsigned char *umem;
};

/* With the mapping of @fd. */
static struct tap tap_open(int fd, uint32_t mode)
{
	struct tap t = { .umem = zc_map(fd, POOL) };

	zc_xsk_open(&t.xsk);
	zc_xsk_bind(&t.xsk, t.umem, POOL, CHUNK, if_nametoindex("zc1"));
	t.map = xskmap(t.xsk.sock);
	t.prog = redirect(t.map);
	t.link = attach(t.prog, "zc1", mode);
	/* A ring has as many entries as half the pool: that is for what comes. */
	for (uint32_t i = 0; i < ZC_XSK_RING; i++)
		zc_xsk_give(&t.xsk, i * CHUNK);
	return t;
}

static void tap_close(struct tap *t)
{
	close(t->link);
	close(t->prog);
	close(t->map);
	zc_xsk_close(&t->xsk);
	munmap(t->umem, POOL);
}

/* The next frame of ours, and its chunk back to where it came from. */
static void receive(struct tap *t, uint32_t seq)
{
	struct pollfd p = { .fd = t->xsk.sock, .events = POLLIN };
	struct zc_xsk_ring *rx = &t->xsk.rx;
	const struct xdp_desc *desc;
	bool ours;

	do {
		if (!zc_xsk_ready(rx))
			assert_int_equal(poll(&p, 1, 10000), 1);
		desc = (struct xdp_desc *)rx->desc + *rx->consumer % ZC_XSK_RING;
		assert_true(desc->addr < POOL / 2);
		ours = zc_frame_ours(t->umem + desc->addr, desc->len);
		if (ours)
			zc_frame_check(t->umem + desc->addr, desc->len, seq);
		zc_xsk_give(&t->xsk, desc->addr / CHUNK * CHUNK);
		zc_xsk_advance(rx->consumer);
	} while (!ours);
}

static void transmit(struct tap *t, uint32_t seq)
{
	uint64_t addr = POOL / 2 + seq % ZC_XSK_RING * CHUNK;

	zc_xsk_send(&t->xsk, addr, zc_frame_make(t->umem + addr, seq));
}

static void both_ways(uint32_t mode)
{
	unsigned char copy[ZC_FRAME_MAX];
	int fd = zc_open_pool(COUNT, BUF), peer = zc_packet_socket("zc0");
	struct tap tap = tap_open(fd, mode);
	uint32_t index;

	/* All of it is pinned, as long as the socket is open. */
	assert_int_equal(zc_in_flight(fd), COUNT);
	assert_int_equal(zc_acquire(fd, &index, 1, 0), -ETIMEDOUT);
	for (uint32_t i = 0; i < FRAMES; i++) {
		size_t len = zc_frame_make(copy, i);

		assert_int_equal(send(peer, copy, len, 0), len);
		receive(&tap, i);
		transmit(&tap, 1000 + i);
		len = recv(peer, copy, sizeof(copy), 0);
		zc_frame_check(copy, len, 1000 + i);
	}
	tap_close(&tap);
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
