// SPDX-License-Identifier: GPL-2.0
/*
 * Stream sockets as sinks: the protocol takes a reference on the pages.
 *
 * Which protocols are safe to feed pages to is a list, not a guess: a family
 * that is not here is refused, however well it would splice. Every send is
 * MSG_DONTWAIT: all waiting is done by the pipeline.
 */
#include "endpoint.h"

#include <linux/mm.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/skmsg.h>
#include <linux/socket.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tcp_states.h>

#include "buffer.h"
#include "fragment.h"
#include "pipeline.h"

/*
 * A reference costs a page lookup here and a page put there and pins a whole
 * buffer; below this a copy is cheaper.
 */
#define COPY_BELOW	2048

static bool sock_is_stream(const struct sock *sk, int family)
{
	return sk->sk_family == family && sk->sk_type == SOCK_STREAM;
}

/* Plain TCP: not MPTCP, SMC, kTLS or sockmap, which have other operations. */
static bool sock_is_tcp(const struct sock *sk)
{
	return (sock_is_stream(sk, AF_INET) || sock_is_stream(sk, AF_INET6)) &&
	       sk->sk_protocol == IPPROTO_TCP &&
	       READ_ONCE(sk->sk_prot)->sendmsg == tcp_sendmsg;
}

/* In a sockmap: what is sent may go anywhere. */
static bool sock_is_mapped(const struct sock *sk)
{
	bool mapped;

	rcu_read_lock();
	mapped = sk_psock(sk);
	rcu_read_unlock();
	return mapped;
}

static int tcp_probe(struct file *file)
{
	struct socket *sock = sock_from_file(file);
	const struct sock *sk = sock ? sock->sk : NULL;
	int state;

	if (!sk || !sock_is_tcp(sk))
		return 0;
	state = 1 << inet_sk_state_load(sk);
	return state & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT) ? 1 : -ENOTCONN;
}

static int unix_probe(struct file *file)
{
	struct socket *sock = sock_from_file(file);
	const struct sock *sk = sock ? sock->sk : NULL;

	if (!sk || !sock_is_stream(sk, AF_UNIX) || sock_is_mapped(sk))
		return 0;
	return READ_ONCE(sk->sk_state) == TCP_ESTABLISHED ? 1 : -ENOTCONN;
}

static struct sock *end_sock(const struct zc_end *end)
{
	return end->of_socket.sock->sk;
}

/*
 * TCP builds segments of fragments for any device, since whatever cannot send
 * such gets a linear copy on its way there: better one of ours, and reported.
 */
static bool route_has_sg(struct sock *sk)
{
	struct dst_entry *dst;
	bool sg;

	if (!(sk->sk_route_caps & NETIF_F_SG))
		return false;
	/* The route may lose its device meanwhile, but not this one its memory. */
	rcu_read_lock();
	dst = sk_dst_get(sk);
	sg = !dst || READ_ONCE(dst->dev)->features & NETIF_F_SG;
	rcu_read_unlock();
	dst_release(dst);
	return sg;
}

/*
 * A receiver on this machine can have whole single pages mapped into its own
 * memory (TCP_ZEROCOPY_RECEIVE), which looks just like a mapping of the pool:
 * we would think that the page is free again. It cannot with parts of compound
 * pages.
 */
static bool buf_is_mappable(const struct zc_buf *buf)
{
	return !PageCompound(buf->bvec[0].bv_page);
}

/* Why the protocol would copy what it is given by reference, or 0. */
static u32 copy_reason(const struct zc_end *end)
{
	struct sock *sk = end_sock(end);

	if (end->kind == ZCDEV_KIND_UNIX)
		return 0;
	if (!sock_is_tcp(sk))
		return ZCDEV_REASON_PROTOCOL;
	return route_has_sg(sk) ? 0 : ZCDEV_REASON_NO_SG;
}

static int socket_sink_prepare(struct zc_end *end, u64 len, bool strict,
			       const struct zc_end *source)
{
	loff_t pos = 0;
	int ret;

	end->of_socket.sock = sock_from_file(end->file);
	if (end->flags & ZCDEV_END_OFFSET)
		return -ESPIPE;
	if (end->flags)
		return -EINVAL;
	ret = rw_verify_area(WRITE, end->file, &pos,
			     min_t(u64, len, MAX_RW_COUNT));
	if (ret)
		return ret;
	if (end_sock(end)->sk_shutdown & SEND_SHUTDOWN)
		return -EPIPE;
	return strict && copy_reason(end) ? -EOPNOTSUPP : 0;
}

static long socket_send(struct zc_end *end, const struct zc_chunk *chunk,
			u32 done, bool copy)
{
	struct socket *sock = end->of_socket.sock;
	struct msghdr msg = {
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL,
	};

	zc_buf_iter(chunk->buf, ITER_SOURCE, chunk->data + done,
		    chunk->len - done, &msg.msg_iter);
	return copy ? sock_sendmsg(sock, &msg) : zc_fragment_send(sock, &msg);
}

static long socket_sink_drain(struct zc_end *end, struct zc_chunk *chunk,
			      struct zc_drain *drain)
{
	bool strict = chunk->pipeline->strict;
	struct zc_moved *part = &drain->req.part;
	u32 reason = copy_reason(end);
	long ret;

	if (!reason && end->kind == ZCDEV_KIND_TCP &&
	    buf_is_mappable(chunk->buf))
		reason = ZCDEV_REASON_PAGES;
	if (!reason && !strict && chunk->len < COPY_BELOW)
		reason = ZCDEV_REASON_SMALL;
	if (reason && strict)
		return -EOPNOTSUPP;

	ret = socket_send(end, chunk, drain->done, reason);
	if (ret <= 0)
		return ret ?: -EAGAIN;

	/* The route, or the protocol, may have changed under the send. */
	if (!reason)
		reason = copy_reason(end);
	part->paths = reason ? ZCDEV_PATH_COPY : ZCDEV_PATH_REFERENCE;
	part->reasons = reason;
	if (reason)
		part->copied = ret;
	else
		part->zerocopy = ret;
	return ret;
}

static bool socket_sink_blocked(struct zc_end *end)
{
	return !(vfs_poll(end->file, NULL) &
		 (EPOLLOUT | EPOLLERR | EPOLLHUP));
}

static long socket_sink_timeout(const struct zc_end *end)
{
	return sock_sndtimeo(end_sock(end), end->file->f_flags & O_NONBLOCK);
}

static const struct zc_sink_ops socket_sink_ops = {
	.prepare	= socket_sink_prepare,
	.drain		= socket_sink_drain,
	.events		= EPOLLOUT,
	.blocked	= socket_sink_blocked,
	.timeout	= socket_sink_timeout,
};

const struct zc_end_type zc_end_tcp = {
	.kind	= ZCDEV_KIND_TCP,
	.probe	= tcp_probe,
	.sink	= &socket_sink_ops,
};

const struct zc_end_type zc_end_unix = {
	.kind	= ZCDEV_KIND_UNIX,
	.probe	= unix_probe,
	.sink	= &socket_sink_ops,
};
