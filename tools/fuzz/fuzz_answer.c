// SPDX-License-Identifier: GPL-2.0
/*
 * All that the kernel may say to a request, one message after the other: answers,
 * errors with words, the end of a dump. What is made of it is shown as counters and
 * by top, which asks for everything.
 */
#include "text.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>

#include "../tests/fake_netlink.h"
#include "json.h"
#include "netlink.h"
#include "top.h"
#include "view_stats.h"
#include "zcdev_netlink.h"

#define ROOM	16384

/* What comes before each message: the header of the message is made of it. */
struct told {
	uint8_t kind;
	uint8_t flags;
	uint16_t size;
};

static const uint16_t kinds[] = { FAKE_FAMILY, NLMSG_ERROR, NLMSG_DONE, GENL_ID_CTRL };

static FILE *nowhere;
static uint8_t messages[ROOM];

/* Returns the bytes of all messages. */
static size_t make_messages(const uint8_t *data, size_t size)
{
	struct nlmsghdr head = { };
	size_t used = 0, payload;
	struct told told;

	while (size >= sizeof(told)) {
		memcpy(&told, data, sizeof(told));
		data += sizeof(told);
		size -= sizeof(told);
		payload = told.size < size ? told.size : size;
		if (used + NLMSG_SPACE(payload) > ROOM)
			break;
		head.nlmsg_len = NLMSG_LENGTH(payload);
		head.nlmsg_type = kinds[told.kind % 4];
		/* The high ones are those of errors: capped, and with words. */
		head.nlmsg_flags = (told.flags & 0x3f) | (told.flags & 0xc0) << 2;
		memset(messages + used, 0, NLMSG_SPACE(payload));
		memcpy(messages + used, &head, sizeof(head));
		memcpy(messages + used + NLMSG_HDRLEN, data, payload);
		used += NLMSG_SPACE(payload);
		data += payload;
		size -= payload;
	}
	return used;
}

static void show_stats(const struct attrs *attrs)
{
	struct stats stats, grown;

	view_stats_human(nowhere, attrs);
	json_print(nowhere, view_stats_json(attrs));
	stats_read(&stats, attrs);
	stats_since(&grown, &stats, &(struct stats){ .transfers = 1 });
	must(stats_zerocopy(&grown) >= 0);
}

/* The words of an error may be about the one attribute that is asked with. */
static void ask(struct netlink *nl, bool dump)
{
	const struct netlink_value value = { ZCDEV_A_STATS_POOL_ID, 4, 7, "the id" };
	const struct netlink_request request = {
		.command = ZCDEV_CMD_STATS_GET, .dump = dump, .values = &value, .count = 1,
		.what = "read counters",
	};
	struct records answers;
	struct fault f = { };
	size_t i;

	if (netlink_ask(nl, &request, &answers, &f)) {
		must(*f.text);
		return;
	}
	for (i = 0; i < answers.count; i++)
		show_stats(&answers.list[i].attrs);
	records_clear(&answers);
}

static void show_top(struct netlink *nl)
{
	static struct top top;
	struct fault f;

	top = (struct top){ };
	if (!top_look(&top, nl, &f)) {
		top_draw(nowhere, &top, 80, 24, true);
		top_json(nowhere, &top);
	}
	top_free(&top);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct netlink nl;
	struct fault f;

	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	if (!size)
		return -1;
	fake_netlink_reset();
	must(!netlink_open(&nl, &f));
	/* Which number a request has is not known here. */
	nl_socket_disable_seq_check(nl.sock);
	fake_netlink.raw = messages;
	fake_netlink.raw_size = make_messages(data + 1, size - 1);
	ask(&nl, data[0] & 1);
	show_top(&nl);
	netlink_close(&nl);
	return 0;
}
