// SPDX-License-Identifier: GPL-2.0
/*
 * zcdev-fuzz: programs of random calls, guided by the places in the module that
 * they reach.
 *
 *	zcdev-fuzz [-m] [-s SECONDS] [-r SEED] [-e PLACES] [-n TIMES] [CORPUS…]
 *
 * Runs in the guest, in a directory that it fills with files, on a kernel that
 * panics when something is wrong: whether that happens is for others to see.
 * Each program is printed behind a '>' before it runs, so the last ones before
 * the panic are known, and behind a '+' if it reached what none did before. With
 * -n it only runs what is in the corpus, that many times; with -m what is kept
 * is made short first.
 *
 * Exit status: 0 fine, 1 a program cannot be killed, or fewer than -e places
 * were reached, 2 wrong arguments or no KCOV.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cover.h"
#include "executor.h"
#include "program.h"
#include "slot.h"

#define CORPUS		4096
#define REPORT_SECONDS	10

static struct program corpus[CORPUS];
static unsigned int corpus_count;
static unsigned long executed;
static time_t started, reported;
static bool minimal;

static time_t seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void report(void)
{
	printf("%lu programs in %ld s, %u kept, %u places\n", executed,
	       (long)(seconds() - started), corpus_count, cover_total());
	fflush(stdout);
	reported = seconds();
}

static void say(char mark, const struct program *p)
{
	char text[FUZZ_TEXT];

	printf("%c %s\n", mark, program_text(p, text));
	fflush(stdout);
}

static void execute(const struct program *p, bool comparisons)
{
	say('>', p);
	if (!executor_run(p, comparisons)) {
		printf("cannot be killed: the last program above\n");
		exit(EXIT_FAILURE);
	}
	executed++;
	if (seconds() >= reported + REPORT_SECONDS)
		report();
}

/* Leave out what is not needed to reach what it was the first to reach. */
static void minimize(struct program *p)
{
	unsigned int i;

	for (i = p->count; i-- && p->count > 1;) {
		struct program shorter = *p;

		program_drop(&shorter, i);
		execute(&shorter, false);
		if (cover_repeats())
			*p = shorter;
	}
}

static void try(const struct program *p)
{
	struct program found = *p;

	execute(p, false);
	if (!cover_collect())
		return;
	if (minimal)
		minimize(&found);
	say('+', &found);
	corpus[corpus_count < CORPUS ? corpus_count++ : fuzz_random(CORPUS)] = found;
	execute(&found, true);
	cover_hints();
}

/* Mostly something near to what was found last. */
static const struct program *pick(void)
{
	unsigned int recent = corpus_count < 32 ? corpus_count : 32;

	if (fuzz_random(3))
		return &corpus[fuzz_random(corpus_count)];
	return &corpus[corpus_count - 1 - fuzz_random(recent)];
}

static void fuzz(time_t until)
{
	struct program p;

	while (seconds() < until) {
		if (!corpus_count || !fuzz_random(10)) {
			program_generate(&p);
		} else {
			p = *pick();
			program_mutate(&p, pick());
		}
		try(&p);
	}
}

/* Comments begin with '#'; what cannot be read is a mistake in the corpus. */
static void load(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	struct program p;

	if (!f) {
		perror(path);
		exit(2);
	}
	while (getline(&line, &size, f) > 0) {
		if (*line == '#' || *line == '\n')
			continue;
		if (!program_parse(&p, line)) {
			fprintf(stderr, "%s: cannot read: %s", path, line);
			exit(2);
		}
		if (corpus_count < CORPUS)
			corpus[corpus_count++] = p;
	}
	free(line);
	fclose(f);
}

/* What is known already, so that it is not found again. */
static void run_corpus(unsigned int times)
{
	unsigned int i;

	while (times--) {
		for (i = 0; i < corpus_count; i++) {
			execute(&corpus[i], false);
			cover_collect();
		}
	}
}

int main(int argc, char **argv)
{
	unsigned long budget = 60, expected = 1, times = 0;
	int opt;

	while ((opt = getopt(argc, argv, "ms:r:e:n:")) != -1) {
		switch (opt) {
		case 'm':
			minimal = true;
			break;
		case 's':
			budget = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			fuzz_seed(strtoul(optarg, NULL, 0));
			break;
		case 'e':
			expected = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			times = strtoul(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	while (optind < argc)
		load(argv[optind++]);
	if (!cover_init())
		return 2;

	slots_prepare();
	started = seconds();
	reported = started;
	run_corpus(times ?: 1);
	report();
	if (!times)
		fuzz(started + budget);
	report();
	if (cover_total() < expected)
		printf("expected to reach %lu places\n", expected);
	return cover_total() < expected;
}
