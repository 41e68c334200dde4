// SPDX-License-Identifier: GPL-2.0
/*
 * Limits: read by all, set at run time, the same by netlink and by parameter,
 * and for what is new only.
 */
#include "zc_nl.h"
#include "zc_mem.h"

struct limits {
	uint64_t pool, user, total, user_held, total_held;
};

static void read_limits(struct nlattr **tb, void *arg)
{
	struct limits *l = arg;

	l->pool = zc_nl_u64(tb, ZCDEV_A_LIMIT_POOL_MAX);
	l->user = zc_nl_u64(tb, ZCDEV_A_LIMIT_USER_MAX);
	l->total = zc_nl_u64(tb, ZCDEV_A_LIMIT_TOTAL_MAX);
	l->user_held = zc_nl_u64(tb, ZCDEV_A_LIMIT_USER_HELD);
	l->total_held = zc_nl_u64(tb, ZCDEV_A_LIMIT_TOTAL_HELD);
}

static struct limits get(struct zc_nl *nl)
{
	struct limits l = {};

	assert_int_equal(zc_nl_run(nl, zc_nl_msg(nl, ZCDEV_CMD_LIMIT_GET,
						 NLM_F_REQUEST | NLM_F_ACK),
				   read_limits, &l), 0);
	return l;
}

static int set(struct zc_nl *nl, int attr, uint64_t bytes)
{
	struct nl_msg *msg = zc_nl_msg(nl, ZCDEV_CMD_LIMIT_SET,
				       NLM_F_REQUEST | NLM_F_ACK);

	nla_put_u64(msg, attr, bytes);
	return zc_nl_run(nl, msg, NULL, NULL);
}

static int tear_down(void **state)
{
	struct zc_nl nl;

	(void)state;
	zc_nl_open(&nl);
	set(&nl, ZCDEV_A_LIMIT_POOL_MAX, 0);
	set(&nl, ZCDEV_A_LIMIT_USER_MAX, 0);
	set(&nl, ZCDEV_A_LIMIT_TOTAL_MAX, 0);
	zc_nl_close(&nl);
	zc_assert_no_pools();
	return 0;
}

static void defaults(void **state)
{
	long ram = zc_proc_value("/proc/meminfo", "MemTotal");
	struct limits l;
	struct zc_nl nl;

	(void)state;
	zc_nl_open(&nl);
	l = get(&nl);
	assert_int_equal(l.pool, l.total);
	assert_int_equal(l.user, l.total);
	assert_true(l.total <= ram * KiB / 8);
	assert_true(l.total >= ram * KiB / 8 - MiB);
	assert_int_equal(l.total_held, 0);
	zc_nl_close(&nl);
}

static void one_pool(void **state)
{
	struct zc_nl nl;
	int fd = zc_open();

	(void)state;
	zc_nl_open(&nl);
	assert_int_equal(set(&nl, ZCDEV_A_LIMIT_POOL_MAX, 64 * KiB), 0);
	assert_int_equal(get(&nl).pool, 64 * KiB);
	assert_int_equal(zc_pool_create(fd, 17, 4096, 0), ENOSPC);
	assert_int_equal(zc_pool_create(fd, 16, 4096, 0), 0);
	close(fd);
	zc_nl_close(&nl);
}

/* Below what is held: only what is new is refused. */
static void lowered(void **state)
{
	int a = zc_open_pool(4, MiB), b = zc_open();
	struct zcdev_pool_info info;
	struct zc_nl nl;

	(void)state;
	zc_nl_open(&nl);
	assert_int_equal(set(&nl, ZCDEV_A_LIMIT_TOTAL_MAX, MiB), 0);
	assert_int_equal(get(&nl).total, MiB);
	assert_int_equal(get(&nl).pool, MiB);
	assert_int_equal(get(&nl).total_held, 4 * MiB);
	assert_int_equal(get(&nl).user_held, 4 * MiB);
	assert_int_equal(zc_pool_info(a, &info), 0);
	assert_int_equal(info.out_count, 4);
	assert_int_equal(zc_pool_create(b, 1, 4096, 0), ENOSPC);
	close(a);
	assert_int_equal(zc_pool_create(b, 1, 4096, 0), 0);
	close(b);
	zc_nl_close(&nl);
}

static int create_pages(void *arg)
{
	uint32_t *plan = arg;

	return zc_pool_create(plan[0], plan[1], 4096, 0);
}

/* With CAP_IPC_LOCK as without, each user by itself. */
static void one_user(void **state)
{
	uint32_t theirs[2] = { zc_open(), 16 }, more[2] = { zc_open(), 1 };
	int mine = zc_open(), too_much = zc_open();
	struct zc_nl nl;

	(void)state;
	zc_nl_open(&nl);
	assert_int_equal(set(&nl, ZCDEV_A_LIMIT_USER_MAX, 64 * KiB), 0);
	assert_int_equal(get(&nl).user, 64 * KiB);
	assert_int_equal(zc_pool_create(mine, 16, 4096, 0), 0);
	assert_int_equal(zc_pool_create(too_much, 1, 4096, 0), ENOSPC);
	zc_assert_errno(zc_as_user(ZC_NOBODY, 8 * MiB, create_pages, theirs), 0,
			"another user");
	zc_assert_errno(zc_as_user(ZC_NOBODY, 8 * MiB, create_pages, more),
			ENOSPC, "too much");
	assert_int_equal(get(&nl).user_held, 64 * KiB);
	assert_int_equal(get(&nl).total_held, 128 * KiB);
	close(mine);
	assert_int_equal(get(&nl).user_held, 0);
	assert_int_equal(zc_pool_create(too_much, 1, 4096, 0), 0);
	close(too_much);
	close(theirs[0]);
	close(more[0]);
	zc_nl_close(&nl);
}

static uint64_t param(const char *name)
{
	char path[80], text[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/zcdev/parameters/%s", name);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	return strtoull(text, NULL, 10);
}

static void parameters(void **state)
{
	struct zc_nl nl;

	(void)state;
	zc_nl_open(&nl);
	zc_param("max_user_mib", "5");
	assert_int_equal(get(&nl).user, 5 * MiB);
	assert_int_equal(set(&nl, ZCDEV_A_LIMIT_USER_MAX, 7 * MiB), 0);
	assert_int_equal(param("max_user_mib"), 7);
	zc_nl_close(&nl);
}

/* Root that has given up the right to it. */
static int write_param_without(void *arg)
{
	int fd;

	zc_drop_cap(CAP_SYS_RESOURCE);
	fd = open(arg, O_WRONLY | O_CLOEXEC);
	zc_must(fd >= 0);
	return write(fd, "9", 1) == 1 ? 0 : errno;
}

static void parameters_refused(void **state)
{
	static const char *const names[] = {
		"max_pool_mib", "max_user_mib", "max_total_mib",
	};
	char path[80];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		zc_param(names[i], "11");
		snprintf(path, sizeof(path), "/sys/module/zcdev/parameters/%s",
			 names[i]);
		zc_assert_errno(zc_child(write_param_without, path), EPERM,
				"%s", names[i]);
		assert_int_equal(param(names[i]), 11);
	}
}

/* All or none: what is refused has changed nothing. */
static void together(void **state)
{
	struct nl_msg *msg;
	struct zc_nl nl;

	(void)state;
	zc_nl_open(&nl);
	msg = zc_nl_msg(&nl, ZCDEV_CMD_LIMIT_SET, NLM_F_REQUEST | NLM_F_ACK);
	nla_put_u64(msg, ZCDEV_A_LIMIT_POOL_MAX, MiB);
	nla_put_u64(msg, ZCDEV_A_LIMIT_USER_MAX, 2 * MiB);
	nla_put_u64(msg, ZCDEV_A_LIMIT_TOTAL_MAX, 3 * MiB);
	assert_int_equal(zc_nl_run(&nl, msg, NULL, NULL), 0);
	assert_int_equal(get(&nl).pool, MiB);
	assert_int_equal(get(&nl).user, 2 * MiB);
	assert_int_equal(get(&nl).total, 3 * MiB);

	msg = zc_nl_msg(&nl, ZCDEV_CMD_LIMIT_SET, NLM_F_REQUEST | NLM_F_ACK);
	nla_put_u64(msg, ZCDEV_A_LIMIT_POOL_MAX, 2 * MiB);
	nla_put_u64(msg, ZCDEV_A_LIMIT_TOTAL_MAX, ~0ULL);
	assert_int_equal(zc_nl_run(&nl, msg, NULL, NULL), ERANGE);
	assert_int_equal(nl.attr, ZCDEV_A_LIMIT_TOTAL_MAX);
	assert_int_equal(get(&nl).pool, MiB);
	zc_nl_close(&nl);
}

#define LIMIT_TEST(fn)	cmocka_unit_test_setup_teardown(fn, NULL, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIMIT_TEST(defaults),
		LIMIT_TEST(one_pool),
		LIMIT_TEST(lowered),
		LIMIT_TEST(one_user),
		LIMIT_TEST(parameters),
		LIMIT_TEST(parameters_refused),
		LIMIT_TEST(together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
