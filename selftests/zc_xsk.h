/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A socket of AF_XDP, with its four rings; its memory is the caller's.
 */
#ifndef ZC_XSK_H
#define ZC_XSK_H

#include <linux/if_xdp.h>

#include "zc_task.h"

#define ZC_XSK_RING	64U	/* entries of each ring */

/**
 * struct zc_xsk_ring - one of the four, as it is shared with the kernel
 * @producer: counts what was put in
 * @consumer: counts what was taken out
 * @desc: the entries: addresses, or struct xdp_desc
 * @map: where it is mapped, all of it
 * @len: bytes of that
 */
struct zc_xsk_ring {
	uint32_t *producer;
	uint32_t *consumer;
	void *desc;
	void *map;
	size_t len;
};

/**
 * struct zc_xsk - a socket and its rings
 * @sock: the socket
 * @fill: to be received into
 * @completion: that were sent
 * @rx: received
 * @tx: to be sent
 */
struct zc_xsk {
	int sock;
	struct zc_xsk_ring fill, completion, rx, tx;
};

static inline void zc_xsk_ring_size(int sock, int which)
{
	unsigned int entries = ZC_XSK_RING;

	zc_must(!setsockopt(sock, SOL_XDP, which, &entries, sizeof(entries)));
}

static inline void zc_xsk_ring_map(struct zc_xsk_ring *ring, int sock,
				   off_t where,
				   const struct xdp_ring_offset *off,
				   size_t entry)
{
	ring->len = off->desc + ZC_XSK_RING * entry;
	ring->map = mmap(NULL, ring->len, PROT_READ | PROT_WRITE, MAP_SHARED,
			 sock, where);
	zc_must(ring->map != MAP_FAILED);
	ring->producer = (uint32_t *)((char *)ring->map + off->producer);
	ring->consumer = (uint32_t *)((char *)ring->map + off->consumer);
	ring->desc = (char *)ring->map + off->desc;
}

/* Without memory, and bound to nothing yet; but the rings are there. */
static inline void zc_xsk_open(struct zc_xsk *x)
{
	struct xdp_mmap_offsets off;
	socklen_t len = sizeof(off);

	x->sock = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	zc_must(x->sock >= 0);
	zc_xsk_ring_size(x->sock, XDP_UMEM_FILL_RING);
	zc_xsk_ring_size(x->sock, XDP_UMEM_COMPLETION_RING);
	zc_xsk_ring_size(x->sock, XDP_RX_RING);
	zc_xsk_ring_size(x->sock, XDP_TX_RING);
	zc_must(!getsockopt(x->sock, SOL_XDP, XDP_MMAP_OFFSETS, &off, &len));
	zc_xsk_ring_map(&x->fill, x->sock, XDP_UMEM_PGOFF_FILL_RING, &off.fr, 8);
	zc_xsk_ring_map(&x->completion, x->sock,
			XDP_UMEM_PGOFF_COMPLETION_RING, &off.cr, 8);
	zc_xsk_ring_map(&x->rx, x->sock, XDP_PGOFF_RX_RING, &off.rx,
			sizeof(struct xdp_desc));
	zc_xsk_ring_map(&x->tx, x->sock, XDP_PGOFF_TX_RING, &off.tx,
			sizeof(struct xdp_desc));
}

/* @len bytes from @umem on are its memory, in chunks; queue 0 of a card its place. */
static inline void zc_xsk_bind(struct zc_xsk *x, void *umem, size_t len,
			       uint32_t chunk, unsigned int card)
{
	struct xdp_umem_reg reg = {
		.addr = (uintptr_t)umem,
		.len = len,
		.chunk_size = chunk,
	};
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_COPY,
		.sxdp_ifindex = card,
	};

	zc_must(!setsockopt(x->sock, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)));
	zc_must(!bind(x->sock, (struct sockaddr *)&addr, sizeof(addr)));
}

static inline void zc_xsk_close(struct zc_xsk *x)
{
	struct zc_xsk_ring *rings[] = { &x->fill, &x->completion, &x->rx, &x->tx };

	for (int i = 0; i < 4; i++)
		munmap(rings[i]->map, rings[i]->len);
	close(x->sock);
}

/* Does the kernel have something for us? */
static inline bool zc_xsk_ready(const struct zc_xsk_ring *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) !=
	       *ring->consumer;
}

static inline void zc_xsk_advance(uint32_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELEASE);
}

/* Somebody may write to the chunk at @addr. */
static inline void zc_xsk_give(struct zc_xsk *x, uint64_t addr)
{
	uint64_t *desc = x->fill.desc;

	desc[*x->fill.producer % ZC_XSK_RING] = addr;
	zc_xsk_advance(x->fill.producer);
}

/* Send the @len bytes at @addr, and wait for that. */
static inline void zc_xsk_send(struct zc_xsk *x, uint64_t addr, uint32_t len)
{
	struct xdp_desc *desc = x->tx.desc;

	desc[*x->tx.producer % ZC_XSK_RING] = (struct xdp_desc) {
		.addr = addr, .len = len,
	};
	zc_xsk_advance(x->tx.producer);
	zc_must(sendto(x->sock, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0);
	zc_must(zc_wait_until(10, zc_xsk_ready(&x->completion)));
	zc_must(((uint64_t *)x->completion.desc)
		[*x->completion.consumer % ZC_XSK_RING] == addr);
	zc_xsk_advance(x->completion.consumer);
}

#endif /* ZC_XSK_H */
