/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fault injection: the n-th allocation, or copy from or to user memory, that
 * this thread makes on behalf of some kernel text fails, for n from 1 on until
 * none is left to fail.
 *
 * By default the kernel spares whoever may sleep, and orders above 0: then
 * nothing at all would be injected, and a sweep without faults has failed. The
 * kernel must have CONFIG_FAULT_INJECTION_STACKTRACE_FILTER: what is below the
 * text on the stack can fail, be it in a file system; what is above it cannot.
 */
#ifndef ZC_FAULT_H
#define ZC_FAULT_H

#include <inttypes.h>
#include <sys/mount.h>

#include "zc_mem.h"
#include "zc_sock.h"

#define ZC_FAULTS_MAX	3000	/* no call makes so many allocations */
#define ZC_FAULT_LOST	3072	/* KiB: stacks that the kernel had not seen before */

static const char *const zc_fault_kinds[] = {
	"failslab", "fail_page_alloc", "fail_usercopy",
};

/* A range of addresses of the kernel. */
struct zc_text {
	unsigned long start, end;
};

static inline void zc_fault_knob(const char *kind, const char *knob,
				 const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", kind, knob);
	/* Not every kind has every knob. By our effective uid, as in writing. */
	if (!faccessat(AT_FDCWD, path, F_OK, AT_EACCESS))
		zc_write_file(path, value);
}

/* All of the kernel. */
#define ZC_ALL_TEXT	((struct zc_text) { 0, ~0UL })

/* Text symbols of @module, or one @symbol of the kernel with what it inlined. */
static inline struct zc_text zc_find_text(const char *module, const char *symbol)
{
	struct zc_text text = { ~0UL, 0 };
	char line[512], name[256], of[64], type;
	unsigned long addr, start = 0;
	FILE *f = fopen("/proc/kallsyms", "re");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		*of = 0;
		if (sscanf(line, "%lx %c %255s [%63[^]]", &addr, &type, name,
			   of) < 3 || !strchr("tTwW", type))
			continue;
		if (symbol && !*of && !strcmp(name, symbol))
			start = addr;
		if (symbol && start && addr > start && addr < text.start) {
			text.start = addr;
			text.end = addr;
		}
		if (module && !strcmp(of, module)) {
			text.start = addr < text.start ? addr : text.start;
			text.end = addr > text.end ? addr : text.end;
		}
	}
	fclose(f);
	if (symbol)
		text.start = start;
	else
		text.end += 0x1000;	/* the last function */
	assert_true(text.start && text.start < text.end);
	return text;
}

/*
 * Everything under @text can fail, if that is among the innermost @depth callers;
 * but for what kmemleak allocates to remember an allocation, which would double
 * the number of faults and teach nothing.
 */
static inline void zc_fault_within(struct zc_text text, unsigned int depth)
{
	struct zc_text leak = zc_find_text(NULL, "__alloc_object");
	char start[32], end[32], from[32], to[32], frames[16];

	snprintf(start, sizeof(start), "%#lx", text.start);
	snprintf(end, sizeof(end), "%#lx", text.end);
	snprintf(from, sizeof(from), "%#lx", leak.start);
	snprintf(to, sizeof(to), "%#lx", leak.end);
	snprintf(frames, sizeof(frames), "%u", depth);
	for (size_t i = 0; i < 3; i++) {
		const char *kind = zc_fault_kinds[i];

		zc_fault_knob(kind, "ignore-gfp-wait", "N");
		zc_fault_knob(kind, "ignore-gfp-highmem", "N");
		zc_fault_knob(kind, "min-order", "0");
		zc_fault_knob(kind, "verbose", "0");
		zc_fault_knob(kind, "stacktrace-depth", frames);
		zc_fault_knob(kind, "require-start", start);
		zc_fault_knob(kind, "require-end", end);
		zc_fault_knob(kind, "reject-start", from);
		zc_fault_knob(kind, "reject-end", to);
	}
}

#define ZC_DEEP	32	/* as deep as the kernel looks */

static __thread int zc_fault_target = -1;

/* Whom faults meet from now on: another process, or with 0 who calls this. */
static inline void zc_fault_aim(pid_t pid)
{
	char path[64] = "/proc/thread-self/fail-nth";

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
	if (zc_fault_target >= 0)
		close(zc_fault_target);
	zc_fault_target = open(path, O_RDWR | O_CLOEXEC);
	assert_true(zc_fault_target >= 0);
}

static inline int zc_fault_fd(void)
{
	if (zc_fault_target < 0)
		zc_fault_aim(0);
	return zc_fault_target;
}

/* The @n-th from now on fails. */
static inline void zc_fault_arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	/* Where all of the kernel can fail, this can too, once. */
	if (pwrite(zc_fault_fd(), text, len, 0) != len)
		assert_int_equal(pwrite(zc_fault_fd(), text, len, 0), len);
}

/* No more. Did one, before this? */
static inline bool zc_fault_disarm(void)
{
	char text[16] = "";
	bool hit_us = pread(zc_fault_fd(), text, sizeof(text) - 1, 0) < 0;

	zc_fault_arm(0);
	return !hit_us && !atoi(text);
}

/*
 * All that this thread allocates under @text fails, until zc_fault_some(): for
 * what tries once more, and has to fail twice.
 */
static inline void zc_fault_all(struct zc_text text)
{
	zc_fault_within(text, ZC_DEEP);
	zc_write_file("/proc/thread-self/make-it-fail", "1");
	zc_fault_knob("failslab", "task-filter", "Y");
	zc_fault_knob("failslab", "times", "100");
	zc_fault_knob("failslab", "probability", "100");
}

static inline void zc_fault_some(void)
{
	zc_fault_knob("failslab", "probability", "0");
	zc_fault_knob("failslab", "times", "1");
	zc_fault_knob("failslab", "task-filter", "N");
	zc_write_file("/proc/thread-self/make-it-fail", "0");
}

/**
 * struct zc_sweep - something that is tried with each fault that it can meet
 * @name: for people
 * @arg: for the functions
 * @begin: set the stage, without faults; false, the first time: not on this
 *	kernel
 * @act: what meets the fault, system calls only; returns 0 or an errno
 * @check: was the result right? @injected: a fault was met
 * @end: strike the stage
 */
struct zc_sweep {
	const char *name;
	const void *arg;
	bool (*begin)(const void *arg);
	int (*act)(const void *arg);
	void (*check)(const void *arg, int ret, bool injected);
	void (*end)(const void *arg);
};

/* Returns how many faults there are to meet; 0: this kernel cannot. */
static inline unsigned int zc_sweep_try(const struct zc_sweep *s)
{
	double start = zc_now();
	unsigned int n = 0, failed = 0;
	bool injected;
	int ret;

	do {
		if (!s->begin(s->arg)) {
			/* Faults that went before must not be what is in the way. */
			if (n)
				fail_msg("%s: no stage after fault %u", s->name, n);
			return 0;
		}
		zc_fault_arm(++n);
		ret = s->act(s->arg);
		injected = zc_fault_disarm();
		failed += !!ret;
		if (!injected && ret)
			fail_msg("%s fails without a fault: %s", s->name,
				 strerrorname_np(ret));
		if (n == 1 || !injected)
			zc_case("%s: fault %u, %.1f s", s->name, n,
				zc_now() - start);
		s->check(s->arg, ret, injected);
		s->end(s->arg);
		assert_true(n < ZC_FAULTS_MAX);
	} while (injected);
	printf("# %s: %u faults, %u reported, %.1f s\n", s->name, n - 1, failed,
	       zc_now() - start);
	if (n == 1)
		fail_msg("%s: nothing was injected", s->name);
	return n - 1;
}

/* Likewise, of what every kernel that injects faults can do. */
static inline void zc_sweep_run(const struct zc_sweep *s)
{
	if (!zc_sweep_try(s))
		fail_msg("%s: no stage", s->name);
}

static long zc_fault_nobodys;

/* kmemleak does not see whole pages: they are counted before and after all. */
static inline void zc_fault_pages_before(void)
{
	zc_fault_nobodys = zc_unaccounted();
}

static inline void zc_fault_pages_after(void)
{
	long lost = zc_unaccounted() - zc_fault_nobodys;

	printf("# %ld KiB more than before are nobody's\n", lost);
	assert_true(lost < ZC_FAULT_LOST);
}

/* A scratch file system as the current directory: it will be short of memory. */
static inline void zc_fault_stage(void)
{
	const char *disk = getenv("SCRATCH_NVME") ?: "";
	char command[256];

	snprintf(command, sizeof(command), "mkfs.ext4 -q -F -E "
		 "lazy_itable_init=1,lazy_journal_init=1 %s 65536", disk);
	assert_int_equal(system(command), 0);
	mkdir("mnt", 0755);
	assert_int_equal(mount(disk, "mnt", "ext4", 0, ""), 0);
	assert_int_equal(chdir("mnt"), 0);
	zc_fault_pages_before();
}

/* Nobody kept a file of it, nor one of ours. */
static inline void zc_fault_unstage(void)
{
	assert_int_equal(chdir(".."), 0);
	assert_int_equal(umount("mnt"), 0);
	zc_assert_no_pools();
	assert_int_equal(zc_module_refs(), 0);
	zc_fault_pages_after();
}

#endif /* ZC_FAULT_H */
