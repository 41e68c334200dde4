// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of the guest that the selftests run in.
 *
 * Brings up what a test may rely on, runs every program in /tests in turn, each
 * with a time limit and in its own directory and mount namespace, and holds
 * each of them responsible for what the kernel logged meanwhile. At the end the
 * module has to go, and the memory has to come back.
 *
 * The verdict leaves as TAP on a virtio port, never on the console, where
 * anybody can write. The host knows from "# start NAME SECONDS" whom to blame
 * for a guest that dies, and from the plan "1..N", which comes last, that
 * nothing is missing.
 *
 * Kernel parameters that reach us as environment:
 *   zcdev_run=tests    the above
 *   zcdev_run=shell    a shell on the console instead
 *   zcdev_run=PATH     that program, its output on the port
 *   zcdev_kernel=NAME  which kernel this is, for tests too
 *   zcdev_slow=N       all time limits times N
 *   zcdev_soak=N       how many seconds soak takes; so many more for every test
 *   zcdev_seed=N       what it does
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT	60	/* seconds, for a test that names none */
#define MEMORY_SLACK	32	/* MiB that slabs and the like may keep */

static FILE *port;		/* to the host */
static int kmsg = -1;		/* the kernel log, read so far */
static unsigned int points;	/* TAP test points reported */
static unsigned int slow = 1;
static char expected[256];	/* what else would be a splat, while a test runs that causes it */

/* What the kernel prints when something is wrong, whatever the checker. */
static const char *const splats[] = {
	"WARNING:", "BUG:", "kernel BUG at", "Oops", "KASAN", "UBSAN", "KFENCE",
	"general protection fault", "refcount_t:",
	"list_add corruption", "list_del corruption",
	"possible recursive locking", "possible circular locking",
	"possible irq lock inversion", "inconsistent lock state",
	"held lock freed", "suspicious RCU usage", "DEBUG_LOCKS_WARN_ON",
	"INFO: task", "rcu: INFO:", "soft lockup", "workqueue lockup",
	"scheduling while atomic", "sleeping function called",
	"memory leaks", "unreferenced object", "Bad page state",
	"page allocation failure", "Out of memory:", "Kernel panic",
	/* Poisoned pages that somebody wrote to. */
	"pagealloc: ",
	/* Checkers that switch themselves off. */
	"trying to register non-static key", "ODEBUG disabled",
};

static void die(const char *what)
{
	fprintf(port ?: stderr, "Bail out! init: %s: %s\n", what, strerror(errno));
	fflush(NULL);
	/* For the host to hear it; to wait for disks may be what cannot be done. */
	usleep(500000);
	reboot(RB_AUTOBOOT);
	_exit(1);
}

/* One TAP line to the host. */
__attribute__((format(printf, 2, 3)))
static void point(bool ok, const char *fmt, ...)
{
	va_list args;

	fprintf(port, "%sok %u - ", ok ? "" : "not ", ++points);
	va_start(args, fmt);
	vfprintf(port, fmt, args);
	va_end(args);
	fputc('\n', port);
	fflush(port);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static int spawn(char *const argv[])
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

#define run(...) spawn((char *[]){ __VA_ARGS__, NULL })

/* Bring up */

static void mount_one(const char *type, const char *where, const char *options)
{
	mkdir(where, 0755);
	/* Not every kernel has every file system. */
	mount(type, where, type, 0, options);
}

static void mount_all(void)
{
	mount_one("devtmpfs", "/dev", NULL);
	mount_one("proc", "/proc", NULL);
	mount_one("sysfs", "/sys", NULL);
	mount_one("devpts", "/dev/pts", NULL);
	mount_one("tmpfs", "/dev/shm", NULL);
	mount_one("tmpfs", "/tmp", "mode=1777");
	mount_one("tmpfs", "/run", NULL);
	mount_one("debugfs", "/sys/kernel/debug", NULL);
	mount_one("tracefs", "/sys/kernel/tracing", NULL);
	mount_one("cgroup2", "/sys/fs/cgroup", NULL);
	mount_one("bpf", "/sys/fs/bpf", NULL);
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
}

/* The port shows up a moment after its driver, as the first and only one. */
static void open_port(void)
{
	int fd = -1;

	for (int i = 0; i < 1000 && fd < 0; i++) {
		fd = open("/dev/vport0p1", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			usleep(10000);
	}
	if (fd >= 0)
		port = fdopen(fd, "w");
	if (!port)
		die("no virtio port to the host");
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		die("loopback");
	close(fd);
}

static void set_up(void)
{
	struct rlimit files = { 1024, 4096 };

	mount_all();
	run("modprobe", "-a", "-q", "virtio_pci", "virtio_console", "virtio_blk", "configfs");
	mount_one("configfs", "/sys/kernel/config", NULL);
	open_port();
	loopback_up();
	sethostname("zcdev", 5);
	setrlimit(RLIMIT_NOFILE, &files);
	write_file("/proc/sys/kernel/kptr_restrict", "0");
	write_file("/proc/sys/kernel/printk_ratelimit", "0");
	mkdir("/mnt/ext4", 0755);
	if (mount("/dev/vda", "/mnt/ext4", "ext4", MS_NOATIME, "noinit_itable"))
		die("/dev/vda on /mnt/ext4");
}

/* The kernel log */

/* The text of the next record; NULL when there is none for now. */
static char *kmsg_line(void)
{
	static char record[8192];
	char *text;
	ssize_t len;

	do
		len = read(kmsg, record, sizeof(record) - 1);
	while (len < 0 && errno == EPIPE);
	if (len <= 0)
		return NULL;
	record[len] = 0;
	text = strchr(record, ';');
	text = text ? text + 1 : record;
	text[strcspn(text, "\n")] = 0;
	return text;
}

static bool is_splat(const char *line)
{
	/* Races of the kernel with itself are known to it, and not ours. */
	if (strstr(line, "KCSAN") && !strstr(line, "[zcdev]"))
		return false;
	if (*expected && strstr(line, expected))
		return false;
	for (size_t i = 0; i < sizeof(splats) / sizeof(*splats); i++)
		if (strstr(line, splats[i]))
			return true;
	return false;
}

/* Blame @name for the first splat in what was logged since we looked last. */
static void check_kmsg(const char *name)
{
	unsigned int shown = 0;
	const char *line;

	while ((line = kmsg_line())) {
		if (!shown && is_splat(line)) {
			point(false, "%s: the kernel complained", name);
			shown = 1;
		}
		if (shown && shown++ < 60)
			fprintf(port, "# %s\n", line);
	}
	fflush(port);
}

/* One test */

struct test {
	const char *name;
	unsigned int done;	/* points it reported */
	unsigned int failed;
	int planned;		/* -1: it never said */
	bool skipped;		/* the whole of it: "1..0 # SKIP why" */
};

/* Pass a TAP line of the test on under our numbering, all else as comment. */
static void test_line(struct test *t, const char *line)
{
	bool ok = !strncmp(line, "ok ", 3);
	const char *text = line + (ok ? 3 : 7);
	char *end;

	if (sscanf(line, "1..%d", &t->planned) == 1) {
		const char *why = strstr(line, "# SKIP");

		if (!t->planned && why) {
			t->skipped = true;
			point(true, "%s %s", t->name, why);
		}
		return;
	}
	if (!ok && strncmp(line, "not ok ", 7)) {
		if (*line && strncmp(line, "TAP version", 11))
			fprintf(port, "# %s\n", *line == '#' ? line + 1 + (line[1] == ' ') : line);
		fflush(port);
		return;
	}
	/* Drop its number: "ok 3 - description" */
	strtoul(text, &end, 10);
	text = end + strspn(end, " -");
	t->done++;
	/* cmocka writes a skipped test as "not ok". */
	ok = ok || strstr(text, "# SKIP");
	t->failed += !ok;
	point(ok, "%s: %s", t->name, text);
}

static void test_child(const char *path, const char *dir, int out)
{
	int null = open("/dev/null", O_RDONLY);

	setsid();
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		perror("mount namespace");
	if (chdir(dir))
		perror(dir);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	signal(SIGPIPE, SIG_DFL);
	execl(path, path, NULL);
	printf("# %s: %s\n", path, strerror(errno));
	fflush(stdout);
	_exit(127);
}

/* Feed whole lines from @fd to test_line(); false at the end of the file. */
static bool test_output(struct test *t, int fd, char *buf, size_t size, size_t *used)
{
	ssize_t len = read(fd, buf + *used, size - 1 - *used);
	char *line = buf, *end;

	if (len <= 0)
		return len < 0 && (errno == EAGAIN || errno == EINTR);
	*used += len;
	buf[*used] = 0;
	while ((end = strchr(line, '\n')) || line + size - 1 == buf + *used) {
		if (end)
			*end = 0;
		test_line(t, line);
		line = end ? end + 1 : buf + *used;
	}
	*used -= line - buf;
	memmove(buf, line, *used + 1);
	return true;
}

/* Kill whatever the test left running; a process that will not die is a bug. */
static void kill_all(const char *name)
{
	double until = now() + 10 * slow;
	DIR *proc;
	struct dirent *d;

	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		kill(-1, SIGKILL);
		if (now() > until)
			goto stuck;
		usleep(1000);
	}
	return;
stuck:
	point(false, "%s: leaves a process that cannot be killed", name);
	proc = opendir("/proc");
	while (proc && (d = readdir(proc))) {
		char path[PATH_MAX], stack[4096] = "";
		int fd;
		ssize_t len;

		if (atoi(d->d_name) < 2)
			continue;
		/* Kernel threads have no exe to look at. */
		snprintf(path, sizeof(path), "/proc/%s/exe", d->d_name);
		if (readlink(path, stack, sizeof(stack) - 1) < 0)
			continue;
		fprintf(port, "# pid %s %s\n", d->d_name, stack);
		snprintf(path, sizeof(path), "/proc/%s/stack", d->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		len = fd < 0 ? -1 : read(fd, stack, sizeof(stack) - 1);
		stack[len < 0 ? 0 : len] = 0;
		for (char *s = strtok(stack, "\n"); s; s = strtok(NULL, "\n"))
			fprintf(port, "#   %s\n", s);
	}
	check_kmsg(name);
	errno = EDEADLK;
	die("cannot go on");
}

/* What the source of the test said of it: "NAME: VALUE"; or nothing. */
static const char *test_option(const char *path, const char *option, char *value, size_t size)
{
	char name[NAME_MAX + 32];
	FILE *f;

	snprintf(name, sizeof(name), "%s.%s", path, option);
	f = fopen(name, "re");
	if (!f || !fgets(value, size, f))
		*value = 0;
	if (f)
		fclose(f);
	return value;
}

static unsigned int test_timeout(const char *path)
{
	char value[16];
	unsigned int seconds = atoi(test_option(path, "timeout", value, sizeof(value)));

	return (seconds ?: DEFAULT_TIMEOUT) * slow + atoi(getenv("zcdev_soak") ?: "0");
}

static void test_verdict(struct test *t, int status, bool late, unsigned int timeout)
{
	if (late)
		point(false, "%s: still running after %u seconds", t->name, timeout);
	else if (WIFSIGNALED(status))
		point(false, "%s: killed by signal %d", t->name, WTERMSIG(status));
	else if (WEXITSTATUS(status) && !t->failed)
		point(false, "%s: exit status %d", t->name, WEXITSTATUS(status));
	else if (t->planned < 0)
		point(false, "%s: no plan, did it run to its end?", t->name);
	else if (t->planned != (int)t->done)
		point(false, "%s: planned %d, ran %u", t->name, t->planned, t->done);
	else if (!t->done && !t->skipped)
		point(false, "%s: tested nothing", t->name);
}

static void run_test(const char *name)
{
	struct test t = { .name = name, .planned = -1 };
	char path[NAME_MAX + 16], dir[NAME_MAX + 16], buf[4096];
	unsigned int timeout;
	int status = 0, fds[2];
	size_t used = 0;
	bool late = false;
	double start = now();
	pid_t pid;

	snprintf(path, sizeof(path), "/tests/%s", name);
	snprintf(dir, sizeof(dir), "/mnt/ext4/%s", name);
	timeout = test_timeout(path);
	test_option(path, "expects", expected, sizeof(expected));
	fprintf(port, "# start %s %u\n", name, timeout);
	fflush(port);
	if (access("/sys/module/zcdev", F_OK))
		run("modprobe", "zcdev");
	mkdir(dir, 0755);

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		die("pipe");
	pid = fork();
	if (!pid) {
		fcntl(fds[1], F_SETFL, 0);
		test_child(path, dir, fds[1]);
	}
	close(fds[1]);

	struct pollfd p[2] = {
		{ .fd = fds[0], .events = POLLIN },
		{ .fd = pidfd_open(pid, 0), .events = POLLIN },
	};
	do {
		int left = (start + timeout - now()) * 1000;

		late = left <= 0;
		if (late || poll(p, 2, left) < 0)
			continue;
		if (p[0].revents && !test_output(&t, fds[0], buf, sizeof(buf), &used))
			p[0].fd = -1;
	} while (!late && !p[1].revents);

	if (late)
		kill(pid, SIGKILL);
	else
		waitpid(pid, &status, 0);
	kill_all(name);
	/* It and its children are gone, what is left in the pipe is all. */
	do
		errno = 0;
	while (test_output(&t, fds[0], buf, sizeof(buf), &used) && !errno);
	if (used)
		test_line(&t, buf);
	close(fds[0]);
	close(p[1].fd);

	test_verdict(&t, status, late, timeout);
	check_kmsg(name);
	*expected = 0;
	run("rm", "-rf", dir);
	fprintf(port, "# end %s %.1f\n", name, now() - start);
	fflush(port);
}

/* All of them */

/* What the host wants to see next; NULL when that was all. */
static const char *next_test(void)
{
	static char name[NAME_MAX];
	size_t used = 0;
	ssize_t len;

	fprintf(port, "# next\n");
	fflush(port);
	do {
		len = read(fileno(port), name + used, sizeof(name) - 1 - used);
		if (len <= 0)
			die("no word from the host");
		used += len;
	} while (name[used - 1] != '\n');
	name[used - 1] = 0;
	return *name ? name : NULL;
}

static long mem_available(void)
{
	char line[128];
	long kib = -1;
	FILE *f;

	sync();
	write_file("/proc/sys/vm/drop_caches", "3");
	f = fopen("/proc/meminfo", "re");
	while (f && kib < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "MemAvailable: %ld", &kib);
	if (f)
		fclose(f);
	return kib;
}

/* Complain about every object that nothing points to. */
static void check_leaks(const char *when)
{
	static const char file[] = "/sys/kernel/debug/kmemleak";
	char line[512];
	bool leak = false;
	FILE *f;

	if (access(file, F_OK))
		return;
	/* An object counts only once it is 5 seconds old. */
	sleep(6);
	/* It switches itself off where it finds no memory. */
	if (!write_file(file, "scan") || !write_file(file, "scan")) {
		point(false, "kmemleak: does not look any more, %s", when);
		return;
	}
	f = fopen(file, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (!leak)
			point(false, "kmemleak: leaked, %s", when);
		leak = true;
		fprintf(port, "# %s", line);
	}
	if (f)
		fclose(f);
	if (!leak)
		point(true, "kmemleak: nothing leaked, %s", when);
	write_file(file, "clear");
}

static void unload(void)
{
	double start = now();
	int ret;

	fprintf(port, "# start unload %u\n", 60 * slow);
	fflush(port);
	do
		ret = syscall(SYS_delete_module, "zcdev", O_NONBLOCK);
	while (ret && errno == EWOULDBLOCK && now() < start + 10 && !usleep(10000));
	point(!ret, "unload: rmmod%s%s", ret ? ": " : "", ret ? strerror(errno) : "");
	point(access("/sys/module/zcdev", F_OK) && access("/dev/zcdev", F_OK),
	      "unload: module and device are gone");
	check_kmsg("unload");
}

/* It looks no more after its first complaint, nor when its tables are full. */
static void check_lockdep(void)
{
	FILE *f = fopen("/proc/lockdep_stats", "re");
	char line[128];
	int on = 0;

	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		sscanf(line, " debug_locks: %d", &on);
	fclose(f);
	point(on, "lockdep: still looks, in the end");
}

#define TRACING		"/sys/kernel/tracing/"
#define POISON_EVENT	TRACING "events/zcdev_init/poison/enable"

/* How often the kernel has poisoned pages while we had some and gave them back. */
static unsigned long count_poisonings(void)
{
	size_t size = 64 * 4096;
	unsigned long hits = 0;
	char line[128];
	void *map;
	FILE *f;

	write_file(POISON_EVENT, "1");
	map = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	munmap(map, size);
	write_file(POISON_EVENT, "0");
	f = fopen(TRACING "kprobe_profile", "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, " poison %lu", &hits);
	if (f)
		fclose(f);
	return hits;
}

/* Built in is not switched on. */
static void check_poisoning(void)
{
	bool set = write_file(TRACING "kprobe_events",
			      "p:zcdev_init/poison __kernel_poison_pages");

	point(set && count_poisonings(), "boot: freed pages are poisoned");
	write_file(TRACING "kprobe_events", "-:zcdev_init/poison");
}

static void run_tests(void)
{
	long before, after, slack = MEMORY_SLACK;
	const char *name;

	/* Per-CPU lists that grow as memory is freed, up to an eighth of it from
	 * 6.7 on, would look like a leak.
	 */
	write_file("/proc/sys/vm/percpu_pagelist_high_fraction", "1000");
	write_file("/sys/kernel/debug/kmemleak", "clear");
	/* Only when we ask for it: each time it looks at all of the memory. */
	write_file("/sys/kernel/debug/kmemleak", "scan=off");
	if (getenv("zcdev_poison"))
		check_poisoning();
	before = mem_available();
	fprintf(port, "# start load %u\n", 60 * slow);
	fflush(port);
	if (run("modprobe", "zcdev") || access("/sys/module/zcdev", F_OK)) {
		point(false, "load: modprobe zcdev");
		check_kmsg("load");
		return;
	}
	point(true, "load: modprobe zcdev");
	check_kmsg("load");

	while ((name = next_test()))
		run_test(name);

	check_leaks("with the module loaded");
	unload();
	check_leaks("after unloading it");
	after = mem_available();
	/* KASAN keeps freed memory in quarantine, a 32nd of it all. */
	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		slack *= 4;
	point(before - after < slack * 1024,
	      "memory: %ld KiB less available than before", before - after);
	check_lockdep();
	check_kmsg("end");
}

static void run_shell(void)
{
	int tty = open("/dev/console", O_RDWR);
	pid_t shell;

	run("modprobe", "zcdev");
	shell = fork();
	if (!shell) {
		setsid();
		ioctl(tty, TIOCSCTTY, 1);
		dup2(tty, 0);
		dup2(tty, 1);
		dup2(tty, 2);
		chdir("/mnt/ext4");
		execl("/bin/sh", "-sh", NULL);
		_exit(127);
	}
	/* What it leaves in the background becomes ours, and ends before it. */
	while (wait(NULL) != shell)
		;
}

static void run_program(const char *path)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		dup2(fileno(port), 1);
		dup2(fileno(port), 2);
		chdir("/mnt/ext4");
		execl(path, path, NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	point(!status, "%s", path);
	check_kmsg(path);
}

/*
 * A write to the port returns before the host has seen it, so wait for the byte
 * with which the host answers the plan.
 */
static void say_goodbye(void)
{
	struct pollfd p = { .fd = fileno(port), .events = POLLIN };

	fprintf(port, "1..%u\n", points);
	fflush(port);
	poll(&p, 1, 30000);
}

int main(void)
{
	const char *what = getenv("zcdev_run") ?: "tests";

	if (getpid() != 1)
		return 1;
	slow = atoi(getenv("zcdev_slow") ?: "1") ?: 1;
	setenv("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "linux", 0);
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	setenv("SCRATCH_BLK", "/dev/vdb", 1);
	setenv("SCRATCH_NVME", "/dev/nvme0n1", 1);
	set_up();
	signal(SIGPIPE, SIG_IGN);

	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0)
		die("/dev/kmsg");
	check_kmsg("boot");

	if (!strcmp(what, "shell"))
		run_shell();
	else if (!strcmp(what, "tests"))
		run_tests();
	else
		run_program(what);

	if (strcmp(what, "shell"))
		say_goodbye();
	sync();
	/* With -no-reboot this ends QEMU, ACPI or not. */
	reboot(RB_AUTOBOOT);
	return 1;
}
