// SPDX-License-Identifier: GPL-2.0
/*
 * Files as sources of pages of the page cache itself, as sendfile(2) has it.
 *
 * Only if asked for by name: who gets such a page shares memory with everybody
 * who reads the file, and sees what is written there later.
 *
 * The file system's own splice brings the pages, so it reads ahead, and
 * security modules have their say, as always. A chunk holds a reference on each
 * until all sinks have accepted it; they take their own. There is no pool.
 */
#include "file_cached.h"

#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/slab.h>
#include <linux/splice.h>

#include "buffer.h"
#include "endpoint_file.h"
#include "pipeline.h"

/* A pipe holds 16, and a segment of TCP about as many: more gain nothing. */
#define PAGES	64

/**
 * struct cached - what a chunk lends
 * @buf: of @page
 * @copies: there are pages that no file has: somebody copied into them
 * @page: the pages, referenced
 */
struct cached {
	struct zc_buf buf;
	bool copies;
	struct bio_vec page[PAGES];
};

static struct cached *chunk_cached(const struct zc_chunk *chunk)
{
	return container_of(chunk->buf, struct cached, buf);
}

/**
 * zc_file_cached_prepare() - prepare a source with ZCDEV_END_PAGE_CACHE
 * @end: opened
 * @len: bytes expected, ZCDEV_TO_END if nobody knows
 *
 * Context: process; sleeps.
 * Return: 0 or an errno.
 */
int zc_file_cached_prepare(struct zc_end *end, u64 len)
{
	const struct file *file = end->file;
	int ret;

	if (zc_file_is_block(end) ||
	    end->flags & (ZCDEV_END_DIRECT | ZCDEV_END_BUFFERED))
		return -EINVAL;
	if (!file->f_op->splice_read || !(file->f_mode & FMODE_LSEEK) ||
	    file->f_flags & O_DIRECT || IS_DAX(zc_file_inode(end)))
		return -EOPNOTSUPP;
	ret = zc_file_prepare_position(end, len);
	if (!ret)
		ret = zc_file_prepare_rights(end, READ, len);
	if (ret)
		return ret;
	end->source = &zc_file_cached_source_ops;
	return 0;
}

static struct zc_buf *cached_lend(struct zc_end *end, struct zc_chunk *chunk)
{
	struct cached *cached = kmalloc(sizeof(*cached), GFP_KERNEL_ACCOUNT);

	if (!cached)
		return NULL;
	cached->buf.bvec = cached->page;
	cached->buf.nr = 0;
	cached->copies = false;
	chunk->data = 0;
	return &cached->buf;
}

static void cached_unlend(struct zc_end *end, struct zc_chunk *chunk)
{
	struct cached *cached = chunk_cached(chunk);
	u32 i;

	for (i = 0; i < cached->buf.nr; i++)
		put_page(cached->page[i].bv_page);
	kfree(cached);
}

static bool page_is_cached(struct page *page)
{
	return page == ZERO_PAGE(0) || READ_ONCE(page_folio(page)->mapping);
}

/* One page of the pipe between the file and us; it is up to date. */
static int take_page(struct pipe_inode_info *pipe, struct pipe_buffer *buf,
		     struct splice_desc *sd)
{
	struct cached *cached = sd->u.data;

	if (cached->buf.nr == PAGES)
		return 0;
	get_page(buf->page);
	bvec_set_page(&cached->page[cached->buf.nr++], buf->page, sd->len,
		      buf->offset);
	cached->copies |= !page_is_cached(buf->page);
	return sd->len;
}

static int take_pages(struct pipe_inode_info *pipe, struct splice_desc *sd)
{
	return __splice_from_pipe(pipe, sd, take_page);
}

static long cached_fill(struct zc_end *end, struct zc_chunk *chunk)
{
	static const struct zc_moved shared = {
		.zerocopy	= 1,
		.paths		= ZCDEV_PATH_PAGE_CACHE,
	};
	struct cached *cached = chunk_cached(chunk);
	loff_t pos = end->pos + chunk->offset;
	struct splice_desc sd = {
		.pos	= pos,
		.u.data	= cached,
	};
	long ret;

	chunk->want = min_t(u32, chunk->want,
			    PAGES * PAGE_SIZE - offset_in_page(pos));
	sd.total_len = chunk->want;
	ret = splice_direct_to_actor(end->file, &sd, take_pages);
	if (ret <= 0)
		return ret;
	end->of_file.queued = true;
	if (cached->copies && chunk->pipeline->strict)
		return -EOPNOTSUPP;
	chunk->filled = cached->copies ?
			zc_file_moved(end, false, ZCDEV_REASON_FELL_BACK, 1) :
			shared;
	return ret;
}

const struct zc_source_ops zc_file_cached_source_ops = {
	.lend		= cached_lend,
	.unlend		= cached_unlend,
	.left		= zc_file_source_left,
	.fill		= cached_fill,
	.at_end		= zc_file_source_at_end,
	.finish		= zc_file_source_finish,
};
