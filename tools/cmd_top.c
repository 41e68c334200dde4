// SPDX-License-Identifier: GPL-2.0
/* zcdevctl top: what is moving, live. */
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "move.h"
#include "options.h"
#include "screen.h"
#include "top.h"
#include "wait.h"

#define FASTEST		0.1
#define SLOWEST		60.0
#define FIRST_WAIT	0.3	/* rates take two looks */

static const char help[] =
	"Usage: zcdevctl top [-d SECONDS]\n"
	"       zcdevctl top -j [-d SECONDS] [-n COUNT]\n"
	"\n"
	"Shows transfers and pools of all processes as they change, the busiest first.\n"
	"\n"
	"  -d, --delay SECONDS  between two looks (default: 1)\n"
	"  -j, --json           print an object each time, also where there is no terminal\n"
	"  -n, --count COUNT    end after COUNT of these\n"
	"  -h, --help           print this\n"
	"\n"
	"Keys: q quits, s sorts by something else, space pauses, + and - change the delay.\n"
	"Exit status: 0 done, 1 failed, 2 usage, 3 no module.\n";

static const struct option longs[] = {
	{ "delay", required_argument, NULL, 'd' },
	{ "json", no_argument, NULL, 'j' },
	{ "count", required_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

/**
 * struct watch - the command under way
 * @delay: seconds between two looks
 * @count: objects to print, or 0 for no end
 * @next: when to look again
 * @paused: not before the user says so
 * @quit: the user has had enough
 */
struct watch {
	struct top top;
	struct netlink nl;
	double delay;
	uint64_t count;
	double next;
	bool json;
	bool help;
	bool paused;
	bool quit;
};

static int set_option(struct watch *watch, const char *command, int option, struct fault *f)
{
	switch (option) {
	case 'd':
		return options_parse_seconds(&watch->delay, command, optarg, f);
	case 'n':
		return options_parse_count(&watch->count, command, optarg, f);
	case 'j':
		watch->json = true;
		return 0;
	case 'h':
		watch->help = true;
		return 0;
	default:
		return -1;
	}
}

static int parse(struct watch *watch, int argc, char **argv, struct fault *f)
{
	int option;

	if (options_begin(argc, argv, longs, f))
		return -1;
	while ((option = options_next(argc, argv, ":d:jn:h", longs, f)) != -1) {
		if (set_option(watch, argv[0], option, f))
			return -1;
	}
	if (watch->help)
		return 0;
	if (optind < argc)
		return options_fault(f, argv[0], "'%s' is left over", argv[optind]);
	if (watch->count && !watch->json)
		return options_fault(f, argv[0], "--count goes with --json");
	return 0;
}

static void change_delay(struct watch *watch, double factor)
{
	watch->delay *= factor;
	if (watch->delay < FASTEST)
		watch->delay = FASTEST;
	if (watch->delay > SLOWEST)
		watch->delay = SLOWEST;
	watch->next = move_now() + watch->delay;
}

static void press(struct watch *watch, int key)
{
	switch (key) {
	case 'q':
		watch->quit = true;
		break;
	case 's':
		watch->top.sort = (watch->top.sort + 1) % TOP_SORTS;
		top_sort(&watch->top);
		break;
	case ' ':
		watch->paused = !watch->paused;
		break;
	case '+':
		change_delay(watch, 0.5);
		break;
	case '-':
		change_delay(watch, 2);
		break;
	}
}

static void draw(const struct watch *watch, bool blocks)
{
	int width, height;

	screen_size(&width, &height);
	top_draw(stdout, &watch->top, width, height, blocks);
}

static int look(struct watch *watch, struct fault *f)
{
	bool first = !watch->top.now.when;

	if (top_look(&watch->top, &watch->nl, f))
		return -1;
	watch->next = move_now() + (first ? FIRST_WAIT : watch->delay);
	return 0;
}

static double time_left(const struct watch *watch)
{
	double left = watch->next - move_now();

	return left > 0 ? left : 0;
}

/* Until it is time to look, a key is pressed, or the window has another size. */
static void rest(struct watch *watch)
{
	if (wait_for(STDIN_FILENO, watch->paused ? -1 : time_left(watch)))
		press(watch, screen_key());
}

static int run_screen(struct watch *watch, struct fault *f)
{
	bool blocks = screen_has_blocks();
	struct screen screen;
	int ret = 0;

	wait_begin();
	screen_begin(&screen);
	while (!ret && !watch->quit && !wait_is_over() && !ferror(stdout)) {
		if (!watch->paused && move_now() >= watch->next)
			ret = look(watch, f);
		draw(watch, blocks);
		rest(watch);
	}
	screen_end(&screen);
	return ret;
}

static int run_json(struct watch *watch, struct fault *f)
{
	uint64_t printed = 0;

	wait_begin();
	while (!wait_is_over()) {
		if (look(watch, f))
			return -1;
		if (watch->top.seconds > 0) {
			top_json(stdout, &watch->top);
			printed++;
		}
		if (fflush(stdout) || (watch->count && printed >= watch->count))
			break;
		wait_until(watch->next);
	}
	return 0;
}

static int start(struct watch *watch, struct fault *f)
{
	int ret;

	if (!watch->json && !screen_wanted())
		return fault_set(f, STATUS_FAILED,
				 "top draws on a terminal, and there is none; -j prints JSON");
	if (netlink_open(&watch->nl, f))
		return -1;
	ret = watch->json ? run_json(watch, f) : run_screen(watch, f);
	netlink_close(&watch->nl);
	top_free(&watch->top);
	return ret;
}

static int run(int argc, char **argv)
{
	struct watch watch = { .delay = 1 };
	struct fault f;

	if (parse(&watch, argc, argv, &f))
		return fault_print(&f);
	if (watch.help) {
		fputs(help, stdout);
		return STATUS_DONE;
	}
	return start(&watch, &f) ? fault_print(&f) : STATUS_DONE;
}

const struct command cmd_top = {
	.name = "top",
	.summary = "show what is moving, live",
	.help = help,
	.run = run,
};
