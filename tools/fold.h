/* SPDX-License-Identifier: GPL-2.0 */
/* Long sentences on narrow terminals. */
#ifndef ZCDEVCTL_FOLD_H
#define ZCDEVCTL_FOLD_H

#include <stdio.h>

/* Ends a line of which @indent columns are used with @text: broken between words where
 * @width columns are full, and indented; 0 for never.
 */
void fold_print(FILE *out, const char *text, int indent, int width);

#endif
