// SPDX-License-Identifier: GPL-2.0
/* timeout: 120 */
/*
 * Streams as sources: they are waited for without holding a buffer, what is
 * there goes on in time, and what nobody took is where the result says.
 */
#include <poll.h>

#include "zc_pair.h"

#define SEED	11
#define BUF	(64 * KiB)
#define COUNT	4
#define POOL	(COUNT * BUF)

static void write_all(int fd, size_t len, uint64_t from)
{
	unsigned char *buf = malloc(len);

	zc_fill(buf, len, SEED, from);
	assert_int_equal(write(fd, buf, len), len);
	free(buf);
}

/* Exactly these bytes, within five seconds. */
static void expect_bytes(int fd, size_t len, uint64_t from)
{
	struct timeval five = { .tv_sec = 5 };
	unsigned char *buf = malloc(len);
	size_t done;
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &five, sizeof(five));
	for (done = 0; done < len; done += n) {
		n = read(fd, buf + done, len - done);
		assert_true(n > 0);
	}
	assert_int_equal(zc_differs(buf, len, SEED, from), len);
	free(buf);
}

/* What was left, in the order of the result. Returns bytes. */
static uint64_t check_left(const struct zc_xfer *x, const unsigned char *pool,
			   const struct zcdev_range *left)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < x->t.out_left_count; i++) {
		assert_true(left[i].offset + left[i].len <= POOL);
		assert_int_equal(zc_differs(pool + left[i].offset, left[i].len,
					    SEED, x->t.out_bytes + sum),
				 left[i].len);
		sum += left[i].len;
	}
	return sum;
}

static void send_left(int zc, const struct zc_xfer *x,
		      const struct zcdev_range *left, int dst)
{
	unsigned int i;

	for (i = 0; i < x->t.out_left_count; i++) {
		struct zc_xfer y = zc_xfer(zc, dst);

		y.end[0].flags = ZCDEV_END_OFFSET;
		y.end[0].offset = left[i].offset;
		y.t.len = left[i].len;
		assert_int_equal(zc_xfer_run(zc, &y), 0);
		assert_int_equal(y.t.out_bytes, left[i].len);
	}
}

static void release_left(int zc, unsigned int count,
			 const struct zcdev_range *left)
{
	uint32_t index[COUNT];
	struct zcdev_buf_release r = {
		.size = sizeof(r),
		.indices = (uintptr_t)index,
		.count = count,
	};
	unsigned int i;

	for (i = 0; i < count; i++)
		index[i] = left[i].offset / BUF;
	assert_int_equal(zc_errno(ioctl(zc, ZCDEV_BUF_RELEASE, &r)), 0);
}

/* The sink goes away in the middle; another gets the rest, all of it. */
static void what_was_left_is_recovered(void **state)
{
	int kind, zc, in[2], out[2];
	struct zcdev_range left[COUNT];
	unsigned char *pool;
	uint64_t sum;

	(void)state;
	for (kind = 0; kind < ZC_PAIR_KINDS; kind++) {
		struct zc_writer w = { .seed = SEED, .len = MiB };
		struct zc_reader r = { .seed = SEED, .limit = 100000 };
		struct zc_xfer x;

		zc_case("%s", zc_pair_names[kind]);
		zc = zc_open_pool(COUNT, BUF);
		pool = mmap(NULL, POOL, PROT_READ, MAP_SHARED, zc, 0);
		zc_pair(kind, in);
		w.fd = in[0];
		zc_writer_start(&w);
		assert_int_equal(pipe(out), 0);
		r.fd = out[0];
		zc_reader_start(&r);

		/* After its limit the reader leaves, and then there is none. */
		x = zc_xfer(in[1], out[1]);
		x.t.len = 100000;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, 100000);
		zc_reader_join(&r);
		assert_int_equal(r.bad, UINT64_MAX);
		close(out[0]);
		x = zc_xfer(in[1], out[1]);
		x.t.left = (uintptr_t)left;
		x.t.left_count = COUNT;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_error, EPIPE);
		assert_int_equal(x.end[1].out_error, EPIPE);
		assert_int_equal(x.t.out_bytes, 0);
		assert_true(x.t.out_left_bytes > 0);
		assert_int_equal(x.end[0].out_bytes, x.t.out_left_bytes);
		x.t.out_bytes = 100000;
		sum = check_left(&x, pool, left);
		assert_int_equal(sum, x.t.out_left_bytes);
		assert_int_equal(ZC_POOL_COUNT(zc, out_acquired),
				 x.t.out_left_count);
		close(out[1]);

		zc_tcp_pair(out);
		r = (struct zc_reader) {
			.fd = out[1], .seed = SEED, .from = 100000,
		};
		zc_reader_start(&r);
		send_left(zc, &x, left, out[0]);
		release_left(zc, x.t.out_left_count, left);
		assert_int_equal(ZC_POOL_COUNT(zc, out_acquired), 0);
		x = zc_xfer(in[1], out[0]);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, MiB - 100000 - sum);
		zc_reader_finish(&r, &out[0], MiB - 100000);
		zc_writer_join(&w);
		munmap(pool, POOL);
		close(in[1]);
		close(zc);
	}
}

static void without_an_array_it_is_counted(void **state)
{
	int zc = zc_open_pool(COUNT, BUF), in[2], out[2];
	struct zc_xfer x;

	(void)state;
	zc_unix_pair(in);
	assert_int_equal(pipe(out), 0);
	close(out[0]);
	write_all(in[0], 5000, 0);
	x = zc_xfer(in[1], out[1]);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, EPIPE);
	assert_int_equal(x.t.out_bytes, 0);
	assert_int_equal(x.t.out_left_bytes, 5000);
	assert_int_equal(x.t.out_left_count, 0);
	assert_int_equal(ZC_POOL_COUNT(zc, out_acquired), 0);
	assert_int_equal(ZC_POOL_COUNT(zc, out_free), COUNT);
	/* An array that cannot be written is found before. */
	write_all(in[0], 100, 0);
	x = zc_xfer(in[1], out[1]);
	x.t.left = 8;
	x.t.left_count = 1;
	assert_int_equal(zc_xfer_run(zc, &x), EFAULT);
	expect_bytes(in[1], 100, 0);
	close(in[0]);
	close(in[1]);
	close(out[1]);
	close(zc);
}

/* Question and answer: nothing waits for a buffer to be full. */
static void a_proxy_passes_on_what_there_is(void **state)
{
	static const size_t sizes[] = { 1, 10, 1000, 3000, 70000, 5 };
	struct zc_mover m = { .zc = zc_open_pool(2, BUF) };
	int from, to, in[2], out[2];
	uint64_t at;
	size_t i;

	(void)state;
	for (from = 0; from < ZC_PAIR_KINDS; from++) {
		for (to = 0; to < ZC_PAIR_KINDS; to++) {
			zc_case("%s to %s", zc_pair_names[from],
				zc_pair_names[to]);
			zc_pair(from, in);
			zc_pair(to, out);
			m.x = zc_xfer(in[1], out[0]);
			zc_mover_start(&m);
			for (i = 0, at = 0; i < 6; at += sizes[i++]) {
				struct zc_writer w = {
					.fd = dup(in[0]), .seed = SEED,
				};

				/* More than a pipe takes at once. */
				w.bytes = at;
				w.len = at + sizes[i];
				zc_writer_start(&w);
				expect_bytes(out[1], sizes[i], at);
				zc_writer_join(&w);
			}
			close(in[0]);
			zc_mover_join(&m);
			assert_int_equal(m.error, 0);
			assert_int_equal(m.x.t.out_error, 0);
			assert_int_equal(m.x.t.out_bytes, at);
			zc_assert_verdict(&m.x);
			close(in[1]);
			close(out[0]);
			close(out[1]);
		}
	}
	close(m.zc);
	zc_assert_no_pools();
}

/* Small pieces that the receiver does not read do not use up the pool. */
static void many_small_pieces_share_a_buffer(void **state)
{
	struct zc_mover m = { .zc = zc_open_pool(2, BUF) };
	int in[2], out[2], i, queued;

	(void)state;
	zc_unix_pair(in);
	zc_tcp_pair(out);
	m.x = zc_xfer(in[1], out[0]);
	zc_mover_start(&m);
	for (i = 0; i < 16; i++) {
		uint64_t until = zc_now_ms() + 5000;

		write_all(in[0], 3000, i * 3000);
		do {
			assert_int_equal(ioctl(out[1], SIOCINQ, &queued), 0);
			usleep(1000);
		} while (queued < (i + 1) * 3000 && zc_now_ms() < until);
		assert_int_equal(queued, (i + 1) * 3000);
	}
	expect_bytes(out[1], 16 * 3000, 0);
	close(in[0]);
	zc_mover_join(&m);
	assert_int_equal(m.x.t.out_bytes, 16 * 3000);
	assert_int_equal(m.x.end[1].out_zerocopy, 16 * 3000);
	close(in[1]);
	close(out[0]);
	close(out[1]);
	close(m.zc);
}

static void who_waits_holds_no_buffer(void **state)
{
	struct zc_mover m = { .zc = zc_open_pool(1, BUF) };
	int in[2], out[2], src = zc_make_file("src", 5 * BUF, SEED), dst;
	struct zc_xfer x;

	(void)state;
	zc_unix_pair(in);
	zc_tcp_pair(out);
	m.x = zc_xfer(in[1], out[0]);
	zc_mover_start(&m);
	write_all(in[0], 4000, 0);
	expect_bytes(out[1], 4000, 0);

	dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
	x = zc_xfer(src, dst);
	alarm(10);
	assert_int_equal(zc_xfer_run(m.zc, &x), 0);
	alarm(0);
	assert_int_equal(x.t.out_bytes, 5 * BUF);
	zc_check_range(dst, 0, 5 * BUF, SEED, 0);

	write_all(in[0], 4000, 4000);
	expect_bytes(out[1], 4000, 4000);
	close(in[0]);
	zc_mover_join(&m);
	assert_int_equal(m.error, 0);
	assert_int_equal(m.x.t.out_bytes, 8000);
	close(in[1]);
	close(out[0]);
	close(out[1]);
	close(src);
	close(dst);
	close(m.zc);
}

static off_t size_after_ms(int fd, unsigned int ms)
{
	usleep(ms * 1000);
	return zc_size(fd);
}

/* A file gets whole buffers, unless bytes may not wait so long. */
static void a_file_waits_for_more_or_for_the_latency(void **state)
{
	struct zc_mover m = { .zc = zc_open_pool(COUNT, BUF) };
	int in[2], dst, k;

	(void)state;
	for (k = 0; k < 2; k++) {
		uint64_t until = zc_now_ms() + 5000;

		zc_case("latency %d", k);
		zc_unix_pair(in);
		dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
		m.x = zc_xfer(in[1], dst);
		m.x.t.latency_ns = k ? 50000000 : 0;
		zc_mover_start(&m);
		write_all(in[0], 1000, 0);
		if (k) {
			while (zc_size(dst) != 1000 && zc_now_ms() < until)
				usleep(1000);
			assert_true(zc_now_ms() < until);
		} else {
			assert_int_equal(size_after_ms(dst, 300), 0);
		}
		write_all(in[0], 9000, 1000);
		close(in[0]);
		zc_mover_join(&m);
		assert_int_equal(m.error, 0);
		assert_int_equal(m.x.t.out_bytes, 10000);
		zc_assert_verdict(&m.x);
		assert_int_equal(zc_size(dst), 10000);
		zc_check_range(dst, 0, 10000, SEED, 0);
		close(in[1]);
		close(dst);
	}
	close(m.zc);
}

/* What is there is delivered before it gives up. */
static void nobody_waits_longer_than_asked(void **state)
{
	struct timeval tenth = { .tv_usec = 100000 };
	int zc = zc_open_pool(COUNT, BUF), in[2], out[2], kind, k;
	struct pollfd p = { .events = POLLIN };
	struct zc_xfer x;
	uint64_t begin;

	(void)state;
	for (kind = 0; kind < ZC_PAIR_KINDS; kind++) {
		for (k = 0; k < 2; k++) {
			if (k && kind == ZC_PAIR_PIPE)
				continue;
			zc_case("%s, %d", zc_pair_names[kind], k);
			zc_pair(kind, in);
			zc_unix_pair(out);
			if (k)
				setsockopt(in[1], SOL_SOCKET, SO_RCVTIMEO,
					   &tenth, sizeof(tenth));
			else
				fcntl(in[1], F_SETFL, O_NONBLOCK);
			x = zc_xfer(in[1], out[0]);
			begin = zc_now_ms();
			assert_int_equal(zc_xfer_run(zc, &x), EAGAIN);
			assert_true(!k || zc_now_ms() - begin >= 100);
			assert_int_equal(x.end[0].out_error, EAGAIN);
			write_all(in[0], 100, 0);
			p.fd = in[1];
			assert_int_equal(poll(&p, 1, 5000), 1);
			x = zc_xfer(in[1], out[0]);
			assert_int_equal(zc_xfer_run(zc, &x), 0);
			assert_int_equal(x.t.out_bytes, 100);
			assert_int_equal(x.t.out_error, EAGAIN);
			assert_int_equal(x.t.out_left_bytes, 0);
			expect_bytes(out[1], 100, 0);
			close(in[0]);
			close(in[1]);
			close(out[0]);
			close(out[1]);
		}
	}
	close(zc);
}

/* A length is not exceeded by a byte: the rest is there for the next. */
static void no_more_is_taken_than_asked(void **state)
{
	int zc = zc_open_pool(COUNT, BUF), in[2], kind, dst;
	struct zc_xfer x;

	(void)state;
	for (kind = 0; kind < ZC_PAIR_KINDS; kind++) {
		zc_case("%s", zc_pair_names[kind]);
		zc_pair(kind, in);
		dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
		write_all(in[0], 10000, 0);
		x = zc_xfer(in[1], dst);
		x.t.len = 3001;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, 3001);
		assert_int_equal(x.end[0].out_bytes, 3001);
		zc_check_range(dst, 0, 3001, SEED, 0);
		expect_bytes(in[1], 10000 - 3001, 3001);
		close(in[0]);
		close(in[1]);
		close(dst);
	}
	close(zc);
}

static void a_peer_that_resets(void **state)
{
	struct linger now = { .l_onoff = 1 };
	struct zc_mover m = { .zc = zc_open_pool(COUNT, BUF) };
	int in[2], dst;

	(void)state;
	zc_tcp_pair(in);
	dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0644);
	m.x = zc_xfer(in[1], dst);
	m.x.t.latency_ns = 1;
	zc_mover_start(&m);
	write_all(in[0], 5000, 0);
	while (zc_size(dst) < 5000)
		usleep(1000);
	setsockopt(in[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(in[0]);
	zc_mover_join(&m);
	assert_int_equal(m.error, 0);
	assert_int_equal(m.x.t.out_bytes, 5000);
	assert_int_equal(m.x.t.out_error, ECONNRESET);
	assert_int_equal(m.x.end[0].out_error, ECONNRESET);
	zc_check_range(dst, 0, 5000, SEED, 0);
	close(in[1]);
	close(dst);
	close(m.zc);
}

static void on_alarm(int number)
{
	(void)number;
}

/* A signal in the middle: what was taken and not delivered is there. */
static void a_signal_loses_nothing(void **state)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int zc = zc_open_pool(COUNT, BUF), in[2], out[2];
	struct zc_writer w = { .seed = SEED, .len = MiB };
	struct zc_reader r = { .seed = SEED };
	struct zcdev_range left[COUNT];
	struct zc_xfer x;
	uint64_t sum;

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	zc_tcp_pair(in);
	w.fd = in[0];
	zc_writer_start(&w);
	/* Nobody reads yet: it gets stuck with the ring full. */
	zc_unix_pair(out);
	x = zc_xfer(in[1], out[0]);
	x.t.left = (uintptr_t)left;
	x.t.left_count = COUNT;
	alarm(1);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_error, EINTR);
	sum = x.t.out_bytes + x.t.out_left_bytes;
	assert_int_equal(x.end[0].out_bytes, sum);

	r.fd = out[1];
	zc_reader_start(&r);
	send_left(zc, &x, left, out[0]);
	if (x.t.out_left_count)
		release_left(zc, x.t.out_left_count, left);
	x = zc_xfer(in[1], out[0]);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, MiB - sum);
	zc_reader_finish(&r, &out[0], MiB);
	zc_writer_join(&w);
	close(in[1]);
	close(zc);
	zc_assert_no_pools();
}

/*
 * A pool that is a sink has had all of it, at the place where it belongs: there it
 * lies for the other sink, which did not take it, and nobody acquires anything.
 * @own: the pool is that of the transferring file
 * @offset: in it
 * @header: bytes that go ahead; the stream continues them
 */
static void left_in_a_pool(bool own, uint64_t offset, size_t header)
{
	struct {
		struct zcdev_transfer t;
		struct zcdev_end end[3];
	} f = {};
	int zc = zc_open_pool(COUNT, BUF), sink = own ? zc : zc_open_pool(16, BUF);
	uint64_t size = own ? POOL : 16 * BUF, at, sent;
	unsigned char *pool = mmap(NULL, size, PROT_READ, MAP_SHARED, sink, 0);
	struct zc_writer w = { .seed = SEED, .bytes = header, .len = size - offset };
	unsigned char ahead[100];
	struct zcdev_iov iov = { (uintptr_t)ahead, header };
	struct zc_reader r = { .seed = SEED };
	struct zcdev_range left[64];
	int in[2], out[2];
	unsigned int i;

	assert_ptr_not_equal(pool, MAP_FAILED);
	zc_tcp_pair(in);
	/* Nobody reads yet, and some fits, but not just what was a chunk. */
	zc_tcp_pair(out);
	setsockopt(out[0], SOL_SOCKET, SO_SNDBUF, &(int){ 8192 }, sizeof(int));
	w.fd = in[0];
	zc_writer_start(&w);
	zc_fill(ahead, sizeof(ahead), SEED, 0);
	f.t = (struct zcdev_transfer) {
		.size = sizeof(f.t), .len = ZCDEV_TO_END, .sink_count = 2,
		.ends = (uintptr_t)f.end, .end_size = sizeof(f.end[0]),
		.header = (uintptr_t)&iov, .header_count = !!header,
		.left = (uintptr_t)left, .left_count = 64,
	};
	f.end[0].fd = in[1];
	f.end[1] = (struct zcdev_end) {
		.fd = sink, .flags = ZCDEV_END_OFFSET, .offset = offset,
	};
	f.end[2].fd = out[0];
	alarm(1);
	assert_int_equal(zc_errno(ioctl(zc, ZCDEV_TRANSFER, &f.t)), 0);
	assert_int_equal(f.t.out_error, EINTR);
	assert_int_equal(f.end[2].out_bytes, header + f.t.out_bytes);
	assert_true(f.t.out_left_bytes > 0);
	printf("%llu accepted, %llu left in %u ranges\n", (unsigned long long)f.t.out_bytes,
	       (unsigned long long)f.t.out_left_bytes, f.t.out_left_count);
	assert_int_equal(f.end[0].out_bytes, f.t.out_bytes + f.t.out_left_bytes);
	assert_int_equal(ZC_POOL_COUNT(zc, out_acquired), 0);
	assert_int_equal(ZC_POOL_COUNT(sink, out_acquired), 0);

	/* One after the other, from where the socket stands. */
	at = offset + header + f.t.out_bytes;
	for (i = 0; i < f.t.out_left_count; at += left[i++].len)
		assert_int_equal(left[i].offset, at);
	assert_int_equal(at, offset + header + f.end[0].out_bytes);
	assert_int_equal(zc_differs(pool + offset, at - offset, SEED, 0), at - offset);

	r.fd = out[1];
	zc_reader_start(&r);
	sent = header + f.t.out_bytes;
	for (i = 0; i < f.t.out_left_count; sent += left[i++].len) {
		struct zc_xfer y = zc_xfer(sink, out[0]);

		y.end[0].flags = ZCDEV_END_OFFSET;
		y.end[0].offset = left[i].offset;
		y.t.len = left[i].len;
		assert_int_equal(zc_xfer_run(sink, &y), 0);
		assert_int_equal(y.t.out_bytes, left[i].len);
	}
	zc_reader_finish(&r, &out[0], sent);
	close(in[1]);
	zc_writer_join(&w);
	munmap(pool, size);
	close(sink);
	if (!own)
		close(zc);
}

static void in_the_pool_of_a_sink_it_stays(void **state)
{
	struct sigaction action = { .sa_handler = on_alarm };

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	left_in_a_pool(true, 0, 0);
	left_in_a_pool(true, 1000, 0);
	left_in_a_pool(true, 1000, 100);
	left_in_a_pool(false, 0, 0);
	left_in_a_pool(false, 70001, 100);
}

/* One that fails does not stop the others, and nothing is left then. */
static void a_stream_to_several(void **state)
{
	struct {
		struct zcdev_transfer t;
		struct zcdev_end end[4];
	} f = {};
	int zc = zc_open_pool(COUNT, BUF), in[2], tcp[2], local[2], pipes[2], i;
	struct zc_writer w = { .seed = SEED, .len = MiB + 7 };
	struct zc_reader r[2] = { { .seed = SEED }, { .seed = SEED } };

	(void)state;
	zc_unix_pair(in);
	zc_tcp_pair(tcp);
	zc_unix_pair(local);
	assert_int_equal(pipe(pipes), 0);
	close(pipes[0]);
	w.fd = in[0];
	r[0].fd = tcp[1];
	r[1].fd = local[1];
	f.t = (struct zcdev_transfer) {
		.size = sizeof(f.t), .len = ZCDEV_TO_END, .sink_count = 3,
		.ends = (uintptr_t)f.end, .end_size = sizeof(f.end[0]),
	};
	f.end[0].fd = in[1];
	f.end[1].fd = tcp[0];
	f.end[2].fd = pipes[1];
	f.end[3].fd = local[0];
	zc_writer_start(&w);
	for (i = 0; i < 2; i++)
		zc_reader_start(&r[i]);
	assert_int_equal(zc_errno(ioctl(zc, ZCDEV_TRANSFER, &f.t)), 0);
	assert_int_equal(f.t.out_bytes, MiB + 7);
	assert_int_equal(f.t.out_error, EPIPE);
	assert_int_equal(f.end[2].out_error, EPIPE);
	assert_int_equal(f.t.out_left_bytes, 0);
	zc_reader_finish(&r[0], &tcp[0], MiB + 7);
	zc_reader_finish(&r[1], &local[0], MiB + 7);
	zc_writer_join(&w);
	close(in[1]);
	close(pipes[1]);
	close(zc);
}

/* PACKETS of PACKET bytes, of which read(2) drops what it has no room for. */
#define PACKETS	100
#define PACKET	1000

static void packets(int fds[2])
{
	assert_int_equal(pipe2(fds, O_DIRECT | O_CLOEXEC), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 2 * PACKETS * 4 * KiB) > 0);
	for (int i = 0; i < PACKETS; i++)
		write_all(fds[1], PACKET, i * PACKET);
	close(fds[1]);
}

static void packets_are_bytes(void **state)
{
	int zc = zc_open_pool(COUNT, BUF), fds[2], dst;
	struct zc_xfer x;

	(void)state;
	packets(fds);
	dst = zc_make_file("dst", 0, 0);
	x = zc_xfer(fds[0], dst);
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, PACKETS * PACKET);
	assert_int_equal(x.t.out_error, 0);
	zc_check_range(dst, 0, PACKETS * PACKET, SEED, 0);
	close(fds[0]);
	close(dst);

	packets(fds);
	dst = zc_make_file("dst", 0, 0);
	x = zc_xfer(fds[0], dst);
	x.t.len = PACKET + PACKET / 2;
	assert_int_equal(zc_xfer_run(zc, &x), 0);
	assert_int_equal(x.t.out_bytes, x.t.len);
	zc_check_range(dst, 0, x.t.len, SEED, 0);
	expect_bytes(fds[0], PACKET / 2, PACKET + PACKET / 2);
	expect_bytes(fds[0], PACKET, 2 * PACKET);
	close(fds[0]);
	close(dst);
	close(zc);
}

/* The last part of a block is padded, whether the stream ends or its part does. */
static void a_known_length_is_not_copied(void **state)
{
	const size_t len = 24 * 4 * KiB + 1696;
	int zc = zc_open_pool(COUNT, BUF), k;

	(void)state;
	for (k = 0; k < 2; k++) {
		int fds[2], dst = zc_make_file("dst", 0, 0);
		struct zc_xfer x;

		zc_case("%s", k ? "a part" : "all");
		zc_unix_pair(fds);
		write_all(fds[0], len, 0);
		if (!k)
			shutdown(fds[0], SHUT_WR);
		x = zc_xfer(fds[1], dst);
		x.t.len = k ? len : ZCDEV_TO_END;
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, len);
		assert_int_equal(x.end[1].out_zerocopy, len);
		assert_int_equal(zc_size(dst), len);
		zc_check_range(dst, 0, len, SEED, 0);
		close(fds[0]);
		close(fds[1]);
		close(dst);
	}
	close(zc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_left_is_recovered),
		cmocka_unit_test(without_an_array_it_is_counted),
		cmocka_unit_test(a_proxy_passes_on_what_there_is),
		cmocka_unit_test(many_small_pieces_share_a_buffer),
		cmocka_unit_test(who_waits_holds_no_buffer),
		cmocka_unit_test(a_file_waits_for_more_or_for_the_latency),
		cmocka_unit_test(nobody_waits_longer_than_asked),
		cmocka_unit_test(no_more_is_taken_than_asked),
		cmocka_unit_test(packets_are_bytes),
		cmocka_unit_test(a_known_length_is_not_copied),
		cmocka_unit_test(a_peer_that_resets),
		cmocka_unit_test(a_signal_loses_nothing),
		cmocka_unit_test(in_the_pool_of_a_sink_it_stays),
		cmocka_unit_test(a_stream_to_several),
	};

	return cmocka_run_group_tests(tests, zc_pair_load, NULL);
}
