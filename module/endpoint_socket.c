// SPDX-License-Identifier: GPL-2.0
/*
 * Stream sockets as ends: which are served.
 *
 * Which protocols are safe to feed pages to is a list, not a guess: a family
 * that is not here is refused, however well it would splice.
 */
#include "endpoint_socket.h"

#include <linux/skmsg.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <net/tcp.h>
#include <net/tcp_states.h>

static struct sock *file_sk(struct file *file, int family)
{
	struct socket *sock = sock_from_file(file);
	struct sock *sk = sock ? sock->sk : NULL;

	return sk && sk->sk_family == family && sk->sk_type == SOCK_STREAM ?
	       sk : NULL;
}

static struct sock *file_tcp_sk(struct file *file)
{
	struct sock *sk = file_sk(file, AF_INET) ?:
				file_sk(file, AF_INET6);

	return sk && sk->sk_protocol == IPPROTO_TCP ? sk : NULL;
}

/**
 * zc_socket_sends_tcp() - does what is sent go to TCP as it is?
 * @sk: a TCP socket
 *
 * Not with SMC, kTLS or a sockmap, which have operations of their own.
 *
 * Context: any.
 */
bool zc_socket_sends_tcp(struct sock *sk)
{
	return READ_ONCE(sk->sk_prot)->sendmsg == tcp_sendmsg;
}

static bool sock_has_tls(struct sock *sk)
{
	const struct tcp_ulp_ops *ulp;

	if (!inet_csk_has_ulp(sk))
		return false;
	ulp = READ_ONCE(inet_csk(sk)->icsk_ulp_ops);
	return ulp && !strcmp(ulp->name, "tls");
}

/* In a sockmap: what is sent may go anywhere. */
static bool sock_is_mapped(struct sock *sk)
{
	bool mapped;

	rcu_read_lock();
	mapped = sk_psock(sk);
	rcu_read_unlock();
	return mapped;
}

/* Connected, or has been: what has arrived by then can still be read. */
static int tcp_state(struct sock *sk)
{
	int state = 1 << inet_sk_state_load(sk);

	return state & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT | TCPF_FIN_WAIT1 |
			TCPF_FIN_WAIT2 | TCPF_LAST_ACK | TCPF_CLOSING |
			TCPF_TIME_WAIT) ? 1 : -ENOTCONN;
}

static int tcp_probe(struct file *file)
{
	struct sock *sk = file_tcp_sk(file);

	if (!sk || !zc_socket_sends_tcp(sk) || sock_is_mapped(sk))
		return 0;
	return tcp_state(sk);
}

static int ktls_probe(struct file *file)
{
	struct sock *sk = file_tcp_sk(file);

	return sk && sock_has_tls(sk) ? tcp_state(sk) : 0;
}

static int unix_probe(struct file *file)
{
	struct sock *sk = file_sk(file, AF_UNIX);

	if (!sk || sock_is_mapped(sk))
		return 0;
	return READ_ONCE(sk->sk_state) == TCP_ESTABLISHED ? 1 : -ENOTCONN;
}

static int vsock_probe(struct file *file)
{
	struct sock *sk = file_sk(file, AF_VSOCK);

	if (!sk || sock_is_mapped(sk))
		return 0;
	return READ_ONCE(sk->sk_state) == TCP_ESTABLISHED ||
	       READ_ONCE(sk->sk_state) == TCP_CLOSING ? 1 : -ENOTCONN;
}

/*
 * This takes the lock of the socket, which its owner can hold for as long as he
 * likes, in a send from memory that is slow to come: so nobody else may do it.
 */
static void note_peer(struct zc_socket_end *end)
{
	struct sockaddr *peer = (struct sockaddr *)&end->peer;
	int len = end->sock->ops->getname(end->sock, peer, 1);

	end->peer_len = max(len, 0);
}

/**
 * zc_socket_prepare() - what both roles check
 * @end: on a socket
 * @rw: READ or WRITE
 * @len: bytes expected
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int zc_socket_prepare(struct zc_end *end, int rw, u64 len)
{
	loff_t pos = 0;
	int ret;

	end->of_socket.sock = sock_from_file(end->file);
	if (end->flags & ZCDEV_END_OFFSET)
		return -ESPIPE;
	if (end->flags)
		return -EINVAL;
	ret = rw_verify_area(rw, end->file, &pos,
			     min_t(u64, len, MAX_RW_COUNT));
	if (!ret)
		note_peer(&end->of_socket);
	return ret;
}

const struct zc_end_type zc_end_tcp = {
	.kind	= ZCDEV_KIND_TCP,
	.probe	= tcp_probe,
	.source	= &zc_socket_source_ops,
	.sink	= &zc_socket_sink_ops,
};

const struct zc_end_type zc_end_ktls = {
	.kind	= ZCDEV_KIND_KTLS,
	.probe	= ktls_probe,
	.source	= &zc_socket_source_ops,
	.sink	= &zc_socket_sink_ops,
};

const struct zc_end_type zc_end_unix = {
	.kind	= ZCDEV_KIND_UNIX,
	.probe	= unix_probe,
	.source	= &zc_socket_source_ops,
	.sink	= &zc_socket_sink_ops,
};

const struct zc_end_type zc_end_vsock = {
	.kind	= ZCDEV_KIND_VSOCK,
	.probe	= vsock_probe,
	.source	= &zc_socket_source_ops,
	.sink	= &zc_socket_sink_ops,
};
