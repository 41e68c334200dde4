/* SPDX-License-Identifier: GPL-2.0 */
/* The only place that talks to /dev/zcdev. */
#ifndef ZCDEVCTL_DEVICE_H
#define ZCDEVCTL_DEVICE_H

#include <stdint.h>

#include "zcdev.h"

#define DEVICE_PATH	"/dev/zcdev"

/**
 * struct device - an open file of /dev/zcdev
 * @path: what was opened
 * @fd: its descriptor
 * @ioctl: ioctl(2); unit tests put their own here
 *
 * The functions below set size members themselves and return 0 or -errno.
 */
struct device {
	const char *path;
	int fd;
	int (*ioctl)(int fd, unsigned long request, void *arg);
};

/* /dev/zcdev, or what $ZCDEV_DEVICE names. @dev->path is set in any case. */
int device_open(struct device *dev);
void device_close(struct device *dev);

int device_query(struct device *dev, struct zcdev_query *query);
int device_pool_create(struct device *dev, uint32_t count, uint32_t buf_size);
int device_pool_info(struct device *dev, struct zcdev_pool_info *info);
int device_transfer(struct device *dev, struct zcdev_transfer *transfer);

/* Gives one acquired buffer back. */
int device_buf_release(struct device *dev, uint32_t index);

#endif
