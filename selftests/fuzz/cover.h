/* SPDX-License-Identifier: GPL-2.0 */
/* KCOV: which places in the module a program reached, and what was compared. */
#ifndef FUZZ_COVER_H
#define FUZZ_COVER_H

#include <stdbool.h>

#define COVER_LANES	2

/* Needs debugfs, and a kernel and a module with KCOV. */
bool cover_init(void);

/* In the thread to be watched: nothing else is recorded. */
void cover_begin(unsigned int lane, bool comparisons);
void cover_end(unsigned int lane);

/*
 * In the parent, when the program is over: how many places were reached that no
 * program reached before. Those are known from then on.
 */
unsigned int cover_collect(void);
/* Instead: does this program reach all that the last collected one was first in? */
bool cover_repeats(void);
/* After cover_begin(, true): constants become hints. */
void cover_hints(void);
/* How many places are known. */
unsigned int cover_total(void);

#endif
