// SPDX-License-Identifier: GPL-2.0
/* zcdevctl transfers: what is moving. */
#include <stdio.h>

#include "command.h"
#include "netlink.h"
#include "view.h"
#include "zcdev_netlink.h"

static const char help[] =
	"Usage: zcdevctl transfers [-j | -q]\n"
	"       zcdevctl transfers [-j] ID\n"
	"\n"
	"Lists the transfers in progress of all processes, one a line, or shows all about one.\n"
	"Paths and addresses are shown to their owner and to root.\n"
	"\n"
	"  -j, --json   print JSON: an array, or one object\n"
	"  -q, --quiet  print their ids only\n"
	"  -h, --help   print this\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 usage, 3 no module.\n";

static int list(const struct options_plain *opts, struct fault *f)
{
	const struct netlink_request request = {
		.command = ZCDEV_CMD_TRANSFER_GET, .dump = true, .what = "list transfers",
	};
	struct records transfers;

	if (netlink_ask_once(&request, &transfers, f))
		return -1;
	view_print_all(stdout, &view_transfer, opts, &transfers);
	records_clear(&transfers);
	return 0;
}

static int show(const struct options_plain *opts, struct fault *f)
{
	struct records transfers;

	if (netlink_ask_id(ZCDEV_CMD_TRANSFER_GET, ZCDEV_A_TRANSFER_ID, "show transfer",
			   opts->id, &transfers, f))
		return -1;
	if (opts->quiet)
		view_print_all(stdout, &view_transfer, opts, &transfers);
	else
		view_print_one(stdout, &view_transfer, opts, &transfers.list[0].attrs);
	records_clear(&transfers);
	return 0;
}

static int run(int argc, char **argv)
{
	struct options_plain opts;
	struct fault f;

	if (options_parse_plain(&opts, argc, argv, ":jqh", OPTIONS_MAYBE_ID, &f))
		return fault_print(&f);
	if (opts.help) {
		fputs(help, stdout);
		return STATUS_DONE;
	}
	if (opts.id ? show(&opts, &f) : list(&opts, &f))
		return fault_print(&f);
	return STATUS_DONE;
}

const struct command cmd_transfers = {
	.name = "transfers",
	.summary = "list what is moving",
	.help = help,
	.run = run,
};
