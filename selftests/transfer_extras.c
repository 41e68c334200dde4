// SPDX-License-Identifier: GPL-2.0
/* timeout: 60 */
/*
 * Header and trailer: around the bytes of the source, for every sink, in one
 * segment with them; and the pace of a transfer.
 */
#include "zc_pair.h"

#define SEED	3
#define BUF	(64 * KiB)

/* The whole of what arrives is one sequence: header, file, trailer. */
struct parts {
	size_t header;
	size_t file;
	size_t trailer;
};

static const struct parts cases[] = {
	{ 100, 1000, 0 }, { 0, 1000, 50 }, { 100, 1000, 50 }, { 5, 0, 7 },
	{ 1, BUF, 1 }, { 4096, 4096, 4096 }, { 65536, 3 * BUF + 5, 65536 },
	{ 3000, 40 * BUF + 1, 0 }, { 512, 10 * BUF, 511 },
};

#define CASES	(sizeof(cases) / sizeof(cases[0]))

static unsigned char all[2 * ZCDEV_IOV_MAX_BYTES + 64 * BUF];

static size_t total(const struct parts *p)
{
	return p->header + p->file + p->trailer;
}

/* The header in three pieces, the middle one empty. */
static void set_extras(struct zc_xfer *x, const struct parts *p,
		       struct zcdev_iov iov[4])
{
	iov[0] = (struct zcdev_iov) { (uintptr_t)all, p->header / 3 };
	iov[1] = (struct zcdev_iov) { 0, 0 };
	iov[2] = (struct zcdev_iov) {
		(uintptr_t)all + p->header / 3, p->header - p->header / 3,
	};
	iov[3] = (struct zcdev_iov) {
		(uintptr_t)all + p->header + p->file, p->trailer,
	};
	x->t.header = (uintptr_t)iov;
	x->t.header_count = p->header ? 3 : 0;
	x->t.trailer = (uintptr_t)&iov[3];
	x->t.trailer_count = p->trailer ? 1 : 0;
}

static int make_source(const struct parts *p)
{
	int fd = open("src", O_RDWR | O_CREAT | O_TRUNC, 0644);

	zc_fill(all, total(p), SEED, 0);
	assert_int_equal(write(fd, all + p->header, p->file), p->file);
	fsync(fd);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void check(const struct zc_xfer *x, const struct parts *p)
{
	zc_assert_verdict_extra(x, p->header + p->trailer);
	assert_int_equal(x->t.out_error, 0);
	assert_int_equal(x->t.out_bytes, p->file);
	assert_int_equal(x->end[0].out_bytes, p->file);
	assert_int_equal(x->end[1].out_bytes, total(p));
}

static void around_a_file_to_streams(void **state)
{
	int zc = zc_open_pool(2, BUF), kind, fds[2], src;
	struct zcdev_iov iov[4];
	struct zc_xfer x;
	size_t i;

	(void)state;
	for (kind = 0; kind < ZC_PAIR_KINDS; kind++) {
		for (i = 0; i < CASES; i++) {
			struct zc_reader r = { .seed = SEED };

			zc_case("%s, case %zu", zc_pair_names[kind], i);
			src = make_source(&cases[i]);
			zc_pair(kind, fds);
			r.fd = fds[1];
			zc_reader_start(&r);
			x = zc_xfer(src, fds[0]);
			set_extras(&x, &cases[i], iov);
			assert_int_equal(zc_xfer_run(zc, &x), 0);
			check(&x, &cases[i]);
			zc_reader_finish(&r, &fds[0], total(&cases[i]));
			assert_int_equal(lseek(src, 0, SEEK_CUR),
					 cases[i].file);
			close(src);
		}
	}
	close(zc);
	zc_assert_no_pools();
}

static void around_a_file_to_files_and_pools(void **state)
{
	int zc = zc_open_pool(2, BUF), src, dst, pool;
	struct zcdev_iov iov[4];
	unsigned char *map;
	struct zc_xfer x;
	size_t i;

	(void)state;
	for (i = 0; i < CASES; i++) {
		zc_case("case %zu", i);
		src = make_source(&cases[i]);
		dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
		x = zc_xfer(src, dst);
		set_extras(&x, &cases[i], iov);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		check(&x, &cases[i]);
		assert_int_equal(zc_size(dst), total(&cases[i]));
		zc_check_range(dst, 0, total(&cases[i]), SEED, 0);
		close(dst);

		pool = zc_open_pool(64, BUF);
		map = mmap(NULL, 64 * BUF, PROT_READ, MAP_SHARED, pool, 0);
		lseek(src, 0, SEEK_SET);
		x = zc_xfer(src, pool);
		x.end[1].flags = ZCDEV_END_OFFSET;
		x.end[1].offset = 77;
		set_extras(&x, &cases[i], iov);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		check(&x, &cases[i]);
		assert_int_equal(zc_differs(map + 77, total(&cases[i]), SEED,
					    0), total(&cases[i]));
		assert_int_equal(map[76], 0);
		assert_int_equal(map[77 + total(&cases[i])], 0);
		munmap(map, 64 * BUF);
		close(pool);
		close(src);
	}
	close(zc);
}

/* The C library's struct tcp_info ends before tcpi_data_segs_out. */
static unsigned int data_segments(int fd)
{
	unsigned int got[64];
	socklen_t len = sizeof(got);

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, got, &len), 0);
	return got[156 / sizeof(got[0])];
}

/* FreeBSD's sendfile() does it, Linux's cannot: one segment for all three. */
/* With a length of nothing, and from where a pool has nothing. */
static void around_nothing(void **state)
{
	static const struct parts p = { 100, 0, 50 };
	int zc = zc_open_pool(2, BUF), pool = zc_open_pool(1, BUF), i;
	struct zcdev_iov iov[4];
	struct zc_xfer x;

	(void)state;
	for (i = 0; i < 2; i++) {
		int src = make_source(&p);
		int dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);

		zc_case("%s", i ? "the end of a pool" : "no bytes of a file");
		x = zc_xfer(i ? pool : src, dst);
		if (i) {
			x.end[0].flags = ZCDEV_END_OFFSET;
			x.end[0].offset = BUF;
		} else {
			x.t.len = 0;
		}
		set_extras(&x, &p, iov);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		check(&x, &p);
		assert_int_equal(zc_size(dst), total(&p));
		zc_check_range(dst, 0, total(&p), SEED, 0);
		close(dst);
		close(src);
	}
	close(pool);
	close(zc);
}

static void they_share_a_segment(void **state)
{
	static const struct parts p = { 200, 5000, 100 };
	int zc = zc_open_pool(2, BUF), fds[2], src = make_source(&p), on = 1;
	struct zcdev_iov iov[4];
	struct zc_xfer x;
	int before;

	(void)state;
	zc_tcp_pair(fds);
	/* Whatever can be sent is sent at once. */
	setsockopt(fds[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	before = data_segments(fds[0]);
	x = zc_xfer(src, fds[0]);
	set_extras(&x, &p, iov);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	check(&x, &p);
	assert_int_equal(data_segments(fds[0]) - before, 1);
	close(fds[0]);
	close(fds[1]);
	close(src);
	close(zc);
}

/* A header does not wait for a stream that has nothing to say yet. */
static void a_header_goes_ahead_of_a_silent_stream(void **state)
{
	struct zcdev_iov header = { (uintptr_t)all, 10 };
	int zc = zc_open_pool(2, BUF), in[2], out[2];
	struct timeval second = { .tv_sec = 1 };
	unsigned char got[10];
	struct zc_xfer x;

	(void)state;
	zc_fill(all, 10, SEED, 0);
	zc_unix_pair(in);
	zc_tcp_pair(out);
	setsockopt(in[1], SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	x = zc_xfer(in[1], out[0]);
	x.t.header = (uintptr_t)&header;
	x.t.header_count = 1;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, EAGAIN);
	assert_int_equal(x.t.out_bytes, 0);
	assert_int_equal(x.end[1].out_bytes, 10);
	assert_int_equal(recv(out[1], got, 10, MSG_DONTWAIT), 10);
	assert_memory_equal(got, all, 10);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	close(out[1]);
	close(zc);
}

static void a_trailer_is_left_out_after_an_error(void **state)
{
	struct zcdev_iov trailer = { (uintptr_t)all, 10 };
	int zc = zc_open_pool(2, BUF), in[2], out[2];
	struct zc_xfer x;
	char got[200];

	(void)state;
	zc_unix_pair(in);
	zc_unix_pair(out);
	assert_int_equal(write(in[0], all, 100), 100);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	x = zc_xfer(in[1], out[0]);
	x.t.trailer = (uintptr_t)&trailer;
	x.t.trailer_count = 1;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, EAGAIN);
	assert_int_equal(x.end[1].out_bytes, 100);
	assert_int_equal(recv(out[1], got, sizeof(got), MSG_DONTWAIT), 100);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	close(out[1]);
	close(zc);
}

static void what_is_no_header_is_refused(void **state)
{
	static struct zcdev_iov many[ZCDEV_IOV_MAX_COUNT + 1];
	struct zcdev_iov long_one = {
		(uintptr_t)all, ZCDEV_IOV_MAX_BYTES + 1,
	};
	struct zcdev_iov two[2] = {
		{ (uintptr_t)all, ZCDEV_IOV_MAX_BYTES }, { (uintptr_t)all, 1 },
	};
	struct zcdev_iov huge[2] = { { 8, 1 }, { 8, ~0ULL } };
	struct zcdev_iov wild = { 8, 10 };
	const struct {
		void *iov;
		unsigned int count;
		int error;
	} bad[] = {
		{ &long_one, 1, EINVAL }, { two, 2, EINVAL },
		{ huge, 2, EINVAL }, { many, ZCDEV_IOV_MAX_COUNT + 1, EINVAL },
		{ many, ~0U, EINVAL }, { &wild, 1, EFAULT },
		{ (void *)8, 1, EFAULT }, { many, ZCDEV_IOV_MAX_COUNT, 0 },
	};
	static const struct parts p = { 0, 1000, 0 };
	int zc = zc_open_pool(2, BUF), src = make_source(&p), fds[2], k;
	struct zc_xfer x;
	size_t i;

	(void)state;
	zc_tcp_pair(fds);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (k = 0; k < 2; k++) {
			zc_case("case %zu, %d", i, k);
			x = zc_xfer(src, fds[0]);
			if (k) {
				x.t.trailer = (uintptr_t)bad[i].iov;
				x.t.trailer_count = bad[i].count;
			} else {
				x.t.header = (uintptr_t)bad[i].iov;
				x.t.header_count = bad[i].count;
			}
			assert_int_equal(zc_xfer_run(zc, &x), bad[i].error);
			assert_int_equal(lseek(src, 0, SEEK_SET), 0);
		}
	}
	close(fds[0]);
	close(fds[1]);
	close(src);
	close(zc);
}

/* A MiB, at a MiB a second, from a file or a stream. Returns how many ms it took. */
static uint64_t at_a_rate(int zc, bool stream)
{
	struct zc_writer w = { .seed = SEED, .len = MiB };
	struct zc_reader r = { .seed = SEED };
	struct zc_xfer x;
	int src, in[2], fds[2];
	uint64_t ms;

	zc_unix_pair(fds);
	r.fd = fds[1];
	zc_reader_start(&r);
	if (stream) {
		zc_unix_pair(in);
		w.fd = in[0];
		zc_writer_start(&w);
		src = in[1];
	} else {
		src = zc_make_file("src", MiB, SEED);
	}
	x = zc_xfer(src, fds[0]);
	x.t.rate = MiB;
	ms = zc_now_ms();
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	ms = zc_now_ms() - ms;
	assert_int_equal(x.t.out_bytes, MiB);
	zc_reader_finish(&r, &fds[0], MiB);
	if (stream)
		zc_writer_join(&w);
	close(src);
	return ms;
}

static void a_rate_is_kept(void **state)
{
	uint64_t ms, most = zc_debug_kernel() ? 5000 : 1600;
	int zc = zc_open_pool(2, BUF), src, fds[2], k;
	struct zc_xfer x;

	(void)state;
	for (k = 0; k < 2; k++) {
		int tries = 3;		/* a busy host holds up all and sundry */

		zc_case("%s", k ? "stream" : "file");
		do {
			ms = at_a_rate(zc, k);
			assert_true(ms >= 1000);
		} while (ms >= most && --tries);
		assert_true(ms < most);
	}
	/* Slower than a byte a nanosecond, or faster than time can tell. */
	src = zc_make_file("src", 5000, SEED);
	zc_unix_pair(fds);
	x = zc_xfer(src, fds[0]);
	x.t.rate = ~0ULL;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	close(fds[0]);
	close(fds[1]);
	close(src);
	close(zc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(around_a_file_to_streams),
		cmocka_unit_test(around_a_file_to_files_and_pools),
		cmocka_unit_test(around_nothing),
		cmocka_unit_test(they_share_a_segment),
		cmocka_unit_test(a_header_goes_ahead_of_a_silent_stream),
		cmocka_unit_test(a_trailer_is_left_out_after_an_error),
		cmocka_unit_test(what_is_no_header_is_refused),
		cmocka_unit_test(a_rate_is_kept),
	};

	return cmocka_run_group_tests(tests, zc_pair_load, NULL);
}
