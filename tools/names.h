/* SPDX-License-Identifier: GPL-2.0 */
/* The bits and numbers of the ABI, as names for programs and words for people. */
#ifndef ZCDEVCTL_NAMES_H
#define ZCDEVCTL_NAMES_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct name - one value of the ABI
 * @token: what JSON has: never changes
 * @words: what people read; NULL if they read nothing
 */
struct name {
	const char *token;
	const char *words;
};

/* A table is indexed by kind or by bit number. */
struct names {
	const struct name *list;
	unsigned int count;
};

extern const struct names names_kinds;
extern const struct names names_paths;
extern const struct names names_reasons;
extern const struct names names_ioctls;
extern const struct names names_pool_flags;
extern const struct names names_transfer_flags;
extern const struct names names_end_flags;

/* NULL if a newer kernel has values that this program does not know. */
const struct name *names_find(const struct names *names, unsigned int index);

/* The words of all bits set, joined by @join; unknown ones as "bit N". */
void names_words(char *buf, size_t size, const struct names *names, uint32_t bits,
		 const char *join);

#endif
