/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The descriptors that calls can name. Each is opened when it is first used, in
 * the process that runs the program, and closed at its end.
 */
#ifndef FUZZ_SLOT_H
#define FUZZ_SLOT_H

#include <stdint.h>

enum slot {
	SLOT_NONE,
	SLOT_ZC0,		/* the device */
	SLOT_ZC1,
	SLOT_ZC2,		/* what dup and pass leave there */
	SLOT_ZC_READ,		/* open for reading only */
	SLOT_FILE,		/* 1 MiB, filled */
	SLOT_FILE2,		/* the same file */
	SLOT_HOLES,		/* a file with holes */
	SLOT_OUT,		/* empty */
	SLOT_OUT2,
	SLOT_DIRECT,		/* a file open with O_DIRECT */
	SLOT_APPEND,
	SLOT_MEMFD,
	SLOT_BLOCK,
	SLOT_PIPE_IN,		/* what goes in here */
	SLOT_PIPE_OUT,		/* comes out there */
	SLOT_UNIX_A,
	SLOT_UNIX_B,
	SLOT_TCP_A,
	SLOT_TCP_B,
	SLOT_VSOCK_A,
	SLOT_VSOCK_B,
	SLOT_NULL,
	SLOT_ZERO,
	SLOT_FULL,
	SLOT_RANDOM,
	SLOT_UDP,
	SLOT_EVENT,
	SLOT_DIR,
	SLOT_PATH,		/* O_PATH */
	SLOT_COUNT,
};

#define SLOT_POOLS	(SLOT_ZC_READ - SLOT_ZC0 + 1)

/* The number of the slot of that name, or -1. */
int slot_find(const char *name);
const char *slot_name(uint64_t slot);

/* Files and such that slots open, once and for all programs. */
void slots_prepare(void);
/* Forget descriptors; they were opened in another process. */
void slots_reset(void);
/* The descriptor, opened now if need be; -1 if there is none. */
int slot_fd(uint64_t slot);
/* Close the slot; what has a path is opened again at its next use. */
void slot_close(uint64_t slot);
/* Put a descriptor in a slot, in place of what it had. */
void slot_put(uint64_t slot, int fd);
void slots_close(void);

#endif
