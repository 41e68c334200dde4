// SPDX-License-Identifier: GPL-2.0
/*
 * Stream sockets as sinks: the protocol takes a reference on the pages.
 *
 * Every send is MSG_DONTWAIT: all waiting is done by the pipeline.
 */
#include "endpoint_socket.h"

#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/socket.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "buffer.h"
#include "fragment.h"
#include "pipeline.h"

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

static u32 tcp_copy_reason(struct sock *sk)
{
	if (!zc_socket_sends_tcp(sk))
		return ZCDEV_REASON_PROTOCOL;
	return route_has_sg(sk) ? 0 : ZCDEV_REASON_NO_SG;
}

/* The CPU encrypts, unless the network device does: that is for it to say. */
static u32 ktls_copy_reason(struct sock *sk)
{
	if (zc_socket_sends_tcp(sk))
		return tcp_copy_reason(sk);
	return tls_get_ctx(sk)->tx_conf == TLS_HW ? ZCDEV_REASON_DRIVER :
						    ZCDEV_REASON_ENCRYPTED;
}

/* Why the protocol would copy what it is given by reference, or 0. */
static u32 copy_reason(const struct zc_end *end)
{
	switch (end->kind) {
	case ZCDEV_KIND_UNIX:
		return 0;
	case ZCDEV_KIND_TCP:
		return tcp_copy_reason(zc_socket_sk(end));
	case ZCDEV_KIND_KTLS:
		return ktls_copy_reason(zc_socket_sk(end));
	default:
		return ZCDEV_REASON_PROTOCOL;
	}
}

static int socket_sink_prepare(struct zc_end *end, u64 len, bool strict,
			       const struct zc_end *source)
{
	int ret = zc_socket_prepare(end, WRITE, len);

	if (ret)
		return ret;
	if (READ_ONCE(zc_socket_sk(end)->sk_shutdown) & SEND_SHUTDOWN)
		return -EPIPE;
	return strict && copy_reason(end) ? -EOPNOTSUPP : 0;
}

/* What the protocol copies it may as well be told to. */
static bool by_reference(u32 reason)
{
	return !(reason & ~(ZCDEV_REASON_ENCRYPTED | ZCDEV_REASON_DRIVER));
}

static long socket_send(struct zc_end *end, const struct zc_chunk *chunk,
			const struct zc_drain *drain, bool reference)
{
	struct socket *sock = end->of_socket.sock;
	struct msghdr msg = {
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL |
			     (drain->more ? MSG_MORE : 0),
	};

	zc_buf_iter(chunk->buf, ITER_SOURCE, chunk->data + drain->done,
		    chunk->len - drain->done, &msg.msg_iter);
	if (reference && !zc_chunk_is_cached(chunk))
		return zc_fragment_send(sock, &msg);
	/* Charged to the socket, since no pool pays for them. */
	if (reference)
		msg.msg_flags |= MSG_SPLICE_PAGES;
	return sock_sendmsg(sock, &msg);
}

static struct zc_moved socket_moved(u32 reason, u64 bytes)
{
	struct zc_moved moved = { .reasons = reason };

	if (reason & ZCDEV_REASON_DRIVER) {
		moved.paths = ZCDEV_PATH_REFERENCE;
		moved.unverified = bytes;
	} else if (reason) {
		moved.paths = reason & ZCDEV_REASON_ENCRYPTED ?
			      ZCDEV_PATH_TRANSFORM : ZCDEV_PATH_COPY;
		moved.copied = bytes;
	} else {
		moved.paths = ZCDEV_PATH_REFERENCE;
		moved.zerocopy = bytes;
	}
	return moved;
}

/* Why we copy although the protocol would not. */
static u32 choose_reason(const struct zc_end *end, const struct zc_chunk *chunk)
{
	u32 reason = copy_reason(end);

	if (!by_reference(reason))
		return reason;
	if (chunk->extra)
		return reason | ZCDEV_REASON_MEMORY;
	if (!reason && !zc_chunk_is_cached(chunk) &&
	    zc_buf_is_mappable(chunk->buf))
		return ZCDEV_REASON_PAGES;
	if (!chunk->pipeline->strict && chunk->len < zc_end_copy_below(end))
		return reason | ZCDEV_REASON_SMALL;
	return reason;
}

static long socket_sink_drain(struct zc_end *end, struct zc_chunk *chunk,
			      struct zc_drain *drain)
{
	u32 reason = choose_reason(end, chunk);
	long ret;

	if (reason && chunk->pipeline->strict && !chunk->extra)
		return -EOPNOTSUPP;
	ret = socket_send(end, chunk, drain, by_reference(reason));
	if (ret <= 0)
		return ret ?: -EAGAIN;

	/* The route, or the protocol, may have changed under the send. */
	if (!reason)
		reason = copy_reason(end);
	drain->req.part = socket_moved(reason, ret);
	return ret;
}

static bool socket_sink_blocked(struct zc_end *end)
{
	return !(vfs_poll(end->file, NULL) &
		 (EPOLLOUT | EPOLLERR | EPOLLHUP));
}

/*
 * The queue of a UNIX socket stays if its peer has only shut it down. Others
 * are emptied, and then sending tells the reason.
 */
static bool socket_sink_hung_up(const struct zc_end *end)
{
	return end->kind == ZCDEV_KIND_UNIX &&
	       READ_ONCE(zc_socket_sk(end)->sk_shutdown) & SEND_SHUTDOWN;
}

static long socket_sink_timeout(const struct zc_end *end)
{
	return sock_sndtimeo(zc_socket_sk(end),
			     end->file->f_flags & O_NONBLOCK);
}

const struct zc_sink_ops zc_socket_sink_ops = {
	.prepare	= socket_sink_prepare,
	.drain		= socket_sink_drain,
	.events		= EPOLLOUT,
	.blocked	= socket_sink_blocked,
	.hung_up	= socket_sink_hung_up,
	.timeout	= socket_sink_timeout,
};
