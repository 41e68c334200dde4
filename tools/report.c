// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>

#include "names.h"
#include "report.h"
#include "units.h"

#define WORDS	512

static const char * const sync_words[] = {
	[REPORT_SYNC_NONE] = "",
	[REPORT_SYNC_DONE] = ", synced",
	[REPORT_SYNC_SKIPPED] = ", not synced (--no-sync)",
	[REPORT_SYNC_FAILED] = ", not synced",
};

/* A file goes without saying. */
static const char *kind_words(uint32_t kind)
{
	switch (kind) {
	case ZCDEV_KIND_BLOCK:
		return "device ";
	case ZCDEV_KIND_TCP:
		return "TCP ";
	case ZCDEV_KIND_UNIX:
		return "UNIX ";
	default:
		return "";
	}
}

double report_rate(const struct report *report)
{
	return report->seconds > 0 ? report->bytes / report->seconds : 0;
}

static void print_totals(FILE *out, const struct report *report)
{
	char size[UNITS_TEXT], rate[UNITS_TEXT];

	fprintf(out, "%" PRIu64 " bytes", report->bytes);
	if (report->bytes >= KIB)
		fprintf(out, " (%s)", units_size(size, report->bytes));
	fprintf(out, " in %.2f s", report->seconds);
	if (report_rate(report) > 0)
		fprintf(out, ", %s", units_rate(rate, report_rate(report)));
	fprintf(out, "%s\n", sync_words[report->sync]);
}

static void print_end(FILE *out, const char *side, const struct zcdev_end *end)
{
	char words[WORDS];

	names_words(words, sizeof(words), &names_paths, end->out_paths, " and ");
	fprintf(out, "%s: %s%s, %" PRIu64 " zero-copied", side, kind_words(end->out_kind),
		words, (uint64_t)end->out_zerocopy);
	if (end->out_unverified)
		fprintf(out, ", %" PRIu64 " unverified", (uint64_t)end->out_unverified);
	fprintf(out, ", %" PRIu64 " copied", (uint64_t)end->out_copied);
	if (!end->out_reasons)
		return;
	names_words(words, sizeof(words), &names_reasons, end->out_reasons, "; ");
	fprintf(out, " (%s)", words);
}

void report_human(FILE *out, const struct report *report)
{
	unsigned int i;

	print_totals(out, report);
	if (!report->bytes)
		return;
	fputs("  ", out);
	print_end(out, "in", &report->ends[0]);
	for (i = 1; i <= report->sink_count; i++) {
		fputs("    ", out);
		print_end(out, "out", &report->ends[i]);
	}
	fputc('\n', out);
}
