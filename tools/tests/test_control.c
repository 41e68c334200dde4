// SPDX-License-Identifier: GPL-2.0
/*
 * The commands of the control plane, from their arguments to their exit status,
 * against a kernel side that is missing, older, newer, or unwilling.
 */
#include "check.h"

#include <errno.h>
#include <limits.h>
#include <json-c/json.h>

#include "command.h"
#include "fake_netlink.h"
#include "fault.h"
#include "kmod.h"
#include "run.h"
#include "zcdev.h"
#include "zcdev_netlink.h"

static enum kmod_state module_state;
static struct run ran;
static char * const out = ran.out, * const err = ran.err;

void __wrap_kmod_report(struct kmod_report *report);

void __wrap_kmod_report(struct kmod_report *report)
{
	report->state = module_state;
	strcpy(report->text, module_state == KMOD_LOADED ? "zcdev 1.0 is loaded" :
	       "zcdev 1.0 is installed, but not loaded; load it with 'modprobe zcdev'");
}

static int setup(void **state)
{
	(void)state;
	fake_netlink_reset();
	module_state = KMOD_LOADED;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_netlink_reset();
	return 0;
}

/* The command that the first words of the line name; the group has it second. */
static const struct command *find(char **argv)
{
	static const struct command * const all[] = {
		&cmd_pool, &cmd_transfers, &cmd_stats, &cmd_limit, &cmd_cancel, &cmd_monitor,
	};
	const struct command * const *at;
	size_t i;

	for (i = 0; strcmp(all[i]->name, argv[0]); i++)
		assert_true(i + 1 < COUNT(all));
	for (at = all[i]->commands; at && *at; at++) {
		if (!strcmp(strrchr((*at)->name, ' ') + 1, argv[1]))
			return *at;
	}
	return all[i];
}

/* Runs "zcdevctl LINE"; what it says is in out and err. */
static int run(const char *line)
{
	const struct command *command;
	int skip;

	run_split(&ran, line);
	command = find(ran.argv);
	skip = !!strchr(command->name, ' ');
	ran.argv[skip] = (char *)command->name;
	return run_words(&ran, command, skip);
}

static void has(const char *text, const char *words)
{
	check_row(strstr(text, words), "no '%s' in '%s'", words, text);
}

/* One line on stderr, with the words, and nothing on stdout. */
static void fails(const char *line, int status, const char *words)
{
	run_failed(&ran, run(line), status, words);
}

static struct json_object *parsed(const char *line)
{
	struct json_object *root;

	assert_int_equal(run(line), STATUS_DONE);
	root = json_tokener_parse(out);
	check_row(root, "'%s' is no JSON", out);
	return root;
}

/* The member, as JSON without spaces. */
static const char *member(struct json_object *object, const char *key)
{
	struct json_object *value;

	check_row(json_object_object_get_ex(object, key, &value), "no member %s", key);
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
}

static void put_pool(void)
{
	struct nl_msg *msg = fake_netlink_answer(ZCDEV_CMD_POOL_GET);

	nla_put_u32(msg, ZCDEV_A_POOL_ID, 3);
	nla_put_u32(msg, ZCDEV_A_POOL_OWNER_UID, 0);
	nla_put_u32(msg, ZCDEV_A_POOL_OWNER_PID, 4711);
	nla_put_string(msg, ZCDEV_A_POOL_OWNER_COMM, "mo\033[2Jver");
	nla_put_u32(msg, ZCDEV_A_POOL_FLAGS, ZCDEV_POOL_DMA32);
	nla_put_u32(msg, ZCDEV_A_POOL_COUNT, 4);
	nla_put_u32(msg, ZCDEV_A_POOL_BUF_SIZE, 2 << 20);
	nla_put_s32(msg, ZCDEV_A_POOL_NODE, -1);
	nla_put_u32(msg, ZCDEV_A_POOL_CONTIGUOUS, 4);
	nla_put_u32(msg, ZCDEV_A_POOL_FREE, 2);
	nla_put_u32(msg, ZCDEV_A_POOL_ACQUIRED, 0);
	nla_put_u32(msg, ZCDEV_A_POOL_STAGING, 1);
	nla_put_u32(msg, ZCDEV_A_POOL_IN_FLIGHT, 1);
	nla_put_u32(msg, ZCDEV_A_POOL_MAPS, 0);
	nla_put_u64(msg, ZCDEV_A_POOL_HELD, 8 << 20);
	nla_put_u64(msg, ZCDEV_A_POOL_CHARGED, 0);
}

static void put_end(struct nl_msg *msg, enum zcdev_role role, enum zcdev_kind kind,
		    const char *name, uint64_t copied)
{
	struct nlattr *nest = nla_nest_start(msg, ZCDEV_A_TRANSFER_END);

	nla_put_u32(msg, ZCDEV_A_END_ROLE, role);
	nla_put_u32(msg, ZCDEV_A_END_KIND, kind);
	if (name)
		nla_put_string(msg, ZCDEV_A_END_NAME, name);
	nla_put_u32(msg, ZCDEV_A_END_PATHS, ZCDEV_PATH_DIRECT);
	nla_put_u32(msg, ZCDEV_A_END_REASONS, copied ? ZCDEV_REASON_UNALIGNED : 0);
	nla_put_u64(msg, ZCDEV_A_END_ZEROCOPY, 1 << 20);
	nla_put_u64(msg, ZCDEV_A_END_COPIED, copied);
	nla_nest_end(msg, nest);
}

static void put_transfer(uint8_t command)
{
	struct nl_msg *msg = fake_netlink_answer(command);

	nla_put_u32(msg, ZCDEV_A_TRANSFER_ID, 7);
	nla_put_u32(msg, ZCDEV_A_TRANSFER_POOL_ID, 3);
	nla_put_u64(msg, ZCDEV_A_TRANSFER_LEN, 4 << 20);
	nla_put_u64(msg, ZCDEV_A_TRANSFER_BYTES, 1 << 20);
	nla_put_u64(msg, ZCDEV_A_TRANSFER_ELAPSED, 1500000000);
	nla_put_u64(msg, ZCDEV_A_TRANSFER_RATE, 699050);
	put_end(msg, ZCDEV_ROLE_SOURCE, ZCDEV_KIND_FILE, "/data/a", 0);
	put_end(msg, ZCDEV_ROLE_SINK, ZCDEV_KIND_TCP, NULL, 4096);
	put_end(msg, ZCDEV_ROLE_SINK, ZCDEV_KIND_FILE, "/data/b", 4096);
}

static void test_pool_list(void **state)
{
	(void)state;
	put_pool();
	assert_int_equal(run("pool list"), STATUS_DONE);
	assert_string_equal(out,
		"POOL  OWNER   PID  COMMAND        BUFFERS  FREE  ACQUIRED  STAGING  IN FLIGHT  MAPS     HELD\n"
		"   3  root   4711  mo?[2Jver  4 x 2.0 MiB     2         0        1          1     0  8.0 MiB\n");
	assert_true(fake_netlink.dump);
	assert_int_equal(fake_netlink.command, ZCDEV_CMD_POOL_GET);
	assert_int_equal(run("pool list -q"), STATUS_DONE);
	assert_string_equal(out, "3\n");
}

static void test_pool_list_json(void **state)
{
	struct json_object *root, *pool;

	(void)state;
	root = parsed("pool list -j");
	assert_int_equal(json_object_array_length(root), 0);
	json_object_put(root);
	put_pool();
	root = parsed("pool list --json");
	pool = json_object_array_get_idx(root, 0);
	assert_string_equal(member(pool, "id"), "3");
	assert_string_equal(member(pool, "flags"), "[\"dma32\"]");
	assert_string_equal(member(pool, "node"), "-1");
	assert_string_equal(member(pool, "held"), "8388608");
	assert_string_equal(member(pool, "draining"), "false");
	assert_string_equal(member(pool, "command"), "\"mo\\u001b[2Jver\"");
	json_object_put(root);
}

static void test_pool_show(void **state)
{
	(void)state;
	put_pool();
	assert_int_equal(run("pool show 3"), STATUS_DONE);
	has(out, "pool             3\n");
	has(out, "owner            root\n");
	has(out, "NUMA node        any\n");
	has(out, "draining         no\n");
	assert_false(fake_netlink.dump);
	assert_int_equal(attr_or_zero(fake_netlink.attrs.at[ZCDEV_A_POOL_ID]), 3);
	fails("pool show", STATUS_USAGE, "an id is needed");
	fails("pool show x", STATUS_USAGE, "'x'");
	fails("pool show 0", STATUS_USAGE, "'0'");
	fails("pool show 4294967296", STATUS_USAGE, "from 1 on");
	fails("pool show 3 4", STATUS_USAGE, "'4' is left over");
	fails("pool show -q 3", STATUS_USAGE, "'-q'");
	fails("pool show --js 3", STATUS_USAGE, "'--js'");
	fails("pool list 3", STATUS_USAGE, "'3' is left over");
	fails("pool list -jq", STATUS_USAGE, "-q forbids");
}

/* A kernel that sends nothing but an id, and one that sends what is to come. */
static void test_older_and_newer(void **state)
{
	struct json_object *root;
	struct nl_msg *msg = fake_netlink_answer(ZCDEV_CMD_POOL_GET);

	(void)state;
	nla_put_u16(msg, ZCDEV_A_POOL_ID, 5);
	nla_put_u32(msg, ZCDEV_A_POOL_MAX + 1, 1);
	nla_put_u32(msg, ATTRS_MAX + 1, 1);
	nla_put_u32(msg, 1000, 1);
	nla_put(msg, ZCDEV_A_POOL_HELD, 3, "abc");
	nla_put(msg, ZCDEV_A_POOL_OWNER_COMM, 3, "abc");
	nla_put_u32(msg, ZCDEV_A_POOL_FLAGS, 1U << 30);
	assert_int_equal(run("pool show 5"), STATUS_DONE);
	has(out, "pool             5\n");
	has(out, "buffers          ?\n");
	has(out, "memory held      ?\n");
	has(out, "flags            bit 30\n");
	has(out, "command          -\n");
	assert_int_equal(run("pool list"), STATUS_DONE);
	has(out, "   5  -        -  -              ?     ?         ?        ?          ?     ?     ?\n");
	root = parsed("pool show -j 5");
	assert_string_equal(member(root, "id"), "5");
	assert_string_equal(member(root, "held"), "null");
	assert_string_equal(member(root, "node"), "null");
	assert_string_equal(member(root, "flags"), "[\"bit-30\"]");
	json_object_put(root);
}

static void test_transfers(void **state)
{
	struct json_object *root, *sinks;

	(void)state;
	put_transfer(ZCDEV_CMD_TRANSFER_GET);
	assert_int_equal(run("transfers"), STATUS_DONE);
	assert_string_equal(out,
		"TRANSFER  POOL  OWNER  PID  COMMAND    MOVED       OF       RATE   COPIED   TIME  FROM     TO\n"
		"       7     3  -        -  -        1.0 MiB  4.0 MiB  683 KiB/s  8.0 KiB  1.5 s  /data/a  [TCP socket] +1\n");
	assert_int_equal(run("transfers 7"), STATUS_DONE);
	assert_int_equal(attr_or_zero(fake_netlink.attrs.at[ZCDEV_A_TRANSFER_ID]), 7);
	has(out, "source           /data/a (regular file) direct, 1.0 MiB zero-copied\n");
	has(out, "sink             [TCP socket] (TCP socket) direct, 1.0 MiB zero-copied, 4.0 KiB copied (parts of blocks)\n");
	assert_int_equal(run("transfers -q"), STATUS_DONE);
	assert_string_equal(out, "7\n");
	root = parsed("transfers -j 7");
	assert_string_equal(member(root, "asked"), "4194304");
	assert_string_equal(member(root, "error"), "null");
	assert_true(json_object_object_get_ex(root, "sinks", &sinks));
	assert_int_equal(json_object_array_length(sinks), 2);
	assert_string_equal(member(json_object_array_get_idx(sinks, 0), "end"), "null");
	assert_string_equal(member(json_object_array_get_idx(sinks, 1), "copied"), "4096");
	json_object_put(root);
}

static void test_transfers_older(void **state)
{
	struct nl_msg *msg = fake_netlink_answer(ZCDEV_CMD_TRANSFER_GET);
	struct json_object *root;

	(void)state;
	nla_put_u32(msg, ZCDEV_A_TRANSFER_ID, 8);
	assert_int_equal(run("transfers"), STATUS_DONE);
	has(out, "       8     ?  -        -  -            ?  all     ?       ?     ?  ?     ?\n");
	root = parsed("transfers -j 8");
	assert_string_equal(member(root, "source"), "null");
	assert_string_equal(member(root, "sinks"), "[]");
	json_object_put(root);
}

static void put_tally(struct nl_msg *msg, int type, uint32_t key, uint64_t count)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	nla_put_u32(msg, ZCDEV_A_TALLY_KEY, key);
	nla_put_u64(msg, ZCDEV_A_TALLY_COUNT, count);
	nla_nest_end(msg, nest);
}

static void put_stats(void)
{
	struct nl_msg *msg = fake_netlink_answer(ZCDEV_CMD_STATS_GET);
	struct nlattr *nest;

	nla_put_u64(msg, ZCDEV_A_STATS_TRANSFERS, 12);
	nest = nla_nest_start(msg, ZCDEV_A_STATS_SOURCE);
	nla_put_u64(msg, ZCDEV_A_FLOW_ZEROCOPY, 3 << 20);
	nla_put_u64(msg, ZCDEV_A_FLOW_COPIED, 1 << 20);
	put_tally(msg, ZCDEV_A_FLOW_PATH, ZCDEV_PATH_DIRECT, 3 << 20);
	put_tally(msg, ZCDEV_A_FLOW_PATH, ZCDEV_PATH_BUFFERED, 1 << 20);
	put_tally(msg, ZCDEV_A_FLOW_REASON, 1U << 30, 1 << 20);
	nla_nest_end(msg, nest);
	put_tally(msg, ZCDEV_A_STATS_FAILURE, EPIPE, 2);
	put_tally(msg, ZCDEV_A_STATS_FAILURE, 0, 1);
}

static void test_stats(void **state)
{
	struct json_object *root, *source;

	(void)state;
	put_stats();
	assert_int_equal(run("stats"), STATUS_DONE);
	has(out, "transfers        12\n");
	has(out, "failed           2 EPIPE\n                 1 other\n");
	has(out, "waits            ?\n");
	has(out, "sources\n  zero-copied    3.0 MiB\n  unverified     ?\n");
	has(out, "  by path        3.0 MiB direct\n                 1.0 MiB buffered\n");
	root = parsed("stats -j -p 3");
	assert_int_equal(attr_or_zero(fake_netlink.attrs.at[ZCDEV_A_STATS_POOL_ID]), 3);
	assert_string_equal(member(root, "failures"), "{\"EPIPE\":2,\"other\":1}");
	assert_string_equal(member(root, "sink"), "null");
	assert_true(json_object_object_get_ex(root, "source", &source));
	assert_string_equal(member(source, "paths"), "{\"direct\":3145728,\"buffered\":1048576}");
	assert_string_equal(member(source, "reasons"), "{\"bit-30\":1048576}");
	json_object_put(root);
	fails("stats -n 3", STATUS_USAGE, "--watch");
	fails("stats -w0", STATUS_USAGE, "'0'");
	fails("stats -w-1", STATUS_USAGE, "'-1'");
	fails("stats --watch=1x", STATUS_USAGE, "'1x'");
	fails("stats -p 0", STATUS_USAGE, "'0'");
	fails("stats 3", STATUS_USAGE, "'3' is left over");
	fails("stats -w 3", STATUS_USAGE, "without a space");
}

static void test_stats_watch(void **state)
{
	(void)state;
	put_stats();
	assert_int_equal(run("stats --watch=0.05 -n 2"), STATUS_DONE);
	assert_int_equal(fake_netlink.requests, 3);
	has(out, "ZERO-COPIED");
	has(out, "      0 B/s        0 B/s        100.0%        0 B/s        0.0        0.0        0.0\n");
	fake_netlink.requests = 0;
	assert_int_equal(run("stats -jw0.05 -n 2"), STATUS_DONE);
	assert_int_equal(fake_netlink.requests, 2);
	assert_ptr_equal(strchr(strchr(out, '\n') + 1, '\n')[1], 0);
}

static void test_limits(void **state)
{
	struct nl_msg *msg = fake_netlink_answer(ZCDEV_CMD_LIMIT_GET);
	struct json_object *root;

	(void)state;
	nla_put_u64(msg, ZCDEV_A_LIMIT_POOL_MAX, 1 << 30);
	nla_put_u64(msg, ZCDEV_A_LIMIT_TOTAL_HELD, 8 << 20);
	assert_int_equal(run("limit show"), STATUS_DONE);
	assert_string_equal(out,
			    "a pool           1.0 GiB\n"
			    "a user           ?\n"
			    "all together     ?\n"
			    "you hold         ?\n"
			    "all hold         8.0 MiB\n");
	root = parsed("limit show -j");
	assert_string_equal(member(root, "pool_max"), "1073741824");
	assert_string_equal(member(root, "user_max"), "null");
	json_object_put(root);
}

static void test_limit_set(void **state)
{
	(void)state;
	assert_int_equal(run("limit set total 2G pool default"), STATUS_DONE);
	assert_string_equal(out, "");
	assert_int_equal(fake_netlink.command, ZCDEV_CMD_LIMIT_SET);
	assert_int_equal(attr_or_zero(fake_netlink.attrs.at[ZCDEV_A_LIMIT_TOTAL_MAX]), 2ULL << 30);
	assert_non_null(fake_netlink.attrs.at[ZCDEV_A_LIMIT_POOL_MAX]);
	assert_int_equal(attr_or_zero(fake_netlink.attrs.at[ZCDEV_A_LIMIT_POOL_MAX]), 0);
	assert_null(fake_netlink.attrs.at[ZCDEV_A_LIMIT_USER_MAX]);
	fake_netlink.requests = 0;
	fails("limit set", STATUS_USAGE, "a limit is needed");
	fails("limit set pool", STATUS_USAGE, "'pool' needs a size");
	fails("limit set pools 1G", STATUS_USAGE, "'pools'");
	fails("limit set pool 1Q", STATUS_USAGE, "'1Q'");
	fails("limit set pool 0", STATUS_USAGE, "'0'");
	fails("limit set pool -1", STATUS_USAGE, "'-1'");
	fails("limit set pool 1G pool 2G", STATUS_USAGE, "twice");
	assert_int_equal(fake_netlink.requests, 0);
}

/* What the kernel says is said, word for word. */
static void test_kernel_words(void **state)
{
	(void)state;
	fake_netlink.error = -EPERM;
	fails("limit set user 1G", STATUS_FAILED,
	      "cannot set limits: Operation not permitted; it takes root");
	fake_netlink.words = "limits take CAP_SYS_RESOURCE";
	fails("limit set user 1G", STATUS_FAILED, "the kernel says: limits take CAP_SYS_RESOURCE");
	fake_netlink.uncapped = true;
	fails("limit set user 1G", STATUS_FAILED, "the kernel says: limits take CAP_SYS_RESOURCE");
	fake_netlink.error = -ERANGE;
	fake_netlink.words = "integer out of range";
	fake_netlink.offset = NLMSG_HDRLEN + 4 + 12;
	fails("limit set user 1G total 2G", STATUS_FAILED,
	      "the kernel says about total: integer out of range");
	fake_netlink.offset = 1;
	fails("limit set user 1G total 2G", STATUS_FAILED, "the kernel says: integer out of range");
}

static void test_refused(void **state)
{
	(void)state;
	fake_netlink.error = -ENOENT;
	fake_netlink.words = "no such transfer";
	fails("cancel 7", STATUS_FAILED,
	      "cannot cancel transfer 7: No such file or directory; the kernel says: no such transfer");
	fails("transfers 7", STATUS_FAILED, "cannot show transfer 7");
	fails("pool list", STATUS_FAILED, "cannot list pools");
	fake_netlink.late = true;
	fake_netlink.error = -ENOMEM;
	fake_netlink.words = "out of luck";
	put_pool();
	fails("pool list", STATUS_FAILED, "the kernel says: out of luck");
	fake_netlink_reset();
	fake_netlink.error = -EOPNOTSUPP;
	fails("stats", STATUS_FAILED, "older than this zcdevctl");
	/* No errno at all. */
	fake_netlink.error = EIO;
	fails("stats", STATUS_FAILED, "Protocol error");
	fake_netlink.error = INT_MIN;
	fails("stats", STATUS_FAILED, "Protocol error");
}

static void test_cancel(void **state)
{
	(void)state;
	assert_int_equal(run("cancel 7 8"), STATUS_DONE);
	assert_int_equal(fake_netlink.requests, 2);
	assert_int_equal(fake_netlink.command, ZCDEV_CMD_TRANSFER_CANCEL);
	assert_int_equal(attr_or_zero(fake_netlink.attrs.at[ZCDEV_A_TRANSFER_ID]), 8);
	fake_netlink.requests = 0;
	fails("cancel", STATUS_USAGE, "an id is needed");
	fails("cancel 7 x", STATUS_USAGE, "'x'");
	assert_int_equal(fake_netlink.requests, 0);
	/* One that fails does not keep the others. */
	fake_netlink.error = -ENOENT;
	assert_int_equal(run("cancel 7 8"), STATUS_FAILED);
	has(err, "transfer 7");
	has(err, "transfer 8");
}

static void test_no_module(void **state)
{
	static const char * const lines[] = {
		"pool list", "pool list -j", "pool show 3", "transfers", "transfers 7", "stats",
		"stats -w", "limit show", "limit set pool 1G", "cancel 7", "monitor", "monitor -j",
	};
	size_t i;

	(void)state;
	fake_netlink.no_family = true;
	module_state = KMOD_LOADABLE;
	for (i = 0; i < COUNT(lines); i++)
		fails(lines[i], STATUS_NO_DEVICE, "load it with 'modprobe zcdev'");
	module_state = KMOD_LOADED;
	for (i = 0; i < COUNT(lines); i++)
		fails(lines[i], STATUS_NO_DEVICE, "older than this zcdevctl");
	assert_int_equal(fake_netlink.requests, 0);
}

/* A dump that changed is made again, but not for ever. */
static void test_interrupted(void **state)
{
	(void)state;
	put_pool();
	fake_netlink.interrupted = 2;
	assert_int_equal(run("pool list -q"), STATUS_DONE);
	assert_string_equal(out, "3\n");
	assert_int_equal(fake_netlink.requests, 3);
	fake_netlink.interrupted = 1000;
	fails("pool list", STATUS_FAILED, "cannot list pools");
}

static void test_no_answer(void **state)
{
	(void)state;
	fails("pool show 3", STATUS_FAILED, "did not answer");
	fails("limit show", STATUS_FAILED, "did not answer");
	fails("stats", STATUS_FAILED, "did not answer");
	/* Too short to have a command. */
	fake_netlink.answers[fake_netlink.count++] = nlmsg_alloc_simple(0, 0);
	fails("stats", STATUS_FAILED, "did not answer");
}

static void test_help(void **state)
{
	static const char * const lines[] = {
		"pool list", "pool show", "transfers", "stats", "limit show", "limit set",
		"cancel", "monitor",
	};
	char line[64];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lines); i++) {
		snprintf(line, sizeof(line), "%s --help", lines[i]);
		assert_int_equal(run(line), STATUS_DONE);
		snprintf(line, sizeof(line), "Usage: zcdevctl %s", lines[i]);
		has(out, line);
	}
	assert_int_equal(fake_netlink.requests, 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pool_list),
		TEST(test_pool_list_json),
		TEST(test_pool_show),
		TEST(test_older_and_newer),
		TEST(test_transfers),
		TEST(test_transfers_older),
		TEST(test_stats),
		TEST(test_stats_watch),
		TEST(test_limits),
		TEST(test_limit_set),
		TEST(test_kernel_words),
		TEST(test_refused),
		TEST(test_cancel),
		TEST(test_no_module),
		TEST(test_interrupted),
		TEST(test_no_answer),
		TEST(test_help),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
