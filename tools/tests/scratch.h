/* SPDX-License-Identifier: GPL-2.0 */
/* An empty directory for each test, which is where it runs. */
#ifndef ZCDEVCTL_SCRATCH_H
#define ZCDEVCTL_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static char scratch_directory[64];

/* Returns 0, or -1 if there is none. */
static inline int scratch_enter(void)
{
	strcpy(scratch_directory, "/tmp/zcdevctl-test-XXXXXX");
	return mkdtemp(scratch_directory) ? chdir(scratch_directory) : -1;
}

/* A teardown: with all that is in it. */
static inline int scratch_leave(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", scratch_directory);
	return chdir("/") || system(command);
}

static inline void scratch_put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

#endif
