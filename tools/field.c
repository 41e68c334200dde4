// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <pwd.h>
#include <string.h>

#include "field.h"
#include "json.h"
#include "units.h"

#define SIZE	FIELD_TEXT_SIZE

/* Lists have the same few users again and again, and every look-up opens files. */
static const char *user_name(uint32_t uid)
{
	static uint32_t known = UINT32_MAX;
	static char name[64];
	const struct passwd *user;

	if (uid != known) {
		user = getpwuid(uid);
		snprintf(name, sizeof(name), "%u", uid);
		if (user)
			snprintf(name, sizeof(name), "%s", user->pw_name);
		known = uid;
	}
	return name;
}

static void error_text(char *buf, int err)
{
	const char *name = strerrorname_np(err);

	if (name)
		snprintf(buf, SIZE, "%s", name);
	else
		snprintf(buf, SIZE, "error %d", err);
}

static void kind_text(char *buf, const struct names *names, uint64_t kind)
{
	const struct name *name = names_find(names, kind);

	if (name && name->words)
		snprintf(buf, SIZE, "%s", name->words);
	else
		snprintf(buf, SIZE, "kind %" PRIu64, kind);
}

static void bits_text(char *buf, const struct names *names, uint64_t bits)
{
	names_words(buf, SIZE, names, bits, ", ");
	if (!*buf)
		strcpy(buf, "none");
}

static void number_text(char *buf, const struct field *field, uint64_t number)
{
	char text[UNITS_TEXT];

	switch (field->type) {
	case FIELD_SIZE:
		snprintf(buf, SIZE, "%s", units_size(text, number));
		break;
	case FIELD_RATE:
		snprintf(buf, SIZE, "%s", units_rate(text, number));
		break;
	case FIELD_TIME:
		snprintf(buf, SIZE, "%.1f s", number / 1e9);
		break;
	case FIELD_USER:
		snprintf(buf, SIZE, "%s", user_name(number));
		break;
	case FIELD_BITS:
		bits_text(buf, field->names, number);
		break;
	case FIELD_KIND:
		kind_text(buf, field->names, number);
		break;
	case FIELD_ERROR:
		error_text(buf, number);
		break;
	default:
		snprintf(buf, SIZE, "%" PRIu64, number);
	}
}

static bool node_text(char *buf, const struct nlattr *attr)
{
	int64_t node;

	if (!attr_integer(attr, &node))
		return false;
	if (node < 0)
		strcpy(buf, "any");
	else
		snprintf(buf, SIZE, "%" PRId64, node);
	return true;
}

static bool named_text(char *buf, const struct nlattr *attr)
{
	const char *text = attr_text(attr);

	if (text)
		snprintf(buf, SIZE, "%s", text);
	return text;
}

/* False if there is nothing to tell. */
static bool known_text(char *buf, const struct field *field, const struct nlattr *attr)
{
	uint64_t number;

	if (field->type == FIELD_FLAG)
		return strcpy(buf, attr ? "yes" : "no");
	if (field->type == FIELD_TEXT)
		return named_text(buf, attr);
	if (field->type == FIELD_NODE)
		return node_text(buf, attr);
	if (!attr_number(attr, &number))
		return false;
	number_text(buf, field, number);
	return true;
}

const char *field_text(char buf[static FIELD_TEXT_SIZE], const struct field *field,
		       const struct attrs *attrs)
{
	if (!known_text(buf, field, attrs->at[field->attr]))
		strcpy(buf, field->missing ? field->missing : "?");
	table_clean(buf);
	return buf;
}

void field_cell(struct table *table, const struct field *fields, const struct attrs *attrs,
		int attr)
{
	char text[FIELD_TEXT_SIZE];

	while (fields->attr != attr)
		fields++;
	table_add(table, field_text(text, fields, attrs));
}

void fields_human(FILE *out, const struct field *fields, const struct attrs *attrs)
{
	char text[FIELD_TEXT_SIZE];

	for (; fields->key; fields++) {
		if (fields->label)
			fprintf(out, "%-16s %s\n", fields->label,
				field_text(text, fields, attrs));
	}
}

static void kind_json(struct json_object *object, const struct field *field, uint64_t kind)
{
	const struct name *name = names_find(field->names, kind);
	char unknown[32];

	snprintf(unknown, sizeof(unknown), "kind-%" PRIu64, kind);
	json_add_text(object, field->key, name ? name->token : unknown);
}

static void number_json(struct json_object *object, const struct field *field, uint64_t number)
{
	switch (field->type) {
	case FIELD_BITS:
		json_add_bits(object, field->key, field->names, number);
		break;
	case FIELD_KIND:
		kind_json(object, field, number);
		break;
	case FIELD_ERROR:
		json_add_error(object, field->key, number);
		break;
	default:
		json_add_number(object, field->key, number);
	}
}

static void field_json(struct json_object *object, const struct field *field,
		       const struct nlattr *attr)
{
	uint64_t number;
	int64_t node;

	if (field->type == FIELD_FLAG)
		json_object_object_add(object, field->key, json_object_new_boolean(!!attr));
	else if (field->type == FIELD_TEXT)
		json_add_text(object, field->key, attr_text(attr));
	else if (field->type == FIELD_NODE && attr_integer(attr, &node))
		json_object_object_add(object, field->key, json_object_new_int64(node));
	else if (field->type != FIELD_NODE && attr_number(attr, &number))
		number_json(object, field, number);
	else
		json_add_text(object, field->key, NULL);
}

void fields_json(struct json_object *object, const struct field *fields,
		 const struct attrs *attrs)
{
	for (; fields->key; fields++)
		field_json(object, fields, attrs->at[fields->attr]);
}
