// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation and every copy from and to the caller's memory under a
 * transfer fails once, ours and those of file systems, disks and protocols
 * below us, for all pairs of ends: what was counted is what arrived, the source
 * has moved on by exactly that, what a stream gave and no sink took is in the
 * pool, and the same pool serves the next transfer, up to the last, which meets
 * no fault and moves all.
 * only: debug
 * timeout: 240
 */
#include "zc_fault.h"
#include "zc_kinds.h"

#define BUF	(4 * KiB)
#define LEN	(2 * BUF + 3001)	/* three chunks, not whole blocks */
#define SINKS	3
#define HEADER	100
#define TRAILER	900
#define DEPTH	3
#define SHALLOW	9	/* our own allocations, and those of what we call */

/* From what to what; with header and trailer, and room for what is left. */
struct pair {
	const struct zc_kind *from, *to[SINKS];
	unsigned int sinks;
	bool framed;
};

static int dev = -1;
static struct zc_place source, sink[SINKS];
static struct zcdev_transfer t;
static struct zcdev_end ends[1 + SINKS];
static unsigned char header[HEADER], trailer[TRAILER], *map;
static struct zcdev_iov iov[2] = {
	{ (uintptr_t)header, HEADER }, { (uintptr_t)trailer, TRAILER },
};

static struct zcdev_range left[DEPTH];

static void set_ends(const struct pair *pair)
{
	t = (struct zcdev_transfer) {
		.size = sizeof(t), .len = LEN,
		.ends = (uintptr_t)ends, .end_size = sizeof(ends[0]),
		.sink_count = pair->sinks,
	};
	if (pair->framed) {
		t.header = (uintptr_t)&iov[0];
		t.header_count = 1;
		t.trailer = (uintptr_t)&iov[1];
		t.trailer_count = 1;
	}
	/* What is on its way into another pool is left there. */
	if (pair->framed && pair->to[0]->kind != ZCDEV_KIND_POOL) {
		t.left = (uintptr_t)left;
		t.left_count = DEPTH;
	}
	ends[0] = zc_place_end(&source);
	for (unsigned int i = 0; i < pair->sinks; i++)
		ends[1 + i] = zc_place_end(&sink[i]);
}

static bool set_places(const struct pair *pair)
{
	size_t before = pair->framed ? HEADER : 0;
	size_t after = pair->framed ? TRAILER : 0;
	bool ok = zc_source_open_from(&source, pair->from, LEN, 7, HEADER, false);

	zc_frame_fill(&source, header, HEADER, 0);
	zc_frame_fill(&source, trailer, TRAILER, HEADER + LEN);

	for (unsigned int i = 0; i < pair->sinks; i++)
		zc_place_init(&sink[i], pair->to[i], LEN);
	for (unsigned int i = 0; ok && i < pair->sinks; i++)
		ok = zc_sink_open_framed(&sink[i], pair->to[i], &source, before,
					 after, false);
	set_ends(pair);
	return ok;
}

static void close_places(const struct pair *pair)
{
	for (unsigned int i = 0; i < pair->sinks; i++)
		zc_place_close(&sink[i]);
	zc_place_close(&source);
}

static bool begin(const void *arg)
{
	if (set_places(arg))
		return true;
	close_places(arg);
	return false;
}

static int move(const void *arg)
{
	(void)arg;
	return zc_errno(ioctl(dev, ZCDEV_TRANSFER, &t));
}

/* Where the results were lost, the position of the source has them. */
static bool told(int ret)
{
	return ret != EFAULT;
}

static void assert_ends(const struct pair *pair, int ret)
{
	uint64_t moved = ret ? 0 : t.out_bytes;

	for (unsigned int i = 0; i < pair->sinks; i++) {
		zc_sink_finish(&sink[i]);
		assert_false(sink[i].bad);
		if (told(ret))
			assert_true(zc_sink_got(&sink[i],
						ret ? 0 : ends[1 + i].out_bytes));
	}
	if (told(ret))
		assert_true(zc_source_moved(&source, moved + t.out_left_bytes));
	else if (pair->from->traits & ZC_POSITION && pair->sinks == 1)
		assert_true(zc_sink_got(&sink[0], lseek(source.fd, 0, SEEK_CUR) -
					source.at) || pair->framed);
}

static int release(uint32_t index)
{
	struct zcdev_buf_release arg = {
		.size = sizeof(arg), .count = 1, .indices = (uintptr_t)&index,
	};

	return zc_errno(ioctl(dev, ZCDEV_BUF_RELEASE, &arg));
}

/* What a stream gave and no sink took is in the pool, and ours. */
static void take_left(void)
{
	uint64_t at = t.out_bytes;

	for (unsigned int i = 0; i < t.out_left_count; i++) {
		assert_int_equal(zc_source_differs(&source, map + left[i].offset,
						   left[i].len, HEADER + at),
				 left[i].len);
		at += left[i].len;
		assert_int_equal(release(left[i].offset / BUF), 0);
	}
	if (t.left_count)
		assert_int_equal(at, t.out_bytes + t.out_left_bytes);
}

static void assert_pool_at_rest(int ret)
{
	struct zcdev_pool_info info;

	if (told(ret))
		take_left();
	/* Where we were not told, some may be ours. */
	for (uint32_t i = 0; !told(ret) && i < DEPTH; i++)
		release(i);
	assert_int_equal(zc_pool_info(dev, &info), 0);
	assert_int_equal(info.out_staging, 0);
	assert_int_equal(info.out_acquired, 0);
}

static void check(const void *arg, int ret, bool injected)
{
	const struct pair *pair = arg;

	if (!injected || (!ret && !t.out_error))
		assert_int_equal(t.out_bytes, LEN);
	if (!ret && t.out_bytes < LEN)
		assert_true(t.out_error > 0);
	assert_in_range(ret ?: t.out_error, 0, 199);
	assert_ends(pair, ret);
	assert_pool_at_rest(ret);
}

static void end(const void *arg)
{
	close_places(arg);
}

/* One pair with all its faults; 0 where this kernel has no such thing. */
static unsigned int sweep(const struct pair *pair)
{
	struct zc_sweep s = { NULL, pair, begin, move, check, end };
	unsigned int faults;
	char name[128];
	size_t used;

	used = snprintf(name, sizeof(name), "%s to", pair->from->name);
	for (unsigned int i = 0; i < pair->sinks; i++)
		used += snprintf(name + used, sizeof(name) - used, " %s",
				 pair->to[i]->name);
	s.name = name;
	dev = zc_open_pool(DEPTH, BUF);
	map = zc_map(dev, DEPTH * BUF);
	faults = zc_sweep_try(&s);
	munmap(map, DEPTH * BUF);
	close(dev);
	zc_assert_no_pools();
	return faults;
}

static const struct zc_kind *sources[ZC_KINDS], *sinks[ZC_KINDS];
static size_t source_count, sink_count;

/* Another row of the kind before it: the same code of ours. */
static bool again(const struct zc_kind *list[], size_t i)
{
	return i && list[i]->kind == list[i - 1]->kind;
}

static void all_pairs(void **state)
{
	unsigned int faults = 0;

	(void)state;
	zc_fault_within(zc_find_text("zcdev", NULL), SHALLOW);
	for (size_t i = 0; i < source_count * sink_count; i++) {
		struct pair pair = {
			sources[i / sink_count], { sinks[i % sink_count] }, 1,
			i % 2,
		};

		if (!again(sources, i / sink_count) &&
		    !again(sinks, i % sink_count))
			faults += sweep(&pair);
	}
	printf("# %u faults\n", faults);
}

/* Each source once, each sink once, with all that is below them. */
static void all_kinds(void **state)
{
	size_t count = source_count > sink_count ? source_count : sink_count;

	(void)state;
	zc_fault_within(zc_find_text("zcdev", NULL), ZC_DEEP);
	for (size_t i = 0; i < count; i++) {
		struct pair pair = {
			sources[i % source_count], { sinks[i % sink_count] }, 1,
			false,
		};

		sweep(&pair);
	}
}

static void several_sinks(void **state)
{
	struct pair pair = {
		sources[0], { sinks[0], sinks[sink_count / 2],
			      sinks[sink_count - 1] }, 3, true,
	};

	(void)state;
	zc_fault_within(zc_find_text("zcdev", NULL), SHALLOW);
	sweep(&pair);
}

static int set_up(void **state)
{
	(void)state;
	zc_fault_stage();
	source_count = zc_kinds_served(sources, false);
	sink_count = zc_kinds_served(sinks, true);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	zc_fault_unstage();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("every pair meets every fault of ours", all_pairs),
		ZC_TEST("every kind meets every fault below it", all_kinds),
		ZC_TEST("several sinks meet every fault", several_sinks),
	};

	/* Loaded by nobody else; not every kernel has it. */
	if (system("modprobe -q vsock_loopback"))
		puts("# no vsock_loopback");
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
