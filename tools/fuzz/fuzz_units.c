// SPDX-License-Identifier: GPL-2.0
/* Sizes and counts. */
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "units.h"

/* What was read is read again from what it prints as. */
static void check(uint64_t value, int (*parse)(const char *text, uint64_t *value))
{
	char text[32];
	uint64_t again;

	snprintf(text, sizeof(text), "%" PRIu64, value);
	must(!parse(text, &again) && again == value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_copy(data, size), human[UNITS_TEXT];
	uint64_t bytes, count;
	int ret;

	ret = units_parse_size(text, &bytes);
	must(!ret || ret == -EINVAL || ret == -ERANGE);
	if (!ret) {
		must(bytes <= INT64_MAX);
		check(bytes, units_parse_size);
		must(strlen(units_size(human, bytes)) < UNITS_TEXT);
	}
	ret = units_parse_count(text, &count);
	must(!ret || ret == -EINVAL || ret == -ERANGE);
	if (!ret) {
		check(count, units_parse_count);
		must(strlen(units_rate(human, count)) < UNITS_TEXT);
	}
	free(text);
	return 0;
}
