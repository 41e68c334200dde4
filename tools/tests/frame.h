/* SPDX-License-Identifier: GPL-2.0 */
/* What "zcdevctl top" has drawn, line by line. */
#ifndef ZCDEVCTL_FRAME_H
#define ZCDEVCTL_FRAME_H

#include <stddef.h>
#include <string.h>

#include "table.h"

/* Columns that a line takes, without colours and what else moves no cursor. */
static inline int frame_width(const char *line, size_t len)
{
	char plain[4096];
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		if (line[i] == '\033') {
			while (i < len && !strchr("HKJm", line[i]))
				i++;
			continue;
		}
		if (line[i] != '\r')
			plain[n++] = line[i];
	}
	plain[n] = 0;
	return table_width(plain);
}

#endif
