// SPDX-License-Identifier: GPL-2.0
/*
 * Little memory: in a cgroup that swaps all the time, in one whose members are
 * killed for it, while swap is turned off, and in all of the machine, with nearly
 * none and with none. Transfers move the right bytes or say that there is no
 * memory; what the dead had comes back.
 * timeout: 240
 * expects: Out of memory:
 */
#include <sys/swap.h>

#include "zc_cgroup.h"
#include "zc_disk.h"
#include "zc_sock.h"

#define SIZE	(4 * MiB + 5)
#define BUF	(256 * KiB)
#define ALL	(16 * GiB)	/* more than a guest has */

static bool swapping;		/* this kernel has swap, and it is on */

static int set_up(void **state)
{
	int fd = open("swap", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	if (!zc_cgroup_make("+memory"))
		return -1;
	if (posix_fallocate(fd, 0, 96 * MiB) || system("mkswap swap >/dev/null"))
		return -1;
	close(fd);
	swapping = !swapon("swap", 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	swapoff("swap");
	return zc_cgroup_remove("-memory");
}

/* In a child: it and its threads from now on. */
static void enter(const char *max, const char *swap_max)
{
	zc_tell(ZC_CGROUP "/memory.max", max);
	if (!access(ZC_CGROUP "/memory.swap.max", F_OK))
		zc_tell(ZC_CGROUP "/memory.swap.max", swap_max);
	zc_cgroup_enter();
}

/* Addresses, of memory that comes by large pages if there is much of it. */
static unsigned char *reserve(size_t len)
{
	unsigned char *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE |
				  MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	zc_must(mem != MAP_FAILED);
	if (len >= GiB)
		madvise(mem, len, MADV_HUGEPAGE);
	return mem;
}

/* Touches so much memory again and again. */
static void *hog(void *arg)
{
	size_t len = (size_t)arg;
	volatile unsigned char *mem = reserve(len);

	for (;;)
		for (size_t at = 0; at < len; at += ZC_PAGE)
			mem[at]++;
	return NULL;
}

/* One to a file, one to a socket: whole, or short of memory. Returns those whole. */
static int move_both(int zc, int src)
{
	int dst = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), fds[2];
	struct zc_reader r = { .seed = 1 };
	struct zc_xfer x = zc_xfer(src, dst);
	static char buf[64 * KiB];
	int whole = 0, ret;

	x.end[0].flags = ZCDEV_END_OFFSET;
	ret = zc_xfer_run(zc, &x);
	zc_must(ret == 0 || ret == ENOMEM);
	for (size_t at = 0; !ret && at < x.t.out_bytes;) {
		ssize_t n = pread(dst, buf, sizeof(buf), at);

		zc_must(n > 0 && zc_differs(buf, n, 1, at) == (size_t)n);
		at += n;
	}
	whole += !ret && x.t.out_bytes == SIZE;
	close(dst);

	zc_must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	r.fd = fds[1];
	zc_must(!pthread_create(&r.thread, NULL, zc_reader_run, &r));
	x = zc_xfer(src, fds[0]);
	x.end[0].flags = ZCDEV_END_OFFSET;
	ret = zc_xfer_run(zc, &x);
	close(fds[0]);
	pthread_join(r.thread, NULL);
	close(fds[1]);
	zc_must(ret == 0 || ret == ENOMEM || ret == ENOBUFS);
	zc_must(r.bad == UINT64_MAX && r.bytes == (ret ? 0 : x.t.out_bytes));
	return whole + (!ret && x.t.out_bytes == SIZE);
}

static int move_in_need(void *arg)
{
	int zc, src = open("src", O_RDONLY | O_CLOEXEC), whole = 0;
	pthread_t thread;

	(void)arg;
	enter("40M", "max");
	zc = open("/dev/zcdev", O_RDWR | O_CLOEXEC);
	zc_must(!zc_pool_create(zc, 8, BUF, 0));
	zc_must(!pthread_create(&thread, NULL, hog, (void *)(56 * MiB)));
	for (int i = 0; i < 8; i++)
		whole += move_both(zc, src);
	return whole;
}

static void need(void **state)
{
	int src = zc_make_file("src", SIZE, 1), whole;

	(void)state;
	if (!swapping)
		skip();
	whole = zc_child(move_in_need, NULL);
	printf("# %d of 16 transfers had memory enough\n", whole);
	assert_true(whole > 0);
	close(src);
	zc_assert_no_pools();
}

/* Whom the kernel kills, and where memory ends. */

static void of_the_group(void)
{
	enter("24M", "0");
}

static void of_the_machine(void)
{
	zc_tell("/proc/self/oom_score_adj", "1000");
}

/* Pages in the parent's pipe, then more memory than there may be. */
static void overdo(int pipe, void (*become_victim)(void))
{
	int zc = open("/dev/zcdev", O_RDWR | O_CLOEXEC);
	unsigned char *map;
	struct iovec iov;

	become_victim();
	zc_must(!zc_pool_create(zc, 8, BUF, 0));
	map = mmap(NULL, 8 * BUF, PROT_READ | PROT_WRITE, MAP_SHARED, zc, 0);
	zc_must(map != MAP_FAILED);
	zc_fill(map, 8 * BUF, 4, 0);
	iov = (struct iovec) { map + BUF, 4 * ZC_PAGE };
	zc_must(vmsplice(pipe, &iov, 1, 0) == 4 * ZC_PAGE);
	hog((void *)ALL);
}

/* Only what was in the pipe is left of it, and then nothing. @others: bytes of pools. */
static void assert_killed(int look, void (*become_victim)(void), uint64_t others)
{
	unsigned char got[4 * ZC_PAGE];
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		overdo(fds[1], become_victim);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_true(zc_wait_until(5, zc_total_bytes(look) == others + BUF));
	assert_int_equal(read(fds[0], got, sizeof(got)), sizeof(got));
	assert_int_equal(zc_differs(got, sizeof(got), 4, BUF), sizeof(got));
	assert_true(zc_wait_until(5, zc_total_bytes(look) == others));
	close(fds[0]);
	close(fds[1]);
}

static void killed(void **state)
{
	int look = zc_open();

	(void)state;
	for (int round = 0; round < 3; round++)
		assert_killed(look, of_the_group, 0);
	close(look);
}

/* One who moves all the while, until the parent is content. */
static int move_beside(int ready, const volatile bool *enough)
{
	int zc = open("/dev/zcdev", O_RDWR | O_CLOEXEC), whole = 0;
	int src = open("src", O_RDONLY | O_CLOEXEC);

	zc_must(!zc_pool_create(zc, 8, BUF, 0));
	zc_must(write(ready, "", 1) == 1);
	while (!*enough)
		whole += move_both(zc, src);
	printf("# %d transfers beside it had memory enough\n", whole);
	return whole ? 0 : ZC_BROKEN;
}

static void run_out(void)
{
	bool *enough = mmap(NULL, ZC_PAGE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int src = zc_make_file("src", SIZE, 1), look = zc_open(), fds[2], status;
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(move_beside(fds[1], enough));
	assert_int_equal(read(fds[0], &byte, 1), 1);
	/* It would only take longer until there is none. */
	swapoff("swap");
	assert_killed(look, of_the_machine, 8 * BUF);
	*enough = true;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	munmap(enough, ZC_PAGE);
	close(fds[0]);
	close(fds[1]);
	close(look);
	close(src);
	zc_assert_no_pools();
}

static void none(void **state)
{
	(void)state;
	/* There it takes many minutes until the last page is gone. */
	if (zc_debug_kernel())
		skip();
	run_out();
}

/* What was swapped out comes back in between, around a pool that never was. */
static int move_without_swap(void *arg)
{
	int zc, src = open("src", O_RDONLY | O_CLOEXEC);
	unsigned char *map;
	pthread_t thread;

	(void)arg;
	enter("40M", "max");
	zc = open("/dev/zcdev", O_RDWR | O_CLOEXEC);
	zc_must(!zc_pool_create(zc, 8, BUF, 0));
	map = mmap(NULL, 8 * BUF, PROT_READ | PROT_WRITE, MAP_SHARED, zc, 0);
	zc_must(map != MAP_FAILED);
	zc_must(!pthread_create(&thread, NULL, hog, (void *)(56 * MiB)));
	for (int i = 0; i < 4; i++) {
		move_both(zc, src);
		if (i == 1) {
			zc_tell(ZC_CGROUP "/memory.max", "max");
			zc_must(!swapoff("swap"));
		}
	}
	return 0;
}

static void swap_goes(void **state)
{
	int src = zc_make_file("src", SIZE, 1);

	(void)state;
	if (!swapping)
		skip();
	assert_int_equal(zc_child(move_without_swap, NULL), 0);
	close(src);
	zc_assert_no_pools();
	assert_int_equal(swapon("swap", 0), 0);
}

#define SPARE	(40 * 1024)	/* KiB that the machine keeps */

/* Takes what memory there is, and does not let go of it. */
static void take_all(void)
{
	unsigned char *mem = reserve(ALL);

	for (size_t at = 0; zc_proc_value("/proc/meminfo", "MemAvailable") > SPARE;
	     at += 8 * MiB)
		zc_must(at < ALL && !mlock(mem + at, 8 * MiB));
}

/* A pool that is more than there is, and then one that fits. */
static int move_with_nearly_none(void *arg)
{
	int zc = open("/dev/zcdev", O_RDWR | O_CLOEXEC), whole = 0, ret;
	int src = open("src", O_RDONLY | O_CLOEXEC);

	(void)arg;
	take_all();
	ret = zc_pool_create(zc, 256, MiB, 0);
	if (ret != ENOMEM) {
		fprintf(stderr, "# 256 MiB: %s\n", strerrorname_np(ret) ?: "0");
		return ZC_BROKEN;
	}
	zc_must(!zc_pool_create(zc, 8, BUF, 0));
	for (int i = 0; i < 4; i++)
		whole += move_both(zc, src);
	return whole;
}

static void nearly_none(void **state)
{
	int src = zc_make_file("src", SIZE, 1);

	(void)state;
	assert_int_equal(zc_child(move_with_nearly_none, NULL), 8);
	close(src);
	zc_assert_no_pools();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("in a cgroup that swaps, bytes are right", need),
		ZC_TEST("who is killed for want of memory leaves nothing", killed),
		ZC_TEST("swapoff in the middle of it", swap_goes),
		ZC_TEST("with nearly no free memory, all moves", nearly_none),
		ZC_TEST("with none, one is killed, and all else goes on", none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
