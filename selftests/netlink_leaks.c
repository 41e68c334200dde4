// SPDX-License-Identifier: GPL-2.0
/*
 * What can be read of pools and transfers while bytes are on their way has no
 * address of kernel memory in it: netlink, fdinfo, parameters, results of ioctls.
 * trace.sh looks at tracepoints.
 */
#include <ctype.h>
#include <dirent.h>

#include "zc_nl.h"
#include "zc_sock.h"
#include "zc_task.h"

static int numbers, texts;

/* Where the kernel is, on x86-64. All ones are a number that is none. */
static bool is_address(uint64_t number)
{
	return number >= 0xffff800000000000ULL && number != ~0ULL;
}

static void check_number(uint64_t number, const char *where)
{
	if (is_address(number))
		fail_msg("%s: %#llx", where, (unsigned long long)number);
}

/* Numbers in it, in both bases that they are printed in. */
static bool has_address(const char *text)
{
	for (; *text; text++) {
		if (!isxdigit((unsigned char)*text))
			continue;
		if (is_address(strtoull(text, NULL, 10)) ||
		    is_address(strtoull(text, NULL, 16)))
			return true;
	}
	return false;
}

static void check_text(const char *text, const char *where)
{
	if (has_address(text))
		fail_msg("%s: %s", where, text);
}

static void check_attrs(struct nlattr *head, int len)
{
	struct nlattr *attr;
	int rest;

	nla_for_each_attr(attr, head, len, rest) {
		if (attr->nla_type & NLA_F_NESTED) {
			check_attrs(nla_data(attr), nla_len(attr));
		} else if (nla_len(attr) == 8) {
			check_number(nla_get_u64(attr), "netlink");
			numbers++;
		} else if (nla_len(attr) > 4) {
			check_text(nla_get_string(attr), "netlink");
			texts++;
		}
	}
}

static void check_answer(struct nlattr **tb, void *arg)
{
	struct genlmsghdr *hdr = nlmsg_data(((struct zc_nl *)arg)->answer);

	(void)tb;
	check_attrs(genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0));
}

static void check_netlink(void)
{
	struct nl_msg *msg;
	struct zc_nl nl;

	zc_nl_open(&nl);
	assert_int_equal(zc_nl_dump(&nl, ZCDEV_CMD_POOL_GET, check_answer, &nl),
			 0);
	assert_int_equal(zc_nl_dump(&nl, ZCDEV_CMD_TRANSFER_GET, check_answer,
				    &nl), 0);
	assert_int_equal(zc_nl_dump(&nl, ZCDEV_CMD_STATS_GET, check_answer,
				    &nl), 0);
	msg = zc_nl_msg(&nl, ZCDEV_CMD_LIMIT_GET, NLM_F_REQUEST | NLM_F_ACK);
	assert_int_equal(zc_nl_run(&nl, msg, check_answer, &nl), 0);
	zc_nl_close(&nl);
	/* Of the pool, the transfer with its ends, counters, and limits. */
	assert_true(numbers > 25);
	assert_true(texts >= 3);
}

static void check_file(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	assert_true(fd >= 0);
	len = read(fd, text, sizeof(text) - 1);
	assert_true(len > 0);
	text[len] = '\0';
	close(fd);
	check_text(text, path);
}

static void check_parameters(void)
{
	static const char dir[] = "/sys/module/zcdev/parameters";
	struct dirent *entry;
	DIR *d = opendir(dir);
	char path[300];

	assert_non_null(d);
	while ((entry = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (entry->d_name[0] != '.')
			check_file(path);
	}
	closedir(d);
}

static void check_words(const void *data, size_t len, const char *where)
{
	const uint64_t *word = data;
	size_t i;

	for (i = 0; i < len / sizeof(*word); i++)
		check_number(word[i], where);
}

/* All members are 64 bits, or pairs of which only a node of -1 is no small number. */
static void check_ioctls(int zc)
{
	struct zcdev_pool_info info;
	struct zcdev_query query;

	assert_int_equal(zc_query(zc, &query), 0);
	check_words(&query, sizeof(query), "QUERY");
	assert_int_equal(zc_pool_info(zc, &info), 0);
	assert_int_equal(info.out_node, ZCDEV_NODE_ANY);
	info.out_node = 0;
	check_words(&info, sizeof(info), "POOL_INFO");
}

static void nothing(void **state)
{
	struct zc_mover m = { .zc = zc_open_pool(4, 64 * KiB) };
	int src = zc_make_file("src", 8 * MiB, 1), sv[2];
	char path[64];

	(void)state;
	zc_unix_pair(sv);
	m.x = zc_xfer(src, sv[0]);
	zc_mover_start(&m);
	/* Buffers on their way, and some that only the socket has. */
	usleep(500000);
	check_netlink();
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", m.zc);
	check_file(path);
	check_parameters();
	check_ioctls(m.zc);
	close(sv[1]);
	zc_mover_join(&m);
	assert_int_equal(m.x.t.out_error, EPIPE);
	check_words(&m.x.t.out_bytes, sizeof(m.x.t) -
		    offsetof(struct zcdev_transfer, out_bytes), "TRANSFER");
	check_words(&m.x.end[1].out_bytes, sizeof(m.x.end[1]) -
		    offsetof(struct zcdev_end, out_bytes), "TRANSFER");
	close(sv[0]);
	close(src);
	close(m.zc);
}

static void the_test(void **state)
{
	(void)state;
	assert_true(has_address("at ffff888012345000"));
	assert_true(has_address("x:\t0xffffffffc0123456\n"));
	assert_true(has_address("18446612682170679296"));
	assert_false(has_address("0xffffffffffffffff 4096 /a/ffff"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("addresses are recognized", the_test),
		ZC_TEST("none is told", nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
