/* SPDX-License-Identifier: GPL-2.0 */
/* What every subcommand is to the table in zcdevctl.c. */
#ifndef ZCDEVCTL_COMMAND_H
#define ZCDEVCTL_COMMAND_H

/**
 * struct command - one row of a command table
 * @name: all of its words on the command line: "query", "pool list"
 * @summary: one line for the list of commands
 * @help: the text of "zcdevctl NAME --help"; NULL for a group, whose help is the
 *	list of its commands
 * @run: does it; argv[0] is @name; returns the exit status
 * @commands: those of a group, up to a NULL; then there is no @run
 */
struct command {
	const char *name;
	const char *summary;
	const char *help;
	int (*run)(int argc, char **argv);
	const struct command * const *commands;
};

extern const struct command cmd_cancel;
extern const struct command cmd_doctor;
extern const struct command cmd_limit;
extern const struct command cmd_monitor;
extern const struct command cmd_pool;
extern const struct command cmd_query;
extern const struct command cmd_stats;
extern const struct command cmd_top;
extern const struct command cmd_transfer;
extern const struct command cmd_transfers;

#endif
