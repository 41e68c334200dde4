// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <string.h>

#include "field.h"
#include "json.h"
#include "units.h"
#include "view_stats.h"
#include "zcdev_netlink.h"

static const struct field head_fields[] = {
	{ "pool", NULL, ZCDEV_A_STATS_POOL_ID, FIELD_NUMBER },
	{ "transfers", "transfers", ZCDEV_A_STATS_TRANSFERS, FIELD_NUMBER },
	{ "refused", "refused", ZCDEV_A_STATS_REFUSED, FIELD_NUMBER },
	{ }
};

static const struct field tail_fields[] = {
	{ "waits", "waits", ZCDEV_A_STATS_WAITS, FIELD_NUMBER },
	{ "buffer_waits", "for buffers", ZCDEV_A_STATS_BUFFER_WAITS, FIELD_NUMBER },
	{ }
};

static const struct field flow_fields[] = {
	{ "zerocopy", "  zero-copied", ZCDEV_A_FLOW_ZEROCOPY, FIELD_SIZE },
	{ "unverified", "  unverified", ZCDEV_A_FLOW_UNVERIFIED, FIELD_SIZE },
	{ "copied", "  copied", ZCDEV_A_FLOW_COPIED, FIELD_SIZE },
	{ "offloaded", "  offloaded", ZCDEV_A_FLOW_OFFLOADED, FIELD_SIZE },
	{ }
};

/* The number of the flag @key is, as names have it. */
static const struct name *flag_name(const struct names *names, uint64_t key)
{
	return key ? names_find(names, __builtin_ctzll(key)) : NULL;
}

/* What a tally is of: a flag of @names, or an errno if that is NULL. */
static void tally_token(char buf[static 64], const struct names *names, uint64_t key)
{
	const struct name *name = names ? flag_name(names, key) : NULL;
	const char *error = names ? NULL : strerrorname_np(key);

	if (name)
		snprintf(buf, 64, "%s", name->token);
	else if (names)
		snprintf(buf, 64, "bit-%d", key ? __builtin_ctzll(key) : 0);
	else
		snprintf(buf, 64, "%s", key && error ? error : "other");
}

static void tally_words(char buf[static 128], const struct names *names, uint64_t key)
{
	const struct name *name = names ? flag_name(names, key) : NULL;

	if (name && name->words)
		snprintf(buf, 128, "%s", name->words);
	else
		tally_token(buf, names, key);
}

/* One line each, below @title, which stands before the first. */
static void tallies_human(FILE *out, const char *title, const struct attrs *attrs, int type,
			  const struct names *names)
{
	char count[UNITS_TEXT], what[128];
	const struct nlattr *nest = NULL;
	struct attrs tally;
	uint64_t number;

	while ((nest = attrs_next(attrs, type, nest))) {
		attrs_parse_nest(&tally, nest);
		number = attr_or_zero(tally.at[ZCDEV_A_TALLY_COUNT]);
		tally_words(what, names, attr_or_zero(tally.at[ZCDEV_A_TALLY_KEY]));
		units_size(count, number);
		if (!names)
			snprintf(count, sizeof(count), "%" PRIu64, number);
		fprintf(out, "%-16s %s %s\n", title, count, what);
		title = "";
	}
}

static struct json_object *tallies_json(const struct attrs *attrs, int type,
					const struct names *names)
{
	struct json_object *object = json_object_new_object();
	const struct nlattr *nest = NULL;
	struct attrs tally;
	char token[64];

	while ((nest = attrs_next(attrs, type, nest))) {
		attrs_parse_nest(&tally, nest);
		tally_token(token, names, attr_or_zero(tally.at[ZCDEV_A_TALLY_KEY]));
		json_add_number(object, token, attr_or_zero(tally.at[ZCDEV_A_TALLY_COUNT]));
	}
	return object;
}

static void flow_human(FILE *out, const char *title, const struct nlattr *nest)
{
	struct attrs flow;

	attrs_parse_nest(&flow, nest);
	fprintf(out, "%s\n", title);
	fields_human(out, flow_fields, &flow);
	tallies_human(out, "  by path", &flow, ZCDEV_A_FLOW_PATH, &names_paths);
	tallies_human(out, "  reasons", &flow, ZCDEV_A_FLOW_REASON, &names_reasons);
}

static struct json_object *flow_json(const struct nlattr *nest)
{
	struct json_object *object;
	struct attrs flow;

	if (!nest)
		return NULL;
	attrs_parse_nest(&flow, nest);
	object = json_object_new_object();
	fields_json(object, flow_fields, &flow);
	json_object_object_add(object, "paths",
			       tallies_json(&flow, ZCDEV_A_FLOW_PATH, &names_paths));
	json_object_object_add(object, "reasons",
			       tallies_json(&flow, ZCDEV_A_FLOW_REASON, &names_reasons));
	return object;
}

void view_stats_human(FILE *out, const struct attrs *attrs)
{
	fields_human(out, head_fields, attrs);
	tallies_human(out, "failed", attrs, ZCDEV_A_STATS_FAILURE, NULL);
	fields_human(out, tail_fields, attrs);
	flow_human(out, "sources", attrs->at[ZCDEV_A_STATS_SOURCE]);
	flow_human(out, "sinks", attrs->at[ZCDEV_A_STATS_SINK]);
}

struct json_object *view_stats_json(const struct attrs *attrs)
{
	struct json_object *object = json_object_new_object();

	fields_json(object, head_fields, attrs);
	json_object_object_add(object, "failures",
			       tallies_json(attrs, ZCDEV_A_STATS_FAILURE, NULL));
	fields_json(object, tail_fields, attrs);
	json_object_object_add(object, "source", flow_json(attrs->at[ZCDEV_A_STATS_SOURCE]));
	json_object_object_add(object, "sink", flow_json(attrs->at[ZCDEV_A_STATS_SINK]));
	return object;
}

static void flow_read(struct stats_flow *flow, const struct nlattr *nest)
{
	struct attrs attrs;

	attrs_parse_nest(&attrs, nest);
	flow->zerocopy = attr_or_zero(attrs.at[ZCDEV_A_FLOW_ZEROCOPY]) +
			 attr_or_zero(attrs.at[ZCDEV_A_FLOW_OFFLOADED]);
	flow->copied = attr_or_zero(attrs.at[ZCDEV_A_FLOW_COPIED]) +
		       attr_or_zero(attrs.at[ZCDEV_A_FLOW_UNVERIFIED]);
	flow->bytes = flow->zerocopy + flow->copied;
}

static uint64_t count_failures(const struct attrs *attrs)
{
	const struct nlattr *nest = NULL;
	struct attrs tally;
	uint64_t sum = 0;

	while ((nest = attrs_next(attrs, ZCDEV_A_STATS_FAILURE, nest))) {
		attrs_parse_nest(&tally, nest);
		sum += attr_or_zero(tally.at[ZCDEV_A_TALLY_COUNT]);
	}
	return sum;
}

void stats_read(struct stats *stats, const struct attrs *attrs)
{
	flow_read(&stats->source, attrs->at[ZCDEV_A_STATS_SOURCE]);
	flow_read(&stats->sink, attrs->at[ZCDEV_A_STATS_SINK]);
	stats->transfers = attr_or_zero(attrs->at[ZCDEV_A_STATS_TRANSFERS]);
	stats->failures = count_failures(attrs);
	stats->waits = attr_or_zero(attrs->at[ZCDEV_A_STATS_WAITS]);
}

static uint64_t grown_by(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

static void flow_since(struct stats_flow *grown, const struct stats_flow *now,
		       const struct stats_flow *before)
{
	grown->bytes = grown_by(now->bytes, before->bytes);
	grown->zerocopy = grown_by(now->zerocopy, before->zerocopy);
	grown->copied = grown_by(now->copied, before->copied);
}

void stats_since(struct stats *grown, const struct stats *now, const struct stats *before)
{
	flow_since(&grown->source, &now->source, &before->source);
	flow_since(&grown->sink, &now->sink, &before->sink);
	grown->transfers = grown_by(now->transfers, before->transfers);
	grown->failures = grown_by(now->failures, before->failures);
	grown->waits = grown_by(now->waits, before->waits);
}

double stats_zerocopy(const struct stats *stats)
{
	uint64_t all = stats->source.bytes + stats->sink.bytes;

	return all ? (double)(stats->source.zerocopy + stats->sink.zerocopy) / all : 1;
}
