// SPDX-License-Identifier: GPL-2.0
#include <netlink/attr.h>
#include <string.h>

#include "attr.h"

void attrs_parse(struct attrs *attrs, const struct nlattr *head, int len)
{
	const struct nlattr *attr;
	int rest, type;

	memset(attrs, 0, sizeof(*attrs));
	attrs->head = head;
	attrs->len = len;
	nla_for_each_attr(attr, head, len, rest) {
		type = nla_type(attr);
		if (type <= ATTRS_MAX)
			attrs->at[type] = attr;
	}
}

void attrs_parse_nest(struct attrs *attrs, const struct nlattr *nest)
{
	if (nest)
		attrs_parse(attrs, nla_data(nest), nla_len(nest));
	else
		attrs_parse(attrs, NULL, 0);
}

const struct nlattr *attrs_next(const struct attrs *attrs, int type, const struct nlattr *before)
{
	const struct nlattr *attr;
	bool behind = !before;
	int rest;

	nla_for_each_attr(attr, attrs->head, attrs->len, rest) {
		if (behind && nla_type(attr) == type)
			return attr;
		behind |= attr == before;
	}
	return NULL;
}

bool attr_number(const struct nlattr *attr, uint64_t *number)
{
	switch (attr ? nla_len(attr) : 0) {
	case 1:
		*number = nla_get_u8(attr);
		return true;
	case 2:
		*number = nla_get_u16(attr);
		return true;
	case 4:
		*number = nla_get_u32(attr);
		return true;
	case 8:
		*number = nla_get_u64(attr);
		return true;
	default:
		return false;
	}
}

bool attr_integer(const struct nlattr *attr, int64_t *integer)
{
	switch (attr ? nla_len(attr) : 0) {
	case 4:
		*integer = nla_get_s32(attr);
		return true;
	case 8:
		*integer = nla_get_s64(attr);
		return true;
	default:
		return false;
	}
}

uint64_t attr_or_zero(const struct nlattr *attr)
{
	uint64_t number;

	return attr_number(attr, &number) ? number : 0;
}

const char *attr_text(const struct nlattr *attr)
{
	const char *text;

	if (!attr)
		return NULL;
	text = nla_data(attr);
	return memchr(text, 0, nla_len(attr)) ? text : NULL;
}
