// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "units.h"
#include "view_end.h"

static const struct field fields[] = {
	{ "index", NULL, ZCDEV_A_END_INDEX, FIELD_NUMBER },
	{ "end", NULL, ZCDEV_A_END_NAME, FIELD_TEXT },
	{ "kind", NULL, ZCDEV_A_END_KIND, FIELD_KIND, &names_kinds },
	{ "pool", NULL, ZCDEV_A_END_POOL_ID, FIELD_NUMBER },
	{ "paths", NULL, ZCDEV_A_END_PATHS, FIELD_BITS, &names_paths },
	{ "reasons", NULL, ZCDEV_A_END_REASONS, FIELD_BITS, &names_reasons },
	{ "bytes", NULL, ZCDEV_A_END_BYTES, FIELD_NUMBER },
	{ "zerocopy", NULL, ZCDEV_A_END_ZEROCOPY, FIELD_NUMBER },
	{ "unverified", NULL, ZCDEV_A_END_UNVERIFIED, FIELD_NUMBER },
	{ "copied", NULL, ZCDEV_A_END_COPIED, FIELD_NUMBER },
	{ "offloaded", NULL, ZCDEV_A_END_OFFLOADED, FIELD_NUMBER },
	{ "error", NULL, ZCDEV_A_END_ERROR, FIELD_ERROR },
	{ }
};

static const struct field kind = { "", NULL, ZCDEV_A_END_KIND, FIELD_KIND, &names_kinds };

enum zcdev_role view_end_role(const struct attrs *end)
{
	return attr_or_zero(end->at[ZCDEV_A_END_ROLE]);
}

void view_end_name(char buf[static FIELD_TEXT_SIZE], const struct attrs *end)
{
	const char *name = attr_text(end->at[ZCDEV_A_END_NAME]);
	char what[FIELD_TEXT_SIZE];
	uint64_t pool;

	if (name && *name)
		snprintf(buf, FIELD_TEXT_SIZE, "%s", name);
	else if (attr_number(end->at[ZCDEV_A_END_POOL_ID], &pool))
		snprintf(buf, FIELD_TEXT_SIZE, "pool %u", (unsigned int)pool);
	else
		snprintf(buf, FIELD_TEXT_SIZE, "[%.64s]", field_text(what, &kind, end));
	table_clean(buf);
}

/* ", 12.0 MiB copied", if there are any */
static void put_bytes(FILE *out, const struct nlattr *attr, const char *what)
{
	char text[UNITS_TEXT];
	uint64_t bytes;

	if (attr_number(attr, &bytes) && bytes)
		fprintf(out, ", %s %s", units_size(text, bytes), what);
}

static void put_bits(FILE *out, const char *before, const struct names *names,
		     const struct nlattr *attr, const char *after)
{
	char words[FIELD_TEXT_SIZE];

	names_words(words, sizeof(words), names, attr_or_zero(attr), ", ");
	if (*words)
		fprintf(out, "%s%s%s", before, words, after);
}

void view_end_human(FILE *out, const struct attrs *end)
{
	bool source = view_end_role(end) == ZCDEV_ROLE_SOURCE;
	char name[FIELD_TEXT_SIZE], what[FIELD_TEXT_SIZE];

	view_end_name(name, end);
	fprintf(out, "%-16s %s (%s)", source ? "source" : "sink", name,
		field_text(what, &kind, end));
	put_bits(out, " ", &names_paths, end->at[ZCDEV_A_END_PATHS], "");
	put_bytes(out, end->at[ZCDEV_A_END_ZEROCOPY], "zero-copied");
	put_bytes(out, end->at[ZCDEV_A_END_UNVERIFIED], "unverified");
	put_bytes(out, end->at[ZCDEV_A_END_COPIED], "copied");
	put_bytes(out, end->at[ZCDEV_A_END_OFFLOADED], "offloaded");
	put_bits(out, " (", &names_reasons, end->at[ZCDEV_A_END_REASONS], ")");
	if (end->at[ZCDEV_A_END_ERROR])
		fprintf(out, ", %s", strerrorname_np(attr_or_zero(end->at[ZCDEV_A_END_ERROR])) ? : "failed");
	fputc('\n', out);
}

struct json_object *view_end_json(const struct attrs *end)
{
	struct json_object *object = json_object_new_object();

	fields_json(object, fields, end);
	return object;
}
