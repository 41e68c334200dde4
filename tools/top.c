// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "move.h"
#include "top.h"
#include "zcdev_netlink.h"

const char * const top_sort_names[TOP_SORTS] = {
	[TOP_BY_RATE] = "rate",
	[TOP_BY_BYTES] = "bytes",
	[TOP_BY_ID] = "id",
};

static int dump(struct netlink *nl, uint8_t command, const char *what, struct records *records,
		struct fault *f)
{
	const struct netlink_request request = {
		.command = command, .dump = true, .what = what,
	};

	return netlink_ask(nl, &request, records, f);
}

static int ask(struct netlink *nl, uint8_t command, const char *what, struct records *records,
	       struct fault *f)
{
	const struct netlink_request request = { .command = command, .what = what };

	if (netlink_ask(nl, &request, records, f))
		return -1;
	if (records->count)
		return 0;
	return fault_set(f, STATUS_FAILED, "cannot %s: the kernel did not answer", what);
}

static void list_free(struct top_list *list)
{
	records_clear(&list->records);
	free(list->rows);
	*list = (struct top_list){ };
}

static void moment_free(struct top_moment *moment)
{
	list_free(&moment->pools);
	list_free(&moment->transfers);
}

static void make_rows(struct top_list *list, int id, int bytes, int held)
{
	struct top_row *row;
	size_t i;

	list->count = list->records.count;
	list->rows = calloc(list->count + 1, sizeof(*list->rows));
	if (!list->rows)
		abort();
	for (i = 0; i < list->count; i++) {
		row = &list->rows[i];
		row->attrs = &list->records.list[i].attrs;
		row->id = attr_or_zero(row->attrs->at[id]);
		row->bytes = bytes ? attr_or_zero(row->attrs->at[bytes]) : 0;
		row->held = held ? attr_or_zero(row->attrs->at[held]) : 0;
	}
}

static int by_id(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void sort_by_id(struct top_list *list)
{
	if (list->count)
		qsort(list->rows, list->count, sizeof(*list->rows), by_id);
}

/* @list must be sorted by id. */
static struct top_row *find(const struct top_list *list, uint32_t id)
{
	const struct top_row key = { .id = id };

	return list->count ? bsearch(&key, list->rows, list->count, sizeof(key), by_id) : NULL;
}

/* What moved through each pool is in its counters. */
static int read_pool_bytes(struct top_list *pools, struct netlink *nl, struct fault *f)
{
	struct records records;
	struct top_row *row;
	struct stats stats;
	size_t i;

	if (dump(nl, ZCDEV_CMD_STATS_GET, "read counters of pools", &records, f))
		return -1;
	for (i = 0; i < records.count; i++) {
		row = find(pools, attr_or_zero(records.list[i].attrs.at[ZCDEV_A_STATS_POOL_ID]));
		stats_read(&stats, &records.list[i].attrs);
		if (row)
			row->bytes = stats.source.bytes;
	}
	records_clear(&records);
	return 0;
}

static int read_pools(struct top_moment *moment, struct netlink *nl, struct fault *f)
{
	struct top_list *pools = &moment->pools;

	if (dump(nl, ZCDEV_CMD_POOL_GET, "list pools", &pools->records, f))
		return -1;
	make_rows(pools, ZCDEV_A_POOL_ID, 0, ZCDEV_A_POOL_HELD);
	sort_by_id(pools);
	return read_pool_bytes(pools, nl, f);
}

static int read_transfers(struct top_moment *moment, struct netlink *nl, struct fault *f)
{
	struct top_list *transfers = &moment->transfers;

	if (dump(nl, ZCDEV_CMD_TRANSFER_GET, "list transfers", &transfers->records, f))
		return -1;
	make_rows(transfers, ZCDEV_A_TRANSFER_ID, ZCDEV_A_TRANSFER_BYTES, 0);
	sort_by_id(transfers);
	return 0;
}

static int read_stats(struct top_moment *moment, struct netlink *nl, struct fault *f)
{
	struct records records;

	if (ask(nl, ZCDEV_CMD_STATS_GET, "read counters", &records, f))
		return -1;
	stats_read(&moment->stats, &records.list[0].attrs);
	records_clear(&records);
	return 0;
}

static int read_limits(struct top_moment *moment, struct netlink *nl, struct fault *f)
{
	struct records records;

	if (ask(nl, ZCDEV_CMD_LIMIT_GET, "read limits", &records, f))
		return -1;
	moment->total_held = attr_or_zero(records.list[0].attrs.at[ZCDEV_A_LIMIT_TOTAL_HELD]);
	moment->total_max = attr_or_zero(records.list[0].attrs.at[ZCDEV_A_LIMIT_TOTAL_MAX]);
	records_clear(&records);
	return 0;
}

/* Who was not there at the last look has the average since it began. */
static void set_rates(struct top_list *now, struct top_list *before, double seconds, int average)
{
	struct top_row *row, *was;

	sort_by_id(before);
	for (row = now->rows; row < now->rows + now->count; row++) {
		was = find(before, row->id);
		if (was && seconds > 0 && row->bytes >= was->bytes)
			row->rate = (row->bytes - was->bytes) / seconds;
		else if (average)
			row->rate = attr_or_zero(row->attrs->at[average]);
	}
}

/* By what the user wants, then by id, so that equal rows stay where they are. */
static int by_rate(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	if (x->rate != y->rate)
		return x->rate < y->rate ? 1 : -1;
	if (x->held != y->held)
		return x->held < y->held ? 1 : -1;
	return by_id(a, b);
}

static int by_bytes(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return by_id(a, b);
}

static void sort_list(struct top_list *list, enum top_sort sort)
{
	static int (* const orders[TOP_SORTS])(const void *a, const void *b) = {
		[TOP_BY_RATE] = by_rate,
		[TOP_BY_BYTES] = by_bytes,
		[TOP_BY_ID] = by_id,
	};

	if (list->count)
		qsort(list->rows, list->count, sizeof(*list->rows), orders[sort]);
}

void top_sort(struct top *top)
{
	sort_list(&top->now.pools, top->sort);
	sort_list(&top->now.transfers, top->sort);
}

static void remember_rates(struct top *top)
{
	size_t slot = top->looks++ % TOP_HISTORY;

	top->in[slot] = top->grown.source.bytes / top->seconds;
	top->out[slot] = top->grown.sink.bytes / top->seconds;
}

static void compare(struct top *top, struct top_moment *next)
{
	struct top_moment *last = &top->now;

	/* The first look has nothing to be compared with. */
	top->seconds = last->when ? next->when - last->when : 0;
	set_rates(&next->pools, &last->pools, top->seconds, 0);
	set_rates(&next->transfers, &last->transfers, top->seconds, ZCDEV_A_TRANSFER_RATE);
	stats_since(&top->grown, &next->stats, &last->stats);
	if (top->seconds > 0)
		remember_rates(top);
	else
		top->grown = (struct stats){ };
}

int top_look(struct top *top, struct netlink *nl, struct fault *f)
{
	struct top_moment next = { .when = move_now() };

	if (read_stats(&next, nl, f) || read_limits(&next, nl, f) || read_pools(&next, nl, f) ||
	    read_transfers(&next, nl, f)) {
		moment_free(&next);
		return -1;
	}
	compare(top, &next);
	moment_free(&top->now);
	top->now = next;
	top_sort(top);
	return 0;
}

void top_free(struct top *top)
{
	moment_free(&top->now);
}
