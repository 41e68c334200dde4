// SPDX-License-Identifier: GPL-2.0
#include "memory.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE	4096UL

static __thread sigjmp_buf escape;
static __thread volatile sig_atomic_t guarded;

static void fault(int sig)
{
	if (guarded)
		siglongjmp(escape, 1);
	signal(sig, SIG_DFL);
}

void memory_init(void)
{
	struct sigaction sa = { .sa_handler = fault, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

void memory_guard(void (*run)(const uint64_t *arg), const uint64_t *arg)
{
	if (!sigsetjmp(escape, 1)) {
		guarded = 1;
		run(arg);
	}
	guarded = 0;
}

void *memory_arena(uint64_t offset)
{
	return ARENA + offset % ARENA_SIZE;
}

static void *page(int prot)
{
	char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	/* The second page is the one that faults. */
	if (map == MAP_FAILED || mprotect(map + PAGE, PAGE, prot))
		return NULL;
	return map;
}

static void *at_edge(const void *data, size_t len)
{
	char *map = page(PROT_NONE);
	size_t half = len / 2;

	if (!map || half > PAGE)
		return NULL;
	return memcpy(map + PAGE - half, data, half);
}

static void *read_only(const void *data, size_t len)
{
	char *map = page(PROT_READ | PROT_WRITE);

	if (!map || len > PAGE)
		return NULL;
	memcpy(map + PAGE, data, len);
	mprotect(map + PAGE, PAGE, PROT_READ);
	return map + PAGE;
}

void *memory_place(uint64_t place, void *data, size_t len)
{
	switch (place) {
	case PLACE_POOL:
		return memcpy(memory_arena(2048), data, len);
	case PLACE_EDGE:
		return at_edge(data, len);
	case PLACE_READ_ONLY:
		return read_only(data, len);
	case PLACE_NULL:
		return NULL;
	case PLACE_KERNEL:
		return (void *)0xffff888000000000;
	default:
		return data;
	}
}
