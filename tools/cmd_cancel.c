// SPDX-License-Identifier: GPL-2.0
/* zcdevctl cancel: have transfers end. */
#include <stdio.h>

#include "command.h"
#include "netlink.h"
#include "options.h"
#include "zcdev_netlink.h"

static const char help[] =
	"Usage: zcdevctl cancel ID...\n"
	"\n"
	"Has transfers end with what they did so far. Who started one gets exact counts and\n"
	"the error ECANCELED. It takes the same user, or root.\n"
	"\n"
	"  -h, --help  print this\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 usage, 3 no module.\n";

static int cancel(struct netlink *nl, uint32_t id)
{
	const struct netlink_value value = { ZCDEV_A_TRANSFER_ID, 4, id, "the id" };
	char what[64];
	const struct netlink_request request = {
		.command = ZCDEV_CMD_TRANSFER_CANCEL, .values = &value, .count = 1, .what = what,
	};
	struct fault f;

	snprintf(what, sizeof(what), "cancel transfer %u", id);
	return netlink_ask(nl, &request, NULL, &f) ? fault_print(&f) : STATUS_DONE;
}

/* All of them, before any is cancelled. */
static int check_ids(const char *command, char **texts, struct fault *f)
{
	uint32_t id;

	if (!*texts)
		return options_fault(f, command, "an id is needed");
	for (; *texts; texts++) {
		if (options_parse_id(&id, command, *texts, f))
			return -1;
	}
	return 0;
}

/* One that is gone already keeps none of the others. */
static int cancel_all(const char *command, char **texts, struct fault *f)
{
	int status = STATUS_DONE;
	struct netlink nl;
	uint32_t id;

	if (netlink_open(&nl, f))
		return fault_print(f);
	for (; *texts; texts++) {
		if (options_parse_id(&id, command, *texts, f) || cancel(&nl, id))
			status = STATUS_FAILED;
	}
	netlink_close(&nl);
	return status;
}

static int run(int argc, char **argv)
{
	struct options_plain opts;
	struct fault f;

	if (options_parse_plain(&opts, argc, argv, ":h", OPTIONS_REST, &f))
		return fault_print(&f);
	if (opts.help) {
		fputs(help, stdout);
		return STATUS_DONE;
	}
	if (check_ids(argv[0], argv + optind, &f))
		return fault_print(&f);
	return cancel_all(argv[0], argv + optind, &f);
}

const struct command cmd_cancel = {
	.name = "cancel",
	.summary = "have transfers end",
	.help = help,
	.run = run,
};
