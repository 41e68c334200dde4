/* SPDX-License-Identifier: GPL-2.0 */
/* The terminal as a whole, for commands that draw on it again and again. */
#ifndef ZCDEVCTL_SCREEN_H
#define ZCDEVCTL_SCREEN_H

#include <stdbool.h>
#include <stdio.h>
#include <termios.h>

#define SCREEN_HOME	"\033[H"	/* to the top left */
#define SCREEN_REST	"\033[K"	/* erase what is left of the line */
#define SCREEN_BELOW	"\033[J"	/* erase what is below */
#define SCREEN_PLAIN	"\033[0m"
#define SCREEN_BOLD	"\033[1m"
#define SCREEN_DIM	"\033[2m"
#define SCREEN_INVERSE	"\033[7m"
#define SCREEN_GREEN	"\033[32m"
#define SCREEN_YELLOW	"\033[33m"
#define SCREEN_RED	"\033[31m"

/**
 * struct screen - a terminal in our hands
 * @before: how its owner had it
 */
struct screen {
	struct termios before;
};

/* True if there is one on both sides: to draw on, and to press keys. */
bool screen_wanted(void);

/* Another page of the terminal without a cursor, where keys come one by one. */
void screen_begin(struct screen *screen);

/* As it was before, with all that was on it. */
void screen_end(const struct screen *screen);

/* Its size now: windows are resized. */
void screen_size(int *width, int *height);

/* Columns of the terminal that is printed to, or 0 if that is none. */
int screen_width(void);

/* The key that was pressed, or 0; keys that send escape sequences are none. */
int screen_key(void);

/* True if it shows more than ASCII. */
bool screen_has_blocks(void);

#endif
