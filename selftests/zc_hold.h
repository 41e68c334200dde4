/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whoever can have pages of a pool, or its file. Each lets go in two ways: as it
 * should, and then the bytes are looked at, or with what it has never looked at.
 */
#ifndef ZC_HOLD_H
#define ZC_HOLD_H

#include <liburing.h>

#include "zc_mem.h"
#include "zc_sock.h"
#include "zc_xsk.h"

#define BUF	(16 * KiB)
#define POOL	(4 * BUF)
#define SEED	17

/* What a holder has: the second page of the buffers 1 and 2. */
#define HELD	2

static inline size_t held_at(int i)
{
	return (1 + i) * BUF + ZC_PAGE;
}

/**
 * struct hold - somebody who has a part of a pool
 * @fds: of its own; what is written to the first is read from the second
 * @ring: of its own
 * @iov: what io_uring knows its buffers by
 * @pid: another process
 * @mover: a transfer
 * @xsk: of AF_XDP
 */
struct hold {
	int fds[2];
	struct io_uring ring;
	struct iovec iov[HELD];
	pid_t pid;
	struct zc_mover mover;
	struct zc_xsk xsk;
};

/* What of it goes on when the process that took hold has ended. */
enum left { LEFT_ALL, LEFT_QUEUED, LEFT_NOTHING };

/**
 * struct holder - a kind of holder
 * @name: for people
 * @prepare: before the pool is there
 * @take: take hold of it; false: not on this kernel
 * @give: let go; false if the bytes were not right
 * @drop: let go without a look, as when the other side dies; false if that was
 *	not noticed
 * @after: @give, if the process that took hold has ended
 * @left: what there is then
 * @file: it has the whole file, not only pages
 * @exec_waits: a process that executes waits for it
 */
struct holder {
	const char *name;
	void (*prepare)(struct hold *h);
	bool (*take)(struct hold *h, int fd, unsigned char *map);
	bool (*give)(struct hold *h);
	bool (*drop)(struct hold *h);
	bool (*after)(struct hold *h);
	enum left left;
	bool file;
	bool exec_waits;
};

static inline bool page_is_right(const void *page, int i)
{
	return zc_differs(page, ZC_PAGE, SEED, held_at(i)) == ZC_PAGE;
}

static inline void hold_close(struct hold *h)
{
	close(h->fds[0]);
	close(h->fds[1]);
}

static inline void prepare_nothing(struct hold *h)
{
	(void)h;
}

#endif /* ZC_HOLD_H */
