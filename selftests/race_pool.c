// SPDX-License-Identifier: GPL-2.0
/*
 * Races for a pool: references taken while the engine looks, two transfers at
 * once, a limit with room for one, a pool that is not finished. Under KCSAN each is
 * run again and again, five minutes for all.
 * timeout: 120
 */
#include <pthread.h>
#include <sys/wait.h>

#include "zc_mem.h"

#define BUF	(64 * KiB)
#define POOL	(2 * BUF)
#define FILE_SIZE	(512 * KiB)

/* A transfer that begins when it is told to, in a thread of its own. */
struct mover {
	pthread_t thread;
	pthread_barrier_t begin;
	pthread_barrier_t end;
	int zc, from, to;
	bool stop;
	int ret;
};

static void *mover_main(void *arg)
{
	struct mover *m = arg;

	for (;;) {
		struct zc_xfer x;

		pthread_barrier_wait(&m->begin);
		if (m->stop)
			return NULL;
		x = zc_xfer(m->from, m->to);
		lseek(m->from, 0, SEEK_SET);
		lseek(m->to, 0, SEEK_SET);
		m->ret = zc_xfer_run(m->zc, &x) ?: x.t.out_error;
		pthread_barrier_wait(&m->end);
	}
}

static void mover_start(struct mover *m, int zc, int from, int to)
{
	m->zc = zc;
	m->from = from;
	m->to = to;
	m->stop = false;
	pthread_barrier_init(&m->begin, NULL, 2);
	pthread_barrier_init(&m->end, NULL, 2);
	assert_int_equal(pthread_create(&m->thread, NULL, mover_main, m), 0);
}

static void mover_stop(struct mover *m)
{
	m->stop = true;
	pthread_barrier_wait(&m->begin);
	pthread_join(m->thread, NULL);
}

/* What a program may do to its mapping while the engine looks at the page. */

static void go_and_come(unsigned char *map, int fd, unsigned int us)
{
	(void)fd;
	madvise(map, BUF, MADV_DONTNEED);
	usleep(us);
	assert_int_equal(map[0], map[0]);
}

static void only_go(unsigned char *map, int fd, unsigned int us)
{
	(void)fd;
	usleep(us);
	madvise(map, BUF, MADV_DONTNEED);
}

static void map_again(unsigned char *map, int fd, unsigned int us)
{
	munmap(map, BUF);
	usleep(us);
	assert_ptr_equal(mmap(map, BUF, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0),
			 map);
}

static const struct {
	const char *name;
	void (*disturb)(unsigned char *map, int fd, unsigned int us);
} disturbances[] = {
	{ "the page table entry goes", only_go },
	{ "the page table entry goes and comes", go_and_come },
	{ "the mapping goes and comes", map_again },
};

/*
 * A pipe holds a page from before the transfer begins until after it has ended:
 * its buffer must not be filled, whatever happens to the mapping meanwhile.
 */
static void held_page(struct mover *m, unsigned char *map, unsigned int round)
{
	static unsigned char page[ZC_PAGE];
	struct iovec iov = { map, ZC_PAGE };
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	zc_fill(map, ZC_PAGE, round, 0);
	assert_int_equal(vmsplice(p[1], &iov, 1, 0), ZC_PAGE);
	pthread_barrier_wait(&m->begin);
	usleep(round * 37 % 1000);
	disturbances[round % 3].disturb(map, m->zc, round * 53 % 300);
	pthread_barrier_wait(&m->end);
	assert_int_equal(m->ret, 0);
	assert_int_equal(read(p[0], page, ZC_PAGE), ZC_PAGE);
	zc_case("round %u: %s", round, disturbances[round % 3].name);
	assert_int_equal(zc_differs(page, ZC_PAGE, round, 0), ZC_PAGE);
	close(p[0]);
	close(p[1]);
}

static void held(void)
{
	int zc = zc_open_pool(2, BUF), from = zc_make_file("from", FILE_SIZE, 99);
	int to = zc_make_file("to", FILE_SIZE, 0);
	unsigned char *map = zc_map(zc, POOL);
	static struct mover m;	/* whose thread outlives a failure */

	mover_start(&m, zc, from, to);
	for (unsigned int round = 0; round < 300; round++)
		held_page(&m, map, round);
	mover_stop(&m);
	munmap(map, POOL);
	close(from);
	close(to);
	close(zc);
}

/* Two transfers through the same two buffers: no byte of one in the other. */
static void shared(void)
{
	int zc = zc_open_pool(2, BUF), to[2];
	static struct mover m[2];	/* likewise */
	char name[8];

	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "to%d", i);
		to[i] = zc_make_file(name, FILE_SIZE, 0);
		snprintf(name, sizeof(name), "from%d", i);
		mover_start(&m[i], zc, zc_make_file(name, FILE_SIZE, 7 + i), to[i]);
	}
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 2; i++)
			pthread_barrier_wait(&m[i].begin);
		for (int i = 0; i < 2; i++)
			pthread_barrier_wait(&m[i].end);
		for (int i = 0; i < 2; i++) {
			zc_case("round %d, transfer %d", round, i);
			assert_int_equal(m[i].ret, 0);
			zc_check_range(to[i], 0, FILE_SIZE, 7 + i, 0);
		}
	}
	for (int i = 0; i < 2; i++) {
		mover_stop(&m[i]);
		close(m[i].from);
		close(to[i]);
	}
	close(zc);
}

/**
 * struct start - memory that racing processes share
 * @ready: so many wait for @go
 * @go: now
 * @tried: so many have
 * @created: so many got their pool
 */
struct start {
	volatile int ready, go, tried, created;
};

static void count(volatile int *what)
{
	__atomic_add_fetch(what, 1, __ATOMIC_SEQ_CST);
}

static int create_at_once(void *arg)
{
	struct start *s = arg;
	int fd = open("/dev/zcdev", O_RDWR | O_CLOEXEC);

	zc_must(fd >= 0);
	count(&s->ready);
	while (!s->go)
		sched_yield();
	if (!zc_pool_create(fd, 3, 2 * MiB, 0))
		count(&s->created);
	count(&s->tried);
	while (s->go)
		usleep(1000);
	return 0;
}

/* Two pools of 6 MiB at once, a limit of 8 MiB. */
static void limited(void)
{
	struct start *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			       -1, 0);
	pid_t pid[2];

	assert_ptr_not_equal(s, MAP_FAILED);
	chmod("/dev/zcdev", 0666);
	for (int round = 0; round < 20; round++) {
		s->ready = 0;
		s->tried = 0;
		s->created = 0;
		for (int i = 0; i < 2; i++) {
			pid[i] = fork();
			if (!pid[i]) {
				zc_become(ZC_NOBODY + 70, ZC_NOBODY + 70, 8 * MiB);
				_exit(create_at_once(s));
			}
		}
		assert_true(zc_wait_until(30, s->ready == 2));
		s->go = 1;
		assert_true(zc_wait_until(30, s->tried == 2));
		assert_int_equal(s->created, 1);
		s->go = 0;
		for (int i = 0; i < 2; i++)
			assert_int_equal(waitpid(pid[i], NULL, 0), pid[i]);
	}
	chmod("/dev/zcdev", 0660);
	munmap(s, 4096);
}

struct creation {
	int fd;
	volatile bool go;
};

static void *create_later(void *arg)
{
	struct creation *c = arg;

	while (!c->go)
		;
	zc_pool_create(c->fd, 16, 256 * KiB, 0);
	return NULL;
}

/* Whoever sees a pool sees all of it. */
static void unfinished(void)
{
	for (int round = 0; round < 100; round++) {
		struct creation c = { .fd = zc_open() };
		double until = zc_now() + 30;
		struct zcdev_pool_info info;
		unsigned char *map;
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, create_later, &c), 0);
		c.go = true;
		while (zc_pool_info(c.fd, &info))
			assert_true(zc_now() < until);
		map = zc_map(c.fd, 4 * MiB);
		assert_int_equal(info.out_count, 16);
		assert_int_equal(info.out_contiguous + info.out_free, 32);
		assert_int_equal(map[4 * MiB - 1], 0);
		munmap(map, 4 * MiB);
		pthread_join(thread, NULL);
		close(c.fd);
	}
}

#define RACES	4

static struct race {
	void (*run)(void);
} races[RACES] = { { held }, { shared }, { limited }, { unfinished } };

/* Once, but where a race has to be met under watch. */
static void again(void **state)
{
	double seconds = zc_kernel_is("kcsan") ? ZC_KCSAN_SECONDS / RACES : 0;
	double until = zc_now() + seconds;
	struct race *race = *state;

	do
		race->run();
	while (zc_now() < until);
}

#define RACE(property, nr)	{ property, again, NULL, NULL, &races[nr] }

int main(void)
{
	const struct CMUnitTest tests[RACES] = {
		RACE("a held page is never filled, whatever its mapping does", 0),
		RACE("two transfers never share a buffer", 1),
		RACE("two pools at once do not pass the limit", 2),
		RACE("a pool is seen when it is complete", 3),
	};

	return cmocka_run_group_tests_name("race_pool", tests, NULL, NULL);
}
