// SPDX-License-Identifier: GPL-2.0
/* "zcdevctl doctor" on machines that lack this and that. */
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "fake_netlink.h"
#include "kmod.h"
#include "scratch.h"

/**
 * struct machine - what it has
 * @module: how the module is
 * @no_device: errno of opening it, or 0
 * @no_direct: files have none
 * @unverified: file systems do not say what direct I/O means
 * @copies: sockets always copy
 * @refuses: errno of any pair, or 0
 * @pool: this descriptor is a pool, of which there is a range at 8192
 * @pool_limit: buffers above that size are not to be had
 * @contiguous: buffers that are
 */
static struct machine {
	enum kmod_state module;
	int no_device;
	bool no_direct;
	bool unverified;
	bool copies;
	int refuses;
	int pool;
	uint32_t pool_limit;
	uint32_t contiguous;
} machine;

static struct doctor doctor;

void __wrap_kmod_report(struct kmod_report *report);
int __wrap_device_open(struct device *dev);

void __wrap_kmod_report(struct kmod_report *report)
{
	report->state = machine.module;
	strcpy(report->text, machine.module == KMOD_LOADED ? "zcdev 1.0 is loaded" :
	       "zcdev is not installed for this kernel");
}

static int answer(int err)
{
	errno = err;
	return -1;
}

static bool is_file(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

static bool is_socket(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISSOCK(st.st_mode);
}

/* As the module has it with offsets: of pools they are needed, behind an end not. */
static bool is_wrong(const struct zcdev_end *end)
{
	bool offset = end->flags & ZCDEV_END_OFFSET;

	if (end->fd == machine.pool)
		return !offset || end->offset != 8192;
	return offset && fcntl(end->fd, F_GETFL) & O_APPEND;
}

static bool refuses(const struct zcdev_end *end, uint32_t flags)
{
	bool strict = flags & ZCDEV_TRANSFER_STRICT;

	if (is_socket(end->fd))
		return strict && machine.copies;
	if (!is_file(end->fd))
		return false;
	return (machine.no_direct && (strict || end->flags & ZCDEV_END_DIRECT)) ||
	       (machine.unverified && strict);
}

static int transfer(struct zcdev_transfer *t)
{
	struct zcdev_end *ends = (struct zcdev_end *)(uintptr_t)t->ends;
	static char bytes[1 << 16];
	ssize_t len;

	if (is_wrong(&ends[0]) || is_wrong(&ends[1]))
		return answer(EINVAL);
	/* From one pool to another all is copied. */
	if (ends[1].fd == machine.pool && t->flags & ZCDEV_TRANSFER_STRICT &&
	    !is_file(ends[0].fd) && !is_socket(ends[0].fd))
		return answer(EOPNOTSUPP);
	if (refuses(&ends[0], t->flags) || refuses(&ends[1], t->flags))
		return answer(EOPNOTSUPP);
	if (machine.refuses && is_file(ends[0].fd) && is_file(ends[1].fd))
		return answer(machine.refuses);
	if (!t->len)
		return 0;
	len = pread(ends[0].fd, bytes, sizeof(bytes), 0);
	assert_int_equal(pwrite(ends[1].fd, bytes, len, 0), len);
	t->out_bytes = len;
	ends[0].out_paths = ZCDEV_PATH_DIRECT;
	ends[1].out_paths = machine.no_direct ? ZCDEV_PATH_BUFFERED : ZCDEV_PATH_DIRECT;
	ends[1].out_reasons = machine.no_direct ? ZCDEV_REASON_NO_DIRECT : 0;
	ends[1].out_bytes = len;
	ends[1].out_copied = machine.no_direct ? len : 0;
	return 0;
}

static int machine_ioctl(int fd, unsigned long request, void *arg)
{
	const struct zcdev_pool_create *create = arg;
	struct zcdev_pool_info *info = arg;

	(void)fd;
	switch (request) {
	case ZCDEV_POOL_CREATE:
		return create->buf_size > machine.pool_limit ? answer(EDQUOT) : 0;
	case ZCDEV_POOL_INFO:
		info->out_contiguous = machine.contiguous;
		return 0;
	case ZCDEV_TRANSFER:
		return transfer(arg);
	default:
		return 0;
	}
}

int __wrap_device_open(struct device *dev)
{
	dev->path = "/dev/zcdev";
	dev->ioctl = machine_ioctl;
	dev->fd = machine.no_device ? -1 : open("/dev/null", O_RDWR);
	return -machine.no_device;
}

static int setup(void **state)
{
	(void)state;
	fake_netlink_reset();
	machine = (struct machine){
		.module = KMOD_LOADED, .pool_limit = 1U << 30, .contiguous = 100,
		.pool = -1,
	};
	if (scratch_enter())
		return -1;
	scratch_put("src", "some bytes");
	scratch_put("dst", "precious");
	return 0;
}

static void examine(const char *source, const char *sink)
{
	struct endpoint from, to;
	unsigned int i;
	struct fault f;

	assert_int_equal(endpoint_parse(&from, source, &f), 0);
	assert_int_equal(endpoint_parse(&to, sink, &f), 0);
	doctor = (struct doctor){ };
	doctor_examine(&doctor, &from, &to);
	for (i = 0; i < doctor.count; i++)
		check_row(strlen(doctor.checks[i].text) > 5 &&
			  !strchr(doctor.checks[i].text, '\n'), "'%s'", doctor.checks[i].text);
}

/* The check of that name has this state and these words. */
static void found(const char *name, enum doctor_state state, const char *words)
{
	const struct doctor_check *check = doctor.checks;

	while (strcmp(check->name, name)) {
		check++;
		check_row(check < doctor.checks + doctor.count, "nothing about %s", name);
	}
	check_row(check->state == state, "%s is %u: %s", name, check->state, check->text);
	check_row(strstr(check->text, words), "no '%s' in '%s'", words, check->text);
}

static unsigned int files(void)
{
	DIR *dir = opendir(".");
	unsigned int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static void test_best(void **state)
{
	(void)state;
	examine("src", "dst");
	assert_int_equal(doctor_state(&doctor), DOCTOR_OK);
	found("module", DOCTOR_OK, "zcdev 1.0");
	found("netlink", DOCTOR_OK, "watched");
	found("memory", DOCTOR_OK, "in one piece");
	found("source", DOCTOR_OK, "src is a regular file");
	found("sink", DOCTOR_OK, "dst is a regular file");
	found("path", DOCTOR_OK, "in direct, out direct: nothing of 10 B was copied");
	assert_true(doctor.tried);
}

/* Whatever it finds, DST is what it was. */
static void test_harmless(void **state)
{
	struct stat st;

	(void)state;
	examine("src", "dst");
	examine("src", "new");
	assert_int_equal(files(), 2);
	assert_int_equal(stat("dst", &st), 0);
	assert_int_equal(st.st_size, 8);
}

static void test_copies(void **state)
{
	(void)state;
	machine.no_direct = true;
	examine("src", "dst");
	assert_int_equal(doctor_state(&doctor), DOCTOR_NOTE);
	found("source", DOCTOR_NOTE, "src has no direct I/O");
	found("sink", DOCTOR_NOTE, "dst has no direct I/O");
	found("path", DOCTOR_NOTE, "out buffered: of 10 B, 0 B may have been copied on the way in and 10 B");
	machine.no_direct = false;
	machine.unverified = true;
	examine("src", "unix-listen:x");
	found("source", DOCTOR_NOTE, "does not say");
	found("path", DOCTOR_NOTE, "--strict would be refused");
	assert_false(doctor.tried);
}

static void test_sockets(void **state)
{
	(void)state;
	examine("src", "tcp-listen:9");
	found("sink", DOCTOR_OK, "a TCP socket");
	found("path", DOCTOR_OK, "nothing would be copied");
	machine.copies = true;
	examine("src", "tcp-listen:9");
	found("sink", DOCTOR_NOTE, "scatter-gather");
	examine("src", "unix-listen:x");
	found("sink", DOCTOR_NOTE, "always takes a copy");
	assert_int_equal(files(), 2);
}

static void test_inherited(void **state)
{
	(void)state;
	machine.pool = open("/dev/null", O_RDWR);
	assert_int_equal(dup2(machine.pool, 50), 50);
	close(machine.pool);
	machine.pool = 50;
	examine("pool:50:8192", "tcp-listen:9");
	assert_int_equal(doctor_state(&doctor), DOCTOR_OK);
	examine("src", "pool:50:8192");
	found("sink", DOCTOR_OK, "needs no copy");
	found("path", DOCTOR_OK, "nothing would be copied");
	assert_int_equal(doctor_state(&doctor), DOCTOR_OK);
	close(50);
	assert_int_equal(dup2(open("dst", O_WRONLY | O_APPEND), 50), 50);
	machine.pool = -1;
	examine("src", "fd:50");
	assert_int_equal(doctor_state(&doctor), DOCTOR_OK);
	close(50);
}

/* These would be waited for, or cannot be tried without writing them. */
static void test_untried(void **state)
{
	(void)state;
	examine("src", "vsock-listen:9");
	found("sink", DOCTOR_NOTE, "before its peer is there");
	examine("vsock-listen:9", "dst");
	found("source", DOCTOR_NOTE, "before its peer is there");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	examine("src", "fifo");
	found("sink", DOCTOR_NOTE, "before somebody reads it");
	examine("src", "/proc/self/comm");
	found("sink", DOCTOR_NOTE, "its directory takes no other file");
}

/* What a transfer would fail at. */
static void test_impossible(void **state)
{
	(void)state;
	assert_int_equal(mkdir("dir", 0700), 0);
	examine("src", "dir");
	found("sink", DOCTOR_BAD, "Is a directory");
	/* Where the link is it could be made. */
	assert_int_equal(symlink("/proc/self/comm", "away"), 0);
	examine("src", "away");
	found("sink", DOCTOR_NOTE, "its directory takes no other file");
	assert_int_equal(symlink("nowhere/new", "astray"), 0);
	examine("src", "astray");
	found("sink", DOCTOR_NOTE, "before there is what it links to");
}

static void test_refused(void **state)
{
	(void)state;
	machine.refuses = EINVAL;
	examine("src", "dst");
	found("path", DOCTOR_BAD, "refuses this pair: Invalid argument");
	examine("none", "dst");
	found("source", DOCTOR_BAD, "none");
	examine("src", "none/dst");
	found("sink", DOCTOR_BAD, "No such file");
	assert_int_equal(doctor_state(&doctor), DOCTOR_BAD);
}

static void test_no_device(void **state)
{
	(void)state;
	machine.module = KMOD_MISSING;
	machine.no_device = ENOENT;
	examine("src", "dst");
	assert_true(doctor.no_device);
	assert_int_equal(doctor_state(&doctor), DOCTOR_BAD);
	found("module", DOCTOR_BAD, "not installed");
	found("device", DOCTOR_BAD, "cannot open");
}

static void test_memory(void **state)
{
	(void)state;
	machine.contiguous = 1;
	examine("src", "dst");
	found("memory", DOCTOR_NOTE, "fragmented");
	machine.pool_limit = 1 << 16;
	examine("src", "dst");
	found("memory", DOCTOR_NOTE, "ulimit -l");
	machine.pool_limit = 0;
	examine("src", "dst");
	found("memory", DOCTOR_BAD, "no pool is to be had");
}

static void test_no_family(void **state)
{
	(void)state;
	fake_netlink.no_family = true;
	examine("src", "dst");
	found("netlink", DOCTOR_NOTE, "no netlink family");
	found("path", DOCTOR_OK, "nothing");
}

static void test_json(void **state)
{
	struct json_object *root, *value;
	char *text;
	size_t size;
	FILE *out;

	(void)state;
	examine("src", "dst");
	out = open_memstream(&text, &size);
	doctor_json(out, &doctor);
	fclose(out);
	root = json_tokener_parse(text);
	assert_true(json_object_object_get_ex(root, "state", &value));
	assert_string_equal(json_object_get_string(value), "ok");
	assert_true(json_object_object_get_ex(root, "checks", &value));
	assert_int_equal(json_object_array_length(value), doctor.count);
	assert_true(json_object_object_get_ex(root, "sink", &value));
	assert_true(json_object_object_get_ex(value, "bytes", &value));
	assert_int_equal(json_object_get_int(value), 10);
	json_object_put(root);
	free(text);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_best),
		TEST(test_harmless),
		TEST(test_copies),
		TEST(test_sockets),
		TEST(test_inherited),
		TEST(test_untried),
		TEST(test_impossible),
		TEST(test_refused),
		TEST(test_no_device),
		TEST(test_memory),
		TEST(test_no_family),
		TEST(test_json),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
