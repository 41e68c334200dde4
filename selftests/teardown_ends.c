// SPDX-License-Identifier: GPL-2.0
/*
 * A process ends in every way, with all that it has of its pool or a part of that,
 * while somebody has pages of it, or its file. What another process still has stays
 * as it is, and all else comes back at once.
 * timeout: 120
 */
#include "zc_holders.h"

enum end { EXIT, KILLED, EXEC, HAND_ON, ENDS };

static const char *const end_names[] = {
	"exits", "is killed", "executes", "executes what has its descriptor",
};

/* What the process still has of its own. */
enum own { ALL, DESCRIPTOR, MAPPING, HALF_MAPPING, OWNS };

static const char *const own_names[] = {
	"all", "the descriptor", "the mapping", "half of the mapping",
};

#define SKIPPED	77

/**
 * struct stage - a child, its pool, and a holder of that
 * @holder: in memory of both
 * @own: what the child has then
 * @end: how the child ends
 * @hold: of the holder
 * @taken: it has hold, and the child is about to end
 */
struct stage {
	const struct holder *holder;
	enum own own;
	enum end end;
	struct hold hold;
	volatile bool taken;
};

static bool has_descriptor(enum own own)
{
	return own == ALL || own == DESCRIPTOR;
}

static void give_up(enum own own, int fd, unsigned char *map)
{
	if (own == DESCRIPTOR)
		zc_must(!munmap(map, POOL));
	if (own == HALF_MAPPING)
		zc_must(!munmap(map, POOL / 2));
	if (!has_descriptor(own))
		close(fd);
}

static void execute(enum end end, int fd)
{
	if (end == EXEC)
		execl("/bin/true", "true", NULL);
	zc_must(!fcntl(fd, F_SETFD, 0));
	execl("/bin/sleep", "sleep", "1000", NULL);
}

/* In a child that ends as it is told to. */
static int live_and_end(struct stage *s)
{
	int fd = zc_open_pool(POOL / BUF, BUF);
	unsigned char *map = zc_map(fd, POOL);

	zc_fill(map, POOL, SEED, 0);
	if (!s->holder->take(&s->hold, fd, map))
		return SKIPPED;
	give_up(s->own, fd, map);
	s->taken = true;
	if (s->end == KILLED)
		raise(SIGKILL);
	if (s->end != EXIT)
		execute(s->end, fd);
	return s->end == EXIT ? 0 : ZC_BROKEN;
}

static bool waits(const struct stage *s)
{
	return s->holder->exec_waits && s->end >= EXEC;
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

/* Is the child the other program by now? */
static bool sleeps(pid_t pid)
{
	char path[32], name[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, name, sizeof(name) - 1) < 0)
		*name = 0;
	close(fd);
	return !strcmp(name, "sleep\n");
}

/* Only its descriptor has come through to the new program: the whole pool is there. */
static int end_sleep(pid_t pid, int look)
{
	assert_true(zc_wait_until(30, sleeps(pid)));
	assert_held(look, POOL, 2);
	kill(pid, SIGTERM);
	return wait_for(pid);
}

/* 0 if the child ended as it was to, or else how it did. */
static int how_it_ended(const struct stage *s, pid_t pid, int look)
{
	int status = s->end == HAND_ON ? end_sleep(pid, look) : wait_for(pid);
	static const int want[] = { 0, SIGKILL, 0, SIGTERM };

	return status == want[s->end] ? 0 : status ?: -1;
}

/* False: not on this kernel. */
static bool one_end(struct stage *s, int look)
{
	const struct holder *holder = s->holder;
	int status = 0;
	pid_t pid;

	zc_case("a process that %s, with %s", end_names[s->end],
		own_names[s->own]);
	/* What is held must outlive the child. */
	holder->prepare(&s->hold);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(live_and_end(s));
	if (waits(s))
		assert_true(zc_wait_until(15, s->taken));
	else
		status = how_it_ended(s, pid, look);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		return false;
	assert_held(look, left(s), 1 + files_left(s));
	assert_true(holder->after(&s->hold));
	if (waits(s))
		status = how_it_ended(s, pid, look);
	assert_int_equal(status, 0);
	assert_held(look, 0, 1);
	return true;
}

static void every_end(void **state)
{
	struct stage *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int look = zc_open();

	assert_ptr_not_equal(s, MAP_FAILED);
	for (int i = 0; i < OWNS * ENDS; i++) {
		*s = (struct stage) { .holder = *state, .own = i / ENDS,
				      .end = i % ENDS };
		if (s->end == HAND_ON && !has_descriptor(s->own))
			continue;
		if (!one_end(s, look)) {
			close(look);
			holder_is_missing(*state);
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
