// SPDX-License-Identifier: GPL-2.0
/* timeout: 120 */
/*
 * Every kind of source to every kind of sink, in sizes around every border:
 * the bytes arrive, and the verdict says how.
 */
#include "zc_pair.h"

#define SEED	7
#define BUF	(64 * KiB)
#define COUNT	4
#define POOL	(64 * BUF)

/* Beyond the streams of zc_pair.h. */
enum {
	END_FILE = ZC_PAIR_KINDS,
	END_POOL,
	END_KINDS,
};

static const size_t sizes[] = {
	1, 100, 4095, 4096, BUF - 1, BUF, 3 * BUF + 77, 40 * BUF + 513,
};

#define SIZES	(sizeof(sizes) / sizeof(sizes[0]))

/**
 * struct ends - a source and a sink, and who is behind them
 */
struct ends {
	int source;
	int sink;
	int pool[2];
	unsigned char *map[2];
	struct zc_writer writer;
	struct zc_reader reader;
	int to_reader;
};

static const char *end_name(int kind)
{
	return kind == END_FILE ? "file" : kind == END_POOL ? "pool" :
	       zc_pair_names[kind];
}

static unsigned int zcdev_kind(int kind)
{
	return kind == END_FILE ? ZCDEV_KIND_FILE :
	       kind == END_POOL ? ZCDEV_KIND_POOL : zc_pair_zcdev_kinds[kind];
}

static int open_pool(unsigned char **map)
{
	int fd = zc_open_pool(POOL / BUF, BUF);

	*map = mmap(NULL, POOL, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(*map != MAP_FAILED);
	return fd;
}

static void open_source(struct ends *e, int kind, size_t size)
{
	int fds[2];

	if (kind == END_FILE) {
		e->source = zc_make_file("src", size, SEED);
	} else if (kind == END_POOL) {
		e->source = open_pool(&e->map[0]);
		zc_fill(e->map[0], size, SEED, 0);
	} else {
		zc_pair(kind, fds);
		e->source = fds[1];
		e->writer = (struct zc_writer) {
			.fd = fds[0], .seed = SEED, .len = size,
		};
		zc_writer_start(&e->writer);
	}
}

static void open_sink(struct ends *e, int kind)
{
	int fds[2];

	if (kind == END_FILE) {
		e->sink = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
		assert_true(e->sink >= 0);
	} else if (kind == END_POOL) {
		e->sink = open_pool(&e->map[1]);
	} else {
		zc_pair(kind, fds);
		e->sink = fds[0];
		e->reader = (struct zc_reader) { .fd = fds[1], .seed = SEED };
		zc_reader_start(&e->reader);
	}
}

static void close_source(struct ends *e, int kind)
{
	if (kind < ZC_PAIR_KINDS) {
		zc_writer_join(&e->writer);
		assert_int_equal(e->writer.error, 0);
	}
	if (kind == END_POOL)
		munmap(e->map[0], POOL);
	close(e->source);
}

static void check_sink(struct ends *e, int kind, size_t size)
{
	if (kind == END_FILE) {
		assert_int_equal(zc_size(e->sink), size);
		zc_check_range(e->sink, 0, size, SEED, 0);
		close(e->sink);
	} else if (kind == END_POOL) {
		assert_int_equal(zc_differs(e->map[1], size, SEED, 0), size);
		/* Nothing was written beside it. */
		assert_int_equal(e->map[1][size], 0);
		munmap(e->map[1], POOL);
		close(e->sink);
	} else {
		zc_reader_finish(&e->reader, &e->sink, size);
	}
}

static void check_verdict(const struct zc_xfer *x, int from, int to, size_t size)
{
	const struct zcdev_end *source = &x->end[0], *sink = &x->end[1];

	zc_assert_verdict(x);
	assert_int_equal(x->t.out_bytes, size);
	assert_int_equal(x->t.out_error, 0);
	assert_int_equal(x->t.out_left_bytes, 0);
	assert_int_equal(source->out_kind, zcdev_kind(from));
	assert_int_equal(sink->out_kind, zcdev_kind(to));
	assert_int_equal(source->out_bytes, size);
	/* The one copy of a stream is told. */
	if (from < ZC_PAIR_KINDS) {
		assert_int_equal(source->out_copied, size);
		assert_true(source->out_reasons & ZCDEV_REASON_STREAM);
	}
	if (from == END_POOL)
		assert_int_equal(source->out_zerocopy, size);
	if (to == ZC_PAIR_VSOCK)
		assert_int_equal(sink->out_reasons, ZCDEV_REASON_PROTOCOL);
	if (to == ZC_PAIR_KTLS) {
		assert_true(sink->out_reasons & ZCDEV_REASON_ENCRYPTED);
		assert_int_equal(sink->out_paths, ZCDEV_PATH_TRANSFORM);
	}
	if (to == END_POOL && from != END_POOL)
		assert_int_equal(sink->out_zerocopy, size);
	if (to == END_POOL && from == END_POOL)
		assert_int_equal(sink->out_reasons, ZCDEV_REASON_MEMORY);
}

static void move(int zc, int from, int to, size_t size)
{
	struct ends e = {};
	struct zc_xfer x;

	zc_case("%s to %s, %zu bytes", end_name(from), end_name(to), size);
	open_source(&e, from, size);
	open_sink(&e, to);
	x = zc_xfer(e.source, e.sink);
	if (from == END_POOL) {
		x.end[0].flags = ZCDEV_END_OFFSET;
		x.t.len = size;
	}
	if (to == END_POOL)
		x.end[1].flags = ZCDEV_END_OFFSET;
	/* Files are tried with and without a length. */
	if (size % 2 && from == END_FILE)
		x.t.len = size;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	check_verdict(&x, from, to, size);
	check_sink(&e, to, size);
	close_source(&e, from);
}

static void every_pair(void **state)
{
	int from = *(int *)*state, to, zc = zc_open_pool(COUNT, BUF);
	size_t i;

	for (to = 0; to < END_KINDS; to++)
		for (i = 0; i < SIZES; i++)
			move(zc, from, to, sizes[i]);
	close(zc);
	zc_assert_no_pools();
}

static void devices(void **state)
{
	int zc = zc_open_pool(COUNT, BUF), fd, dst;
	struct zc_xfer x;
	char got[100], zero[100] = "";

	(void)state;
	fd = open("/dev/zero", O_RDWR);
	dst = open("zeros", O_RDWR | O_CREAT | O_TRUNC, 0644);
	x = zc_xfer(fd, dst);
	x.t.len = 10 * BUF + 5;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	zc_assert_verdict(&x);
	assert_int_equal(zc_size(dst), 10 * BUF + 5);
	assert_int_equal(x.end[0].out_kind, ZCDEV_KIND_CHAR);
	assert_int_equal(pread(dst, got, 100, 10 * BUF - 95), 100);
	assert_memory_equal(got, zero, 100);
	close(fd);

	lseek(dst, 0, SEEK_SET);
	fd = open("/dev/null", O_RDWR);
	x = zc_xfer(dst, fd);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	zc_assert_verdict(&x);
	assert_int_equal(x.t.out_bytes, 10 * BUF + 5);
	assert_int_equal(x.end[1].out_reasons, ZCDEV_REASON_DRIVER);
	/* Nothing comes out of it. */
	x = zc_xfer(fd, dst);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, 0);
	close(fd);

	/* Its driver has no write from kernel memory. */
	fd = open("/dev/full", O_RDWR);
	lseek(dst, 0, SEEK_SET);
	x = zc_xfer(dst, fd);
	assert_int_equal(zc_xfer_run(zc, &x), EOPNOTSUPP);
	close(fd);
	close(dst);
	close(zc);
}

/* From a pipe a page may go on to a TCP receiver that maps and keeps it. */
static void single_pages_are_copied_into_pipes(void **state)
{
	int zc = zc_open_pool(4, 4096), fds[2];
	struct zc_xfer x;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	x = zc_xfer(zc, fds[1]);
	x.end[0].flags = ZCDEV_END_OFFSET;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.end[1].out_copied, 4 * 4096);
	assert_int_equal(x.end[1].out_reasons, ZCDEV_REASON_PAGES);
	x.t.flags = ZCDEV_TRANSFER_STRICT;
	assert_int_equal(zc_xfer_run(zc, &x), EOPNOTSUPP);
	close(fds[0]);
	close(fds[1]);
	close(zc);
}

int main(void)
{
	static int kinds[END_KINDS];
	struct CMUnitTest tests[END_KINDS + 2] = {};
	char names[END_KINDS][64];
	int i;

	for (i = 0; i < END_KINDS; i++) {
		kinds[i] = i;
		snprintf(names[i], sizeof(names[i]), "%s to everything",
			 end_name(i));
		tests[i] = (struct CMUnitTest) {
			names[i], every_pair, NULL, NULL, &kinds[i],
		};
	}
	tests[i++] = (struct CMUnitTest)cmocka_unit_test(devices);
	tests[i] = (struct CMUnitTest)
		cmocka_unit_test(single_pages_are_copied_into_pipes);
	return cmocka_run_group_tests(tests, zc_pair_load, NULL);
}
