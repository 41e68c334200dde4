// SPDX-License-Identifier: GPL-2.0
/* zcdevctl pool: who holds which memory. */
#include <stdio.h>

#include "command.h"
#include "netlink.h"
#include "view.h"
#include "zcdev_netlink.h"

static const char list_help[] =
	"Usage: zcdevctl pool list [-j | -q]\n"
	"\n"
	"Lists the pools of all processes, one a line, also those that are closed and wait\n"
	"for memory that a socket or a pipe still holds.\n"
	"\n"
	"  -j, --json   print a JSON array\n"
	"  -q, --quiet  print their ids only\n"
	"  -h, --help   print this\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 usage, 3 no module.\n";

static const char show_help[] =
	"Usage: zcdevctl pool show [-j] ID\n"
	"\n"
	"Shows one pool: its owner, its memory, and where its buffers are.\n"
	"\n"
	"  -j, --json  print it as JSON\n"
	"  -h, --help  print this\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 usage, 3 no module.\n";

static int run_list(int argc, char **argv)
{
	const struct netlink_request request = {
		.command = ZCDEV_CMD_POOL_GET, .dump = true, .what = "list pools",
	};
	struct options_plain opts;
	struct records pools;
	struct fault f;

	if (options_parse_plain(&opts, argc, argv, ":jqh", OPTIONS_NONE, &f))
		return fault_print(&f);
	if (opts.help) {
		fputs(list_help, stdout);
		return STATUS_DONE;
	}
	if (netlink_ask_once(&request, &pools, &f))
		return fault_print(&f);
	view_print_all(stdout, &view_pool, &opts, &pools);
	records_clear(&pools);
	return STATUS_DONE;
}

static int run_show(int argc, char **argv)
{
	struct options_plain opts;
	struct records pools;
	struct fault f;

	if (options_parse_plain(&opts, argc, argv, ":jh", OPTIONS_ID, &f))
		return fault_print(&f);
	if (opts.help) {
		fputs(show_help, stdout);
		return STATUS_DONE;
	}
	if (netlink_ask_id(ZCDEV_CMD_POOL_GET, ZCDEV_A_POOL_ID, "show pool", opts.id, &pools, &f))
		return fault_print(&f);
	view_print_one(stdout, &view_pool, &opts, &pools.list[0].attrs);
	records_clear(&pools);
	return STATUS_DONE;
}

static const struct command list = {
	.name = "pool list",
	.summary = "list the pools of all processes",
	.help = list_help,
	.run = run_list,
};

static const struct command show = {
	.name = "pool show",
	.summary = "show one pool",
	.help = show_help,
	.run = run_show,
};

static const struct command * const commands[] = { &list, &show, NULL };

const struct command cmd_pool = {
	.name = "pool",
	.summary = "list pools: who holds which memory",
	.commands = commands,
};
