/* SPDX-License-Identifier: GPL-2.0 */
/* getopt_long() with strict names and our own words. */
#ifndef ZCDEVCTL_OPTIONS_H
#define ZCDEVCTL_OPTIONS_H

#include <getopt.h>

#include "fault.h"

/**
 * options_begin - check the names of all long options, and reset getopt
 *
 * getopt_long() takes abbreviations, which turn into something else when the
 * next option is added. Everything is reported as a usage fault of argv[0].
 *
 * Return: 0, or -1 with @f.
 */
int options_begin(int argc, char **argv, const struct option *longs, struct fault *f);

/**
 * options_next - the next option
 *
 * Return: its value, -1 after the last one, or '?' with @f.
 */
int options_next(int argc, char **argv, const char *shorts, const struct option *longs,
		 struct fault *f);

/* A usage fault with the way to the help of @command. Returns -1. */
int options_fault(struct fault *f, const char *command, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
