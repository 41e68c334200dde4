// SPDX-License-Identifier: GPL-2.0
/*
 * Who may have how much. A user without CAP_IPC_LOCK has RLIMIT_MEMLOCK for
 * all his pools together, however he opens, forks and passes descriptors; and
 * the administrator's caps bind everyone.
 */
#include "zc_mem.h"

#define LIMIT	(8 * MiB)

/* What a user tries: pools of these sizes on descriptors that root opened. */
struct plan {
	int fd[4];
	uint32_t pages[4];
	int want[4];
};

static int try_plan(void *arg)
{
	const struct plan *plan = arg;

	for (int i = 0; i < 4 && plan->pages[i]; i++) {
		int ret = zc_pool_create(plan->fd[i], plan->pages[i], 4096, 0);

		if (ret != plan->want[i]) {
			printf("# pool %d: %s\n", i, strerror(ret));
			return i + 1;
		}
	}
	return 0;
}

/* @fn has to try the plan, once it has become what it is to be. */
static int run_plan_as(int (*fn)(void *), uid_t uid, rlim_t memlock,
		       struct plan plan)
{
	int ret;

	for (int i = 0; i < 4; i++)
		plan.fd[i] = zc_open();
	ret = zc_as_user(uid, memlock, fn, &plan);
	for (int i = 0; i < 4; i++)
		close(plan.fd[i]);
	return ret;
}

static int run_plan(uid_t uid, rlim_t memlock, struct plan plan)
{
	return run_plan_as(try_plan, uid, memlock, plan);
}

static void at_the_limit(void **state)
{
	(void)state;
	assert_int_equal(run_plan(ZC_NOBODY, LIMIT, (struct plan) {
		.pages = { 2048 } }), 0);
	assert_int_equal(run_plan(ZC_NOBODY, LIMIT, (struct plan) {
		.pages = { 2049, 2048, 1 }, .want = { EDQUOT, 0, EDQUOT } }), 0);
	assert_int_equal(run_plan(ZC_NOBODY, 0, (struct plan) {
		.pages = { 1 }, .want = { EDQUOT } }), 0);
	/* The limit counts whole pages. */
	assert_int_equal(run_plan(ZC_NOBODY, 2 * 4096 - 1, (struct plan) {
		.pages = { 2, 1, 1 }, .want = { EDQUOT, 0, EDQUOT } }), 0);
	assert_int_equal(run_plan(ZC_NOBODY, RLIM_INFINITY, (struct plan) {
		.pages = { 4096, 4096 } }), 0);
}

static void all_together(void **state)
{
	(void)state;
	assert_int_equal(run_plan(ZC_NOBODY, LIMIT, (struct plan) {
		.pages = { 1024, 1024, 1 }, .want = { 0, 0, EDQUOT } }), 0);
	assert_int_equal(run_plan(ZC_NOBODY, LIMIT, (struct plan) {
		.pages = { 1024, 1025, 1024, 1 },
		.want = { 0, EDQUOT, 0, EDQUOT } }), 0);
}

static void comes_back(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(run_plan(ZC_NOBODY, LIMIT, (struct plan) {
			.pages = { 2048 } }), 0);
	zc_assert_no_pools();
}

/* Each user has a limit of his own. */
static int create_all(void *arg)
{
	return zc_pool_create(*(int *)arg, LIMIT / 4096, 4096, 0);
}

static int create_one(void *arg)
{
	return zc_pool_create(*(int *)arg, 1, 4096, 0);
}

static void per_user(void **state)
{
	int a = zc_open(), b = zc_open(), c = zc_open();

	(void)state;
	zc_assert_errno(zc_as_user(ZC_NOBODY, LIMIT, create_all, &a), 0, "1st");
	/* His process is gone, but we still hold what he made and pays for. */
	zc_assert_errno(zc_as_user(ZC_NOBODY, LIMIT, create_one, &c), EDQUOT,
			"same user, another process");
	zc_assert_errno(zc_as_user(ZC_NOBODY + 1, LIMIT, create_all, &b), 0,
			"another user");
	close(a);
	zc_assert_errno(zc_as_user(ZC_NOBODY, LIMIT, create_one, &c), 0,
			"after close");
	close(b);
	close(c);
}

/* Children, and descriptors passed on: one counter. */
static int fork_and_pass(void *arg)
{
	const int *fd = arg;
	int pair[2], passed, status;
	pid_t pid;

	zc_must(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	if (!pid) {
		zc_must(!zc_pool_create(fd[0], 1024, 4096, 0));
		zc_send_fd(pair[0], fd[0]);
		_exit(0);
	}
	close(pair[0]);		/* so that a child that gave up ends this */
	passed = zc_recv_fd(pair[1]);
	zc_must(waitpid(pid, &status, 0) == pid && !status);
	/* Half is gone, in a pool that the child made and we hold. */
	if (zc_pool_create(fd[1], 1025, 4096, 0) != EDQUOT)
		return 1;
	pid = fork();
	if (!pid)	/* holding it twice costs nothing */
		_exit(zc_pool_create(fd[1], 1024, 4096, 0));
	zc_must(waitpid(pid, &status, 0) == pid);
	if (status)
		return 2;
	close(passed);
	if (zc_pool_create(fd[2], 1, 4096, 0) != EDQUOT)
		return 3;
	return 0;
}

static void fork_and_passing(void **state)
{
	int fd[3] = { zc_open(), zc_open(), zc_open() };

	(void)state;
	assert_int_equal(zc_as_user(ZC_NOBODY, LIMIT, fork_and_pass, fd), 0);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	zc_assert_no_pools();
}

static int charged(void *arg)
{
	struct zcdev_pool_info info;

	zc_must(!zc_pool_create(*(int *)arg, 3, 8192, 0));
	zc_must(!zc_pool_info(*(int *)arg, &info));
	return info.out_charged == 3 * 8192 ? 0 : 1;
}

static void info_says(void **state)
{
	struct zcdev_pool_info info;
	int fd = zc_open();

	(void)state;
	assert_int_equal(zc_as_user(ZC_NOBODY, LIMIT, charged, &fd), 0);
	close(fd);
	fd = zc_open_pool(3, 8192);
	assert_int_equal(zc_pool_info(fd, &info), 0);
	assert_int_equal(info.out_charged, 0);
	close(fd);
}

static void root_is_exempt(void **state)
{
	struct rlimit none = { 0, 0 }, old;
	int fd = zc_open();

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &old), 0);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	zc_assert_errno(create_all(&fd), 0, "with CAP_IPC_LOCK");
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &old), 0);
	close(fd);
}

/* All capabilities there are, but not over this machine. */
static int root_of_a_namespace(void *arg)
{
	const struct rlimit more = { LIMIT + 4096, LIMIT + 4096 };

	zc_enter_userns(ZC_NOBODY);
	zc_must(setrlimit(RLIMIT_MEMLOCK, &more) == -1 && errno == EPERM);
	return try_plan(arg);
}

static int root_without_the_capability(void *arg)
{
	zc_drop_cap(CAP_IPC_LOCK);
	return try_plan(arg);
}

static void nobody_else_is(void **state)
{
	const struct plan plan = {
		.pages = { 2049, 2048, 1 }, .want = { EDQUOT, 0, EDQUOT },
	};

	(void)state;
	assert_int_equal(run_plan_as(root_of_a_namespace, ZC_NOBODY, LIMIT,
				     plan), 0);
	assert_int_equal(run_plan_as(root_without_the_capability, 0, LIMIT,
				     plan), 0);
}

/* mmap() and a transfer without a pool make one: under the same limits. */
static int implicit(void *arg)
{
	int fd = *(int *)arg;
	void *map = mmap(NULL, LIMIT + 4096, PROT_READ, MAP_SHARED, fd, 0);
	struct zc_xfer x = zc_xfer(fd, fd);

	if (map != MAP_FAILED || errno != EDQUOT)
		return 1;
	x.end[0].fd = open("/proc/self/exe", O_RDONLY);
	x.end[1].fd = memfd_create("sink", 0);
	zc_must(x.end[0].fd >= 0 && x.end[1].fd >= 0);
	return zc_xfer_run(fd, &x);
}

static void implicit_pools(void **state)
{
	int fd = zc_open();

	(void)state;
	zc_assert_errno(zc_as_user(ZC_NOBODY, 8 * MiB, implicit, &fd), 0,
			"default pool within the default limit");
	close(fd);
	fd = zc_open();
	zc_assert_errno(zc_as_user(ZC_NOBODY, 4096, implicit, &fd), EDQUOT,
			"transfer without room for a pool");
	close(fd);
}

static void cap_pool(void **state)
{
	struct zcdev_query q;
	int fd = zc_open(), other = zc_open();

	(void)state;
	zc_param("max_pool_mib", "3");
	assert_int_equal(zc_query(fd, &q), 0);
	assert_int_equal(q.out_max_pool_bytes, 3 * MiB);
	zc_assert_errno(zc_pool_create(fd, 769, 4096, 0), ENOSPC, "too much");
	zc_assert_errno(zc_pool_create(fd, 768, 4096, 0), 0, "at the cap");
	zc_assert_errno(zc_pool_create(other, 768, 4096, 0), 0, "another");
	close(fd);
	close(other);
}

static void cap_total(void **state)
{
	struct zcdev_query q;
	int a = zc_open(), b = zc_open(), c = zc_open();

	(void)state;
	zc_param("max_total_mib", "5");
	assert_int_equal(zc_query(a, &q), 0);
	assert_int_equal(q.out_max_total_bytes, 5 * MiB);
	assert_int_equal(q.out_max_pool_bytes, 5 * MiB);
	zc_assert_errno(zc_pool_create(a, 5 * 256 + 1, 4096, 0), ENOSPC,
			"one pool above the cap");
	zc_assert_errno(zc_pool_create(a, 3, 1 << 20, 0), 0, "3 MiB");
	zc_assert_errno(zc_pool_create(b, 2 * 256 + 1, 4096, 0), ENOSPC,
			"2 MiB and a page more");
	zc_assert_errno(zc_pool_create(c, 2, 1 << 20, 0), 0, "2 MiB more");
	zc_assert_errno(zc_pool_create(b, 1, 4096, 0), ENOSPC, "a page more");
	close(a);
	close(b);
	close(c);
}

/* Lowered below what is out: nobody loses a pool, nobody gets one. */
static void cap_lowered(void **state)
{
	int fd = zc_open_pool(2, 4 << 20), other = zc_open();

	(void)state;
	zc_param("max_total_mib", "1");
	zc_assert_errno(zc_pool_create(other, 1, 4096, 0), ENOSPC,
			"while 8 of 1 MiB are out");
	close(fd);
	zc_assert_errno(zc_pool_create(other, 256, 4096, 0), 0, "after close");
	close(other);
}

static void cap_default(void **state)
{
	struct zcdev_query q;
	int fd = zc_open();
	uint64_t ram;

	(void)state;
	assert_int_equal(zc_query(fd, &q), 0);
	ram = zc_proc_value("/proc/meminfo", "MemTotal") * KiB;
	assert_true(q.out_max_total_bytes <= ram / 8);
	assert_true(q.out_max_total_bytes > ram / 8 - MiB);
	assert_int_equal(q.out_max_pool_bytes, q.out_max_total_bytes);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("RLIMIT_MEMLOCK binds to the page", at_the_limit),
		ZC_TEST("pools of one user count together", all_together),
		ZC_TEST("close gives the charge back", comes_back),
		ZC_TEST("who made a pool pays, not who holds it", per_user),
		ZC_TEST("fork and fd passing neither add nor escape",
			fork_and_passing),
		ZC_TEST("POOL_INFO says what is charged", info_says),
		ZC_TEST("CAP_IPC_LOCK is exempt", root_is_exempt),
		ZC_TEST("who has it in a namespace only is not",
			nobody_else_is),
		ZC_TEST("pools that nobody asked for count too", implicit_pools),
		ZC_TEST_PARAMS("max_pool_mib binds root", cap_pool),
		ZC_TEST_PARAMS("max_total_mib binds root", cap_total),
		ZC_TEST_PARAMS("a cap below what is out", cap_lowered),
		ZC_TEST("the default cap is an eighth of RAM", cap_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
