// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>

#include "fake_netlink.h"
#include "zcdev_netlink.h"

#define GROUP	7
#define BUFFER	65536

struct fake_netlink fake_netlink;

int __wrap_genl_connect(struct nl_sock *sock);

/* What goes to the reader, message by message, and the request that it answers. */
static unsigned char queue[BUFFER];
static size_t queued, taken;
static unsigned char request[4096];

static const struct nlmsghdr *asked(void)
{
	return (const struct nlmsghdr *)request;
}

/* Room for a message with @payload bytes; returns where those go. */
static void *queue_message(uint16_t type, uint16_t flags, size_t payload)
{
	struct nlmsghdr *head = (struct nlmsghdr *)(queue + queued);

	*head = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN + payload,
		.nlmsg_type = type,
		.nlmsg_flags = flags,
		.nlmsg_seq = asked()->nlmsg_seq,
		.nlmsg_pid = asked()->nlmsg_pid,
	};
	queued += NLMSG_ALIGN(head->nlmsg_len);
	return (char *)head + NLMSG_HDRLEN;
}

/* The words and the offset, as attributes. Returns their size. */
static size_t make_words(unsigned char *buf)
{
	struct nl_msg *msg = nlmsg_alloc();
	size_t len;

	nlmsg_put(msg, 0, 0, 0, 0, 0);
	if (fake_netlink.words)
		nla_put_string(msg, NLMSGERR_ATTR_MSG, fake_netlink.words);
	if (fake_netlink.offset)
		nla_put_u32(msg, NLMSGERR_ATTR_OFFS, fake_netlink.offset);
	len = nlmsg_datalen(nlmsg_hdr(msg));
	memcpy(buf, nlmsg_data(nlmsg_hdr(msg)), len);
	nlmsg_free(msg);
	return len;
}

static void queue_error(int error)
{
	unsigned char words[512];
	size_t len = error ? make_words(words) : 0;
	size_t echo = fake_netlink.uncapped ? asked()->nlmsg_len - NLMSG_HDRLEN : 0;
	uint16_t flags = (len ? NLM_F_ACK_TLVS : 0) | (echo ? 0 : NLM_F_CAPPED);
	struct nlmsgerr *err;

	err = queue_message(NLMSG_ERROR, flags, sizeof(*err) + NLMSG_ALIGN(echo) + len);
	err->error = error;
	err->msg = *asked();
	memcpy(err + 1, asked() + 1, echo);
	memcpy((char *)(err + 1) + NLMSG_ALIGN(echo), words, len);
}

static void queue_done(void)
{
	unsigned char words[512];
	int error = fake_netlink.late ? fake_netlink.error : 0;
	size_t len = error ? make_words(words) : 0;
	char *payload;

	payload = queue_message(NLMSG_DONE, NLM_F_MULTI | (len ? NLM_F_ACK_TLVS : 0),
				sizeof(error) + len);
	memcpy(payload, &error, sizeof(error));
	memcpy(payload + sizeof(error), words, len);
}

static void queue_answers(bool dump)
{
	uint16_t flags = dump ? NLM_F_MULTI : 0;
	const struct nlmsghdr *head;
	unsigned int i;

	if (dump && fake_netlink.interrupted) {
		fake_netlink.interrupted--;
		flags |= NLM_F_DUMP_INTR;
	}
	for (i = 0; i < fake_netlink.count; i++) {
		head = nlmsg_hdr(fake_netlink.answers[i]);
		memcpy(queue_message(FAKE_FAMILY, flags, nlmsg_datalen(head)), nlmsg_data(head),
		       nlmsg_datalen(head));
	}
}

/* What the kernel's controller tells about the family. */
static void answer_family(void)
{
	struct nl_msg *msg = nlmsg_alloc();
	struct nlattr *groups, *group;
	struct nlmsghdr *head;

	if (fake_netlink.no_family) {
		queue_error(-ENOENT);
		nlmsg_free(msg);
		return;
	}
	genlmsg_put(msg, 0, 0, GENL_ID_CTRL, 0, 0, CTRL_CMD_NEWFAMILY, 2);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, ZCDEV_FAMILY_NAME);
	nla_put_u16(msg, CTRL_ATTR_FAMILY_ID, FAKE_FAMILY);
	groups = nla_nest_start(msg, CTRL_ATTR_MCAST_GROUPS);
	group = nla_nest_start(msg, 1);
	nla_put_string(msg, CTRL_ATTR_MCAST_GRP_NAME, ZCDEV_MCGRP_EVENTS);
	nla_put_u32(msg, CTRL_ATTR_MCAST_GRP_ID, GROUP);
	nla_nest_end(msg, group);
	nla_nest_end(msg, groups);
	head = nlmsg_hdr(msg);
	memcpy(queue_message(GENL_ID_CTRL, 0, nlmsg_datalen(head)), nlmsg_data(head),
	       nlmsg_datalen(head));
	queue_error(0);
	nlmsg_free(msg);
}

/* As it is: what does not fit is lost, as on a socket. */
static void queue_raw(void)
{
	queued = fake_netlink.raw_size < BUFFER ? fake_netlink.raw_size : BUFFER;
	memcpy(queue, fake_netlink.raw, queued);
}

static void answer_request(void)
{
	const struct genlmsghdr *genl = nlmsg_data(asked());

	fake_netlink.requests++;
	fake_netlink.command = genl->cmd;
	fake_netlink.dump = (asked()->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	attrs_parse(&fake_netlink.attrs, genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0));
	if (fake_netlink.raw) {
		queue_raw();
		return;
	}
	if (fake_netlink.error && !fake_netlink.late) {
		queue_error(fake_netlink.error);
		return;
	}
	queue_answers(fake_netlink.dump);
	if (fake_netlink.dump)
		queue_done();
	else
		queue_error(0);
}

static int fake_send(struct nl_sock *sock, struct nl_msg *msg)
{
	const struct nlmsghdr *head = nlmsg_hdr(msg);

	(void)sock;
	if (head->nlmsg_len > sizeof(request))
		return -NLE_NOMEM;
	memcpy(request, head, head->nlmsg_len);
	queued = 0;
	taken = 0;
	if (head->nlmsg_type == GENL_ID_CTRL)
		answer_family();
	else
		answer_request();
	return head->nlmsg_len;
}

/* A real socket would wait for ever where this fails. libnl frees the buffer. */
static int fake_recv(struct nl_sock *sock, struct sockaddr_nl *from, unsigned char **buf,
		     struct ucred **creds)
{
	const struct nlmsghdr *head = (const struct nlmsghdr *)(queue + taken);
	size_t size;

	(void)sock;
	(void)creds;
	if (taken == queued)
		return -NLE_AGAIN;
	/* Raw lengths may be wrong, so all of it comes at once. */
	size = fake_netlink.raw ? queued - taken : head->nlmsg_len;
	taken = fake_netlink.raw ? queued : taken + NLMSG_ALIGN(size);
	*from = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
	*buf = malloc(size);
	memcpy(*buf, head, size);
	return size;
}

int __wrap_genl_connect(struct nl_sock *sock)
{
	struct nl_cb *cb = nl_socket_get_cb(sock);

	nl_cb_overwrite_send(cb, fake_send);
	nl_cb_overwrite_recv(cb, fake_recv);
	nl_cb_put(cb);
	return 0;
}

void fake_netlink_reset(void)
{
	unsigned int i;

	for (i = 0; i < fake_netlink.count; i++)
		nlmsg_free(fake_netlink.answers[i]);
	fake_netlink = (struct fake_netlink){ };
}

struct nl_msg *fake_netlink_answer(uint8_t command)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, 0, 0, FAKE_FAMILY, 0, 0, command, ZCDEV_FAMILY_VERSION);
	fake_netlink.answers[fake_netlink.count++] = msg;
	return msg;
}
