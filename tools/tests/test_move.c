// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "move.h"

#define SOURCE_SIZE	100000
#define UNIT		4096

static volatile sig_atomic_t stop;
static struct device dev = { .fd = -1, .ioctl = fake_ioctl };
static struct move move;
static unsigned int ticks;
static uint64_t last_tick;

static void tick(void *context, uint64_t bytes)
{
	(void)context;
	ticks++;
	last_tick = bytes;
}

static int temporary(off_t size)
{
	char path[] = "/tmp/zcdevctl-test-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	unlink(path);
	return fd;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	stop = 0;
	ticks = 0;
	last_tick = 0;
	memset(&move, 0, sizeof(move));
	move.dev = &dev;
	move.len = ZCDEV_TO_END;
	move.sink_count = 1;
	move.stop = &stop;
	move.tick = tick;
	move.ends[0].fd = temporary(SOURCE_SIZE);
	move.ends[1].fd = temporary(0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(move.ends[0].fd);
	close(move.ends[1].fd);
	return 0;
}

static void check_moved(uint64_t bytes)
{
	assert_int_equal(move.bytes, bytes);
	assert_int_equal(move.ends[0].out_bytes, bytes);
	assert_int_equal(move.ends[1].out_bytes, bytes);
	assert_int_equal(move.ends[1].out_zerocopy, bytes);
	assert_int_equal(lseek(move.ends[1].fd, 0, SEEK_END), bytes);
}

static void test_one_ioctl(void **state)
{
	(void)state;
	assert_int_equal(move_run(&move), 0);
	check_moved(SOURCE_SIZE);
	assert_int_equal(fake.calls, 1);
	assert_true(fake.seen[0] == ZCDEV_TO_END);
	assert_int_equal(ticks, 0);
	assert_int_equal(move.ends[0].out_paths, ZCDEV_PATH_DIRECT);
	assert_int_equal(move.ends[1].out_paths, ZCDEV_PATH_BUFFERED);
}

static void test_exact_length(void **state)
{
	(void)state;
	move.len = 12345;
	assert_int_equal(move_run(&move), 0);
	check_moved(12345);
	assert_int_equal(fake.calls, 1);
}

static void test_nothing(void **state)
{
	(void)state;
	move.len = 0;
	move.slice_unit = UNIT;
	assert_int_equal(move_run(&move), 0);
	check_moved(0);
	assert_int_equal(fake.calls, 1);
}

static void test_slices(void **state)
{
	unsigned int i;

	(void)state;
	move.slice_unit = UNIT;
	assert_int_equal(move_run(&move), 0);
	check_moved(SOURCE_SIZE);
	assert_true(fake.calls >= 2);
	assert_int_equal(ticks, fake.calls);
	assert_int_equal(last_tick, SOURCE_SIZE);
	for (i = 0; i < fake.calls; i++)
		assert_int_equal(fake.seen[i] % UNIT, 0);
}

/* Slices add up to the length, and none is asked for beyond it. */
static void test_slices_of_a_length(void **state)
{
	uint64_t sum = 0;
	unsigned int i;

	(void)state;
	move.slice_unit = UNIT;
	move.len = 70001;
	assert_int_equal(move_run(&move), 0);
	check_moved(70001);
	for (i = 0; i < fake.calls; i++)
		sum += fake.seen[i];
	assert_int_equal(sum, 70001);
}

static void test_offsets_advance(void **state)
{
	(void)state;
	move.slice_unit = UNIT;
	move.ends[0].flags = ZCDEV_END_OFFSET;
	move.ends[0].offset = 1000;
	move.ends[1].flags = ZCDEV_END_OFFSET;
	assert_int_equal(move_run(&move), 0);
	check_moved(SOURCE_SIZE - 1000);
	assert_int_equal(move.ends[0].offset, SOURCE_SIZE);
	assert_int_equal(move.ends[1].offset, SOURCE_SIZE - 1000);
	assert_int_equal(lseek(move.ends[0].fd, 0, SEEK_CUR), 0);
}

static void test_refused(void **state)
{
	(void)state;
	fake.refuse = EOPNOTSUPP;
	fake.refuse_end = 1;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EOPNOTSUPP);
	assert_int_equal(move.ends[0].out_error, 0);
	assert_int_equal(move.ends[1].out_error, EOPNOTSUPP);
	check_moved(0);
}

static void test_stopped_by_an_end(void **state)
{
	(void)state;
	fake.step = 5000;
	fake.step_times = 1;
	fake.step_errno = ENOSPC;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, ENOSPC);
	assert_int_equal(move.ends[1].out_error, ENOSPC);
	assert_int_equal(fake.calls, 1);
	check_moved(5000);
}

/* Ctrl-Z and fg: the kernel says EINTR, but nobody wants it to end. */
static void test_continued(void **state)
{
	(void)state;
	fake.step = 5000;
	fake.step_times = 3;
	fake.step_errno = EINTR;
	assert_int_equal(move_run(&move), 0);
	assert_int_equal(fake.calls, 4);
	check_moved(SOURCE_SIZE);
}

static void test_continued_with_a_length(void **state)
{
	(void)state;
	move.len = 10000;
	fake.step = 5000;
	fake.step_times = 2;
	fake.step_errno = EINTR;
	assert_int_equal(move_run(&move), 0);
	assert_int_equal(fake.calls, 2);
	assert_int_equal(fake.seen[1], 5000);
	check_moved(10000);
}

static void test_continued_before_the_first_byte(void **state)
{
	(void)state;
	fake.step = 0;
	fake.step_times = 2;
	fake.step_errno = EINTR;
	assert_int_equal(move_run(&move), 0);
	assert_int_equal(fake.calls, 3);
	check_moved(SOURCE_SIZE);
}

static void test_interrupted(void **state)
{
	(void)state;
	fake.step = 5000;
	fake.step_times = 1;
	fake.step_errno = EINTR;
	fake.raise = &stop;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EINTR);
	assert_int_equal(fake.calls, 1);
	check_moved(5000);
}

static void raise_tick(void *context, uint64_t bytes)
{
	(void)context;
	(void)bytes;
	stop = 1;
}

/* The signal came while no ioctl was running. */
static void test_interrupted_between_slices(void **state)
{
	(void)state;
	move.tick = raise_tick;
	move.slice_unit = UNIT;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EINTR);
	assert_int_equal(fake.calls, 1);
}

static void test_interrupted_before(void **state)
{
	(void)state;
	stop = 1;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EINTR);
	assert_int_equal(fake.calls, 0);
}

static void test_ask(void **state)
{
	(void)state;
	assert_int_equal(move_ask(&move), 0);
	check_moved(0);
	assert_int_equal(fake.seen[0], 0);
	fake.refuse = EISDIR;
	assert_int_equal(move_ask(&move), -1);
	assert_int_equal(move.error, EISDIR);
}

static const struct {
	uint64_t unit, done;
	double seconds;
	uint64_t next;
} slices[] = {
	{ 4096, 409600, 1, 122880 - 122880 % 4096 },
	{ 1 << 20, 100 << 20, 1, 30 << 20 },
	{ 1 << 20, 100 << 20, 0.1, 300 << 20 },
	{ 1 << 20, 100 << 20, 1000, 1 << 20 },
	{ 1 << 20, 0, 1, 1 << 20 },
	{ 1 << 20, 1 << 20, 0, 1 << 30 },
	{ 1 << 20, 1ULL << 40, 1, 1 << 30 },
};

static void test_next_slice(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(slices); i++)
		assert_int_equal(move_next_slice(slices[i].unit, slices[i].done,
						 slices[i].seconds), slices[i].next);
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILES(test_one_ioctl),
		WITH_FILES(test_exact_length),
		WITH_FILES(test_nothing),
		WITH_FILES(test_slices),
		WITH_FILES(test_slices_of_a_length),
		WITH_FILES(test_offsets_advance),
		WITH_FILES(test_refused),
		WITH_FILES(test_stopped_by_an_end),
		WITH_FILES(test_continued),
		WITH_FILES(test_continued_with_a_length),
		WITH_FILES(test_continued_before_the_first_byte),
		WITH_FILES(test_interrupted),
		WITH_FILES(test_interrupted_between_slices),
		WITH_FILES(test_interrupted_before),
		WITH_FILES(test_ask),
		cmocka_unit_test(test_next_slice),
	};

	return cmocka_run_group_tests_name("move", tests, NULL, NULL);
}
