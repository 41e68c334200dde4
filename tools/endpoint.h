/* SPDX-License-Identifier: GPL-2.0 */
/* The ends of a transfer as they stand on the command line. Nothing is opened. */
#ifndef ZCDEVCTL_ENDPOINT_H
#define ZCDEVCTL_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"

enum endpoint_kind {
	ENDPOINT_PATH,
	ENDPOINT_STDIO,		/* stdin as a source, stdout as a sink */
	ENDPOINT_FD,		/* inherited */
	ENDPOINT_POOL,		/* of an inherited file of the device */
	ENDPOINT_TCP,
	ENDPOINT_TCP_LISTEN,
	ENDPOINT_UNIX,
	ENDPOINT_UNIX_LISTEN,
	ENDPOINT_VSOCK,
	ENDPOINT_VSOCK_LISTEN,
};

/* A DNS name has at most 253 characters; an address with its zone fewer. */
#define ENDPOINT_HOST	256

#define ENDPOINT_NO_LEN	UINT64_MAX

/**
 * struct endpoint - one end, parsed
 * @kind: which of the members below count
 * @text: as the user wrote it, for messages
 * @path: of a file or a UNIX socket; points into @text
 * @host: name or address without brackets; empty listens on every address
 * @port: of a TCP or vsock end
 * @cid: of a vsock end; VMADDR_CID_ANY listens for everybody
 * @fd: descriptor of an inherited end
 * @offset, @len: of a range of a pool; without a length it is ENDPOINT_NO_LEN
 */
struct endpoint {
	enum endpoint_kind kind;
	const char *text;
	const char *path;
	char host[ENDPOINT_HOST];
	uint32_t port;
	uint32_t cid;
	int fd;
	uint64_t offset;
	uint64_t len;
};

/**
 * endpoint_parse - tell what @text names
 *
 * Everything without a known scheme is a path; "./tcp:x" is one, too.
 *
 * Return: 0, or -1 with @f (STATUS_USAGE). @text must outlive @end.
 */
int endpoint_parse(struct endpoint *end, const char *text, struct fault *f);

/* True for the kinds that are connected when they are opened, and have no offsets. */
bool endpoint_is_socket(const struct endpoint *end);

/* True for what was opened by somebody else, and stays open. */
bool endpoint_is_inherited(const struct endpoint *end);

#endif
