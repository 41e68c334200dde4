/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_CHARDEV_H
#define _ZC_CHARDEV_H

int zc_chardev_init(void);
void zc_chardev_exit(void);

#endif /* _ZC_CHARDEV_H */
