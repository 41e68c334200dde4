// SPDX-License-Identifier: GPL-2.0
/* Transfers in progress: what is moving. */
#include <inttypes.h>
#include <string.h>

#include "field.h"
#include "json.h"
#include "units.h"
#include "view.h"
#include "view_end.h"
#include "zcdev_netlink.h"

#define HIDDEN	"-"

static const struct field fields[] = {
	{ "id", "transfer", ZCDEV_A_TRANSFER_ID, FIELD_NUMBER },
	{ "pool", "pool", ZCDEV_A_TRANSFER_POOL_ID, FIELD_NUMBER },
	{ "uid", "owner", ZCDEV_A_TRANSFER_OWNER_UID, FIELD_USER, .missing = HIDDEN },
	{ "pid", "process", ZCDEV_A_TRANSFER_OWNER_PID, FIELD_NUMBER, .missing = HIDDEN },
	{ "command", "command", ZCDEV_A_TRANSFER_OWNER_COMM, FIELD_TEXT, .missing = HIDDEN },
	{ "flags", "flags", ZCDEV_A_TRANSFER_FLAGS, FIELD_BITS, &names_transfer_flags },
	{ "asked", "bytes asked", ZCDEV_A_TRANSFER_LEN, FIELD_SIZE, .missing = "to the end" },
	{ "bytes", "bytes moved", ZCDEV_A_TRANSFER_BYTES, FIELD_SIZE },
	{ "elapsed_ns", "time", ZCDEV_A_TRANSFER_ELAPSED, FIELD_TIME },
	{ "bytes_per_second", "rate", ZCDEV_A_TRANSFER_RATE, FIELD_RATE },
	{ "cancelled", "cancelled", ZCDEV_A_TRANSFER_CANCELLED, FIELD_FLAG },
	{ "error", NULL, ZCDEV_A_TRANSFER_ERROR, FIELD_ERROR },
	{ }
};

static const struct column columns[] = {
	{ "TRANSFER", true },
	{ "POOL", true },
	{ "OWNER", false },
	{ "PID", true },
	{ "COMMAND", false },
	{ "MOVED", true },
	{ "OF", true },
	{ "RATE", true },
	{ "COPIED", true },
	{ "TIME", true },
	{ "FROM", false },
	{ "TO", false },
};

/* transfer, moved, rate, copied, from, to */
static const unsigned char few[] = { 0, 5, 7, 8, 10, 11 };

/* The bytes that a CPU copied, or may have copied, on either side. */
static void add_copied(struct table *table, const struct attrs *attrs)
{
	const struct nlattr *nest = NULL;
	char text[UNITS_TEXT];
	uint64_t copied = 0;
	struct attrs end;

	while ((nest = attrs_next(attrs, ZCDEV_A_TRANSFER_END, nest))) {
		attrs_parse_nest(&end, nest);
		copied += attr_or_zero(end.at[ZCDEV_A_END_COPIED]) +
			  attr_or_zero(end.at[ZCDEV_A_END_UNVERIFIED]);
	}
	table_add(table, attrs->at[ZCDEV_A_TRANSFER_END] ? units_size(text, copied) : "?");
}

/* The source, or the first sink and how many more there are. */
static void add_ends(struct table *table, const struct attrs *attrs, enum zcdev_role role)
{
	char first[FIELD_TEXT_SIZE] = "?", text[FIELD_TEXT_SIZE + 16];
	const struct nlattr *nest = NULL;
	unsigned int count = 0;
	struct attrs end;

	while ((nest = attrs_next(attrs, ZCDEV_A_TRANSFER_END, nest))) {
		attrs_parse_nest(&end, nest);
		if (view_end_role(&end) == role && !count++)
			view_end_name(first, &end);
	}
	if (count > 1)
		snprintf(text, sizeof(text), "%s +%u", first, count - 1);
	else
		snprintf(text, sizeof(text), "%s", first);
	table_add(table, text);
}

static void row(struct table *table, const struct attrs *attrs)
{
	static const int before[] = {
		ZCDEV_A_TRANSFER_ID, ZCDEV_A_TRANSFER_POOL_ID, ZCDEV_A_TRANSFER_OWNER_UID,
		ZCDEV_A_TRANSFER_OWNER_PID, ZCDEV_A_TRANSFER_OWNER_COMM, ZCDEV_A_TRANSFER_BYTES,
	};
	size_t i;

	for (i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		field_cell(table, fields, attrs, before[i]);
	if (attrs->at[ZCDEV_A_TRANSFER_LEN])
		field_cell(table, fields, attrs, ZCDEV_A_TRANSFER_LEN);
	else
		table_add(table, "all");
	field_cell(table, fields, attrs, ZCDEV_A_TRANSFER_RATE);
	add_copied(table, attrs);
	field_cell(table, fields, attrs, ZCDEV_A_TRANSFER_ELAPSED);
	add_ends(table, attrs, ZCDEV_ROLE_SOURCE);
	add_ends(table, attrs, ZCDEV_ROLE_SINK);
}

static void human(FILE *out, const struct attrs *attrs)
{
	const struct nlattr *nest = NULL;
	struct attrs end;

	fields_human(out, fields, attrs);
	while ((nest = attrs_next(attrs, ZCDEV_A_TRANSFER_END, nest))) {
		attrs_parse_nest(&end, nest);
		view_end_human(out, &end);
	}
}

static struct json_object *json(const struct attrs *attrs)
{
	struct json_object *object = json_object_new_object();
	struct json_object *sinks = json_object_new_array();
	const struct nlattr *nest = NULL;
	struct attrs end;

	fields_json(object, fields, attrs);
	json_add_text(object, "source", NULL);
	while ((nest = attrs_next(attrs, ZCDEV_A_TRANSFER_END, nest))) {
		attrs_parse_nest(&end, nest);
		if (view_end_role(&end) == ZCDEV_ROLE_SOURCE)
			json_object_object_add(object, "source", view_end_json(&end));
		else
			json_object_array_add(sinks, view_end_json(&end));
	}
	json_object_object_add(object, "sinks", sinks);
	return object;
}

const struct view view_transfer = {
	.id = ZCDEV_A_TRANSFER_ID,
	.columns = columns,
	.count = sizeof(columns) / sizeof(columns[0]),
	.few = few,
	.few_count = sizeof(few),
	.row = row,
	.human = human,
	.json = json,
};
