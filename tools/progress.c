// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "move.h"
#include "progress.h"
#include "units.h"

#define LINE		256
#define BAR		20
#define DEFAULT_WIDTH	80

bool progress_wanted(void)
{
	return isatty(STDERR_FILENO);
}

static void format_time(char *buf, size_t size, double seconds)
{
	unsigned long whole = seconds < 359999 ? seconds + 0.5 : 359999;

	if (whole >= 3600)
		snprintf(buf, size, "%lu:%02lu:%02lu", whole / 3600, whole / 60 % 60, whole % 60);
	else
		snprintf(buf, size, "%lu:%02lu", whole / 60, whole % 60);
}

static void format_bar(char buf[static BAR + 1], double part)
{
	int filled = part * BAR;

	memset(buf, ' ', BAR);
	memset(buf, '=', filled);
	if (filled < BAR)
		buf[filled] = '>';
	buf[BAR] = 0;
}

static void format_known(char *buf, size_t size, int width, uint64_t bytes, uint64_t total,
			 double seconds)
{
	char done[UNITS_TEXT], all[UNITS_TEXT], rate[UNITS_TEXT], left[UNITS_TEXT];
	char bar[BAR + 1], rest[LINE];
	double part = total ? (double)bytes / total : 1;
	double speed = seconds > 0 ? bytes / seconds : 0;

	if (part > 1)
		part = 1;
	strcpy(left, "-:--");
	if (speed > 0)
		format_time(left, sizeof(left), (total - part * total) / speed);
	snprintf(rest, sizeof(rest), "%3.0f%%  %s of %s  %s  %s left", part * 100,
		 units_size(done, bytes), units_size(all, total), units_rate(rate, speed), left);
	/* The numbers are worth more than the bar. */
	format_bar(bar, part);
	if ((int)strlen(rest) + BAR + 4 <= width)
		snprintf(buf, size, "[%s]  %s", bar, rest);
	else
		snprintf(buf, size, "%s", rest);
}

void progress_format(char *buf, size_t size, int width, uint64_t bytes, uint64_t total,
		     double seconds)
{
	char done[UNITS_TEXT], rate[UNITS_TEXT], spent[UNITS_TEXT];

	if (total != PROGRESS_UNKNOWN) {
		format_known(buf, size, width, bytes, total, seconds);
	} else {
		format_time(spent, sizeof(spent), seconds);
		snprintf(buf, size, "%s  %s  %s", units_size(done, bytes),
			 units_rate(rate, seconds > 0 ? bytes / seconds : 0), spent);
	}
	if (width >= 0 && (size_t)width < size)
		buf[width] = 0;
}

/* Asked each time: windows are resized. */
static int terminal_width(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || !w.ws_col)
		return DEFAULT_WIDTH;
	return w.ws_col;
}

void progress_begin(struct progress *progress, uint64_t total)
{
	*progress = (struct progress){ .total = total, .start = move_now() };
}

void progress_tick(void *context, uint64_t bytes)
{
	struct progress *progress = context;
	char line[LINE];

	/* The last column stays free: some terminals wrap when it is written. */
	progress_format(line, sizeof(line), terminal_width() - 1, bytes, progress->total,
			move_now() - progress->start);
	fprintf(stderr, "\r%s\033[K", line);
	progress->shown = true;
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
