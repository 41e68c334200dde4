// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <stdlib.h>

#include "fold.h"

struct row {
	const char *text;
	int indent;
	int width;
	const char *want;
};

static const struct row rows[] = {
	{ "one two three", 4, 0, "one two three\n" },
	{ "one two three", 4, 80, "one two three\n" },
	{ "one two three four five", 4, 24, "one two three four\n    five\n" },
	/* It just fits, or just does not. */
	{ "one two three fourfive", 2, 24, "one two three fourfive\n" },
	{ "one two three four five", 2, 24, "one two three four\n  five\n" },
	{ "one two three four-five", 2, 24, "one two three\n  four-five\n" },
	/* Characters, not bytes. */
	{ "\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6 three fourfive", 2, 24,
	  "\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6 three fourfive\n" },
	/* What has no space is not broken. */
	{ "/a/path/that/goes/on/and/on and more", 4, 24,
	  "/a/path/that/goes/on/and/on\n    and more\n" },
	{ "/a/path/that/goes/on/and/on", 4, 24, "/a/path/that/goes/on/and/on\n" },
	/* No room to speak of. */
	{ "one two three four five", 10, 20, "one two three four five\n" },
	{ "", 4, 24, "\n" },
};

static void test_rows(void **state)
{
	size_t i, size;
	char *text;
	FILE *out;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		out = open_memstream(&text, &size);
		fold_print(out, rows[i].text, rows[i].indent, rows[i].width);
		fclose(out);
		check_row(!strcmp(text, rows[i].want), "'%s' at %d: '%s'", rows[i].text,
			  rows[i].width, text);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
