/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program of the fuzzer: a few calls in two lanes, each lane a thread.
 *
 * As text it is one line: calls separated by ';', a call of the second lane
 * begins with '&', arguments are NAME=HEX or NAME=SLOT in any order, and what is
 * not named is 0. So a corpus survives an argument more or less.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define FUZZ_CALLS	12
#define FUZZ_ARGS	24
#define FUZZ_TEXT	(FUZZ_CALLS * FUZZ_ARGS * 32)

/* What values of an argument are worth trying. */
enum arg_type {
	ARG_SLOT,	/* a descriptor from the table of slots */
	ARG_POOL,	/* likewise; nearly always one of the device */
	ARG_NUM,	/* small numbers, up to limit */
	ARG_SIZE,	/* bytes: borders of pages, buffers, types */
	ARG_FLAGS,	/* subsets of limit, rarely one bit more */
	ARG_TIME,	/* nanoseconds */
	ARG_PLACE,	/* where in memory a struct lies, see memory.h */
};

struct arg_spec {
	const char *name;
	enum arg_type type;
	uint64_t limit;
};

/**
 * struct op - one kind of call
 * @name: in the text
 * @weight: how often it is chosen
 * @run: makes the call; what it returns is not looked at
 * @arg: ends with one without a name
 */
struct op {
	const char *name;
	unsigned int weight;
	void (*run)(const uint64_t *arg);
	struct arg_spec arg[FUZZ_ARGS + 1];
};

struct call {
	const struct op *op;
	bool second;		/* lane */
	uint64_t arg[FUZZ_ARGS];
};

struct program {
	unsigned int count;
	struct call call[FUZZ_CALLS];
};

/* All kinds of calls; ends with one without a name. */
extern const struct op ops[];

/* xorshift64*: the same seed, the same programs. */
uint64_t fuzz_random(uint64_t below);
void fuzz_seed(uint64_t seed);

/* A value that the module was seen to compare with. */
void program_hint(uint64_t value);

void program_generate(struct program *p);
/* @other: another program to take calls from, or NULL. */
void program_mutate(struct program *p, const struct program *other);
void program_drop(struct program *p, unsigned int at);
bool program_parse(struct program *p, const char *text);
const char *program_text(const struct program *p, char buf[static FUZZ_TEXT]);

#endif
