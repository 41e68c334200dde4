/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_EVENT_H
#define _ZC_EVENT_H

#include <linux/types.h>

struct zc_end;
struct zc_pool;
struct zc_progress;

void zc_event_pool(struct zc_pool *pool, u8 cmd);
void zc_event_transfer_begin(struct zc_progress *progress);
void zc_event_transfer_fallback(struct zc_progress *progress,
				const struct zc_end *end);
void zc_event_transfer_end(struct zc_progress *progress, u64 bytes, int error);

#endif /* _ZC_EVENT_H */
