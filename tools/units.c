// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

static const char suffixes[] = "KMGT";
static const char * const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

#define LAST_NAME	(sizeof(names) / sizeof(names[0]) - 1)

/* strtoull() would take signs, spaces and 0x; a size has none of them. */
static int parse_digits(const char *text, uint64_t *value, const char **end)
{
	uint64_t sum = 0;
	const char *p;

	for (p = text; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(sum, (uint64_t)10, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(*p - '0'), &sum))
			return -ERANGE;
	}
	if (p == text)
		return -EINVAL;
	*value = sum;
	*end = p;
	return 0;
}

/* The power of 1024 that a suffix stands for, or -EINVAL. */
static int parse_suffix(const char *text)
{
	const char *hit;
	char letter = *text;

	if (!letter)
		return 0;
	if (letter == 'k')
		letter = 'K';
	hit = strchr(suffixes, letter);
	if (!hit || (text[1] && strcmp(text + 1, "iB")))
		return -EINVAL;
	return hit - suffixes + 1;
}

int units_parse_count(const char *text, uint64_t *count)
{
	const char *end;
	int ret = parse_digits(text, count, &end);

	if (ret)
		return ret;
	return *end ? -EINVAL : 0;
}

int units_parse_size(const char *text, uint64_t *bytes)
{
	const char *end;
	uint64_t value;
	int ret, power;

	ret = parse_digits(text, &value, &end);
	if (ret)
		return ret;
	power = parse_suffix(end);
	if (power < 0)
		return power;
	if (value > (uint64_t)INT64_MAX >> (10 * power))
		return -ERANGE;
	*bytes = value << (10 * power);
	return 0;
}

static uint64_t parse_time_unit(const char *text)
{
	if (!strcmp(text, "us"))
		return 1000;
	if (!strcmp(text, "ms"))
		return 1000000;
	return strcmp(text, "s") ? 0 : 1000000000;
}

int units_parse_time(const char *text, uint64_t *ns)
{
	const char *end;
	uint64_t unit;
	int ret;

	ret = parse_digits(text, ns, &end);
	if (ret)
		return ret;
	unit = parse_time_unit(end);
	if (!unit)
		return -EINVAL;
	if (*ns > (uint64_t)INT64_MAX / unit)
		return -ERANGE;
	*ns *= unit;
	return 0;
}

static unsigned int scale(double *value, double limit)
{
	unsigned int i;

	for (i = 0; *value >= limit && i < LAST_NAME; i++)
		*value /= 1024;
	return i;
}

const char *units_size(char buf[static UNITS_TEXT], uint64_t bytes)
{
	double value = bytes;
	unsigned int i = scale(&value, 1023.95);

	snprintf(buf, UNITS_TEXT, i ? "%.1f %s" : "%.0f %s", value, names[i]);
	return buf;
}

const char *units_rate(char buf[static UNITS_TEXT], double bytes_per_second)
{
	double value = bytes_per_second;
	unsigned int i = scale(&value, 999.5);
	int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	snprintf(buf, UNITS_TEXT, "%.*f %s/s", i ? digits : 0, value, names[i]);
	return buf;
}
