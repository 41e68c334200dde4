// SPDX-License-Identifier: GPL-2.0
#include "fold.h"
#include "json.h"
#include "names.h"
#include "query.h"
#include "screen.h"
#include "units.h"

#define WORDS	512

static void print_bits(FILE *out, const char *label, const struct names *names, uint32_t bits)
{
	char words[WORDS];

	names_words(words, sizeof(words), names, bits, ", ");
	fprintf(out, "%-16s ", label);
	fold_print(out, *words ? words : "none", 17, screen_width());
}

static void print_buffers(FILE *out, const struct zcdev_query *query)
{
	char least[UNITS_TEXT], most[UNITS_TEXT], usual[UNITS_TEXT];

	fprintf(out, "%-16s %s to %s\n", "buffer size", units_size(least, query->out_min_buf_size),
		units_size(most, query->out_max_buf_size));
	fprintf(out, "%-16s %u x %s\n", "default pool", query->out_default_count,
		units_size(usual, query->out_default_buf_size));
}

static void print_caps(FILE *out, const struct zcdev_query *query)
{
	char pool[UNITS_TEXT], total[UNITS_TEXT], used[UNITS_TEXT];

	fprintf(out, "%-16s %s a pool, %s together, %s in use\n", "limits",
		units_size(pool, query->out_max_pool_bytes),
		units_size(total, query->out_max_total_bytes),
		units_size(used, query->out_total_bytes));
	fprintf(out, "%-16s %u sinks, %u buffers at once\n", "a transfer",
		query->out_max_sinks, query->out_max_depth);
}

void query_human(FILE *out, const struct zcdev_query *query)
{
	print_bits(out, "sources", &names_kinds, query->out_sources);
	print_bits(out, "sinks", &names_kinds, query->out_sinks);
	print_bits(out, "ioctls", &names_ioctls, query->out_ioctls);
	print_bits(out, "pool flags", &names_pool_flags, query->out_pool_flags);
	print_bits(out, "transfer flags", &names_transfer_flags, query->out_transfer_flags);
	print_bits(out, "end flags", &names_end_flags, query->out_end_flags);
	print_buffers(out, query);
	print_caps(out, query);
}

void query_json(FILE *out, const struct zcdev_query *query)
{
	struct json_object *object = json_object_new_object();

	json_add_bits(object, "sources", &names_kinds, query->out_sources);
	json_add_bits(object, "sinks", &names_kinds, query->out_sinks);
	json_add_bits(object, "ioctls", &names_ioctls, query->out_ioctls);
	json_add_bits(object, "pool_flags", &names_pool_flags, query->out_pool_flags);
	json_add_bits(object, "transfer_flags", &names_transfer_flags, query->out_transfer_flags);
	json_add_bits(object, "end_flags", &names_end_flags, query->out_end_flags);
	json_add_number(object, "min_buf_size", query->out_min_buf_size);
	json_add_number(object, "max_buf_size", query->out_max_buf_size);
	json_add_number(object, "default_buf_size", query->out_default_buf_size);
	json_add_number(object, "default_count", query->out_default_count);
	json_add_number(object, "max_sinks", query->out_max_sinks);
	json_add_number(object, "max_depth", query->out_max_depth);
	json_add_number(object, "max_pool_bytes", query->out_max_pool_bytes);
	json_add_number(object, "max_total_bytes", query->out_max_total_bytes);
	json_add_number(object, "total_bytes", query->out_total_bytes);
	json_print(out, object);
}
