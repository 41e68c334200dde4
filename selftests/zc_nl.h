/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Speaking to the netlink family: one request, its answers, and what the kernel
 * had to say about it.
 */
#ifndef ZC_NL_H
#define ZC_NL_H

#include <stdbool.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "zc.h"
#include "zcdev_netlink.h"

/**
 * struct zc_nl - a socket, and how the last request ended
 * @sk: the socket
 * @family: number of our family
 * @error: 0 or an errno
 * @text: what the kernel said
 * @attr: type of the attribute that it pointed at, or 0
 * @missing: type of the attribute that it missed, or 0
 * @answer: while a zc_nl_fn is called: the message, for attributes that come more
 *	than once
 */
struct zc_nl {
	struct nl_sock *sk;
	int family;
	int error;
	char text[128];
	int attr;
	int missing;
	struct nlmsghdr *answer;
};

/* Called for each answer, with its attributes. */
typedef void (*zc_nl_fn)(struct nlattr **tb, void *arg);

struct zc_nl_call {
	struct zc_nl *nl;
	zc_nl_fn fn;
	void *arg;
	bool done;
};

static inline void zc_nl_open(struct zc_nl *nl)
{
	int one = 1, size = 1 << 20;

	memset(nl, 0, sizeof(*nl));
	nl->sk = nl_socket_alloc();
	assert_non_null(nl->sk);
	assert_int_equal(genl_connect(nl->sk), 0);
	nl->family = genl_ctrl_resolve(nl->sk, ZCDEV_FAMILY_NAME);
	assert_true(nl->family > 0);
	assert_int_equal(nl_socket_set_buffer_size(nl->sk, size, size), 0);
	setsockopt(nl_socket_get_fd(nl->sk), SOL_NETLINK, NETLINK_EXT_ACK, &one,
		   sizeof(one));
	/* What libnl knows of refuses none; the kernel looks at dumps, too. */
	setsockopt(nl_socket_get_fd(nl->sk), SOL_NETLINK,
		   NETLINK_GET_STRICT_CHK, &one, sizeof(one));
}

static inline void zc_nl_close(struct zc_nl *nl)
{
	nl_socket_free(nl->sk);
	nl->sk = NULL;
}

static inline struct nl_msg *zc_nl_msg(struct zc_nl *nl, int cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(4096);

	assert_non_null(msg);
	assert_non_null(genlmsg_put(msg, 0, 0, nl->family, 0, flags, cmd,
				    ZCDEV_FAMILY_VERSION));
	return msg;
}

#define ZC_NL_ATTRS	32

static inline int zc_nl_valid(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[ZC_NL_ATTRS] = {};
	struct zc_nl_call *call = arg;

	assert_int_equal(genlmsg_parse(nlmsg_hdr(msg), 0, tb, ZC_NL_ATTRS - 1,
				       NULL), 0);
	call->nl->answer = nlmsg_hdr(msg);
	if (call->fn)
		call->fn(tb, call->arg);
	call->nl->answer = NULL;
	return NL_OK;
}

/* What follows the request, which is there unless all went well. */
static inline void zc_nl_extack(struct zc_nl *nl, struct nlmsgerr *err, int len)
{
	int skip = sizeof(*err) + NLMSG_ALIGN(err->msg.nlmsg_len) -
		   sizeof(err->msg);
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1] = {};
	uint32_t at;

	if (len <= skip)
		return;
	nla_parse(tb, NLMSGERR_ATTR_MAX, (void *)((char *)err + skip),
		  len - skip, NULL);
	if (tb[NLMSGERR_ATTR_MSG])
		snprintf(nl->text, sizeof(nl->text), "%s",
			 nla_get_string(tb[NLMSGERR_ATTR_MSG]));
	if (tb[NLMSGERR_ATTR_OFFS]) {
		at = nla_get_u32(tb[NLMSGERR_ATTR_OFFS]);
		nl->attr = nla_type((void *)((char *)&err->msg + at));
	}
	if (tb[NLMSGERR_ATTR_MISS_TYPE])
		nl->missing = nla_get_u32(tb[NLMSGERR_ATTR_MISS_TYPE]);
}

static inline int zc_nl_error(struct sockaddr_nl *addr, struct nlmsgerr *err,
			      void *arg)
{
	struct nlmsghdr *hdr = (void *)((char *)err - NLMSG_HDRLEN);
	struct zc_nl_call *call = arg;

	(void)addr;
	call->nl->error = -err->error;
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS)
		zc_nl_extack(call->nl, err, hdr->nlmsg_len - NLMSG_HDRLEN);
	call->done = true;
	return NL_STOP;
}

static inline int zc_nl_ack(struct nl_msg *msg, void *arg)
{
	struct zc_nl_call *call = arg;

	(void)msg;
	call->done = true;
	return NL_STOP;
}

/* A dump that was cut off says so in its last message. */
static inline int zc_nl_finish(struct nl_msg *msg, void *arg)
{
	struct zc_nl_call *call = arg;
	int *error = nlmsg_data(nlmsg_hdr(msg));

	if (nlmsg_datalen(nlmsg_hdr(msg)) >= (int)sizeof(*error))
		call->nl->error = -*error;
	call->done = true;
	return NL_STOP;
}

/* Send a request, hand its answers to @fn. Returns 0 or an errno. */
static inline int zc_nl_run(struct zc_nl *nl, struct nl_msg *msg, zc_nl_fn fn,
			    void *arg)
{
	struct zc_nl_call call = { .nl = nl, .fn = fn, .arg = arg };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int ret;

	nl->error = 0;
	nl->text[0] = '\0';
	nl->attr = 0;
	nl->missing = 0;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, zc_nl_valid, &call);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, zc_nl_ack, &call);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, zc_nl_finish, &call);
	nl_cb_err(cb, NL_CB_CUSTOM, zc_nl_error, &call);
	assert_true(nl_send_auto(nl->sk, msg) > 0);
	nlmsg_free(msg);
	while (!call.done) {
		ret = nl_recvmsgs(nl->sk, cb);
		if (ret < 0 && !call.done)
			fail_msg("netlink: %s", nl_geterror(ret));
	}
	nl_cb_put(cb);
	return nl->error;
}

/* A request about one id. */
static inline int zc_nl_get(struct zc_nl *nl, int cmd, int attr, uint32_t id,
			    zc_nl_fn fn, void *arg)
{
	struct nl_msg *msg = zc_nl_msg(nl, cmd, NLM_F_REQUEST | NLM_F_ACK);

	nla_put_u32(msg, attr, id);
	return zc_nl_run(nl, msg, fn, arg);
}

static inline int zc_nl_dump(struct zc_nl *nl, int cmd, zc_nl_fn fn, void *arg)
{
	return zc_nl_run(nl, zc_nl_msg(nl, cmd, NLM_F_REQUEST | NLM_F_DUMP),
			 fn, arg);
}

/* The id of the pool of an open file, as its fdinfo has it. */
static inline uint32_t zc_nl_pool_id(int fd)
{
	char path[64], line[128];
	unsigned int id = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "zcdev-pool: %u", &id) == 1)
			break;
	fclose(f);
	assert_true(id);
	return id;
}

static inline uint64_t zc_nl_u64(struct nlattr **tb, int attr)
{
	assert_non_null(tb[attr]);
	assert_int_equal(nla_len(tb[attr]), 8);
	return nla_get_u64(tb[attr]);
}

static inline uint32_t zc_nl_u32(struct nlattr **tb, int attr)
{
	assert_non_null(tb[attr]);
	assert_int_equal(nla_len(tb[attr]), 4);
	return nla_get_u32(tb[attr]);
}

#endif /* ZC_NL_H */
