// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"

static int real_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg);
}

static int call(struct device *dev, unsigned long request, void *arg)
{
	return dev->ioctl(dev->fd, request, arg) < 0 ? -errno : 0;
}

int device_open(struct device *dev)
{
	const char *path = getenv("ZCDEV_DEVICE");

	dev->path = path && *path ? path : DEVICE_PATH;
	dev->ioctl = real_ioctl;
	dev->fd = open(dev->path, O_RDWR | O_CLOEXEC);
	return dev->fd < 0 ? -errno : 0;
}

void device_close(struct device *dev)
{
	close(dev->fd);
	dev->fd = -1;
}

int device_query(struct device *dev, struct zcdev_query *query)
{
	memset(query, 0, sizeof(*query));
	query->size = sizeof(*query);
	return call(dev, ZCDEV_QUERY, query);
}

int device_pool_create(struct device *dev, uint32_t count, uint32_t buf_size)
{
	struct zcdev_pool_create create = {
		.size = sizeof(create),
		.count = count,
		.buf_size = buf_size,
		.node = ZCDEV_NODE_ANY,
	};

	return call(dev, ZCDEV_POOL_CREATE, &create);
}

int device_pool_info(struct device *dev, struct zcdev_pool_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return call(dev, ZCDEV_POOL_INFO, info);
}

int device_transfer(struct device *dev, struct zcdev_transfer *transfer)
{
	transfer->size = sizeof(*transfer);
	transfer->end_size = sizeof(struct zcdev_end);
	return call(dev, ZCDEV_TRANSFER, transfer);
}

int device_buf_release(struct device *dev, uint32_t index)
{
	struct zcdev_buf_release release = {
		.size = sizeof(release),
		.indices = (uintptr_t)&index,
		.count = 1,
	};

	return call(dev, ZCDEV_BUF_RELEASE, &release);
}
