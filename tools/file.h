/* SPDX-License-Identifier: GPL-2.0 */
/* Ends that have a path: opening them, and getting them onto the disk. */
#ifndef ZCDEVCTL_FILE_H
#define ZCDEVCTL_FILE_H

#include "end.h"

/* Both fill @fd, @st and @created of an end whose @where is a path. */
int file_open_source(struct end *end, struct fault *f);
int file_open_sink(struct end *end, struct fault *f);

int file_sync(const struct end *end, struct fault *f);

#endif
