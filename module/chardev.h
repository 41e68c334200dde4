/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_CHARDEV_H
#define _ZC_CHARDEV_H

struct file;
struct zc_file;

int zc_chardev_init(void);
void zc_chardev_exit(void);

struct zc_file *zc_chardev_file(struct file *filp);

#endif /* _ZC_CHARDEV_H */
