/* SPDX-License-Identifier: GPL-2.0 */
/* getopt_long() with strict names and our own words. */
#ifndef ZCDEVCTL_OPTIONS_H
#define ZCDEVCTL_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

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

/* What stands behind the options of a plain command. */
enum options_args {
	OPTIONS_NONE,
	OPTIONS_MAYBE_ID,
	OPTIONS_ID,
	OPTIONS_REST,		/* what the command itself looks at, from optind on */
};

/**
 * struct options_plain - what commands take that print something, and no more
 * @json: -j
 * @quiet: -q, of those that list
 * @help: -h; then nothing else counts
 * @id: 0 if there is none
 */
struct options_plain {
	bool json;
	bool quiet;
	bool help;
	uint32_t id;
};

/**
 * options_parse_plain - the command line of a command that has only such
 * @shorts: which options it has: ":h", ":jh" or ":jqh"
 * @args: which arguments
 *
 * Return: 0, or -1 with @f.
 */
int options_parse_plain(struct options_plain *opts, int argc, char **argv, const char *shorts,
			enum options_args args, struct fault *f);

/* An id of a pool or a transfer. Return: 0, or -1 with @f, a fault of @command. */
int options_parse_id(uint32_t *id, const char *command, const char *text, struct fault *f);

/* Seconds, with decimals, more than 0. Return: 0, or -1 with @f. */
int options_parse_seconds(double *seconds, const char *command, const char *text,
			  struct fault *f);

/* A number of lines, from 1 on. Return: 0, or -1 with @f. */
int options_parse_count(uint64_t *count, const char *command, const char *text, struct fault *f);

/* A usage fault with the way to the help of @command. Returns -1. */
int options_fault(struct fault *f, const char *command, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
