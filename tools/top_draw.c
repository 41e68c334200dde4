// SPDX-License-Identifier: GPL-2.0
/* "zcdevctl top" for the eye. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "screen.h"
#include "table.h"
#include "top.h"
#include "units.h"
#include "view.h"
#include "zcdev_netlink.h"

#define LINE		1024
#define BAR		10
#define FIXED_LINES	8	/* whatever is listed */
#define WIDE		110	/* columns of the screen that all of a list needs */

/**
 * struct canvas - the screen while it is drawn
 * @used: lines that are finished
 * @blocks: it shows more than ASCII
 */
struct canvas {
	FILE *out;
	int width;
	int height;
	int used;
	bool blocks;
};

/* In front of each line: none must end with a line feed, or the last would scroll. */
static bool next_line(struct canvas *canvas)
{
	if (canvas->used >= canvas->height)
		return false;
	if (canvas->used++)
		fputs("\n", canvas->out);
	return true;
}

static void end_line(struct canvas *canvas)
{
	fputs(SCREEN_PLAIN SCREEN_REST, canvas->out);
}

/* Cuts @text where the screen ends. */
static void cut(char *text, int width)
{
	for (; *text; text++) {
		if ((*text & 0xc0) != 0x80 && width-- == 0)
			break;
	}
	*text = 0;
}

__attribute__((format(printf, 3, 4)))
static void put_line(struct canvas *canvas, const char *style, const char *fmt, ...)
{
	char text[LINE];
	va_list args;

	if (!next_line(canvas))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	cut(text, canvas->width);
	fprintf(canvas->out, "%s%s", style, text);
	end_line(canvas);
}

static void put_table(struct canvas *canvas, const struct table *table)
{
	size_t line;
	int used;

	for (line = 0; line <= table_rows(table) && next_line(canvas); line++) {
		fputs(line ? "" : SCREEN_INVERSE, canvas->out);
		used = table_line(canvas->out, table, line, canvas->width);
		/* The bar of the headings goes all the way. */
		if (!line)
			fprintf(canvas->out, "%*s", canvas->width - used, "");
		end_line(canvas);
	}
}

/* How high a sample stands among the others. */
static void add_level(char *text, double part, bool blocks)
{
	static const char * const high[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char * const plain[] = { " ", "_", ".", "-", "=", "+", "*", "%", "#" };
	int level = part > 0 ? 1 + (int)(part * 7.999) : 0;

	strcat(text, (blocks ? high : plain)[level > 8 ? 8 : level]);
}

/* The last @width samples, or as many as there are, and the highest of them. */
static double make_history(char *text, const double *ring, size_t looks, size_t width, bool blocks)
{
	size_t count = looks < width ? looks : width, i;
	double most = 0;

	*text = 0;
	for (i = looks - count; i < looks; i++)
		most = ring[i % TOP_HISTORY] > most ? ring[i % TOP_HISTORY] : most;
	for (i = looks - count; i < looks; i++)
		add_level(text, most > 0 ? ring[i % TOP_HISTORY] / most : 0, blocks);
	return most;
}

static void put_flow(struct canvas *canvas, const char *name, const struct top *top,
		     const double *ring)
{
	/* A name, a rate and a peak stand beside it. */
	int room = canvas->width - 40;
	char history[4 * TOP_HISTORY], rate[UNITS_TEXT], peak[UNITS_TEXT];
	double now = top->looks ? ring[(top->looks - 1) % TOP_HISTORY] : 0;
	double most;

	room = room < 1 ? 1 : room > TOP_HISTORY / 4 ? TOP_HISTORY / 4 : room;
	most = make_history(history, ring, top->looks, room, canvas->blocks);
	put_line(canvas, now > 0 ? SCREEN_BOLD : "", "%-4s %11s  peak %11s  %s", name,
		 units_rate(rate, now), units_rate(peak, most), history);
}

static void make_bar(char text[static 4 * BAR + 1], double part, bool blocks)
{
	int filled = part >= 1 ? BAR : part > 0 ? 1 + (int)(part * (BAR - 1)) : 0, i;

	*text = 0;
	for (i = 0; i < BAR; i++)
		strcat(text, i < filled ? (blocks ? "█" : "#") : (blocks ? "░" : "."));
}

static void put_title(struct canvas *canvas, const struct top *top)
{
	const struct top_moment *now = &top->now;
	char held[UNITS_TEXT], most[UNITS_TEXT], bar[4 * BAR + 1];
	time_t clock = time(NULL);
	struct tm tm;

	localtime_r(&clock, &tm);
	make_bar(bar, now->total_max ? (double)now->total_held / now->total_max : 0,
		 canvas->blocks);
	put_line(canvas, SCREEN_BOLD,
		 "zcdev %02d:%02d:%02d   %zu transfers   %zu pools   %s %s of %s held",
		 tm.tm_hour, tm.tm_min, tm.tm_sec, now->transfers.count, now->pools.count, bar,
		 units_size(held, now->total_held), units_size(most, now->total_max));
}

static void put_totals(struct canvas *canvas, const struct top *top)
{
	const struct stats *grown = &top->grown;
	double zerocopy = stats_zerocopy(grown), seconds = top->seconds > 0 ? top->seconds : 1;
	const char *style = zerocopy > 0.99 ? SCREEN_GREEN : zerocopy > 0.5 ? SCREEN_YELLOW :
									      SCREEN_RED;
	char copied[UNITS_TEXT];

	put_line(canvas, grown->source.bytes + grown->sink.bytes ? style : "",
		 "%5.1f%% zero-copied, %s copied  %.1f transfers, %.1f failed, %.1f waits/s",
		 100 * zerocopy,
		 units_rate(copied, (grown->source.copied + grown->sink.copied) / seconds),
		 grown->transfers / seconds, grown->failures / seconds, grown->waits / seconds);
}

/* What stands before the columns of a view. */
#define OWN_COLUMNS	2

static void begin_table(struct table *table, struct column columns[static TABLE_COLUMNS],
			const struct view *view, const char *bar)
{
	columns[0] = (struct column){ "NOW", true };
	columns[1] = (struct column){ bar, false };
	memcpy(columns + OWN_COLUMNS, view->columns, view->count * sizeof(*columns));
	table_begin(table, columns, OWN_COLUMNS + view->count);
}

/* "#####.....  50%"; nothing if nobody knows where the end is */
static void add_progress(struct table *table, const struct top_row *row, bool blocks)
{
	uint64_t len = attr_or_zero(row->attrs->at[ZCDEV_A_TRANSFER_LEN]);
	double part = len ? (double)row->bytes / len : 0;
	char bar[4 * BAR + 1], text[4 * BAR + 16] = "";

	make_bar(bar, part, blocks);
	if (len)
		snprintf(text, sizeof(text), "%s %3.0f%%", bar, 100 * part);
	table_add(table, text);
}

static void add_marks(char *text, const char *mark, uint64_t part, uint64_t count)
{
	uint64_t i, marks = count ? (part * BAR + count / 2) / count : 0;

	/* Whatever there is, is seen. */
	if (part && !marks)
		marks = 1;
	for (i = 0; i < marks && table_width(text) < BAR; i++)
		strcat(text, mark);
}

/* Buffers in flight, staging, acquired, free: from busy to idle. */
static void add_use(struct table *table, const struct top_row *row, bool blocks)
{
	uint64_t count = attr_or_zero(row->attrs->at[ZCDEV_A_POOL_COUNT]);
	char text[4 * BAR + 1] = "";

	add_marks(text, blocks ? "█" : "#", attr_or_zero(row->attrs->at[ZCDEV_A_POOL_STAGING]),
		  count);
	add_marks(text, blocks ? "▓" : "=", attr_or_zero(row->attrs->at[ZCDEV_A_POOL_IN_FLIGHT]),
		  count);
	add_marks(text, blocks ? "▒" : "-", attr_or_zero(row->attrs->at[ZCDEV_A_POOL_ACQUIRED]),
		  count);
	while (table_width(text) < BAR)
		strcat(text, blocks ? "░" : ".");
	table_add(table, text);
}

/* The columns of a list: 0 and 1 are our own, then come those of the view. */
struct choice {
	const unsigned char *order;
	unsigned int shown;
};

/* The first @most rows of @list. */
static void put_list(struct canvas *canvas, const struct top_list *list, const struct view *view,
		     const char *bar, const struct choice *choice, size_t most)
{
	struct column columns[TABLE_COLUMNS];
	char rate[UNITS_TEXT];
	struct table table;
	size_t i;

	begin_table(&table, columns, view, bar);
	table.order = choice->order;
	table.shown = choice->shown;
	for (i = 0; i < list->count && i < most; i++) {
		table_add(&table, units_rate(rate, list->rows[i].rate));
		if (view == &view_transfer)
			add_progress(&table, &list->rows[i], canvas->blocks);
		else
			add_use(&table, &list->rows[i], canvas->blocks);
		view->row(&table, list->rows[i].attrs);
	}
	put_table(canvas, &table);
	table_end(&table);
}

/* Both get what they need; if that is too much, each at least half. */
static void share(int room, size_t transfers, size_t pools, size_t rows[static 2])
{
	size_t all = room > 0 ? room : 0;

	rows[0] = transfers;
	rows[1] = pools;
	if (transfers + pools <= all)
		return;
	if (transfers < all / 2)
		rows[1] = all - transfers;
	else if (pools < all - all / 2)
		rows[0] = all - pools;
	else
		rows[0] = all / 2, rows[1] = all - all / 2;
}

#define CHOICE(numbers)	{ numbers, sizeof(numbers) }

/* What does not fit is left out, but not where the bytes come from and go to. */
static void put_lists(struct canvas *canvas, const struct top *top)
{
	/* transfer, now, done, owner, command, moved, copied, time, from, to */
	static const unsigned char transfers[] = { 2, 0, 1, 4, 6, 7, 10, 11, 12, 13 };
	/* transfer, now, done, copied, from, to */
	static const unsigned char few_transfers[] = { 2, 0, 1, 10, 12, 13 };
	/* pool, now, use, owner, pid, command, buffers, in flight, maps, held */
	static const unsigned char pools[] = { 2, 0, 1, 3, 4, 5, 6, 10, 11, 12 };
	/* pool, now, use, owner, command, held */
	static const unsigned char few_pools[] = { 2, 0, 1, 3, 5, 12 };
	static const struct choice choices[2][2] = {
		{ CHOICE(few_transfers), CHOICE(few_pools) },
		{ CHOICE(transfers), CHOICE(pools) },
	};
	const struct choice *choice = choices[canvas->width >= WIDE];
	size_t rows[2];

	share(canvas->height - FIXED_LINES, top->now.transfers.count, top->now.pools.count, rows);
	put_list(canvas, &top->now.transfers, &view_transfer, "DONE", &choice[0], rows[0]);
	put_line(canvas, "", "%s", "");
	put_list(canvas, &top->now.pools, &view_pool, "IN USE", &choice[1], rows[1]);
}

/* The keys, at the bottom. */
static void put_keys(struct canvas *canvas, const struct top *top)
{
	while (canvas->used < canvas->height - 1)
		put_line(canvas, "", "%s", "");
	put_line(canvas, SCREEN_DIM, "q quit   s sort (by %s)   space pause   + faster   - slower",
		 top_sort_names[top->sort]);
}

void top_draw(FILE *out, const struct top *top, int width, int height, bool blocks)
{
	struct canvas canvas = { .out = out, .width = width, .height = height, .blocks = blocks };

	fputs(SCREEN_HOME, out);
	put_title(&canvas, top);
	put_flow(&canvas, "in", top, top->in);
	put_flow(&canvas, "out", top, top->out);
	put_totals(&canvas, top);
	put_lists(&canvas, top);
	put_keys(&canvas, top);
	fputs(SCREEN_BELOW, out);
	fflush(out);
}

static struct json_object *list_json(const struct top_list *list, const struct view *view)
{
	struct json_object *array = json_object_new_array(), *object;
	size_t i;

	for (i = 0; i < list->count; i++) {
		object = view->json(list->rows[i].attrs);
		json_add_real(object, "now_per_second", list->rows[i].rate, 0);
		json_object_array_add(array, object);
	}
	return array;
}

void top_json(FILE *out, const struct top *top)
{
	struct json_object *object = json_object_new_object();
	const struct stats *grown = &top->grown;
	double seconds = top->seconds > 0 ? top->seconds : 1;

	json_add_real(object, "seconds", top->seconds, 6);
	json_add_real(object, "in_per_second", grown->source.bytes / seconds, 0);
	json_add_real(object, "out_per_second", grown->sink.bytes / seconds, 0);
	json_add_real(object, "copied_per_second",
		      (grown->source.copied + grown->sink.copied) / seconds, 0);
	json_add_real(object, "zerocopy", stats_zerocopy(grown), 6);
	json_add_number(object, "total_held", top->now.total_held);
	json_add_number(object, "total_max", top->now.total_max);
	json_object_object_add(object, "transfers",
			       list_json(&top->now.transfers, &view_transfer));
	json_object_object_add(object, "pools", list_json(&top->now.pools, &view_pool));
	json_print(out, object);
}
