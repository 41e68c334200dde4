// SPDX-License-Identifier: GPL-2.0
/*
 * From file to file without bytes passing here at all, where that can be had.
 *
 * The rungs, best first:
 *
 *	clone		both files share the blocks from now on
 *	offload		the file system has another machine copy them
 *	direct		through the pool, by DMA
 *	buffered	through the page cache
 *
 * The first two are climbed here, before there is a pipeline; the others are
 * its business, for all that is left: a part of a block at the end, what the
 * file system refuses, or everything. So an error here is nobody's error: who
 * comes next meets it again where it is real.
 */
#include "ladder.h"

#include <linux/magic.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "endpoint_file.h"
#include "progress.h"

/* Between these a signal is looked at. Multiples of any block. */
#define CLONE_SLICE	((u64)SZ_1G)
#define OFFLOAD_SLICE	((u64)SZ_32M)

static const struct super_block *end_sb(const struct zc_end *end)
{
	return file_inode(end->file)->i_sb;
}

static bool can_clone(const struct zc_end *source, const struct zc_end *sink)
{
	return end_sb(source) == end_sb(sink) &&
	       source->file->f_op->remap_file_range;
}

/*
 * File systems that have a server copy. All of them copy through the page cache
 * if the server won't; others (Ceph, fuse, overlayfs) also do where nobody can
 * tell afterwards.
 */
static bool can_offload(const struct zc_end *source, const struct zc_end *sink)
{
	const struct file_operations *ops = sink->file->f_op;

	if (!ops->copy_file_range || ops != source->file->f_op)
		return false;
	switch (end_sb(sink)->s_magic) {
	case NFS_SUPER_MAGIC:
	case CIFS_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

static bool end_fits(const struct zc_end *end)
{
	return end->kind == ZCDEV_KIND_FILE &&
	       !(end->flags & (ZCDEV_END_DIRECT | ZCDEV_END_BUFFERED |
			       ZCDEV_END_PAGE_CACHE));
}

/**
 * zc_ladder_stands() - is there a rung above the pipeline for these two?
 * @source: opened
 * @sink: opened, the only one
 *
 * Context: any.
 * Return: true if zc_ladder_climb() is worth a try.
 */
bool zc_ladder_stands(const struct zc_end *source, const struct zc_end *sink)
{
	return end_fits(source) && end_fits(sink) &&
	       !(sink->file->f_flags & O_APPEND) &&
	       (can_clone(source, sink) || can_offload(source, sink));
}

static void count(struct zc_end *source, struct zc_end *sink,
		  const struct zc_moved *moved)
{
	zc_moved_add(&source->moved, moved);
	zc_moved_add(&sink->moved, moved);
}

/* The pipeline then says why it does not go on. */
static bool interrupted(const struct zc_progress *progress)
{
	return signal_pending(current) || zc_progress_cancelled(progress);
}

/* Blocks of the source become blocks of the sink. Returns bytes. */
static u64 clone(struct zc_end *source, struct zc_end *sink, u64 len,
		 const struct zc_progress *progress)
{
	struct zc_moved moved = { .paths = ZCDEV_PATH_CLONE };
	loff_t ret;

	while (moved.offloaded < len && !interrupted(progress)) {
		ret = vfs_clone_file_range(source->file,
					   source->pos + moved.offloaded,
					   sink->file,
					   sink->pos + moved.offloaded,
					   min(len - moved.offloaded,
					       CLONE_SLICE),
					   REMAP_FILE_CAN_SHORTEN);
		if (ret <= 0)
			break;
		moved.offloaded += ret;
		cond_resched();
	}
	if (moved.offloaded)
		count(source, sink, &moved);
	return moved.offloaded;
}

/*
 * The server leaves nothing of what it copied in the page cache here; a copy
 * through it does.
 */
static struct zc_moved offload_moved(const struct zc_end *sink, loff_t pos,
				     u64 bytes)
{
	struct zc_moved moved = {};

	if (filemap_range_has_page(sink->file->f_mapping, pos,
				   pos + bytes - 1)) {
		moved.paths = ZCDEV_PATH_BUFFERED;
		moved.reasons = ZCDEV_REASON_FELL_BACK;
		moved.copied = bytes;
	} else {
		moved.paths = ZCDEV_PATH_OFFLOAD;
		moved.offloaded = bytes;
	}
	return moved;
}

/* The server copies, from stream offset @done on. Returns bytes. */
static u64 offload(struct zc_end *source, struct zc_end *sink, u64 done,
		   u64 len, bool strict, const struct zc_progress *progress)
{
	u64 before = done;
	struct zc_moved moved;
	ssize_t ret;

	while (done < len && !interrupted(progress)) {
		ret = vfs_copy_file_range(source->file, source->pos + done,
					  sink->file, sink->pos + done,
					  min(len - done, OFFLOAD_SLICE), 0);
		if (ret <= 0)
			break;
		moved = offload_moved(sink, sink->pos + done, ret);
		count(source, sink, &moved);
		done += ret;
		if (moved.copied) {
			if (strict)
				zc_end_set_error(sink, -EOPNOTSUPP);
			break;
		}
		cond_resched();
	}
	return done - before;
}

/**
 * zc_ladder_complete() - is anything left to do?
 * @source: prepared
 * @len: bytes wanted
 * @bytes: moved
 *
 * Context: any.
 * Return: true if not; files that are made up as they are read have no size.
 */
bool zc_ladder_complete(const struct zc_end *source, u64 len, u64 bytes)
{
	return bytes && bytes >= min(len, source->source->left(source));
}

/**
 * zc_ladder_climb() - move what can be moved without bytes passing here
 * @source: prepared
 * @sink: prepared
 * @len: bytes wanted
 * @strict: the caller wants an error rather than a copy
 * @progress: may be cancelled
 *
 * The verdicts of both ends are told. What is left begins at the stream offset
 * returned; if a strict transfer cannot go on from there the sink has an error.
 *
 * Context: process; sleeps.
 * Return: bytes moved.
 */
u64 zc_ladder_climb(struct zc_end *source, struct zc_end *sink, u64 len,
		    bool strict, const struct zc_progress *progress)
{
	u64 expected = min(len, source->source->left(source));
	loff_t limit = zc_file_size_limit(sink);
	u64 bytes = 0;

	/* Whoever goes there gets a signal: just once. */
	expected = min_t(u64, expected, max(limit - sink->pos, 0LL));

	if (can_clone(source, sink))
		bytes = clone(source, sink, expected, progress);
	if (can_offload(source, sink))
		bytes += offload(source, sink, bytes, expected, strict,
				 progress);
	if (strict && !sink->error && !zc_ladder_complete(source, len, bytes))
		zc_end_set_error(sink, zc_file_check_strict(source, sink, len));
	return bytes;
}
