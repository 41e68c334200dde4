/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every command of the netlink family and every attribute that it takes, from
 * the table made of uapi/zcdev_netlink.yaml, and all that can be wrong with such
 * a message. No library, since a 32-bit program does the same: who includes this
 * has sweep_write(), sweep_read() and sweep_wrong().
 *
 * What is refused has an errno of those in the YAML. Words come with it unless
 * the message has no header to speak of or the command is not there; and where
 * it is an attribute that is to blame, its place. What is refused changes nothing.
 */
#ifndef NETLINK_SWEEP_H
#define NETLINK_SWEEP_H

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

static inline void sweep_want(struct sweep *s, const char *what,
			      struct sweep_verdict want)
{
	struct sweep_verdict is;

	sweep_ask(s);
	is = s->is;
	s->tried++;
	if (is.error != want.error || is.words != want.words ||
	    is.at != want.at || is.missing != want.missing) {
		s->wrong++;
		sweep_wrong(s, what, &want);
	}
	if (s->op->cmd == ZCDEV_CMD_LIMIT_SET && !sweep_limits(s) && is.error) {
		s->wrong++;
		sweep_wrong(s, "which changed a limit", &is);
	}
}

/* An attribute at @at is to blame, or none if that is 0. */
static inline void sweep_blame(struct sweep *s, const char *what, __u32 error,
			       __u32 at)
{
	sweep_want(s, what, (struct sweep_verdict){
		.error = error, .words = !!error, .at = error ? at : 0 });
}

static inline void sweep_new(struct sweep *s)
{
	sweep_begin(s, s->family, s->op->cmd);
}

static inline int sweep_dumps(const struct sweep *s)
{
	return s->flags == SWEEP_DUMP;
}

static inline __u32 sweep_size(const struct sweep *s)
{
	return s->attr->type == NL_ATTR_TYPE_U32 ? 4 : 8;
}

static inline int sweep_is_id(const struct sweep *s)
{
	return s->attr->type == NL_ATTR_TYPE_U32;
}

static inline int sweep_of_pools(const struct sweep *s)
{
	return s->op->cmd == ZCDEV_CMD_POOL_GET ||
	       s->op->cmd == ZCDEV_CMD_STATS_GET;
}

static inline __u64 sweep_good(const struct sweep *s)
{
	if (!sweep_is_id(s))
		return 1ULL << 40;
	return sweep_of_pools(s) ? s->pool : SWEEP_NOBODY;
}

/* Beyond a border, 0 if there is nothing beyond that could be written. */
static inline __u64 sweep_bad(const struct sweep *s)
{
	if (s->attr->min)
		return s->attr->min - 1;
	return s->attr->max + 1;
}

/* What comes of the right attribute. */
static inline __u32 sweep_fate(const struct sweep *s, __u64 value)
{
	if (value < s->attr->min || value > s->attr->max)
		return ERANGE;
	if (sweep_dumps(s))
		return EINVAL;
	if (!sweep_is_id(s) || (sweep_of_pools(s) && value == s->pool))
		return 0;
	return ENOENT;
}

static inline __u32 sweep_value(struct sweep *s, __u32 bits, __u64 value)
{
	return sweep_put(s, s->attr->attr | bits, &value, sweep_size(s));
}

/* Too short, right, too long: all of it right, and then zeros or ones. */
static inline void sweep_lengths(struct sweep *s)
{
	static const __u32 lens[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 63,
				      64, 256 };
	__u64 good = sweep_good(s);
	unsigned char data[256];
	__u32 i, ones, error;

	for (i = 0; i < 2 * SWEEP_COUNT(lens); i++) {
		ones = i % 2;
		__builtin_memset(data, ones ? 0xff : 0, sizeof(data));
		__builtin_memcpy(data, &good, sweep_size(s));
		error = lens[i / 2] == sweep_size(s) ? sweep_fate(s, good) :
						       EINVAL;
		sweep_new(s);
		sweep_blame(s, ones ? "length, with ones" : "length", error,
			    sweep_put(s, s->attr->attr, data, lens[i / 2]));
	}
}

static inline void sweep_border(struct sweep *s, const char *what, __u64 value)
{
	sweep_new(s);
	sweep_blame(s, what, sweep_fate(s, value), sweep_value(s, 0, value));
}

static inline void sweep_borders(struct sweep *s)
{
	__u64 most = sweep_size(s) == 4 ? 0xffffffffU : ~0ULL;

	if (s->attr->min)
		sweep_border(s, "less than the least", s->attr->min - 1);
	sweep_border(s, "the least", s->attr->min);
	sweep_border(s, "the most", s->attr->max);
	if (s->attr->max < most)
		sweep_border(s, "more than the most", s->attr->max + 1);
	sweep_border(s, "all ones", most);
}

/* Says that it is nested, or is; the kernel lets the order of bytes pass. */
static inline void sweep_bits(struct sweep *s)
{
	__u64 good = sweep_good(s), inner = 8 | s->attr->attr << 16;

	sweep_new(s);
	sweep_blame(s, "nested", EINVAL, sweep_value(s, NLA_F_NESTED, good));
	sweep_new(s);
	sweep_blame(s, "nested, of network order", EINVAL,
		    sweep_value(s, NLA_F_NESTED | NLA_F_NET_BYTEORDER, good));
	sweep_new(s);
	sweep_blame(s, "of network order", sweep_fate(s, good),
		    sweep_value(s, NLA_F_NET_BYTEORDER, good));
	inner |= good << 32;
	sweep_new(s);
	sweep_blame(s, "in a nest", EINVAL,
		    sweep_put(s, s->attr->attr | NLA_F_NESTED, &inner, 8));
}

/* Each is looked at; of those that are right, the last one counts. */
static inline void sweep_twice(struct sweep *s)
{
	__u64 good = sweep_good(s), bad = sweep_bad(s);
	__u32 at;

	sweep_new(s);
	at = sweep_value(s, 0, bad);
	sweep_value(s, 0, good);
	sweep_blame(s, "wrong, then right", ERANGE, at);
	sweep_new(s);
	sweep_value(s, 0, good);
	sweep_blame(s, "right, then wrong", ERANGE, sweep_value(s, 0, bad));
	sweep_new(s);
	sweep_value(s, 0, good);
	sweep_blame(s, "right twice", sweep_fate(s, good),
		    sweep_value(s, 0, good));
	sweep_new(s);
	sweep_value(s, 0, s->attr->max);
	sweep_blame(s, "another, then right", sweep_fate(s, good),
		    sweep_value(s, 0, good));
	sweep_new(s);
	sweep_value(s, 0, good);
	sweep_blame(s, "right, then another", sweep_fate(s, s->attr->max),
		    sweep_value(s, 0, s->attr->max));
}

/* It says that it is shorter than its head, or longer than what is there. */
static inline void sweep_cut(struct sweep *s)
{
	__u32 size = sweep_size(s), i;
	__u64 good = sweep_good(s);
	const __u32 says[] = { 0, 1, 2, 3, NLA_HDRLEN + size + 1, 0x7fff,
			       0xffff };

	for (i = 0; i < SWEEP_COUNT(says); i++) {
		sweep_new(s);
		sweep_raw(s, s->attr->attr, says[i], &good, size);
		sweep_blame(s, "says a length that is none", EINVAL, 0);
	}
	for (i = 1; i < NLA_HDRLEN + size; i++) {
		sweep_new(s);
		sweep_value(s, 0, good);
		s->len -= i;
		sweep_blame(s, "cut off", EINVAL, 0);
	}
}

static inline void sweep_attr(struct sweep *s)
{
	sweep_lengths(s);
	sweep_borders(s);
	sweep_bits(s);
	sweep_twice(s);
	sweep_cut(s);
}

static inline const struct spec_attr *sweep_known(const struct sweep *s,
						  __u32 type)
{
	__u32 i;

	for (i = 0; i < SWEEP_COUNT(spec_attrs); i++)
		if (spec_attrs[i].cmd == s->op->cmd &&
		    (!type || spec_attrs[i].attr == type))
			return &spec_attrs[i];
	return 0;
}

/* Numbers that others have, that replies have, that nobody has. */
static inline void sweep_unknown(struct sweep *s, __u32 type)
{
	static const __u32 one = 1;

	sweep_new(s);
	sweep_blame(s, "unknown attribute", EINVAL,
		    sweep_put(s, type, &one, sizeof(one)));
	s->attr = sweep_known(s, 0);
	if (!s->attr)
		return;
	sweep_new(s);
	sweep_value(s, 0, sweep_good(s));
	sweep_blame(s, "unknown behind a right one", EINVAL,
		    sweep_put(s, type, &one, sizeof(one)));
}

static inline void sweep_numbers(struct sweep *s)
{
	static const __u32 more[] = { 100, 127, 128, 255, 256, 4096, 0x3fff };
	__u32 i;

	sweep_unknown(s, 0);
	for (i = 1; i < 40; i++)
		if (!sweep_known(s, i))
			sweep_unknown(s, i);
	for (i = 0; i < SWEEP_COUNT(more); i++)
		sweep_unknown(s, more[i]);
}

/* A request without attributes, which some want. */
static inline void sweep_none(struct sweep *s, const char *what)
{
	const struct spec_attr *attr = sweep_known(s, 0);
	struct sweep_verdict want = {};

	if (!sweep_dumps(s) && s->op->cmd != ZCDEV_CMD_STATS_GET &&
	    s->op->cmd != ZCDEV_CMD_LIMIT_GET) {
		want.error = EINVAL;
		want.words = 1;
		if (attr->type == NL_ATTR_TYPE_U32)
			want.missing = attr->attr;
	}
	sweep_want(s, what, want);
}

static inline void sweep_header(struct sweep *s)
{
	static const __u32 known = NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO;
	__u32 i;

	for (i = 0; i < 16; i++) {
		sweep_new(s);
		sweep_genl(s)->reserved = 1 << i;
		sweep_blame(s, "reserved bit", EINVAL, 0);
		if ((known | s->flags) & 1 << i)
			continue;
		sweep_new(s);
		sweep_hdr(s)->nlmsg_flags |= 1 << i;
		sweep_blame(s, "unknown flag", EINVAL, 0);
	}
	for (i = NLMSG_HDRLEN; i < SWEEP_HEADER; i++) {
		sweep_new(s);
		s->len = i;
		sweep_want(s, "header cut off",
			   (struct sweep_verdict){ .error = EINVAL });
	}
}

/* What the kernel lets pass. */
static inline void sweep_passes(struct sweep *s)
{
	__u32 i;

	sweep_new(s);
	sweep_none(s, "no attribute");
	for (i = 0; i < 256; i += 51) {
		sweep_new(s);
		sweep_genl(s)->version = i;
		sweep_none(s, "version");
	}
	sweep_new(s);
	sweep_hdr(s)->nlmsg_flags |= NLM_F_ECHO;
	sweep_none(s, "echo");
}

/* One command, to do or to dump. */
static inline void sweep_command(struct sweep *s, const struct spec_op *op,
				 __u32 flags)
{
	__u32 i;

	s->op = op;
	s->attr = 0;
	s->flags = flags;
	sweep_passes(s);
	sweep_header(s);
	sweep_numbers(s);
	for (i = 0; i < SWEEP_COUNT(spec_attrs); i++) {
		s->attr = &spec_attrs[i];
		if (s->attr->cmd == op->cmd)
			sweep_attr(s);
	}
}

static inline int sweep_can(__u32 cmd, __u32 what)
{
	__u32 i;

	for (i = 0; i < SWEEP_COUNT(spec_ops); i++)
		if (spec_ops[i].cmd == cmd)
			return !!(spec_ops[i].flags & what);
	return 0;
}

static inline void sweep_no_command(struct sweep *s, __u32 cmd, __u32 flags)
{
	const struct spec_op op = { .cmd = cmd };

	s->op = &op;
	s->flags = flags;
	sweep_new(s);
	sweep_want(s, "no such command",
		   (struct sweep_verdict){ .error = EOPNOTSUPP });
	s->op = 0;
}

static inline void sweep_commands(struct sweep *s)
{
	__u32 cmd;

	for (cmd = 0; cmd < 256; cmd++) {
		if (!sweep_can(cmd, GENL_CMD_CAP_DO))
			sweep_no_command(s, cmd, SWEEP_DO);
		if (!sweep_can(cmd, GENL_CMD_CAP_DUMP))
			sweep_no_command(s, cmd, SWEEP_DUMP);
	}
}

/* The sweep sets them to what nobody wants. */
static inline void sweep_reset_limits(struct sweep *s)
{
	static const __u64 zero;
	__u32 i;

	s->flags = SWEEP_DO;
	for (i = 0; i < SWEEP_COUNT(s->limits); i++) {
		sweep_begin(s, s->family, ZCDEV_CMD_LIMIT_SET);
		sweep_put(s, ZCDEV_A_LIMIT_POOL_MAX + i, &zero, sizeof(zero));
		sweep_ask(s);
	}
}

#endif /* NETLINK_SWEEP_H */
