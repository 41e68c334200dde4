// SPDX-License-Identifier: GPL-2.0
/*
 * "zcdevctl top" on a terminal that is resized, typed at, and taken away. The
 * command runs in a child; what it draws is read from the other side of the pty.
 */
#include "check.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "fake_netlink.h"
#include "fault.h"
#include "frame.h"
#include "screen.h"
#include "zcdev_netlink.h"

#define PATIENCE	10000	/* ms */

/**
 * struct term - a terminal with the command on it
 * @fd: our side
 * @seen: all that was drawn since the last press or resize
 * @len: bytes of that
 */
struct term {
	int fd;
	pid_t pid;
	char seen[1 << 18];
	size_t len;
};

static struct term term;

static void resize(int width, int height)
{
	const struct winsize size = { .ws_col = width, .ws_row = height };

	term.len = 0;
	assert_int_equal(ioctl(term.fd, TIOCSWINSZ, &size), 0);
}

static void press(const char *keys)
{
	term.len = 0;
	assert_int_equal(write(term.fd, keys, strlen(keys)), strlen(keys));
}

/* More of what is drawn; false if there is none for so long, or never again. */
static bool hear(int ms)
{
	struct pollfd poll_fd = { .fd = term.fd, .events = POLLIN };
	ssize_t len;

	if (poll(&poll_fd, 1, ms) <= 0)
		return false;
	len = read(term.fd, term.seen + term.len, sizeof(term.seen) - 1 - term.len);
	if (len <= 0)
		return false;
	term.len += len;
	term.seen[term.len] = 0;
	return true;
}

/* The last screen that was drawn to its end, without what comes before and after. */
static char *last_frame(void)
{
	char *frame = NULL, *begin, *end;

	for (begin = term.seen; term.len; begin = end) {
		begin = strstr(begin, SCREEN_HOME);
		end = begin ? strstr(begin, SCREEN_BELOW) : NULL;
		if (!end)
			break;
		frame = begin;
	}
	if (frame)
		*strstr(frame, SCREEN_BELOW) = 0;
	return frame;
}

/* Waits for a whole screen that has these words. */
static char *wait_for_frame(const char *words)
{
	char *frame;

	do {
		check_row(hear(PATIENCE), "no screen with '%s'", words);
		frame = last_frame();
	} while (!frame || !strstr(frame, words));
	return frame;
}

/* The screen has as many lines as the window, and its headings are as wide. */
static void has_size(const char *frame, int width, int height)
{
	const char *line, *end;
	int lines = 0, columns, widest = 0;

	for (line = frame; line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		columns = frame_width(line, end ? (size_t)(end - line) : strlen(line));
		widest = columns > widest ? columns : widest;
		lines++;
	}
	check_row(lines == height, "%d lines, not %d", lines, height);
	check_row(widest == width, "%d columns, not %d", widest, width);
}

/* Runs a command on a terminal of this width. */
static int start_on(int width, const struct command *command, char **argv)
{
	struct winsize size = { .ws_col = width, .ws_row = 24 };
	struct nl_msg *msg;
	int argc = 0;

	fake_netlink_reset();
	msg = fake_netlink_answer(ZCDEV_CMD_TRANSFER_GET);
	nla_put_u32(msg, ZCDEV_A_TRANSFER_ID, 5);
	while (argv[argc])
		argc++;
	term.len = 0;
	term.pid = forkpty(&term.fd, NULL, NULL, &size);
	if (!term.pid) {
		argc = command->run(argc, argv);
		fflush(stdout);
		_exit(argc);
	}
	return term.pid < 0;
}

static int start(void **state)
{
	char *argv[] = { "top", "-d", "60", NULL };

	(void)state;
	return start_on(80, &cmd_top, argv);
}

/* It does not outlive its test, however that ended. */
static int stop(void **state)
{
	(void)state;
	if (term.pid > 0) {
		kill(term.pid, SIGKILL);
		waitpid(term.pid, NULL, 0);
	}
	if (term.fd >= 0)
		close(term.fd);
	fake_netlink_reset();
	return 0;
}

/* Both looks are over, and the next is in a minute: nothing moves by itself. */
static void settle(void)
{
	has_size(wait_for_frame("q quit"), 80, 24);
	while (hear(1000))
		;
	term.len = 0;
}

static int end_status(void)
{
	int status, tries = PATIENCE / 10;
	pid_t pid;

	while (!(pid = waitpid(term.pid, &status, WNOHANG)) && tries--)
		usleep(10000);
	check_row(pid == term.pid, "it does not end");
	term.pid = 0;
	check_row(WIFEXITED(status), "signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* The terminal is as it was: its first page, a cursor, and what is typed shows. */
static void gives_back(void)
{
	struct termios now;

	while (hear(100))
		;
	check_row(strstr(term.seen, "\033[?25h\033[?1049l"), "no '%s'", term.seen);
	assert_int_equal(tcgetattr(term.fd, &now), 0);
	assert_true(now.c_lflag & ECHO);
	assert_true(now.c_lflag & ICANON);
}

static void test_resize(void **state)
{
	(void)state;
	settle();
	resize(132, 40);
	has_size(wait_for_frame("q quit"), 132, 40);
	resize(40, 12);
	has_size(wait_for_frame("q quit"), 40, 12);
	/* Also while it looks at nothing. */
	press(" ");
	has_size(wait_for_frame("q quit"), 40, 12);
	resize(100, 30);
	has_size(wait_for_frame("q quit"), 100, 30);
}

static void test_keys(void **state)
{
	(void)state;
	settle();
	press("s");
	wait_for_frame("by bytes");
	press("s");
	wait_for_frame("by id");
	press("s");
	wait_for_frame("by rate");
	/* An arrow is no key of ours, and none of its bytes is. */
	press("\033[A");
	wait_for_frame("by rate");
	/* Of keys that come faster than it looks the first counts. */
	press("ss");
	wait_for_frame("by bytes");
	press("qq");
	assert_int_equal(end_status(), STATUS_DONE);
	gives_back();
}

static void test_signals(void **state)
{
	(void)state;
	settle();
	/* As the terminal has it. */
	press("\003");
	assert_int_equal(end_status(), STATUS_DONE);
	gives_back();
	stop(NULL);
	start(NULL);
	settle();
	kill(term.pid, SIGTERM);
	assert_int_equal(end_status(), STATUS_DONE);
	gives_back();
}

/* Whoever ignores the hang-up does not stay, reading from a terminal that is gone. */
static void test_hang_up(void **state)
{
	(void)state;
	signal(SIGHUP, SIG_IGN);
	stop(NULL);
	start(NULL);
	signal(SIGHUP, SIG_DFL);
	settle();
	close(term.fd);
	term.fd = -1;
	end_status();
}

/* All that a command prints on a terminal of this width. */
static const char *printed(int width, const struct command *command, char **argv)
{
	assert_int_equal(start_on(width, command, argv), 0);
	while (hear(PATIENCE))
		;
	assert_int_equal(end_status(), STATUS_DONE);
	close(term.fd);
	term.fd = -1;
	return term.seen;
}

/* Rather fewer columns than broken lines, where it is a person who looks. */
static void test_lists(void **state)
{
	static char *transfers[] = { "transfers", NULL };
	static char *pools[] = { "pool list", NULL };

	(void)state;
	assert_string_equal(printed(70, &cmd_transfers, transfers),
			    "TRANSFER  MOVED  RATE  COPIED  FROM  TO\r\n"
			    "       5      ?     ?       ?  ?     ?\r\n");
	assert_non_null(strstr(printed(100, &cmd_transfers, transfers), "COMMAND"));
	assert_non_null(strstr(printed(100, cmd_pool.commands[0], pools), "ACQUIRED"));
	assert_null(strstr(printed(70, cmd_pool.commands[0], pools), "ACQUIRED"));
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_resize),
		TEST(test_keys),
		TEST(test_signals),
		TEST(test_hang_up),
		cmocka_unit_test(test_lists),
	};

	/* A shell has them ignored by what it runs in the background. */
	signal(SIGINT, SIG_DFL);
	return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
