// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "json.h"

#define NUMBER_TEXT	64

void json_add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text ? json_object_new_string(text) : NULL);
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
