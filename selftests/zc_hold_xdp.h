/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A holder: AF_XDP, which sends what it has by the loopback card when it lets go.
 */
#ifndef ZC_HOLD_XDP_H
#define ZC_HOLD_XDP_H

#include "zc_hold.h"

/* Somebody who hears what is sent, and the socket. */
static inline void prepare_xdp(struct hold *h)
{
	h->fds[0] = -1;
	h->fds[1] = zc_packet_bound(SOCK_RAW, ETH_P_ALL, ZC_LO);
	zc_xsk_open(&h->xsk);
}

/* The buffers 1 and 2 are its memory. */
static inline bool take_xdp(struct hold *h, int fd, unsigned char *map)
{
	(void)fd;
	zc_xsk_bind(&h->xsk, map + BUF, HELD * BUF, ZC_PAGE, ZC_LO);
	return true;
}

static inline bool drop_xdp(struct hold *h)
{
	zc_xsk_close(&h->xsk);
	return !close(h->fds[1]);
}

static inline bool give_xdp(struct hold *h)
{
	unsigned char page[ZC_PAGE + 1];
	bool right = true;

	for (int i = 0; i < HELD; i++) {
		zc_xsk_send(&h->xsk, held_at(i) - BUF, ZC_PAGE);
		/* Others may use this card as well. */
		while (read(h->fds[1], page, sizeof(page)) != (ssize_t)ZC_PAGE)
			;
		right = right && page_is_right(page, i);
	}
	return drop_xdp(h) && right;
}

#endif /* ZC_HOLD_XDP_H */
