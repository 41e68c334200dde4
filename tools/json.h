/* SPDX-License-Identifier: GPL-2.0 */
/* The few shapes of JSON that all subcommands share, on top of json-c. */
#ifndef ZCDEVCTL_JSON_H
#define ZCDEVCTL_JSON_H

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

#include "names.h"
#include "zcdev.h"

void json_add_text(struct json_object *object, const char *key, const char *text);
void json_add_number(struct json_object *object, const char *key, uint64_t number);

/* @digits after the point, not all that a double has. */
void json_add_real(struct json_object *object, const char *key, double number, int digits);

/* The name of an errno, or null for 0. */
void json_add_error(struct json_object *object, const char *key, int err);

/* An array of the tokens of all bits set; unknown ones as "bit-N". */
void json_add_bits(struct json_object *object, const char *key, const struct names *names,
		   uint32_t bits);

/* What the module says of an end, but for its error. */
void json_add_verdict(struct json_object *object, const struct zcdev_end *end);

/* One line, and gives the object back. */
void json_print(FILE *out, struct json_object *object);

#endif
