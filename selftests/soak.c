// SPDX-License-Identifier: GPL-2.0
/*
 * Random transfers by several processes, for as long as you like: all pairs of
 * ends in turn, one to three sinks, random sizes, pools, headers and trailers,
 * half of them in one pool that all share, with signals and cancels at random
 * moments. Every byte is compared, what was taken from a stream and left in the pool
 * included, every count checked, and the memory stays flat.
 *
 * 15 seconds on stock kernels, three minutes on the debug kernel, five under KCSAN;
 * `make soak` takes longer. What a seed does is the same each time, but for the moments of
 * the signals and cancels, and of who is next.
 * timeout: 120
 */
#include "zc_kinds.h"
#include "zc_nl.h"

#define WORKERS		3
#define LEGS		5
#define SINKS		3
#define SHARED		(4 * 64 * KiB)
#define FRAME		3000
#define LEFT		8

/* What the workers tell. */
struct tally {
	unsigned int pair;	/* the next one, of all workers */
	unsigned int rounds;
	unsigned int cut;	/* short of what was asked for */
	unsigned int cancels;	/* of transfers that were listed */
	unsigned int cancelled;	/* so many ended by that */
	uint64_t bytes;
	uint64_t recovered;	/* from where they were left */
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
	struct zcdev_range left[LEFT];
	int fd;			/* the device */
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
	if (!zc_kinds_fit(r->source.kind, kind))
		return false;
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
	return r->sinks;
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

	r->fd = random_pool(w);
	r->t = (struct zcdev_transfer) {
		.size = sizeof(r->t), .len = r->source.len,
		.ends = (uintptr_t)r->end, .end_size = sizeof(r->end[0]),
		.sink_count = r->sinks,
		.header = (uintptr_t)&iov[0], .header_count = !!r->before,
		.trailer = (uintptr_t)&iov[1], .trailer_count = !!r->after,
		.depth = below(w, 2) ? 1 + below(w, 4) : 0,
		.left = (uintptr_t)r->left, .left_count = below(w, 2) ? LEFT : 0,
	};
	r->end[0] = zc_place_end(&r->source);
	for (unsigned int i = 0; i < r->sinks; i++)
		r->end[1 + i] = zc_place_end(&r->sink[i]);
	arm_signal(w);
	r->ret = zc_errno(ioctl(r->fd, ZCDEV_TRANSFER, &r->t));
	disarm_signal();
}

/* A sink that lends its pool has there what is on its way. */
static const struct zc_place *landing(const struct round *r)
{
	for (unsigned int i = 0; i < r->sinks; i++)
		if (r->sink[i].map)
			return &r->sink[i];
	return NULL;
}

/* Returns how many of these bytes are those that the source gave from @at on. */
static uint64_t look_at_left(struct worker *w, struct round *r,
			     const unsigned char *map, uint64_t at)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < r->t.out_left_count; i++) {
		const struct zcdev_range *left = &r->left[i];

		if (zc_source_differs(&r->source, map + left->offset, left->len,
				      at + sum) != left->len)
			give_up(w, r, "range %u of what was left is wrong", i);
		sum += left->len;
	}
	return sum;
}

/* Ours until we give them back, also in a pool that others use. */
static uint64_t recover_from_pool(struct worker *w, struct round *r, uint64_t at)
{
	struct zcdev_pool_info info;
	uint32_t index[LEFT];
	unsigned char *map;
	size_t len;
	uint64_t sum;

	zc_must(!zc_pool_info(r->fd, &info));
	len = (size_t)info.out_count * info.out_buf_size;
	map = mmap(NULL, len, PROT_READ, MAP_SHARED, r->fd, 0);
	zc_must(map != MAP_FAILED);
	sum = look_at_left(w, r, map, at);
	munmap(map, len);
	for (unsigned int i = 0; i < r->t.out_left_count; i++)
		index[i] = r->left[i].offset / info.out_buf_size;
	if (zc_release(r->fd, index, r->t.out_left_count))
		give_up(w, r, "what was left is not ours");
	return sum;
}

/* What a stream gave and no sink took: all of it is there. */
static void recover(struct worker *w, struct round *r)
{
	uint64_t sum, at = FRAME + r->t.out_bytes;

	if (r->t.out_left_count > r->t.left_count)
		give_up(w, r, "more was left than there is room for");
	if (!r->t.left_count || (!r->t.out_left_count && !r->t.out_left_bytes))
		return;
	sum = landing(r) ? look_at_left(w, r, landing(r)->map, at) :
			   recover_from_pool(w, r, at);
	if (sum != r->t.out_left_bytes)
		give_up(w, r, "%llu bytes were left", (unsigned long long)sum);
	__atomic_add_fetch(&w->tally->recovered, sum, __ATOMIC_RELAXED);
}

/* From outside, at any moment. */
static bool stopped(int error)
{
	return error == EINTR || error == ECANCELED;
}

static void check(struct worker *w, struct round *r)
{
	uint64_t moved = r->t.out_bytes;

	if (r->ret && !stopped(r->ret))
		give_up(w, r, "it failed");
	if (!r->ret && r->t.out_error && !stopped(r->t.out_error))
		give_up(w, r, "it stopped");
	if (r->ret ? moved : !r->t.out_error && moved != r->source.len)
		give_up(w, r, "it moved something else");
	recover(w, r);
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
	if ((r->ret ?: r->t.out_error) == ECANCELED)
		__atomic_add_fetch(&w->tally->cancelled, 1, __ATOMIC_RELAXED);
}

static void one_round(struct worker *w)
{
	struct round r = {};

	if (set_stage(w, &r)) {
		move(w, &r);
		check(w, &r);
		__atomic_add_fetch(&w->tally->rounds, 1, __ATOMIC_RELAXED);
		close(r.fd);
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

/* Whose transfers are in progress. */
struct listed {
	unsigned int count;
	uint32_t id[2 * WORKERS];
};

static void list(struct nlattr **tb, void *arg)
{
	struct listed *l = arg;

	if (l->count < 2 * WORKERS)
		l->id[l->count++] = zc_nl_u32(tb, ZCDEV_A_TRANSFER_ID);
}

/* One in a few transfers of the others. Returns how many were found in time. */
static unsigned int cancel_some(struct worker *w)
{
	unsigned int done = 0;
	struct zc_nl nl;
	int ret;

	zc_nl_open(&nl);
	while (zc_now() < w->until) {
		struct listed l = {};

		usleep(random_size(w, 17));
		assert_int_equal(zc_nl_dump(&nl, ZCDEV_CMD_TRANSFER_GET, list,
					    &l), 0);
		if (!l.count)
			continue;
		if (below(w, 2))
			usleep(random_size(w, 12));
		ret = zc_nl_get(&nl, ZCDEV_CMD_TRANSFER_CANCEL,
				ZCDEV_A_TRANSFER_ID, l.id[below(w, l.count)],
				NULL, NULL);
		assert_true(!ret || ret == ENOENT);
		done += !ret;
	}
	zc_nl_close(&nl);
	return done;
}

/* All workers, for a while. */
static void one_leg(struct tally *tally, unsigned int leg, double seconds)
{
	struct worker w = {
		.tally = tally, .random = 0xBF58476D1CE4E5B9ULL * (seed + leg + 1),
		.until = zc_now() + seconds,
	};
	pid_t pids[WORKERS];
	int status, shared = zc_open_pool(4, SHARED / 4);

	for (unsigned int i = 0; i < WORKERS; i++) {
		struct worker worker = {
			.index = i, .tally = tally, .shared = shared,
			.random = 0x9E3779B97F4A7C15ULL *
				  (seed + leg * WORKERS + i + 1),
			.until = w.until,
		};

		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i])
			_exit(work(&worker));
	}
	close(shared);
	tally->cancels += cancel_some(&w);
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

/**
 * struct memory - how much of it there is between two legs
 * @available: KiB that are free or could be at once
 * @nobodys: KiB that are in use for nobody, as what we would lose
 * @rounds: so many transfers were before
 */
struct memory {
	long available;
	long nobodys;
	unsigned int rounds;
};

static struct memory memory_now(const struct tally *tally)
{
	return (struct memory) {
		zc_available(), zc_unaccounted(), tally->rounds,
	};
}

/* Some are always on their way, and half a page for each transfer is a loss. */
static long lost_kib(unsigned int rounds)
{
	long kib = 1024 + 2L * rounds;

	return kib < 4096 ? kib : 4096;
}

static void soak(void **state)
{
	double seconds = zc_soak_seconds(15, 180);
	struct tally *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct memory first = {}, now = {};

	(void)state;
	seed = zc_from_env("zcdev_seed", time(NULL));
	printf("# soak: zcdev_seed=%u, %.0f seconds\n", seed, seconds);
	for (unsigned int leg = 0; leg < LEGS; leg++) {
		one_leg(tally, leg, seconds / LEGS);
		now = memory_now(tally);
		if (!leg)
			first = now;
	}
	printf("# soak: %u transfers, %u cut short, %u of %u cancels ended one, "
	       "%llu MiB, %llu KiB recovered, %zu x %zu pairs, %ld KiB less "
	       "memory, %ld KiB lost\n", tally->rounds, tally->cut, tally->cancelled,
	       tally->cancels, (unsigned long long)(tally->bytes / MiB),
	       (unsigned long long)(tally->recovered / KiB), source_count,
	       sink_count, first.available - now.available,
	       now.nobodys - first.nobodys);
	assert_true(first.available - now.available < slack_kib());
	assert_true(now.nobodys - first.nobodys <
		    lost_kib(now.rounds - first.rounds));
	assert_true(tally->pair >= source_count * sink_count);
	assert_true(tally->cut > 0);
	assert_true(tally->recovered > 0);
	assert_in_range(tally->cancelled, 1, tally->cancels);
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
