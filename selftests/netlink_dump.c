// SPDX-License-Identifier: GPL-2.0
/* timeout: 90 */
/*
 * Ten thousand pools and a thousand transfers, listed while others come and go:
 * what stays is listed once, nothing is listed twice, and a row costs the same
 * whether it is one of few or of many. A tenth of that on the debug kernel, whose
 * own costs are in no proportion.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include "zc_nl.h"
#include "zc_mem.h"
#include "zc_task.h"

#define POOLS		10240
#define TRANSFERS	1120
#define FILES		(1 << 15)
#define FEW		16
#define STACK		(64 * KiB)
#define ROUNDS		8

static int scaled(int nr)
{
	return zc_debug_kernel() ? nr / 10 : nr;
}

/**
 * struct roll - who is to be listed, and who was
 * @attr: the attribute with the id
 * @last: the greatest id so far
 * @rows: how many there were
 * @want: ids that have to be among them, in order
 * @nr: how many
 * @met: how many of them came
 */
struct roll {
	int attr;
	uint32_t last;
	int rows;
	const uint32_t *want;
	int nr;
	int met;
};

/* Rows come in the order of ids, so none comes twice. */
static void call(struct nlattr **tb, void *arg)
{
	struct roll *roll = arg;
	uint32_t id = zc_nl_u32(tb, roll->attr);

	assert_true(id > roll->last);
	roll->last = id;
	roll->rows++;
	if (roll->met < roll->nr && roll->want[roll->met] == id)
		roll->met++;
}

/* Those of @want are listed, and perhaps others. Returns how many in all. */
static int call_roll(struct zc_nl *nl, int cmd, int attr, const uint32_t *want,
		     int nr)
{
	struct roll roll = { .attr = attr, .want = want, .nr = nr };

	assert_int_equal(zc_nl_dump(nl, cmd, call, &roll), 0);
	assert_int_equal(roll.met, nr);
	return roll.rows;
}

/* Whose clock is read must not change meanwhile. Returns where we were free to go. */
static cpu_set_t stay_here(void)
{
	cpu_set_t before, here;

	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	assert_int_equal(sched_setaffinity(0, sizeof(here), &here), 0);
	return before;
}

static double own_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/**
 * struct list - what is listed, and how much work that is
 * @cmd: the command that lists it
 * @attr: the attribute with the id
 * @rows: to be listed for one measurement, by as many dumps as that takes: an
 *	emulated CPU is not stopped by its host as often in a short one
 */
struct list {
	const char *what;
	int cmd;
	int attr;
	int rows;
};

static const struct list pool_list = {
	"pools", ZCDEV_CMD_POOL_GET, ZCDEV_A_POOL_ID, POOLS,
};

static const struct list transfer_list = {
	"transfers", ZCDEV_CMD_TRANSFER_GET, ZCDEV_A_TRANSFER_ID, 8 * TRANSFERS,
};

/* Seconds that this task computes for all those rows, @nr a dump; at best. */
static double cost(struct zc_nl *nl, const struct list *list, int nr)
{
	const cpu_set_t before = stay_here();
	double best = 1e9, begin, took;
	int i, rows;

	for (i = 0; i < ROUNDS; i++) {
		begin = own_time();
		for (rows = 0; rows < scaled(list->rows); rows += nr)
			assert_int_equal(call_roll(nl, list->cmd, list->attr,
						   NULL, 0), nr);
		took = own_time() - begin;
		best = took < best ? took : best;
	}
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	return best;
}

/*
 * By dumps FEW times as long, so FEW times @few if it were quadratic. Memory that
 * does not fit in the caches of the host makes up for a part of it.
 */
static bool is_linear(struct zc_nl *nl, const struct list *list, int nr,
		      double few)
{
	double many = cost(nl, list, nr);

	print_message("# %d %s: %.1f ms of %d a dump, %.1f ms of %d\n",
		      scaled(list->rows), list->what, few * 1e3, nr / FEW,
		      many * 1e3, nr);
	return many < FEW / 3 * few || zc_debug_kernel();
}

/* Tried again, since the host may have slowed us down. */
static void assert_linear(struct zc_nl *nl, const struct list *list, int nr,
			  double few)
{
	assert_true(zc_wait_until(20, is_linear(nl, list, nr, few)));
}

/* A child that does something again and again, until killed. */
static pid_t start_churn(void (*churn)(void))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		for (;;)
			churn();
	return pid;
}

static void stop_churn(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int open_small_pool(void)
{
	int fd = open("/dev/zcdev", O_RDWR | O_CLOEXEC);

	zc_must(fd >= 0 && !zc_pool_create(fd, 1, ZC_PAGE, 0));
	return fd;
}

static void churn_pools(void)
{
	int fd[16], i;

	for (i = 0; i < 16; i++)
		fd[i] = open_small_pool();
	for (i = 0; i < 16; i++)
		close(fd[i * 7 % 16]);
}

static void open_pools(int *fd, uint32_t *id, int from, int to)
{
	int i;

	for (i = from; i < to; i++) {
		fd[i] = open_small_pool();
		id[i] = zc_nl_pool_id(fd[i]);
	}
}

static void pools(void **state)
{
	static uint32_t id[POOLS];
	static int fd[POOLS];
	int nr = scaled(POOLS), i;
	struct zc_nl nl;
	double few;
	pid_t churn;

	(void)state;
	zc_nl_open(&nl);
	open_pools(fd, id, 0, nr / FEW);
	few = cost(&nl, &pool_list, nr / FEW);
	churn = start_churn(churn_pools);
	open_pools(fd, id, nr / FEW, nr);
	for (i = 0; i < 3; i++) {
		call_roll(&nl, ZCDEV_CMD_POOL_GET, ZCDEV_A_POOL_ID, id, nr);
		call_roll(&nl, ZCDEV_CMD_STATS_GET, ZCDEV_A_STATS_POOL_ID, id,
			  nr);
	}
	stop_churn(churn);
	assert_linear(&nl, &pool_list, nr, few);
	for (i = 0; i < nr; i++)
		close(fd[i]);
	zc_nl_close(&nl);
	zc_assert_no_pools();
}

/**
 * struct mover - a thread that transfers from a pipe that nobody writes to
 * @src: the pipe
 * @dst: where to
 * @error: what came of it
 */
struct mover {
	pthread_t thread;
	int src, dst;
	int error;
};

static void *move(void *arg)
{
	struct mover *m = arg;
	struct zc_xfer x = zc_xfer(m->src, m->dst);
	int zc = open_small_pool();

	m->error = zc_xfer_run(zc, &x) ?: x.t.out_error;
	close(zc);
	return NULL;
}

static void start_movers(struct mover *m, int nr, int src, int dst)
{
	pthread_attr_t attr;
	int i;

	pthread_attr_init(&attr);
	assert_int_equal(pthread_attr_setstacksize(&attr, STACK), 0);
	for (i = 0; i < nr; i++) {
		m[i].src = src;
		m[i].dst = dst;
		assert_int_equal(pthread_create(&m[i].thread, &attr, move,
						&m[i]), 0);
	}
	pthread_attr_destroy(&attr);
}

static int count_transfers(struct zc_nl *nl)
{
	usleep(100000);
	return call_roll(nl, ZCDEV_CMD_TRANSFER_GET, ZCDEV_A_TRANSFER_ID, NULL,
			 0);
}

static void wait_for_movers(struct zc_nl *nl, int nr)
{
	assert_true(zc_wait_until(60, count_transfers(nl) == nr));
}

struct ids {
	uint32_t id[TRANSFERS];
	int nr;
};

static void write_down(struct nlattr **tb, void *arg)
{
	struct ids *ids = arg;

	assert_true(ids->nr < TRANSFERS);
	ids->id[ids->nr++] = zc_nl_u32(tb, ZCDEV_A_TRANSFER_ID);
}

static int src;

/* Transfers that end at once. */
static void churn_transfers(void)
{
	static int zc = -1, dst;
	struct zc_xfer x;

	if (zc < 0) {
		zc = open_small_pool();
		dst = open("copy", O_WRONLY | O_CREAT, 0600);
	}
	x = zc_xfer(src, dst);
	x.t.len = ZC_PAGE;
	x.end[0].flags = ZCDEV_END_OFFSET;
	x.end[1].flags = ZCDEV_END_OFFSET;
	zc_must(!zc_xfer_run(zc, &x));
}

/* The @nr that are there now stay. */
static void list_among_others(struct zc_nl *nl, int nr)
{
	static struct ids ids;
	pid_t churn;
	int i;

	assert_int_equal(zc_nl_dump(nl, ZCDEV_CMD_TRANSFER_GET, write_down,
				    &ids), 0);
	assert_int_equal(ids.nr, nr);
	churn = start_churn(churn_transfers);
	for (i = 0; i < 10; i++)
		call_roll(nl, ZCDEV_CMD_TRANSFER_GET, ZCDEV_A_TRANSFER_ID,
			  ids.id, nr);
	stop_churn(churn);
}

/* The last one is gone from the list when its ioctl has returned. */
static void end_movers(struct mover *m, int nr, int pipe_fd)
{
	int i;

	close(pipe_fd);
	for (i = 0; i < nr; i++) {
		assert_int_equal(pthread_join(m[i].thread, NULL), 0);
		assert_int_equal(m[i].error, 0);
	}
}

static void transfers(void **state)
{
	static struct mover m[TRANSFERS];
	int nr = scaled(TRANSFERS), fd[2], dst;
	struct zc_nl nl;
	double few;

	(void)state;
	zc_nl_open(&nl);
	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	src = zc_make_file("src", 64 * KiB, 1);
	dst = open("dst", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	start_movers(m, nr / FEW, fd[0], dst);
	wait_for_movers(&nl, nr / FEW);
	few = cost(&nl, &transfer_list, nr / FEW);
	start_movers(m + nr / FEW, nr - nr / FEW, fd[0], dst);
	wait_for_movers(&nl, nr);
	assert_linear(&nl, &transfer_list, nr, few);
	list_among_others(&nl, nr);
	end_movers(m, nr, fd[1]);
	assert_int_equal(count_transfers(&nl), 0);
	close(fd[0]);
	close(src);
	close(dst);
	zc_nl_close(&nl);
	zc_assert_no_pools();
}

static int raise_files(void **state)
{
	struct rlimit limit = { FILES, FILES };

	(void)state;
	return setrlimit(RLIMIT_NOFILE, &limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("ten thousand pools", pools),
		ZC_TEST("a thousand transfers", transfers),
	};

	return cmocka_run_group_tests(tests, raise_files, NULL);
}
