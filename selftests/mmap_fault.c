// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that leave the page table come back with their bytes, whoever asks
 * first; and what the kernel may do to any mapping it may do to this one.
 */
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "zc_mem.h"

#define POOL	(2 * MiB)

#ifndef MADV_COLD
#define MADV_COLD	20
#define MADV_PAGEOUT	21
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

static void dontneed(void **state)
{
	int fd = zc_open_pool(8, POOL / 8);
	unsigned char *map = zc_map(fd, POOL);

	(void)state;
	zc_fill(map, POOL, 1, 0);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(madvise(map, POOL, MADV_DONTNEED), 0);
		assert_int_equal(zc_pfn(map), 0);
		assert_int_equal(zc_differs(map, POOL, 1, 0), POOL);
		assert_int_not_equal(zc_pfn(map), 0);
	}
	/* Written first after it went, and read back through another mapping. */
	assert_int_equal(madvise(map, POOL, MADV_DONTNEED), 0);
	map[POOL / 2] ^= 0xff;
	munmap(map, POOL);
	map = zc_map(fd, POOL);
	assert_int_equal(zc_differs(map, POOL, 1, 0), POOL / 2);
	munmap(map, POOL);
	close(fd);
}

/* mmap() fills the page table, so that nothing faults later. */
static void populated(void **state)
{
	int fd = zc_open_pool(8, POOL / 8);
	unsigned char *map = zc_map(fd, POOL);

	(void)state;
	for (size_t at = 0; at < POOL; at += ZC_PAGE)
		assert_int_not_equal(zc_pfn(map + at), 0);
	munmap(map, POOL);
	close(fd);
}

static void advice(void **state)
{
	static const int advices[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
		MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTFORK, MADV_DOFORK,
		MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK,
		MADV_KEEPONFORK, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE, MADV_COLLAPSE,
	};
	int fd = zc_open_pool(8, POOL / 8);
	unsigned char *map = zc_map(fd, POOL);
	struct zcdev_pool_info info;

	(void)state;
	zc_fill(map, POOL, 4, 0);
	for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++) {
		/* Taken or refused: no byte changes and nothing is lost. */
		madvise(map, POOL, advices[i]);
		madvise(map + ZC_PAGE, POOL / 2, advices[i]);
		if (zc_differs(map, POOL, 4, 0) != POOL)
			fail_msg("advice %d changed bytes", advices[i]);
	}
	assert_int_equal(zc_pool_info(fd, &info), 0);
	assert_int_equal(info.out_in_flight, 0);
	munmap(map, POOL);
	close(fd);
}

static void locked(void **state)
{
	int fd = zc_open_pool(8, POOL / 8);
	unsigned char *map = zc_map(fd, POOL);
	struct zcdev_pool_info info;

	(void)state;
	zc_fill(map, POOL, 5, 0);
	assert_int_equal(mlock(map, POOL), 0);
	assert_int_equal(munlock(map, POOL / 2), 0);
	assert_int_equal(munlock(map, POOL), 0);
	assert_int_equal(mlock2(map, POOL, MLOCK_ONFAULT), 0);
	assert_int_equal(mlockall(MCL_CURRENT | MCL_FUTURE), 0);
	assert_int_equal(munlockall(), 0);
	assert_int_equal(msync(map, POOL, MS_ASYNC), 0);
	assert_int_equal(zc_differs(map, POOL, 5, 0), POOL);
	assert_int_equal(zc_pool_info(fd, &info), 0);
	assert_int_equal(info.out_free, 8);
	munmap(map, POOL);
	close(fd);
}

struct racer {
	unsigned char *map;
	pthread_barrier_t barrier;
	int wrong;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	for (int i = 0; i < 50; i++) {
		pthread_barrier_wait(&r->barrier);
		for (size_t at = 0; at < POOL; at += ZC_PAGE)
			if (r->map[at] != zc_byte(6, at))
				__atomic_fetch_add(&r->wrong, 1,
						   __ATOMIC_RELAXED);
		if (pthread_barrier_wait(&r->barrier) ==
		    PTHREAD_BARRIER_SERIAL_THREAD)
			madvise(r->map, POOL, MADV_DONTNEED);
	}
	return NULL;
}

static void concurrent(void **state)
{
	int fd = zc_open_pool(8, POOL / 8);
	struct racer r = { .map = zc_map(fd, POOL) };
	struct zcdev_pool_info info;
	pthread_t threads[4];

	(void)state;
	zc_fill(r.map, POOL, 6, 0);
	pthread_barrier_init(&r.barrier, NULL, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, race, &r), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(r.wrong, 0);
	assert_int_equal(zc_pool_info(fd, &info), 0);
	assert_int_equal(info.out_free, 8);
	munmap(r.map, POOL);
	close(fd);
}

static int crash(void *arg)
{
	struct rlimit big = { RLIM_INFINITY, RLIM_INFINITY };

	*(volatile unsigned char *)arg ^= 0xff;
	setrlimit(RLIMIT_CORE, &big);
	/* Shared mappings of files are left out unless asked for. */
	zc_write_file("/proc/self/coredump_filter", "0x7f");
	abort();
}

/* Are the bytes of the pool in there, at the begin of a page? */
static bool core_holds(const char *name, size_t from, size_t len)
{
	static unsigned char page[ZC_PAGE], rest[POOL];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	bool found = false;
	off_t at = 0;

	assert_true(fd >= 0);
	while (!found && pread(fd, page, ZC_PAGE, at) == (ssize_t)ZC_PAGE) {
		found = zc_differs(page, ZC_PAGE, 7, from) == ZC_PAGE &&
			pread(fd, rest, len, at) == (ssize_t)len &&
			zc_differs(rest, len, 7, from) == len;
		at += ZC_PAGE;
	}
	close(fd);
	return found;
}

/* The dump holds the bytes of the pool, faulted in or not. */
static void core_dump(void **state)
{
	int fd = zc_open_pool(8, POOL / 8), status;
	unsigned char *map = zc_map(fd, POOL);
	char old[128] = "core";
	struct stat st;
	FILE *f = fopen("/proc/sys/kernel/core_pattern", "re");
	pid_t pid;

	(void)state;
	assert_non_null(f);
	assert_non_null(fgets(old, sizeof(old), f));
	fclose(f);
	zc_fill(map, POOL, 7, 0);
	assert_int_equal(madvise(map, POOL / 2, MADV_DONTNEED), 0);
	zc_write_file("/proc/sys/kernel/core_pattern", "core");
	pid = fork();
	if (!pid)
		_exit(crash(map));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	zc_write_file("/proc/sys/kernel/core_pattern", old);
	assert_true(WIFSIGNALED(status) && WCOREDUMP(status));
	assert_true(!stat("core", &st) && st.st_size > 0);
	/* All but the first page, which the child has changed. */
	assert_true(core_holds("core", ZC_PAGE, POOL - ZC_PAGE));
	unlink("core");
	munmap(map, POOL);
	close(fd);
	zc_assert_no_pools();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("mmap populates", populated),
		ZC_TEST("MADV_DONTNEED keeps the bytes and refills", dontneed),
		ZC_TEST("no advice changes a byte", advice),
		ZC_TEST("mlock, munlock, mlockall", locked),
		ZC_TEST("threads fault the same pages at once", concurrent),
		ZC_TEST("a core dump has its bytes", core_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
