/* SPDX-License-Identifier: GPL-2.0 */
/* The command line of "zcdevctl transfer". */
#ifndef ZCDEVCTL_TRANSFER_OPTS_H
#define ZCDEVCTL_TRANSFER_OPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "endpoint.h"
#include "fault.h"
#include "move.h"

#define TRANSFER_NO_OFFSET	UINT64_MAX
#define TRANSFER_NO_LATENCY	UINT64_MAX

/**
 * struct transfer_opts - what the user asked for
 * @len: bytes, or ZCDEV_TO_END
 * @in_offset, @out_offset: bytes, or TRANSFER_NO_OFFSET
 * @chunk, @depth: geometry of the pool, or 0 for the default
 * @end_flags: what --via means for files and block devices
 * @page_cache: files lend pages of the page cache
 * @solid: holes of files become zeros
 * @header, @trailer: files, or NULL
 * @rate: bytes per second, or 0
 * @latency_ns: or TRANSFER_NO_LATENCY
 * @copy_below: as in struct zcdev_end
 * @keep_going: a sink that fails does not end it for the others
 * @ends: source first
 */
struct transfer_opts {
	uint64_t len;
	uint64_t in_offset;
	uint64_t out_offset;
	uint32_t chunk;
	uint32_t depth;
	uint32_t end_flags;
	bool page_cache;
	bool solid;
	const char *header;
	const char *trailer;
	uint64_t rate;
	uint64_t latency_ns;
	uint32_t copy_below;
	bool strict;
	bool keep_going;
	bool no_sync;
	bool json;
	bool quiet;
	bool no_progress;
	bool help;
	unsigned int sink_count;
	struct endpoint ends[MOVE_MAX_ENDS];
};

extern const char transfer_opts_help[];

/* Return: 0, or -1 with @f. With @help nothing else counts. */
int transfer_opts_parse(struct transfer_opts *opts, int argc, char **argv, struct fault *f);

#endif
