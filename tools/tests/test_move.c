// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "move.h"

#define SOURCE_SIZE	100000
#define UNIT		4096
#define SINKS		3

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

/* What is at @offset depends on it: bytes that are elsewhere are seen. */
static unsigned char pattern(uint64_t offset)
{
	return offset * 31 ^ offset >> 8;
}

static int source(void)
{
	int fd = temporary(0);
	static unsigned char bytes[SOURCE_SIZE];
	unsigned int i;

	for (i = 0; i < SOURCE_SIZE; i++)
		bytes[i] = pattern(i);
	assert_int_equal(pwrite(fd, bytes, SOURCE_SIZE, 0), SOURCE_SIZE);
	return fd;
}

static int setup(void **state)
{
	unsigned int i;

	(void)state;
	fake_reset();
	stop = 0;
	ticks = 0;
	last_tick = 0;
	memset(&move, 0, sizeof(move));
	move.dev = &dev;
	move.len = ZCDEV_TO_END;
	move.room = UINT64_MAX;
	move.sink_count = 1;
	move.stop = &stop;
	move.tick = tick;
	move.ends[0].fd = source();
	for (i = 1; i <= SINKS; i++)
		move.ends[i].fd = temporary(0);
	return 0;
}

static int setup_several(void **state)
{
	setup(state);
	move.sink_count = SINKS;
	return 0;
}

static int setup_fail_fast(void **state)
{
	setup_several(state);
	move.flags = ZCDEV_TRANSFER_FAIL_FAST;
	return 0;
}

static int teardown(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i <= SINKS; i++)
		close(move.ends[i].fd);
	return 0;
}

/* Sink @i counted @bytes, and has just these, from @from in the source on. */
static void check_sink(unsigned int i, uint64_t bytes, uint64_t from, uint64_t to)
{
	static unsigned char got[SOURCE_SIZE];
	uint64_t k;

	assert_int_equal(move.ends[i].out_bytes, bytes);
	assert_int_equal(move.ends[i].out_zerocopy, bytes);
	assert_int_equal(lseek(move.ends[i].fd, 0, SEEK_END), bytes ? to + bytes : 0);
	assert_int_equal(pread(move.ends[i].fd, got, bytes, to), bytes);
	for (k = 0; k < bytes; k++)
		check_row(got[k] == pattern(from + k), "sink %u has the wrong byte %lu", i,
			  (unsigned long)k);
}

static void check_moved(uint64_t bytes)
{
	assert_int_equal(move.bytes, bytes);
	assert_int_equal(move.ends[0].out_bytes, bytes);
	check_sink(1, bytes, move.ends[0].flags & ZCDEV_END_OFFSET ?
		   move.ends[0].offset - bytes : 0, 0);
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

/* What fills a pool is asked for without a length, which there may be no room for. */
static void test_room_of_a_pool(void **state)
{
	const uint64_t rooms[] = { SOURCE_SIZE - 1, SOURCE_SIZE, SOURCE_SIZE + 1, 2 * UNIT, 1, 0 };
	unsigned int i;

	for (i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		teardown(state);
		setup(state);
		move.slice_unit = UNIT;
		move.header = (struct blob){ .data = (char *)"head", .len = 4 };
		move.trailer = (struct blob){ .data = (char *)"end", .len = 3 };
		move.ends[1].flags = ZCDEV_END_OFFSET;
		move.ends[1].offset = UNIT;
		move.room = rooms[i];
		fake.room = UNIT + 4 + rooms[i] + 3;
		check_row(!move_run(&move), "row %u: %s", i, strerror(move.error));
		check_row(move.bytes == (rooms[i] < SOURCE_SIZE ? rooms[i] : SOURCE_SIZE),
			  "row %u: %lu bytes", i, (unsigned long)move.bytes);
		assert_int_equal(move.ends[1].out_bytes, 4 + move.bytes + 3);
	}
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

static void fail_sink(int i, uint64_t at, int err)
{
	fake.fail_end = i;
	fake.fail_at = at;
	fake.fail_errno = err;
}

/* What the first one got makes the others no shorter. */
static void check_others(int but, uint64_t bytes)
{
	int i;

	for (i = 1; i <= SINKS; i++) {
		assert_int_equal(move.failed[i], i == but);
		if (i != but)
			check_sink(i, bytes, 0, 0);
	}
}

static void test_several(void **state)
{
	(void)state;
	assert_int_equal(move_run(&move), 0);
	check_others(0, SOURCE_SIZE);
	assert_int_equal(move.bytes, SOURCE_SIZE);
	assert_int_equal(fake.calls, 1);
	assert_int_equal(move_alive(&move), SINKS);
}

/* The first, the one in the middle, the last. */
static void test_others_go_on(void **state)
{
	int i;

	for (i = 1; i <= SINKS; i++) {
		setup_several(state);
		fail_sink(i, 5000, ENOSPC);
		assert_int_equal(move_run(&move), 0);
		assert_int_equal(move.error, 0);
		assert_int_equal(move.ends[i].out_error, ENOSPC);
		check_sink(i, 5000, 0, 0);
		check_others(i, SOURCE_SIZE);
		assert_int_equal(move.bytes, SOURCE_SIZE);
		assert_int_equal(move.ends[0].out_bytes, SOURCE_SIZE);
		assert_int_equal(fake.calls, 1);
		teardown(state);
	}
}

static void test_fails_fast(void **state)
{
	(void)state;
	fail_sink(2, 5000, ENOSPC);
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, ENOSPC);
	assert_true(fake.flags & ZCDEV_TRANSFER_FAIL_FAST);
	assert_true(move.failed[2]);
	check_sink(2, 5000, 0, 0);
	assert_int_equal(fake.calls, 1);
}

/* In the second slice; the others stand where that ended. */
static void test_fails_fast_in_a_slice(void **state)
{
	(void)state;
	move.slice_unit = UNIT;
	fail_sink(2, 70000, EIO);
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EIO);
	assert_int_equal(fake.calls, 2);
	assert_int_equal(ticks, 2);
	assert_int_equal(move.ends[1].out_error, 0);
	check_sink(2, 70000, 0, 0);
}

static void check_dropped(void)
{
	unsigned int i;

	assert_true(fake.calls >= 2);
	for (i = 0; i < fake.calls; i++)
		assert_int_equal(fake.sinks[i], i ? SINKS - 1 : SINKS);
}

static void test_dropped_from_later_slices(void **state)
{
	(void)state;
	move.slice_unit = UNIT;
	fail_sink(1, 7000, EIO);
	assert_int_equal(move_run(&move), 0);
	check_sink(1, 7000, 0, 0);
	check_others(1, SOURCE_SIZE);
	assert_int_equal(move.ends[1].out_error, EIO);
	assert_int_equal(move.ends[1].out_paths, ZCDEV_PATH_BUFFERED);
	assert_int_equal(last_tick, SOURCE_SIZE);
	check_dropped();
}

/* Every end goes on where it was, and the one that failed stays there. */
static void test_dropped_with_offsets(void **state)
{
	unsigned int i;

	(void)state;
	move.slice_unit = UNIT;
	move.ends[0].flags = ZCDEV_END_OFFSET;
	move.ends[0].offset = 1000;
	for (i = 1; i <= SINKS; i++) {
		move.ends[i].flags = ZCDEV_END_OFFSET;
		move.ends[i].offset = 300 * i;
	}
	fail_sink(2, 7000, EIO);
	assert_int_equal(move_run(&move), 0);
	check_dropped();
	assert_int_equal(move.ends[0].offset, SOURCE_SIZE);
	assert_int_equal(move.ends[1].offset, SOURCE_SIZE - 700);
	assert_int_equal(move.ends[2].offset, 7600);
	check_sink(1, SOURCE_SIZE - 1000, 1000, 300);
	check_sink(2, 7000, 1000, 600);
	check_sink(3, SOURCE_SIZE - 1000, 1000, 900);
	assert_int_equal(lseek(move.ends[0].fd, 0, SEEK_CUR), 0);
}

static void test_refused_sink_is_dropped(void **state)
{
	(void)state;
	fake.refuse = EOPNOTSUPP;
	fake.refuse_end = 2;
	assert_int_equal(move_run(&move), 0);
	check_sink(2, 0, 0, 0);
	check_others(2, SOURCE_SIZE);
	assert_int_equal(move.ends[2].out_error, EOPNOTSUPP);
	assert_int_equal(fake.calls, 2);
}

static void test_refused_sink_ends_it(void **state)
{
	(void)state;
	fake.refuse = EOPNOTSUPP;
	fake.refuse_end = 2;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EOPNOTSUPP);
	assert_true(move.failed[2]);
	assert_int_equal(fake.calls, 1);
}

/* A source that fails is nobody else's fault. */
static void test_refused_source(void **state)
{
	(void)state;
	fake.refuse = EISDIR;
	fake.refuse_end = 0;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EISDIR);
	assert_int_equal(move_alive(&move), SINKS);
	assert_int_equal(fake.calls, 1);
}

static void test_last_one_fails(void **state)
{
	(void)state;
	move.failed[1] = true;
	move.failed[3] = true;
	fail_sink(1, 5000, EPIPE);
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EPIPE);
	assert_int_equal(move_alive(&move), 0);
	check_sink(2, 5000, 0, 0);
	assert_int_equal(move.bytes, 5000);
}

static void test_left_out_from_the_start(void **state)
{
	(void)state;
	move.failed[1] = true;
	assert_int_equal(move_run(&move), 0);
	check_sink(1, 0, 0, 0);
	check_others(1, SOURCE_SIZE);
	assert_int_equal(fake.sinks[0], SINKS - 1);
}

static void test_ask_drops(void **state)
{
	(void)state;
	fake.refuse = EISDIR;
	fake.refuse_end = 3;
	assert_int_equal(move_ask(&move), 0);
	assert_true(move.failed[3]);
	assert_int_equal(move_alive(&move), SINKS - 1);
	assert_int_equal(fake.calls, 2);
	assert_int_equal(fake.seen[1], 0);
}

/* Stopped and continued while one was behind: nothing is sent twice. */
static void lag_behind(void)
{
	fake.step = 9000;
	fake.step_times = 1;
	fake.step_errno = EINTR;
	fake.lag_end = 2;
	fake.lag = 4000;
}

static void test_continued_unevenly(void **state)
{
	(void)state;
	lag_behind();
	assert_int_equal(move_run(&move), 0);
	check_others(0, SOURCE_SIZE);
	assert_int_equal(fake.calls, 3);
	assert_int_equal(fake.sinks[1], 1);
	assert_int_equal(fake.seen[1], 4000);
	assert_int_equal(fake.sinks[2], SINKS);
	assert_int_equal(move.bytes, SOURCE_SIZE);
}

static void test_continued_unevenly_in_slices(void **state)
{
	(void)state;
	move.slice_unit = UNIT;
	move.len = 70001;
	lag_behind();
	assert_int_equal(move_run(&move), 0);
	check_others(0, 70001);
	assert_int_equal(move.bytes, 70001);
}

/* The one behind fails before it is level: the source goes where the others are. */
static void test_straggler_fails(void **state)
{
	(void)state;
	lag_behind();
	fail_sink(2, 6000, EPIPE);
	assert_int_equal(move_run(&move), 0);
	check_sink(2, 6000, 0, 0);
	check_others(2, SOURCE_SIZE);
	assert_int_equal(move.bytes, SOURCE_SIZE);
	assert_int_equal(lseek(move.ends[0].fd, 0, SEEK_CUR), SOURCE_SIZE);
}

static void test_straggler_fails_with_offsets(void **state)
{
	(void)state;
	move.ends[0].flags = ZCDEV_END_OFFSET;
	lag_behind();
	fail_sink(2, 5000, EPIPE);
	assert_int_equal(move_run(&move), 0);
	check_sink(2, 5000, 0, 0);
	check_others(2, SOURCE_SIZE);
	assert_int_equal(move.ends[0].offset, SOURCE_SIZE);
}

static void test_straggler_fails_fast(void **state)
{
	(void)state;
	lag_behind();
	fail_sink(2, 6000, EPIPE);
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EPIPE);
	check_sink(1, 9000, 0, 0);
	check_sink(2, 6000, 0, 0);
	assert_int_equal(fake.calls, 2);
}

static void test_interrupted_unevenly(void **state)
{
	(void)state;
	lag_behind();
	fake.raise = &stop;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EINTR);
	check_sink(1, 9000, 0, 0);
	check_sink(2, 5000, 0, 0);
	assert_int_equal(move.bytes, 5000);
}

/* A sink that failed does not hide that the user wants it to end. */
static void test_interrupted_as_one_fails(void **state)
{
	(void)state;
	lag_behind();
	fake.raise = &stop;
	fail_sink(2, 3000, EPIPE);
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EINTR);
	assert_true(move.failed[2]);
	check_sink(1, 9000, 0, 0);
	check_sink(2, 3000, 0, 0);
	assert_int_equal(fake.calls, 1);
}

static char header[] = "the header";
static char trailer[] = "and a trailer";

#define HEADER	(sizeof(header) - 1)
#define TRAILER	(sizeof(trailer) - 1)

static void set_wrapping(void)
{
	move.header = (struct blob){ header, HEADER };
	move.trailer = (struct blob){ trailer, TRAILER };
}

/* Sink @i has counted and got @with bytes: header, source, trailer, as far as it goes. */
static void check_wrapped(unsigned int i, uint64_t with)
{
	static unsigned char got[HEADER + SOURCE_SIZE + TRAILER];
	uint64_t payload, k;

	assert_int_equal(move.ends[i].out_bytes, with);
	assert_int_equal(lseek(move.ends[i].fd, 0, SEEK_END), with);
	assert_int_equal(pread(move.ends[i].fd, got, with, 0), with);
	payload = with < HEADER + TRAILER ? 0 : with - HEADER - TRAILER;
	assert_memory_equal(got, header, with < HEADER ? with : HEADER);
	for (k = 0; k < payload; k++)
		check_row(got[HEADER + k] == pattern(k), "sink %u has the wrong byte %lu", i,
			  (unsigned long)k);
	if (payload)
		assert_memory_equal(got + HEADER + payload, trailer, TRAILER);
}

static void check_all_wrapped(uint64_t payload)
{
	unsigned int i;

	for (i = 1; i <= move.sink_count; i++)
		check_wrapped(i, HEADER + payload + TRAILER);
	assert_int_equal(move.bytes, payload);
}

static void test_header_and_trailer(void **state)
{
	(void)state;
	set_wrapping();
	assert_int_equal(move_run(&move), 0);
	check_all_wrapped(SOURCE_SIZE);
	assert_int_equal(fake.calls, 1);
	assert_int_equal(move.ends[0].out_bytes, SOURCE_SIZE);
}

static void test_wrapping_of_nothing(void **state)
{
	(void)state;
	set_wrapping();
	move.len = 0;
	assert_int_equal(move_run(&move), 0);
	assert_int_equal(fake.calls, 1);
	assert_int_equal(fake.headers[0], HEADER);
	assert_int_equal(fake.trailers[0], TRAILER);
	check_wrapped(1, HEADER + TRAILER);
}

/* The header goes with the first, the trailer with the last, and slices stay whole. */
static void test_wrapping_in_slices(void **state)
{
	unsigned int i;

	(void)state;
	set_wrapping();
	move.slice_unit = UNIT;
	assert_int_equal(move_run(&move), 0);
	check_all_wrapped(SOURCE_SIZE);
	assert_true(fake.calls > 2);
	for (i = 0; i < fake.calls; i++) {
		assert_int_equal(fake.headers[i], i ? 0 : HEADER);
		assert_int_equal(fake.trailers[i], i == fake.calls - 1 ? TRAILER : 0);
		assert_int_equal(fake.seen[i] % UNIT, 0);
	}
	assert_int_equal(last_tick, SOURCE_SIZE);
}

static void test_wrapping_of_a_length_in_slices(void **state)
{
	(void)state;
	set_wrapping();
	move.slice_unit = UNIT;
	move.len = 70001;
	assert_int_equal(move_run(&move), 0);
	check_all_wrapped(70001);
	assert_int_equal(fake.trailers[fake.calls - 1], TRAILER);
	assert_true(fake.seen[fake.calls - 1] > 0);
}

static void test_trailer_of_a_short_source(void **state)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		setup(state);
		set_wrapping();
		move.sink_count = i & 2 ? SINKS : 1;
		move.slice_unit = i & 1 ? UNIT : 0;
		move.len = SOURCE_SIZE + 1;
		assert_int_equal(move_run(&move), 0);
		check_all_wrapped(SOURCE_SIZE);
		teardown(state);
	}
}

/* At each byte of header and trailer, and around them: nothing twice, nothing lost. */
static void test_continued_anywhere(void **state)
{
	enum { payload = 20 };
	static const uint64_t lens[] = { payload, payload + 1, ZCDEV_TO_END };
	uint64_t step;
	size_t i;

	for (i = 0; i < COUNT(lens); i++) {
		for (step = 0; step <= HEADER + payload + TRAILER; step++) {
			setup(state);
			set_wrapping();
			assert_int_equal(ftruncate(move.ends[0].fd, payload), 0);
			move.len = lens[i];
			fake.step = step;
			fake.step_times = 2;
			fake.step_errno = EINTR;
			assert_int_equal(move_run(&move), 0);
			check_all_wrapped(payload);
			teardown(state);
		}
	}
}

/* One is behind the others, wherever it is. */
static void test_continued_apart(void **state)
{
	enum { payload = 20 };
	static const uint64_t lens[] = { payload, payload + 1, ZCDEV_TO_END };
	uint64_t step;
	size_t i;

	for (i = 0; i < COUNT(lens); i++) {
		for (step = 7; step <= HEADER + payload + TRAILER; step++) {
			setup_several(state);
			set_wrapping();
			assert_int_equal(ftruncate(move.ends[0].fd, payload), 0);
			move.len = lens[i];
			lag_behind();
			fake.step = step;
			fake.lag = 7;
			assert_int_equal(move_run(&move), 0);
			check_all_wrapped(payload);
			teardown(state);
		}
	}
}

/* In the trailer, where the source has ended and nobody asks it again. */
static void test_apart_in_the_trailer(void **state)
{
	uint64_t step;

	for (step = 2; step <= TRAILER; step++) {
		setup_several(state);
		set_wrapping();
		lag_behind();
		fake.step = HEADER + SOURCE_SIZE + step;
		fake.lag = 2;
		assert_int_equal(move_run(&move), 0);
		check_all_wrapped(SOURCE_SIZE);
		assert_int_equal(fake.sinks[1], 1);
		teardown(state);
	}
}

/* With the straggler gone the source goes where the others are. */
static void test_apart_and_failed(void **state)
{
	(void)state;
	set_wrapping();
	lag_behind();
	fake.step = HEADER + 30;
	fake.lag = 35;
	fail_sink(2, 8, EPIPE);
	assert_int_equal(move_run(&move), 0);
	check_wrapped(1, HEADER + SOURCE_SIZE + TRAILER);
	assert_int_equal(move.ends[2].out_bytes, 8);
	check_wrapped(3, HEADER + SOURCE_SIZE + TRAILER);
	assert_int_equal(move.bytes, SOURCE_SIZE);
}

static void test_fails_in_the_header(void **state)
{
	(void)state;
	set_wrapping();
	fail_sink(1, 4, EPIPE);
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EPIPE);
	assert_int_equal(move.bytes, 0);
	check_wrapped(1, 4);
}

/* No kernel should, but nobody would see it. */
static void test_lost_trailer(void **state)
{
	(void)state;
	set_wrapping();
	move.slice_unit = UNIT;
	fake.mute = true;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EIO);
}

static void test_options_go_along(void **state)
{
	(void)state;
	move.rate = 1000000;
	move.latency_ns = 5000;
	move.ends[1].copy_below = 77;
	assert_int_equal(move_run(&move), 0);
	assert_int_equal(fake.rate, 1000000);
	assert_int_equal(fake.latency_ns, 5000);
	assert_int_equal(fake.copy_below, 77);
}

/* The source of the other tests, as a pipe that somebody has filled. */
static void make_stream(void)
{
	static unsigned char bytes[SOURCE_SIZE];
	int fds[2];

	assert_int_equal(pread(move.ends[0].fd, bytes, SOURCE_SIZE, 0), SOURCE_SIZE);
	assert_int_equal(pipe(fds), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 1 << 17) >= SOURCE_SIZE);
	assert_int_equal(write(fds[1], bytes, SOURCE_SIZE), SOURCE_SIZE);
	close(fds[1]);
	close(move.ends[0].fd);
	move.ends[0].fd = fds[0];
	assert_int_equal(backlog_init(&move.backlog, FAKE_BUFS, FAKE_BUF), 0);
}

static int setup_stream(void **state)
{
	setup(state);
	make_stream();
	return 0;
}

static int setup_stream_to_several(void **state)
{
	setup_several(state);
	make_stream();
	return 0;
}

/* Every buffer is given back but those of the backlog. */
static int teardown_stream(void **state)
{
	unsigned int i, held = 0;

	for (i = 0; i < FAKE_BUFS; i++)
		held += fake.acquired[i];
	assert_int_equal(held, move.backlog.count - move.backlog.first);
	backlog_free(&move.backlog);
	return teardown(state);
}

static void interrupt_stream(uint64_t step, uint64_t ahead, unsigned int times)
{
	fake.step = step;
	fake.ahead = ahead;
	fake.step_times = times;
	fake.step_errno = EINTR;
}

static void test_stream(void **state)
{
	(void)state;
	assert_int_equal(move_run(&move), 0);
	check_sink(1, SOURCE_SIZE, 0, 0);
	assert_int_equal(fake.calls, 1);
	assert_int_equal(move.ends[0].out_bytes, SOURCE_SIZE);
}

static void test_stream_in_slices(void **state)
{
	(void)state;
	move.slice_unit = UNIT;
	assert_int_equal(move_run(&move), 0);
	check_sink(1, SOURCE_SIZE, 0, 0);
	assert_int_equal(fake.seen[0], UNIT);
	assert_int_equal(last_tick, SOURCE_SIZE);
}

/* Stopped and continued: what was on its way is delivered from the pool. */
static void test_stream_continued(void **state)
{
	(void)state;
	interrupt_stream(5000, 10000, 1);
	assert_int_equal(move_run(&move), 0);
	check_sink(1, SOURCE_SIZE, 0, 0);
	assert_int_equal(move.bytes, SOURCE_SIZE);
	assert_int_equal(move.ends[0].out_bytes, SOURCE_SIZE);
	assert_int_equal(fake.pool, 3);
	assert_int_equal(backlog_bytes(&move.backlog), 0);
}

/* Also while that is delivered. */
static void test_stream_continued_often(void **state)
{
	static const uint64_t steps[] = { 1, 100, 4095, 4096, 4097, 9999 };
	size_t i;

	for (i = 0; i < COUNT(steps); i++) {
		setup_stream(state);
		set_wrapping();
		move.slice_unit = i % 2 ? UNIT : 0;
		interrupt_stream(steps[i], 20000, 7);
		assert_int_equal(move_run(&move), 0);
		check_all_wrapped(SOURCE_SIZE);
		assert_int_equal(move.ends[0].out_bytes, SOURCE_SIZE);
		teardown_stream(state);
	}
}

static void test_stream_continued_with_a_length(void **state)
{
	(void)state;
	set_wrapping();
	move.len = 12345;
	interrupt_stream(3000, 50000, 1);
	assert_int_equal(move_run(&move), 0);
	check_all_wrapped(12345);
	assert_int_equal(move.ends[0].out_bytes, 12345);
}

static void test_stream_to_several_continued(void **state)
{
	(void)state;
	set_wrapping();
	lag_behind();
	fake.ahead = 6000;
	assert_int_equal(move_run(&move), 0);
	check_all_wrapped(SOURCE_SIZE);
	assert_int_equal(fake.sinks[1], 1);
}

/* The one that has the least fails: what only it lacked is of no use any more. */
static void test_stream_straggler_fails(void **state)
{
	(void)state;
	lag_behind();
	fake.ahead = 6000;
	fail_sink(2, 6000, EPIPE);
	assert_int_equal(move_run(&move), 0);
	check_sink(2, 6000, 0, 0);
	check_others(2, SOURCE_SIZE);
	assert_int_equal(move.bytes, SOURCE_SIZE);
	assert_int_equal(backlog_bytes(&move.backlog), 0);
}

static void test_stream_interrupted(void **state)
{
	(void)state;
	interrupt_stream(5000, 10000, 1);
	fake.raise = &stop;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EINTR);
	check_sink(1, 5000, 0, 0);
	assert_int_equal(move.bytes, 5000);
	assert_int_equal(move.ends[0].out_bytes, 15000);
	assert_int_equal(backlog_bytes(&move.backlog), 10000);
}

/* Nobody has any of it, and still it is not forgotten. */
static void test_stream_interrupted_at_once(void **state)
{
	(void)state;
	interrupt_stream(0, 10000, 1);
	fake.raise = &stop;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EINTR);
	assert_int_equal(backlog_bytes(&move.backlog), 10000);
}

static void test_stream_sink_fails(void **state)
{
	(void)state;
	fail_sink(1, 7000, EPIPE);
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EPIPE);
	check_sink(1, 7000, 0, 0);
	assert_int_equal(backlog_bytes(&move.backlog), SOURCE_SIZE - 7000);
}

/* It is in the pool of the sink already, but not all of it counts. */
static void test_stream_into_a_pool_interrupted(void **state)
{
	(void)state;
	move.backlog.foreign = true;
	interrupt_stream(5000, 10000, 1);
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EINTR);
	assert_int_equal(move.bytes, 5000);
	assert_int_equal(backlog_bytes(&move.backlog), 10000);
	assert_int_equal(fake.calls, 1);
}

static void test_stream_into_a_pool_continued(void **state)
{
	(void)state;
	move.backlog.foreign = true;
	interrupt_stream(5000, 0, 1);
	assert_int_equal(move_run(&move), 0);
	check_sink(1, SOURCE_SIZE, 0, 0);
}

/* No kernel should, but then the next byte must not pass for the one that is lost. */
static void test_stream_forgotten(void **state)
{
	(void)state;
	interrupt_stream(5000, 10000, 1);
	fake.forget = true;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, EIO);
	check_sink(1, 5000, 0, 0);
}

static void test_stream_not_released(void **state)
{
	(void)state;
	interrupt_stream(5000, 10000, 1);
	fake.release_errno = ENXIO;
	assert_int_equal(move_run(&move), -1);
	assert_int_equal(move.error, ENXIO);
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
#define SEVERAL(test) cmocka_unit_test_setup_teardown(test, setup_several, teardown)
#define FROM_STREAM(test) cmocka_unit_test_setup_teardown(test, setup_stream, teardown_stream)
#define STREAM_TO_SEVERAL(test) \
	cmocka_unit_test_setup_teardown(test, setup_stream_to_several, teardown_stream)
#define FAIL_FAST(test) cmocka_unit_test_setup_teardown(test, setup_fail_fast, teardown)

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
		WITH_FILES(test_room_of_a_pool),
		WITH_FILES(test_continued),
		WITH_FILES(test_continued_with_a_length),
		WITH_FILES(test_continued_before_the_first_byte),
		WITH_FILES(test_interrupted),
		WITH_FILES(test_interrupted_between_slices),
		WITH_FILES(test_interrupted_before),
		WITH_FILES(test_ask),
		SEVERAL(test_several),
		cmocka_unit_test(test_others_go_on),
		FAIL_FAST(test_fails_fast),
		FAIL_FAST(test_fails_fast_in_a_slice),
		SEVERAL(test_dropped_from_later_slices),
		SEVERAL(test_dropped_with_offsets),
		SEVERAL(test_refused_sink_is_dropped),
		FAIL_FAST(test_refused_sink_ends_it),
		SEVERAL(test_refused_source),
		SEVERAL(test_last_one_fails),
		SEVERAL(test_left_out_from_the_start),
		SEVERAL(test_ask_drops),
		SEVERAL(test_continued_unevenly),
		SEVERAL(test_continued_unevenly_in_slices),
		SEVERAL(test_straggler_fails),
		SEVERAL(test_straggler_fails_with_offsets),
		FAIL_FAST(test_straggler_fails_fast),
		SEVERAL(test_interrupted_unevenly),
		SEVERAL(test_interrupted_as_one_fails),
		WITH_FILES(test_header_and_trailer),
		WITH_FILES(test_wrapping_of_nothing),
		WITH_FILES(test_wrapping_in_slices),
		WITH_FILES(test_wrapping_of_a_length_in_slices),
		cmocka_unit_test(test_trailer_of_a_short_source),
		cmocka_unit_test(test_continued_anywhere),
		cmocka_unit_test(test_continued_apart),
		cmocka_unit_test(test_apart_in_the_trailer),
		SEVERAL(test_apart_and_failed),
		WITH_FILES(test_fails_in_the_header),
		WITH_FILES(test_lost_trailer),
		WITH_FILES(test_options_go_along),
		FROM_STREAM(test_stream),
		FROM_STREAM(test_stream_in_slices),
		FROM_STREAM(test_stream_continued),
		cmocka_unit_test(test_stream_continued_often),
		FROM_STREAM(test_stream_continued_with_a_length),
		STREAM_TO_SEVERAL(test_stream_to_several_continued),
		STREAM_TO_SEVERAL(test_stream_straggler_fails),
		FROM_STREAM(test_stream_interrupted),
		FROM_STREAM(test_stream_interrupted_at_once),
		FROM_STREAM(test_stream_sink_fails),
		FROM_STREAM(test_stream_into_a_pool_interrupted),
		FROM_STREAM(test_stream_into_a_pool_continued),
		FROM_STREAM(test_stream_forgotten),
		FROM_STREAM(test_stream_not_released),
		cmocka_unit_test(test_next_slice),
	};

	return cmocka_run_group_tests_name("move", tests, NULL, NULL);
}
