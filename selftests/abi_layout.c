// SPDX-License-Identifier: GPL-2.0
/*
 * The layout of every struct, in numbers that must never change, and without a
 * byte of padding, so that it is the same for 32-bit programs.
 */
#include "abi_layout.h"
#include "zc_task.h"

/* The header that the compiler saw is the one that the module was built with. */
static void same_as_kernel(void **state)
{
	struct zcdev_query q = { .size = sizeof(q) - 1 };
	int fd = zc_open();

	(void)state;
	zc_assert_errno(zc_errno(ioctl(fd, 0xDC00, &q)), EINVAL, "79 bytes");
	q.size = 80;
	zc_assert_errno(zc_errno(ioctl(fd, 0xDC00, &q)), 0, "80 bytes");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("the numbers of the first version still hold",
			same_as_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
