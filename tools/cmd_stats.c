// SPDX-License-Identifier: GPL-2.0
/* zcdevctl stats: counters, and how fast they grow. */
#include <stdio.h>

#include "command.h"
#include "json.h"
#include "move.h"
#include "netlink.h"
#include "options.h"
#include "units.h"
#include "view_stats.h"
#include "wait.h"
#include "zcdev_netlink.h"

#define HEADING_EVERY	20

static const char help[] =
	"Usage: zcdevctl stats [-j] [-p ID] [-w[SECONDS]] [-n COUNT]\n"
	"\n"
	"Shows what was moved, by which paths, what was copied and why, and what failed,\n"
	"since the module was loaded, or since a pool was created.\n"
	"\n"
	"  -p, --pool ID          only what one pool took part in\n"
	"  -w, --watch[=SECONDS]  go on, one line every SECONDS (default: 1) with the rates\n"
	"                         since the last; with -j an object of counters a line\n"
	"  -n, --count COUNT      end after COUNT lines\n"
	"  -j, --json             print JSON\n"
	"  -h, --help             print this\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 usage, 3 no module.\n";

static const struct option longs[] = {
	{ "pool", required_argument, NULL, 'p' },
	{ "watch", optional_argument, NULL, 'w' },
	{ "count", required_argument, NULL, 'n' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

/**
 * struct stats_opts - the command line
 * @pool: id, or 0 for all together
 * @seconds: between two lines, or 0 to look once
 * @count: lines, or 0 for no end
 */
struct stats_opts {
	uint32_t pool;
	double seconds;
	uint64_t count;
	bool json;
	bool help;
};

static int set_option(struct stats_opts *opts, const char *command, int option, struct fault *f)
{
	switch (option) {
	case 'p':
		return options_parse_id(&opts->pool, command, optarg, f);
	case 'w':
		return options_parse_seconds(&opts->seconds, command, optarg ? : "1", f);
	case 'n':
		return options_parse_count(&opts->count, command, optarg, f);
	case 'j':
		opts->json = true;
		return 0;
	case 'h':
		opts->help = true;
		return 0;
	default:
		return -1;
	}
}

static int parse(struct stats_opts *opts, int argc, char **argv, struct fault *f)
{
	int option;

	if (options_begin(argc, argv, longs, f))
		return -1;
	while ((option = options_next(argc, argv, ":p:w::n:jh", longs, f)) != -1) {
		if (set_option(opts, argv[0], option, f))
			return -1;
	}
	if (opts->help)
		return 0;
	if (optind < argc)
		return options_fault(f, argv[0], "'%s' is left over%s", argv[optind],
				     opts->seconds ? "; seconds follow --watch without a space" : "");
	if (opts->count && !opts->seconds)
		return options_fault(f, argv[0], "--count goes with --watch");
	return 0;
}

static int ask(struct netlink *nl, uint32_t pool, struct records *answer, struct fault *f)
{
	const struct netlink_value value = { ZCDEV_A_STATS_POOL_ID, 4, pool, "the id" };
	const struct netlink_request request = {
		.command = ZCDEV_CMD_STATS_GET, .values = &value, .count = !!pool,
		.what = "read counters",
	};

	if (netlink_ask(nl, &request, answer, f))
		return -1;
	return answer->count ? 0 : fault_set(f, STATUS_FAILED, "the kernel did not answer");
}

static int show_once(struct netlink *nl, const struct stats_opts *opts, struct fault *f)
{
	struct records answer;

	if (ask(nl, opts->pool, &answer, f))
		return -1;
	if (opts->json)
		json_print(stdout, view_stats_json(&answer.list[0].attrs));
	else
		view_stats_human(stdout, &answer.list[0].attrs);
	records_clear(&answer);
	return 0;
}

static void print_rates(const struct stats *grown, double seconds)
{
	char in[UNITS_TEXT], out[UNITS_TEXT], copied[UNITS_TEXT];

	printf("%11s  %11s  %11.1f%%  %11s  %9.1f  %9.1f  %9.1f\n",
	       units_rate(in, grown->source.bytes / seconds),
	       units_rate(out, grown->sink.bytes / seconds), 100 * stats_zerocopy(grown),
	       units_rate(copied, (grown->source.copied + grown->sink.copied) / seconds),
	       grown->waits / seconds, grown->transfers / seconds, grown->failures / seconds);
}

/**
 * struct watch - between two lines
 * @line: number of the next
 * @before: what the counters were
 * @then: when that was
 */
struct watch {
	uint64_t line;
	struct stats before;
	double then;
};

static void print_line(struct watch *watch, const struct stats_opts *opts,
		       const struct attrs *attrs)
{
	double now = move_now();
	struct stats stats, grown;

	stats_read(&stats, attrs);
	stats_since(&grown, &stats, &watch->before);
	if (opts->json)
		json_print(stdout, view_stats_json(attrs));
	else if (watch->line % HEADING_EVERY == 1)
		puts("         IN          OUT   ZERO-COPIED       COPIED    WAITS/s  STARTED/s   FAILED/s");
	/* Rates take two looks. */
	if (!opts->json && watch->line)
		print_rates(&grown, now - watch->then);
	watch->before = stats;
	watch->then = now;
	watch->line++;
}

static bool is_last(const struct watch *watch, const struct stats_opts *opts)
{
	uint64_t printed = opts->json ? watch->line : watch->line - 1;

	return opts->count && printed >= opts->count;
}

/* A reader that is gone ends it as well. */
static int show_again(struct netlink *nl, const struct stats_opts *opts, struct fault *f)
{
	struct watch watch = { };
	struct records answer;

	wait_begin();
	while (!wait_is_over() && !ferror(stdout)) {
		if (ask(nl, opts->pool, &answer, f))
			return -1;
		print_line(&watch, opts, &answer.list[0].attrs);
		records_clear(&answer);
		if (fflush(stdout) || is_last(&watch, opts))
			break;
		wait_until(watch.then + opts->seconds);
	}
	return 0;
}

static int run(int argc, char **argv)
{
	struct stats_opts opts = { };
	struct netlink nl;
	struct fault f;
	int ret;

	if (parse(&opts, argc, argv, &f))
		return fault_print(&f);
	if (opts.help) {
		fputs(help, stdout);
		return STATUS_DONE;
	}
	if (netlink_open(&nl, &f))
		return fault_print(&f);
	ret = opts.seconds ? show_again(&nl, &opts, &f) : show_once(&nl, &opts, &f);
	netlink_close(&nl);
	return ret ? fault_print(&f) : STATUS_DONE;
}

const struct command cmd_stats = {
	.name = "stats",
	.summary = "show what was moved, copied and why, and what failed",
	.help = help,
	.run = run,
};
