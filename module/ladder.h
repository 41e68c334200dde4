/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_LADDER_H
#define _ZC_LADDER_H

#include <linux/types.h>

struct zc_end;
struct zc_progress;

bool zc_ladder_stands(const struct zc_end *source, const struct zc_end *sink);
bool zc_ladder_complete(const struct zc_end *source, u64 len, u64 bytes);
u64 zc_ladder_climb(struct zc_end *source, struct zc_end *sink, u64 len,
		    bool strict, const struct zc_progress *progress);

#endif /* _ZC_LADDER_H */
