/* SPDX-License-Identifier: GPL-2.0 */
/* What "zcdevctl top" knows at one moment, and how fast it got there. */
#ifndef ZCDEVCTL_TOP_H
#define ZCDEVCTL_TOP_H

#include <stdbool.h>
#include <stdio.h>

#include "netlink.h"
#include "view_stats.h"

#define TOP_HISTORY	512

enum top_sort {
	TOP_BY_RATE,
	TOP_BY_BYTES,
	TOP_BY_ID,
	TOP_SORTS,
};

/**
 * struct top_row - a pool or a transfer
 * @attrs: as the kernel describes it
 * @id: its id
 * @bytes: transfer: moved so far; pool: given by sources so far
 * @held: pool: memory
 * @rate: bytes per second since the last look
 */
struct top_row {
	const struct attrs *attrs;
	uint32_t id;
	uint64_t bytes;
	uint64_t held;
	double rate;
};

/**
 * struct top_list - all pools, or all transfers
 * @records: what @rows points into
 * @rows: sorted
 * @count: of them
 */
struct top_list {
	struct records records;
	struct top_row *rows;
	size_t count;
};

/**
 * struct top_moment - everything that was asked at once
 * @when: seconds, by a clock that only goes forward
 * @stats: of all pools together
 * @total_held, @total_max: memory of all pools, and its limit
 */
struct top_moment {
	double when;
	struct top_list pools;
	struct top_list transfers;
	struct stats stats;
	uint64_t total_held;
	uint64_t total_max;
};

/**
 * struct top - the command under way
 * @now: the last look
 * @grown: what was added to the counters since the one before
 * @seconds: between the two; 0 if there is no other
 * @sort: by what rows are sorted
 * @in, @out: bytes per second, @looks of them, the last ones in a ring
 * @looks: how many there were
 */
struct top {
	struct top_moment now;
	struct stats grown;
	double seconds;
	enum top_sort sort;
	double in[TOP_HISTORY];
	double out[TOP_HISTORY];
	size_t looks;
};

/* Asks for everything. Return: 0, or -1 with @f, and @top as it was. */
int top_look(struct top *top, struct netlink *nl, struct fault *f);

/* Sorts the rows again, after @top->sort has changed. */
void top_sort(struct top *top);

void top_free(struct top *top);

/* A screen of it, @width columns wide and @height lines high, with colours. */
void top_draw(FILE *out, const struct top *top, int width, int height, bool blocks);

/* All of it, on one line. */
void top_json(FILE *out, const struct top *top);

extern const char * const top_sort_names[TOP_SORTS];

#endif
