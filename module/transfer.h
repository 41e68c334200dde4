/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_TRANSFER_H
#define _ZC_TRANSFER_H

#include <linux/compiler_types.h>

#include "pipeline.h"

#define ZC_TRANSFER_FLAGS \
	(ZCDEV_TRANSFER_STRICT | ZCDEV_TRANSFER_FAIL_FAST)
#define ZC_TRANSFER_SINKS	ZC_PIPELINE_SINKS
#define ZC_TRANSFER_DEPTH	ZC_PIPELINE_DEPTH
/* Chunks of pages that belong to no pool: nobody pays for holding them. */
#define ZC_TRANSFER_LENT	4

struct zc_file;
struct zcdev_transfer;

int zc_transfer_ioctl(struct zc_file *file, struct zcdev_transfer *arg,
		      struct zcdev_transfer __user *uarg);

#endif /* _ZC_TRANSFER_H */
