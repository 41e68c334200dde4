// SPDX-License-Identifier: GPL-2.0
#include "netlink.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWERS	64	/* to read at most: a dump may go on for ever */

struct message {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	char attrs[512];
};

static int open_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	struct timeval second = { .tv_sec = 1 };

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	return fd;
}

static void begin(struct message *m, uint16_t type, uint16_t flags, uint8_t command)
{
	memset(m, 0, sizeof(*m));
	m->nl.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	m->nl.nlmsg_type = type;
	m->nl.nlmsg_flags = flags;
	m->genl.cmd = command;
	m->genl.version = 1;
}

/* Returns NULL when the message is full. */
static struct nlattr *add(struct message *m, uint16_t type, const void *data, size_t len)
{
	struct nlattr *attr = (struct nlattr *)((char *)m + m->nl.nlmsg_len);

	if (m->nl.nlmsg_len + NLA_HDRLEN + NLA_ALIGN(len) > sizeof(*m))
		return NULL;
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((char *)attr + NLA_HDRLEN, data, len);
	m->nl.nlmsg_len += NLA_HDRLEN + NLA_ALIGN(len);
	return attr;
}

/* The last attribute of that type of an answer, or NULL. */
static const struct nlattr *find(const char *at, const char *end, uint16_t type)
{
	const struct nlattr *attr, *found = NULL;

	while (end - at >= NLA_HDRLEN) {
		attr = (const struct nlattr *)at;
		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > end - at)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			found = attr;
		at += NLA_ALIGN(attr->nla_len);
	}
	return found;
}

/* The number of the family, 0 if there is none; asked once in each process. */
static uint16_t family(int fd)
{
	static uint16_t id;
	const struct nlattr *attr;
	struct message m;
	char answer[4096];
	ssize_t len;

	if (id)
		return id;
	begin(&m, GENL_ID_CTRL, NLM_F_REQUEST, CTRL_CMD_GETFAMILY);
	add(&m, CTRL_ATTR_FAMILY_NAME, "zcdev", sizeof("zcdev"));
	if (send(fd, &m, m.nl.nlmsg_len, 0) < 0)
		return 0;
	len = recv(fd, answer, sizeof(answer), 0);
	attr = len > (ssize_t)NLMSG_LENGTH(GENL_HDRLEN) ?
	       find(answer + NLMSG_LENGTH(GENL_HDRLEN), answer + len, CTRL_ATTR_FAMILY_ID) : NULL;
	if (attr && ((struct nlmsghdr *)answer)->nlmsg_type == GENL_ID_CTRL)
		memcpy(&id, (char *)attr + NLA_HDRLEN, sizeof(id));
	return id;
}

static struct nlattr *add_attr(struct message *m, const struct netlink_attr *attr)
{
	static const size_t len[NETLINK_KINDS] = {
		[NETLINK_U8] = 1, [NETLINK_U32] = 4, [NETLINK_U64] = 8,
	};
	char text[24];

	if (attr->kind == NETLINK_TEXT)
		return add(m, attr->type, text,
			   snprintf(text, sizeof(text), "%llx",
				    (unsigned long long)attr->value) + 1);
	if (attr->kind == NETLINK_NEST)
		return add(m, attr->type | NLA_F_NESTED, "", 0);
	return add(m, attr->type, &attr->value, len[attr->kind % NETLINK_KINDS]);
}

static void add_attrs(struct message *m, const struct netlink_attr *attr, unsigned int count)
{
	struct nlattr *nest = NULL;
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct nlattr *added;

		if (attr[i].kind == NETLINK_NOTHING)
			continue;
		added = add_attr(m, &attr[i]);
		if (added && attr[i].kind == NETLINK_NEST && !nest)
			nest = added;
	}
	if (nest)
		nest->nla_len = (char *)m + m->nl.nlmsg_len - (char *)nest;
}

/* Up to the end of the dump, the acknowledgment, or the error. */
static void read_answers(int fd)
{
	char answer[8192];
	unsigned int i;

	for (i = 0; i < ANSWERS; i++) {
		ssize_t len = recv(fd, answer, sizeof(answer), 0);
		const struct nlmsghdr *nl = (struct nlmsghdr *)answer;

		if (len < (ssize_t)sizeof(*nl) || nl->nlmsg_type == NLMSG_ERROR ||
		    nl->nlmsg_type == NLMSG_DONE)
			break;
	}
}

void netlink_send(uint64_t command, uint64_t flags, const struct netlink_attr *attr,
		  unsigned int count)
{
	int fd = open_socket();
	uint16_t id = fd < 0 ? 0 : family(fd);
	struct message m;

	if (id) {
		begin(&m, id, NLM_F_REQUEST | NLM_F_ACK | flags, command);
		add_attrs(&m, attr, count);
		if (send(fd, &m, m.nl.nlmsg_len, 0) > 0)
			read_answers(fd);
	}
	if (fd >= 0)
		close(fd);
}

/* Groups of generic netlink are few; which is ours does not matter. */
void netlink_listen(uint64_t group)
{
	int fd = open_socket(), number = group;

	if (fd >= 0)
		setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &number, sizeof(number));
}
