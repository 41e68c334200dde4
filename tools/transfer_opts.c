// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "geometry.h"
#include "options.h"
#include "transfer_opts.h"
#include "units.h"

const char transfer_opts_help[] =
	"Usage: zcdevctl transfer [OPTION]... SRC DST...\n"
	"\n"
	"Moves bytes from SRC to DST, or to up to 16 of them at once, without copying them\n"
	"where the machine allows it, and tells how many were copied all the same, and why.\n"
	"\n"
	"SRC and DST:\n"
	"  PATH                    a file, a device or a FIFO (./tcp:x is a path, too)\n"
	"  -                       standard input, standard output\n"
	"  tcp:HOST:PORT           connect; IPv6 in brackets: tcp:[::1]:9000\n"
	"  tcp-listen:[ADDR:]PORT  wait for one connection\n"
	"  unix:PATH               connect to a UNIX stream socket\n"
	"  unix-listen:PATH        wait for one connection\n"
	"  vsock:CID:PORT          connect to a virtual machine, or to its host\n"
	"  vsock-listen:[CID:]PORT wait for one connection\n"
	"  fd:N                    a descriptor that is open already\n"
	"  pool:FD:OFFSET[:LEN]    memory of an open /dev/zcdev; LEN only of SRC\n"
	"\n"
	"  -s, --size SIZE         move SIZE bytes (default: all up to the end of SRC)\n"
	"      --in-offset N       begin N bytes into SRC\n"
	"      --out-offset N      begin N bytes into each DST, and do not truncate it\n"
	"      --header FILE       what each DST gets first, up to 64K\n"
	"      --trailer FILE      what each DST gets last, up to 64K\n"
	"      --limit-rate RATE   bytes per second at most\n"
	"      --latency TIME      how long bytes of a stream may wait for more: 500us, 20ms\n"
	"      --copy-below SIZE   copy smaller pieces to sockets; 0 for none (default: measured)\n"
	"      --keep-going        a DST that fails does not end it for the others\n"
	"      --via HOW           files by auto (default), direct or buffered I/O\n"
	"      --page-cache        hand out pages of SRC that are in the page cache, as sendfile(2)\n"
	"      --sparse WHEN       holes of SRC stay holes in files: auto (default), never\n"
	"      --strict            fail rather than copy, before a byte moves\n"
	"      --depth N           buffers in the pool (default: up to 2)\n"
	"      --chunk SIZE        bytes of each, a power of two, 4K to 4M (default: up to 4M)\n"
	"      --no-sync           do not wait until each DST is on its disk\n"
	"  -j, --json              print the summary as JSON\n"
	"  -q, --quiet             print nothing unless something fails\n"
	"      --no-progress       no progress bar, also on a terminal\n"
	"  -h, --help              print this\n"
	"\n"
	"SIZE, RATE and N take K, M, G and T, powers of 1024.\n"
	"Exit status: 0 done, 1 failed, 2 usage, 3 no device.\n";

enum {
	OPT_IN_OFFSET = 256,
	OPT_OUT_OFFSET,
	OPT_VIA,
	OPT_PAGE_CACHE,
	OPT_SPARSE,
	OPT_STRICT,
	OPT_KEEP_GOING,
	OPT_HEADER,
	OPT_TRAILER,
	OPT_LIMIT_RATE,
	OPT_LATENCY,
	OPT_COPY_BELOW,
	OPT_DEPTH,
	OPT_CHUNK,
	OPT_NO_SYNC,
	OPT_NO_PROGRESS,
};

static const char shorts[] = ":s:jqh";

static const struct option longs[] = {
	{ "size", required_argument, NULL, 's' },
	{ "in-offset", required_argument, NULL, OPT_IN_OFFSET },
	{ "out-offset", required_argument, NULL, OPT_OUT_OFFSET },
	{ "via", required_argument, NULL, OPT_VIA },
	{ "page-cache", no_argument, NULL, OPT_PAGE_CACHE },
	{ "sparse", required_argument, NULL, OPT_SPARSE },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "header", required_argument, NULL, OPT_HEADER },
	{ "trailer", required_argument, NULL, OPT_TRAILER },
	{ "limit-rate", required_argument, NULL, OPT_LIMIT_RATE },
	{ "latency", required_argument, NULL, OPT_LATENCY },
	{ "copy-below", required_argument, NULL, OPT_COPY_BELOW },
	{ "keep-going", no_argument, NULL, OPT_KEEP_GOING },
	{ "depth", required_argument, NULL, OPT_DEPTH },
	{ "chunk", required_argument, NULL, OPT_CHUNK },
	{ "no-sync", no_argument, NULL, OPT_NO_SYNC },
	{ "json", no_argument, NULL, 'j' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "no-progress", no_argument, NULL, OPT_NO_PROGRESS },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static const char command[] = "transfer";

static int parse_size(uint64_t *bytes, const char *option, const char *text, struct fault *f)
{
	int ret = units_parse_size(text, bytes);

	if (ret == -ERANGE)
		return options_fault(f, command, "%s %s is more than a file can have", option, text);
	if (ret)
		return options_fault(f, command,
				     "%s takes a size such as 4096, 64K or 2G, not '%s'", option, text);
	return 0;
}

static int parse_chunk(struct transfer_opts *opts, const char *text, struct fault *f)
{
	uint64_t bytes;

	if (parse_size(&bytes, "--chunk", text, f))
		return -1;
	if (bytes < GEOMETRY_MIN_BUF || bytes > GEOMETRY_MAX_BUF || bytes & (bytes - 1))
		return options_fault(f, command,
				     "--chunk takes a power of two from 4K to 4M, not '%s'", text);
	opts->chunk = bytes;
	return 0;
}

static int parse_depth(struct transfer_opts *opts, const char *text, struct fault *f)
{
	uint64_t count;

	if (units_parse_count(text, &count) || count < 1 || count > UINT32_MAX)
		return options_fault(f, command, "--depth takes a number from 1 on, not '%s'", text);
	opts->depth = count;
	return 0;
}

static int parse_via(struct transfer_opts *opts, const char *text, struct fault *f)
{
	if (!strcmp(text, "auto"))
		opts->end_flags = 0;
	else if (!strcmp(text, "direct"))
		opts->end_flags = ZCDEV_END_DIRECT;
	else if (!strcmp(text, "buffered"))
		opts->end_flags = ZCDEV_END_BUFFERED;
	else
		return options_fault(f, command, "--via takes auto, direct or buffered, not '%s'",
				     text);
	return 0;
}

static int parse_sparse(struct transfer_opts *opts, const char *text, struct fault *f)
{
	opts->solid = !strcmp(text, "never");
	if (!opts->solid && strcmp(text, "auto"))
		return options_fault(f, command, "--sparse takes auto or never, not '%s'", text);
	return 0;
}

static int parse_rate(struct transfer_opts *opts, const char *text, struct fault *f)
{
	if (units_parse_size(text, &opts->rate))
		return options_fault(f, command,
				     "--limit-rate takes bytes per second such as 500K or 10M, not '%s'",
				     text);
	if (!opts->rate)
		return options_fault(f, command, "--limit-rate 0 would move nothing, ever");
	return 0;
}

static int parse_latency(struct transfer_opts *opts, const char *text, struct fault *f)
{
	if (units_parse_time(text, &opts->latency_ns))
		return options_fault(f, command,
				     "--latency takes a time such as 500us, 20ms or 1s, not '%s'",
				     text);
	return 0;
}

/* In the ABI 0 is the default, and 1 the size that nothing is below of. */
static int parse_copy_below(struct transfer_opts *opts, const char *text, struct fault *f)
{
	uint64_t bytes;

	if (parse_size(&bytes, "--copy-below", text, f))
		return -1;
	if (bytes > UINT32_MAX)
		return options_fault(f, command, "--copy-below takes less than 4G, not '%s'", text);
	opts->copy_below = bytes ? bytes : 1;
	return 0;
}

static int set_option(struct transfer_opts *opts, int option, struct fault *f)
{
	switch (option) {
	case 's':
		return parse_size(&opts->len, "-s", optarg, f);
	case OPT_IN_OFFSET:
		return parse_size(&opts->in_offset, "--in-offset", optarg, f);
	case OPT_OUT_OFFSET:
		return parse_size(&opts->out_offset, "--out-offset", optarg, f);
	case OPT_VIA:
		return parse_via(opts, optarg, f);
	case OPT_HEADER:
		opts->header = optarg;
		return 0;
	case OPT_TRAILER:
		opts->trailer = optarg;
		return 0;
	case OPT_LIMIT_RATE:
		return parse_rate(opts, optarg, f);
	case OPT_LATENCY:
		return parse_latency(opts, optarg, f);
	case OPT_COPY_BELOW:
		return parse_copy_below(opts, optarg, f);
	case OPT_DEPTH:
		return parse_depth(opts, optarg, f);
	case OPT_CHUNK:
		return parse_chunk(opts, optarg, f);
	case OPT_PAGE_CACHE:
		opts->page_cache = true;
		return 0;
	case OPT_SPARSE:
		return parse_sparse(opts, optarg, f);
	case OPT_STRICT:
		opts->strict = true;
		return 0;
	case OPT_KEEP_GOING:
		opts->keep_going = true;
		return 0;
	case OPT_NO_SYNC:
		opts->no_sync = true;
		return 0;
	case 'j':
		opts->json = true;
		return 0;
	case 'q':
		opts->quiet = true;
		return 0;
	case OPT_NO_PROGRESS:
		opts->no_progress = true;
		return 0;
	case 'h':
		opts->help = true;
		return 0;
	default:
		return -1;
	}
}

static int parse_ends(struct transfer_opts *opts, char **texts, int count, struct fault *f)
{
	int i;

	if (count < 2)
		return options_fault(f, command, "SRC and DST are needed");
	if (count > MOVE_MAX_ENDS)
		return options_fault(f, command, "one SRC and up to %d DST, but '%s' is left over",
				     MOVE_MAX_SINKS, texts[MOVE_MAX_ENDS]);
	opts->sink_count = count - 1;
	for (i = 0; i < count; i++) {
		if (endpoint_parse(&opts->ends[i], texts[i], f))
			return -1;
	}
	return 0;
}

/* Two connections to one place are two; other names of a file are found out later. */
static int check_twice(const struct transfer_opts *opts, struct fault *f)
{
	unsigned int i, k;

	for (i = 2; i <= opts->sink_count; i++) {
		for (k = 1; k < i && !endpoint_is_socket(&opts->ends[i]); k++) {
			if (!strcmp(opts->ends[k].text, opts->ends[i].text))
				return options_fault(f, command, "'%s' can be DST only once",
						     opts->ends[i].text);
		}
	}
	return 0;
}

/* Only what is named by a path, or was inherited, can begin somewhere else. */
static int check_offset(const struct endpoint *end, const char *option, struct fault *f)
{
	if (endpoint_is_socket(end))
		return options_fault(f, command, "%s is for files, and '%s' is a socket", option,
				     end->text);
	if (end->kind == ENDPOINT_POOL)
		return options_fault(f, command, "%s is for files, and '%s' has an offset already",
				     option, end->text);
	return 0;
}

static int check_sinks(const struct transfer_opts *opts, struct fault *f)
{
	const struct endpoint *end;

	for (end = opts->ends + 1; end <= opts->ends + opts->sink_count; end++) {
		if (opts->out_offset != TRANSFER_NO_OFFSET &&
		    check_offset(end, "--out-offset", f))
			return -1;
		if (end->kind == ENDPOINT_POOL && end->len != ENDPOINT_NO_LEN)
			return options_fault(f, command,
					     "'%s': only SRC has a length; -s says how much to move",
					     end->text);
	}
	return check_twice(opts, f);
}

/* What was inherited may be a socket, too; that is found out when it is looked at. */
static bool any_socket(const struct transfer_opts *opts)
{
	const struct endpoint *end;

	for (end = opts->ends + 1; end <= opts->ends + opts->sink_count; end++) {
		if (endpoint_is_socket(end) || end->kind == ENDPOINT_STDIO ||
		    end->kind == ENDPOINT_FD)
			return true;
	}
	return false;
}

/* What each option means alone is right; these do not go together. */
static int check(const struct transfer_opts *opts, struct fault *f)
{
	if (opts->strict && opts->end_flags == ZCDEV_END_BUFFERED)
		return options_fault(f, command, "--via buffered copies, and --strict forbids that");
	if (opts->page_cache && opts->end_flags)
		return options_fault(f, command,
				     "--page-cache is a way of its own, and --via names another");
	if (opts->json && opts->quiet)
		return options_fault(f, command, "-j prints a summary, and -q forbids that");
	if (opts->in_offset != TRANSFER_NO_OFFSET &&
	    check_offset(&opts->ends[0], "--in-offset", f))
		return -1;
	if (opts->copy_below && !any_socket(opts))
		return options_fault(f, command, "--copy-below is for sockets, and no DST is one");
	return check_sinks(opts, f);
}

int transfer_opts_parse(struct transfer_opts *opts, int argc, char **argv, struct fault *f)
{
	int option;

	*opts = (struct transfer_opts){
		.len = ZCDEV_TO_END,
		.in_offset = TRANSFER_NO_OFFSET,
		.out_offset = TRANSFER_NO_OFFSET,
		.latency_ns = TRANSFER_NO_LATENCY,
	};
	if (options_begin(argc, argv, longs, f))
		return -1;
	while ((option = options_next(argc, argv, shorts, longs, f)) != -1) {
		if (set_option(opts, option, f))
			return -1;
	}
	if (opts->help)
		return 0;
	if (parse_ends(opts, argv + optind, argc - optind, f))
		return -1;
	return check(opts, f);
}
