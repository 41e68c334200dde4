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
#include "zc_disk.h"
#include "zc_fault.h"
#include "zc_kinds.h"

#define BUF	(4 * KiB)
#define LEN	(2 * BUF + 3001)	/* three chunks, not whole blocks */
#define LEN_HOLE (ZC_HOLE_AT + ZC_HOLE + 3001)	/* likewise: one is a hole */
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

static size_t pair_len(const struct pair *pair)
{
	return pair->from->traits & ZC_HOLES ? LEN_HOLE : LEN;
}

static void set_ends(const struct pair *pair)
{
	t = (struct zcdev_transfer) {
		.size = sizeof(t), .len = pair_len(pair),
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
	size_t len = pair_len(pair);
	bool ok = zc_source_open_from(&source, pair->from, len, 7, HEADER, false);

	zc_frame_fill(&source, header, HEADER, 0);
	zc_frame_fill(&source, trailer, TRAILER, HEADER + len);

	for (unsigned int i = 0; i < pair->sinks; i++)
		zc_place_init(&sink[i], pair->to[i], len);
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

/* What a fault can be told as, by us and by what is below us. */
static bool excused(int error)
{
	/* TLS tells any failure to decrypt by the last. */
	return error == ENOMEM || error == EFAULT || error == ENOBUFS ||
	       error == EIO || error == EBADMSG;
}

/* Nothing was in the way: all of it, and a hole stays one where it can. */
static void assert_complete(const struct pair *pair)
{
	assert_int_equal(t.out_error, 0);
	assert_int_equal(t.out_bytes, pair_len(pair));
	if (pair->from->traits & pair->to[0]->traits & ZC_HOLES)
		assert_true(ends[1].out_paths & ZCDEV_PATH_HOLE);
}

static void check(const void *arg, int ret, bool injected)
{
	const struct pair *pair = arg;
	int error = ret ?: t.out_error;

	if (!injected)
		assert_complete(pair);
	/* All may have moved, and then a file not have been cut. */
	if (!ret && t.out_bytes < pair_len(pair))
		assert_true(t.out_error > 0);
	if (error && !excused(error))
		fail_msg("a fault is told as %s", strerrorname_np(error));
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

	used = snprintf(name, sizeof(name), "%s%s to",
			pair->framed ? "framed " : "", pair->from->name);
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

/* The debug kernel has every kind; what cannot be swept here is named. */
static unsigned int missing;

static unsigned int sweep_or_miss(const struct pair *pair)
{
	unsigned int faults = 0;

	if (zc_kind_served(pair->from, false) && zc_kind_served(pair->to[0], true))
		faults = sweep(pair);
	if (!faults) {
		printf("# missing: %s to %s\n", pair->from->name,
		       pair->to[0]->name);
		missing++;
	}
	return faults;
}

/* Another row that takes the same ways through our code as the one before it. */
static bool again(size_t i)
{
	const struct zc_kind *kind = &zc_kinds[i];

	return i && kind->kind == kind[-1].kind && kind->flags == kind[-1].flags;
}

/* Nobody reads meanwhile, and what has a hole is too long for a queue. */
static bool has_room(const struct zc_kind *from, const struct zc_kind *to)
{
	return !(from->traits & ZC_HOLES && to->traits & ZC_STREAM);
}

static bool pairs_up(size_t from, size_t to)
{
	return zc_kinds_fit(&zc_kinds[from], &zc_kinds[to]) &&
	       has_room(&zc_kinds[from], &zc_kinds[to]) &&
	       !again(from) && !again(to);
}

/* So that every kind is swept with and without a frame, on either side. */
static bool is_cheap(const struct zc_kind *kind)
{
	return kind->kind == ZCDEV_KIND_PIPE || kind->kind == ZCDEV_KIND_UNIX;
}

/* Framed or not by turns, and both where that takes little time. */
static unsigned int sweep_framings(size_t from, size_t to)
{
	struct pair pair = {
		&zc_kinds[from], { &zc_kinds[to] }, 1, (from + to) % 2,
	};
	unsigned int faults = sweep_or_miss(&pair);

	if (is_cheap(pair.from) || is_cheap(pair.to[0])) {
		pair.framed = !pair.framed;
		faults += sweep_or_miss(&pair);
	}
	return faults;
}

static void all_pairs(void **state)
{
	unsigned int faults = 0, pairs = 0;
	double start = zc_now();

	(void)state;
	missing = 0;
	zc_fault_within(zc_find_text("zcdev", NULL), SHALLOW);
	for (size_t i = 0; i < ZC_KINDS * ZC_KINDS; i++)
		if (pairs_up(i / ZC_KINDS, i % ZC_KINDS)) {
			faults += sweep_framings(i / ZC_KINDS, i % ZC_KINDS);
			pairs++;
		}
	printf("# %u pairs, %u faults, %.1f s\n", pairs, faults,
	       zc_now() - start);
	assert_int_equal(missing, 0);
}

/* Each to another of its kind, or else to a stream, with all that is below. */
static void all_kinds(void **state)
{
	(void)state;
	missing = 0;
	zc_fault_within(zc_find_text("zcdev", NULL), ZC_DEEP);
	for (size_t i = 0; i < ZC_KINDS; i++) {
		const struct zc_kind *kind = &zc_kinds[i];
		struct pair pair = { kind, { kind }, 1, false };

		if (!zc_kinds_fit(kind, kind))
			pair.to[0] = zc_kind_named("unix");
		sweep_or_miss(&pair);
	}
	assert_int_equal(missing, 0);
}

static void several_sinks(void **state)
{
	const struct zc_kind *file = zc_kind_named("file");
	struct pair pair = {
		file, { file, zc_kind_named("unix"), zc_kind_named("char") }, 3,
		true,
	};

	(void)state;
	zc_fault_within(zc_find_text("zcdev", NULL), SHALLOW);
	assert_true(sweep(&pair) > 0);
}

/* On a file system whose files can share blocks. */
static bool open_shared_place(struct zc_place *p, bool sink)
{
	(void)sink;
	p->fd = open("shared", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return p->fd >= 0;
}

/* The first blocks are shared, the rest is read and written. */
static void a_clone(void **state)
{
	static const struct zc_kind kind = {
		"file of XFS", ZCDEV_KIND_FILE, 0, ZC_POSITION | ZC_GROWS,
		open_shared_place,
	};
	struct pair pair = { &kind, { &kind }, 1, false };
	unsigned int faults;

	(void)state;
	zc_mount_sharing("xfs", "shared", "");
	zc_fault_within(zc_find_text("zcdev", NULL), SHALLOW);
	faults = sweep(&pair);
	assert_int_equal(umount2("shared", 0), 0);
	assert_true(faults > 0);
	assert_true(ends[1].out_paths & ZCDEV_PATH_CLONE);
}

static int set_up(void **state)
{
	(void)state;
	zc_fault_stage();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	/* A failure has left it. */
	umount2("shared", MNT_DETACH);
	zc_fault_unstage();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("every pair meets every fault of ours", all_pairs),
		ZC_TEST("every kind meets every fault below it", all_kinds),
		ZC_TEST("several sinks meet every fault", several_sinks),
		ZC_TEST("a clone meets every fault", a_clone),
	};

	/* Loaded by nobody else; not every kernel has it. */
	if (system("modprobe -q vsock_loopback"))
		puts("# no vsock_loopback");
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
