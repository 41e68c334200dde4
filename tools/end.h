/* SPDX-License-Identifier: GPL-2.0 */
/* An end of a transfer that has been opened. */
#ifndef ZCDEVCTL_END_H
#define ZCDEVCTL_END_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "endpoint.h"
#include "fault.h"
#include "zcdev.h"

/**
 * struct end - one end, open
 * @where: what it was opened from
 * @fd: its descriptor
 * @created: this file was not there before
 * @len: bytes of a range of a pool, once that is known
 * @st: of files; of a socket that we opened only st_mode
 */
struct end {
	const struct endpoint *where;
	int fd;
	bool created;
	uint64_t len;
	struct stat st;
};

#define END_UNKNOWN	UINT64_MAX

/* Both may wait: for a connection, for a peer to listening ends. */
int end_open_source(struct end *end, const struct endpoint *where, struct fault *f);

/**
 * end_open_sink - open what will be written
 *
 * A new file is created 0644. An existing one is left as it is: whether it is
 * the source, and whether the kernel will serve it, is found out before
 * end_truncate() takes its contents away.
 */
int end_open_sink(struct end *end, const struct endpoint *where, struct fault *f);

/* What was inherited stays open. */
void end_close(struct end *end);

/* Empties a regular file that we opened by its path. */
int end_truncate(const struct end *end, struct fault *f);

/* True if end_truncate() has something to do. */
bool end_has_contents(const struct end *end);

/* Waits until a file, and the directory of a new one, is on its disk. */
int end_sync(const struct end *end, struct fault *f);

/**
 * end_hang_up - tell the peer of a socket that we opened that this was all
 *
 * Does not wait for the peer, but reports a connection that is already broken.
 */
int end_hang_up(const struct end *end, struct fault *f);

/* The same file, block device or pipe, by whatever names. */
bool end_same(const struct end *a, const struct end *b);

/* Only these have direct I/O and a disk below. */
bool end_is_file(const struct end *end);

/* What it gives is gone then: a socket, a pipe, a character device. */
bool end_is_stream(const struct end *end);

/* Bytes from @offset, or from its position if that is END_UNKNOWN, on. */
uint64_t end_remaining(const struct end *end, uint64_t offset);

/* What the kernel will take it for; *@what is the same with an article. */
enum zcdev_kind end_kind(const struct end *end, const char **what);

#endif
