// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define NUMBER_TEXT	64
#define UNREADABLE	"\xef\xbf\xbd"	/* U+FFFD */

/* Bytes of the character at @c, or 0 if it is none: the table of RFC 3629. */
static size_t utf8_len(const unsigned char *c)
{
	static const struct {
		unsigned char from, to, second_from, second_to, len;
	} rows[] = {
		{ 0x01, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (*c >= rows[i].from && *c <= rows[i].to)
			break;
	}
	if (i == sizeof(rows) / sizeof(rows[0]) || c[1] < rows[i].second_from ||
	    c[1] > rows[i].second_to)
		return 0;
	for (k = 2; k < rows[i].len; k++) {
		if (c[k] < 0x80 || c[k] > 0xbf)
			return 0;
	}
	return rows[i].len;
}

/* JSON is UTF-8, which names of files and tasks need not be. */
static struct json_object *new_text(const char *text)
{
	char *readable = malloc(strlen(text) * strlen(UNREADABLE) + 1), *end = readable;
	struct json_object *object;

	if (!readable)
		abort();
	while (*text) {
		size_t len = utf8_len((const unsigned char *)text);

		end = mempcpy(end, len ? text : UNREADABLE, len ? len : strlen(UNREADABLE));
		text += len ? len : 1;
	}
	object = json_object_new_string_len(readable, end - readable);
	free(readable);
	return object;
}

void json_add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text ? new_text(text) : NULL);
}

void json_add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

void json_add_real(struct json_object *object, const char *key, double number, int digits)
{
	char text[NUMBER_TEXT];

	snprintf(text, sizeof(text), "%.*f", digits, number);
	json_object_object_add(object, key, json_object_new_double_s(number, text));
}

void json_add_error(struct json_object *object, const char *key, int err)
{
	const char *name = err ? strerrorname_np(err) : NULL;
	char number[16];

	snprintf(number, sizeof(number), "%d", err);
	json_add_text(object, key, err && !name ? number : name);
}

void json_add_bits(struct json_object *object, const char *key, const struct names *names,
		   uint32_t bits)
{
	struct json_object *array = json_object_new_array();
	const struct name *name;
	char unknown[16];
	unsigned int i;

	for (i = 0; i < 32; i++) {
		if (!(bits & (1U << i)))
			continue;
		name = names_find(names, i);
		snprintf(unknown, sizeof(unknown), "bit-%u", i);
		json_object_array_add(array, json_object_new_string(name ? name->token : unknown));
	}
	json_object_object_add(object, key, array);
}

void json_add_verdict(struct json_object *object, const struct zcdev_end *end)
{
	const struct name *kind = names_find(&names_kinds, end->out_kind);

	json_add_text(object, "kind", kind ? kind->token : "unknown");
	json_add_bits(object, "paths", &names_paths, end->out_paths);
	json_add_bits(object, "reasons", &names_reasons, end->out_reasons);
	json_add_number(object, "bytes", end->out_bytes);
	json_add_number(object, "zerocopy", end->out_zerocopy);
	json_add_number(object, "unverified", end->out_unverified);
	json_add_number(object, "copied", end->out_copied);
	json_add_number(object, "offloaded", end->out_offloaded);
}

void json_print(FILE *out, struct json_object *object)
{
	const int flags = JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;

	fprintf(out, "%s\n", json_object_to_json_string_ext(object, flags));
	json_object_put(object);
}
