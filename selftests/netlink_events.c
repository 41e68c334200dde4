// SPDX-License-Identifier: GPL-2.0
/*
 * Who listens hears of each pool and transfer once, in order, with ids and
 * counts only; and nothing of other network namespaces. A pool does not keep a
 * namespace alive that is gone otherwise.
 */
#include <poll.h>
#include <sched.h>

#include "zc_nl.h"
#include "zc_mem.h"
#include "zc_sock.h"
#include "zc_task.h"

#define EVENTS	32

/**
 * struct event - what was heard
 * @cmd: ZCDEV_CMD_*_NTF
 * @id: of the pool or transfer
 * @pool: id
 * @bytes: that a transfer moved, or that a pool holds
 * @error: of a transfer
 * @ends: how many
 * @reasons: of the last of them
 */
struct event {
	int cmd;
	uint32_t id, pool, error, reasons;
	uint64_t bytes;
	int ends;
};

struct ear {
	struct zc_nl nl;
	int events;
	struct event event[EVENTS];
};

static void hear_end(struct nlattr *nest, struct event *e)
{
	struct nlattr *tb[ZC_NL_ATTRS] = {};

	assert_int_equal(nla_parse_nested(tb, ZC_NL_ATTRS - 1, nest, NULL), 0);
	assert_null(tb[ZCDEV_A_END_NAME]);
	e->reasons = zc_nl_u32(tb, ZCDEV_A_END_REASONS);
	e->ends++;
}

static void hear_pool(struct nlattr **tb, struct event *e)
{
	assert_null(tb[ZCDEV_A_POOL_OWNER_UID]);
	assert_null(tb[ZCDEV_A_POOL_OWNER_PID]);
	assert_null(tb[ZCDEV_A_POOL_OWNER_COMM]);
	e->id = zc_nl_u32(tb, ZCDEV_A_POOL_ID);
	e->bytes = zc_nl_u64(tb, ZCDEV_A_POOL_HELD);
	zc_nl_u32(tb, ZCDEV_A_POOL_COUNT);
	zc_nl_u32(tb, ZCDEV_A_POOL_BUF_SIZE);
}

static void hear_transfer(struct nl_msg *msg, struct nlattr **tb,
			  struct event *e)
{
	struct nlattr *attr;
	int rest;

	assert_null(tb[ZCDEV_A_TRANSFER_OWNER_UID]);
	assert_null(tb[ZCDEV_A_TRANSFER_OWNER_PID]);
	assert_null(tb[ZCDEV_A_TRANSFER_OWNER_COMM]);
	e->id = zc_nl_u32(tb, ZCDEV_A_TRANSFER_ID);
	if (tb[ZCDEV_A_TRANSFER_POOL_ID])
		e->pool = zc_nl_u32(tb, ZCDEV_A_TRANSFER_POOL_ID);
	if (tb[ZCDEV_A_TRANSFER_BYTES])
		e->bytes = zc_nl_u64(tb, ZCDEV_A_TRANSFER_BYTES);
	if (tb[ZCDEV_A_TRANSFER_ERROR])
		e->error = zc_nl_u32(tb, ZCDEV_A_TRANSFER_ERROR);
	nlmsg_for_each_attr(attr, nlmsg_hdr(msg), GENL_HDRLEN, rest)
		if (nla_type(attr) == ZCDEV_A_TRANSFER_END)
			hear_end(attr, e);
}

static int hear(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[ZC_NL_ATTRS] = {};
	struct ear *ear = arg;
	struct event *e = &ear->event[ear->events++];

	assert_true(ear->events <= EVENTS);
	assert_int_equal(genlmsg_parse(nlmsg_hdr(msg), 0, tb, ZC_NL_ATTRS - 1,
				       NULL), 0);
	memset(e, 0, sizeof(*e));
	e->cmd = genlmsg_hdr(nlmsg_hdr(msg))->cmd;
	if (e->cmd <= ZCDEV_CMD_POOL_DEL_NTF)
		hear_pool(tb, e);
	else
		hear_transfer(msg, tb, e);
	return NL_OK;
}

static void listen_to(struct ear *ear)
{
	int group;

	memset(ear, 0, sizeof(*ear));
	zc_nl_open(&ear->nl);
	group = genl_ctrl_resolve_grp(ear->nl.sk, ZCDEV_FAMILY_NAME,
				      ZCDEV_MCGRP_EVENTS);
	assert_true(group >= 0);
	nl_socket_disable_seq_check(ear->nl.sk);
	nl_socket_modify_cb(ear->nl.sk, NL_CB_VALID, NL_CB_CUSTOM, hear, ear);
	assert_int_equal(nl_socket_add_membership(ear->nl.sk, group), 0);
}

/* All that was said until now, or until there are @want. */
static void gather(struct ear *ear, int want)
{
	struct pollfd p = { nl_socket_get_fd(ear->nl.sk), POLLIN, 0 };
	int wait = want ? 10000 : 0;

	while ((!want || ear->events < want) && poll(&p, 1, wait) > 0)
		assert_int_equal(nl_recvmsgs_default(ear->nl.sk), 0);
	/* No more than that. */
	if (want && poll(&p, 1, 100) > 0)
		nl_recvmsgs_default(ear->nl.sk);
}

static void pool_comes_and_goes(void **state)
{
	struct ear ear;
	uint32_t id;
	int fd;

	(void)state;
	listen_to(&ear);
	fd = zc_open_pool(4, 8192);
	id = zc_nl_pool_id(fd);
	close(fd);
	gather(&ear, 2);
	assert_int_equal(ear.events, 2);
	assert_int_equal(ear.event[0].cmd, ZCDEV_CMD_POOL_ADD_NTF);
	assert_int_equal(ear.event[0].id, id);
	assert_int_equal(ear.event[0].bytes, 4 * 8192);
	assert_int_equal(ear.event[1].cmd, ZCDEV_CMD_POOL_DEL_NTF);
	assert_int_equal(ear.event[1].id, id);
	assert_int_equal(ear.event[1].bytes, 0);
	zc_nl_close(&ear.nl);
}

static void pool_drains(void **state)
{
	int sv[2], fd;
	struct ear ear;
	void *map;

	(void)state;
	listen_to(&ear);
	zc_unix_pair(sv);
	fd = zc_open_pool(4, 8192);
	map = zc_map(fd, 8192);
	assert_int_equal(zc_queue(sv[0], map, 4096), 0);
	munmap(map, 8192);
	close(fd);
	gather(&ear, 2);
	assert_int_equal(ear.events, 2);
	assert_int_equal(ear.event[1].cmd, ZCDEV_CMD_POOL_DRAIN_NTF);
	assert_int_equal(ear.event[1].bytes, 8192);
	close(sv[0]);
	close(sv[1]);
	gather(&ear, 3);
	assert_int_equal(ear.events, 3);
	assert_int_equal(ear.event[2].cmd, ZCDEV_CMD_POOL_DEL_NTF);
	assert_int_equal(ear.event[2].id, ear.event[0].id);
	zc_nl_close(&ear.nl);
}

/* To a file of which every block is buffered: one fallback, told once. */
static void transfer_falls_back(void **state)
{
	int fd, src, dst;
	struct zc_xfer x;
	struct ear ear;
	uint32_t pool;

	(void)state;
	src = zc_make_file("src", 300000, 1);
	dst = open("dst", O_RDWR | O_CREAT | O_TRUNC, 0600);
	fd = zc_open_pool(4, 64 * KiB);
	pool = zc_nl_pool_id(fd);
	listen_to(&ear);
	x = zc_xfer(src, dst);
	x.end[1].flags = ZCDEV_END_BUFFERED;
	assert_int_equal(zc_xfer_run(fd, &x), 0);
	assert_int_equal(x.t.out_bytes, 300000);
	gather(&ear, 3);
	assert_int_equal(ear.events, 3);
	assert_int_equal(ear.event[0].cmd, ZCDEV_CMD_TRANSFER_BEGIN_NTF);
	assert_int_equal(ear.event[0].ends, 2);
	assert_int_equal(ear.event[1].cmd, ZCDEV_CMD_TRANSFER_FALLBACK_NTF);
	assert_int_equal(ear.event[1].id, ear.event[0].id);
	assert_int_equal(ear.event[1].pool, pool);
	assert_int_equal(ear.event[1].ends, 1);
	assert_int_equal(ear.event[2].cmd, ZCDEV_CMD_TRANSFER_END_NTF);
	assert_int_equal(ear.event[2].id, ear.event[0].id);
	assert_int_equal(ear.event[2].pool, pool);
	assert_int_equal(ear.event[2].bytes, 300000);
	assert_int_equal(ear.event[2].error, 0);
	assert_int_equal(ear.event[2].ends, 2);
	assert_int_equal(ear.event[2].reasons, ZCDEV_REASON_ASKED);
	close(src);
	close(dst);
	close(fd);
	zc_nl_close(&ear.nl);
}

static void transfer_fails(void **state)
{
	int fd, src, sv[2];
	struct zc_xfer x;
	struct ear ear;

	(void)state;
	src = zc_make_file("src", 300000, 1);
	fd = zc_open_pool(4, 64 * KiB);
	/* Nobody reads, which shows when it is written. */
	assert_int_equal(pipe(sv), 0);
	close(sv[0]);
	listen_to(&ear);
	x = zc_xfer(src, sv[1]);
	assert_int_equal(zc_xfer_run(fd, &x), EPIPE);
	gather(&ear, 2);
	assert_int_equal(ear.events, 2);
	assert_int_equal(ear.event[1].cmd, ZCDEV_CMD_TRANSFER_END_NTF);
	assert_int_equal(ear.event[1].error, EPIPE);
	assert_int_equal(ear.event[1].bytes, 0);
	close(src);
	close(sv[1]);
	close(fd);
	zc_nl_close(&ear.nl);
}

/*
 * In a network namespace of its own, where it is heard. The pool outlives that if
 * @arg is ours.
 */
static int make_pool_and_transfer(void *arg)
{
	int src = open("src", O_RDONLY), dst = open("dst", O_RDWR);
	struct zc_xfer x = zc_xfer(src, dst);
	struct ear ear;

	zc_must(!unshare(CLONE_NEWNET) && src >= 0 && dst >= 0);
	listen_to(&ear);
	zc_must(!zc_pool_create(*(int *)arg, 1, 4096, 0));
	zc_must(!zc_xfer_run(*(int *)arg, &x));
	gather(&ear, 0);
	zc_nl_close(&ear.nl);
	return ear.events;
}

static void elsewhere(void **state)
{
	int fd = zc_open(), src = zc_make_file("src", 100000, 1);
	struct ear ear;

	(void)state;
	close(open("dst", O_RDWR | O_CREAT | O_TRUNC, 0600));
	listen_to(&ear);
	assert_true(zc_child(make_pool_and_transfer, &fd) >= 3);
	close(fd);
	close(src);
	gather(&ear, 0);
	assert_int_equal(ear.events, 0);
	zc_nl_close(&ear.nl);
}

/* A veth whose other end is in that namespace goes with it. */
static int make_pool_and_veth(void *arg)
{
	char cmd[128];

	zc_must(!unshare(CLONE_NEWNET));
	snprintf(cmd, sizeof(cmd),
		 "ip link add zcv1 type veth peer name zcv0 netns %d",
		 getppid());
	zc_must(!system(cmd));
	return zc_pool_create(*(int *)arg, 1, 4096, 0);
}

static bool veth_exists(void)
{
	return !access("/sys/class/net/zcv0", F_OK);
}

static void namespace_goes(void **state)
{
	int fd = zc_open();

	(void)state;
	assert_int_equal(system("modprobe -q veth"), 0);
	assert_int_equal(zc_child(make_pool_and_veth, &fd), 0);
	assert_true(zc_wait_until(10, !veth_exists()));
	/* Nobody hears of it, and nothing breaks. */
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("a pool comes and goes", pool_comes_and_goes),
		ZC_TEST("a pool drains", pool_drains),
		ZC_TEST("a transfer falls back", transfer_falls_back),
		ZC_TEST("a transfer fails", transfer_fails),
		ZC_TEST("nothing from another namespace", elsewhere),
		ZC_TEST("a pool pins no namespace", namespace_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
