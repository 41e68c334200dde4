/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_ENDPOINT_SOCKET_H
#define _ZC_ENDPOINT_SOCKET_H

#include <linux/net.h>
#include <net/sock.h>

#include "endpoint.h"

extern const struct zc_source_ops zc_socket_source_ops;
extern const struct zc_sink_ops zc_socket_sink_ops;

static inline struct sock *zc_socket_sk(const struct zc_end *end)
{
	return end->of_socket.sock->sk;
}

bool zc_socket_sends_tcp(struct sock *sk);
int zc_socket_prepare(struct zc_end *end, int rw, u64 len);

#endif /* _ZC_ENDPOINT_SOCKET_H */
