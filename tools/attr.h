/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink attributes, taken apart. What an older kernel does not send is missing,
 * what a newer one adds is not looked at, and a number may have become wider.
 */
#ifndef ZCDEVCTL_ATTR_H
#define ZCDEVCTL_ATTR_H

#include <stdbool.h>
#include <stdint.h>

struct nlattr;

/* More than any set of ours has. */
#define ATTRS_MAX	31

/**
 * struct attrs - the attributes of one message or of one nest
 * @head: the first of them
 * @len: bytes of all
 * @at: by type; NULL if missing, the last one if there are several
 */
struct attrs {
	const struct nlattr *head;
	int len;
	const struct nlattr *at[ATTRS_MAX + 1];
};

/* @head stays referenced. */
void attrs_parse(struct attrs *attrs, const struct nlattr *head, int len);

/* Those within @nest; none at all if that is NULL. */
void attrs_parse_nest(struct attrs *attrs, const struct nlattr *nest);

/* The one of @type that comes after @before, or the first if that is NULL. */
const struct nlattr *attrs_next(const struct attrs *attrs, int type, const struct nlattr *before);

/* These return false if it is missing or has not the shape. */
bool attr_number(const struct nlattr *attr, uint64_t *number);
bool attr_integer(const struct nlattr *attr, int64_t *integer);

/* 0 if it is missing: for sums, and for flags of which none is set. */
uint64_t attr_or_zero(const struct nlattr *attr);

/* NULL if it is missing or not terminated. */
const char *attr_text(const struct nlattr *attr);

#endif
