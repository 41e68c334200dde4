/* SPDX-License-Identifier: GPL-2.0 */
/* An end of a transfer in progress. */
#ifndef ZCDEVCTL_VIEW_END_H
#define ZCDEVCTL_VIEW_END_H

#include <json-c/json.h>
#include <stdio.h>

#include "attr.h"
#include "field.h"
#include "zcdev_netlink.h"

enum zcdev_role view_end_role(const struct attrs *end);

/* Its path or address; "[regular file]" if we may not see that. */
void view_end_name(char buf[static FIELD_TEXT_SIZE], const struct attrs *end);

/* One line. */
void view_end_human(FILE *out, const struct attrs *end);
struct json_object *view_end_json(const struct attrs *end);

#endif
