/* SPDX-License-Identifier: GPL-2.0 */
/* For fuzzers of what parses text. */
#ifndef ZCDEVCTL_FUZZ_TEXT_H
#define ZCDEVCTL_FUZZ_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold of every result; found with the input that broke it. */
#define must(cond) do { if (!(cond)) abort(); } while (0)

/* A string of its own, so that a step too far is seen. */
static inline char *text_copy(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	memcpy(text, data, size);
	text[size] = 0;
	return text;
}

#endif
