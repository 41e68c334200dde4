/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Holders: io_uring, and a disk that it writes to.
 */
#ifndef ZC_HOLD_RING_H
#define ZC_HOLD_RING_H

#include "zc_disk.h"
#include "zc_hold.h"

/* io_uring, with pages registered; each written out when it lets go */

static inline bool take_uring(struct hold *h, int fd, unsigned char *map)
{
	int ret;

	(void)fd;
	for (int i = 0; i < HELD; i++)
		h->iov[i] = (struct iovec) { map + held_at(i), ZC_PAGE };
	zc_must(!io_uring_queue_init(4, &h->ring, 0));
	ret = io_uring_register_buffers(&h->ring, h->iov, HELD);
	zc_must(!ret || ret == -EOPNOTSUPP);
	if (ret)
		io_uring_queue_exit(&h->ring);
	return !ret;
}

static inline int one_cqe(struct hold *h)
{
	struct io_uring_cqe *cqe;
	int res;

	zc_must(!io_uring_wait_cqe(&h->ring, &cqe));
	res = cqe->res;
	io_uring_cqe_seen(&h->ring, cqe);
	return res;
}

static inline bool give_uring(struct hold *h)
{
	int file = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	unsigned char page[ZC_PAGE];
	bool right = true;

	for (int i = 0; i < HELD; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&h->ring);

		io_uring_prep_write_fixed(sqe, file, h->iov[i].iov_base,
					  ZC_PAGE, 0, i);
		zc_must(io_uring_submit(&h->ring) == 1);
		right = one_cqe(h) == ZC_PAGE && right;
		zc_must(pread(file, page, ZC_PAGE, 0) == (ssize_t)ZC_PAGE);
		right = right && page_is_right(page, i);
	}
	io_uring_queue_exit(&h->ring);
	close(file);
	return right;
}

static inline bool after_uring(struct hold *h)
{
	(void)h;
	return true;
}

static inline bool drop_uring(struct hold *h)
{
	io_uring_queue_exit(&h->ring);
	return true;
}

/* A disk that answers when it is resumed */

#define DM_NAME		"zcteardown"
#define DM_DISK		"/dev/mapper/" DM_NAME
#define DM_SECTORS	(16 * MiB / 512)

static inline void dm_suspend(bool suspend)
{
	zc_must(!zc_dm_suspend(DM_NAME, suspend));
}

/* The disk is there, or all of it is bad; for what comes when it is resumed. */
static inline void dm_load(bool good)
{
	struct zc_dm_call call = { .target.length = DM_SECTORS };

	strcpy(call.target.target_type, good ? "linear" : "error");
	if (good)
		snprintf(call.args, sizeof(call.args), "%s 0", zc_scratch());
	zc_must(!zc_dm_do(DM_TABLE_LOAD, DM_NAME, &call, 0));
}

static inline void prepare_disk(struct hold *h)
{
	h->fds[0] = open(DM_DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	zc_must(h->fds[0] >= 0);
	dm_suspend(true);
}

static inline bool take_disk(struct hold *h, int fd, unsigned char *map)
{
	zc_must(!io_uring_queue_init(4, &h->ring, 0));
	for (int i = 0; i < HELD; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&h->ring);

		io_uring_prep_write(sqe, h->fds[0], map + held_at(i), ZC_PAGE,
				    i * ZC_PAGE);
	}
	zc_must(io_uring_submit(&h->ring) == HELD);
	/* A worker of io_uring may have to do it, and then a moment passes. */
	zc_must(zc_wait_until(10, zc_in_flight(fd) == HELD));
	usleep(20000);
	return true;
}

static inline bool disk_answers(struct hold *h, int want)
{
	bool right = true;

	for (int i = 0; i < HELD; i++)
		right = one_cqe(h) == want && right;
	io_uring_queue_exit(&h->ring);
	return right;
}

static inline bool disk_is_right(struct hold *h)
{
	unsigned char *page = aligned_alloc(ZC_PAGE, ZC_PAGE);
	bool right = true;

	for (int i = 0; i < HELD; i++) {
		zc_must(pread(h->fds[0], page, ZC_PAGE, i * ZC_PAGE) ==
			(ssize_t)ZC_PAGE);
		right = right && page_is_right(page, i);
	}
	free(page);
	return right;
}

static inline bool give_disk(struct hold *h)
{
	bool right;

	dm_suspend(false);
	right = disk_answers(h, ZC_PAGE) && disk_is_right(h);
	close(h->fds[0]);
	return right;
}

/* It answers to nobody: what had to wait is written at some time after this. */
static inline bool after_disk(struct hold *h)
{
	bool right;

	dm_suspend(false);
	right = zc_wait_until(5, disk_is_right(h));
	close(h->fds[0]);
	return right;
}

/* The disk dies; a new one is there for whoever comes next. */
static inline bool drop_disk(struct hold *h)
{
	bool right;

	dm_load(false);
	dm_suspend(false);
	right = disk_answers(h, -EIO);
	close(h->fds[0]);
	dm_load(true);
	dm_suspend(false);
	return right;
}

#endif /* ZC_HOLD_RING_H */
