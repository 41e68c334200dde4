/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel answered: messages, each with its attributes. */
#ifndef ZCDEVCTL_RECORD_H
#define ZCDEVCTL_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "attr.h"

struct nl_msg;

/**
 * struct record - one message
 * @msg: whose memory @attrs points into
 * @command: ZCDEV_CMD_
 * @attrs: what is in it
 */
struct record {
	struct nl_msg *msg;
	uint8_t command;
	struct attrs attrs;
};

/**
 * struct records - all messages of an answer, in order
 * @list: of them
 * @count: how many
 * @room: for how many there is memory
 */
struct records {
	struct record *list;
	size_t count;
	size_t room;
};

/* Takes a reference of @msg. Return: 0 or -ENOMEM. */
int records_add(struct records *records, struct nl_msg *msg);

/* Gives everything back; empty again. */
void records_clear(struct records *records);

#endif
