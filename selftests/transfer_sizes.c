// SPDX-License-Identifier: GPL-2.0
/* timeout: 60 */
/*
 * Files of every interesting size, to a file and to sockets: the same bytes
 * arrive, as many as asked for, and none is copied that need not be.
 */
#include "zc_sock.h"

#define BUF	(64 * KiB)
#define CHUNK	(16 * KiB)
/* What a socket may rather copy than reference. */
#define SMALL	(64 * KiB)

static const size_t sizes[] = {
	0, 1, 511, 512, 513, 4095, 4096, 4097,
	CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 333,
	BUF - 1, BUF, BUF + 1, 2 * BUF + 333, 10 * BUF + 513,
};

static const struct {
	unsigned int count, buf, chunk, depth;
} geometries[] = {
	{ 4, BUF, 0, 0 },
	{ 4, BUF, CHUNK, 0 },
	{ 1, BUF, 4096, 1 },
	{ 8, BUF, 4096, 8 },
	{ 3, 4096, 4096, 2 },
	{ 2, 4 * MiB, 0, 1 },
};

#define each(i, table)	(i = 0; i < sizeof(table) / sizeof((table)[0]); i++)

static void assert_all_direct(const struct zcdev_end *end, uint64_t bytes)
{
	assert_int_equal(end->out_kind, ZCDEV_KIND_FILE);
	assert_int_equal(end->out_bytes, bytes);
	assert_int_equal(end->out_zerocopy, bytes);
	assert_int_equal(end->out_paths, bytes ? ZCDEV_PATH_DIRECT : 0);
	assert_int_equal(end->out_error, 0);
}

/* By reference, but for what is so little that copying is cheaper. */
static void assert_referenced(const struct zcdev_end *end, uint64_t bytes)
{
	assert_int_equal(end->out_bytes, bytes);
	assert_int_equal(end->out_unverified, 0);
	assert_int_equal(end->out_reasons & ~ZCDEV_REASON_SMALL, 0);
	assert_int_equal(end->out_paths &
			 ~(ZCDEV_PATH_REFERENCE | ZCDEV_PATH_COPY), 0);
	assert_true(end->out_copied < SMALL);
	assert_int_equal(!!end->out_copied,
			 !!(end->out_paths & ZCDEV_PATH_COPY));
	assert_int_equal(end->out_error, 0);
}

/* A receiver could have those mapped into its memory, and keep them. */
static void assert_single_pages(const struct zcdev_end *end, uint64_t bytes)
{
	assert_int_equal(end->out_copied, bytes);
	assert_int_equal(end->out_reasons, bytes ? ZCDEV_REASON_PAGES : 0);
	assert_int_equal(end->out_paths, bytes ? ZCDEV_PATH_COPY : 0);
}

static void run_all(int zc, struct zc_xfer *x, uint64_t bytes)
{
	assert_int_equal(zc_xfer_run(zc, x), 0);
	assert_int_equal(x->t.out_error, 0);
	assert_int_equal(x->t.out_bytes, bytes);
	zc_assert_verdict(x);
	assert_all_direct(&x->end[0], bytes);
	assert_int_equal(lseek(x->end[0].fd, 0, SEEK_CUR), bytes);
}

static void to_file(int zc, struct zc_xfer *x, size_t size)
{
	int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0600);

	x->end[1].fd = dst;
	run_all(zc, x, size);
	assert_all_direct(&x->end[1], size);
	assert_int_equal(lseek(dst, 0, SEEK_CUR), size);
	assert_int_equal(zc_size(dst), size);
	zc_check_range(dst, 0, size, 1, 0);
	close(dst);
}

static void to_socket(int zc, struct zc_xfer *x, size_t size, unsigned int buf,
		      void (*pair)(int *), unsigned int kind)
{
	struct zc_reader r = { .seed = 1 };
	int fds[2];

	pair(fds);
	r.fd = fds[1];
	zc_reader_start(&r);
	x->end[1].fd = fds[0];
	run_all(zc, x, size);
	assert_int_equal(x->end[1].out_kind, kind);
	if (buf == 4096)
		assert_single_pages(&x->end[1], size);
	else
		assert_referenced(&x->end[1], size);
	zc_reader_finish(&r, &fds[0], size);
}

static void to_each(int zc, int src, size_t size, unsigned int buf,
		    unsigned int chunk, unsigned int depth)
{
	struct zc_xfer x;
	int i;

	for (i = 0; i < 3; i++) {
		assert_int_equal(lseek(src, 0, SEEK_SET), 0);
		x = zc_xfer(src, -1);
		x.t.chunk = chunk;
		x.t.depth = depth;
		if (i == 0)
			to_file(zc, &x, size);
		else if (i == 1)
			to_socket(zc, &x, size, buf, zc_tcp_pair,
				  ZCDEV_KIND_TCP);
		else
			to_socket(zc, &x, size, buf, zc_unix_pair,
				  ZCDEV_KIND_UNIX);
	}
}

static void every_size_arrives_whole_and_uncopied(void **state)
{
	size_t i, g;
	int src, zc;

	(void)state;
	for each(i, sizes) {
		src = zc_make_file("src", sizes[i], 1);
		for each(g, geometries) {
			zc_case("size %zu, %u x %u, chunk %u, depth %u", sizes[i],
				geometries[g].count, geometries[g].buf,
				geometries[g].chunk, geometries[g].depth);
			zc = zc_open_pool(geometries[g].count,
					  geometries[g].buf);
			to_each(zc, src, sizes[i], geometries[g].buf,
				geometries[g].chunk, geometries[g].depth);
			close(zc);
		}
		close(src);
	}
}

static void a_large_odd_file_arrives_with_the_default_pool(void **state)
{
	size_t size = 20 * MiB + 7;
	int src = zc_make_file("src", size, 1), zc = zc_open();

	(void)state;
	to_each(zc, src, size, 4 * MiB, 0, 0);
	close(zc);
	close(src);
}

static void no_bytes_asked_for_moves_nothing(void **state)
{
	int src = zc_make_file("src", 5000, 1), zc = zc_open();
	int dst = zc_make_file("dst", 3, 2);
	struct zc_xfer x = zc_xfer(src, dst);

	(void)state;
	x.t.len = 0;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	zc_assert_verdict(&x);
	assert_int_equal(x.t.out_bytes, 0);
	assert_int_equal(x.t.out_error, 0);
	assert_int_equal(zc_size(dst), 3);
	zc_check_range(dst, 0, 3, 2, 0);
	assert_int_equal(lseek(src, 0, SEEK_CUR), 0);
	close(dst);
	close(src);
	close(zc);
}

static void a_length_is_exact_and_the_end_ends_it(void **state)
{
	static const uint64_t lens[] = {
		1, 511, 512, 513, 4096, 69999, 70000, 70001, 200000, GiB,
		1ULL << 62,
	};
	int src = zc_make_file("src", 70000, 1), zc = zc_open_pool(4, 16 * KiB);
	uint64_t want;
	size_t i;

	(void)state;
	for each(i, lens) {
		int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0600);
		struct zc_xfer x = zc_xfer(src, dst);

		zc_case("len %llu", (unsigned long long)lens[i]);
		want = lens[i] < 70000 ? lens[i] : 70000;
		assert_int_equal(lseek(src, 0, SEEK_SET), 0);
		x.t.len = lens[i];
		run_all(zc, &x, want);
		assert_all_direct(&x.end[1], want);
		assert_int_equal(zc_size(dst), want);
		zc_check_range(dst, 0, want, 1, 0);
		close(dst);
	}
	close(zc);
	close(src);
}

static void a_position_at_or_past_the_end_is_the_end(void **state)
{
	static const off_t from[] = { 5000, 5001, 5632, 1 << 30 };
	int src = zc_make_file("src", 5000, 1), zc = zc_open();
	size_t i;

	(void)state;
	for each(i, from) {
		int dst = zc_make_file("dst", 100, 2);
		struct zc_xfer x = zc_xfer(src, dst);

		zc_case("from %ld", (long)from[i]);
		assert_int_equal(lseek(src, from[i], SEEK_SET), from[i]);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, 0);
		assert_int_equal(lseek(src, 0, SEEK_CUR), from[i]);
		assert_int_equal(zc_size(dst), 100);
		close(dst);
	}
	close(zc);
	close(src);
}

/* Files that are made up as they are read say that they are empty. */
static void a_file_without_a_size_is_read_to_its_end(void **state)
{
	int src = open("/proc/crypto", O_RDONLY), dst, zc = zc_open();
	uint64_t want = 0;
	struct zc_xfer x;
	char buf[65536];
	ssize_t n;

	(void)state;
	while ((n = read(src, buf, sizeof(buf))) > 0)
		want += n;
	/* Such files come in pieces of a page. */
	if (want <= 4096)
		skip();
	dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0600);
	x = zc_xfer(src, dst);
	x.end[0].flags = ZCDEV_END_OFFSET;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	zc_assert_verdict(&x);
	assert_int_equal(x.t.out_bytes, want);
	assert_int_equal(x.end[0].out_copied, want);
	assert_int_equal(zc_size(dst), want);
	close(dst);
	close(src);
	close(zc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_without_a_size_is_read_to_its_end),
		cmocka_unit_test(every_size_arrives_whole_and_uncopied),
		cmocka_unit_test(a_large_odd_file_arrives_with_the_default_pool),
		cmocka_unit_test(no_bytes_asked_for_moves_nothing),
		cmocka_unit_test(a_length_is_exact_and_the_end_ends_it),
		cmocka_unit_test(a_position_at_or_past_the_end_is_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
