// SPDX-License-Identifier: GPL-2.0
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slot.h"

#define HINTS	256

static uint64_t random_state = 1;
static uint64_t hints[HINTS];
static unsigned int hint_count;

void fuzz_seed(uint64_t seed)
{
	random_state = seed * 0x9E3779B97F4A7C15ULL | 1;
}

uint64_t fuzz_random(uint64_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545F4914F6CDD1DULL >> 16) % below;
}

static bool one_in(unsigned int n)
{
	return !fuzz_random(n);
}

void program_hint(uint64_t value)
{
	unsigned int i;

	for (i = 0; i < hint_count && i < HINTS; i++)
		if (hints[i] == value)
			return;
	hints[hint_count++ % HINTS] = value;
}

/* Values */

static const uint64_t sizes[] = {
	0, 1, 511, 512, 513, 4095, 4096, 4097, 8192, 12345, 65535, 65536, 65537,
	131072, 1 << 20, (1 << 20) + 1, 4 << 20, (4 << 20) + 4096, 16 << 20,
	INT32_MAX, 1ULL << 31, UINT32_MAX, 1ULL << 32, INT64_MAX - 4095, INT64_MAX,
	1ULL << 63, UINT64_MAX - 1, UINT64_MAX,
};

static uint64_t random_size(void)
{
	switch (fuzz_random(4)) {
	case 0:
		return sizes[fuzz_random(sizeof(sizes) / sizeof(*sizes))];
	case 1:
		return fuzz_random(256) * 4096;
	case 2:
		return 1ULL << fuzz_random(24);
	default:
		return fuzz_random(1 << 20);
	}
}

static uint64_t random_flags(uint64_t mask)
{
	uint64_t flags = 0;

	if (one_in(30))
		return 1ULL << fuzz_random(64);
	while (mask) {
		uint64_t bit = mask & -mask;

		mask ^= bit;
		flags |= one_in(4) ? bit : 0;
	}
	return flags;
}

static uint64_t random_value(const struct arg_spec *spec)
{
	if (hint_count && spec->type != ARG_SLOT && spec->type != ARG_POOL && one_in(12))
		return hints[fuzz_random(hint_count < HINTS ? hint_count : HINTS)];
	switch (spec->type) {
	case ARG_POOL:
		return one_in(20) ? fuzz_random(SLOT_COUNT) :
		       one_in(4) ? SLOT_ZC0 + fuzz_random(SLOT_POOLS) : SLOT_ZC0;
	case ARG_SLOT:
		return fuzz_random(SLOT_COUNT);
	case ARG_NUM:
		return one_in(20) ? random_size() : fuzz_random(spec->limit + 1);
	case ARG_SIZE:
		return random_size();
	case ARG_FLAGS:
		return random_flags(spec->limit);
	case ARG_TIME:
		return one_in(10) ? random_size() : fuzz_random(3) * 1000000;
	case ARG_PLACE:
		return one_in(8) ? fuzz_random(spec->limit + 1) : 0;
	}
	return 0;
}

/* Calls */

static const struct op *random_op(void)
{
	unsigned int i, total = 0;
	uint64_t pick;

	for (i = 0; ops[i].name; i++)
		total += ops[i].weight;
	pick = fuzz_random(total);
	for (i = 0; pick >= ops[i].weight; i++)
		pick -= ops[i].weight;
	return &ops[i];
}

/* Most calls leave most of their arguments alone: what is valid gets further. */
static void call_generate(struct call *c)
{
	unsigned int i;

	memset(c, 0, sizeof(*c));
	c->op = random_op();
	c->second = one_in(5);
	for (i = 0; c->op->arg[i].name; i++) {
		enum arg_type type = c->op->arg[i].type;

		if (type == ARG_SLOT || type == ARG_POOL || i < 4 || one_in(4))
			c->arg[i] = random_value(&c->op->arg[i]);
	}
}

static void call_mutate(struct call *c)
{
	unsigned int i, n = 0;

	while (c->op->arg[n].name)
		n++;
	if (!n || one_in(15)) {
		c->second = !c->second;
		return;
	}
	i = fuzz_random(n);
	if (c->op->arg[i].type == ARG_SIZE && one_in(3))
		c->arg[i] += fuzz_random(3) - 1;
	else if (one_in(12))
		c->arg[i] ^= 1ULL << fuzz_random(64);
	else
		c->arg[i] = random_value(&c->op->arg[i]);
}

static void program_insert(struct program *p, unsigned int at, const struct call *c)
{
	if (p->count == FUZZ_CALLS)
		return;
	memmove(&p->call[at + 1], &p->call[at], (p->count - at) * sizeof(*c));
	p->call[at] = *c;
	p->count++;
}

void program_drop(struct program *p, unsigned int at)
{
	p->count--;
	memmove(&p->call[at], &p->call[at + 1], (p->count - at) * sizeof(p->call[0]));
}

void program_generate(struct program *p)
{
	unsigned int n = 2 + fuzz_random(FUZZ_CALLS / 2);

	p->count = 0;
	while (p->count < n)
		call_generate(&p->call[p->count++]);
}

static void program_swap(struct program *p, unsigned int a, unsigned int b)
{
	struct call c = p->call[a];

	p->call[a] = p->call[b];
	p->call[b] = c;
}

static void mutate_once(struct program *p, const struct program *other)
{
	unsigned int at = p->count ? fuzz_random(p->count) : 0;
	struct call c;

	switch (p->count ? fuzz_random(10) : 0) {
	case 0:
	case 1:
		call_generate(&c);
		program_insert(p, at, &c);
		break;
	case 2:
		program_drop(p, at);
		break;
	case 3:
		if (other && other->count)
			program_insert(p, at, &other->call[fuzz_random(other->count)]);
		break;
	case 4:
		program_swap(p, at, fuzz_random(p->count));
		break;
	default:
		call_mutate(&p->call[at]);
	}
}

void program_mutate(struct program *p, const struct program *other)
{
	unsigned int n = 1 + fuzz_random(4);

	while (n--)
		mutate_once(p, other);
}

/* Text */

#define BLANK	" \t\n"

static const struct op *find_op(const char *name)
{
	const struct op *op;

	for (op = ops; op->name; op++)
		if (!strcmp(op->name, name))
			return op;
	return NULL;
}

static bool arg_is_slot(const struct arg_spec *spec)
{
	return spec->type == ARG_SLOT || spec->type == ARG_POOL;
}

static bool parse_arg(struct call *c, char *word)
{
	char *value = strchr(word, '='), *end;
	unsigned int i;
	int slot;

	if (!value)
		return false;
	*value++ = 0;
	for (i = 0; c->op->arg[i].name && strcmp(c->op->arg[i].name, word); i++)
		;
	if (!c->op->arg[i].name)
		return false;
	if (arg_is_slot(&c->op->arg[i])) {
		slot = slot_find(value);
		c->arg[i] = slot;
		return slot >= 0;
	}
	c->arg[i] = strtoull(value, &end, 16);
	return *value && !*end;
}

static bool parse_call(struct call *c, char *text)
{
	char *save, *word = strtok_r(text, BLANK, &save);

	memset(c, 0, sizeof(*c));
	if (!word)
		return false;
	c->second = *word == '&';
	c->op = find_op(word + c->second);
	if (!c->op)
		return false;
	while ((word = strtok_r(NULL, BLANK, &save)))
		if (!parse_arg(c, word))
			return false;
	return true;
}

bool program_parse(struct program *p, const char *text)
{
	char *copy = strdup(text), *save, *part;
	bool good = copy;

	p->count = 0;
	if (!copy)
		return false;
	for (part = strtok_r(copy, ";", &save); part && good;
	     part = strtok_r(NULL, ";", &save))
		good = p->count < FUZZ_CALLS && parse_call(&p->call[p->count++], part);
	free(copy);
	return good && p->count;
}

static int print_arg(char *buf, const struct arg_spec *spec, uint64_t value)
{
	if (!value)
		return 0;
	if (arg_is_slot(spec))
		return sprintf(buf, " %s=%s", spec->name, slot_name(value));
	return sprintf(buf, " %s=%llx", spec->name, (unsigned long long)value);
}

const char *program_text(const struct program *p, char buf[static FUZZ_TEXT])
{
	char *at = buf;
	unsigned int i, k;

	*at = 0;
	for (i = 0; i < p->count; i++) {
		const struct call *c = &p->call[i];

		at += sprintf(at, "%s%s%s", i ? "; " : "", c->second ? "&" : "", c->op->name);
		for (k = 0; c->op->arg[k].name; k++)
			at += print_arg(at, &c->op->arg[k], c->arg[k]);
	}
	return buf;
}
