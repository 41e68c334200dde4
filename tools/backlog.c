// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "backlog.h"

int backlog_init(struct backlog *backlog, unsigned int buffers, uint32_t buf_size)
{
	*backlog = (struct backlog){
		.ranges = calloc(buffers, sizeof(*backlog->ranges)),
		.size = buffers,
		.buf_size = buf_size,
	};
	return backlog->ranges ? 0 : ENOMEM;
}

void backlog_free(struct backlog *backlog)
{
	free(backlog->ranges);
	*backlog = (struct backlog){ };
}

const struct zcdev_range *backlog_first(const struct backlog *backlog)
{
	return backlog->first < backlog->count ? &backlog->ranges[backlog->first] : NULL;
}

uint64_t backlog_bytes(const struct backlog *backlog)
{
	uint64_t bytes = 0;
	unsigned int i;

	for (i = backlog->first; i < backlog->count; i++)
		bytes += backlog->ranges[i].len;
	return bytes;
}

bool backlog_is_stuck(const struct backlog *backlog)
{
	return backlog->foreign && backlog_first(backlog);
}

/* Takes up to @bytes off the oldest range. Returns how many. */
static uint64_t shorten(struct zcdev_range *range, uint64_t bytes)
{
	uint64_t part = bytes < range->len ? bytes : range->len;

	range->offset += part;
	range->len -= part;
	return part;
}

int backlog_drop(struct backlog *backlog, struct device *dev, uint64_t bytes)
{
	struct zcdev_range *range;
	uint32_t buffer;
	int ret;

	while (bytes) {
		if (backlog->first == backlog->count)
			return EIO;
		range = &backlog->ranges[backlog->first];
		buffer = range->offset / backlog->buf_size;
		bytes -= shorten(range, bytes);
		if (range->len)
			break;
		ret = backlog->foreign ? 0 : device_buf_release(dev, buffer);
		if (ret)
			return -ret;
		backlog->first++;
	}
	return 0;
}
