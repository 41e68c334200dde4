// SPDX-License-Identifier: GPL-2.0
/* zcdevctl monitor: what happens, as it happens. */
#include <stdio.h>

#include "command.h"
#include "netlink.h"
#include "options.h"
#include "view_event.h"
#include "wait.h"
#include "zcdev_netlink.h"

static const char help[] =
	"Usage: zcdevctl monitor [-j] [-n COUNT]\n"
	"\n"
	"Tells of pools and transfers that come, go, drain, fail, or begin to copy, one event\n"
	"a line, until Ctrl-C. They are those of this network namespace.\n"
	"\n"
	"  -n, --count COUNT  end after COUNT events\n"
	"  -j, --json         print each event as JSON\n"
	"  -h, --help         print this\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 usage, 3 no module.\n";

static const struct option longs[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

/**
 * struct monitor - the command under way
 * @count: events to print, or 0 for no end
 * @printed: so many were
 */
struct monitor {
	struct netlink nl;
	uint64_t count;
	uint64_t printed;
	bool json;
	bool help;
};

static int parse(struct monitor *monitor, int argc, char **argv, struct fault *f)
{
	int option;

	if (options_begin(argc, argv, longs, f))
		return -1;
	while ((option = options_next(argc, argv, ":n:jh", longs, f)) != -1) {
		if (option == '?' ||
		    (option == 'n' && options_parse_count(&monitor->count, argv[0], optarg, f)))
			return -1;
		monitor->json |= option == 'j';
		monitor->help |= option == 'h';
	}
	if (optind < argc && !monitor->help)
		return options_fault(f, argv[0], "'%s' is left over", argv[optind]);
	return 0;
}

static bool is_enough(const struct monitor *monitor)
{
	return monitor->count && monitor->printed >= monitor->count;
}

static void print(struct monitor *monitor, const struct records *events, bool lost)
{
	struct timespec now;
	size_t i;

	clock_gettime(CLOCK_REALTIME, &now);
	for (i = 0; i < events->count && !is_enough(monitor); i++, monitor->printed++) {
		if (monitor->json)
			view_event_json(stdout, &events->list[i], &now);
		else
			view_event_human(stdout, &events->list[i], &now);
	}
	if (lost)
		view_event_lost(stdout, monitor->json, &now);
}

static int take_events(struct monitor *monitor, struct fault *f)
{
	struct records events = { };
	bool lost;
	int ret;

	ret = netlink_read(&monitor->nl, &events, &lost, f);
	if (!ret)
		print(monitor, &events, lost);
	records_clear(&events);
	return ret;
}

/* A reader that is gone ends it as well. */
static int listen(struct monitor *monitor, struct fault *f)
{
	if (netlink_join(&monitor->nl, ZCDEV_MCGRP_EVENTS, f))
		return -1;
	wait_begin();
	while (!is_enough(monitor) && !wait_is_over()) {
		if (!wait_for(netlink_fd(&monitor->nl), -1))
			continue;
		if (take_events(monitor, f))
			return -1;
		if (fflush(stdout))
			break;
	}
	return 0;
}

static int run(int argc, char **argv)
{
	struct monitor monitor = { };
	struct fault f;
	int ret;

	if (parse(&monitor, argc, argv, &f))
		return fault_print(&f);
	if (monitor.help) {
		fputs(help, stdout);
		return STATUS_DONE;
	}
	if (netlink_open(&monitor.nl, &f))
		return fault_print(&f);
	ret = listen(&monitor, &f);
	netlink_close(&monitor.nl);
	return ret ? fault_print(&f) : STATUS_DONE;
}

const struct command cmd_monitor = {
	.name = "monitor",
	.summary = "tell what happens, as it happens",
	.help = help,
	.run = run,
};
