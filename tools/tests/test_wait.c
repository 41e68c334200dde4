// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <signal.h>

#include "move.h"
#include "wait.h"

#define SECONDS	0.2

/* A window that is resized is drawn again, but is no reason to look again. */
static void test_resized(void **state)
{
	double start = move_now();

	(void)state;
	wait_begin();
	raise(SIGWINCH);
	assert_false(wait_for(-1, 10));
	raise(SIGWINCH);
	wait_until(start + SECONDS);
	assert_true(move_now() - start >= SECONDS);
	assert_true(move_now() - start < 10);
	assert_false(wait_is_over());
}

static void test_enough(void **state)
{
	double start = move_now();

	(void)state;
	raise(SIGTERM);
	wait_until(start + 10);
	assert_true(move_now() - start < 10);
	assert_true(wait_is_over());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resized),
		cmocka_unit_test(test_enough),
	};

	return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
