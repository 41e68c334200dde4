/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory seen from outside: where pages are, how much is free, who holds it.
 */
#ifndef ZC_MEM_H
#define ZC_MEM_H

#include <sys/uio.h>

#include "zc.h"
#include "zc_task.h"

#define ZC_PAGE	4096UL

/* All of a pool, or its first @len bytes. */
static inline unsigned char *zc_map(int fd, size_t len)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	return map;
}

/* Buffers of a pool that somebody outside references. */
static inline uint32_t zc_in_flight(int fd)
{
	struct zcdev_pool_info info;

	assert_int_equal(zc_pool_info(fd, &info), 0);
	assert_int_equal(info.out_free + info.out_acquired + info.out_staging +
			 info.out_in_flight, info.out_count);
	return info.out_in_flight;
}

/* Page frame number behind @addr of this process, 0 if there is none. */
static inline uint64_t zc_pfn(const volatile void *addr)
{
	static int fd = -1;
	uint64_t entry = 0;

	if (fd < 0)
		fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &entry, sizeof(entry),
			       (uintptr_t)addr / ZC_PAGE * sizeof(entry)),
			 sizeof(entry));
	return entry >> 63 ? entry & ((1ULL << 55) - 1) : 0;
}

/* Lines "NAME: N kB", or "NAME N". */
static inline long zc_proc_value(const char *path, const char *name)
{
	char line[256];
	long value = -1;
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	while (value < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) &&
		    strchr(": \t", line[strlen(name)]))
			value = atol(line + strlen(name) + 1);
	fclose(f);
	return value;
}

static inline void zc_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != len)
		fail_msg("%s: %s", path, strerror(errno));
	close(fd);
}

/* Which unit tests run whenever the module is loaded, where a kernel has them. */
static inline void zc_unit_tests(const char *which)
{
	static const char *const filter = "/sys/module/kunit/parameters/filter_glob";

	if (!access(filter, F_OK))
		zc_write_file(filter, which);
}

/* Who uses the module: open files, and mappings that outlive them. */
static inline int zc_module_refs(void)
{
	int n = -1;
	FILE *f = fopen("/sys/module/zcdev/refcnt", "re");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &n), 1);
	fclose(f);
	return n;
}

/* KiB that are free or could be at once. */
static inline long zc_available(void)
{
	zc_write_file("/proc/sys/vm/drop_caches", "3");
	return zc_proc_value("/proc/meminfo", "MemAvailable");
}

/* KiB that are in use, and neither a cache's nor a process's, a slab's or a table's. */
static inline long zc_nobodys(void)
{
	static const char *const owners[] = {
		"MemFree", "Buffers", "Cached", "SwapCached", "AnonPages", "Slab",
		"KernelStack", "PageTables", "VmallocUsed", "Percpu",
	};
	long kib = zc_proc_value("/proc/meminfo", "MemTotal");

	for (size_t i = 0; i < sizeof(owners) / sizeof(*owners); i++)
		kib -= zc_proc_value("/proc/meminfo", owners[i]);
	return kib;
}

/*
 * What drivers and sockets have, and what one of them lost, once it is at rest:
 * free pages that a CPU has put aside are counted as nobody's until it gives
 * them back, which it does bit by bit, whenever its statistics are asked for.
 */
static inline long zc_unaccounted(void)
{
	int calm = 0, ask = open("/proc/sys/vm/stat_refresh", O_RDONLY | O_CLOEXEC);
	long before, kib = zc_nobodys();
	char nothing;

	for (int i = 0; calm < 5 && i < 200; i++) {
		assert_int_equal(pread(ask, &nothing, 1, 0), 0);
		usleep(20000);
		before = kib;
		kib = zc_nobodys();
		calm = labs(kib - before) < 64 ? calm + 1 : 0;
	}
	close(ask);
	return kib;
}

/* What a test does to a module parameter ends with the test, however it ends. */
static const char *const zc_params[] = {
	"max_pool_mib", "max_total_mib", "default_buf_kib", "default_count",
};

static char zc_params_old[4][16];

static inline void zc_param(const char *name, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/zcdev/parameters/%s", name);
	zc_write_file(path, value);
}

static inline int zc_keep_params(void **state)
{
	char path[64];

	(void)state;
	for (int i = 0; i < 4; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "/sys/module/zcdev/parameters/%s",
			 zc_params[i]);
		f = fopen(path, "re");
		if (!f || !fgets(zc_params_old[i], 16, f))
			return -1;
		fclose(f);
	}
	return 0;
}

static inline int zc_restore_params(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		zc_param(zc_params[i], zc_params_old[i]);
	return 0;
}

#define ZC_TEST_PARAMS(property, fn) \
	{ property, fn, zc_keep_params, zc_restore_params, NULL }

/*
 * Queue @len bytes of memory in a stream by reference: the queue holds the
 * page, nothing is copied. Returns 0 or an errno.
 */
static inline int zc_queue(int sock, const void *mem, size_t len)
{
	struct iovec iov = { (void *)mem, len };
	int p[2], ret = 0;

	if (pipe2(p, O_CLOEXEC))
		return errno;
	if (vmsplice(p[1], &iov, 1, 0) != (ssize_t)len ||
	    splice(p[0], NULL, sock, NULL, len, 0) != (ssize_t)len)
		ret = errno ?: EIO;
	close(p[0]);
	close(p[1]);
	return ret;
}

#endif /* ZC_MEM_H */
