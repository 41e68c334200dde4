// SPDX-License-Identifier: GPL-2.0
/* What zcdevctl doctor looks at before it looks at the ends. */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

#include "doctor.h"
#include "explain.h"
#include "geometry.h"
#include "kmod.h"
#include "netlink.h"
#include "units.h"

static void check_module(struct doctor *doctor)
{
	struct kmod_report report;

	kmod_report(&report);
	doctor_say(doctor, "module", report.state == KMOD_LOADED ? DOCTOR_OK :
		   report.state == KMOD_OUTDATED || report.state == KMOD_UNKNOWN ? DOCTOR_NOTE :
		   DOCTOR_BAD, "%s", report.text);
}

static bool check_device(struct doctor *doctor)
{
	int ret = device_open(&doctor->dev);
	struct fault f;

	if (!ret) {
		doctor_say(doctor, "device", DOCTOR_OK, "%s can be opened", doctor->dev.path);
		return true;
	}
	explain(&f, EXPLAIN_DEVICE, doctor->dev.path, -ret);
	doctor_say(doctor, "device", DOCTOR_BAD, "%s", f.text);
	doctor->no_device = true;
	return false;
}

/* Transfers do without it. */
static void check_netlink(struct doctor *doctor)
{
	struct netlink nl;
	struct fault f;

	if (netlink_open(&nl, &f)) {
		doctor_say(doctor, "netlink", DOCTOR_NOTE, "%s", f.text);
		return;
	}
	netlink_close(&nl);
	doctor_say(doctor, "netlink", DOCTOR_OK, "transfers can be watched and cancelled");
}

static bool check_version(struct doctor *doctor, struct zcdev_query *query)
{
	int ret = device_query(&doctor->dev, query);
	struct fault f;

	if (!ret)
		return true;
	explain(&f, EXPLAIN_IOCTL, doctor->dev.path, -ret);
	doctor_say(doctor, "device", DOCTOR_BAD, "%s", f.text);
	doctor->no_device = ret == -ENOTTY;
	return false;
}

static bool is_out_of_memory(int ret)
{
	return ret == -EDQUOT || ret == -ENOMEM || ret == -ENOSPC;
}

static const char *cure(int ret)
{
	switch (ret) {
	case -EDQUOT:
		return "the limit on locked memory allows no more; raise it with 'ulimit -l'";
	case -ENOSPC:
		return "a limit on pools allows no more; see 'zcdevctl limit show'";
	default:
		return "memory is short";
	}
}

static void say_pool(struct doctor *doctor, const struct geometry *pool, int why)
{
	struct zcdev_pool_info info = { };
	char size[UNITS_TEXT];

	device_pool_info(&doctor->dev, &info);
	units_size(size, pool->buf_size);
	if (why)
		doctor_say(doctor, "memory", DOCTOR_NOTE, "only %u x %s is to be had: %s",
			   pool->count, size, cure(why));
	else if (info.out_contiguous < pool->count)
		doctor_say(doctor, "memory", DOCTOR_NOTE,
			   "%u x %s, but only %u are in one piece each: memory is fragmented, 'echo 1 >/proc/sys/vm/compact_memory' may help",
			   pool->count, size, info.out_contiguous);
	else
		doctor_say(doctor, "memory", DOCTOR_OK, "%u x %s, each in one piece",
			   pool->count, size);
}

/* As a transfer does it: what is refused is tried again with less. */
static bool check_memory(struct doctor *doctor)
{
	uint32_t page_size = getauxval(AT_PAGESZ);
	struct geometry pool = geometry_choose(0, 0, GEOMETRY_UNKNOWN, page_size);
	int ret, why = 0;

	do {
		ret = device_pool_create(&doctor->dev, pool.count, pool.buf_size);
		why = ret ? ret : why;
	} while (is_out_of_memory(ret) && geometry_shrink(&pool, page_size));
	if (!ret) {
		say_pool(doctor, &pool, why);
		return true;
	}
	doctor_say(doctor, "memory", DOCTOR_BAD, "no pool is to be had: %s; %s", strerror(-ret),
		   cure(ret));
	return false;
}

bool doctor_machine(struct doctor *doctor)
{
	struct zcdev_query query;

	check_module(doctor);
	if (!check_device(doctor))
		return false;
	check_netlink(doctor);
	if (check_version(doctor, &query) && check_memory(doctor))
		return true;
	device_close(&doctor->dev);
	return false;
}
