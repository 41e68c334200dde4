/* SPDX-License-Identifier: GPL-2.0 */
/* A kind of object that the kernel describes, in all the ways it is shown. */
#ifndef ZCDEVCTL_VIEW_H
#define ZCDEVCTL_VIEW_H

#include <json-c/json.h>
#include <stdio.h>

#include "options.h"
#include "record.h"
#include "table.h"

/**
 * struct view - how objects of one kind are shown
 * @id: ZCDEV_A_ of their id
 * @columns: of a table of them
 * @count: number of columns
 * @few: those that are shown where there is no room for all
 * @few_count: number of these
 * @row: adds one row to that table
 * @human: everything about one
 * @json: the same as an object
 */
struct view {
	int id;
	const struct column *columns;
	unsigned int count;
	const unsigned char *few;
	unsigned int few_count;
	void (*row)(struct table *table, const struct attrs *attrs);
	void (*human)(FILE *out, const struct attrs *attrs);
	struct json_object *(*json)(const struct attrs *attrs);
};

extern const struct view view_pool;
extern const struct view view_transfer;

/* All of them: ids, an array, or a table, which fits on the terminal if it can. */
void view_print_all(FILE *out, const struct view *view, const struct options_plain *opts,
		    const struct records *records);

/* Just one, as an object or in words. */
void view_print_one(FILE *out, const struct view *view, const struct options_plain *opts,
		    const struct attrs *attrs);

#endif
