// SPDX-License-Identifier: GPL-2.0
/*
 * Each way to misbehave (mock_kunit.c) at each step, by itself.
 *
 * There are more chunks than buffers, and the last is shorter: the steps are
 * the first, those that fill the ring, the first that uses a slot again, and
 * the last.
 */
#include <kunit/test.h>

#include <linux/stddef.h>

#include "mock_kunit.h"

#define STEPS		5
#define CHUNK		256
#define LAST		100
#define SIZE		((STEPS - 1) * CHUNK + LAST)

/**
 * struct step_row - something that happens at a step
 * @name: what
 * @at: the member of struct mock_case that says at which step
 * @async: both ends complete later
 * @ends: nothing from the step on is accepted
 * @then_fails: the drain after the step fails: a third of the chunk is accepted
 * @error: in the end
 */
struct step_row {
	const char *name;
	size_t at;
	bool async;
	bool ends;
	bool then_fails;
	int error;
};

#define AT(member)	offsetof(struct mock_case, member)

static const struct step_row now_rows[] = {
	{ "fill fails", AT(fail_in), .ends = true, .error = -EIO },
	{ "source ends", AT(end_in), .ends = true },
	{ "fill is short", AT(short_at) },
	{ "drain fails", AT(fail_out), .ends = true, .error = -ENOSPC },
	{ "drain is short", AT(short_out) },
	{ "drain is short, the next fails", AT(short_out), .ends = true,
	  .then_fails = true, .error = -ENOSPC },
};

static const struct step_row late_rows[] = {
	{ "fill fails", AT(fail_in), true, .ends = true, .error = -EIO },
	{ "source ends", AT(end_in), true, .ends = true },
	{ "fill is short", AT(short_at), true },
	{ "fill stalls", AT(stall_in), true },
	{ "drain fails", AT(fail_out), true, .ends = true, .error = -ENOSPC },
	{ "drain is short", AT(short_out), true },
	{ "drain stalls", AT(stall_out), true },
	{ "sink is full", AT(stall_out) },
};

/* A case is its place in one of these: each row at each step. */
static const u8 now_steps[ARRAY_SIZE(now_rows) * STEPS];
static const u8 late_steps[ARRAY_SIZE(late_rows) * STEPS];

static void now_desc(const u8 *at, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s at %td",
		 now_rows[(at - now_steps) / STEPS].name,
		 (at - now_steps) % STEPS + 1);
}

static void late_desc(const u8 *at, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s at %td",
		 late_rows[(at - late_steps) / STEPS].name,
		 (at - late_steps) % STEPS + 1);
}

KUNIT_ARRAY_PARAM(now, now_steps, now_desc);
KUNIT_ARRAY_PARAM(late, late_steps, late_desc);

static void step_run(struct kunit *test, const struct step_row *row, u32 step,
		     enum zc_late_from from)
{
	u32 len = step == STEPS ? LAST : CHUNK;
	struct mock_case c = {
		.size = SIZE,
		.chunk = CHUNK,
		.async_in = row->async,
		.async_out = row->async,
		.bytes = row->ends ? (step - 1) * CHUNK : SIZE,
		.error = row->error,
	};

	*(u32 *)((void *)&c + row->at) = step;
	if (row->then_fails) {
		c.fail_out = step + 1;
		c.bytes += DIV_ROUND_UP(len, 3);
	}
	zc_mock_run(test, &c, 2, from);
}

static void now_test(struct kunit *test)
{
	ptrdiff_t at = (const u8 *)test->param_value - now_steps;

	step_run(test, &now_rows[at / STEPS], at % STEPS + 1, ZC_LATE_WORK);
}

static void late_run(struct kunit *test, enum zc_late_from from)
{
	ptrdiff_t at = (const u8 *)test->param_value - late_steps;

	step_run(test, &late_rows[at / STEPS], at % STEPS + 1, from);
}

static void work_test(struct kunit *test)
{
	late_run(test, ZC_LATE_WORK);
}

static void softirq_test(struct kunit *test)
{
	late_run(test, ZC_LATE_SOFTIRQ);
}

static void hardirq_test(struct kunit *test)
{
	late_run(test, ZC_LATE_HARDIRQ);
}

static struct kunit_case steps_cases[] = {
	KUNIT_CASE_PARAM(now_test, now_gen_params),
	KUNIT_CASE_PARAM(work_test, late_gen_params),
	KUNIT_CASE_PARAM(softirq_test, late_gen_params),
	KUNIT_CASE_PARAM(hardirq_test, late_gen_params),
	{}
};

static struct kunit_suite steps_suite = {
	.name = "zcdev-steps",
	.init = zc_mock_init,
	.exit = zc_mock_exit,
	.test_cases = steps_cases,
};

kunit_test_suite(steps_suite);
