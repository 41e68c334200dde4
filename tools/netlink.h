/* SPDX-License-Identifier: GPL-2.0 */
/* The only place that talks to the generic netlink family zcdev. */
#ifndef ZCDEVCTL_NETLINK_H
#define ZCDEVCTL_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "record.h"

#define NETLINK_WORDS	256

/**
 * struct netlink_value - an attribute of a request
 * @type: ZCDEV_A_
 * @size: 4 or 8 bytes
 * @number: its value
 * @name: what the user calls it, for the kernel's complaints about it
 */
struct netlink_value {
	int type;
	int size;
	uint64_t number;
	const char *name;
};

/**
 * struct netlink_request - what the kernel is asked
 * @command: ZCDEV_CMD_
 * @dump: all there are, rather than one
 * @values: attributes
 * @count: of them
 * @what: "show pool 3", as in "cannot show pool 3"
 */
struct netlink_request {
	uint8_t command;
	bool dump;
	const struct netlink_value *values;
	size_t count;
	const char *what;
};

struct nl_sock;

/**
 * struct netlink - a way to the family
 * @sock: libnl's
 * @family: its number
 * @request: under way, for the kernel's complaints
 * @answers: to it; or the events that came
 * @error: 0, or the negative errno that the kernel answered
 * @words: what the kernel said about it, verbatim, or nothing
 * @blamed: the attribute that it said it about, or NULL
 * @done: the answer is complete
 */
struct netlink {
	struct nl_sock *sock;
	int family;
	const struct netlink_request *request;
	struct records *answers;
	int error;
	char words[NETLINK_WORDS];
	const struct netlink_value *blamed;
	bool done;
};

/* Return: 0, or -1 with @f; then there is nothing to close. */
int netlink_open(struct netlink *nl, struct fault *f);
void netlink_close(struct netlink *nl);

/**
 * netlink_ask - put a request, and wait for all of the answer
 * @nl: open
 * @request: what is asked
 * @answers: gets the messages; NULL if none are expected; the caller clears it
 * @f: what went wrong, in the kernel's words as far as it has any; f->err is
 *	the errno
 *
 * Return: 0, or -1 with @f, and nothing added to @answers.
 */
int netlink_ask(struct netlink *nl, const struct netlink_request *request,
		struct records *answers, struct fault *f);

/* The same for a single request: opens and closes, too. */
int netlink_ask_once(const struct netlink_request *request, struct records *answers,
		     struct fault *f);

/**
 * netlink_ask_id - ask for the one object with an id
 * @command: ZCDEV_CMD_
 * @attr: ZCDEV_A_ of the id
 * @what: "show pool"
 * @id: 0 for whatever the kernel answers without one
 * @answers: gets at least one message
 * @f: what went wrong
 *
 * Return: 0, or -1 with @f.
 */
int netlink_ask_id(uint8_t command, int attr, const char *what, uint32_t id,
		   struct records *answers, struct fault *f);

/* From now on netlink_read() gets what is sent to the multicast group. */
int netlink_join(struct netlink *nl, const char *group, struct fault *f);

/* Its descriptor, to wait for events with poll(2). */
int netlink_fd(const struct netlink *nl);

/**
 * netlink_read - take the events that came
 * @nl: has joined a group, and is readable
 * @events: gets them
 * @lost: set if some came that nobody will ever see
 * @f: what went wrong
 *
 * Return: 0, or -1 with @f.
 */
int netlink_read(struct netlink *nl, struct records *events, bool *lost, struct fault *f);

#endif
