// SPDX-License-Identifier: GPL-2.0
/* zcdevctl: the shell's way to /dev/zcdev. This file only finds the command. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "fault.h"

static const struct command * const commands[] = {
	&cmd_transfer,
	&cmd_query,
};

#define COMMAND_COUNT	(sizeof(commands) / sizeof(commands[0]))

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMAND_COUNT; i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	}
	return NULL;
}

static int unknown(const char *what, const char *word)
{
	struct fault f;

	fault_set(&f, STATUS_USAGE, "unknown %s '%s' (see 'zcdevctl --help')", what, word);
	return fault_print(&f);
}

static int missing(void)
{
	struct fault f;

	fault_set(&f, STATUS_USAGE, "a command is needed (see 'zcdevctl --help')");
	return fault_print(&f);
}

static int print_overview(void)
{
	size_t i;

	puts("Usage: zcdevctl COMMAND [OPTION]... [ARGUMENT]...\n"
	     "\n"
	     "Moves bytes between files and sockets through /dev/zcdev without copying them.\n"
	     "\n"
	     "Commands:");
	for (i = 0; i < COMMAND_COUNT; i++)
		printf("  %-10s  %s\n", commands[i]->name, commands[i]->summary);
	puts("  help        this, or 'help COMMAND'\n"
	     "\n"
	     "  -h, --help     print this\n"
	     "  -V, --version  print the version\n"
	     "\n"
	     "Exit status: 0 done, 1 failed, 2 usage, 3 no device.");
	return STATUS_DONE;
}

static int print_help(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2)
		return print_overview();
	command = find(argv[1]);
	if (!command)
		return unknown("command", argv[1]);
	fputs(command->help, stdout);
	return STATUS_DONE;
}

static int dispatch(int argc, char **argv)
{
	const struct command *command;

	if (!argc)
		return missing();
	if (!strcmp(argv[0], "--version") || !strcmp(argv[0], "-V")) {
		puts("zcdevctl " ZCDEV_VERSION);
		return STATUS_DONE;
	}
	if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"))
		return print_overview();
	if (!strcmp(argv[0], "help"))
		return print_help(argc, argv);
	command = find(argv[0]);
	if (command)
		return command->run(argc, argv);
	return unknown(*argv[0] == '-' ? "option" : "command", argv[0]);
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
	return close_output(dispatch(argc - 1, argv + 1));
}
