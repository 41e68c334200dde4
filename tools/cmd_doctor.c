// SPDX-License-Identifier: GPL-2.0
/* zcdevctl doctor: what keeps a transfer from being as good as it could be. */
#include <stdio.h>

#include "command.h"
#include "doctor.h"
#include "options.h"

static const char help[] =
	"Usage: zcdevctl doctor [-j] SRC DST\n"
	"\n"
	"Tells which path a transfer from SRC to DST would take on this machine, and why not\n"
	"a better one. DST is not written: with files, up to 4 MiB of SRC are moved into a\n"
	"file without a name beside it. Connections are made and hung up without a byte.\n"
	"\n"
	"  -j, --json  print it as JSON\n"
	"  -h, --help  print this\n"
	"\n"
	"Exit status: 0 it would move, 1 it would not, 2 usage, 3 no device.\n";

static int parse_ends(struct endpoint ends[2], int argc, char **argv, struct fault *f)
{
	if (argc - optind < 2)
		return options_fault(f, argv[0], "SRC and DST are needed");
	if (argc - optind > 2)
		return options_fault(f, argv[0], "'%s' is left over", argv[optind + 2]);
	if (endpoint_parse(&ends[0], argv[optind], f) ||
	    endpoint_parse(&ends[1], argv[optind + 1], f))
		return -1;
	return 0;
}

static int run(int argc, char **argv)
{
	struct doctor doctor = { };
	struct options_plain opts;
	struct endpoint ends[2];
	struct fault f;

	if (options_parse_plain(&opts, argc, argv, ":jh", OPTIONS_REST, &f))
		return fault_print(&f);
	if (opts.help) {
		fputs(help, stdout);
		return STATUS_DONE;
	}
	if (parse_ends(ends, argc, argv, &f))
		return fault_print(&f);
	doctor_examine(&doctor, &ends[0], &ends[1]);
	if (opts.json)
		doctor_json(stdout, &doctor);
	else
		doctor_human(stdout, &doctor);
	if (doctor.no_device)
		return STATUS_NO_DEVICE;
	return doctor_state(&doctor) == DOCTOR_BAD ? STATUS_FAILED : STATUS_DONE;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "tell which path a pair would take, and why not a better one",
	.help = help,
	.run = run,
};
