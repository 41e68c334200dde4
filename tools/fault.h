/* SPDX-License-Identifier: GPL-2.0 */
/* A failure on its way to the user: one sentence and an exit status. */
#ifndef ZCDEVCTL_FAULT_H
#define ZCDEVCTL_FAULT_H

/* The exit statuses of zcdevctl, for every subcommand. */
enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_NO_DEVICE = 3,
};

#define FAULT_TEXT	1024

/**
 * struct fault - what went wrong
 * @status: how zcdevctl exits
 * @err: the errno behind it, or 0
 * @text: one sentence
 */
struct fault {
	enum status status;
	int err;
	char text[FAULT_TEXT];
};

/* Fills @f and returns -1, so that a function can fail in one line. */
int fault_set(struct fault *f, enum status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints @f as one line on stderr and returns its exit status. */
enum status fault_print(const struct fault *f);

#endif
