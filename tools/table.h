/* SPDX-License-Identifier: GPL-2.0 */
/* Rows and columns for people: each as wide as its widest cell. */
#ifndef ZCDEVCTL_TABLE_H
#define ZCDEVCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS	16

/**
 * struct column - one column
 * @head: its heading
 * @right: numbers end below each other
 */
struct column {
	const char *head;
	bool right;
};

/**
 * struct table - a table that is being filled
 * @columns: from left to right
 * @count: of them
 * @order: the columns to print, by their numbers; NULL for all as they are
 * @shown: number of those
 * @widths: of each, so far
 * @cells: row by row
 * @used: how many
 * @room: for how many there is memory
 */
struct table {
	const struct column *columns;
	unsigned int count;
	const unsigned char *order;
	unsigned int shown;
	int widths[TABLE_COLUMNS];
	char **cells;
	size_t used;
	size_t room;
};

void table_begin(struct table *table, const struct column *columns, unsigned int count);

/* The next cell, from left to right and then in the next row. */
void table_add(struct table *table, const char *text);

/* One line of a table, without a line end: 0 is the headings, then the rows. Cut at
 * @width columns of the screen; 0 for all of it. Returns how many it took.
 */
int table_line(FILE *out, const struct table *table, size_t line, int width);

/* Number of rows, without the headings. */
size_t table_rows(const struct table *table);

/* Columns of the screen that a whole line takes. */
int table_columns(const struct table *table);

/* Everything. */
void table_print(FILE *out, const struct table *table);
void table_end(struct table *table);

/* Columns of the screen that @text takes, if each character takes one. */
int table_width(const char *text);

/* What others named may not move the cursor: control characters become '?'. */
void table_clean(char *text);

#endif
