/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to the netlink family byte by byte, right or wrong, and how they end.
 * No library, since a 32-bit program does the same: who includes this has
 * sweep_write(), sweep_read() and sweep_wrong().
 */
#ifndef NETLINK_ASK_H
#define NETLINK_ASK_H

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <asm-generic/errno.h>

#include "zcdev_netlink.h"
#include "netlink_policy.h"

#define SWEEP_DO	(NLM_F_REQUEST | NLM_F_ACK)
#define SWEEP_DUMP	(NLM_F_REQUEST | NLM_F_DUMP)
#define SWEEP_HEADER	(NLMSG_HDRLEN + GENL_HDRLEN)
#define SWEEP_COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* Nobody has this id. */
#define SWEEP_NOBODY	0xfffffff0U

/**
 * struct sweep_verdict - how a request ended, or should
 * @error: 0 or an errno
 * @words: there is a sentence
 * @at: where in the message the attribute is that is to blame, or 0
 * @missing: type of the attribute that is missed, or 0
 */
struct sweep_verdict {
	__u32 error;
	__u32 words;
	__u32 at;
	__u32 missing;
};

/**
 * struct sweep - a socket, and the request at hand
 * @sk: the socket, with NETLINK_EXT_ACK and NETLINK_GET_STRICT_CHK
 * @family: number of our family
 * @flags: NLM_F_ of the request
 * @pool: id of a pool that is there
 * @op: the command
 * @attr: the attribute
 * @tried: requests so far
 * @wrong: those that ended otherwise than they should
 * @is: how the last one ended
 * @rows: objects in its answer
 * @row: begin of the last of them
 * @row_len: bytes of that
 * @limits: as they were after it
 * @len: bytes of @msg
 * @msg: the request
 */
struct sweep {
	int sk;
	__u32 family;
	__u32 flags;
	__u32 pool;
	const struct spec_op *op;
	const struct spec_attr *attr;
	unsigned int tried, wrong;
	struct sweep_verdict is;
	unsigned int rows;
	__u32 row_len;
	__u64 limits[3];
	__u32 len;
	unsigned char row[512] __attribute__((aligned(8)));
	unsigned char msg[512] __attribute__((aligned(8)));
};

static long sweep_write(int sk, const void *from, unsigned long len);
static long sweep_read(int sk, void *to, unsigned long len);
static void sweep_wrong(const struct sweep *s, const char *what,
			const struct sweep_verdict *want);

static inline struct nlmsghdr *sweep_hdr(struct sweep *s)
{
	return (struct nlmsghdr *)s->msg;
}

static inline struct genlmsghdr *sweep_genl(struct sweep *s)
{
	return (struct genlmsghdr *)(s->msg + NLMSG_HDRLEN);
}

static inline void sweep_begin(struct sweep *s, __u32 family, __u32 cmd)
{
	__builtin_memset(s->msg, 0, sizeof(s->msg));
	sweep_hdr(s)->nlmsg_type = family;
	sweep_hdr(s)->nlmsg_flags = s->flags;
	sweep_genl(s)->cmd = cmd;
	sweep_genl(s)->version = ZCDEV_FAMILY_VERSION;
	s->len = SWEEP_HEADER;
}

/* Returns where it is. @nla_len: what the attribute says of itself. */
static inline __u32 sweep_raw(struct sweep *s, __u32 type, __u32 nla_len,
			      const void *data, __u32 bytes)
{
	struct nlattr *attr = (struct nlattr *)(s->msg + s->len);
	__u32 at = s->len;

	attr->nla_type = type;
	attr->nla_len = nla_len;
	__builtin_memcpy(attr + 1, data, bytes);
	s->len += NLA_ALIGN(NLA_HDRLEN + bytes);
	return at;
}

static inline __u32 sweep_put(struct sweep *s, __u32 type, const void *data,
			      __u32 bytes)
{
	return sweep_raw(s, type, NLA_HDRLEN + bytes, data, bytes);
}

/* What begins with @from: the next attribute of a type, or none. */
static inline const struct nlattr *sweep_find(const void *from, __u32 len,
					      __u32 type)
{
	const unsigned char *byte = from;
	const struct nlattr *attr;
	__u32 at = 0, size;

	for (; at + NLA_HDRLEN <= len; at += NLA_ALIGN(size)) {
		attr = (const struct nlattr *)(byte + at);
		size = attr->nla_len;
		if (size < NLA_HDRLEN || at + size > len)
			return 0;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
	}
	return 0;
}

/* A number in the last row of the answer, 0 if it is not there. */
static inline __u64 sweep_number(const struct sweep *s, __u32 type)
{
	const struct nlattr *attr;
	__u64 value = 0;
	__u32 size;

	if (s->row_len <= SWEEP_HEADER)
		return 0;
	attr = sweep_find(s->row + SWEEP_HEADER, s->row_len - SWEEP_HEADER,
			  type);
	size = attr ? attr->nla_len - NLA_HDRLEN : 0;
	if (size <= sizeof(value))
		__builtin_memcpy(&value, attr + 1, size);
	return value;
}

static inline __u32 sweep_u32(const struct nlattr *attr)
{
	return attr ? *(const __u32 *)(attr + 1) : 0;
}

static inline void sweep_refused(struct sweep *s, const struct nlmsghdr *hdr)
{
	const struct nlmsgerr *err = (const void *)(hdr + 1);
	__u32 skip = NLMSG_HDRLEN + sizeof(*err);
	const unsigned char *from = (const void *)hdr;

	s->is.error = -err->error;
	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(err->msg.nlmsg_len) - NLMSG_HDRLEN;
	if (skip > hdr->nlmsg_len)
		return;
	from += skip;
	skip = hdr->nlmsg_len - skip;
	s->is.words = !!sweep_find(from, skip, NLMSGERR_ATTR_MSG);
	s->is.at = sweep_u32(sweep_find(from, skip, NLMSGERR_ATTR_OFFS));
	s->is.missing = sweep_u32(sweep_find(from, skip,
					     NLMSGERR_ATTR_MISS_TYPE));
}

/* Returns whether it is the last message of the answer. */
static inline int sweep_message(struct sweep *s, const struct nlmsghdr *hdr)
{
	switch (hdr->nlmsg_type) {
	case NLMSG_ERROR:
		sweep_refused(s, hdr);
		return 1;
	case NLMSG_DONE:
		s->is.error = -*(const int *)(hdr + 1);
		return 1;
	}
	s->rows++;
	s->row_len = hdr->nlmsg_len < sizeof(s->row) ? hdr->nlmsg_len :
						       sizeof(s->row);
	__builtin_memcpy(s->row, hdr, s->row_len);
	return 0;
}

/* Returns whether there is no more. */
static inline int sweep_receive(struct sweep *s)
{
	static unsigned char from[32768] __attribute__((aligned(8)));
	long len = sweep_read(s->sk, from, sizeof(from)), at = 0;
	const struct nlmsghdr *hdr;

	while (at + NLMSG_HDRLEN <= len) {
		hdr = (const struct nlmsghdr *)(from + at);
		if (sweep_message(s, hdr))
			return 1;
		at += NLMSG_ALIGN(hdr->nlmsg_len);
	}
	if (len <= 0)
		s->is.error = EPROTO;
	return len <= 0;
}

static inline void sweep_ask(struct sweep *s)
{
	sweep_hdr(s)->nlmsg_len = s->len;
	__builtin_memset(&s->is, 0, sizeof(s->is));
	s->rows = 0;
	s->row_len = 0;
	if (sweep_write(s->sk, s->msg, s->len) != (long)s->len)
		s->is.error = EPROTO;
	else
		while (!sweep_receive(s))
			;
}

/* Returns whether the limits are what they were. */
static inline int sweep_limits(struct sweep *s)
{
	__u32 flags = s->flags, i, same = 1;
	__u64 now;

	s->flags = SWEEP_DO;
	sweep_begin(s, s->family, ZCDEV_CMD_LIMIT_GET);
	sweep_ask(s);
	s->flags = flags;
	for (i = 0; i < SWEEP_COUNT(s->limits); i++) {
		now = sweep_number(s, ZCDEV_A_LIMIT_POOL_MAX + i);
		same &= now && now == s->limits[i];
		s->limits[i] = now;
	}
	return same;
}

/* With the newest of all pools as one that is there. Returns whether it is. */
static inline int sweep_open(struct sweep *s, int sk)
{
	__builtin_memset(s, 0, sizeof(*s));
	s->sk = sk;
	s->flags = SWEEP_DO;
	sweep_begin(s, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	sweep_put(s, CTRL_ATTR_FAMILY_NAME, ZCDEV_FAMILY_NAME,
		  sizeof(ZCDEV_FAMILY_NAME));
	sweep_ask(s);
	s->family = sweep_number(s, CTRL_ATTR_FAMILY_ID);
	s->flags = SWEEP_DUMP;
	sweep_begin(s, s->family, ZCDEV_CMD_POOL_GET);
	sweep_ask(s);
	s->pool = sweep_number(s, ZCDEV_A_POOL_ID);
	sweep_limits(s);
	return s->family && s->pool && s->limits[0];
}

#endif /* NETLINK_ASK_H */
