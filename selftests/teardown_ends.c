// SPDX-License-Identifier: GPL-2.0
/*
 * A process ends in every way while somebody has pages of its pool, or its pool.
 * What another process still has stays as it is, and all else comes back at once.
 * timeout: 120
 */
#include <sys/prctl.h>

#include "zc_holders.h"

enum end { EXIT, KILLED, EXEC, ENDS };

static const char *const end_names[] = { "exits", "is killed", "executes" };

#define SKIPPED	77

/**
 * struct stage - a child, its pool, and a holder of that
 * @holder: in memory of both
 * @end: how the child ends
 * @hold: of the holder
 * @taken: it has hold, and the child is about to end
 */
struct stage {
	const struct holder *holder;
	enum end end;
	struct hold hold;
	volatile bool taken;
};

/* In a child that ends as it is told to. */
static int live_and_end(struct stage *s)
{
	int fd = zc_open_pool(POOL / BUF, BUF);
	unsigned char *map = zc_map(fd, POOL);

	zc_fill(map, POOL, SEED, 0);
	if (!s->holder->take(&s->hold, fd, map))
		return SKIPPED;
	s->taken = true;
	if (s->end == KILLED)
		raise(SIGKILL);
	if (s->end == EXEC)
		execl("/bin/true", "true", NULL);
	return s->end == EXIT ? 0 : ZC_BROKEN;
}

static bool waits(const struct stage *s)
{
	return s->holder->exec_waits && s->end == EXEC;
}

/* Bytes that are charged as long as the holder does not let go. */
static uint64_t left(const struct stage *s)
{
	switch (s->holder->left) {
	case LEFT_NOTHING:
		return 0;
	case LEFT_QUEUED:
		return (queued(&s->hold) + BUF - 1) / BUF * BUF;
	default:
		return s->holder->file || waits(s) ? POOL : HELD * BUF;
	}
}

/* Whose file is it that is left? */
static int files_left(const struct stage *s)
{
	return waits(s) || (s->holder->file && s->holder->left == LEFT_ALL);
}

static int wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* False: not on this kernel. */
static bool one_end(struct stage *s, int look)
{
	const struct holder *holder = s->holder;
	int status = 0;
	pid_t pid;

	zc_case("a process that %s", end_names[s->end]);
	/* What is held must outlive the child. */
	holder->prepare(&s->hold);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(live_and_end(s));
	if (waits(s))
		assert_true(zc_wait_until(15, s->taken));
	else
		status = wait_for(pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		return false;
	assert_held(look, left(s), 1 + files_left(s));
	assert_true(holder->after(&s->hold));
	if (waits(s))
		status = wait_for(pid);
	assert_int_equal(status, s->end == KILLED ? SIGKILL : 0);
	assert_held(look, 0, 1);
	return true;
}

static void every_end(void **state)
{
	struct stage *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int look = zc_open();

	assert_ptr_not_equal(s, MAP_FAILED);
	for (enum end end = EXIT; end < ENDS; end++) {
		*s = (struct stage) { .holder = *state, .end = end };
		if (!one_end(s, look)) {
			close(look);
			skip();
		}
	}
	munmap(s, sizeof(*s));
	close(look);
}

/* Whoever a child leaves behind is ours. */
static int set_up(void **state)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1) ?: holders_set_up(state);
}

int main(void)
{
	struct CMUnitTest tests[HOLDERS];

	holders_tests(tests, every_end, "all ends of a process with %s");
	return _cmocka_run_group_tests("teardown_ends", tests, HOLDERS, set_up,
				       holders_tear_down);
}
