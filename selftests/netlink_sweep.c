// SPDX-License-Identifier: GPL-2.0
/*
 * Each command and each attribute, with all that can be wrong with them, has the
 * errno and the blame that it should have. abi_i386 does the same with 32 bits.
 */
#include "zc_nl.h"
#include "netlink_sweep.h"

static long sweep_write(int sk, const void *from, unsigned long len)
{
	return write(sk, from, len);
}

static long sweep_read(int sk, void *to, unsigned long len)
{
	return read(sk, to, len);
}

static void sweep_wrong(const struct sweep *s, const char *what,
			const struct sweep_verdict *want)
{
	const struct sweep_verdict *is = &s->is;

	print_error("command %u %x, attribute %u, %u bytes: %s\n"
		    "  errno %u, words %u, at %u, missing %u\n"
		    "  not   %u,       %u,    %u,         %u\n",
		    s->op->cmd, s->flags, s->attr ? s->attr->attr : 0, s->len,
		    what, is->error, is->words, is->at, is->missing,
		    want->error, want->words, want->at, want->missing);
}

static struct zc_nl nl;
static struct sweep sweep;
static int zc;

static void command(void **state)
{
	sweep_op(&sweep, *state);
	assert_true(sweep.tried > 80);
	assert_int_equal(sweep.wrong, 0);
}

static void no_commands(void **state)
{
	(void)state;
	sweep_commands(&sweep);
	assert_true(sweep.tried > 500);
	assert_int_equal(sweep.wrong, 0);
}

static int set_up(void **state)
{
	(void)state;
	zc = zc_open_pool(4, 4096);
	zc_nl_open(&nl);
	assert_true(sweep_open(&sweep, nl_socket_get_fd(nl.sk)));
	assert_int_equal(sweep.pool, zc_nl_pool_id(zc));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sweep_reset_limits(&sweep);
	zc_nl_close(&nl);
	close(zc);
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[SWEEP_COUNT(spec_ops) + 1] = {
		cmocka_unit_test_setup_teardown(no_commands, set_up, tear_down),
	};
	char names[SWEEP_COUNT(spec_ops)][32];
	size_t i;

	for (i = 0; i < SWEEP_COUNT(spec_ops); i++) {
		snprintf(names[i], sizeof(names[i]), "command %u",
			 spec_ops[i].cmd);
		tests[1 + i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = command,
			.setup_func = set_up,
			.teardown_func = tear_down,
			.initial_state = (void *)&spec_ops[i],
		};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
