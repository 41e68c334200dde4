// SPDX-License-Identifier: GPL-2.0
/* zcdevctl limit: how much memory pools may have. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "field.h"
#include "json.h"
#include "netlink.h"
#include "options.h"
#include "units.h"
#include "zcdev_netlink.h"

static const char show_help[] =
	"Usage: zcdevctl limit show [-j]\n"
	"\n"
	"Shows how much memory pools may have, and how much they have. What is closed but\n"
	"still held by a socket or a pipe counts as well.\n"
	"\n"
	"  -j, --json  print it as JSON\n"
	"  -h, --help  print this\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 usage, 3 no module.\n";

static const char set_help[] =
	"Usage: zcdevctl limit set [pool SIZE] [user SIZE] [total SIZE]\n"
	"\n"
	"Sets how much memory pools may have from now on: each one, all that one user\n"
	"created, all together. What is held already is not taken away. It takes root.\n"
	"\n"
	"SIZE takes K, M, G and T, powers of 1024. 'default' is what the module chooses:\n"
	"for one pool and one user no limit but the next wider one, for all together an\n"
	"eighth of the memory of the machine.\n"
	"\n"
	"  -h, --help  print this\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 usage, 3 no module.\n";

static const struct field fields[] = {
	{ "pool_max", "a pool", ZCDEV_A_LIMIT_POOL_MAX, FIELD_SIZE },
	{ "user_max", "a user", ZCDEV_A_LIMIT_USER_MAX, FIELD_SIZE },
	{ "total_max", "all together", ZCDEV_A_LIMIT_TOTAL_MAX, FIELD_SIZE },
	{ "user_held", "you hold", ZCDEV_A_LIMIT_USER_HELD, FIELD_SIZE },
	{ "total_held", "all hold", ZCDEV_A_LIMIT_TOTAL_HELD, FIELD_SIZE },
	{ }
};

static void print(const struct attrs *attrs, bool json)
{
	struct json_object *object;

	if (!json) {
		fields_human(stdout, fields, attrs);
		return;
	}
	object = json_object_new_object();
	fields_json(object, fields, attrs);
	json_print(stdout, object);
}

static int run_show(int argc, char **argv)
{
	struct options_plain opts;
	struct records answer;
	struct fault f;

	if (options_parse_plain(&opts, argc, argv, ":jh", OPTIONS_NONE, &f))
		return fault_print(&f);
	if (opts.help) {
		fputs(show_help, stdout);
		return STATUS_DONE;
	}
	if (netlink_ask_id(ZCDEV_CMD_LIMIT_GET, 0, "read limits", 0, &answer, &f))
		return fault_print(&f);
	print(&answer.list[0].attrs, opts.json);
	records_clear(&answer);
	return STATUS_DONE;
}

static const struct {
	const char *name;
	int attr;
} limits[] = {
	{ "pool", ZCDEV_A_LIMIT_POOL_MAX },
	{ "user", ZCDEV_A_LIMIT_USER_MAX },
	{ "total", ZCDEV_A_LIMIT_TOTAL_MAX },
};

#define LIMITS	(sizeof(limits) / sizeof(limits[0]))

/* Which limit that is, or LIMITS. */
static size_t find(const char *word)
{
	size_t i;

	for (i = 0; i < LIMITS && strcmp(limits[i].name, word); i++)
		;
	return i;
}

static bool is_set(const struct netlink_request *request, int attr)
{
	size_t i;

	for (i = 0; i < request->count; i++) {
		if (request->values[i].type == attr)
			return true;
	}
	return false;
}

/* 0 has the kernel choose, so nobody can have meant it as a limit. */
static int parse_limit(uint64_t *bytes, const char *command, const char *text, struct fault *f)
{
	*bytes = 0;
	if (!strcmp(text, "default"))
		return 0;
	if (units_parse_size(text, bytes) || !*bytes)
		return options_fault(f, command,
				     "a limit is a size such as 64M or 2G, or 'default', not '%s'",
				     text);
	return 0;
}

/* pool SIZE, and so on, each at most once */
static int parse_limits(struct netlink_value values[LIMITS], struct netlink_request *request,
			const char *command, char **words, struct fault *f)
{
	uint64_t bytes;
	size_t i;

	if (!*words)
		return options_fault(f, command, "a limit is needed: pool, user or total");
	for (; *words; words += 2) {
		i = find(words[0]);
		if (i == LIMITS)
			return options_fault(f, command,
					     "limits are pool, user and total, not '%s'", words[0]);
		if (!words[1])
			return options_fault(f, command, "'%s' needs a size", words[0]);
		if (is_set(request, limits[i].attr))
			return options_fault(f, command, "'%s' is given twice", words[0]);
		if (parse_limit(&bytes, command, words[1], f))
			return -1;
		values[request->count++] = (struct netlink_value){
			limits[i].attr, 8, bytes, limits[i].name,
		};
	}
	return 0;
}

static int run_set(int argc, char **argv)
{
	struct netlink_value values[LIMITS];
	struct netlink_request request = {
		.command = ZCDEV_CMD_LIMIT_SET, .values = values, .what = "set limits",
	};
	struct options_plain opts;
	struct fault f;

	if (options_parse_plain(&opts, argc, argv, ":h", OPTIONS_REST, &f))
		return fault_print(&f);
	if (opts.help) {
		fputs(set_help, stdout);
		return STATUS_DONE;
	}
	if (parse_limits(values, &request, argv[0], argv + optind, &f))
		return fault_print(&f);
	return netlink_ask_once(&request, NULL, &f) ? fault_print(&f) : STATUS_DONE;
}

static const struct command show = {
	.name = "limit show",
	.summary = "show how much memory pools may have",
	.help = show_help,
	.run = run_show,
};

static const struct command set = {
	.name = "limit set",
	.summary = "set how much memory pools may have",
	.help = set_help,
	.run = run_set,
};

static const struct command * const commands[] = { &show, &set, NULL };

const struct command cmd_limit = {
	.name = "limit",
	.summary = "show and set how much memory pools may have",
	.commands = commands,
};
