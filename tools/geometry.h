/* SPDX-License-Identifier: GPL-2.0 */
/* How big a pool a transfer asks for. */
#ifndef ZCDEVCTL_GEOMETRY_H
#define ZCDEVCTL_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "units.h"

/* Together at most 8 MiB, the default RLIMIT_MEMLOCK of Linux. */
#define GEOMETRY_BUF_SIZE	(4 * MIB)
#define GEOMETRY_COUNT		2

/* What the ABI allows; the lower bound is the page size if that is larger. */
#define GEOMETRY_MIN_BUF	(4 * KIB)
#define GEOMETRY_MAX_BUF	(4 * MIB)

#define GEOMETRY_UNKNOWN	UINT64_MAX

/**
 * struct geometry - buffers of a pool
 * @buf_size: bytes of each
 * @count: how many
 * @fixed_size: the user asked for this @buf_size
 * @fixed_count: the user asked for this @count
 */
struct geometry {
	uint32_t buf_size;
	uint32_t count;
	bool fixed_size;
	bool fixed_count;
};

/**
 * geometry_choose - the pool for a transfer
 * @chunk: buffer size that the user asked for, or 0
 * @depth: number of buffers that the user asked for, or 0
 * @expected: bytes that will move, or GEOMETRY_UNKNOWN
 * @page_size: of this machine
 *
 * A pool is zeroed before it is handed out, so a small file gets a small one.
 */
struct geometry geometry_choose(uint32_t chunk, uint32_t depth, uint64_t expected,
				uint32_t page_size);

/**
 * geometry_shrink - about half of @g, without touching what the user asked for
 *
 * Return: false if it cannot be made smaller.
 */
bool geometry_shrink(struct geometry *g, uint32_t page_size);

#endif
