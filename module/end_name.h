/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_END_NAME_H
#define _ZC_END_NAME_H

#include <linux/types.h>

struct zc_end;

const char *zc_end_name(const struct zc_end *end, char *buf);
u32 zc_end_pool_id(const struct zc_end *end);

#endif /* _ZC_END_NAME_H */
