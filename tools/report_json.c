// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>

#include "json.h"
#include "report.h"

static struct json_object *end_object(const struct report *report, unsigned int i)
{
	const struct zcdev_end *end = &report->ends[i];
	struct json_object *object = json_object_new_object();

	json_add_text(object, "end", report->names[i]);
	json_add_verdict(object, end);
	json_add_error(object, "error", end->out_error);
	return object;
}

static struct json_object *pool_object(const struct zcdev_pool_info *pool)
{
	struct json_object *object;

	if (!pool->out_count)
		return NULL;
	object = json_object_new_object();
	json_add_number(object, "count", pool->out_count);
	json_add_number(object, "buf_size", pool->out_buf_size);
	json_add_number(object, "contiguous", pool->out_contiguous);
	return object;
}

/* null where there is no disk to sync */
static struct json_object *sync_object(enum report_sync sync)
{
	if (sync == REPORT_SYNC_NONE)
		return NULL;
	return json_object_new_boolean(sync == REPORT_SYNC_DONE);
}

/* A sink may have failed where the kernel does not look: when it was opened or synced. */
static struct json_object *sink_object(const struct report *report, unsigned int i)
{
	struct json_object *object = end_object(report, i);
	const struct fault *fault = &report->faults[i];
	bool failed = fault->status != STATUS_DONE;

	if (failed && fault->err)
		json_add_error(object, "error", fault->err);
	json_add_text(object, "message", failed ? fault->text : NULL);
	json_object_object_add(object, "synced", sync_object(report->sync[i]));
	return object;
}

static struct json_object *sinks_array(const struct report *report)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 1; i <= report->sink_count; i++)
		json_object_array_add(array, sink_object(report, i));
	return array;
}

void report_json(FILE *out, const struct report *report)
{
	struct json_object *object = json_object_new_object();
	const struct fault *fault = report->failure;

	json_add_number(object, "bytes", report->bytes);
	if (report->asked == ZCDEV_TO_END)
		json_add_text(object, "asked", NULL);
	else
		json_add_number(object, "asked", report->asked);
	json_add_number(object, "left", report->left);
	json_add_real(object, "seconds", report->seconds, 6);
	json_add_real(object, "bytes_per_second", report_rate(report), 0);
	json_object_object_add(object, "synced", sync_object(report_sync(report)));
	json_add_error(object, "error", fault ? fault->err : 0);
	json_add_text(object, "message", fault ? fault->text : NULL);
	json_object_object_add(object, "source", end_object(report, 0));
	json_object_object_add(object, "sinks", sinks_array(report));
	json_object_object_add(object, "pool", pool_object(&report->pool));
	json_print(out, object);
}
