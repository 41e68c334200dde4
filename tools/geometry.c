// SPDX-License-Identifier: GPL-2.0
#include "geometry.h"

/* Below this, two small buffers that overlap are worth less than one large. */
#define SMALL_BUF	(256 * KIB)

static uint32_t smallest(uint32_t page_size)
{
	return page_size > GEOMETRY_MIN_BUF ? page_size : GEOMETRY_MIN_BUF;
}

static uint32_t size_for(uint64_t expected, uint32_t page_size)
{
	uint32_t size = smallest(page_size);

	while (size < expected && size < GEOMETRY_BUF_SIZE)
		size *= 2;
	return size;
}

static uint32_t count_for(uint64_t expected, uint32_t buf_size)
{
	uint64_t needed = expected / buf_size + !!(expected % buf_size);

	if (!needed)
		return 1;
	return needed < GEOMETRY_COUNT ? needed : GEOMETRY_COUNT;
}

struct geometry geometry_choose(uint32_t chunk, uint32_t depth, uint64_t expected,
				uint32_t page_size)
{
	struct geometry g = {
		.buf_size = chunk ? chunk : size_for(expected, page_size),
		.fixed_size = chunk,
		.fixed_count = depth,
	};

	g.count = depth ? depth : count_for(expected, g.buf_size);
	return g;
}

static bool halve_size(struct geometry *g, uint32_t least)
{
	if (g->fixed_size || g->buf_size <= least)
		return false;
	g->buf_size /= 2;
	return true;
}

static bool halve_count(struct geometry *g, uint32_t least)
{
	if (g->fixed_count || g->count <= least)
		return false;
	g->count = (g->count + 1) / 2;
	return true;
}

/* Two buffers are what overlapping needs, so the second goes late. */
bool geometry_shrink(struct geometry *g, uint32_t page_size)
{
	return halve_count(g, 2) || halve_size(g, SMALL_BUF) ||
	       halve_count(g, 1) || halve_size(g, smallest(page_size));
}
