/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two virtual cards that are connected, in a network namespace of their own, and
 * frames between them: of an experimental type, with a number and the bytes that
 * belong to it.
 */
#ifndef ZC_VETH_H
#define ZC_VETH_H

#include <net/if.h>
#include <sched.h>

#include "zc_disk.h"
#include "zc_sock.h"

#define ZC_ETHERTYPE	0x88b5
#define ZC_FRAME_MIN	(sizeof(struct zc_frame) + 1)
#define ZC_FRAME_MAX	1514

/**
 * struct zc_frame - what each frame begins with
 * @eth: addresses, and ZC_ETHERTYPE
 * @seq: seed of the bytes that follow
 */
struct zc_frame {
	struct ether_header eth;
	uint32_t seq;
} __attribute__((packed));

/* Frames have all lengths that there are, in turn. */
static inline size_t zc_frame_len(uint32_t seq)
{
	return ZC_FRAME_MIN + seq * 97 % (ZC_FRAME_MAX - ZC_FRAME_MIN + 1);
}

/* To everybody, so that it matters to nobody who has which address. */
static inline size_t zc_frame_make(void *where, uint32_t seq)
{
	struct zc_frame *frame = where;
	size_t len = zc_frame_len(seq);

	memset(frame, 0, sizeof(*frame));
	memset(frame->eth.ether_dhost, 0xff, ETH_ALEN);
	frame->eth.ether_shost[0] = 2;
	frame->eth.ether_type = htobe16(ZC_ETHERTYPE);
	frame->seq = seq;
	zc_fill(frame + 1, len - sizeof(*frame), seq, 0);
	return len;
}

static inline bool zc_frame_ours(const void *where, size_t len)
{
	const struct zc_frame *frame = where;

	return len >= sizeof(*frame) &&
	       frame->eth.ether_type == htobe16(ZC_ETHERTYPE);
}

/* Short ones may have been padded on their way. */
static inline void zc_frame_check(const void *where, size_t len, uint32_t seq)
{
	const struct zc_frame *frame = where;
	size_t payload = zc_frame_len(seq) - sizeof(*frame);

	assert_int_equal(frame->seq, seq);
	assert_true(len >= zc_frame_len(seq));
	assert_int_equal(zc_differs(frame + 1, payload, seq, 0), payload);
}

/* zc0 and zc1, until the process ends. */
static inline int zc_veth_up(void **state)
{
	(void)state;
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	zc_sh("modprobe -q veth; ip link add zc0 type veth peer name zc1 && "
	      "ip link set zc0 addrgenmode none && "
	      "ip link set zc1 addrgenmode none && "
	      "ip link set zc0 up && ip link set zc1 up");
	return 0;
}

/* A socket that sends and gets frames of ours at one of them. */
static inline int zc_packet_socket(const char *card)
{
	return zc_packet_bound(SOCK_RAW, ZC_ETHERTYPE, if_nametoindex(card));
}

#endif /* ZC_VETH_H */
