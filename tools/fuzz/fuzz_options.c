// SPDX-License-Identifier: GPL-2.0
/* The command line of "zcdevctl transfer": a word per line. */
#include "text.h"

#include "transfer_opts.h"

#define WORDS	24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_copy(data, size), *save, *word;
	char *argv[WORDS + 1] = { "transfer" };
	struct transfer_opts opts = {};
	struct fault fault = {};
	int argc = 1;

	for (word = strtok_r(text, "\n", &save); word && argc < WORDS;
	     word = strtok_r(NULL, "\n", &save))
		argv[argc++] = word;
	if (transfer_opts_parse(&opts, argc, argv, &fault))
		must(fault.status == STATUS_USAGE && *fault.text);
	else
		must(opts.help || (opts.sink_count >= 1 && opts.sink_count < MOVE_MAX_ENDS));
	free(text);
	return 0;
}
