// SPDX-License-Identifier: GPL-2.0
/*
 * One buffer: compound pages, and who else holds them.
 *
 * zcdev holds one reference on each piece from zc_buf_alloc() to
 * zc_buf_free(). Each PTE of a mapping adds one reference and one to the
 * mapcount. Whatever is above that belongs to somebody outside: a socket
 * queue, a pipe, a pinned O_DIRECT request. There is no callback when such a
 * reference goes, so whoever wants to reuse a buffer has to look.
 */
#include "buffer.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

static struct page *piece_alloc(unsigned int order, int node, gfp_t gfp)
{
	return alloc_pages_node(node, gfp | GFP_KERNEL_ACCOUNT | __GFP_ZERO |
				__GFP_COMP | __GFP_NOWARN, order);
}

static int buf_fill_pieces(struct zc_buf *buf, unsigned int order, int node,
			   gfp_t gfp)
{
	for (; buf->nr; buf->nr--) {
		struct page *page = piece_alloc(order, node, gfp);

		if (!page)
			return -ENOMEM;
		bvec_set_page(&buf->bvec[buf->nr - 1], page,
			      PAGE_SIZE << order, 0);
	}
	return 0;
}

/* All pieces of one order, or none. */
static int buf_alloc_order(struct zc_buf *buf, size_t size, unsigned int order,
			   int node, gfp_t gfp)
{
	u32 nr = size >> (PAGE_SHIFT + order);
	int ret;

	buf->bvec = nr == 1 ? &buf->piece :
		    kvmalloc_array(nr, sizeof(*buf->bvec), ZC_GFP_WISH);
	if (!buf->bvec)
		return -ENOMEM;

	/* Filled from the end, so that what is there is a suffix. */
	buf->nr = nr;
	ret = buf_fill_pieces(buf, order, node, gfp);
	if (ret) {
		while (buf->nr < nr)
			__free_pages(buf->bvec[buf->nr++].bv_page, order);
		if (buf->bvec != &buf->piece)
			kvfree(buf->bvec);
		buf->bvec = NULL;
	}
	buf->nr = nr;
	return ret;
}

/**
 * zc_buf_alloc() - zeroed memory for one buffer
 * @buf: zeroed, at its final address
 * @size: power of two, at least PAGE_SIZE
 * @node: NUMA node, or NUMA_NO_NODE
 * @gfp: more flags for the page allocator: zone, __GFP_THISNODE
 * @contiguous: one piece or nothing
 *
 * The OOM killer is never asked: a pool is a wish, not a need.
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int zc_buf_alloc(struct zc_buf *buf, size_t size, int node, gfp_t gfp,
		 bool contiguous)
{
	int order = get_order(size);

	if (contiguous)
		return buf_alloc_order(buf, size, order, node,
				       gfp | __GFP_RETRY_MAYFAIL);

	for (; order > 0; order--)
		if (!buf_alloc_order(buf, size, order, node,
				     gfp | __GFP_NORETRY))
			return 0;
	return buf_alloc_order(buf, size, 0, node, gfp | __GFP_RETRY_MAYFAIL);
}

/**
 * zc_buf_free() - drop the references of zcdev
 * @buf: nobody in zcdev uses it any more
 *
 * Pages that others still reference stay theirs until they drop them.
 *
 * Context: process.
 */
void zc_buf_free(struct zc_buf *buf)
{
	u32 i;

	for (i = 0; i < buf->nr; i++)
		put_page(buf->bvec[i].bv_page);
	if (buf->bvec != &buf->piece)
		kvfree(buf->bvec);
	buf->bvec = NULL;
	buf->nr = 0;
}

static bool piece_referenced(struct folio *folio, bool mapped)
{
	int before, refs, after;

	/* A PTE takes its reference first and drops it last, so a mapcount
	 * that stayed the same around the look at the references, and leaves
	 * one reference over, is ours alone.
	 */
	before = mapped ? folio_mapcount(folio) : 0;
	smp_rmb();	/* keeps this order of looks ... */
	refs = folio_ref_count(folio);
	smp_rmb();	/* ... and this one */
	after = mapped ? folio_mapcount(folio) : 0;

	return before != after || refs != 1 + before;
}

/**
 * zc_buf_referenced() - does anybody outside hold a page of this buffer?
 * @buf: allocated
 * @mapped: mappings of the pool exist, or may have been there a moment ago
 *
 * A true answer may be outdated at once. A false answer holds until a new
 * mapping or fault gives somebody the means to take a reference: check the
 * map generation of the pool around it.
 *
 * Context: any.
 */
bool zc_buf_referenced(const struct zc_buf *buf, bool mapped)
{
	u32 i;

	for (i = 0; i < buf->nr; i++)
		if (piece_referenced(page_folio(buf->bvec[i].bv_page), mapped))
			return true;
	return false;
}

/**
 * zc_buf_page() - the page at an offset
 * @buf: allocated
 * @offset: less than the size of the buffer
 *
 * Context: any.
 * Return: the (tail) page, no reference taken.
 */
struct page *zc_buf_page(const struct zc_buf *buf, size_t offset)
{
	size_t len = buf->bvec[0].bv_len;

	/* Some kernels look up sections in page flags, of which others change. */
	return data_race(folio_page(page_folio(buf->bvec[offset / len].bv_page),
				    (offset % len) >> PAGE_SHIFT));
}

/**
 * zc_buf_iter() - an iterator over a part of a buffer
 * @buf: allocated; must stay so while @iter is in use
 * @direction: ITER_SOURCE or ITER_DEST
 * @offset: where the part begins
 * @len: bytes, within the buffer
 * @iter: set
 *
 * Context: any.
 */
void zc_buf_iter(const struct zc_buf *buf, unsigned int direction,
		 size_t offset, size_t len, struct iov_iter *iter)
{
	iov_iter_bvec(iter, direction, buf->bvec, buf->nr, offset + len);
	iov_iter_advance(iter, offset);
}

/**
 * zc_buf_copy() - from one buffer to another, by CPU
 * @to: allocated
 * @at: where in it
 * @from: allocated
 * @offset: where in that
 * @len: bytes, within both buffers
 *
 * Context: process.
 */
void zc_buf_copy(const struct zc_buf *to, size_t at, const struct zc_buf *from,
		 size_t offset, size_t len)
{
	struct iov_iter iter;
	size_t n;

	zc_buf_iter(to, ITER_DEST, at, len, &iter);
	for (; len; len -= n, offset += n) {
		n = min_t(size_t, len, PAGE_SIZE - offset_in_page(offset));
		copy_page_to_iter(zc_buf_page(from, offset),
				  offset_in_page(offset), n, &iter);
		cond_resched();
	}
}

/**
 * zc_buf_zero() - zero a part of a buffer
 * @buf: allocated
 * @offset: where the part begins
 * @len: bytes, within the buffer
 *
 * Context: any.
 */
void zc_buf_zero(const struct zc_buf *buf, size_t offset, size_t len)
{
	struct iov_iter iter;

	zc_buf_iter(buf, ITER_DEST, offset, len, &iter);
	iov_iter_zero(len, &iter);
}
