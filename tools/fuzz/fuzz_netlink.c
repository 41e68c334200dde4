// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel answers, or somebody who says to be it: a command and
 * attributes, shown in all the ways that there are.
 */
#include "text.h"

#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>

#include "record.h"
#include "view.h"
#include "view_event.h"

static FILE *nowhere;

static struct nl_msg *message(const uint8_t *data, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + GENL_HDRLEN + size);
	char *head;

	must(msg);
	head = genlmsg_put(msg, 0, 0, 0x20, 0, 0, data[0], 1);
	must(head);
	/* As it comes: libnl would put attributes together well. */
	memcpy(nlmsg_reserve(msg, size - 1, 1), data + 1, size - 1);
	return msg;
}

static void show(const struct view *view, const struct records *records)
{
	struct options_plain people = {}, programs = { .json = true };

	view_print_all(nowhere, view, &people, records);
	view_print_all(nowhere, view, &programs, records);
	view_print_one(nowhere, view, &people, &records->list[0].attrs);
	view_print_one(nowhere, view, &programs, &records->list[0].attrs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct timespec when = { .tv_sec = 1 };
	struct records records = {};
	struct nl_msg *msg;

	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	if (size < 2)
		return -1;
	msg = message(data, size);
	must(!records_add(&records, msg));
	view_event_human(nowhere, &records.list[0], &when);
	view_event_json(nowhere, &records.list[0], &when);
	show(&view_pool, &records);
	show(&view_transfer, &records);
	records_clear(&records);
	nlmsg_free(msg);
	return 0;
}
