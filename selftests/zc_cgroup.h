/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A control group for children to enter, one at a time.
 */
#ifndef ZC_CGROUP_H
#define ZC_CGROUP_H

#include <sys/mount.h>

#include "zc_mem.h"

#define ZC_CGROUPS	"/tmp/zc-cgroups"
#define ZC_CGROUP	ZC_CGROUPS "/zc"

/* With @controller, as in "+memory". False: this kernel has none of it. */
static inline bool zc_cgroup_make(const char *controller)
{
	bool there;
	int fd;

	mkdir(ZC_CGROUPS, 0755);
	zc_must(!mount("cgroup2", ZC_CGROUPS, "cgroup2", 0, NULL));
	fd = open(ZC_CGROUPS "/cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
	there = write(fd, controller, strlen(controller)) > 0;
	close(fd);
	if (there)
		zc_must(!mkdir(ZC_CGROUP, 0755));
	else
		zc_must(!umount(ZC_CGROUPS) && !rmdir(ZC_CGROUPS));
	return there;
}

/* The same @controller, as in "-memory". */
static inline int zc_cgroup_remove(const char *controller)
{
	int ret;

	zc_wait_until(5, !(ret = rmdir(ZC_CGROUP)));
	zc_write_file(ZC_CGROUPS "/cgroup.subtree_control", controller);
	return umount(ZC_CGROUPS) || rmdir(ZC_CGROUPS) || ret;
}

/* In a child. */
static inline void zc_cgroup_enter(void)
{
	zc_tell(ZC_CGROUP "/cgroup.procs", "0");
}

#endif
