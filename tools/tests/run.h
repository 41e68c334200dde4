/* SPDX-License-Identifier: GPL-2.0 */
/* Runs a command as main() does, and has what it says. */
#ifndef ZCDEVCTL_RUN_H
#define ZCDEVCTL_RUN_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "command.h"

#define RUN_ARGS	16

/**
 * struct run - a line split into words, and what came of it
 * @argc, @argv: the words
 * @out, @err: what was printed
 */
struct run {
	int argc;
	char *argv[RUN_ARGS + 1];
	char text[256];
	char out[16384];
	char err[4096];
};

/* Puts a new file in the place of @fd; the answer undoes it. */
static inline int run_redirect(FILE *stream, int fd)
{
	char path[] = "/tmp/zcdevctl-test-XXXXXX";
	int kept, file = mkstemp(path);

	assert_true(file >= 0);
	unlink(path);
	fflush(stream);
	kept = dup(fd);
	dup2(file, fd);
	close(file);
	return kept;
}

/* What was written meanwhile. */
static inline void run_restore(FILE *stream, int fd, int kept, char *text, size_t size)
{
	ssize_t len;

	fflush(stream);
	len = pread(fd, text, size - 1, 0);
	assert_true(len >= 0);
	text[len] = 0;
	dup2(kept, fd);
	close(kept);
}

static inline void run_split(struct run *run, const char *line)
{
	char *word, *save;

	snprintf(run->text, sizeof(run->text), "%s", line);
	run->argc = 0;
	for (word = strtok_r(run->text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		assert_true(run->argc < RUN_ARGS);
		run->argv[run->argc++] = word;
	}
	run->argv[run->argc] = NULL;
}

/* The command with the words from @skip on. Returns its exit status. */
static inline int run_words(struct run *run, const struct command *command, int skip)
{
	int status, out, err;

	out = run_redirect(stdout, 1);
	err = run_redirect(stderr, 2);
	status = command->run(run->argc - skip, run->argv + skip);
	run_restore(stdout, 1, out, run->out, sizeof(run->out));
	run_restore(stderr, 2, err, run->err, sizeof(run->err));
	return status;
}

/* It failed in one sentence, with these words, and printed nothing else. */
static inline void run_failed(struct run *run, int status, int want, const char *words)
{
	check_row(status == want, "'%s' is %d: %s", run->text, status, run->err);
	check_row(!*run->out, "'%s' prints '%s'", run->text, run->out);
	check_row(strchr(run->err, '\n') == run->err + strlen(run->err) - 1, "'%s' says '%s'",
		  run->text, run->err);
	check_row(strstr(run->err, words), "no '%s' in '%s'", words, run->err);
	run->err[strlen(run->err) - 1] = 0;
	check_sentence(run->err);
}

#endif
