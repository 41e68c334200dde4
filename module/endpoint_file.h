/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_ENDPOINT_FILE_H
#define _ZC_ENDPOINT_FILE_H

#include "endpoint.h"

struct inode;
struct kiocb;

extern const struct zc_source_ops zc_file_source_ops;
extern const struct zc_sink_ops zc_file_sink_ops;

static inline bool zc_file_is_block(const struct zc_end *end)
{
	return end->kind == ZCDEV_KIND_BLOCK;
}

/* The size of a block device is not in the inode of its node. */
static inline struct inode *zc_file_inode(const struct zc_end *end)
{
	return zc_file_is_block(end) ? end->file->f_mapping->host :
				       file_inode(end->file);
}

u64 zc_file_source_left(const struct zc_end *end);
bool zc_file_source_at_end(struct zc_end *end, u64 offset);
void zc_file_source_finish(struct zc_end *end, u64 bytes);

int zc_file_prepare_direct(struct zc_end *end, bool strict);
int zc_file_check_strict(const struct zc_end *source, const struct zc_end *sink,
			 u64 len);
int zc_file_prepare_position(struct zc_end *end, u64 len);
int zc_file_prepare_rights(struct zc_end *end, int rw, u64 len);
void zc_file_finish_position(struct zc_end *end, u64 bytes);
int zc_file_set_size(struct zc_end *end, loff_t size);
loff_t zc_file_true_size(const struct zc_end *end);
void zc_file_sink_calm(const struct zc_end *end, struct zc_pipeline *p);
loff_t zc_file_size_limit(const struct zc_end *end);
void zc_file_iocb_init(struct kiocb *iocb, struct zc_end *end, loff_t pos,
		       bool direct, bool may_queue);
struct zc_moved zc_file_moved(const struct zc_end *end, bool direct,
			      u32 reason, u64 bytes);

#endif /* _ZC_ENDPOINT_FILE_H */
