/* SPDX-License-Identifier: GPL-2.0 */
/* The progress line on a terminal. */
#ifndef ZCDEVCTL_PROGRESS_H
#define ZCDEVCTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_UNKNOWN	UINT64_MAX

/**
 * struct progress - the line
 * @total: bytes that will move, or PROGRESS_UNKNOWN
 * @start: move_now() at the first byte
 * @shown: something is on the screen
 */
struct progress {
	uint64_t total;
	double start;
	bool shown;
};

/* False if standard error is no terminal, where nobody would see it move. */
bool progress_wanted(void);

void progress_begin(struct progress *progress, uint64_t total);
void progress_tick(void *progress, uint64_t bytes);

/* Clears the line. */
void progress_end(struct progress *progress);

/* The line for @bytes after @seconds, at most @width columns of it. */
void progress_format(char *buf, size_t size, int width, uint64_t bytes, uint64_t total,
		     double seconds);

#endif
