// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation that loading the module makes fails once: then there is no
 * module, no device, and nothing else of it left, and it loads again. (What the
 * kernel allocates before and after calling it is not ours to try.)
 *
 * Numbers of netlink families come from a tree, which grows only for every 64th:
 * the sweep begins where it has to.
 * only: debug
 * timeout: 60
 */
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "zc_fault.h"
#include "zc_nl.h"

#define FAMILIES	64	/* in a node of the tree */

static int image = -1;		/* zcdev.ko */

static bool unloaded(const void *arg)
{
	(void)arg;
	if (!access("/sys/module/zcdev", F_OK))
		zc_must(!syscall(SYS_delete_module, "zcdev", O_NONBLOCK));
	return true;
}

static int load(const void *arg)
{
	(void)arg;
	return zc_errno(syscall(SYS_finit_module, image, "", 0));
}

static bool absent(void)
{
	return access("/dev/zcdev", F_OK) && access("/sys/module/zcdev", F_OK) &&
	       access("/sys/class/misc/zcdev", F_OK);
}

/* The device node is made, and removed, by somebody else. */
static void check_load(const void *arg, int ret, bool injected)
{
	struct zcdev_query q;
	int fd;

	(void)arg;
	(void)injected;
	if (ret) {
		assert_true(zc_wait_until(20, absent()));
		return;
	}
	assert_true(zc_wait_until(20, !access("/dev/zcdev", F_OK)));
	fd = zc_open();
	assert_int_equal(zc_query(fd, &q), 0);
	assert_int_equal(zc_pool_create(fd, 2, 64 * KiB, 0), 0);
	close(fd);
	zc_assert_no_pools();
}

static void nothing(const void *arg)
{
	(void)arg;
}

/* The next number needs a new node. */
static void fill_node(void)
{
	struct zc_nl nl;
	int last;

	do {
		unloaded(NULL);
		assert_int_equal(load(NULL), 0);
		zc_nl_open(&nl);
		last = nl.family;
		zc_nl_close(&nl);
	} while (last % FAMILIES != FAMILIES - 1);
}

static void loading(void **state)
{
	static const struct zc_sweep sweep = {
		"loading", NULL, unloaded, load, check_load, nothing,
	};
	struct utsname u;
	char path[256];

	(void)state;
	assert_int_equal(uname(&u), 0);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/zcdev.ko", u.release);
	image = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(image >= 0);
	zc_fault_within(zc_find_text(NULL, "do_one_initcall"), ZC_DEEP);
	zc_unit_tests("none");
	fill_node();
	zc_sweep_run(&sweep);
	unloaded(NULL);
	assert_int_equal(load(NULL), 0);
	zc_unit_tests("*");
	close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("loading meets every fault", loading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
