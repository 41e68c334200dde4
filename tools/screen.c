// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "screen.h"

#define OTHER_PAGE	"\033[?1049h"
#define FIRST_PAGE	"\033[?1049l"
#define HIDE_CURSOR	"\033[?25l"
#define SHOW_CURSOR	"\033[?25h"

bool screen_wanted(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

void screen_begin(struct screen *screen)
{
	struct termios now;

	tcgetattr(STDIN_FILENO, &screen->before);
	now = screen->before;
	now.c_lflag &= ~(ICANON | ECHO);
	now.c_cc[VMIN] = 0;
	now.c_cc[VTIME] = 0;
	/* A stopped command would leave the shell on our page. */
	now.c_cc[VSUSP] = _POSIX_VDISABLE;
	tcsetattr(STDIN_FILENO, TCSANOW, &now);
	fputs(OTHER_PAGE HIDE_CURSOR, stdout);
	fflush(stdout);
}

void screen_end(const struct screen *screen)
{
	fputs(SHOW_CURSOR FIRST_PAGE, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &screen->before);
}

void screen_size(int *width, int *height)
{
	struct winsize w;

	*width = 80;
	*height = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_col || !w.ws_row)
		return;
	*width = w.ws_col;
	*height = w.ws_row;
}

int screen_width(void)
{
	int width, height;

	if (!isatty(STDOUT_FILENO))
		return 0;
	screen_size(&width, &height);
	return width;
}

/* Of keys that came faster than we look the first. */
int screen_key(void)
{
	unsigned char keys[32];
	ssize_t len = read(STDIN_FILENO, keys, sizeof(keys));

	/* The terminal is gone: as if somebody had quit. */
	if (len < 0)
		return 'q';
	return len > 0 && keys[0] != '\033' ? keys[0] : 0;
}

bool screen_has_blocks(void)
{
	static const char * const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;
	size_t i;

	/* The first that is set counts; a locale need not be installed to be meant. */
	for (i = 0; i < sizeof(names) / sizeof(names[0]) && (!value || !*value); i++)
		value = getenv(names[i]);
	return value && (strcasestr(value, "UTF-8") || strcasestr(value, "UTF8"));
}
