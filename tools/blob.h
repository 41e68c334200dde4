/* SPDX-License-Identifier: GPL-2.0 */
/* A file in memory: a header or a trailer. */
#ifndef ZCDEVCTL_BLOB_H
#define ZCDEVCTL_BLOB_H

#include <stdint.h>

#include "fault.h"

/**
 * struct blob - its bytes
 * @data: NULL if there are none
 * @len: how many
 */
struct blob {
	char *data;
	uint64_t len;
};

/**
 * blob_read - read all of @path, which may be a pipe
 * @option: on whose behalf, for messages
 *
 * Return: 0, or -1 with @f; also if it has more than ZCDEV_IOV_MAX_BYTES.
 */
int blob_read(struct blob *blob, const char *path, const char *option, struct fault *f);

void blob_free(struct blob *blob);

#endif
