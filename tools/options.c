// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

int options_fault(struct fault *f, const char *command, const char *fmt, ...)
{
	char text[FAULT_TEXT / 2];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return fault_set(f, STATUS_USAGE, "%s: %s (see 'zcdevctl %s --help')", command, text,
			 command);
}

static bool is_known(const struct option *longs, const char *name, size_t len)
{
	for (; longs->name; longs++) {
		if (strlen(longs->name) == len && !memcmp(longs->name, name, len))
			return true;
	}
	return false;
}

int options_begin(int argc, char **argv, const struct option *longs, struct fault *f)
{
	const char *name;
	size_t len;
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (strncmp(argv[i], "--", 2))
			continue;
		name = argv[i] + 2;
		len = strcspn(name, "=");
		if (!is_known(longs, name, len))
			return options_fault(f, argv[0], "unknown option '--%.*s'", (int)len, name);
	}
	optind = 0;
	opterr = 0;
	return 0;
}

/* optopt is 0 for a long option that has an argument and should not. */
static int describe(char **argv, int code, struct fault *f)
{
	const char *last = argv[optind - 1];

	if (code == ':')
		options_fault(f, argv[0], "option '%s' needs a value", last);
	else if (!strncmp(last, "--", 2))
		options_fault(f, argv[0], "option '%.*s' takes no value",
			      (int)strcspn(last, "="), last);
	else
		options_fault(f, argv[0], "unknown option '-%c'", optopt);
	return '?';
}

int options_next(int argc, char **argv, const char *shorts, const struct option *longs,
		 struct fault *f)
{
	int code = getopt_long(argc, argv, shorts, longs, NULL);

	return code == '?' || code == ':' ? describe(argv, code, f) : code;
}
