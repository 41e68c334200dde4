/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_SOFTNET_H
#define _ZC_SOFTNET_H

int zc_softnet_init(void);
void zc_softnet_exit(void);
void zc_softnet_flush(void);

#endif /* _ZC_SOFTNET_H */
