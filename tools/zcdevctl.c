// SPDX-License-Identifier: GPL-2.0
/* zcdevctl: the shell's way to /dev/zcdev. This file only finds the command. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "fault.h"

static const struct command * const commands[] = {
	&cmd_transfer,
	&cmd_query,
	&cmd_doctor,
	&cmd_pool,
	&cmd_transfers,
	&cmd_stats,
	&cmd_top,
	&cmd_monitor,
	&cmd_limit,
	&cmd_cancel,
	NULL
};

static const struct command root = {
	.name = "",
	.summary = "Moves bytes between files and sockets through /dev/zcdev without copying them.",
	.commands = commands,
};

/* The last word of its name is what it is called in its group. */
static const char *word_of(const struct command *command)
{
	const char *space = strrchr(command->name, ' ');

	return space ? space + 1 : command->name;
}

static const struct command *find(const struct command *group, const char *word)
{
	const struct command * const *at;

	for (at = group->commands; at && *at; at++) {
		if (!strcmp(word_of(*at), word))
			return *at;
	}
	return NULL;
}

/* "pool " for messages, or "" for the root. */
static const char *gap(const struct command *group)
{
	return *group->name ? " " : "";
}

static int unknown(const struct command *group, const char *word)
{
	struct fault f;

	fault_set(&f, STATUS_USAGE, "%s%sunknown %s '%s' (see 'zcdevctl%s%s --help')",
		  group->name, *group->name ? ": " : "", *word == '-' ? "option" : "command",
		  word, gap(group), group->name);
	return fault_print(&f);
}

static int missing(const struct command *group)
{
	struct fault f;

	fault_set(&f, STATUS_USAGE, "%s%sa command is needed (see 'zcdevctl%s%s --help')",
		  group->name, *group->name ? ": " : "", gap(group), group->name);
	return fault_print(&f);
}

static void print_commands(const struct command *group)
{
	const struct command * const *at;

	printf("Usage: zcdevctl%s%s COMMAND [OPTION]... [ARGUMENT]...\n\n%s\n\nCommands:\n",
	       gap(group), group->name, group->summary);
	for (at = group->commands; *at; at++)
		printf("  %-10s  %s\n", word_of(*at), (*at)->summary);
	puts("  help        this, or 'help COMMAND'\n"
	     "\n"
	     "  -h, --help     print this");
	if (group == &root)
		puts("  -V, --version  print the version");
	puts("\n"
	     "Exit status: 0 done, 1 failed, 2 usage, 3 no device or no module.");
}

static int print_help(const struct command *command)
{
	if (command->help)
		fputs(command->help, stdout);
	else
		print_commands(command);
	return STATUS_DONE;
}

/* help [WORD]...: as deep as there are words */
static int help(const struct command *group, int argc, char **argv)
{
	const struct command *command = group, *next;
	int i;

	for (i = 0; i < argc; i++) {
		next = find(command, argv[i]);
		if (!next)
			return unknown(command, argv[i]);
		command = next;
	}
	return print_help(command);
}

static bool is_option(const char *word, const char *brief, const char *full)
{
	return !strcmp(word, brief) || !strcmp(word, full);
}

static int run(const struct command *command, int argc, char **argv)
{
	/* Never written to; getopt wants the type. */
	argv[0] = (char *)command->name;
	return command->run(argc, argv);
}

static int dispatch(const struct command *group, int argc, char **argv)
{
	const struct command *command;

	if (!argc)
		return missing(group);
	if (group == &root && is_option(argv[0], "-V", "--version")) {
		puts("zcdevctl " ZCDEV_VERSION);
		return STATUS_DONE;
	}
	if (is_option(argv[0], "-h", "--help"))
		return print_help(group);
	if (!strcmp(argv[0], "help"))
		return help(group, argc - 1, argv + 1);
	command = find(group, argv[0]);
	if (!command)
		return unknown(group, argv[0]);
	return command->commands ? dispatch(command, argc - 1, argv + 1) :
				   run(command, argc, argv);
}

/* A summary that could not be written (disk full, reader gone) is a failure. */
static int close_output(int status)
{
	struct fault f;

	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fault_set(&f, STATUS_FAILED, "cannot write to standard output: %s", strerror(errno));
	fault_print(&f);
	return status ? status : STATUS_FAILED;
}

int main(int argc, char **argv)
{
	/* A peer that goes away is an error to report, not a reason to die. */
	signal(SIGPIPE, SIG_IGN);
	return close_output(dispatch(&root, argc - 1, argv + 1));
}
