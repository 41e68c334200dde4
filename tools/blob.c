// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "blob.h"
#include "explain.h"
#include "units.h"
#include "zcdev.h"

/* One byte more than allowed tells that there are too many. */
#define ROOM	(ZCDEV_IOV_MAX_BYTES + 1)

/* Return: 0, or a positive errno. */
static int fill(struct blob *blob, int fd)
{
	ssize_t got;

	blob->data = malloc(ROOM);
	if (!blob->data)
		return ENOMEM;
	do {
		got = read(fd, blob->data + blob->len, ROOM - blob->len);
		if (got < 0)
			return errno;
		blob->len += got;
	} while (got && blob->len < ROOM);
	return 0;
}

int blob_read(struct blob *blob, const char *path, const char *option, struct fault *f)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char most[UNITS_TEXT];
	int err;

	*blob = (struct blob){ };
	if (fd < 0)
		return explain(f, EXPLAIN_OPEN_BLOB, path, errno);
	err = fill(blob, fd);
	close(fd);
	if (err)
		return explain(f, EXPLAIN_OPEN_BLOB, path, err);
	if (blob->len > ZCDEV_IOV_MAX_BYTES)
		return fault_set(f, STATUS_FAILED, "%s takes up to %s, and %s has more", option,
				 units_size(most, ZCDEV_IOV_MAX_BYTES), path);
	return 0;
}

void blob_free(struct blob *blob)
{
	free(blob->data);
	*blob = (struct blob){ };
}
