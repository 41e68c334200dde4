/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_BUFFER_H
#define _ZC_BUFFER_H

#include <linux/bvec.h>
#include <linux/gfp.h>
#include <linux/page-flags.h>
#include <linux/types.h>
#include <linux/uio.h>

/*
 * A pool is a wish, not a need: what belongs to it is charged to the caller's
 * memory cgroup, and no task is killed to make room for it.
 */
#define ZC_GFP_WISH	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * enum zc_buf_state - who has a buffer
 * @ZC_BUF_IDLE: nobody, though pages of it may still be referenced from outside
 * @ZC_BUF_STAGING: zcdev, for a transfer or on the way to another state
 * @ZC_BUF_ACQUIRED: the program
 */
enum zc_buf_state {
	ZC_BUF_IDLE,
	ZC_BUF_STAGING,
	ZC_BUF_ACQUIRED,
};

/**
 * struct zc_buf - memory of one buffer
 * @bvec: its pieces, each one compound page; immutable from allocation to
 *	release, so a bio or an iov_iter may point at it for as long as the
 *	pool lives. NULL: released.
 * @nr: number of pieces, all equally large
 * @state: who has it; under the lock of the pool
 * @piece: @bvec of a buffer of one piece
 */
struct zc_buf {
	struct bio_vec *bvec;
	u32 nr;
	enum zc_buf_state state;
	struct bio_vec piece;
};

/*
 * A TCP receiver on this machine can have whole single pages mapped into its own
 * memory (TCP_ZEROCOPY_RECEIVE), which looks just like a mapping of the pool: we
 * would think that the page is free again. It cannot with parts of compound
 * pages. What is in a pipe or a UNIX socket can be spliced on to TCP.
 */
static inline bool zc_buf_is_mappable(const struct zc_buf *buf)
{
	return !PageCompound(buf->bvec[0].bv_page);
}

int zc_buf_alloc(struct zc_buf *buf, size_t size, int node, gfp_t gfp,
		 bool contiguous);
void zc_buf_free(struct zc_buf *buf);
bool zc_buf_referenced(const struct zc_buf *buf, bool mapped);
struct page *zc_buf_page(const struct zc_buf *buf, size_t offset);
void zc_buf_iter(const struct zc_buf *buf, unsigned int direction,
		 size_t offset, size_t len, struct iov_iter *iter);
void zc_buf_copy(const struct zc_buf *to, size_t at, const struct zc_buf *from,
		 size_t offset, size_t len);
void zc_buf_zero(const struct zc_buf *buf, size_t offset, size_t len);

#endif /* _ZC_BUFFER_H */
