/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_FILE_HOLE_H
#define _ZC_FILE_HOLE_H

#include <linux/types.h>

struct zc_chunk;
struct zc_drain;
struct zc_end;

bool zc_file_hole_wanted(const struct zc_chunk *chunk);
u64 zc_file_hole_find(struct zc_end *end, struct zc_chunk *chunk);
long zc_file_hole_fill(struct zc_chunk *chunk, u64 hole);
long zc_file_hole_leave(struct zc_end *end, const struct zc_chunk *chunk,
			struct zc_drain *drain);
void zc_file_hole_finish(struct zc_end *end);

#endif /* _ZC_FILE_HOLE_H */
