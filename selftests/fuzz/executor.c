// SPDX-License-Identifier: GPL-2.0
#include "executor.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cover.h"
#include "memory.h"
#include "slot.h"

/* What waits is interrupted, again and again; what then goes on is killed. */
#define INTERRUPT_MS	60
#define KILL_MS		2000
#define DEATH_MS	60000

struct lane {
	const struct program *program;
	unsigned int number;
	bool comparisons;
};

static void interrupted(int sig)
{
	(void)sig;
}

/* A signal for this thread, at first late, then soon. */
static timer_t interrupt_me(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGALRM,
		._sigev_un._tid = syscall(SYS_gettid),
	};
	struct itimerspec when = {
		.it_value.tv_nsec = INTERRUPT_MS * 1000000,
		.it_interval.tv_nsec = INTERRUPT_MS * 500000,
	};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &when, NULL))
		_exit(EXIT_FAILURE);
	return timer;
}

static void *lane_run(void *arg)
{
	const struct lane *lane = arg;
	timer_t timer = interrupt_me();
	unsigned int i;

	cover_begin(lane->number, lane->comparisons);
	for (i = 0; i < lane->program->count; i++) {
		const struct call *c = &lane->program->call[i];

		if (lane->number == c->second)
			memory_guard(c->op->run, c->arg);
	}
	/* What closing does is done by one, and recorded. */
	if (!lane->number) {
		slots_close();
		munmap(ARENA, ARENA_SIZE);
	}
	cover_end(lane->number);
	timer_delete(timer);
	return NULL;
}

static bool has_second(const struct program *p)
{
	unsigned int i;

	for (i = 0; i < p->count; i++)
		if (p->call[i].second)
			return true;
	return false;
}

static void child_limits(void)
{
	struct sigaction sa = { .sa_handler = interrupted };
	struct rlimit file = { 16 << 20, 16 << 20 };

	sigaction(SIGALRM, &sa, NULL);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &file);
	memory_init();
}

static void child(const struct program *p, bool comparisons)
{
	struct lane first = { p, 0, comparisons }, second = { p, 1, comparisons };
	pthread_t thread;
	bool both = has_second(p);

	child_limits();
	slots_reset();
	if (both && pthread_create(&thread, NULL, lane_run, &second))
		_exit(EXIT_FAILURE);
	lane_run(&first);
	if (both)
		pthread_join(thread, NULL);
	_exit(EXIT_SUCCESS);
}

/* Programs may lower the limits of pools for all that follow. */
static void restore_limits(void)
{
	static const char *const limits[] = { "max_pool_mib", "max_user_mib", "max_total_mib" };
	char path[64];
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		snprintf(path, sizeof(path), "/sys/module/zcdev/parameters/%s", limits[i]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "0", 1) != 1)
			perror(path);
		if (fd >= 0)
			close(fd);
	}
}

/* True if it is gone within that time. */
static bool gone(pid_t pid, int pidfd, int ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, ms) == 1 && waitpid(pid, NULL, 0) == pid;
}

bool executor_run(const struct program *p, bool comparisons)
{
	pid_t pid = fork();
	bool dead;
	int pidfd;

	if (!pid)
		child(p, comparisons);
	if (pid < 0) {
		perror("fork");
		return true;
	}
	pidfd = pidfd_open(pid, 0);
	dead = gone(pid, pidfd, KILL_MS);
	if (!dead) {
		kill(pid, SIGKILL);
		dead = gone(pid, pidfd, DEATH_MS);
	}
	close(pidfd);
	restore_limits();
	return dead;
}
