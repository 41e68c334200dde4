// SPDX-License-Identifier: GPL-2.0
/*
 * Modules that are older or newer than this tool, as the ioctls show them: some
 * that do not exist, structs that are shorter or longer, flags that nobody knows
 * yet, and bits that nobody knew. Below that plays fake_kernel.c.
 */
#include "check.h"

#include <errno.h>

#include "fake_kernel.h"
#include "fault.h"
#include "kmod.h"
#include "run.h"
#include "scratch.h"
#include "zcdev.h"

#define STRUCT_MAX	256

/**
 * struct side - the module's side
 * @lacks: number of an ioctl that it does not have, or 0
 * @shorter: bytes at the end of the structs of this ioctl that it does not know
 * @of: the ioctl
 * @flags: of ends and of transfers that it knows
 * @newer: says what this tool has no name for
 */
struct side {
	unsigned long lacks;
	unsigned long of;
	size_t shorter;
	uint32_t flags;
	bool newer;
};

static struct side side;
static struct run ran;

int __wrap_device_open(struct device *dev);
void __wrap_kmod_report(struct kmod_report *report);

void __wrap_kmod_report(struct kmod_report *report)
{
	report->state = KMOD_LOADED;
	strcpy(report->text, "zcdev 0.9 is loaded");
}

static int answer(int err)
{
	errno = err;
	return -1;
}

/* As copy_struct_from_user(): what is not known has to be zero. */
static bool knows(const unsigned char *arg, size_t size, size_t known)
{
	for (; known < size; known++) {
		if (arg[known])
			return false;
	}
	return true;
}

/* The ioctl with a struct of which the module knows only the first bytes. */
static int shorter(int fd, unsigned long request, unsigned char *arg)
{
	unsigned char own[STRUCT_MAX] = { };
	uint32_t size = *(uint32_t *)(void *)arg;
	size_t known = size - side.shorter;
	int ret;

	assert_true(size <= sizeof(own));
	if (!knows(arg, size, known))
		return answer(E2BIG);
	memcpy(own, arg, known);
	ret = fake_ioctl(fd, request, own);
	memcpy(arg, own, known);
	return ret;
}

static bool has_unknown_flag(const struct zcdev_transfer *t)
{
	const struct zcdev_end *ends = (void *)(uintptr_t)t->ends;
	uint32_t flags = t->flags, i;

	for (i = 0; i <= t->sink_count; i++)
		flags |= ends[i].flags;
	return flags & ~side.flags;
}

static void add_news(unsigned long request, void *arg)
{
	struct zcdev_transfer *t = arg;
	struct zcdev_query *query = arg;
	struct zcdev_end *ends;

	if (request == ZCDEV_QUERY) {
		query->out_ioctls |= 1U << 31;
		query->out_sources |= 1U << 30;
		query->out_end_flags |= 1U << 29;
	} else if (request == ZCDEV_TRANSFER) {
		ends = (void *)(uintptr_t)t->ends;
		ends[0].out_kind = 77;
		ends[0].out_paths |= 1U << 28;
		ends[1].out_reasons |= 1U << 27;
		ends[1].out_copied = 1;
		ends[1].out_zerocopy--;
	}
}

static int side_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	if (request == side.lacks)
		return answer(ENOTTY);
	if (request == ZCDEV_TRANSFER && has_unknown_flag(arg))
		return answer(EINVAL);
	if (request == side.of)
		ret = shorter(fd, request, arg);
	else
		ret = fake_ioctl(fd, request, arg);
	if (!ret && side.newer)
		add_news(request, arg);
	return ret;
}

int __wrap_device_open(struct device *dev)
{
	dev->path = "/dev/zcdev";
	dev->fd = -1;
	dev->ioctl = side_ioctl;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	side = (struct side){ .flags = ~0U };
	if (scratch_enter())
		return -1;
	scratch_put("src", "some bytes");
	return 0;
}

static int run(const struct command *command, const char *line)
{
	run_split(&ran, line);
	return run_words(&ran, command, 0);
}

static void works(const struct command *command, const char *line, const char *words)
{
	int status = run(command, line);

	check_row(status == STATUS_DONE, "'%s' is %d: %s", line, status, ran.err);
	check_row(strstr(ran.out, words) || strstr(ran.err, words), "no '%s' in '%s%s'", words,
		  ran.out, ran.err);
}

static void fails(const struct command *command, const char *line, int status, const char *words)
{
	run_failed(&ran, run(command, line), status, words);
}

/* What has none of our ioctls is another device, or a module from before them. */
static void test_no_such_ioctl(void **state)
{
	(void)state;
	side.lacks = ZCDEV_QUERY;
	fails(&cmd_query, "query", STATUS_NO_DEVICE, "not a zcdev device");
	fails(&cmd_transfer, "transfer src dst", STATUS_NO_DEVICE, "not a zcdev device");
	assert_int_equal(run(&cmd_doctor, "doctor src dst"), STATUS_NO_DEVICE);
	assert_non_null(strstr(ran.out, "device   bad   "));
	assert_int_equal(access("dst", F_OK), -1);
	side.lacks = ZCDEV_POOL_CREATE;
	fails(&cmd_transfer, "transfer src dst", STATUS_NO_DEVICE, "not a zcdev device");
	side.lacks = ZCDEV_TRANSFER;
	fails(&cmd_transfer, "transfer src dst", STATUS_NO_DEVICE, "not a zcdev device");
}

/* Numbers that it does not give are none. */
static void test_shorter_query(void **state)
{
	(void)state;
	side.of = ZCDEV_QUERY;
	side.shorter = sizeof(struct zcdev_query) - offsetof(struct zcdev_query, out_max_pool_bytes);
	works(&cmd_query, "query", "0 B in use");
	works(&cmd_query, "query -j", "\"total_bytes\": 0");
	works(&cmd_transfer, "transfer src dst", "10 bytes in");
}

/* All that is asked for beyond what it knows is zero, unless the user asks for it. */
static void test_shorter_transfer(void **state)
{
	(void)state;
	side.of = ZCDEV_POOL_CREATE;
	side.shorter = 4;
	works(&cmd_transfer, "transfer src dst", "10 bytes in");
	side.of = ZCDEV_POOL_INFO;
	side.shorter = 8;
	works(&cmd_transfer, "transfer src dst", "10 bytes in");
}

/* A module that takes no flags of later versions gets none by itself. */
static void test_unknown_flags(void **state)
{
	(void)state;
	side.flags = ZCDEV_END_OFFSET | ZCDEV_END_DIRECT | ZCDEV_END_BUFFERED;
	works(&cmd_transfer, "transfer src dst", "10 bytes in");
	fails(&cmd_transfer, "transfer --page-cache src unix:none", STATUS_FAILED,
	      "no --page-cache");
	fake.max_sinks = 1;
	fails(&cmd_transfer, "transfer src dst dst2", STATUS_FAILED, "up to 1 DST");
}

static void test_too_big(void **state)
{
	(void)state;
	fake.refuse = E2BIG;
	fails(&cmd_transfer, "transfer src dst", STATUS_FAILED, "older than this zcdevctl");
}

/* What nobody had thought of is shown by its number. */
static void test_newer(void **state)
{
	(void)state;
	side.newer = true;
	works(&cmd_query, "query", "bit 31");
	works(&cmd_query, "query", "block device, bit 30");
	works(&cmd_query, "query -j", "\"bit-29\"");
	works(&cmd_transfer, "transfer src dst", "bit 28");
	works(&cmd_transfer, "transfer src dst", "bit 27");
	works(&cmd_transfer, "transfer -j src dst", "\"unknown\"");
	works(&cmd_transfer, "transfer -j src dst", "\"bit-28\"");
	works(&cmd_doctor, "doctor src dst", "bit 27");
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_such_ioctl),
		TEST(test_shorter_query),
		TEST(test_shorter_transfer),
		TEST(test_unknown_flags),
		TEST(test_too_big),
		TEST(test_newer),
	};

	return cmocka_run_group_tests_name("versions", tests, NULL, NULL);
}
