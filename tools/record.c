// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdlib.h>

#include "record.h"

static int grow(struct records *records)
{
	size_t room = records->room ? 2 * records->room : 16;
	struct record *list;

	if (records->count < records->room)
		return 0;
	list = reallocarray(records->list, room, sizeof(*list));
	if (!list)
		return -ENOMEM;
	records->list = list;
	records->room = room;
	return 0;
}

int records_add(struct records *records, struct nl_msg *msg)
{
	const struct genlmsghdr *head = genlmsg_hdr(nlmsg_hdr(msg));
	struct record *record;

	if (grow(records))
		return -ENOMEM;
	nlmsg_get(msg);
	record = &records->list[records->count++];
	record->msg = msg;
	record->command = head->cmd;
	attrs_parse(&record->attrs, genlmsg_attrdata(head, 0), genlmsg_attrlen(head, 0));
	return 0;
}

void records_clear(struct records *records)
{
	size_t i;

	for (i = 0; i < records->count; i++)
		nlmsg_free(records->list[i].msg);
	free(records->list);
	*records = (struct records){ };
}
