/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_FILE_CACHED_H
#define _ZC_FILE_CACHED_H

#include <linux/types.h>

struct zc_end;

extern const struct zc_source_ops zc_file_cached_source_ops;

int zc_file_cached_prepare(struct zc_end *end, u64 len);

#endif /* _ZC_FILE_CACHED_H */
