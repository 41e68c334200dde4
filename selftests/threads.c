// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads, and a second process, do whatever comes to their minds with one
 * descriptor and one pool at the same time, while signals fly: transfers, ranges
 * that they acquired, mappings that come and go, forks, the device as a file, its
 * control plane, all the small calls. Each checks its own bytes and counts; the
 * kernel checks its locks.
 *
 * 8 seconds on stock kernels, a minute on the debug kernel, five under KCSAN, longer
 * with zcdev_soak; zcdev_seed says what they do.
 * timeout: 100
 */
#include <poll.h>

#include "zc_kinds.h"
#include "zc_nl.h"

#define THREADS	6
#define BUF	(32 * KiB)
#define COUNT	8
#define POOL	(COUNT * BUF)
#define LISTED	16	/* transfers that one dump remembers */

/* What all threads of a process share. */
static int dev = -1;
static double until;
static unsigned int seed;
static bool failed;
static pthread_t threads[THREADS];
static pthread_barrier_t all_done;	/* no thread is gone before */

/**
 * struct actor - one thread
 * @index: of it, of all processes
 * @random: state
 * @done: things that it did
 * @cancelled: transfers of others that it found in time
 * @nl: to the control plane
 */
struct actor {
	unsigned int index;
	uint64_t random;
	unsigned int done;
	unsigned int cancelled;
	struct zc_nl nl;
};

static unsigned int below(struct actor *a, unsigned int n)
{
	a->random ^= a->random << 13;
	a->random ^= a->random >> 7;
	a->random ^= a->random << 17;
	return (a->random >> 20) % n;
}

#define expect(a, cond) do {						\
	if (!(cond)) {							\
		printf("# seed %u, thread %u, line %d: %s, errno %d\n",	\
		       seed, (a)->index, __LINE__, #cond, errno);	\
		__atomic_store_n(&failed, true, __ATOMIC_RELAXED);	\
	}								\
} while (0)

/* Signals are for the calls that sleep; what sets the stage could not go on. */
static void hear_signals(bool on)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(on ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

static int call_device(unsigned int cmd, void *arg)
{
	int ret;

	hear_signals(true);
	ret = zc_errno(ioctl(dev, cmd, arg));
	hear_signals(false);
	return ret;
}

/* From outside, at any moment. */
static bool stopped(int error)
{
	return error == EINTR || error == ECANCELED;
}

/* From a place to a place, through buffers that all share. */
static void transfer_between(struct actor *a, struct zc_place *from,
			     struct zc_place *to)
{
	struct zc_xfer x = zc_xfer(-1, -1);
	uint64_t moved;
	int ret;

	x.t.len = from->len;
	x.end[0] = zc_place_end(from);
	x.end[1] = zc_place_end(to);
	x.t.ends = (uintptr_t)x.end;
	ret = call_device(ZCDEV_TRANSFER, &x.t);
	moved = ret ? 0 : x.t.out_bytes;
	expect(a, !ret || stopped(ret));
	expect(a, ret || stopped(x.t.out_error) || moved == from->len);
	zc_sink_finish(to);
	expect(a, zc_sink_got(to, moved));
	expect(a, zc_source_moved(from, moved + x.t.out_left_bytes));
}

static void do_transfer(struct actor *a)
{
	const struct zc_kind *from[ZC_KINDS], *to[ZC_KINDS];
	size_t sources = zc_kinds_served(from, false);
	size_t sinks = zc_kinds_served(to, true);
	const struct zc_kind *source_kind = from[below(a, sources)];
	const struct zc_kind *sink_kind = to[below(a, sinks)];
	struct zc_place source, sink;

	if (!zc_kinds_fit(source_kind, sink_kind) ||
	    !zc_source_open(&source, source_kind, 1 + below(a, 3 * BUF),
			    1 + below(a, 99), true))
		return;
	if (zc_sink_open(&sink, sink_kind, &source, true)) {
		transfer_between(a, &source, &sink);
		zc_place_close(&sink);
	}
	zc_place_close(&source);
}

/* A buffer of one's own: nobody else writes there. */
static int acquire(uint32_t *index)
{
	struct zcdev_buf_acquire arg = {
		.size = sizeof(arg), .count = 1,
		.indices = (uintptr_t)index, .timeout_ns = 20000000,
	};

	return call_device(ZCDEV_BUF_ACQUIRE, &arg);
}

static int release(uint32_t index)
{
	struct zcdev_buf_release arg = {
		.size = sizeof(arg), .count = 1, .indices = (uintptr_t)&index,
	};

	return call_device(ZCDEV_BUF_RELEASE, &arg);
}

static int wait_for(uint64_t offset, uint64_t len, uint64_t ns)
{
	struct zcdev_buf_wait arg = {
		.size = sizeof(arg), .offset = offset, .len = len,
		.timeout_ns = ns,
	};

	return call_device(ZCDEV_BUF_WAIT, &arg);
}

/* Sends what it wrote into its own buffer, and finds it there afterwards. */
static void send_own(struct actor *a, uint32_t index, unsigned char *map)
{
	unsigned int mine = 100 + below(a, 1000);
	struct zc_place source = {
		.kind = &(const struct zc_kind){ .kind = ZCDEV_KIND_POOL },
		.fd = dev, .peer = -1, .flags = ZCDEV_END_OFFSET,
		.offset = index * BUF, .len = 1 + below(a, BUF), .seed = mine,
	};
	const struct zc_kind *to[ZC_KINDS];
	size_t sinks = zc_kinds_served(to, true), n;
	struct zc_place sink;

	zc_fill(map, BUF, mine, 0);
	do
		n = below(a, sinks);
	while (to[n]->kind == ZCDEV_KIND_POOL ||
	       !zc_kinds_fit(source.kind, to[n]));
	if (zc_sink_open(&sink, to[n], &source, true)) {
		transfer_between(a, &source, &sink);
		zc_place_close(&sink);
	}
	expect(a, zc_differs(map, BUF, mine, 0) == BUF);
}

/* As a file, at its place in the pool. */
static void copy_own(struct actor *a, uint32_t index, unsigned char *map)
{
	unsigned int mine = 100 + below(a, 1000);
	size_t len = 1 + below(a, BUF);
	unsigned char *copy = malloc(len);

	zc_fill(copy, len, mine, 0);
	expect(a, pwrite(dev, copy, len, index * BUF) == (ssize_t)len);
	expect(a, zc_differs(map, len, mine, 0) == len);
	memset(copy, 0, len);
	expect(a, pread(dev, copy, len, index * BUF) == (ssize_t)len);
	expect(a, zc_differs(copy, len, mine, 0) == len);
	free(copy);
}

/* Its pages pass a pipe, by reference, and are in the buffer again. */
static void splice_own(struct actor *a, uint32_t index, unsigned char *map)
{
	unsigned int mine = 100 + below(a, 1000);
	size_t len = 1 + below(a, BUF);
	loff_t at = index * BUF;
	ssize_t out, in = 0;
	int p[2];

	zc_fill(map, len, mine, 0);
	expect(a, !pipe2(p, O_CLOEXEC));
	out = splice(dev, &at, p[1], NULL, len, SPLICE_F_NONBLOCK);
	expect(a, out > 0 && at == (loff_t)(index * BUF + out));
	at = index * BUF;
	if (out > 0)
		in = splice(p[0], NULL, dev, &at, out, 0);
	expect(a, in == out);
	expect(a, zc_differs(map, len, mine, 0) == len);
	close(p[0]);
	close(p[1]);
}

static void (*const with_own[])(struct actor *a, uint32_t index,
				unsigned char *map) = {
	send_own, send_own, copy_own, splice_own,
};

static void do_own(struct actor *a)
{
	unsigned char *map;
	uint32_t index;
	int ret = acquire(&index);

	expect(a, !ret || ret == ETIMEDOUT || ret == EINTR);
	if (ret)
		return;
	expect(a, index < COUNT);
	map = mmap(NULL, BUF, PROT_READ | PROT_WRITE, MAP_SHARED, dev,
		   index * BUF);
	expect(a, map != MAP_FAILED);
	ret = wait_for(index * BUF, BUF, 5000000000);
	expect(a, !ret || ret == EINTR);
	if (!ret)
		with_own[below(a, 4)](a, index, map);
	munmap(map, BUF);
	expect(a, release(index) == 0);
}

static void do_map(struct actor *a)
{
	size_t from = below(a, POOL / ZC_PAGE) * ZC_PAGE;
	size_t len = (1 + below(a, (POOL - from) / ZC_PAGE)) * ZC_PAGE;
	volatile unsigned char *map;
	unsigned char sum = 0;

	map = mmap(NULL, len, PROT_READ, MAP_SHARED, dev, from);
	expect(a, map != MAP_FAILED);
	for (size_t at = 0; at < len; at += ZC_PAGE)
		sum ^= map[at];
	if (below(a, 2))
		expect(a, !madvise((void *)map, len, MADV_DONTNEED));
	sum ^= map[len - 1];
	/* In two parts, if it has two pages. */
	expect(a, !munmap((void *)map, ZC_PAGE));
	if (len > ZC_PAGE)
		expect(a, !munmap((void *)(map + ZC_PAGE), len - ZC_PAGE));
	(void)sum;
}

/* What others have there meanwhile; how much is sure. */
static void do_read(struct actor *a)
{
	static __thread unsigned char copy[BUF];
	size_t from = below(a, POOL + 1), len = 1 + below(a, BUF);
	size_t want = len < POOL - from ? len : POOL - from;

	expect(a, pread(dev, copy, len, from) == (ssize_t)want);
	expect(a, pwrite(dev, copy, 1, POOL) == -1 && errno == ENOSPC);
}

/* Pages of anybody, held for a moment. */
static void do_splice(struct actor *a)
{
	loff_t at = below(a, POOL);
	int p[2];

	expect(a, !pipe2(p, O_CLOEXEC));
	expect(a, splice(dev, &at, p[1], NULL, 1 + below(a, 2 * BUF),
			 SPLICE_F_NONBLOCK) > 0);
	usleep(below(a, 1000));
	close(p[0]);
	close(p[1]);
}

static void do_poll(struct actor *a)
{
	struct pollfd p = { .fd = dev, .events = POLLOUT };

	expect(a, poll(&p, 1, below(a, 20)) >= 0);
	expect(a, !(p.revents & ~POLLOUT));
	p.events = POLLIN;
	expect(a, poll(&p, 1, 0) == 1 && p.revents == POLLIN);
}

static void do_info(struct actor *a)
{
	struct zcdev_pool_info info;
	struct zcdev_query q;

	expect(a, !zc_pool_info(dev, &info));
	expect(a, info.out_count == COUNT && info.out_buf_size == BUF);
	expect(a, info.out_staging + info.out_in_flight + info.out_free +
		  info.out_acquired == COUNT);
	expect(a, !zc_query(dev, &q));
	expect(a, q.out_total_bytes >= POOL);
	expect(a, zc_pool_create(dev, 1, BUF, 0) == EEXIST);
}

static void do_wait(struct actor *a)
{
	uint64_t from = below(a, POOL);
	int ret = wait_for(from, below(a, POOL - from), below(a, 2000000));

	expect(a, !ret || ret == ETIMEDOUT || ret == EINTR);
}

static void do_fork(struct actor *a)
{
	pid_t pid;
	int status;

	if (below(a, 4))
		return;
	pid = fork();
	expect(a, pid >= 0);
	if (!pid)
		_exit(0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	expect(a, !status);
}

/* Another pool, and the descriptor once more: they come and go. */
static void do_open(struct actor *a)
{
	int other = open("/dev/zcdev", O_RDWR | O_CLOEXEC), copy = dup(dev);
	int ret = zc_pool_create(other, 1 + below(a, 4), ZC_PAGE << below(a, 5),
				 0);

	expect(a, !ret || ret == EINTR);
	close(copy);
	close(other);
}

struct listed {
	unsigned int count;
	uint32_t id[LISTED];
};

static void list(struct nlattr **tb, void *arg)
{
	struct listed *l = arg;

	if (tb[ZCDEV_A_TRANSFER_ID] && l->count < LISTED)
		l->id[l->count++] = zc_nl_u32(tb, ZCDEV_A_TRANSFER_ID);
}

static void count(struct nlattr **tb, void *arg)
{
	(void)tb;
	++*(unsigned int *)arg;
}

/* Of pools and what they have done: ours is among them. */
static void do_dump(struct actor *a)
{
	int cmd = below(a, 2) ? ZCDEV_CMD_POOL_GET : ZCDEV_CMD_STATS_GET;
	unsigned int answers = 0;

	expect(a, !zc_nl_dump(&a->nl, cmd, count, &answers));
	expect(a, answers > 0);
}

/* Of anybody; it may be over by then. */
static void do_cancel(struct actor *a)
{
	struct listed l = {};
	int ret;

	expect(a, !zc_nl_dump(&a->nl, ZCDEV_CMD_TRANSFER_GET, list, &l));
	if (!l.count || below(a, 2))
		return;
	ret = zc_nl_get(&a->nl, ZCDEV_CMD_TRANSFER_CANCEL, ZCDEV_A_TRANSFER_ID,
			l.id[below(a, l.count)], NULL, NULL);
	expect(a, !ret || ret == ENOENT);
	a->cancelled += !ret;
}

/* Limits that are in nobody's way. */
static void do_limit(struct actor *a)
{
	struct nl_msg *msg = zc_nl_msg(&a->nl, ZCDEV_CMD_LIMIT_SET,
				       NLM_F_REQUEST | NLM_F_ACK);
	unsigned int answers = 0;

	nla_put_u64(msg, ZCDEV_A_LIMIT_POOL_MAX + below(a, 2),
		    (64 + below(a, 64)) * MiB);
	expect(a, !zc_nl_run(&a->nl, msg, NULL, NULL));
	msg = zc_nl_msg(&a->nl, ZCDEV_CMD_LIMIT_GET, NLM_F_REQUEST | NLM_F_ACK);
	expect(a, !zc_nl_run(&a->nl, msg, count, &answers));
	expect(a, answers == 1);
}

static void reset_limits(void)
{
	struct nl_msg *msg;
	struct zc_nl nl;

	zc_nl_open(&nl);
	msg = zc_nl_msg(&nl, ZCDEV_CMD_LIMIT_SET, NLM_F_REQUEST | NLM_F_ACK);
	nla_put_u64(msg, ZCDEV_A_LIMIT_POOL_MAX, 0);
	nla_put_u64(msg, ZCDEV_A_LIMIT_USER_MAX, 0);
	assert_int_equal(zc_nl_run(&nl, msg, NULL, NULL), 0);
	zc_nl_close(&nl);
}

static void do_signal(struct actor *a)
{
	pthread_kill(threads[below(a, THREADS)], SIGUSR1);
}

static void (*const deeds[])(struct actor *) = {
	do_transfer, do_transfer, do_transfer, do_transfer, do_own, do_own, do_own,
	do_map, do_info, do_wait, do_fork, do_open, do_signal, do_read, do_splice,
	do_poll, do_dump, do_cancel, do_limit,
};

static void *act(void *arg)
{
	struct actor *a = arg;

	zc_slot = a->index;
	hear_signals(false);
	zc_nl_open(&a->nl);
	while (zc_now() < until &&
	       !__atomic_load_n(&failed, __ATOMIC_RELAXED)) {
		deeds[below(a, sizeof(deeds) / sizeof(deeds[0]))](a);
		a->done++;
	}
	zc_nl_close(&a->nl);
	pthread_barrier_wait(&all_done);
	return NULL;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* All threads of one process; how much they did, 0 if one failed. */
static unsigned int act_all(unsigned int process)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct actor actors[THREADS];
	unsigned int done = 0, cancelled = 0;

	sigaction(SIGUSR1, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	pthread_barrier_init(&all_done, NULL, THREADS);
	/* None may be signalled before it is there. */
	for (unsigned int i = 0; i < THREADS; i++)
		threads[i] = pthread_self();
	for (unsigned int i = 0; i < THREADS; i++) {
		unsigned int index = process * THREADS + i;

		actors[i] = (struct actor) {
			.index = index,
			.random = 0x9E3779B97F4A7C15ULL * (seed + index + 1),
		};
		zc_must(!pthread_create(&threads[i], NULL, act, &actors[i]));
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		done += actors[i].done;
		cancelled += actors[i].cancelled;
	}
	printf("# process %u: %u deeds, %u transfers cancelled\n", process, done,
	       cancelled);
	return failed ? 0 : done;
}

static void at_once(void **state)
{
	unsigned int seconds = zc_soak_seconds(8, 60), done;
	struct zcdev_pool_info info;
	int status;
	pid_t pid;

	(void)state;
	seed = zc_from_env("zcdev_seed", time(NULL));
	until = zc_now() + seconds;
	dev = zc_open_pool(COUNT, BUF);
	pid = fork();
	if (!pid)
		_exit(!act_all(1));
	done = act_all(0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	printf("# zcdev_seed=%u\n", seed);
	reset_limits();
	assert_int_equal(status, 0);
	/* Under KASAN, beside another guest, it is twelve a second; else a hundred. */
	assert_true(done > (zc_debug_kernel() ? 2 : 10) * seconds);
	assert_true(zc_wait_until(5, !wait_for(0, POOL, 0)));
	assert_int_equal(zc_pool_info(dev, &info), 0);
	assert_int_equal(info.out_free, COUNT);
	assert_int_equal(info.out_maps, 0);
	close(dev);
	zc_assert_no_pools();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("many threads on one pool, at random", at_once),
	};

	/* Asked once, before there are threads. */
	for (size_t i = 0; i < ZC_KINDS; i++)
		zc_kind_served(&zc_kinds[i], true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
