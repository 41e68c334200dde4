/* SPDX-License-Identifier: GPL-2.0 */
/* Attributes as people and programs read them, by tables of fields. */
#ifndef ZCDEVCTL_FIELD_H
#define ZCDEVCTL_FIELD_H

#include <json-c/json.h>
#include <stdio.h>

#include "attr.h"
#include "names.h"
#include "table.h"

#define FIELD_TEXT_SIZE	4128	/* a path, and a little more */

enum field_type {
	FIELD_NUMBER,	/* 42 */
	FIELD_NODE,	/* NUMA node; -1 is any */
	FIELD_SIZE,	/* bytes */
	FIELD_RATE,	/* bytes per second */
	FIELD_TIME,	/* nanoseconds */
	FIELD_TEXT,	/* what somebody named */
	FIELD_USER,	/* uid */
	FIELD_FLAG,	/* true if it is there */
	FIELD_BITS,	/* of @names */
	FIELD_KIND,	/* one of @names */
	FIELD_ERROR,	/* errno */
};

/**
 * struct field - one attribute
 * @key: its name in JSON
 * @label: what people call it; NULL if they are told otherwise
 * @attr: its type, ZCDEV_A_
 * @type: how it is shown
 * @names: of FIELD_BITS and FIELD_KIND
 * @missing: what people read if it is missing; NULL for "?"
 *
 * In JSON everything that is missing is null, and nothing is ever left out.
 */
struct field {
	const char *key;
	const char *label;
	int attr;
	enum field_type type;
	const struct names *names;
	const char *missing;
};

/* As people read it. Returns @buf. */
const char *field_text(char buf[static FIELD_TEXT_SIZE], const struct field *field,
		       const struct attrs *attrs);

/* The next cell: that of the @fields that is about @attr. */
void field_cell(struct table *table, const struct field *fields, const struct attrs *attrs,
		int attr);

/* The fields up to one without a key, one a line, those with a label. */
void fields_human(FILE *out, const struct field *fields, const struct attrs *attrs);

/* The fields up to one without a key, as members of @object. */
void fields_json(struct json_object *object, const struct field *fields,
		 const struct attrs *attrs);

#endif
