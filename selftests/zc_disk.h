/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Disks that misbehave on request, and file systems on them.
 */
#ifndef ZC_DISK_H
#define ZC_DISK_H

#include "zc.h"

#include <linux/dm-ioctl.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>

/* A shell command that must succeed; what it prints is in the log of the test. */
__attribute__((format(printf, 1, 2)))
static inline void zc_sh(const char *fmt, ...)
{
	char command[1024];
	va_list args;
	int status;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	status = system(command);
	if (status)
		fail_msg("exit status %#x: %s", status, command);
}

static inline const char *zc_scratch(void)
{
	const char *disk = getenv("SCRATCH_BLK");

	assert_non_null(disk);
	return disk;
}

/* A table for dmsetup: the first @sectors of the scratch disk, of which eight are bad. */
static inline void zc_bad_table(char *table, size_t size, unsigned long sectors,
				unsigned long bad)
{
	const char *disk = zc_scratch();
	unsigned long rest = bad + 8;

	snprintf(table, size,
		 "0 %lu linear %s 0\\n%lu 8 error\\n%lu %lu linear %s %lu\\n",
		 bad, disk, bad, rest, sectors - rest, disk, rest);
}

/* ext4 on @disk, mounted at the new directory @where. */
static inline void zc_mount_ext4(const char *disk, const char *where,
				 const char *options)
{
	zc_sh("mkfs.ext4 -q -F -E lazy_itable_init=1,lazy_journal_init=1 %s",
	      disk);
	mkdir(where, 0755);
	assert_int_equal(mount(disk, where, "ext4", 0, options), 0);
}

/* @fs, of those whose files can share blocks, on the scratch disk, likewise. */
static inline void zc_mount_sharing(const char *fs, const char *where,
				    const char *options)
{
	zc_sh("modprobe -q %s; mkfs.%s -q -f %s >/dev/null", fs, fs, zc_scratch());
	mkdir(where, 0755);
	assert_int_equal(mount(zc_scratch(), where, fs, 0, options), 0);
}

/* All but so many bytes of what is free there is taken, by a file "full". */
static inline void zc_fill_disk(const char *where, unsigned long rest)
{
	zc_sh("free=$(stat -f -c %%f %s); size=$(stat -f -c %%S %s);"
	      "fallocate -l $(((free * size) - %lu)) %s/full", where, where, rest, where);
}

/**
 * struct zc_dm_call - what device mapper is asked
 * @dm: which device, and what about it
 * @target: a table of one row, of @args
 * @args: of the target
 */
struct zc_dm_call {
	struct dm_ioctl dm;
	struct dm_target_spec target;
	char args[64];
};

/* Returns 0 or an errno. */
static inline int zc_dm_do(unsigned int cmd, const char *name,
			   struct zc_dm_call *call, unsigned int flags)
{
	int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC), ret;

	call->dm = (struct dm_ioctl) {
		.version = { DM_VERSION_MAJOR, 0, 0 },
		.data_size = sizeof(*call),
		.data_start = offsetof(struct zc_dm_call, target),
		.target_count = 1, .flags = flags,
	};
	strcpy(call->dm.name, name);
	ret = zc_errno(ioctl(fd, cmd, call));
	close(fd);
	return ret;
}

/* As dmsetup(8) does, but that would be a process each time; or resume it. */
static inline int zc_dm_suspend(const char *name, bool suspend)
{
	return zc_dm_do(DM_DEV_SUSPEND, name, &(struct zc_dm_call) { }, suspend ?
			DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG | DM_NOFLUSH_FLAG : 0);
}

/* Undo all, also after a failure that left files open. */
static inline void zc_disk_reset(const char *where, const char *name)
{
	closefrom(3);
	/* A suspended disk would be waited for, if there is one. */
	zc_dm_suspend(name, false);
	umount2(where, 0);
	zc_sh("! dmsetup info %s >/dev/null 2>&1 || "
	      "dmsetup remove --retry %s --noudevsync", name, name);
}

#endif /* ZC_DISK_H */
