/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The layout of every struct, in numbers that must never change, for 32-bit and
 * 64-bit programs alike.
 */
#ifndef ABI_LAYOUT_H
#define ABI_LAYOUT_H

#include <stddef.h>

#include "zcdev.h"

#define AT(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), #member)
#define SIZE(type, size) \
	_Static_assert(sizeof(struct type) == (size), #type)

_Static_assert(ZCDEV_QUERY == 0xDC00, "number");
_Static_assert(ZCDEV_POOL_CREATE == 0xDC01, "number");
_Static_assert(ZCDEV_POOL_INFO == 0xDC02, "number");
_Static_assert(ZCDEV_TRANSFER == 0xDC03, "number");
_Static_assert(ZCDEV_BUF_WAIT == 0xDC04, "number");
_Static_assert(ZCDEV_BUF_ACQUIRE == 0xDC05, "number");
_Static_assert(ZCDEV_BUF_RELEASE == 0xDC06, "number");

SIZE(zcdev_query, 80);
AT(zcdev_query, out_ioctls, 8);
AT(zcdev_query, out_sources, 24);
AT(zcdev_query, out_min_buf_size, 32);
AT(zcdev_query, out_max_depth, 52);
AT(zcdev_query, out_max_pool_bytes, 56);
AT(zcdev_query, out_total_bytes, 72);

SIZE(zcdev_pool_create, 24);
AT(zcdev_pool_create, count, 8);
AT(zcdev_pool_create, node, 16);
AT(zcdev_pool_create, reserved, 20);

SIZE(zcdev_pool_info, 56);
AT(zcdev_pool_info, out_pool_flags, 8);
AT(zcdev_pool_info, out_free, 36);
AT(zcdev_pool_info, out_acquired, 40);
AT(zcdev_pool_info, out_charged, 48);

SIZE(zcdev_end, 80);
AT(zcdev_end, offset, 8);
AT(zcdev_end, copy_below, 16);
AT(zcdev_end, out_kind, 24);
AT(zcdev_end, out_bytes, 40);
AT(zcdev_end, out_copied, 64);
AT(zcdev_end, out_offloaded, 72);

SIZE(zcdev_iov, 16);
SIZE(zcdev_range, 16);

SIZE(zcdev_transfer, 120);
AT(zcdev_transfer, len, 8);
AT(zcdev_transfer, ends, 16);
AT(zcdev_transfer, end_size, 24);
AT(zcdev_transfer, depth, 36);
AT(zcdev_transfer, header, 40);
AT(zcdev_transfer, trailer_count, 60);
AT(zcdev_transfer, rate, 64);
AT(zcdev_transfer, latency_ns, 72);
AT(zcdev_transfer, left, 80);
AT(zcdev_transfer, reserved, 92);
AT(zcdev_transfer, out_bytes, 96);
AT(zcdev_transfer, out_left_bytes, 104);
AT(zcdev_transfer, out_error, 112);
AT(zcdev_transfer, out_left_count, 116);

SIZE(zcdev_buf_wait, 32);
AT(zcdev_buf_wait, offset, 8);
AT(zcdev_buf_wait, timeout_ns, 24);

SIZE(zcdev_buf_acquire, 32);
AT(zcdev_buf_acquire, timeout_ns, 16);
AT(zcdev_buf_acquire, out_count, 28);

SIZE(zcdev_buf_release, 24);
AT(zcdev_buf_release, reserved, 20);

#undef AT
#undef SIZE

#endif /* ABI_LAYOUT_H */
