// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation and every copy to the caller's memory that the kernel makes
 * fails once when a mapping is copied by fork, moved, split, cut or removed, when
 * its pages are faulted in again, and when the last process that has it exits
 * while a page is in a queue: the counts say who has what, no byte is lost,
 * nothing stays behind, and the same call then works.
 *
 * What fails is below the system call: so the page faults of this program, which
 * nobody could survive, are none of it.
 * only: debug
 * timeout: 60
 */
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "zc_fault_dev.h"

/* Where nothing else is, so that there are no page tables either. */
#define FAR	((unsigned char *)0x100000000000)

/**
 * struct change - what is done to a mapping of a whole pool
 * @name: for people
 * @under: symbol of the kernel: what it calls can fail
 * @change: do it; returns 0 or an errno
 * @maps: mappings there are then
 * @most: and at most, if it failed; one part may have been split off before that
 * @from: and what is mapped then begins at this offset of the pool
 * @gap: there is nothing where the second buffer was
 */
struct change {
	const char *name, *under;
	int (*change)(void);
	unsigned int maps, most;
	size_t from;
	bool gap;
};

static unsigned char *base;	/* where it is mapped */

/* What is still mapped is what it was. */
static void assert_bytes(size_t from, bool gap)
{
	for (size_t at = from; at < POOL; at += BUF)
		if (!gap || at != BUF)
			assert_int_equal(zc_differs(base + at, BUF, 3, at), BUF);
}

static uint32_t maps(void)
{
	return ZC_POOL_COUNT(dev, out_maps);
}

static bool mapped_at_base(const void *arg)
{
	mapped(arg);
	base = map;
	return true;
}

static int apply(const void *arg)
{
	const struct change *c = arg;

	return c->change();
}

static void check_change(const void *arg, int ret, bool injected)
{
	const struct change *c = arg;

	(void)injected;
	assert_int_equal(ret, ret ? ENOMEM : 0);
	if (ret) {
		assert_in_range(maps(), 1, c->most);
		assert_bytes(0, false);
		assert_int_equal(c->change(), 0);
		assert_in_range(maps(), c->maps, c->most);
	} else {
		assert_int_equal(maps(), c->maps);
	}
	if (c->maps)
		assert_bytes(c->from, c->gap);
	assert_free(maps());
}

/* However many parts it is in. */
static void remove_parts(const void *arg)
{
	munmap(base, POOL);
	map = NULL;
	assert_free(0);
	give_back(arg);
}

/* System calls, and no library around them */

static int cut_middle(void)
{
	return zc_errno(syscall(SYS_munmap, map + BUF, BUF));
}

static int cut_front(void)
{
	return zc_errno(syscall(SYS_munmap, map, BUF));
}

static int cut_all(void)
{
	return zc_errno(syscall(SYS_munmap, map, POOL));
}

static int split(void)
{
	return zc_errno(syscall(SYS_mprotect, map + BUF, BUF, PROT_READ));
}

static int move_far(void)
{
	long at = syscall(SYS_mremap, map, POOL, POOL,
			  MREMAP_MAYMOVE | MREMAP_FIXED, FAR);

	if (at == -1)
		return errno;
	base = FAR;
	return 0;
}

static void changes(void **state)
{
	static const struct change all[] = {
		{ "munmap in the middle", "__x64_sys_munmap", cut_middle, 2, 3,
		  0, true },
		{ "munmap in front", "__x64_sys_munmap", cut_front, 1, 2, BUF,
		  false },
		{ "munmap", "__x64_sys_munmap", cut_all, 0, 1, POOL, false },
		{ "mprotect in the middle", "__x64_sys_mprotect", split, 3, 3, 0,
		  false },
		{ "mremap", "__do_sys_mremap", move_far, 1, 1, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct zc_sweep sweep = {
			all[i].name, &all[i], mapped_at_base, apply, check_change,
			remove_parts,
		};

		zc_fault_within(zc_find_text(NULL, all[i].under), ZC_DEEP);
		zc_sweep_run(&sweep);
	}
}

/* fork: what copies the memory of a process is inlined into what copies all */

static pid_t child;

static int copy_process(const void *arg)
{
	(void)arg;
	child = syscall(SYS_clone, CLONE_FS | CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (!child)
		syscall(SYS_exit_group, zc_differs(map, POOL, 3, 0) != POOL);
	return zc_errno(child);
}

static void check_copied(const void *arg, int ret, bool injected)
{
	int status;

	(void)injected;
	assert_true(!ret || ret == ENOMEM || ret == EAGAIN);
	if (ret) {
		assert_int_equal(maps(), 1);
		assert_int_equal(copy_process(arg), 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_bytes(0, false);
	assert_free(1);
}

static void forks(void **state)
{
	static const struct zc_sweep sweep = {
		"fork", NULL, mapped_at_base, copy_process, check_copied,
		give_back,
	};

	(void)state;
	zc_fault_within(zc_find_text(NULL, "copy_process"), ZC_DEEP);
	zc_sweep_run(&sweep);
}

/*
 * read() into pages that are not there: they come by page faults, which find
 * their page tables, for nothing removes these under a mapping that stays.
 */

static int file = -1;
static ssize_t got;

static bool pages_gone(const void *arg)
{
	mapped_at_base(arg);
	file = zc_make_file("bytes", POOL, 9);
	zc_check_range(file, 0, POOL, 9, 0);
	assert_int_equal(madvise(map, POOL, MADV_DONTNEED), 0);
	assert_int_equal(zc_pfn(map), 0);
	return true;
}

static int read_all(const void *arg)
{
	(void)arg;
	got = syscall(SYS_pread64, file, map, POOL, 0);
	return zc_errno(got);
}

static void check_read(const void *arg, int ret, bool injected)
{
	assert_true(!ret || ret == ENOMEM || ret == EFAULT);
	assert_true(injected || got == POOL);
	if (!ret)
		assert_int_equal(zc_differs(map, got, 9, 0), got);
	/* What was there before is still there, where nothing came. */
	for (size_t at = ret ? 0 : got; at < POOL; at++)
		assert_true(map[at] == zc_byte(3, at) || map[at] == zc_byte(9, at));
	assert_int_equal(read_all(arg), 0);
	assert_int_equal(got, POOL);
	assert_int_equal(zc_differs(map, POOL, 9, 0), POOL);
	assert_free(1);
}

static void close_file(const void *arg)
{
	close(file);
	give_back(arg);
}

static void page_faults(void **state)
{
	static const struct zc_sweep sweep = {
		"read into pages that are gone", NULL, pages_gone, read_all,
		check_read, close_file,
	};

	(void)state;
	zc_fault_within(zc_find_text(NULL, "__x64_sys_pread64"), ZC_DEEP);
	zc_sweep_run(&sweep);
}

/* The last holder exits, and a page is in a queue */

static int queue[2], go[2];

/* It waits for us, and is armed from outside. */
static bool holder_waits(const void *arg)
{
	char byte;

	mapped_at_base(arg);
	zc_unix_pair(queue);
	assert_int_equal(zc_queue(queue[0], map, BUF), 0);
	assert_int_equal(zc_in_flight(dev), 1);
	zc_must(!pipe2(go, O_CLOEXEC));
	child = fork();
	zc_must(child >= 0);
	if (!child) {
		close(go[1]);
		(void)!read(go[0], &byte, 1);
		syscall(SYS_exit_group, 0);
	}
	assert_int_equal(munmap(map, POOL), 0);
	map = NULL;
	close(dev);
	dev = -1;
	zc_fault_aim(child);
	return true;
}

/* It stays a zombie that can be asked whether it met the fault. */
static int let_exit(const void *arg)
{
	siginfo_t info = {};

	(void)arg;
	close(go[1]);
	if (waitid(P_PID, child, &info, WEXITED | WNOWAIT))
		return errno;
	return info.si_code == CLD_EXITED ? info.si_status : EIO;
}

static void check_gone(const void *arg, int ret, bool injected)
{
	unsigned char bytes[BUF];
	int any = zc_open();

	(void)arg;
	(void)injected;
	assert_int_equal(ret, 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(zc_wait_until(20, zc_total_bytes(any) == BUF));
	assert_int_equal(recv(queue[1], bytes, BUF, MSG_WAITALL), BUF);
	assert_int_equal(zc_differs(bytes, BUF, 3, 0), BUF);
	close(any);
	zc_assert_no_pools();
	assert_int_equal(zc_module_refs(), 0);
}

static void close_queue(const void *arg)
{
	(void)arg;
	close(queue[0]);
	close(queue[1]);
	close(go[0]);
	zc_fault_aim(0);
}

static void exits(void **state)
{
	static const struct zc_sweep sweep = {
		"exit with a page out", NULL, holder_waits, let_exit, check_gone,
		close_queue,
	};

	(void)state;
	zc_fault_within(zc_find_text(NULL, "do_exit"), ZC_DEEP);
	zc_sweep_run(&sweep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("mappings that are cut and moved meet every fault",
			changes),
		ZC_TEST("fork meets every fault", forks),
		ZC_TEST("reading into a mapping meets every fault", page_faults),
		ZC_TEST("exit meets every fault", exits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
