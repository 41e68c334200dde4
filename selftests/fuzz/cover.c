// SPDX-License-Identifier: GPL-2.0
#include "cover.h"

#include <fcntl.h>
#include <linux/kcov.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "program.h"

#define ENTRIES		(128UL << 10)	/* words of a buffer */
#define KNOWN		(64U << 10)	/* a power of two, far more than there are */

static struct {
	int fd;
	uint64_t *buf;	/* their number, then the entries */
} lanes[COVER_LANES];

/* A place, which program reached it first, and which did last. */
static struct {
	uint64_t pc;
	unsigned int first, last;
} known[KNOWN];

static unsigned int total, programs, collected;

bool cover_init(void)
{
	unsigned int i;

	for (i = 0; i < COVER_LANES; i++) {
		int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

		if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, ENTRIES)) {
			perror("kcov");
			return false;
		}
		lanes[i].fd = fd;
		lanes[i].buf = mmap(NULL, ENTRIES * sizeof(uint64_t), PROT_READ | PROT_WRITE,
				    MAP_SHARED, fd, 0);
		/* Only the kernel writes there, and forking shall be quick. */
		if (lanes[i].buf == MAP_FAILED ||
		    madvise(lanes[i].buf, ENTRIES * sizeof(uint64_t), MADV_DONTFORK)) {
			perror("kcov");
			return false;
		}
	}
	return true;
}

void cover_begin(unsigned int lane, bool comparisons)
{
	if (ioctl(lanes[lane].fd, KCOV_ENABLE, comparisons ? KCOV_TRACE_CMP : KCOV_TRACE_PC))
		perror("kcov: enable");
}

void cover_end(unsigned int lane)
{
	ioctl(lanes[lane].fd, KCOV_DISABLE, 0);
}

/* Returns true if the place is new. */
static bool reach(uint64_t pc)
{
	unsigned int at = (pc * 0x9E3779B97F4A7C15ULL) >> 48 & (KNOWN - 1);

	while (known[at].pc && known[at].pc != pc)
		at = (at + 1) & (KNOWN - 1);
	known[at].last = programs;
	if (known[at].pc || total == KNOWN / 2)
		return false;
	known[at].pc = pc;
	known[at].first = programs;
	total++;
	return true;
}

/* How many entries there are; none from now on. */
static uint64_t recorded(unsigned int lane, unsigned int words)
{
	uint64_t n = __atomic_load_n(&lanes[lane].buf[0], __ATOMIC_RELAXED);
	uint64_t most = (ENTRIES - 1) / words;

	lanes[lane].buf[0] = 0;
	return n < most ? n : most;
}

static unsigned int reached(void)
{
	unsigned int lane, fresh = 0;
	uint64_t i, n;

	programs++;
	for (lane = 0; lane < COVER_LANES; lane++) {
		n = recorded(lane, 1);
		for (i = 1; i <= n; i++)
			fresh += reach(lanes[lane].buf[i]);
	}
	return fresh;
}

unsigned int cover_collect(void)
{
	unsigned int fresh = reached();

	collected = programs;
	return fresh;
}

bool cover_repeats(void)
{
	unsigned int i;

	reached();
	for (i = 0; i < KNOWN; i++)
		if (known[i].first == collected && known[i].last != programs)
			return false;
	return true;
}

/* An entry is what kind, both operands, and where. */
void cover_hints(void)
{
	unsigned int lane;
	uint64_t i, n;

	for (lane = 0; lane < COVER_LANES; lane++) {
		n = recorded(lane, 4);
		for (i = 0; i < n; i++) {
			uint64_t *entry = &lanes[lane].buf[1 + 4 * i];

			if (entry[0] & KCOV_CMP_CONST)
				program_hint(entry[1]);
		}
	}
}

unsigned int cover_total(void)
{
	return total;
}
