/* SPDX-License-Identifier: GPL-2.0 */
/* Where programs map pools, and where the structs of their calls lie. */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define ARENA		((char *)0x20000000000)
#define ARENA_SIZE	(64UL << 20)

enum place {
	PLACE_HERE,		/* ordinary memory */
	PLACE_POOL,		/* a mapping of a pool, if there is one */
	PLACE_EDGE,		/* half of it on a page, the rest faults */
	PLACE_READ_ONLY,
	PLACE_NULL,
	PLACE_KERNEL,
	PLACE_LAST = PLACE_KERNEL,
};

/*
 * @data, copied to where @place says; itself for PLACE_HERE. May fault, which
 * ends the call.
 */
void *memory_place(uint64_t place, void *data, size_t len);

/* Somewhere in the arena; with @len bytes after it only if that fits. */
void *memory_arena(uint64_t offset);

/*
 * Run a call of this thread. An access to memory that is not there ends it,
 * nothing else.
 */
void memory_guard(void (*run)(const uint64_t *arg), const uint64_t *arg);
/* For the whole process, before the first call. */
void memory_init(void);

#endif
