// SPDX-License-Identifier: GPL-2.0
/* Pools: who holds which memory. */
#include <inttypes.h>

#include "field.h"
#include "units.h"
#include "view.h"
#include "zcdev_netlink.h"

/* The kernel leaves out who the owner is if the asker cannot see that. */
#define HIDDEN	"-"

static const struct field fields[] = {
	{ "id", "pool", ZCDEV_A_POOL_ID, FIELD_NUMBER },
	{ "uid", "owner", ZCDEV_A_POOL_OWNER_UID, FIELD_USER, .missing = HIDDEN },
	{ "pid", "process", ZCDEV_A_POOL_OWNER_PID, FIELD_NUMBER, .missing = HIDDEN },
	{ "command", "command", ZCDEV_A_POOL_OWNER_COMM, FIELD_TEXT, .missing = HIDDEN },
	{ "flags", "flags", ZCDEV_A_POOL_FLAGS, FIELD_BITS, &names_pool_flags },
	{ "count", "buffers", ZCDEV_A_POOL_COUNT, FIELD_NUMBER },
	{ "buf_size", "buffer size", ZCDEV_A_POOL_BUF_SIZE, FIELD_SIZE },
	{ "node", "NUMA node", ZCDEV_A_POOL_NODE, FIELD_NODE },
	{ "contiguous", "contiguous", ZCDEV_A_POOL_CONTIGUOUS, FIELD_NUMBER },
	{ "free", "free", ZCDEV_A_POOL_FREE, FIELD_NUMBER },
	{ "acquired", "acquired", ZCDEV_A_POOL_ACQUIRED, FIELD_NUMBER },
	{ "staging", "staging", ZCDEV_A_POOL_STAGING, FIELD_NUMBER },
	{ "in_flight", "in flight", ZCDEV_A_POOL_IN_FLIGHT, FIELD_NUMBER },
	{ "maps", "mappings", ZCDEV_A_POOL_MAPS, FIELD_NUMBER },
	{ "held", "memory held", ZCDEV_A_POOL_HELD, FIELD_SIZE },
	{ "charged", "memory charged", ZCDEV_A_POOL_CHARGED, FIELD_SIZE },
	{ "draining", "draining", ZCDEV_A_POOL_DRAINING, FIELD_FLAG },
	{ }
};

static const struct column columns[] = {
	{ "POOL", true },
	{ "OWNER", false },
	{ "PID", true },
	{ "COMMAND", false },
	{ "BUFFERS", true },
	{ "FREE", true },
	{ "ACQUIRED", true },
	{ "STAGING", true },
	{ "IN FLIGHT", true },
	{ "MAPS", true },
	{ "HELD", true },
};

/* pool, owner, command, buffers, free, staging, in flight, held */
static const unsigned char few[] = { 0, 1, 3, 4, 5, 7, 8, 10 };

/* "4 x 2.0 MiB" */
static void add_geometry(struct table *table, const struct attrs *attrs)
{
	char size[UNITS_TEXT], text[2 * UNITS_TEXT];
	uint64_t count, bytes;

	if (!attr_number(attrs->at[ZCDEV_A_POOL_COUNT], &count) ||
	    !attr_number(attrs->at[ZCDEV_A_POOL_BUF_SIZE], &bytes)) {
		table_add(table, "?");
		return;
	}
	snprintf(text, sizeof(text), "%" PRIu64 " x %s", count, units_size(size, bytes));
	table_add(table, text);
}

/* Who has closed it does no more. */
static void add_command(struct table *table, const struct attrs *attrs)
{
	if (attrs->at[ZCDEV_A_POOL_DRAINING])
		table_add(table, "(draining)");
	else
		field_cell(table, fields, attrs, ZCDEV_A_POOL_OWNER_COMM);
}

static void row(struct table *table, const struct attrs *attrs)
{
	static const int rest[] = {
		ZCDEV_A_POOL_FREE, ZCDEV_A_POOL_ACQUIRED, ZCDEV_A_POOL_STAGING,
		ZCDEV_A_POOL_IN_FLIGHT, ZCDEV_A_POOL_MAPS, ZCDEV_A_POOL_HELD,
	};
	size_t i;

	field_cell(table, fields, attrs, ZCDEV_A_POOL_ID);
	field_cell(table, fields, attrs, ZCDEV_A_POOL_OWNER_UID);
	field_cell(table, fields, attrs, ZCDEV_A_POOL_OWNER_PID);
	add_command(table, attrs);
	add_geometry(table, attrs);
	for (i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		field_cell(table, fields, attrs, rest[i]);
}

static void human(FILE *out, const struct attrs *attrs)
{
	fields_human(out, fields, attrs);
}

static struct json_object *json(const struct attrs *attrs)
{
	struct json_object *object = json_object_new_object();

	fields_json(object, fields, attrs);
	return object;
}

const struct view view_pool = {
	.id = ZCDEV_A_POOL_ID,
	.columns = columns,
	.count = sizeof(columns) / sizeof(columns[0]),
	.few = few,
	.few_count = sizeof(few),
	.row = row,
	.human = human,
	.json = json,
};
