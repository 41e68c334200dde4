/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Holders: other processes, who will have the descriptor, transfers.
 */
#ifndef ZC_HOLD_TASK_H
#define ZC_HOLD_TASK_H

#include "zc_hold.h"
#include "zc_pair.h"

/* Another process with its own page tables */

static inline bool take_fork(struct hold *h, int fd, unsigned char *map)
{
	char go;
	pid_t pid = fork();

	zc_must(pid >= 0);
	if (pid) {
		h->pid = pid;
		return true;
	}
	close(h->fds[0]);
	close(fd);
	if (read(h->fds[1], &go, 1) != 1)
		_exit(1);
	for (int i = 0; i < HELD; i++)
		if (!page_is_right(map + held_at(i), i))
			_exit(2);
	_exit(0);
}

static inline int hold_wait(struct hold *h)
{
	int status;

	zc_must(waitpid(h->pid, &status, 0) == h->pid);
	hold_close(h);
	return status;
}

static inline bool give_fork(struct hold *h)
{
	zc_must(write(h->fds[0], "", 1) == 1);
	return !hold_wait(h);
}

static inline bool drop_fork(struct hold *h)
{
	kill(h->pid, SIGKILL);
	return hold_wait(h) == SIGKILL;
}

/* The descriptor, on its way */

static inline bool take_pass(struct hold *h, int fd, unsigned char *map)
{
	(void)map;
	zc_send_fd(h->fds[0], fd);
	return true;
}

static inline bool give_pass(struct hold *h)
{
	int fd = zc_recv_fd(h->fds[1]);
	unsigned char *map = mmap(NULL, POOL, PROT_READ, MAP_SHARED, fd, 0);
	bool right = true;

	zc_must(map != MAP_FAILED);
	for (int i = 0; i < HELD; i++)
		right = right && page_is_right(map + held_at(i), i);
	munmap(map, POOL);
	close(fd);
	hold_close(h);
	return right;
}

/* A transfer out of the pool, whose sink is full */

#define MOVES		(2 * BUF)	/* the buffers 1 and 2 */

static inline void prepare_transfer(struct hold *h)
{
	/* Of one entry, which is one buffer. */
	zc_pair(ZC_PAIR_PIPE, h->fds);
	zc_must(fcntl(h->fds[0], F_SETPIPE_SZ, ZC_PAGE) == (int)ZC_PAGE);
}

static inline int queued(const struct hold *h)
{
	int bytes = 0;

	zc_must(!ioctl(h->fds[1], FIONREAD, &bytes));
	return bytes;
}

static inline bool take_transfer(struct hold *h, int fd, unsigned char *map)
{
	struct zc_mover *m = &h->mover;

	(void)map;
	*m = (struct zc_mover) { .zc = fd, .x = zc_xfer(fd, h->fds[0]) };
	m->x.t.len = MOVES;
	m->x.end[0].flags = ZCDEV_END_OFFSET;
	m->x.end[0].offset = BUF;
	zc_mover_start(m);
	zc_must(zc_wait_until(10, queued(h) > 0));
	return true;
}

/* As much as arrives, which is right, and no more than there is. */
static inline bool read_moved(struct hold *h, size_t *bytes)
{
	unsigned char part[MOVES];
	ssize_t n;

	*bytes = 0;
	while (*bytes < MOVES &&
	       (n = read(h->fds[1], part, MOVES - *bytes)) > 0) {
		if (zc_differs(part, n, SEED, BUF + *bytes) != (size_t)n)
			return false;
		*bytes += n;
	}
	return true;
}

static inline bool give_transfer(struct hold *h)
{
	size_t bytes;
	bool right = read_moved(h, &bytes);

	zc_mover_join(&h->mover);
	hold_close(h);
	return right && bytes == MOVES && !h->mover.error &&
	       h->mover.x.t.out_bytes == MOVES;
}

/* What it had sent can be read all the same. */
static inline bool after_transfer(struct hold *h)
{
	size_t bytes, want = queued(h);
	bool right;

	close(h->fds[0]);
	right = read_moved(h, &bytes);
	close(h->fds[1]);
	return right && bytes && bytes == want;
}

static inline bool drop_transfer(struct hold *h)
{
	size_t bytes = queued(h);

	close(h->fds[1]);
	zc_mover_join(&h->mover);
	close(h->fds[0]);
	return bytes < MOVES && !h->mover.error &&
	       h->mover.x.t.out_error == EPIPE;
}

#endif /* ZC_HOLD_TASK_H */
