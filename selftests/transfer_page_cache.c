// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of the page cache go out if they are asked for by name, as with
 * sendfile(); and if not, never: nothing that is done with what a transfer gave
 * away changes a byte of a file, or is changed by one.
 */
#include "zc_sock.h"

#include <sys/uio.h>

#define SIZE	(4 * MiB)
#define SMALL	(48 * KiB)	/* fits into a pipe */

static int warm_file(const char *name, size_t size)
{
	int fd = zc_make_file(name, size, 1);

	zc_check_range(fd, 0, size, 1, 0);
	return fd;
}

static struct zc_xfer cached_xfer(int src, int dst)
{
	struct zc_xfer x = zc_xfer(src, dst);

	x.end[0].flags = ZCDEV_END_PAGE_CACHE;
	return x;
}

static void assert_shared(const struct zc_xfer *x, uint64_t bytes)
{
	zc_assert_verdict(x);
	assert_int_equal(x->t.out_error, 0);
	assert_int_equal(x->t.out_bytes, bytes);
	assert_int_equal(x->end[0].out_zerocopy, bytes);
	assert_int_equal(x->end[1].out_zerocopy, bytes);
	assert_int_equal(x->end[0].out_paths, ZCDEV_PATH_PAGE_CACHE);
	assert_int_equal(x->end[1].out_paths, ZCDEV_PATH_REFERENCE);
}

/* A sink of each kind that takes them: where to write and where to read. */
static void make_sink(unsigned int kind, int fds[2])
{
	int swap;

	if (kind == 0) {
		zc_tcp_pair(fds);
	} else if (kind == 1) {
		zc_unix_pair(fds);
	} else {
		assert_int_equal(pipe(fds), 0);
		swap = fds[0];
		fds[0] = fds[1];
		fds[1] = swap;
	}
}

static void read_all(int fd, void *buf, size_t len)
{
	size_t done;
	ssize_t n;

	for (done = 0; done < len; done += n) {
		n = read(fd, (char *)buf + done, len - done);
		assert_true(n > 0);
	}
}

static void sockets_get_every_byte(void **state)
{
	static const struct { uint64_t size, from, len; } cases[] = {
		{ SIZE, 0, ZCDEV_TO_END }, { SIZE + 1, 0, ZCDEV_TO_END },
		{ SIZE, 1, ZCDEV_TO_END }, { SIZE, 4095, MiB + 2 },
		{ 70001, 333, ZCDEV_TO_END }, { 4096, 0, ZCDEV_TO_END },
		{ SIZE, SIZE - 5000, ZCDEV_TO_END },
	};
	size_t i;

	(void)state;
	for (i = 0; i < 4 * sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t size = cases[i / 4].size, from = cases[i / 4].from;
		uint64_t len = cases[i / 4].len;
		/* In the page cache already, or not yet. */
		int src = i % 2 ? zc_make_file("src", size, 1) :
				  warm_file("src", size);
		struct zc_reader r = { .seed = 1, .from = from };
		struct zcdev_pool_info info;
		struct zc_xfer x;
		int fds[2], zc = zc_open();

		zc_case("case %zu of sink %zu", i / 4, i / 2 % 2);
		if (len > size - from)
			len = size - from;
		make_sink(i / 2 % 2, fds);
		r.fd = fds[1];
		zc_reader_start(&r);
		x = cached_xfer(src, fds[0]);
		x.t.len = cases[i / 4].len;
		x.t.flags = ZCDEV_TRANSFER_STRICT;
		lseek(src, from, SEEK_SET);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_shared(&x, len);
		zc_reader_finish(&r, &fds[0], len);
		assert_int_equal(lseek(src, 0, SEEK_CUR), from + len);
		assert_int_equal(zc_pool_info(zc, &info), ENXIO);
		close(src);
		close(zc);
	}
}

/* It is the same memory: what is written to the file later arrives. */
static void what_is_asked_for_is_shared(void **state)
{
	static unsigned char buf[SMALL], got[SMALL];
	unsigned int kind;

	(void)state;
	for (kind = 0; kind < 3; kind++) {
		int src = warm_file("src", SMALL), fds[2], zc = zc_open();
		struct zc_xfer x;

		zc_case("sink %u", kind);
		make_sink(kind, fds);
		x = cached_xfer(src, fds[0]);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_shared(&x, SMALL);
		memset(buf, 0xee, SMALL);
		assert_int_equal(pwrite(src, buf, SMALL, 0), SMALL);
		read_all(fds[1], got, SMALL);
		assert_memory_equal(got, buf, SMALL);
		close(fds[0]);
		close(fds[1]);
		close(src);
		close(zc);
	}
}

/* What can be done to a pipe: append to it, and move it into a file. */
static void use_pipe(int fds[2])
{
	char junk[100];
	int out = open("out", O_RDWR | O_CREAT | O_TRUNC, 0644);

	memset(junk, 0xdd, sizeof(junk));
	assert_int_equal(write(fds[0], junk, sizeof(junk)), sizeof(junk));
	assert_true(splice(fds[1], NULL, out, NULL, SMALL / 2,
			   SPLICE_F_MOVE) > 0);
	assert_int_equal(pwrite(out, junk, sizeof(junk), 0), sizeof(junk));
	close(out);
}

static void a_pipe_does_not_change_the_file(void **state)
{
	static const unsigned int flags[] = {
		0, ZCDEV_END_BUFFERED, ZCDEV_END_PAGE_CACHE,
	};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		/* The last page is one in part: there is room to append. */
		int src = warm_file("src", SMALL - 1000), fds[2], zc = zc_open();
		struct zc_xfer x;

		zc_case("flags %#x", flags[i]);
		close(src);
		src = open("src", O_RDONLY);
		make_sink(2, fds);
		x = zc_xfer(src, fds[0]);
		x.end[0].flags = flags[i];
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, SMALL - 1000);
		use_pipe(fds);
		assert_int_equal(zc_size(src), SMALL - 1000);
		zc_check_range(src, 0, SMALL - 1000, 1, 0);
		close(fds[0]);
		close(fds[1]);
		close(src);
		close(zc);
	}
}

/*
 * Not asked for: the pool can be written all over, and the file be changed,
 * and neither is seen by the other.
 */
static void what_is_not_asked_for_is_not_shared(void **state)
{
	static const unsigned int flags[] = { 0, ZCDEV_END_BUFFERED };
	static unsigned char buf[SMALL], got[SMALL];
	unsigned int i;

	(void)state;
	for (i = 0; i < 6; i++) {
		int src = warm_file("src", SMALL), fds[2];
		int zc = zc_open_pool(1, 64 * KiB);
		unsigned char *pool = mmap(NULL, 64 * KiB, PROT_READ | PROT_WRITE,
					   MAP_SHARED, zc, 0);
		struct zc_xfer x;

		zc_case("flags %#x, sink %u", flags[i / 3], i % 3);
		make_sink(i % 3, fds);
		x = zc_xfer(src, fds[0]);
		x.end[0].flags = flags[i / 3];
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, SMALL);
		assert_int_equal(x.end[0].out_paths & ZCDEV_PATH_PAGE_CACHE, 0);
		memset(buf, 0xee, SMALL);
		assert_int_equal(pwrite(src, buf, SMALL, 0), SMALL);
		/* The pool it is that the reader shares. */
		memset(pool, 0xcc, SMALL / 2);
		read_all(fds[1], got, SMALL);
		assert_int_equal(zc_differs(got + SMALL / 2, SMALL / 2, 1,
					    SMALL / 2), SMALL / 2);
		assert_true(got[0] == 0xcc || got[0] == zc_byte(1, 0));
		assert_int_equal(pread(src, got, SMALL, 0), SMALL);
		assert_memory_equal(got, buf, SMALL);
		munmap(pool, 64 * KiB);
		close(fds[0]);
		close(fds[1]);
		close(src);
		close(zc);
	}
}

static size_t cached_pages(int fd)
{
	static unsigned char vec[SIZE / 4096];
	void *p = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	size_t i, n = 0;

	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(mincore(p, SIZE, vec), 0);
	for (i = 0; i < SIZE / 4096; i++)
		n += vec[i] & 1;
	munmap(p, SIZE);
	return n;
}

/* How many skbs of others a CPU may keep until it has something to receive. */
static void set_deferred(const char *count)
{
	int fd = open("/proc/sys/net/core/skb_defer_max", O_WRONLY);

	/* Not there: none. */
	if (fd < 0)
		return;
	assert_true(write(fd, count, strlen(count)) > 0);
	close(fd);
}

/* A page that somebody holds cannot leave the page cache. */
static void no_page_is_kept(void **state)
{
	int src = warm_file("src", SIZE), fds[2], zc = zc_open(), tries;
	struct zc_reader r = { .seed = 1 };
	struct zc_xfer x;

	(void)state;
	set_deferred("0");
	zc_tcp_pair(fds);
	r.fd = fds[1];
	zc_reader_start(&r);
	x = cached_xfer(src, fds[0]);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	zc_reader_finish(&r, &fds[0], SIZE);

	/* Nor after a transfer that is cut short with pages in hand. */
	zc_unix_pair(fds);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	lseek(src, 0, SEEK_SET);
	x = cached_xfer(src, fds[0]);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, EAGAIN);
	assert_true(x.t.out_bytes > 0 && x.t.out_bytes < SIZE);
	assert_int_equal(lseek(src, 0, SEEK_CUR), x.t.out_bytes);
	close(fds[0]);
	close(fds[1]);

	assert_int_equal(cached_pages(src), SIZE / 4096);
	/* What was sent over TCP may come back a little later. */
	for (tries = 0; tries < 200 && cached_pages(src); tries++) {
		posix_fadvise(src, 0, 0, POSIX_FADV_DONTNEED);
		usleep(20000);
	}
	set_deferred("64");
	assert_int_equal(cached_pages(src), 0);
	close(src);
	close(zc);
}

static void several_sinks_share(void **state)
{
	struct zcdev_end end[3] = {};
	struct zcdev_transfer t = {
		.size = sizeof(t), .len = ZCDEV_TO_END, .sink_count = 2,
		.ends = (uintptr_t)end, .end_size = sizeof(end[0]),
	};
	struct zc_reader r[2] = { { .seed = 1 }, { .seed = 1 } };
	int zc = zc_open(), fds[2][2], i;

	(void)state;
	end[0].fd = warm_file("src", SIZE);
	end[0].flags = ZCDEV_END_PAGE_CACHE;
	for (i = 0; i < 2; i++) {
		make_sink(i, fds[i]);
		end[1 + i].fd = fds[i][0];
		r[i].fd = fds[i][1];
		zc_reader_start(&r[i]);
	}
	assert_int_equal(ioctl(zc, ZCDEV_TRANSFER, &t), 0);
	assert_int_equal(t.out_error, 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(end[1 + i].out_zerocopy, SIZE);
		zc_reader_finish(&r[i], &fds[i][0], SIZE);
	}
	close(end[0].fd);
	close(zc);
}

static void others_are_refused(void **state)
{
	int zc = zc_open_pool(1, MiB), src = warm_file("src", SIZE);
	int dst = zc_make_file("dst", 0, 2), fds[2], fd;
	int disk = open(getenv("SCRATCH_BLK"), O_RDWR);
	struct zc_xfer x;

	(void)state;
	zc_tcp_pair(fds);
	x = cached_xfer(src, dst);
	assert_int_equal(zc_xfer_run(zc, &x), EOPNOTSUPP);
	x = cached_xfer(src, disk);
	assert_int_equal(zc_xfer_run(zc, &x), EOPNOTSUPP);
	x = cached_xfer(disk, fds[0]);
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	x = cached_xfer(zc, fds[0]);
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	x = cached_xfer(src, fds[0]);
	x.end[0].flags |= ZCDEV_END_DIRECT;
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	x.end[0].flags = ZCDEV_END_PAGE_CACHE | ZCDEV_END_BUFFERED;
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	x = zc_xfer(src, fds[0]);
	x.end[1].flags = ZCDEV_END_PAGE_CACHE;
	assert_int_equal(zc_xfer_run(zc, &x), EINVAL);
	fd = open("src", O_RDONLY | O_DIRECT);
	x = cached_xfer(fd, fds[0]);
	assert_int_equal(zc_xfer_run(zc, &x), EOPNOTSUPP);
	assert_int_equal(zc_size(dst), 0);
	assert_int_equal(lseek(src, 0, SEEK_CUR), 0);
	close(fd);
	close(src);
	close(dst);
	close(disk);
	close(zc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_get_every_byte),
		cmocka_unit_test(what_is_asked_for_is_shared),
		cmocka_unit_test(a_pipe_does_not_change_the_file),
		cmocka_unit_test(what_is_not_asked_for_is_not_shared),
		cmocka_unit_test(no_page_is_kept),
		cmocka_unit_test(several_sinks_share),
		cmocka_unit_test(others_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
