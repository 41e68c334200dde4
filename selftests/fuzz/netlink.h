/* SPDX-License-Identifier: GPL-2.0 */
/* Messages to the generic netlink family "zcdev", well-formed and not. */
#ifndef FUZZ_NETLINK_H
#define FUZZ_NETLINK_H

#include <stdint.h>

enum netlink_kind {
	NETLINK_NOTHING,	/* no attribute */
	NETLINK_U8,
	NETLINK_U32,
	NETLINK_U64,
	NETLINK_TEXT,
	NETLINK_FLAG,
	NETLINK_NEST,		/* what follows is nested in it */
	NETLINK_KINDS,
};

struct netlink_attr {
	uint64_t type;
	uint64_t kind;		/* enum netlink_kind */
	uint64_t value;
};

/* Send one message with up to @count attributes and read what is answered. */
void netlink_send(uint64_t command, uint64_t flags, const struct netlink_attr *attr,
		  unsigned int count);
/* Be told of events until the program ends. */
void netlink_listen(uint64_t group);

#endif
