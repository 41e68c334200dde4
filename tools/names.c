// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "zcdev.h"

static const struct name kinds[] = {
	[ZCDEV_KIND_NONE] = { "none", NULL },
	[ZCDEV_KIND_FILE] = { "file", "regular file" },
	[ZCDEV_KIND_BLOCK] = { "block", "block device" },
	[ZCDEV_KIND_TCP] = { "tcp", "TCP socket" },
	[ZCDEV_KIND_UNIX] = { "unix", "UNIX stream socket" },
	[ZCDEV_KIND_POOL] = { "pool", "pool" },
	[ZCDEV_KIND_KTLS] = { "ktls", "kTLS socket" },
	[ZCDEV_KIND_VSOCK] = { "vsock", "vsock socket" },
	[ZCDEV_KIND_PIPE] = { "pipe", "pipe" },
	[ZCDEV_KIND_CHAR] = { "char", "character device" },
};

/* By the bits of ZCDEV_PATH_ */
static const struct name paths[] = {
	{ "direct", "direct" },
	{ "buffered", "buffered" },
	{ "reference", "by reference" },
	{ "copy", "by copy" },
	{ "pool", "in the pool" },
	{ "page-cache", "as pages of the page cache" },
	{ "clone", "cloned" },
	{ "offload", "copied by the file system" },
	{ "hole", "as holes" },
	{ "transform", "encrypted by the CPU" },
};

/* By the bits of ZCDEV_REASON_ */
static const struct name reasons[] = {
	{ "asked", "--via buffered" },
	{ "no-direct", "the file has no direct I/O" },
	{ "unverified", "the file system does not say whether direct I/O copies" },
	{ "unaligned", "parts of blocks" },
	{ "fell-back", "the file system copied a direct request" },
	{ "append", "appending at an unaligned end" },
	{ "no-sg", "the route has no scatter-gather" },
	{ "protocol", "the protocol always copies" },
	{ "small", "so few that a copy is cheaper" },
	{ "dax", "its memory is the disk" },
	{ "pages", "the buffers are single pages" },
	{ "stream", "a stream is copied into the pool" },
	{ "encrypted", "encryption in software" },
	{ "memory", "from one pool into another" },
	{ "driver", "the driver does not say whether it copies" },
};

static const struct name ioctls[] = {
	{ "query", "QUERY" },
	{ "pool-create", "POOL_CREATE" },
	{ "pool-info", "POOL_INFO" },
	{ "transfer", "TRANSFER" },
	{ "buf-wait", "BUF_WAIT" },
	{ "buf-acquire", "BUF_ACQUIRE" },
	{ "buf-release", "BUF_RELEASE" },
};

static const struct name pool_flags[] = {
	{ "contiguous", "contiguous" },
	{ "dma32", "dma32" },
};

static const struct name transfer_flags[] = {
	{ "strict", "strict" },
	{ "fail-fast", "fail-fast" },
};

static const struct name end_flags[] = {
	{ "offset", "offset" },
	{ "direct", "direct" },
	{ "buffered", "buffered" },
	{ "page-cache", "page-cache" },
	{ "sparse", "sparse" },
};

#define NAMES(table)	{ table, sizeof(table) / sizeof((table)[0]) }

const struct names names_kinds = NAMES(kinds);
const struct names names_paths = NAMES(paths);
const struct names names_reasons = NAMES(reasons);
const struct names names_ioctls = NAMES(ioctls);
const struct names names_pool_flags = NAMES(pool_flags);
const struct names names_transfer_flags = NAMES(transfer_flags);
const struct names names_end_flags = NAMES(end_flags);

const struct name *names_find(const struct names *names, unsigned int index)
{
	return index < names->count ? &names->list[index] : NULL;
}

static void append(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s", text);
}

void names_words(char *buf, size_t size, const struct names *names, uint32_t bits,
		 const char *join)
{
	const struct name *name;
	char unknown[16];
	unsigned int i;

	*buf = 0;
	for (i = 0; i < 32; i++) {
		if (!(bits & (1U << i)))
			continue;
		name = names_find(names, i);
		snprintf(unknown, sizeof(unknown), "bit %u", i);
		if (*buf)
			append(buf, size, join);
		append(buf, size, name && name->words ? name->words : unknown);
	}
}
