// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>

#include "json.h"
#include "screen.h"
#include "view.h"

static void print_ids(FILE *out, const struct view *view, const struct records *records)
{
	size_t i;

	for (i = 0; i < records->count; i++)
		fprintf(out, "%" PRIu64 "\n", attr_or_zero(records->list[i].attrs.at[view->id]));
}

static void print_array(FILE *out, const struct view *view, const struct records *records)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < records->count; i++)
		json_object_array_add(array, view->json(&records->list[i].attrs));
	json_print(out, array);
}

static void print_table(FILE *out, const struct view *view, const struct records *records)
{
	int width = screen_width();
	struct table table;
	size_t i;

	table_begin(&table, view->columns, view->count);
	for (i = 0; i < records->count; i++)
		view->row(&table, &records->list[i].attrs);
	if (width && table_columns(&table) > width) {
		table.order = view->few;
		table.shown = view->few_count;
	}
	table_print(out, &table);
	table_end(&table);
}

void view_print_all(FILE *out, const struct view *view, const struct options_plain *opts,
		    const struct records *records)
{
	if (opts->quiet)
		print_ids(out, view, records);
	else if (opts->json)
		print_array(out, view, records);
	else
		print_table(out, view, records);
}

void view_print_one(FILE *out, const struct view *view, const struct options_plain *opts,
		    const struct attrs *attrs)
{
	if (opts->json)
		json_print(out, view->json(attrs));
	else
		view->human(out, attrs);
}
