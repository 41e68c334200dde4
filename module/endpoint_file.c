// SPDX-License-Identifier: GPL-2.0
/*
 * Regular files and block devices, as source and as sink.
 *
 * Direct where the file system lets us: the device's DMA then fills or empties
 * the buffer itself. A read is widened to whole blocks on both sides and the
 * payload begins somewhere inside, so reading never needs a copy for alignment.
 * A write of parts of a block goes through the page cache, but for the last
 * part of a file that the transfer extends: that goes direct, padded with
 * zeros, and the padding is cut off at the end.
 *
 * Requests within the file are asynchronous and overlap. Those that extend it
 * are not: the file systems serialise them anyway.
 */
#include "endpoint.h"

#include <linux/blkdev.h>
#include <linux/fileattr.h>
#include <linux/fsnotify.h>
#include <linux/magic.h>
#include <linux/overflow.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/stat.h>

#include "buffer.h"
#include "pipeline.h"
#include "pool.h"

static int file_probe(struct file *file)
{
	return S_ISREG(file_inode(file)->i_mode);
}

static int block_probe(struct file *file)
{
	return S_ISBLK(file_inode(file)->i_mode);
}

static bool end_is_block(const struct zc_end *end)
{
	return end->kind == ZCDEV_KIND_BLOCK;
}

/* The size of a block device is not in the inode of its node. */
static struct inode *end_inode(const struct zc_end *end)
{
	return end_is_block(end) ? end->file->f_mapping->host :
				   file_inode(end->file);
}

/* Chunks begin on page boundaries and are multiples of a page. */
static bool direct_fits(const struct zc_file_end *f)
{
	return f->mem_align <= PAGE_SIZE && f->offset_align <= PAGE_SIZE;
}

/* Without extents, ext4 writes into holes through the page cache. */
static bool ext4_has_extents(const struct file *file)
{
	struct fileattr attr = {};

	return !vfs_fileattr_get(file->f_path.dentry, &attr) &&
	       attr.flags & FS_EXTENT_FL;
}

/* File systems that have been looked at: what they call direct is direct. */
static bool direct_is_vouched(const struct zc_end *end)
{
	switch (end_inode(end)->i_sb->s_magic) {
	case EXT4_SUPER_MAGIC:
		return ext4_has_extents(end->file);
	case XFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

/*
 * What direct I/O means on this file. STATX_DIOALIGN is the file system's word
 * for when a request is direct; without it there may be direct I/O, but ext4
 * with data=journal, btrfs with checksums and others take the request and copy.
 * Even with it, some copy to have stable pages for checksums (bcachefs), or
 * pass the request on to others (overlayfs). tmpfs always copies.
 */
static u32 direct_of_regular(struct zc_end *end, struct zc_file_end *f)
{
	struct kstat stat = {};
	int ret;

	if (IS_DAX(end_inode(end)))
		return ZCDEV_REASON_DAX;
	if (!(end->file->f_mode & FMODE_CAN_ODIRECT) ||
	    end_inode(end)->i_sb->s_magic == TMPFS_MAGIC)
		return ZCDEV_REASON_NO_DIRECT;

	ret = vfs_getattr_nosec(&end->file->f_path, &stat, STATX_DIOALIGN,
				AT_STATX_SYNC_AS_STAT);
	if (!ret && stat.result_mask & STATX_DIOALIGN) {
		if (!stat.dio_offset_align || !stat.dio_mem_align)
			return ZCDEV_REASON_NO_DIRECT;
		f->mem_align = stat.dio_mem_align;
		f->offset_align = stat.dio_offset_align;
		f->verified = direct_is_vouched(end);
	} else {
		f->mem_align = PAGE_SIZE;
		f->offset_align = PAGE_SIZE;
	}
	f->direct = direct_fits(f);
	if (!f->direct)
		return ZCDEV_REASON_NO_DIRECT;
	return f->verified ? 0 : ZCDEV_REASON_UNVERIFIED;
}

static u32 direct_of_block(struct zc_end *end, struct zc_file_end *f)
{
	struct block_device *bdev = I_BDEV(end_inode(end));

	if (!(end->file->f_mode & FMODE_CAN_ODIRECT))
		return ZCDEV_REASON_NO_DIRECT;
	f->mem_align = bdev_dma_alignment(bdev) + 1;
	f->offset_align = bdev_logical_block_size(bdev);
	f->verified = true;
	f->direct = direct_fits(f);
	return f->direct ? 0 : ZCDEV_REASON_NO_DIRECT;
}

static int prepare_direct(struct zc_end *end, bool strict)
{
	struct zc_file_end *f = &end->of_file;

	if (end->flags & ZCDEV_END_BUFFERED)
		f->reason = ZCDEV_REASON_ASKED;
	else if (end_is_block(end))
		f->reason = direct_of_block(end, f);
	else
		f->reason = direct_of_regular(end, f);

	if (!f->direct) {
		f->mem_align = 1;
		f->offset_align = 1;
	}
	f->offset_align = max(f->offset_align, f->mem_align);

	if (end->flags & ZCDEV_END_DIRECT && !f->direct)
		return -EOPNOTSUPP;
	return strict && f->reason ? -EOPNOTSUPP : 0;
}

static int prepare_position(struct zc_end *end, u64 len)
{
	struct zc_file_end *f = &end->of_file;
	loff_t to;

	f->own_pos = !(end->flags & ZCDEV_END_OFFSET);
	if (f->own_pos)
		end->pos = READ_ONCE(end->file->f_pos);
	if (end->pos < 0)
		return -EOVERFLOW;
	if (len != ZCDEV_TO_END &&
	    (len > LLONG_MAX || check_add_overflow(end->pos, (loff_t)len, &to)))
		return -EOVERFLOW;
	return 0;
}

/* As the VFS does: security modules have their say before a byte moves. */
static int prepare_rights(struct zc_end *end, int rw, u64 len)
{
	return rw_verify_area(rw, end->file, &end->pos,
			      min_t(u64, len, MAX_RW_COUNT));
}

static void finish_position(struct zc_end *end, u64 bytes)
{
	if (end->of_file.own_pos && bytes)
		WRITE_ONCE(end->file->f_pos, end->pos + bytes);
}

/* Requests */

static void file_iocb_done(struct kiocb *iocb, long result)
{
	struct zc_request *req = container_of(iocb, struct zc_request, iocb);

	if (iocb->ki_flags & IOCB_WRITE)
		zc_compat_write_end(iocb);
	zc_request_complete(req, result);
}

static void iocb_init(struct kiocb *iocb, struct zc_end *end, loff_t pos,
		      bool direct, bool may_queue)
{
	init_sync_kiocb(iocb, end->file);
	iocb->ki_pos = pos;
	iocb->ki_flags &= ~IOCB_DIRECT;
	if (direct)
		iocb->ki_flags |= IOCB_DIRECT;
	if (may_queue)
		iocb->ki_complete = file_iocb_done;
}

/* Classifies bytes that a request moved, or will have moved. */
static struct zc_moved file_moved(const struct zc_end *end, bool direct,
				  u32 reason, u64 bytes)
{
	struct zc_moved moved = {};

	if (!direct) {
		moved.paths = ZCDEV_PATH_BUFFERED;
		moved.reasons = reason;
		moved.copied = bytes;
	} else if (!end->of_file.verified) {
		moved.paths = ZCDEV_PATH_DIRECT;
		moved.reasons = ZCDEV_REASON_UNVERIFIED;
		moved.unverified = bytes;
	} else {
		moved.paths = ZCDEV_PATH_DIRECT;
		moved.zerocopy = bytes;
	}
	return moved;
}

/* Source */

static int file_source_prepare(struct zc_end *end, u64 len, bool strict)
{
	int ret;

	if (!(end->file->f_mode & FMODE_CAN_READ) ||
	    !end->file->f_op->read_iter)
		return -EOPNOTSUPP;
	ret = prepare_direct(end, strict);
	if (!ret)
		ret = prepare_position(end, len);
	if (!ret)
		ret = prepare_rights(end, READ, len);
	if (ret)
		return ret;
	end->align = end->of_file.offset_align;
	end->phase = end->pos % end->align;
	return 0;
}

static long file_source_filled(struct zc_end *end, struct zc_chunk *chunk,
			       long result)
{
	u32 skip = chunk->data % end->of_file.offset_align;
	bool direct = chunk->in.iocb.ki_flags & IOCB_DIRECT;
	u32 reason = end->of_file.reason;

	if (result < 0)
		return result;
	/* A file system that does not want to be direct says so here. */
	if (end->of_file.direct && !direct)
		reason = ZCDEV_REASON_FELL_BACK;
	if (chunk->pipeline->strict && !direct && result)
		return -EOPNOTSUPP;
	chunk->filled = file_moved(end, direct, reason, 1);
	return clamp_t(long, result - skip, 0, chunk->want);
}

static long file_source_fill(struct zc_end *end, struct zc_chunk *chunk)
{
	struct zc_file_end *f = &end->of_file;
	u32 skip = chunk->data % f->offset_align;
	u32 bytes = round_up(skip + chunk->want, f->offset_align);
	struct iov_iter iter;
	long ret;

	zc_buf_iter(chunk->buf, ITER_DEST, chunk->data - skip, bytes, &iter);
	iocb_init(&chunk->in.iocb, end, end->pos + chunk->offset - skip,
		  f->direct, f->direct);
	ret = vfs_iocb_iter_read(end->file, &chunk->in.iocb, &iter);
	if (ret == -EIOCBQUEUED) {
		f->queued = true;
		return ret;
	}
	return file_source_filled(end, chunk, ret);
}

static u64 file_source_left(const struct zc_end *end)
{
	loff_t size = i_size_read(end_inode(end));

	return size > end->pos ? size - end->pos : 0;
}

static bool file_source_at_end(struct zc_end *end, u64 offset)
{
	loff_t size = i_size_read(end_inode(end));

	/* Files that are made up as they are read have no size. */
	return size && end->pos + offset >= size;
}

static void file_source_finish(struct zc_end *end, u64 bytes)
{
	finish_position(end, bytes);
	if (end->of_file.queued && bytes)
		fsnotify_access(end->file);
}

/* Sink */

/* Can all of it go direct, if it comes in chunks of the phase of @source? */
static bool sink_aligned(const struct zc_end *end, const struct zc_end *source,
			 u64 len)
{
	const struct zc_file_end *f = &end->of_file;
	u64 rest = len % f->offset_align;

	if (end->pos % f->offset_align || source->phase % f->offset_align)
		return false;
	if (len == ZCDEV_TO_END || !rest)
		return true;
	return !source->source->lend && !end_is_block(end) && !f->append &&
	       end->pos + len >= f->size;
}

static int file_sink_prepare(struct zc_end *end, u64 len, bool strict,
			     const struct zc_end *source)
{
	struct zc_file_end *f = &end->of_file;
	int ret;

	if (!(end->file->f_mode & FMODE_CAN_WRITE) ||
	    !end->file->f_op->write_iter)
		return -EOPNOTSUPP;
	f->append = end->file->f_flags & O_APPEND;
	f->size = i_size_read(end_inode(end));
	if (f->append && end->flags & ZCDEV_END_OFFSET)
		return -EINVAL;
	ret = prepare_direct(end, strict);
	if (!ret)
		ret = prepare_position(end, len);
	if (f->append)
		end->pos = f->size;
	if (!ret)
		ret = prepare_rights(end, WRITE, len);
	if (ret)
		return ret;
	if (strict && !sink_aligned(end, source, len))
		return -EOPNOTSUPP;
	f->written = end->pos;
	end->phase = end->pos % f->offset_align;
	return 0;
}

/**
 * struct piece - the next part of a chunk that one request writes
 * @pos: file offset
 * @data: offset in the buffer
 * @len: bytes of payload
 * @pad: zeros after it
 * @direct: by DMA
 * @reason: ZCDEV_REASON_ if not
 */
struct piece {
	loff_t pos;
	u32 data;
	u32 len;
	u32 pad;
	bool direct;
	u32 reason;
};

/* How far the file can be written at all; the VFS says EFBIG beyond. */
static loff_t size_limit(const struct zc_end *end)
{
	loff_t limit = end_inode(end)->i_sb->s_maxbytes;

	if (end_is_block(end))
		return LLONG_MAX;
	return min_t(u64, limit, rlimit(RLIMIT_FSIZE));
}

/* A part of a block at the end of a file that we make longer can be padded. */
static u32 tail_pad(const struct zc_end *end, const struct zc_chunk *chunk,
		    const struct piece *p, loff_t limit)
{
	u32 pad = -p->len & (end->of_file.offset_align - 1);

	/* A lent buffer is not ours to write to. */
	if (!pad || chunk->pipeline->source->source->lend ||
	    end->of_file.append || end_is_block(end) ||
	    p->pos + p->len < i_size_read(end_inode(end)) ||
	    pad > limit - p->pos - p->len ||
	    p->data + p->len + pad > chunk->pipeline->pool->buf_size)
		return 0;
	return pad;
}

/* The part up to the next block boundary goes buffered, whole blocks direct. */
static struct piece next_piece(const struct zc_end *end,
			       const struct zc_chunk *chunk,
			       const struct zc_drain *drain)
{
	const struct zc_file_end *f = &end->of_file;
	u32 align = f->offset_align;
	struct piece p = {
		.pos = end->pos + chunk->offset + drain->done,
		.data = chunk->data + drain->done,
		.len = chunk->len - drain->done,
		.reason = f->reason,
	};
	loff_t limit = size_limit(end);
	u32 head, mem_align;

	if (f->append)
		p.pos = i_size_read(end_inode(end));
	if (p.pos < limit)
		p.len = min_t(loff_t, p.len, limit - p.pos);
	if (!f->direct)
		return p;

	head = p.pos % align;
	p.reason = f->append ? ZCDEV_REASON_APPEND : ZCDEV_REASON_UNALIGNED;
	/* In a buffer of several pieces all but the last are to be whole. */
	mem_align = chunk->buf->nr > 1 ? align : f->mem_align;
	if (p.data % mem_align != head % mem_align)
		return p;
	if (head) {
		p.len = min(p.len, align - head);
		return p;
	}
	p.pad = tail_pad(end, chunk, &p, limit);
	p.direct = p.pad || p.len >= align;
	if (p.direct && !p.pad)
		p.len -= p.len % align;
	return p;
}

static void zero_pad(struct zc_buf *buf, u32 offset, u32 len)
{
	struct iov_iter iter;

	zc_buf_iter(buf, ITER_DEST, offset, len, &iter);
	iov_iter_zero(len, &iter);
}

/*
 * A file system that cannot get rid of page cache in the way writes through it,
 * before it returns, and leaves it there.
 */
static bool fell_back(const struct zc_end *end, const struct zc_request *req,
		      long result)
{
	if (!(req->iocb.ki_flags & IOCB_DIRECT))
		return true;
	return !req->complete && !end_is_block(end) &&
	       filemap_range_has_page(end->file->f_mapping,
				      req->iocb.ki_pos - result,
				      req->iocb.ki_pos - 1);
}

static long file_sink_drained(struct zc_end *end, struct zc_chunk *chunk,
			      struct zc_drain *drain, long result)
{
	struct zc_file_end *f = &end->of_file;
	struct zc_request *req = &drain->req;
	u64 payload = zc_moved_bytes(&req->part);
	bool direct = req->part.paths & ZCDEV_PATH_DIRECT;
	u32 reason = req->part.reasons;

	if (result <= 0)
		return result ?: -EIO;
	if (direct && fell_back(end, req, result)) {
		direct = false;
		reason = ZCDEV_REASON_FELL_BACK;
		/* Here a strict transfer stops: see write_piece(). */
		f->direct = !chunk->pipeline->strict;
	}
	/* Not all file systems move ki_pos on if they complete later. */
	f->written = max(f->written, f->append ? req->iocb.ki_pos :
						 req->pos + result);
	result = min_t(long, result, payload);
	req->part = file_moved(end, direct, reason, result);
	return result;
}

static long write_piece(struct zc_end *end, struct zc_chunk *chunk,
			struct zc_drain *drain, const struct piece *p)
{
	struct zc_request *req = &drain->req;
	struct iov_iter iter;
	bool may_queue;
	long ret;

	if (chunk->pipeline->strict && !p->direct)
		return -EOPNOTSUPP;
	/*
	 * Page cache that is read and dirtied beside a direct write in flight
	 * would undo it: not every file system waits for those itself.
	 */
	if (!p->direct && end->of_file.queued)
		zc_pipeline_quiesce(chunk->pipeline);
	if (p->pad)
		zero_pad(chunk->buf, p->data + p->len, p->pad);
	zc_buf_iter(chunk->buf, ITER_SOURCE, p->data, p->len + p->pad, &iter);
	may_queue = p->direct && !end->of_file.append;
	iocb_init(&req->iocb, end, p->pos, p->direct, may_queue);
	req->iocb.ki_flags |= IOCB_WRITE;
	/* As it was when the offset was chosen. */
	req->iocb.ki_flags &= ~IOCB_APPEND;
	if (end->of_file.append)
		req->iocb.ki_flags |= IOCB_APPEND;
	req->pos = p->pos;
	req->part = file_moved(end, p->direct, p->reason, p->len);
	ret = zc_compat_write(end->file, &req->iocb, &iter);
	if (ret == -EIOCBQUEUED) {
		end->of_file.queued = true;
		return ret;
	}
	return file_sink_drained(end, chunk, drain, ret);
}

static long file_sink_drain(struct zc_end *end, struct zc_chunk *chunk,
			    struct zc_drain *drain)
{
	struct piece p = next_piece(end, chunk, drain);
	long ret = write_piece(end, chunk, drain, &p);

	/* Some file systems have rules for alignment that they keep to
	 * themselves, and others may append to the file too.
	 */
	if (ret == -EINVAL && p.direct && !chunk->pipeline->strict) {
		p.direct = false;
		p.pad = 0;
		p.reason = ZCDEV_REASON_FELL_BACK;
		ret = write_piece(end, chunk, drain, &p);
	}
	/* Nothing waits for room in a file. */
	return ret == -EAGAIN ? -EIO : ret;
}

/* Cut padding, and what was written beyond the accepted prefix. */
static int cut_file(struct zc_end *end, loff_t size)
{
	struct iattr attr = {
		.ia_valid = ATTR_SIZE | ATTR_FILE,
		.ia_size = size,
		.ia_file = end->file,
	};
	struct inode *inode = end_inode(end);
	int ret = 0;

	sb_start_write(inode->i_sb);
	inode_lock(inode);
	/* If it is longer than what we wrote, somebody else made it so. */
	if (i_size_read(inode) > size &&
	    i_size_read(inode) <= end->of_file.written)
		ret = notify_change(file_mnt_idmap(end->file),
				    end->file->f_path.dentry, &attr, NULL);
	inode_unlock(inode);
	sb_end_write(inode->i_sb);
	return ret;
}

static void file_sink_finish(struct zc_end *end, u64 bytes)
{
	struct zc_file_end *f = &end->of_file;
	loff_t size = f->size;
	int ret = 0;

	if (bytes)
		size = max_t(loff_t, size, end->pos + bytes);

	if (f->written > size && !end_is_block(end) && !f->append)
		ret = cut_file(end, size);
	if (ret && !end->error)
		end->error = ret;
	finish_position(end, bytes);
	if (f->queued && bytes)
		fsnotify_modify(end->file);
}

static const struct zc_source_ops file_source_ops = {
	.prepare	= file_source_prepare,
	.left		= file_source_left,
	.fill		= file_source_fill,
	.filled		= file_source_filled,
	.at_end		= file_source_at_end,
	.finish		= file_source_finish,
};

static const struct zc_sink_ops file_sink_ops = {
	.prepare	= file_sink_prepare,
	.drain		= file_sink_drain,
	.drained	= file_sink_drained,
	.finish		= file_sink_finish,
};

const struct zc_end_type zc_end_file = {
	.kind	= ZCDEV_KIND_FILE,
	.probe	= file_probe,
	.source	= &file_source_ops,
	.sink	= &file_sink_ops,
};

const struct zc_end_type zc_end_block = {
	.kind	= ZCDEV_KIND_BLOCK,
	.probe	= block_probe,
	.source	= &file_source_ops,
	.sink	= &file_sink_ops,
};
