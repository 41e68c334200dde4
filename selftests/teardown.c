// SPDX-License-Identifier: GPL-2.0
/*
 * Everything is taken apart in every order: the descriptor, a part of the
 * mapping, the rest of it, and whoever holds pages or the file itself. That one
 * either lets go as it should, or its other side is gone before it has looked.
 *
 * At each step the bytes are those that were there, the pool is charged as long
 * as anybody has it, and the module is in use as long as a file of it exists and
 * not a moment longer.
 * timeout: 120
 */
#include <sys/syscall.h>

#include "zc_holders.h"

enum step { CLOSE, UNMAP_PART, UNMAP_REST, END, STEPS };

/* Either way is an END. */
enum end { GIVE, DROP, ENDS };

static const char *const step_names[] = {
	"close", "unmap a part", "unmap the rest", "the holder ends",
};

static const char *const end_names[] = { "lets go", "is dropped" };

/**
 * struct stage - one pool and one holder, as it is taken apart
 * @end: how the holder ends
 * @done: bit of each step that was taken
 */
struct stage {
	const struct holder *holder;
	enum end end;
	struct hold hold;
	int fd, look;
	unsigned char *map;
	unsigned int done;
};

static bool stage_open(struct stage *s, const struct holder *holder,
		       enum end end)
{
	static unsigned char *last;

	/* A failure has left it. */
	if (last)
		munmap(last, POOL);
	last = NULL;
	*s = (struct stage) { .holder = holder, .end = end };
	holder->prepare(&s->hold);
	s->fd = zc_open_pool(POOL / BUF, BUF);
	s->map = zc_map(s->fd, POOL);
	last = s->map;
	zc_fill(s->map, POOL, SEED, 0);
	if (holder->take(&s->hold, s->fd, s->map)) {
		s->look = zc_open();
		return true;
	}
	munmap(s->map, POOL);
	close(s->fd);
	return false;
}

static bool took(const struct stage *s, unsigned int steps)
{
	return (s->done & steps) == steps;
}

static bool take_step(struct stage *s, enum step step)
{
	s->done |= 1U << step;
	switch (step) {
	case CLOSE:
		return !close(s->fd);
	case UNMAP_PART:
		return !munmap(s->map, BUF + ZC_PAGE);
	case UNMAP_REST:
		return !munmap(s->map + BUF + ZC_PAGE, POOL - BUF - ZC_PAGE);
	default:
		return s->end == GIVE ? s->holder->give(&s->hold) :
					s->holder->drop(&s->hold);
	}
}

static bool held(const struct stage *s)
{
	return !took(s, 1U << END);
}

/* Somebody has the file: whoever has the descriptor, or any part of a mapping. */
static bool has_file(const struct stage *s)
{
	return !took(s, 1U << CLOSE | 1U << UNMAP_PART | 1U << UNMAP_REST) ||
	       (held(s) && s->holder->file);
}

/* Bytes that must be charged now. */
static uint64_t charged(const struct stage *s)
{
	if (has_file(s))
		return POOL;
	return held(s) ? HELD * BUF : 0;
}

static int unload(void)
{
	return zc_errno(syscall(SYS_delete_module, "zcdev", O_NONBLOCK));
}

/* In use by exactly one file, and by none of ours. */
static void assert_refused(struct stage *s)
{
	close(s->look);
	assert_true(zc_wait_until(5, zc_module_refs() == 1));
	assert_int_equal(unload(), EWOULDBLOCK);
	s->look = zc_open();
}

static void assert_stage(struct stage *s)
{
	assert_held(s->look, charged(s), 1 + has_file(s));
	if (has_file(s))
		assert_refused(s);
	if (!took(s, 1U << UNMAP_REST))
		assert_int_equal(zc_differs(s->map + 2 * BUF, BUF, SEED, 2 * BUF),
				 BUF);
}

/* False: not on this kernel. */
static bool one_order(const struct holder *holder, enum end end, unsigned int n)
{
	unsigned int order[STEPS];
	struct stage s;

	zc_nth_order(n, order, STEPS);
	if (!stage_open(&s, holder, end))
		return false;
	assert_stage(&s);
	for (int i = 0; i < STEPS; i++) {
		zc_case("order %u, it %s: %s", n, end_names[end],
			step_names[order[i]]);
		assert_true(take_step(&s, order[i]));
		assert_stage(&s);
	}
	close(s.look);
	return true;
}

static void every_order(void **state)
{
	for (unsigned int n = 0; n < 24 * ENDS; n++) {
		if (!one_order(*state, n % ENDS, n / ENDS)) {
			holder_is_missing(*state);
			skip();
			return;
		}
	}
}

/* Nobody has a file: the module goes, whoever has pages. */
static void assert_goes(void)
{
	if (!zc_wait_until(5, zc_module_refs() == 0))
		fail_msg("%d files", zc_module_refs());
	assert_int_equal(unload(), 0);
	assert_int_not_equal(access("/sys/module/zcdev", F_OK), 0);
}

/* False: not on this kernel. */
static bool goes_before(const struct holder *holder, enum end end)
{
	struct stage s;

	if (!stage_open(&s, holder, end))
		return false;
	for (enum step step = CLOSE; step < END; step++)
		assert_true(take_step(&s, step));
	assert_stage(&s);
	close(s.look);
	if (!holder->file)
		assert_goes();
	assert_true(take_step(&s, END));
	if (holder->file)
		assert_goes();
	assert_int_equal(system("modprobe zcdev"), 0);
	zc_assert_no_pools();
	return true;
}

static void module_goes(void **state)
{
	for (enum end end = GIVE; end < ENDS; end++) {
		if (!goes_before(*state, end)) {
			holder_is_missing(*state);
			skip();
			return;
		}
	}
}

int main(void)
{
	struct CMUnitTest tests[2 * HOLDERS];

	holders_tests(tests, every_order, "24 orders, two ends of %s");
	holders_tests(tests + HOLDERS, module_goes, "rmmod with %s");
	return _cmocka_run_group_tests("teardown", tests, 2 * HOLDERS,
				       holders_set_up, holders_tear_down);
}
