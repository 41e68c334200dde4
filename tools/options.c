// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "units.h"

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

static bool takes(const char *shorts, int letter)
{
	return strchr(shorts, letter);
}

/* The long options that go with @shorts. */
static void choose(struct option *to, const char *shorts)
{
	static const struct option all[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (takes(shorts, all[i].val))
			*to++ = all[i];
	}
	*to = (struct option){ };
}

int options_parse_id(uint32_t *id, const char *command, const char *text, struct fault *f)
{
	uint64_t number;

	if (units_parse_count(text, &number) || !number || number > UINT32_MAX)
		return options_fault(f, command, "an id is a number from 1 on, not '%s'", text);
	*id = number;
	return 0;
}

int options_parse_seconds(double *seconds, const char *command, const char *text,
			  struct fault *f)
{
	char *end;

	*seconds = strtod(text, &end);
	/* strtod() would also take signs, spaces, words and hexadecimal. */
	if (text[strspn(text, "0123456789.")] || *end || *seconds < 0.05 || *seconds > 86400)
		return options_fault(f, command,
				     "seconds are a number from 0.05 to 86400, not '%s'", text);
	return 0;
}

int options_parse_count(uint64_t *count, const char *command, const char *text, struct fault *f)
{
	if (units_parse_count(text, count) || !*count)
		return options_fault(f, command, "--count takes a number from 1 on, not '%s'", text);
	return 0;
}

static int parse_args(struct options_plain *opts, int argc, char **argv, enum options_args args,
		      struct fault *f)
{
	int most = args == OPTIONS_NONE ? 0 : 1;

	if (args == OPTIONS_REST)
		return 0;
	if (argc - optind > most)
		return options_fault(f, argv[0], "'%s' is left over", argv[optind + most]);
	if (optind < argc)
		return options_parse_id(&opts->id, argv[0], argv[optind], f);
	return args == OPTIONS_ID ? options_fault(f, argv[0], "an id is needed") : 0;
}

int options_parse_plain(struct options_plain *opts, int argc, char **argv, const char *shorts,
			enum options_args args, struct fault *f)
{
	struct option longs[4];
	int option;

	choose(longs, shorts);
	*opts = (struct options_plain){ };
	if (options_begin(argc, argv, longs, f))
		return -1;
	while ((option = options_next(argc, argv, shorts, longs, f)) != -1) {
		if (option == '?')
			return -1;
		opts->json |= option == 'j';
		opts->quiet |= option == 'q';
		opts->help |= option == 'h';
	}
	if (opts->help)
		return 0;
	if (opts->json && opts->quiet)
		return options_fault(f, argv[0], "-j prints more than ids, and -q forbids that");
	return parse_args(opts, argc, argv, args, f);
}
