// SPDX-License-Identifier: GPL-2.0
/*
 * Random transfers by several processes, for as long as you like: all pairs of
 * ends in turn, one to three sinks, random sizes, pools, headers and trailers,
 * half of them in one pool that all share, with signals at random moments. Every byte
 * is compared, every count checked, and the memory stays flat.
 *
 * 15 seconds on stock kernels, three minutes on the debug kernel; `make soak`
 * takes longer. What a seed does is the same each time, but for the moments of
 * the signals and of who is next.
 * timeout: 120
 */
#include "zc_kinds.h"

#define WORKERS		3
#define LEGS		5
#define SINKS		3
#define SHARED		(4 * 64 * KiB)
#define FRAME		3000

/* What the workers tell. */
struct tally {
	unsigned int pair;	/* the next one, of all workers */
	unsigned int rounds;
	unsigned int cut;	/* short of what was asked for */
	uint64_t bytes;
};

struct worker {
	unsigned int index;
	uint64_t random;
	struct tally *tally;
	int shared;		/* a device whose pool all workers use */
	double until;
};

struct round {
	struct zc_place source, sink[SINKS];
	struct zcdev_transfer t;
	struct zcdev_end end[1 + SINKS];
	unsigned int sinks;
	size_t before, after;	/* bytes of header and trailer */
	int ret;
};

static const struct zc_kind *sources[ZC_KINDS], *sinks[ZC_KINDS];
static size_t source_count, sink_count;
static unsigned int seed;

static uint64_t next(struct worker *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random;
}

static unsigned int below(struct worker *w, unsigned int n)
{
	return (next(w) >> 20) % n;
}

/* As many small ones as large ones. */
static size_t random_size(struct worker *w, unsigned int max_shift)
{
	size_t top = 1UL << below(w, max_shift + 1);

	return top + below(w, top);
}

__attribute__((noreturn, format(printf, 3, 4)))
static void give_up(const struct worker *w, const struct round *r,
		    const char *fmt, ...)
{
	va_list args;

	printf("# seed %u, worker %u: ", seed, w->index);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n# %zu bytes of %s, ret %d, error %d, moved %llu, left %llu\n",
	       r->source.len, r->source.kind->name, r->ret, r->t.out_error,
	       (unsigned long long)r->t.out_bytes,
	       (unsigned long long)r->t.out_left_bytes);
	for (unsigned int i = 0; i < r->sinks; i++)
		printf("# to %s: counted %llu, arrived %llu%s, error %d\n",
		       r->sink[i].kind->name,
		       (unsigned long long)r->end[1 + i].out_bytes,
		       (unsigned long long)r->sink[i].arrived,
		       r->sink[i].bad ? " and worse" : "",
		       r->end[1 + i].out_error);
	fflush(stdout);
	_exit(1);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* One round in four is interrupted, or not quite. */
static void arm_signal(struct worker *w)
{
	struct itimerval timer = { .it_value.tv_usec = random_size(w, 14) };

	if (!below(w, 4))
		setitimer(ITIMER_REAL, &timer, NULL);
}

static void disarm_signal(void)
{
	struct itimerval timer = {};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* The shared pool, or one of our own. */
static int random_pool(struct worker *w)
{
	int fd;

	if (below(w, 2))
		return dup(w->shared);
	fd = open("/dev/zcdev", O_RDWR | O_CLOEXEC);
	zc_must(fd >= 0);
	if (below(w, 8))
		zc_must(!zc_pool_create(fd, 1 + below(w, 8),
					ZC_PAGE << below(w, 7), 0));
	return fd;
}

/* A disk has one place for a sink of each worker. */
static bool usable(const struct round *r, const struct zc_kind *kind)
{
	for (unsigned int i = 0; i < r->sinks; i++)
		if (r->sink[i].kind->kind == ZCDEV_KIND_BLOCK &&
		    kind->kind == ZCDEV_KIND_BLOCK)
			return false;
	return true;
}

static bool add_sink(struct round *r, const struct zc_kind *kind)
{
	if (!usable(r, kind))
		return true;
	if (!zc_sink_open_framed(&r->sink[r->sinks], kind, &r->source, r->before,
				 r->after, true))
		return false;
	r->sinks++;
	return true;
}

static bool set_stage(struct worker *w, struct round *r)
{
	unsigned int pair = __atomic_fetch_add(&w->tally->pair, 1,
					       __ATOMIC_RELAXED);
	unsigned int more = below(w, SINKS);

	if (below(w, 3) == 0) {
		r->before = below(w, FRAME);
		r->after = below(w, FRAME);
	}
	if (!zc_source_open_from(&r->source, sources[pair % source_count],
				 random_size(w, 20), 1 + below(w, 1000), FRAME,
				 true))
		return false;
	pair /= source_count;
	if (!add_sink(r, sinks[pair % sink_count]))
		return false;
	while (more--)
		add_sink(r, sinks[below(w, sink_count)]);
	return true;
}

static struct zcdev_iov frame(const struct round *r, unsigned char *buf,
			      size_t len, uint64_t from)
{
	zc_frame_fill(&r->source, buf, len, from);
	return (struct zcdev_iov) { (uintptr_t)buf, len };
}

static void move(struct worker *w, struct round *r)
{
	static unsigned char header[FRAME], trailer[FRAME];
	struct zcdev_iov iov[2] = {
		frame(r, header, r->before, FRAME - r->before),
		frame(r, trailer, r->after, FRAME + r->source.len),
	};
	int fd = random_pool(w);

	r->t = (struct zcdev_transfer) {
		.size = sizeof(r->t), .len = r->source.len,
		.ends = (uintptr_t)r->end, .end_size = sizeof(r->end[0]),
		.sink_count = r->sinks,
		.header = (uintptr_t)&iov[0], .header_count = !!r->before,
		.trailer = (uintptr_t)&iov[1], .trailer_count = !!r->after,
		.depth = below(w, 2) ? 1 + below(w, 4) : 0,
	};
	r->end[0] = zc_place_end(&r->source);
	for (unsigned int i = 0; i < r->sinks; i++)
		r->end[1 + i] = zc_place_end(&r->sink[i]);
	arm_signal(w);
	r->ret = zc_errno(ioctl(fd, ZCDEV_TRANSFER, &r->t));
	disarm_signal();
	close(fd);
}

static void check(struct worker *w, struct round *r)
{
	uint64_t moved = r->t.out_bytes;

	if (r->ret && r->ret != EINTR)
		give_up(w, r, "it failed");
	if (!r->ret && r->t.out_error && r->t.out_error != EINTR)
		give_up(w, r, "it stopped");
	if (r->ret ? moved : !r->t.out_error && moved != r->source.len)
		give_up(w, r, "it moved something else");
	for (unsigned int i = 0; i < r->sinks; i++) {
		zc_sink_finish(&r->sink[i]);
		if (!zc_sink_got(&r->sink[i], r->end[1 + i].out_bytes))
			give_up(w, r, "sink %u has something else", i);
		if (!r->ret && !r->t.out_error &&
		    r->end[1 + i].out_bytes != r->sink[i].len)
			give_up(w, r, "sink %u has not all", i);
	}
	if (!zc_source_moved(&r->source, moved + r->t.out_left_bytes))
		give_up(w, r, "the source is elsewhere");
	__atomic_add_fetch(&w->tally->bytes, moved, __ATOMIC_RELAXED);
	if (moved < r->source.len)
		__atomic_add_fetch(&w->tally->cut, 1, __ATOMIC_RELAXED);
}

static void one_round(struct worker *w)
{
	struct round r = {};

	if (set_stage(w, &r)) {
		move(w, &r);
		check(w, &r);
		__atomic_add_fetch(&w->tally->rounds, 1, __ATOMIC_RELAXED);
	}
	for (unsigned int i = 0; i < r.sinks; i++)
		zc_place_close(&r.sink[i]);
	zc_place_close(&r.source);
}

static int work(struct worker *w)
{
	struct sigaction sa = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	zc_slot = w->index;
	while (zc_now() < w->until)
		one_round(w);
	return 0;
}

/* All workers, for a while. */
static void one_leg(struct tally *tally, unsigned int leg, double seconds)
{
	pid_t pids[WORKERS];
	int status, shared = zc_open_pool(4, SHARED / 4);

	for (unsigned int i = 0; i < WORKERS; i++) {
		struct worker w = {
			.index = i, .tally = tally, .shared = shared,
			.random = 0x9E3779B97F4A7C15ULL *
				  (seed + leg * WORKERS + i + 1),
			.until = zc_now() + seconds,
		};

		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i])
			_exit(work(&w));
	}
	close(shared);
	for (unsigned int i = 0; i < WORKERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	zc_assert_no_pools();
}

/* KASAN keeps what was freed for a while: a 32nd of the memory. */
static long slack_kib(void)
{
	return zc_debug_kernel() ? 120 * 1024 : 24 * 1024;
}

static unsigned int from_env(const char *name, unsigned int otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

static void soak(void **state)
{
	double seconds = from_env("zcdev_soak", zc_debug_kernel() ? 180 : 15);
	struct tally *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long first = 0, now = 0;

	(void)state;
	seed = from_env("zcdev_seed", time(NULL));
	printf("# soak: zcdev_seed=%u, %.0f seconds\n", seed, seconds);
	fflush(stdout);
	for (unsigned int leg = 0; leg < LEGS; leg++) {
		one_leg(tally, leg, seconds / LEGS);
		now = zc_available();
		first = first ?: now;
	}
	printf("# soak: %u transfers, %u cut short, %llu MiB, %zu x %zu pairs, "
	       "%ld KiB less memory\n", tally->rounds, tally->cut,
	       (unsigned long long)(tally->bytes / MiB), source_count,
	       sink_count, first - now);
	assert_true(first - now < slack_kib());
	assert_true(tally->pair >= source_count * sink_count);
	assert_true(tally->cut > 0);
	munmap(tally, sizeof(*tally));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("every kind that the kernel names is in the table",
			zc_kinds_complete),
		ZC_TEST("random transfers: every byte, every count, flat memory",
			soak),
	};

	/* Loaded by nobody else; not every kernel has it. */
	if (system("modprobe -q vsock_loopback"))
		puts("# no vsock_loopback");
	source_count = zc_kinds_served(sources, false);
	sink_count = zc_kinds_served(sinks, true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
