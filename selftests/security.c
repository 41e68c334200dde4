// SPDX-License-Identifier: GPL-2.0
/*
 * What an attacker without privilege would try: to have more than the limit by
 * being many at once, to find what others left in buffers, to change a file that
 * may only be read through the pages that came of it.
 * timeout: 120
 */
#include <sys/sendfile.h>

#include "zc_kinds.h"

#define LIMIT	(8 * MiB)
#define CANARY	0xc5

/* Many at once */

#define RACERS	12

/* In a process or thread of its own; all start at the same time. */
struct racer {
	int fd;
	unsigned int pages;
	pthread_barrier_t *start;
	int ret;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->start);
	r->ret = zc_pool_create(r->fd, r->pages, ZC_PAGE, 0);
	return NULL;
}

/* Returns how many of them were first. */
static int race_threads(const int fds[RACERS], unsigned int pages, int loser)
{
	struct racer racers[RACERS];
	pthread_t threads[RACERS];
	pthread_barrier_t start;
	int won = 0;

	pthread_barrier_init(&start, NULL, RACERS);
	for (int i = 0; i < RACERS; i++) {
		racers[i] = (struct racer) { fds[i], pages, &start, -1 };
		zc_must(!pthread_create(&threads[i], NULL, race, &racers[i]));
	}
	for (int i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		zc_must(!racers[i].ret || racers[i].ret == loser);
		won += !racers[i].ret;
	}
	return won;
}

/* Of pools that are a third of the limit each, three can be had. */
static int race_for_limit(void *arg)
{
	const int *fds = arg;

	return race_threads(fds, LIMIT / ZC_PAGE / 3, EDQUOT);
}

static int race_for_cap(void *arg)
{
	const int *fds = arg;

	return race_threads(fds, LIMIT / ZC_PAGE / 3, ENOSPC);
}

static int race_for_one(void *arg)
{
	int fds[RACERS];

	for (int i = 0; i < RACERS; i++)
		fds[i] = *(int *)arg;
	return race_threads(fds, 1, EEXIST);
}

static void open_all(int fds[RACERS])
{
	for (int i = 0; i < RACERS; i++)
		fds[i] = zc_open();
}

static void close_all(int fds[RACERS])
{
	for (int i = 0; i < RACERS; i++)
		close(fds[i]);
}

static void races(void **state)
{
	int fds[RACERS], look = zc_open();

	(void)state;
	for (int round = 0; round < 15; round++) {
		open_all(fds);
		assert_int_equal(zc_as_user(ZC_NOBODY, LIMIT, race_for_limit,
					    fds), 3);
		assert_true(zc_total_bytes(look) <= LIMIT);
		close_all(fds);
		open_all(fds);
		assert_int_equal(zc_as_user(ZC_NOBODY, LIMIT, race_for_one,
					    fds), 1);
		close_all(fds);
		zc_param("max_total_mib", "8");
		open_all(fds);
		assert_int_equal(zc_child(race_for_cap, fds), 3);
		assert_true(zc_total_bytes(look) <= LIMIT);
		close_all(fds);
		zc_param("max_total_mib", "0");
	}
	close(look);
}

/* Processes of one user, each with threads: one counter. */
static int race_in_processes(void *arg)
{
	int status, won = 0;
	pid_t pids[3];

	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		zc_must(pids[i] >= 0);
		if (!pids[i])
			_exit(race_threads((int *)arg + i * RACERS,
					   LIMIT / ZC_PAGE / 3, EDQUOT));
	}
	for (int i = 0; i < 3; i++) {
		zc_must(waitpid(pids[i], &status, 0) == pids[i]);
		zc_must(WIFEXITED(status) && WEXITSTATUS(status) <= 3);
		won += WEXITSTATUS(status);
	}
	return won;
}

static void process_races(void **state)
{
	int fds[3 * RACERS];

	(void)state;
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 3; i++)
			open_all(fds + i * RACERS);
		assert_int_equal(zc_as_user(ZC_NOBODY, LIMIT, race_in_processes,
					    fds), 3);
		for (int i = 0; i < 3; i++)
			close_all(fds + i * RACERS);
	}
}

/* What others left */

static bool has_canary(const unsigned char *map, size_t len)
{
	static unsigned char canary[256];

	memset(canary, CANARY, sizeof(canary));
	return memmem(map, len, canary, sizeof(canary));
}

static void canary_file(const char *name, size_t len, mode_t mode)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	unsigned char *bytes = malloc(len);

	memset(bytes, CANARY, len);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(fsync(fd), 0);
	free(bytes);
	close(fd);
}

/* A secret goes through the buffers of somebody's pool, and a part stays out. */
static int stage_secret(void *arg)
{
	const int *fds = arg;
	struct zc_xfer x = zc_xfer(fds[1], fds[2]);

	zc_must(!zc_pool_create(fds[0], 32, 256 * KiB, 0));
	fcntl(fds[2], F_SETFL, O_NONBLOCK);
	return zc_xfer_run(fds[0], &x);
}

/* All that a user can have, as often as there are shapes of pools. */
static int search_pools(void *arg)
{
	static const unsigned int shapes[] = {
		4 * KiB, 32 * KiB, 256 * KiB, 2 * MiB, 4 * MiB,
	};

	(void)arg;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		int fd = open("/dev/zcdev", O_RDWR | O_CLOEXEC);
		unsigned char *map;

		zc_must(!zc_pool_create(fd, LIMIT / shapes[i], shapes[i], 0));
		map = mmap(NULL, LIMIT, PROT_READ, MAP_SHARED, fd, 0);
		zc_must(map != MAP_FAILED);
		for (size_t at = 0; at < LIMIT; at++)
			if (map[at])
				return 1;
		munmap(map, LIMIT);
		close(fd);
	}
	return 0;
}

/* A secret that was only staged is as gone as one that was written. */
static void staged_secrets(void **state)
{
	(void)state;
	canary_file("secret", 6 * MiB, 0600);
	assert_int_equal(chmod("/dev/zcdev", 0666), 0);
	for (int round = 0; round < 6; round++) {
		int fds[3] = { zc_open(), open("secret", O_RDONLY) }, pair[2];

		zc_unix_pair(pair);
		fds[2] = pair[0];
		assert_int_equal(zc_as_user(ZC_NOBODY, LIMIT, stage_secret, fds),
				 0);
		close(fds[0]);
		close(fds[1]);
		/* Once with pages in the queue, once when they are back. */
		if (round % 2) {
			close(pair[0]);
			close(pair[1]);
			zc_assert_no_pools();
		}
		assert_int_equal(zc_as_user(ZC_NOBODY + 1, LIMIT, search_pools,
					    NULL), 0);
		if (round % 2 == 0) {
			close(pair[0]);
			close(pair[1]);
		}
	}
	assert_int_equal(chmod("/dev/zcdev", 0660), 0);
	zc_assert_no_pools();
}

/* Bytes of a pool that nobody asked to write must not end up in a file. */
static void tails(void **state)
{
	static const size_t sizes[] = { 1, 511, 513, 4095, 5000, 70001 };
	unsigned char *page = aligned_alloc(ZC_PAGE, 128 * KiB);

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int zc = zc_open_pool(2, 64 * KiB), dst, raw;
		int src = zc_make_file("src", sizes[i], 5);
		unsigned char *map = zc_map(zc, 128 * KiB);
		struct zc_xfer x;
		size_t at;

		zc_case("%zu bytes", sizes[i]);
		memset(map, CANARY, 128 * KiB);
		dst = open("dst", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		x = zc_xfer(src, dst);
		assert_int_equal(zc_xfer_run(zc, &x), 0);
		assert_int_equal(x.t.out_bytes, sizes[i]);
		/* Whoever makes the file longer finds zeros, in both views. */
		assert_int_equal(ftruncate(dst, 128 * KiB), 0);
		assert_int_equal(pread(dst, page, 128 * KiB, 0), 128 * KiB);
		assert_false(has_canary(page, 128 * KiB));
		for (at = sizes[i]; at < 128 * KiB; at++)
			assert_int_equal(page[at], 0);
		assert_int_equal(fsync(dst), 0);
		raw = open("dst", O_RDONLY | O_DIRECT | O_CLOEXEC);
		assert_int_equal(pread(raw, page, 128 * KiB, 0), 128 * KiB);
		for (at = sizes[i]; at < 128 * KiB; at++)
			assert_int_equal(page[at], 0);
		munmap(map, 128 * KiB);
		close(raw);
		close(dst);
		close(src);
		close(zc);
	}
	free(page);
}

/* A file that may only be read */

#define VICTIM	(96 * KiB + 77)

struct victim {
	int zc, file;
};

static volatile bool scribbling;

/* Writes all over the pool, all the time. */
static void *scribble(void *arg)
{
	volatile unsigned char *map = arg;

	while (scribbling)
		for (size_t at = 0; at < 4 * 64 * KiB; at += 61)
			map[at] = 0x66;
	return NULL;
}

/* What came out of a sink: more is written behind it, if anything can be. */
static void poke_sink(const struct zc_place *sink)
{
	static const char evil[64] = "evil";

	if (sink->kind->traits & ZC_STREAM) {
		(void)!write(sink->fd, evil, sizeof(evil));
		(void)!write(sink->fd, evil, 1);
	}
	if (sink->map)
		memset(sink->map, 0x66, sink->len);
}

/* Pages of the cache, straight and by a pipe, to where the attacker may write. */
static void splice_in(const struct victim *v)
{
	off_t at = 0;
	int p[2];

	zc_must(!lseek(v->zc, 0, SEEK_SET));
	zc_must(sendfile(v->zc, v->file, &at, VICTIM) > 0);
	zc_must(!pipe(p));
	at = 0;
	zc_must(splice(v->file, &at, p[1], NULL, 32 * KiB, 0) > 0);
	zc_must(splice(p[0], NULL, v->zc, NULL, 32 * KiB, 0) > 0);
	close(p[0]);
	close(p[1]);
}

/* From the file to everything, by every way, while the pool is written to. */
static int attack(void *arg)
{
	static const uint32_t ways[] = {
		0, ZCDEV_END_BUFFERED, ZCDEV_END_DIRECT, ZCDEV_END_PAGE_CACHE,
	};
	const struct victim *v = arg;
	struct zc_place source = { .kind = &zc_kinds[0], .len = VICTIM,
				   .seed = 9 };
	unsigned char *map;
	pthread_t thread;

	zc_must(!zc_pool_create(v->zc, 4, 64 * KiB, 0));
	map = mmap(NULL, 4 * 64 * KiB, PROT_READ | PROT_WRITE, MAP_SHARED,
		   v->zc, 0);
	zc_must(map != MAP_FAILED);
	scribbling = true;
	zc_must(!pthread_create(&thread, NULL, scribble, map));
	for (size_t i = 0; i < ZC_KINDS; i++)
		for (size_t k = 0; k < sizeof(ways) / sizeof(ways[0]); k++) {
			struct zc_xfer x = zc_xfer(v->file, -1);
			struct zc_place sink;

			if (zc_kinds[i].kind == ZCDEV_KIND_BLOCK ||
			    !zc_kind_served(&zc_kinds[i], true) ||
			    !zc_sink_open(&sink, &zc_kinds[i], &source, true))
				continue;
			x.end[0].flags = ways[k] | ZCDEV_END_OFFSET;
			x.end[1] = zc_place_end(&sink);
			zc_xfer_run(v->zc, &x);
			/* Not every sink is served by the other ways. */
			zc_must(x.t.out_bytes == VICTIM || ways[k]);
			poke_sink(&sink);
			zc_place_close(&sink);
		}
	splice_in(v);
	scribbling = false;
	pthread_join(thread, NULL);
	/* Also what came after its last round. */
	memset(map, 0x66, 4 * 64 * KiB);
	return 0;
}

static void read_only(void **state)
{
	int raw;
	struct victim v = { .zc = zc_open() };

	(void)state;
	close(zc_make_file("victim", VICTIM, 9));
	assert_int_equal(chmod("victim", 0644), 0);
	assert_int_equal(chmod("/dev/zcdev", 0666), 0);
	assert_int_equal(chmod(".", 0777), 0);
	/* Warm, so that there are pages to be changed. */
	v.file = open("victim", O_RDONLY | O_CLOEXEC);
	zc_check_range(v.file, 0, VICTIM, 9, 0);
	assert_int_equal(zc_as_user(ZC_NOBODY, LIMIT, attack, &v), 0);
	zc_check_range(v.file, 0, VICTIM, 9, 0);
	assert_int_equal(posix_fadvise(v.file, 0, 0, POSIX_FADV_DONTNEED), 0);
	zc_check_range(v.file, 0, VICTIM, 9, 0);
	raw = open("victim", O_RDONLY | O_CLOEXEC);
	assert_int_equal(zc_size(raw), VICTIM);
	assert_int_equal(chmod("/dev/zcdev", 0660), 0);
	close(raw);
	close(v.file);
	close(v.zc);
	zc_assert_no_pools();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST_PARAMS("threads that race have no more than the limit",
			       races),
		ZC_TEST("nor have processes that race", process_races),
		ZC_TEST("what was staged for one user no other finds",
			staged_secrets),
		ZC_TEST("what is behind the end of a sink is zero", tails),
		ZC_TEST("a read-only file is what it was", read_only),
	};

	zc_kind_served(&zc_kinds[0], true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
