// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "fold.h"
#include "table.h"

/* Room for less than this is none. */
#define LEAST	20

/* Bytes of @text up to the last space within @room columns, else up to the first. */
static size_t first_part(const char *text, int room)
{
	size_t space = 0, i;
	int width = 0;

	for (i = 0; text[i] && (width <= room || !space); i++) {
		if (text[i] == ' ')
			space = i;
		width += (text[i] & 0xc0) != 0x80;
	}
	return space ? space : i;
}

void fold_print(FILE *out, const char *text, int indent, int width)
{
	size_t len;

	while (width - indent >= LEAST && table_width(text) > width - indent) {
		len = first_part(text, width - indent);
		if (!text[len])
			break;
		fprintf(out, "%.*s\n%*s", (int)len, text, indent, "");
		text += len + 1;
	}
	fprintf(out, "%s\n", text);
}
