/* SPDX-License-Identifier: GPL-2.0 */
/* Counters, as they are and by how much they grow. */
#ifndef ZCDEVCTL_VIEW_STATS_H
#define ZCDEVCTL_VIEW_STATS_H

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

#include "attr.h"

void view_stats_human(FILE *out, const struct attrs *attrs);
struct json_object *view_stats_json(const struct attrs *attrs);

/**
 * struct stats_flow - bytes that passed ends of one role
 * @bytes: all of them
 * @zerocopy: that nobody copied, or that never came here
 * @copied: that were copied, or may have been
 */
struct stats_flow {
	uint64_t bytes;
	uint64_t zerocopy;
	uint64_t copied;
};

/**
 * struct stats - the counters of which rates are told
 */
struct stats {
	struct stats_flow source;
	struct stats_flow sink;
	uint64_t transfers;
	uint64_t failures;
	uint64_t waits;
};

void stats_read(struct stats *stats, const struct attrs *attrs);

/* What has been added since @before. Counters that went back were those of another module. */
void stats_since(struct stats *grown, const struct stats *now, const struct stats *before);

/* The part of the bytes on both sides that nobody copied; 1 if there were none. */
double stats_zerocopy(const struct stats *stats);

#endif
