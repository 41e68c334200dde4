/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_FILE_H
#define _ZC_FILE_H

#include <linux/fs.h>
#include <linux/poll.h>

struct pipe_inode_info;
struct zc_file;

void zc_file_init(struct zc_file *file);
void zc_file_exit(struct zc_file *file);

ssize_t zc_file_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t zc_file_write_iter(struct kiocb *iocb, struct iov_iter *from);
loff_t zc_file_llseek(struct file *filp, loff_t offset, int whence);
ssize_t zc_file_splice_read(struct file *filp, loff_t *ppos,
			    struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags);
__poll_t zc_file_poll(struct file *filp, struct poll_table_struct *table);

#endif /* _ZC_FILE_H */
