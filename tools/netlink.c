// SPDX-License-Identifier: GPL-2.0
/*
 * libnl sends, receives and tells messages from errors. Of the errors it only
 * knows numbers, and fewer than the kernel: so these, and what the kernel says
 * about them, are taken from the message itself.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "kmod.h"
#include "netlink.h"
#include "zcdev_netlink.h"

/* Bytes of events that may wait; with 10,000 pools that go at once, a MiB. */
#define EVENT_BUFFER	(4 << 20)

/* As the kernel has it. */
#define MAX_ERRNO	4095

/* A dump that changed while it was made is made again, so many times. */
#define DUMP_TRIES	5

/* The attribute of the request that begins at @offset of its message. */
static const struct netlink_value *value_at(const struct netlink_request *request, uint32_t offset)
{
	uint32_t at = NLMSG_HDRLEN + GENL_HDRLEN;
	size_t i;

	for (i = 0; request && i < request->count; i++) {
		if (offset == at)
			return &request->values[i];
		at += nla_total_size(request->values[i].size);
	}
	return NULL;
}

static void take_words(struct netlink *nl, const void *tlvs, int len)
{
	struct attrs attrs;
	const char *words;

	attrs_parse(&attrs, tlvs, len);
	words = attr_text(attrs.at[NLMSGERR_ATTR_MSG]);
	snprintf(nl->words, sizeof(nl->words), "%s", words ? words : "");
	nl->blamed = value_at(nl->request, attr_or_zero(attrs.at[NLMSGERR_ATTR_OFFS]));
}

/* What is no errno, no kernel says. */
static int checked_error(int error)
{
	return error < 0 && error >= -MAX_ERRNO ? error : -EPROTO;
}

/* Behind the error stands our request, unless it was capped, and then the words. */
static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *context)
{
	const struct nlmsghdr *head = (const void *)((const char *)err - NLMSG_HDRLEN);
	struct netlink *nl = context;
	size_t skip = sizeof(*err);

	(void)from;
	nl->error = checked_error(err->error);
	nl->done = true;
	if (!(head->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(err->msg.nlmsg_len - sizeof(err->msg));
	if (head->nlmsg_flags & NLM_F_ACK_TLVS && NLMSG_HDRLEN + skip < head->nlmsg_len)
		take_words(nl, (const char *)err + skip, head->nlmsg_len - NLMSG_HDRLEN - skip);
	return NL_STOP;
}

/* The end of a dump, which may have failed on its way. */
static int on_finish(struct nl_msg *msg, void *context)
{
	const struct nlmsghdr *head = nlmsg_hdr(msg);
	struct netlink *nl = context;
	int error = 0, len = nlmsg_datalen(head);

	if (len >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(head), sizeof(error));
	if (error < 0)
		nl->error = checked_error(error);
	if (error < 0 && head->nlmsg_flags & NLM_F_ACK_TLVS)
		take_words(nl, (char *)nlmsg_data(head) + sizeof(error), len - sizeof(error));
	nl->done = true;
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *context)
{
	struct netlink *nl = context;

	(void)msg;
	nl->done = true;
	return NL_STOP;
}

static int on_message(struct nl_msg *msg, void *context)
{
	struct netlink *nl = context;

	/* Without a command it answers nothing. */
	if (!genlmsg_valid_hdr(nlmsg_hdr(msg), 0))
		return NL_SKIP;
	if (nl->answers && records_add(nl->answers, msg))
		return -NLE_NOMEM;
	return NL_OK;
}

static void set_callbacks(struct netlink *nl)
{
	nl_socket_modify_cb(nl->sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, nl);
	nl_socket_modify_cb(nl->sock, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, nl);
	nl_socket_modify_cb(nl->sock, NL_CB_ACK, NL_CB_CUSTOM, on_ack, nl);
	nl_socket_modify_err_cb(nl->sock, NL_CB_CUSTOM, on_error, nl);
}

/* Kernels before 4.12 have no words; ours are newer. */
static void ask_for_words(struct netlink *nl)
{
	int one = 1, fd = nl_socket_get_fd(nl->sock);

	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
}

static int connect_sock(struct netlink *nl, struct fault *f)
{
	int ret;

	nl->sock = nl_socket_alloc();
	if (!nl->sock)
		return fault_set(f, STATUS_FAILED, "cannot open a netlink socket: %s",
				 strerror(ENOMEM));
	ret = genl_connect(nl->sock);
	if (ret)
		return fault_set(f, STATUS_FAILED, "cannot open a netlink socket: %s",
				 nl_geterror(ret));
	ask_for_words(nl);
	return 0;
}

static int no_family(int ret, struct fault *f)
{
	struct kmod_report report;

	if (ret != -NLE_OBJ_NOTFOUND)
		return fault_set(f, STATUS_FAILED, "cannot find the netlink family %s: %s",
				 ZCDEV_FAMILY_NAME, nl_geterror(ret));
	kmod_report(&report);
	fault_set(f, STATUS_NO_DEVICE, "there is no netlink family %s: %s%s", ZCDEV_FAMILY_NAME,
		  report.text, report.state > KMOD_OUTDATED ? "" :
		  ", and older than this zcdevctl; load the one that came with it");
	f->err = ENOENT;
	return -1;
}

/* The kernel tries to load the module that has the family. */
static int find_family(struct netlink *nl, struct fault *f)
{
	nl->family = genl_ctrl_resolve(nl->sock, ZCDEV_FAMILY_NAME);
	if (nl->family < 0)
		return no_family(nl->family, f);
	set_callbacks(nl);
	return 0;
}

int netlink_open(struct netlink *nl, struct fault *f)
{
	*nl = (struct netlink){ };
	if (connect_sock(nl, f) || find_family(nl, f)) {
		netlink_close(nl);
		return -1;
	}
	return 0;
}

void netlink_close(struct netlink *nl)
{
	nl_socket_free(nl->sock);
	nl->sock = NULL;
}

static int put_values(struct nl_msg *msg, const struct netlink_request *request)
{
	const struct netlink_value *value;
	int ret = 0;
	size_t i;

	for (i = 0; i < request->count && !ret; i++) {
		value = &request->values[i];
		ret = value->size == 4 ? nla_put_u32(msg, value->type, value->number) :
					 nla_put_u64(msg, value->type, value->number);
	}
	return ret;
}

static int send_request(struct netlink *nl)
{
	const struct netlink_request *request = nl->request;
	struct nl_msg *msg = nlmsg_alloc();
	int ret = -NLE_NOMEM;

	if (!msg)
		return ret;
	if (genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0,
			request->dump ? NLM_F_DUMP : 0, request->command, ZCDEV_FAMILY_VERSION))
		ret = put_values(msg, request);
	if (!ret)
		ret = nl_send_auto(nl->sock, msg);
	nlmsg_free(msg);
	return ret < 0 ? ret : 0;
}

static int try_once(struct netlink *nl)
{
	int ret;

	nl->error = 0;
	nl->blamed = NULL;
	*nl->words = 0;
	nl->done = false;
	ret = send_request(nl);
	while (!ret && !nl->done)
		ret = nl_recvmsgs_default(nl->sock);
	return ret;
}

static const char *hint_for(int err)
{
	switch (err) {
	case EPERM:
		return "; it takes root";
	case EOPNOTSUPP:
		return "; the loaded module is older than this zcdevctl";
	default:
		return "";
	}
}

/* The kernel's own words are better than any hint of ours. */
static int explain_error(const struct netlink *nl, struct fault *f)
{
	const char *what = nl->request->what;
	int err = -nl->error;

	if (*nl->words && nl->blamed)
		fault_set(f, STATUS_FAILED, "cannot %s: %s; the kernel says about %s: %s", what,
			  strerror(err), nl->blamed->name, nl->words);
	else if (*nl->words)
		fault_set(f, STATUS_FAILED, "cannot %s: %s; the kernel says: %s", what,
			  strerror(err), nl->words);
	else
		fault_set(f, STATUS_FAILED, "cannot %s: %s%s", what, strerror(err), hint_for(err));
	f->err = err;
	return -1;
}

static int explain(const struct netlink *nl, int ret, struct fault *f)
{
	if (nl->error)
		return explain_error(nl, f);
	fault_set(f, STATUS_FAILED, "cannot %s: %s", nl->request->what, nl_geterror(ret));
	return -1;
}

int netlink_ask(struct netlink *nl, const struct netlink_request *request,
		struct records *answers, struct fault *f)
{
	struct records fresh = { };
	int ret, tries = DUMP_TRIES;

	nl->request = request;
	nl->answers = &fresh;
	do {
		records_clear(&fresh);
		ret = try_once(nl);
	} while (ret == -NLE_DUMP_INTR && --tries);
	nl->answers = NULL;
	if (answers && !ret && !nl->error) {
		*answers = fresh;
		return 0;
	}
	records_clear(&fresh);
	return ret || nl->error ? explain(nl, ret, f) : 0;
}

int netlink_ask_once(const struct netlink_request *request, struct records *answers,
		     struct fault *f)
{
	struct netlink nl;
	int ret;

	if (netlink_open(&nl, f))
		return -1;
	ret = netlink_ask(&nl, request, answers, f);
	netlink_close(&nl);
	return ret;
}

int netlink_ask_id(uint8_t command, int attr, const char *what, uint32_t id,
		   struct records *answers, struct fault *f)
{
	const struct netlink_value value = { attr, 4, id, "the id" };
	char text[64];
	const struct netlink_request request = {
		.command = command, .values = &value, .count = !!id, .what = text,
	};

	if (id)
		snprintf(text, sizeof(text), "%s %u", what, id);
	else
		snprintf(text, sizeof(text), "%s", what);
	if (netlink_ask_once(&request, answers, f))
		return -1;
	if (answers->count)
		return 0;
	return fault_set(f, STATUS_FAILED, "cannot %s: the kernel did not answer", text);
}

int netlink_join(struct netlink *nl, const char *group, struct fault *f)
{
	int ret = genl_ctrl_resolve_grp(nl->sock, ZCDEV_FAMILY_NAME, group);

	if (ret >= 0)
		ret = nl_socket_add_membership(nl->sock, ret);
	if (ret)
		return fault_set(f, STATUS_FAILED, "cannot listen to '%s' of the netlink family: %s",
				 group, nl_geterror(ret));
	/* Events answer nothing. More than net.core.rmem_max is not had, which is all right. */
	nl_socket_disable_seq_check(nl->sock);
	nl_socket_set_buffer_size(nl->sock, EVENT_BUFFER, 0);
	return 0;
}

int netlink_fd(const struct netlink *nl)
{
	return nl_socket_get_fd(nl->sock);
}

int netlink_read(struct netlink *nl, struct records *events, bool *lost, struct fault *f)
{
	int ret;

	nl->answers = events;
	ret = nl_recvmsgs_default(nl->sock);
	nl->answers = NULL;
	/* ENOBUFS from the kernel, or no memory here */
	*lost = ret == -NLE_NOMEM;
	if (ret && !*lost)
		return fault_set(f, STATUS_FAILED, "cannot read events: %s", nl_geterror(ret));
	return 0;
}
