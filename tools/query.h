/* SPDX-License-Identifier: GPL-2.0 */
/* The answer to ZCDEV_QUERY, for people and for programs. */
#ifndef ZCDEVCTL_QUERY_H
#define ZCDEVCTL_QUERY_H

#include <stdio.h>

#include "zcdev.h"

void query_human(FILE *out, const struct zcdev_query *query);
void query_json(FILE *out, const struct zcdev_query *query);

#endif
