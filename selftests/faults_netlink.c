// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation that the netlink family makes, and that netlink makes for it,
 * fails once: each command, each dump, and what is told to those who listen. Who
 * asked hears of the fault, and is answered when asking once more; who listens
 * hears of the event, or that something was lost; and what others do, of which
 * the events tell, does not fail because of them.
 * only: debug
 * timeout: 60
 */
#include "zc_fault_dev.h"
#include "zc_nl.h"

#define LEN	(2 * BUF)

/**
 * struct request - what is asked
 * @name: for people
 * @cmd: ZCDEV_CMD_
 * @flags: NLM_F_ACK or NLM_F_DUMP
 * @attr: its attribute, or 0
 * @about: what that has: 'p': a pool, 't': a transfer, 'l': a limit
 * @rows: of the answer
 */
struct request {
	const char *name;
	int cmd, flags, attr;
	char about;
	unsigned int rows;
};

/**
 * struct answer - what was heard of a request
 * @rows: objects
 * @over: it has ended
 * @error: with this errno
 */
struct answer {
	unsigned int rows;
	bool over;
	int error;
};

static struct zc_nl nl;
static uint32_t pool_id, transfer_id;
static struct nl_msg *message;
static struct answer answer;

/* A transfer that waits for bytes that do not come */

static pthread_t mover;
static int feed[2], drain[2], moved_error;
static struct zc_xfer xfer;

static void *wait_for_bytes(void *arg)
{
	(void)arg;
	moved_error = zc_xfer_run(dev, &xfer);
	return NULL;
}

static void keep_id(struct nlattr **tb, void *arg)
{
	*(uint32_t *)arg = zc_nl_u32(tb, ZCDEV_A_TRANSFER_ID);
}

static bool transfer_listed(void)
{
	transfer_id = 0;
	zc_nl_dump(&nl, ZCDEV_CMD_TRANSFER_GET, keep_id, &transfer_id);
	return transfer_id;
}

static void begin_transfer(void)
{
	zc_must(!pipe2(feed, O_CLOEXEC));
	zc_unix_pair(drain);
	xfer = zc_xfer(feed[0], drain[0]);
	zc_must(!pthread_create(&mover, NULL, wait_for_bytes, NULL));
	assert_true(zc_wait_until(10, transfer_listed()));
}

/* It has moved nothing: there was nothing, or somebody cancelled it. */
static void end_transfer(bool cancelled)
{
	if (!cancelled)
		close(feed[1]);
	zc_must(!pthread_join(mover, NULL));
	assert_int_equal(moved_error, cancelled ? ECANCELED : 0);
	assert_int_equal(xfer.t.out_bytes, 0);
	if (cancelled)
		close(feed[1]);
	close(feed[0]);
	close(drain[0]);
	close(drain[1]);
}

/* Requests */

static void make_message(const struct request *r)
{
	message = zc_nl_msg(&nl, r->cmd, NLM_F_REQUEST | r->flags);
	switch (r->about) {
	case 'p':
		nla_put_u32(message, r->attr, pool_id);
		break;
	case 't':
		nla_put_u32(message, r->attr, transfer_id);
		break;
	case 'l':
		nla_put_u64(message, r->attr, 64 * MiB);
		break;
	}
	nl_complete_msg(nl.sk, message);
}

static bool begin_asking(const void *arg)
{
	struct timeval patience = { .tv_sec = 10 };

	dev = zc_open_pool(POOL / BUF, BUF);
	zc_nl_open(&nl);
	setsockopt(nl_socket_get_fd(nl.sk), SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
	pool_id = zc_nl_pool_id(dev);
	begin_transfer();
	make_message(arg);
	return true;
}

static int *error_of(struct nlmsghdr *hdr)
{
	if (hdr->nlmsg_type == NLMSG_ERROR)
		return &((struct nlmsgerr *)nlmsg_data(hdr))->error;
	return hdr->nlmsg_type == NLMSG_DONE ? nlmsg_data(hdr) : NULL;
}

static void hear(void *bytes, int len)
{
	struct nlmsghdr *hdr;

	for (hdr = bytes; nlmsg_ok(hdr, len); hdr = nlmsg_next(hdr, &len)) {
		int *error = error_of(hdr);

		if (!error) {
			answer.rows++;
			continue;
		}
		answer.error = -*error;
		answer.over = true;
	}
}

/* System calls, and no library that would try again. */
static int ask(const void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(message);
	int sk = nl_socket_get_fd(nl.sk);
	static char bytes[64 * KiB];
	ssize_t n;

	(void)arg;
	answer = (struct answer) {};
	if (send(sk, hdr, hdr->nlmsg_len, 0) < 0)
		return errno;
	while (!answer.over) {
		n = recv(sk, bytes, sizeof(bytes), 0);
		if (n < 0)
			return errno;
		hear(bytes, n);
	}
	return answer.error;
}

/* By a new socket: in the old one there may be more than libnl knows of. */
static bool still_listed(void)
{
	zc_nl_close(&nl);
	zc_nl_open(&nl);
	return transfer_listed();
}

/*
 * What lost nothing but its acknowledgment has been done: then the transfer is
 * gone, or goes just now.
 */
static void ask_again(const struct request *r)
{
	bool cancel = r->cmd == ZCDEV_CMD_TRANSFER_CANCEL;
	int ret;

	if (!still_listed() && cancel)
		return;
	nlmsg_free(message);
	make_message(r);
	ret = ask(r);
	if (cancel && ret == ENOENT)
		assert_false(still_listed());
	else
		assert_int_equal(ret, 0);
}

/* The limit is the one that was set. */
static void check_limit(void)
{
	struct zcdev_query q;

	assert_int_equal(zc_query(dev, &q), 0);
	assert_int_equal(q.out_max_total_bytes, 64 * MiB);
	zc_param("max_total_mib", "0");
}

static void check_answer(const void *arg, int ret, bool injected)
{
	const struct request *r = arg;

	(void)injected;
	assert_true(!ret || ret == ENOMEM || ret == ENOBUFS || ret == EFAULT);
	if (ret)
		ask_again(r);
	assert_int_equal(answer.rows, r->rows);
	if (r->cmd == ZCDEV_CMD_LIMIT_SET)
		check_limit();
}

static void end_asking(const void *arg)
{
	const struct request *r = arg;

	end_transfer(r->cmd == ZCDEV_CMD_TRANSFER_CANCEL);
	nlmsg_free(message);
	zc_nl_close(&nl);
	give_back(arg);
}

static void sweep_request(const struct request *r)
{
	struct zc_sweep sweep = {
		r->name, r, begin_asking, ask, check_answer, end_asking,
	};

	zc_sweep_run(&sweep);
}

/* Those that allocate themselves, and what they do not do alone. */
static void ours(void **state)
{
	static const struct request requests[] = {
		{ "a pool", ZCDEV_CMD_POOL_GET, NLM_F_ACK, ZCDEV_A_POOL_ID, 'p', 1 },
		{ "a transfer", ZCDEV_CMD_TRANSFER_GET, NLM_F_ACK,
		  ZCDEV_A_TRANSFER_ID, 't', 1 },
		{ "all transfers", ZCDEV_CMD_TRANSFER_GET, NLM_F_DUMP, 0, 0, 1 },
		{ "counters of a pool", ZCDEV_CMD_STATS_GET, NLM_F_ACK,
		  ZCDEV_A_STATS_POOL_ID, 'p', 1 },
		{ "counters", ZCDEV_CMD_STATS_GET, NLM_F_ACK, 0, 0, 1 },
		{ "counters of all pools", ZCDEV_CMD_STATS_GET, NLM_F_DUMP, 0, 0,
		  1 },
		{ "limits", ZCDEV_CMD_LIMIT_GET, NLM_F_ACK, 0, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		sweep_request(&requests[i]);
}

/* With all that netlink does around us. */
static void around(void **state)
{
	static const struct request requests[] = {
		{ "all pools", ZCDEV_CMD_POOL_GET, NLM_F_DUMP, 0, 0, 1 },
		{ "all transfers", ZCDEV_CMD_TRANSFER_GET, NLM_F_DUMP, 0, 0, 1 },
		{ "counters of all pools", ZCDEV_CMD_STATS_GET, NLM_F_DUMP, 0, 0,
		  1 },
		{ "a limit", ZCDEV_CMD_LIMIT_SET, NLM_F_ACK,
		  ZCDEV_A_LIMIT_TOTAL_MAX, 'l', 0 },
		{ "cancel", ZCDEV_CMD_TRANSFER_CANCEL, NLM_F_ACK,
		  ZCDEV_A_TRANSFER_ID, 't', 0 },
	};

	(void)state;
	zc_fault_within(ZC_ALL_TEXT, ZC_DEEP);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		sweep_request(&requests[i]);
	zc_fault_ours(state);
}

/* Events */

static void listen_to_all(void)
{
	struct timeval patience = { .tv_sec = 10 };
	int group;

	zc_nl_open(&nl);
	group = genl_ctrl_resolve_grp(nl.sk, ZCDEV_FAMILY_NAME,
				      ZCDEV_MCGRP_EVENTS);
	assert_true(group >= 0);
	assert_int_equal(nl_socket_add_membership(nl.sk, group), 0);
	setsockopt(nl_socket_get_fd(nl.sk), SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
}

/* That many came, or the socket says that some did not. */
static void assert_heard(unsigned int events)
{
	int sk = nl_socket_get_fd(nl.sk);
	static char bytes[64 * KiB];
	unsigned int heard = 0;
	bool lost = false;
	ssize_t n;

	while (heard < events && !lost) {
		n = recv(sk, bytes, sizeof(bytes), 0);
		if (n < 0)
			assert_int_equal(errno, ENOBUFS);
		lost = n < 0;
		heard += !lost;
	}
}

static bool listener_without_pool(const void *arg)
{
	listen_to_all();
	return plain_device(arg);
}

static int create_pool(const void *arg)
{
	(void)arg;
	return zc_pool_create(dev, POOL / BUF, BUF, 0);
}

static void check_created(const void *arg, int ret, bool injected)
{
	(void)injected;
	assert_true(!ret || ret == ENOMEM || ret == EFAULT);
	if (ret)
		assert_int_equal(create_pool(arg), 0);
	assert_heard(1);
	assert_free(0);
}

static bool listener_and_pool(const void *arg)
{
	device_with_pool(arg);
	listen_to_all();
	return true;
}

static int close_device(const void *arg)
{
	(void)arg;
	return zc_errno(close(dev));
}

static void check_closed(const void *arg, int ret, bool injected)
{
	(void)arg;
	(void)injected;
	assert_int_equal(ret, 0);
	assert_heard(1);
	zc_assert_no_pools();
	dev = zc_open();
}

static void stop_listening(const void *arg)
{
	zc_nl_close(&nl);
	give_back(arg);
}

/* From a pipe, whose bytes are copied, of which is told. */
static bool listener_and_ends(const void *arg)
{
	unsigned char bytes[LEN];

	zc_must(!pipe2(feed, O_CLOEXEC));
	zc_unix_pair(drain);
	zc_fill(bytes, LEN, 5, 0);
	zc_must(write(feed[1], bytes, LEN) == (ssize_t)LEN);
	close(feed[1]);
	xfer = zc_xfer(feed[0], drain[0]);
	return listener_and_pool(arg);
}

static int transfer(const void *arg)
{
	(void)arg;
	return zc_xfer_run(dev, &xfer);
}

/* Begin, fallback, end; of what did not begin nothing is told. */
static void check_transferred(const void *arg, int ret, bool injected)
{
	ssize_t moved = ret ? 0 : xfer.t.out_bytes;
	unsigned char bytes[LEN];

	(void)arg;
	assert_true(!ret || ret == ENOMEM || ret == EFAULT);
	assert_true(injected || moved == (ssize_t)LEN);
	close(drain[0]);
	if (ret != EFAULT)
		assert_int_equal(recv(drain[1], bytes, LEN, MSG_WAITALL), moved);
	assert_int_equal(zc_differs(bytes, moved, 5, 0), moved);
	close(drain[1]);
	close(feed[0]);
	if (moved == (ssize_t)LEN)
		assert_heard(3);
	assert_free(0);
}

static void events(void **state)
{
	static const struct zc_sweep sweeps[] = {
		{ "a pool that is told of", NULL, listener_without_pool,
		  create_pool, check_created, stop_listening },
		{ "a pool that goes", NULL, listener_and_pool, close_device,
		  check_closed, stop_listening },
		{ "a transfer that is told of", NULL, listener_and_ends,
		  transfer, check_transferred, stop_listening },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++)
		zc_sweep_run(&sweeps[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("each command meets every fault of ours", ours),
		ZC_TEST("each command meets every fault around it", around),
		ZC_TEST("what is told of meets every fault", events),
	};

	return cmocka_run_group_tests(tests, zc_fault_ours, zc_fault_over);
}
