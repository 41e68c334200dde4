/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All holders, and what tests of them have in common.
 */
#ifndef ZC_HOLDERS_H
#define ZC_HOLDERS_H

#include "zc_hold_queue.h"
#include "zc_hold_ring.h"
#include "zc_hold_task.h"
#include "zc_hold_xdp.h"

static const struct holder holders[] = {
	{ "a UNIX queue", prepare_unix, take_socket, give_queue, drop_queue,
	  give_queue, LEFT_ALL, false, false },
	{ "a TCP queue", prepare_tcp, take_socket, give_queue, drop_queue,
	  give_queue, LEFT_ALL, false, false },
	{ "a vsock queue", prepare_vsock, take_vsock, give_queue, drop_vsock,
	  give_queue, LEFT_ALL, false, false },
	{ "a TLS record", prepare_ktls, take_ktls, give_ktls, drop_queue,
	  give_ktls, LEFT_ALL, false, false },
	{ "AF_PACKET", prepare_packet, take_packet, give_packet, drop_packet,
	  give_packet, LEFT_ALL, false, false },
	{ "a pipe", prepare_pipe, take_pipe, give_queue, drop_queue,
	  give_queue, LEFT_ALL, false, false },
	{ "a pipe that the device fills", prepare_pipe, take_splice, give_queue,
	  drop_queue, give_queue, LEFT_ALL, false, false },
	{ "another process", prepare_unix, take_fork, give_fork, drop_fork,
	  give_fork, LEFT_ALL, true, false },
	{ "a descriptor on its way", prepare_unix, take_pass, give_pass,
	  drop_queue, give_pass, LEFT_ALL, true, false },
	{ "io_uring", prepare_nothing, take_uring, give_uring, drop_uring,
	  after_uring, LEFT_NOTHING, false, false },
	{ "AF_XDP", prepare_xdp, take_xdp, give_xdp, drop_xdp,
	  give_xdp, LEFT_ALL, false, false },
	{ "a disk", prepare_disk, take_disk, give_disk, drop_disk,
	  after_disk, LEFT_ALL, false, true },
	{ "a transfer", prepare_transfer, take_transfer, give_transfer,
	  drop_transfer, after_transfer, LEFT_QUEUED, true, false },
};

#define HOLDERS	(sizeof(holders) / sizeof(holders[0]))

/* The order with this number, of the @steps! there are. */
static inline void zc_nth_order(unsigned int n, unsigned int *order,
				unsigned int steps)
{
	for (unsigned int i = 0; i < steps; i++)
		order[i] = i;
	for (unsigned int i = 0; i < steps; i++) {
		unsigned int at = i + n % (steps - i), pick = order[at];

		n /= steps - i;
		for (; at > i; at--)
			order[at] = order[at - 1];
		order[i] = pick;
	}
}

/* Not every stock kernel has all of them; the debug kernel is built to. */
static inline void holder_is_missing(const struct holder *holder)
{
	if (zc_debug_kernel())
		fail_msg("the kernel lacks what %s is made of", holder->name);
}

/* So much is charged, and so many files of the device are open, @look included. */
static inline void assert_held(int look, uint64_t bytes, int files)
{
	if (!zc_wait_until(5, zc_total_bytes(look) == bytes))
		fail_msg("%llu bytes instead of %llu",
			 (unsigned long long)zc_total_bytes(look),
			 (unsigned long long)bytes);
	if (!zc_wait_until(5, zc_module_refs() == files))
		fail_msg("%d files instead of %d", zc_module_refs(), files);
}

/* Before all tests: what the holders need. */
static inline int holders_set_up(void **state)
{
	(void)state;
	zc_unit_tests("none");
	signal(SIGPIPE, SIG_IGN);
	zc_sh("modprobe -q dm-mod; modprobe -q -a tls vsock_loopback; "
	      "dmsetup create " DM_NAME " --noudevsync --table "
	      "'0 %lu linear %s 0' && dmsetup mknodes", DM_SECTORS,
	      zc_scratch());
	return 0;
}

static inline int holders_tear_down(void **state)
{
	(void)state;
	zc_disk_reset("mnt", DM_NAME);
	zc_unit_tests("*");
	return 0;
}

/* Also after a failure that left all as it was. */
static inline int holders_clear(void **state)
{
	(void)state;
	closefrom(3);
	dm_load(true);
	dm_suspend(false);
	return 0;
}

/* @fn on each holder. */
static inline void holders_tests(struct CMUnitTest *tests,
				 CMUnitTestFunction fn, const char *what)
{
	for (size_t i = 0; i < HOLDERS; i++) {
		char *name;

		zc_must(asprintf(&name, what, holders[i].name) > 0);
		tests[i] = (struct CMUnitTest) {
			.name = name, .test_func = fn,
			.teardown_func = holders_clear,
			.initial_state = (void *)&holders[i],
		};
	}
}

#endif /* ZC_HOLDERS_H */
