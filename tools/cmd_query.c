// SPDX-License-Identifier: GPL-2.0
/* zcdevctl query: what the loaded module can do. */
#include <stdbool.h>
#include <stdio.h>

#include "command.h"
#include "device.h"
#include "explain.h"
#include "json.h"
#include "options.h"
#include "query.h"

static const char help[] =
	"Usage: zcdevctl query [-j]\n"
	"\n"
	"Shows what the loaded module can do: ends, flags, and limits of pools.\n"
	"\n"
	"  -j, --json  print it as JSON\n"
	"  -h, --help  print this\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 usage, 3 no device.\n";

static const struct option longs[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

struct query_opts {
	bool json;
	bool help;
};

static int parse(struct query_opts *opts, int argc, char **argv, struct fault *f)
{
	int option;

	if (options_begin(argc, argv, longs, f))
		return -1;
	while ((option = options_next(argc, argv, ":jh", longs, f)) != -1) {
		if (option == '?')
			return -1;
		opts->json |= option == 'j';
		opts->help |= option == 'h';
	}
	if (optind < argc && !opts->help)
		return options_fault(f, argv[0], "'%s' is left over", argv[optind]);
	return 0;
}

static int ask(struct zcdev_query *query, struct fault *f)
{
	struct device dev;
	int ret = device_open(&dev);

	if (ret)
		return explain(f, EXPLAIN_DEVICE, dev.path, -ret);
	ret = device_query(&dev, query);
	device_close(&dev);
	return ret ? explain(f, EXPLAIN_IOCTL, dev.path, -ret) : 0;
}

static int run(int argc, char **argv)
{
	struct query_opts opts = { };
	struct zcdev_query query;
	struct fault f;

	if (parse(&opts, argc, argv, &f))
		return fault_print(&f);
	if (opts.help) {
		fputs(help, stdout);
		return STATUS_DONE;
	}
	if (ask(&query, &f))
		return fault_print(&f);
	if (opts.json)
		query_json(stdout, &query);
	else
		query_human(stdout, &query);
	return STATUS_DONE;
}

const struct command cmd_query = {
	.name = "query",
	.summary = "show what the loaded module can do",
	.help = help,
	.run = run,
};
