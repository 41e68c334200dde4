/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every command of the netlink family and every attribute that it takes, from
 * the table made of uapi/zcdev_netlink.yaml, and all that can be wrong with such
 * a message.
 *
 * What is refused has an errno of those in the YAML. Words come with it unless
 * the message has no header to speak of or the command is not there; and where
 * it is an attribute that is to blame, its place. What is refused changes nothing.
 */
#ifndef NETLINK_SWEEP_H
#define NETLINK_SWEEP_H

#include "netlink_ask.h"

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

/* One command, in all ways that it has. */
static inline void sweep_op(struct sweep *s, const struct spec_op *op)
{
	sweep_command(s, op, SWEEP_DO);
	if (op->flags & GENL_CMD_CAP_DUMP)
		sweep_command(s, op, SWEEP_DUMP);
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
