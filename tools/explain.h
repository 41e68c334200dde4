/* SPDX-License-Identifier: GPL-2.0 */
/* From an errno to a sentence: what failed, why, and what to do about it. */
#ifndef ZCDEVCTL_EXPLAIN_H
#define ZCDEVCTL_EXPLAIN_H

#include <stdbool.h>

#include "fault.h"

/**
 * enum explain - what was being done
 *
 * The argument of explain() is, in this order: path of the device; same;
 * geometry; path; source; sink; end; end; "SRC to DST" for the rest.
 */
enum explain {
	EXPLAIN_DEVICE,		/* opening the device */
	EXPLAIN_IOCTL,		/* asking it something */
	EXPLAIN_POOL,		/* making a pool */
	EXPLAIN_OPEN_BLOB,	/* reading a header or a trailer */
	EXPLAIN_OPEN_SOURCE,
	EXPLAIN_OPEN_SINK,
	EXPLAIN_CONNECT,
	EXPLAIN_LISTEN,
	EXPLAIN_SYNC,
	EXPLAIN_READ,		/* moving: the source stopped it */
	EXPLAIN_WRITE,		/* moving: the sink stopped it */
	EXPLAIN_MOVE,		/* moving: neither of them did */
	EXPLAIN_COUNT,
};

/**
 * explain - describe a failure
 * @f: gets the sentence and the exit status that goes with it
 * @what: what was being done
 * @subject: to what; see enum explain
 * @err: a positive errno
 *
 * Return: -1, like fault_set().
 */
int explain(struct fault *f, enum explain what, const char *subject, int err);

/**
 * struct refusal - why the kernel may have answered EOPNOTSUPP
 * @source, @sink: as the user wrote them
 * @guilty: the one of them that the kernel blames, or NULL
 * @source_what, @sink_what: what they are, in words
 * @source_served, @sink_served: false if the module does not serve such a kind
 * @strict, @direct: the user insisted on no copies, on direct I/O
 */
struct refusal {
	const char *source;
	const char *sink;
	const char *guilty;
	const char *source_what;
	const char *sink_what;
	bool source_served;
	bool sink_served;
	bool strict;
	bool direct;
};

/* The same for EOPNOTSUPP from a transfer, which has several causes. */
int explain_refusal(struct fault *f, const struct refusal *why);

#endif
