/* SPDX-License-Identifier: GPL-2.0 */
/* What every unit test includes, in the order that cmocka wants. */
#ifndef ZCDEVCTL_CHECK_H
#define ZCDEVCTL_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* Names the row of a table that failed; cmocka only knows the line. */
#define check_row(ok, ...)				\
	do {						\
		if (!(ok))				\
			fail_msg(__VA_ARGS__);		\
	} while (0)

/* One sentence: a single line, no full stop, not too long to read. */
static inline void check_sentence(const char *text)
{
	size_t len = strlen(text);

	check_row(len > 10 && len < 250, "length of '%s'", text);
	check_row(!strchr(text, '\n'), "several lines: '%s'", text);
	check_row(text[len - 1] != '.' && text[len - 1] != ' ', "its end: '%s'", text);
}

#endif
