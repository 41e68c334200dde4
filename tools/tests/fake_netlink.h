/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's side of the netlink family, below libnl: a test puts the answers
 * there and looks at the requests. Wants --wrap=genl_connect.
 */
#ifndef ZCDEVCTL_FAKE_NETLINK_H
#define ZCDEVCTL_FAKE_NETLINK_H

#include <netlink/msg.h>
#include <stdbool.h>
#include <stdint.h>

#include "attr.h"

#define FAKE_ANSWERS	64
#define FAKE_FAMILY	0x21	/* its number */

/**
 * struct fake_netlink - what the fake answers next, and what it has seen
 * @no_family: nobody has registered it
 * @error: negative errno of every request, or 0
 * @words: that go with it, or NULL
 * @offset: of the attribute that they are about, or 0
 * @late: the error comes at the end of a dump, not at once
 * @uncapped: as an old kernel, repeat the request in the error
 * @interrupted: how many dumps changed while they were made
 * @answers: to every request
 * @count: of them
 * @raw: what every request is answered with instead, messages as they are, or NULL
 * @raw_size: its bytes
 * @command: of the last request
 * @dump: it was one
 * @attrs: of the last request
 * @requests: number of them
 */
struct fake_netlink {
	bool no_family;
	int error;
	const char *words;
	uint32_t offset;
	bool late;
	bool uncapped;
	int interrupted;
	struct nl_msg *answers[FAKE_ANSWERS];
	unsigned int count;
	const void *raw;
	size_t raw_size;
	uint8_t command;
	bool dump;
	struct attrs attrs;
	unsigned int requests;
};

extern struct fake_netlink fake_netlink;

/* Forgets everything. */
void fake_netlink_reset(void);

/* One more message that every request is answered with: put attributes into it. */
struct nl_msg *fake_netlink_answer(uint8_t command);

#endif
