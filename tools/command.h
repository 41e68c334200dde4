/* SPDX-License-Identifier: GPL-2.0 */
/* What every subcommand is to the table in zcdevctl.c. */
#ifndef ZCDEVCTL_COMMAND_H
#define ZCDEVCTL_COMMAND_H

/**
 * struct command - one row of the command table
 * @name: the word on the command line
 * @summary: one line for the list of commands
 * @help: the text of "zcdevctl NAME --help"
 * @run: does it; argv[0] is the command's name; returns the exit status
 */
struct command {
	const char *name;
	const char *summary;
	const char *help;
	int (*run)(int argc, char **argv);
};

extern const struct command cmd_query;
extern const struct command cmd_transfer;

#endif
