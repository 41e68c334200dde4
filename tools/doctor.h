/* SPDX-License-Identifier: GPL-2.0 */
/* Which path a pair of ends would take on this machine, and why not a better one. */
#ifndef ZCDEVCTL_DOCTOR_H
#define ZCDEVCTL_DOCTOR_H

#include <stdio.h>

#include "device.h"
#include "end.h"

#define DOCTOR_CHECKS	12
#define DOCTOR_TEXT	768

/* From good to bad. */
enum doctor_state {
	DOCTOR_OK,
	DOCTOR_NOTE,		/* it works, but could be better */
	DOCTOR_BAD,		/* it does not work */
	DOCTOR_STATES,
};

/**
 * struct doctor_check - one thing that was looked at
 * @name: what
 * @state: how it is
 * @text: one sentence: why, and what can be done about it
 */
struct doctor_check {
	const char *name;
	enum doctor_state state;
	char text[DOCTOR_TEXT];
};

/**
 * struct doctor - everything that is known
 * @checks: in order
 * @count: of them
 * @no_device: there is none to ask
 * @dev: open, with a pool
 * @source, @sink: stand-ins that nothing is lost by
 * @tried: some bytes were moved, for a proof
 * @ends: what became of them
 */
struct doctor {
	struct doctor_check checks[DOCTOR_CHECKS];
	unsigned int count;
	bool no_device;
	struct device dev;
	struct end source;
	struct end sink;
	bool tried;
	struct zcdev_end ends[2];
};

/* Looks at everything, as far as it gets. */
void doctor_examine(struct doctor *doctor, const struct endpoint *source,
		    const struct endpoint *sink);

/* The worst of all checks. */
enum doctor_state doctor_state(const struct doctor *doctor);

void doctor_human(FILE *out, const struct doctor *doctor);
void doctor_json(FILE *out, const struct doctor *doctor);

/* For the parts of doctor: one more check. */
void doctor_say(struct doctor *doctor, const char *name, enum doctor_state state,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Likewise: the module, its device, its family and its memory. False if nothing can move. */
bool doctor_machine(struct doctor *doctor);

/* Likewise: opens both ends, or what stands in for them. False if one cannot be. */
bool doctor_open(struct doctor *doctor, const struct endpoint *source,
		 const struct endpoint *sink);

/* Likewise: what the kernel says of both, asked without moving a byte, and of the pair. */
void doctor_ask(struct doctor *doctor);

#endif
