// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "move.h"
#include "wait.h"

static volatile sig_atomic_t over;
static sigset_t outside;

static void on_signal(int number)
{
	if (number != SIGWINCH)
		over = 1;
}

/* What nohup or a shell has set to be ignored stays so. */
static void catch_signal(int number)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction before;

	sigaction(number, &action, &before);
	if (before.sa_handler == SIG_IGN)
		signal(number, SIG_IGN);
}

void wait_begin(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGWINCH };
	sigset_t ours;
	size_t i;

	sigemptyset(&ours);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaddset(&ours, numbers[i]);
		catch_signal(numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &ours, &outside);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigdelset(&outside, numbers[i]);
}

bool wait_is_over(void)
{
	return over;
}

bool wait_for(int fd, double seconds)
{
	struct pollfd poll = { .fd = fd, .events = POLLIN };
	struct timespec time = {
		.tv_sec = seconds,
		.tv_nsec = (seconds - (long)seconds) * 1e9,
	};

	return ppoll(&poll, 1, seconds < 0 ? NULL : &time, &outside) > 0;
}

void wait_until(double when)
{
	double left;

	while (!over && (left = when - move_now()) > 0)
		wait_for(-1, left);
}
