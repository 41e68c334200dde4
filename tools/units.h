/* SPDX-License-Identifier: GPL-2.0 */
/* Sizes as people write and read them. All units are binary. */
#ifndef ZCDEVCTL_UNITS_H
#define ZCDEVCTL_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define KIB	(1ULL << 10)
#define MIB	(1ULL << 20)
#define GIB	(1ULL << 30)

/* Longest text that the formatters below produce, with its NUL. */
#define UNITS_TEXT	32

/**
 * units_parse_count - a plain decimal number
 *
 * Return: 0, -EINVAL if @text is anything else, -ERANGE above UINT64_MAX.
 */
int units_parse_count(const char *text, uint64_t *count);

/**
 * units_parse_size - digits and at most one of K, M, G, T (also KiB, ...)
 *
 * Return: 0, -EINVAL if @text is not a size, -ERANGE if it is beyond INT64_MAX,
 * the last byte that a file can have.
 */
int units_parse_size(const char *text, uint64_t *bytes);

/**
 * units_parse_time - digits and one of us, ms, s
 *
 * Return: 0 with nanoseconds, or as units_parse_size().
 */
int units_parse_time(const char *text, uint64_t *ns);

/* "512 B", "4.0 KiB", "128.0 MiB" */
const char *units_size(char buf[static UNITS_TEXT], uint64_t bytes);

/* "610 MiB/s", "9.54 GiB/s": three digits are what a rate is worth */
const char *units_rate(char buf[static UNITS_TEXT], double bytes_per_second);

#endif
