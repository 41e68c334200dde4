// SPDX-License-Identifier: GPL-2.0
/*
 * A user in the group of the device can use it within the limits, and nothing
 * more; a user who is not cannot even open it.
 */
#include "zc_mem.h"

#define GROUP	4242
#define LIMIT	(8 * MiB)

/* As a member of the group, or as somebody who is not. */
struct who {
	gid_t gid;
	int (*fn)(void);
};

static int become_and_run(void *arg)
{
	const struct who *who = arg;

	zc_become(ZC_NOBODY, who->gid, LIMIT);
	return who->fn();
}

static int run_as(gid_t gid, int (*fn)(void))
{
	struct who who = { gid, fn };

	return zc_child(become_and_run, &who);
}

static int open_device(void)
{
	return zc_errno(open("/dev/zcdev", O_RDWR));
}

static int open_read_only(void)
{
	return zc_errno(open("/dev/zcdev", O_RDONLY));
}

static void who_may_open(void **state)
{
	(void)state;
	zc_assert_errno(run_as(GROUP, open_device), 0, "in the group");
	zc_assert_errno(run_as(ZC_NOBODY, open_device), EACCES, "not in it");
	zc_assert_errno(run_as(ZC_NOBODY, open_read_only), EACCES,
			"not in it, only to read");
}

static void default_mode(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat("/dev/zcdev", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
}

static int use_a_pool(void)
{
	int fd = open("/dev/zcdev", O_RDWR | O_CLOEXEC);
	struct zcdev_pool_info info;
	unsigned char *map;

	zc_must(fd >= 0);
	if (zc_pool_create(fd, 4, 2 * MiB, 0))
		return 1;
	map = mmap(NULL, LIMIT, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return 2;
	zc_fill(map, LIMIT, 1, 0);
	if (zc_differs(map, LIMIT, 1, 0) != LIMIT)
		return 3;
	if (zc_pool_info(fd, &info) || info.out_charged != LIMIT)
		return 4;
	if (mlock(map, 4096))	/* a limit of its own, not used up by us */
		return 5;
	return 0;
}

static int exceed(void)
{
	int fd = open("/dev/zcdev", O_RDWR | O_CLOEXEC);

	zc_must(fd >= 0);
	return zc_pool_create(fd, LIMIT / 4096 + 1, 4096, 0);
}

static void pools(void **state)
{
	(void)state;
	assert_int_equal(run_as(GROUP, use_a_pool), 0);
	zc_assert_errno(run_as(GROUP, exceed), EDQUOT, "beyond the limit");
	zc_assert_no_pools();
}

/* From @from to @to, opened with whatever rights we have; 0 or an errno. */
static int move(const char *from, int from_mode, const char *to, int to_mode)
{
	int fd = open("/dev/zcdev", O_RDWR | O_CLOEXEC);
	struct zc_xfer x = zc_xfer(open(from, from_mode), open(to, to_mode));

	zc_must(fd >= 0 && x.end[0].fd >= 0 && x.end[1].fd >= 0);
	return zc_xfer_run(fd, &x) ?: x.t.out_error;
}

static int move_own(void)
{
	return move("u/own", O_RDONLY, "u/copy", O_WRONLY);
}

/* Descriptors that we may have, but not in the direction that we try. */
static int move_into_read_only(void)
{
	return move("u/own", O_RDONLY, "u/foreign", O_RDONLY);
}

static int move_from_write_only(void)
{
	return move("u/own", O_WRONLY, "u/copy", O_WRONLY);
}

/* A small limit on file sizes binds as for write(2), without a signal here. */
static int move_beyond_fsize(void)
{
	struct rlimit small = { 8192, 8192 };

	zc_must(!setrlimit(RLIMIT_FSIZE, &small));
	signal(SIGXFSZ, SIG_IGN);
	return move("u/own", O_RDONLY, "u/copy", O_WRONLY);
}

static void transfers(void **state)
{
	int fd, copy;

	(void)state;
	assert_int_equal(mkdir("u", 0755), 0);
	fd = zc_make_file("u/foreign", 100000, 2);
	close(zc_make_file("u/own", 300001, 1));
	copy = zc_make_file("u/copy", 0, 0);
	assert_int_equal(chown("u/own", ZC_NOBODY, GROUP), 0);
	assert_int_equal(chown("u/copy", ZC_NOBODY, GROUP), 0);

	zc_assert_errno(run_as(GROUP, move_own), 0, "own files");
	assert_int_equal(zc_size(copy), 300001);
	zc_check_range(copy, 0, 300001, 1, 0);

	zc_assert_errno(run_as(GROUP, move_into_read_only), EBADF, "sink");
	assert_int_equal(zc_size(fd), 100000);
	zc_check_range(fd, 0, 100000, 2, 0);
	zc_assert_errno(run_as(GROUP, move_from_write_only), EBADF, "source");

	assert_int_equal(ftruncate(copy, 0), 0);
	zc_assert_errno(run_as(GROUP, move_beyond_fsize), EFBIG, "FSIZE");
	assert_true(zc_size(copy) <= 8192);
	close(fd);
	close(copy);
}

static int raise_the_cap(void)
{
	return zc_errno(open("/sys/module/zcdev/parameters/max_total_mib",
			     O_WRONLY));
}

static int see_frame_numbers(void)
{
	int fd = open("/dev/zcdev", O_RDWR | O_CLOEXEC);
	unsigned char *map;
	uint64_t entry = ~0ULL;
	int pagemap = open("/proc/self/pagemap", O_RDONLY);

	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	zc_must(map != MAP_FAILED);
	if (pagemap < 0)
		return 0;
	zc_must(pread(pagemap, &entry, 8, (uintptr_t)map / 4096 * 8) == 8);
	return entry & ((1ULL << 55) - 1) ? 1 : 0;
}

static void nothing_more(void **state)
{
	(void)state;
	zc_assert_errno(run_as(GROUP, raise_the_cap), EACCES, "parameters");
	assert_int_equal(run_as(GROUP, see_frame_numbers), 0);
}

static int set_up(void **state)
{
	(void)state;
	/* Their way from the root to what is theirs. */
	return chmod(".", 0755) || chown("/dev/zcdev", 0, GROUP);
}

static int tear_down(void **state)
{
	(void)state;
	return chown("/dev/zcdev", 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("the device has mode 0660", default_mode),
		ZC_TEST("the group may open it, others may not", who_may_open),
		ZC_TEST("pools within RLIMIT_MEMLOCK, not beyond", pools),
		ZC_TEST("transfers with the rights of the descriptors",
			transfers),
		ZC_TEST("no parameters, no frame numbers", nothing_more),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
