// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <string.h>

#include "field.h"
#include "json.h"
#include "units.h"
#include "view_end.h"
#include "view_event.h"
#include "zcdev_netlink.h"

static const struct field pool_fields[] = {
	{ "pool", NULL, ZCDEV_A_POOL_ID, FIELD_NUMBER },
	{ "count", NULL, ZCDEV_A_POOL_COUNT, FIELD_NUMBER },
	{ "buf_size", NULL, ZCDEV_A_POOL_BUF_SIZE, FIELD_SIZE },
	{ "held", NULL, ZCDEV_A_POOL_HELD, FIELD_SIZE },
	{ }
};

static const struct field transfer_fields[] = {
	{ "transfer", NULL, ZCDEV_A_TRANSFER_ID, FIELD_NUMBER },
	{ "pool", NULL, ZCDEV_A_TRANSFER_POOL_ID, FIELD_NUMBER },
	{ "bytes", NULL, ZCDEV_A_TRANSFER_BYTES, FIELD_SIZE },
	{ "elapsed_ns", NULL, ZCDEV_A_TRANSFER_ELAPSED, FIELD_TIME },
	{ "error", NULL, ZCDEV_A_TRANSFER_ERROR, FIELD_ERROR },
	{ }
};

static const struct field bytes_field = { "", NULL, ZCDEV_A_TRANSFER_BYTES, FIELD_SIZE };
static const struct field time_field = { "", NULL, ZCDEV_A_TRANSFER_ELAPSED, FIELD_TIME };
static const struct field kind_field = {
	"", NULL, ZCDEV_A_END_KIND, FIELD_KIND, &names_kinds,
};

static const struct field reasons_field = {
	"", NULL, ZCDEV_A_END_REASONS, FIELD_BITS, &names_reasons,
};

/* "4 x 2.0 MiB" */
static void pool_add(FILE *out, const struct attrs *attrs)
{
	char size[UNITS_TEXT];

	fprintf(out, "pool %" PRIu64 " created, %" PRIu64 " x %s\n",
		attr_or_zero(attrs->at[ZCDEV_A_POOL_ID]),
		attr_or_zero(attrs->at[ZCDEV_A_POOL_COUNT]),
		units_size(size, attr_or_zero(attrs->at[ZCDEV_A_POOL_BUF_SIZE])));
}

static void pool_drain(FILE *out, const struct attrs *attrs)
{
	char size[UNITS_TEXT];

	fprintf(out, "pool %" PRIu64 " closed, but %s of it are still held\n",
		attr_or_zero(attrs->at[ZCDEV_A_POOL_ID]),
		units_size(size, attr_or_zero(attrs->at[ZCDEV_A_POOL_HELD])));
}

static void pool_del(FILE *out, const struct attrs *attrs)
{
	fprintf(out, "pool %" PRIu64 " gone\n", attr_or_zero(attrs->at[ZCDEV_A_POOL_ID]));
}

static void put_kinds(FILE *out, const struct attrs *attrs)
{
	const struct nlattr *nest = NULL;
	char text[FIELD_TEXT_SIZE];
	const char *join = ", ";
	struct attrs end;

	while ((nest = attrs_next(attrs, ZCDEV_A_TRANSFER_END, nest))) {
		attrs_parse_nest(&end, nest);
		fprintf(out, "%s%s", join, field_text(text, &kind_field, &end));
		join = view_end_role(&end) == ZCDEV_ROLE_SOURCE ? " to " : " and ";
	}
}

static void transfer_begin(FILE *out, const struct attrs *attrs)
{
	uint64_t pool;

	fprintf(out, "transfer %" PRIu64 " begun", attr_or_zero(attrs->at[ZCDEV_A_TRANSFER_ID]));
	if (attr_number(attrs->at[ZCDEV_A_TRANSFER_POOL_ID], &pool))
		fprintf(out, " in pool %" PRIu64, pool);
	put_kinds(out, attrs);
	fputc('\n', out);
}

/* Only the end that began to copy is in there, or others that do, too. */
static void transfer_fallback(FILE *out, const struct attrs *attrs)
{
	const struct nlattr *nest = NULL;
	char text[FIELD_TEXT_SIZE];
	struct attrs end;

	fprintf(out, "transfer %" PRIu64 " copies", attr_or_zero(attrs->at[ZCDEV_A_TRANSFER_ID]));
	while ((nest = attrs_next(attrs, ZCDEV_A_TRANSFER_END, nest))) {
		attrs_parse_nest(&end, nest);
		if (!attr_or_zero(end.at[ZCDEV_A_END_REASONS]))
			continue;
		fprintf(out, view_end_role(&end) == ZCDEV_ROLE_SOURCE ? " from a source" :
									" into a sink");
		fprintf(out, ": %s", field_text(text, &reasons_field, &end));
	}
	fputc('\n', out);
}

static void transfer_end(FILE *out, const struct attrs *attrs)
{
	char bytes[FIELD_TEXT_SIZE], time[FIELD_TEXT_SIZE];
	const struct nlattr *error = attrs->at[ZCDEV_A_TRANSFER_ERROR];
	const char *name = strerrorname_np(attr_or_zero(error));

	fprintf(out, "transfer %" PRIu64 " %s%s, %s in %s\n",
		attr_or_zero(attrs->at[ZCDEV_A_TRANSFER_ID]), error ? "failed, " : "ended",
		error ? name ? : "an unknown error" : "",
		field_text(bytes, &bytes_field, attrs), field_text(time, &time_field, attrs));
}

/* A row per event. */
static const struct kind {
	uint8_t command;
	const char *token;
	const struct field *fields;
	void (*human)(FILE *out, const struct attrs *attrs);
} kinds[] = {
	{ ZCDEV_CMD_POOL_ADD_NTF, "pool-add", pool_fields, pool_add },
	{ ZCDEV_CMD_POOL_DRAIN_NTF, "pool-drain", pool_fields, pool_drain },
	{ ZCDEV_CMD_POOL_DEL_NTF, "pool-del", pool_fields, pool_del },
	{ ZCDEV_CMD_TRANSFER_BEGIN_NTF, "transfer-begin", transfer_fields, transfer_begin },
	{ ZCDEV_CMD_TRANSFER_FALLBACK_NTF, "transfer-fallback", transfer_fields,
	  transfer_fallback },
	{ ZCDEV_CMD_TRANSFER_END_NTF, "transfer-end", transfer_fields, transfer_end },
};

/* NULL for what a newer kernel tells. */
static const struct kind *kind_of(const struct record *event)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].command == event->command)
			return &kinds[i];
	}
	return NULL;
}

static void put_time(FILE *out, const struct timespec *when)
{
	struct tm tm;

	localtime_r(&when->tv_sec, &tm);
	fprintf(out, "%02d:%02d:%02d.%03ld  ", tm.tm_hour, tm.tm_min, tm.tm_sec,
		when->tv_nsec / 1000000);
}

void view_event_human(FILE *out, const struct record *event, const struct timespec *when)
{
	const struct kind *kind = kind_of(event);

	put_time(out, when);
	if (kind)
		kind->human(out, &event->attrs);
	else
		fprintf(out, "event %u, which this zcdevctl does not know\n", event->command);
}

static struct json_object *new_event(const char *token, const struct timespec *when)
{
	struct json_object *object = json_object_new_object();

	json_add_real(object, "time", when->tv_sec + when->tv_nsec / 1e9, 6);
	json_add_text(object, "event", token);
	return object;
}

static struct json_object *ends_json(const struct attrs *attrs)
{
	struct json_object *array = json_object_new_array();
	const struct nlattr *nest = NULL;
	struct attrs end;

	while ((nest = attrs_next(attrs, ZCDEV_A_TRANSFER_END, nest))) {
		attrs_parse_nest(&end, nest);
		json_object_array_add(array, view_end_json(&end));
	}
	return array;
}

void view_event_json(FILE *out, const struct record *event, const struct timespec *when)
{
	const struct kind *kind = kind_of(event);
	struct json_object *object;
	char unknown[32];

	snprintf(unknown, sizeof(unknown), "event-%u", event->command);
	object = new_event(kind ? kind->token : unknown, when);
	if (kind)
		fields_json(object, kind->fields, &event->attrs);
	if (kind && kind->fields == transfer_fields)
		json_object_object_add(object, "ends", ends_json(&event->attrs));
	json_print(out, object);
}

void view_event_lost(FILE *out, bool json, const struct timespec *when)
{
	if (json) {
		json_print(out, new_event("lost", when));
		return;
	}
	put_time(out, when);
	fputs("there were more events than could be read; some are lost\n", out);
}
