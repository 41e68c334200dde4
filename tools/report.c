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
	case ZCDEV_KIND_KTLS:
		return "kTLS ";
	case ZCDEV_KIND_VSOCK:
		return "vsock ";
	case ZCDEV_KIND_PIPE:
		return "pipe ";
	case ZCDEV_KIND_CHAR:
		return "device ";
	default:
		return "";
	}
}

double report_rate(const struct report *report)
{
	return report->seconds > 0 ? report->bytes / report->seconds : 0;
}

enum report_sync report_sync(const struct report *report)
{
	enum report_sync worst = REPORT_SYNC_NONE;
	unsigned int i;

	for (i = 1; i <= report->sink_count; i++) {
		if (report->sync[i] > worst)
			worst = report->sync[i];
	}
	return worst;
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
	if (report->sink_count == 1)
		fputs(sync_words[report->sync[1]], out);
	fputc('\n', out);
}

static void print_counts(FILE *out, const struct zcdev_end *end)
{
	char words[WORDS];

	names_words(words, sizeof(words), &names_paths, end->out_paths, " and ");
	fprintf(out, "%s%s, %" PRIu64 " zero-copied", kind_words(end->out_kind), words,
		(uint64_t)end->out_zerocopy);
	if (end->out_unverified)
		fprintf(out, ", %" PRIu64 " unverified", (uint64_t)end->out_unverified);
	fprintf(out, ", %" PRIu64 " copied", (uint64_t)end->out_copied);
	if (end->out_offloaded)
		fprintf(out, ", %" PRIu64 " offloaded", (uint64_t)end->out_offloaded);
	if (!end->out_reasons)
		return;
	names_words(words, sizeof(words), &names_reasons, end->out_reasons, "; ");
	fprintf(out, " (%s)", words);
}

static void print_end(FILE *out, const struct zcdev_end *end)
{
	if (end->out_bytes)
		print_counts(out, end);
	else
		fputs("nothing", out);
}

static void print_pair(FILE *out, const struct report *report)
{
	fputs("  in: ", out);
	print_end(out, &report->ends[0]);
	fputs("    out: ", out);
	print_end(out, &report->ends[1]);
	fputc('\n', out);
}

static void print_sink(FILE *out, const struct report *report, unsigned int i)
{
	fprintf(out, "  out: %s: ", report->names[i]);
	print_end(out, &report->ends[i]);
	fprintf(out, "%s%s\n", sync_words[report->sync[i]],
		report->faults[i].status == STATUS_DONE ? "" : ", failed");
}

static void print_all(FILE *out, const struct report *report)
{
	unsigned int i;

	fputs("  in: ", out);
	print_end(out, &report->ends[0]);
	fputc('\n', out);
	for (i = 1; i <= report->sink_count; i++)
		print_sink(out, report, i);
}

void report_human(FILE *out, const struct report *report)
{
	print_totals(out, report);
	if (report->sink_count > 1)
		print_all(out, report);
	else if (report->ends[1].out_bytes)
		print_pair(out, report);
	if (report->left)
		fprintf(out, "  left: %" PRIu64 " bytes were taken from %s but not delivered\n",
			report->left, report->names[0]);
}
