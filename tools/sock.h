/* SPDX-License-Identifier: GPL-2.0 */
/* Stream sockets: connecting, and listening for exactly one connection. */
#ifndef ZCDEVCTL_SOCK_H
#define ZCDEVCTL_SOCK_H

#include "endpoint.h"
#include "fault.h"

/* Return: a connected socket, or -1 with @f. Listening ends wait for a peer. */
int sock_open(const struct endpoint *where, struct fault *f);

/**
 * sock_hang_up - end our direction of @fd
 *
 * Return: 0, or a positive errno if the connection has broken already.
 */
int sock_hang_up(int fd);

#endif
