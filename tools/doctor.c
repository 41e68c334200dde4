// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>

#include "doctor.h"
#include "fold.h"
#include "json.h"
#include "screen.h"

static const char * const states[DOCTOR_STATES] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_BAD] = "bad",
};

void doctor_say(struct doctor *doctor, const char *name, enum doctor_state state,
		const char *fmt, ...)
{
	struct doctor_check *check = &doctor->checks[doctor->count++];
	va_list args;

	check->name = name;
	check->state = state;
	va_start(args, fmt);
	vsnprintf(check->text, sizeof(check->text), fmt, args);
	va_end(args);
}

void doctor_examine(struct doctor *doctor, const struct endpoint *source,
		    const struct endpoint *sink)
{
	if (!doctor_machine(doctor))
		return;
	if (doctor_open(doctor, source, sink))
		doctor_ask(doctor);
	end_close(&doctor->source);
	end_close(&doctor->sink);
	device_close(&doctor->dev);
}

enum doctor_state doctor_state(const struct doctor *doctor)
{
	enum doctor_state worst = DOCTOR_OK;
	unsigned int i;

	for (i = 0; i < doctor->count; i++) {
		if (doctor->checks[i].state > worst)
			worst = doctor->checks[i].state;
	}
	return worst;
}

void doctor_human(FILE *out, const struct doctor *doctor)
{
	unsigned int i;

	for (i = 0; i < doctor->count; i++) {
		fprintf(out, "%-8s %-5s ", doctor->checks[i].name,
			states[doctor->checks[i].state]);
		fold_print(out, doctor->checks[i].text, 15, screen_width());
	}
}

static struct json_object *check_json(const struct doctor_check *check)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "check", check->name);
	json_add_text(object, "state", states[check->state]);
	json_add_text(object, "text", check->text);
	return object;
}

static struct json_object *end_json(const struct zcdev_end *end)
{
	struct json_object *object = json_object_new_object();

	json_add_verdict(object, end);
	return object;
}

void doctor_json(FILE *out, const struct doctor *doctor)
{
	struct json_object *object = json_object_new_object();
	struct json_object *checks = json_object_new_array();
	unsigned int i;

	for (i = 0; i < doctor->count; i++)
		json_object_array_add(checks, check_json(&doctor->checks[i]));
	json_add_text(object, "state", states[doctor_state(doctor)]);
	json_object_object_add(object, "checks", checks);
	json_object_object_add(object, "source",
			       doctor->tried ? end_json(&doctor->ends[0]) : NULL);
	json_object_object_add(object, "sink",
			       doctor->tried ? end_json(&doctor->ends[1]) : NULL);
	json_print(out, object);
}
