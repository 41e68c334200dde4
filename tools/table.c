// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define GAP	2

int table_width(const char *text)
{
	int width = 0;

	/* All bytes of a character but its first are 10xxxxxx. */
	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

void table_begin(struct table *table, const struct column *columns, unsigned int count)
{
	unsigned int i;

	*table = (struct table){ .columns = columns, .count = count, .shown = count };
	for (i = 0; i < count; i++)
		table->widths[i] = table_width(columns[i].head);
}

static void grow(struct table *table)
{
	table->room = table->room ? 2 * table->room : 128;
	table->cells = reallocarray(table->cells, table->room, sizeof(*table->cells));
	if (!table->cells)
		abort();
}

void table_clean(char *text)
{
	unsigned char *c;

	/* Those from 0x80 to 0x9f are 0xc2 and one of these in UTF-8. */
	for (c = (unsigned char *)text; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			memset(c, '?', 2);
	}
}

void table_add(struct table *table, const char *text)
{
	int *width = &table->widths[table->used % table->count];
	char *cell = strdup(text);

	if (!cell)
		abort();
	table_clean(cell);
	if (table_width(cell) > *width)
		*width = table_width(cell);
	if (table->used == table->room)
		grow(table);
	table->cells[table->used++] = cell;
}

size_t table_rows(const struct table *table)
{
	return table->used / table->count;
}

/* At most @room columns of the screen. Returns how many it took. */
static int put(FILE *out, const char *text, int room)
{
	int width = 0;

	for (; *text; text++) {
		if ((*text & 0xc0) != 0x80 && ++width > room)
			return room;
		fputc(*text, out);
	}
	return width;
}

static int put_spaces(FILE *out, int count, int room)
{
	if (count > room)
		count = room;
	fprintf(out, "%*s", count > 0 ? count : 0, "");
	return count > 0 ? count : 0;
}

static const char *cell_of(const struct table *table, size_t line, unsigned int column)
{
	if (!line)
		return table->columns[column].head;
	return table->cells[(line - 1) * table->count + column];
}

/* Nothing is behind the @last one. Returns how many columns of the screen it took. */
static int put_cell(FILE *out, const struct table *table, size_t line, unsigned int column,
		    int room, bool last)
{
	const char *cell = cell_of(table, line, column);
	int pad = table->widths[column] - table_width(cell);
	bool right = table->columns[column].right;
	int used = 0;

	if (right)
		used += put_spaces(out, pad, room);
	used += put(out, cell, room - used);
	if (!last)
		used += put_spaces(out, GAP + (right ? 0 : pad), room - used);
	return used;
}

int table_line(FILE *out, const struct table *table, size_t line, int width)
{
	const int most = width > 0 ? width : 1 << 20;
	unsigned int i, column;
	int room = most;

	for (i = 0; i < table->shown; i++) {
		column = table->order ? table->order[i] : i;
		room -= put_cell(out, table, line, column, room, i + 1 == table->shown);
	}
	return most - room;
}

int table_columns(const struct table *table)
{
	int width = 0;
	unsigned int i;

	for (i = 0; i < table->shown; i++)
		width += table->widths[table->order ? table->order[i] : i] + GAP;
	return width - GAP;
}

void table_print(FILE *out, const struct table *table)
{
	size_t line;

	for (line = 0; line <= table_rows(table); line++) {
		table_line(out, table, line, 0);
		fputc('\n', out);
	}
}

void table_end(struct table *table)
{
	size_t i;

	for (i = 0; i < table->used; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){ };
}
