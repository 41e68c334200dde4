/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_COMPAT_NET_SOCK_H
#define _ZC_COMPAT_NET_SOCK_H

#include <linux/version.h>
#include_next <net/sock.h>

/*
 * MSG_SPLICE_PAGES with an ITER_BVEC, as sock_sendmsg() has it from 6.5 on,
 * in terms of kernel_sendpage(). The flag is defined in late 6.1 kernels, but
 * no protocol there acts on it. Goes with 6.4.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#include <linux/bvec.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/tcp.h>

#ifndef MSG_SPLICE_PAGES
#define MSG_SPLICE_PAGES	0x8000000
#endif

/* One UNIX skb takes 17 fragments of any size past the send buffer, and its
 * truesize is what was sent: bound both by bounding a fragment.
 */
static inline size_t zc_compat_sendpage_max(struct sock *sk)
{
	return sk->sk_family == AF_UNIX ? SZ_64K : SZ_4M;
}

/* A piece that one call can take. All but the last wait for what follows. */
struct zc_compat_piece {
	struct page *page;
	size_t off;
	size_t len;
	int flags;
};

static inline struct zc_compat_piece
zc_compat_piece(struct sock *sk, const struct iov_iter *iter, int flags)
{
	struct zc_compat_piece p = {
		.page = iter->bvec->bv_page,
		.off = iter->bvec->bv_offset + iter->iov_offset,
		.len = min3(iter->bvec->bv_len - iter->iov_offset,
			    iov_iter_count(iter), zc_compat_sendpage_max(sk)),
		.flags = flags,
	};

	if (p.len < iov_iter_count(iter))
		p.flags |= MSG_MORE | MSG_SENDPAGE_NOTLAST;
	return p;
}

/*
 * Allocating an skb is a point where the receiver, if it is on this CPU, takes
 * over for the one segment that woke it, and back: that costs more than the
 * segment. So a burst is queued without giving way, and only if memory is
 * short the usual way is taken. GFP flags of a socket belong to its lock.
 */
static inline int zc_compat_tcp_sendpages(struct socket *sock,
					  struct iov_iter *iter, int flags)
{
	struct sock *sk = sock->sk;
	int ret = -EAGAIN, sent = 0;
	gfp_t gfp;

	lock_sock(sk);
	gfp = sk->sk_allocation;
	sk->sk_allocation = (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN;
	/* Not if TLS or a sockmap came meanwhile. */
	while (iov_iter_count(iter) && sk->sk_prot->sendpage == tcp_sendpage) {
		struct zc_compat_piece p = zc_compat_piece(sk, iter, flags);

		ret = tcp_sendpage_locked(sk, p.page, p.off, p.len, p.flags);
		if (ret <= 0)
			break;
		iov_iter_advance(iter, ret);
		sent += ret;
	}
	sk->sk_allocation = gfp;
	release_sock(sk);
	return sent ?: ret;
}

static inline int zc_compat_sendpage(struct socket *sock,
				     struct iov_iter *iter, int flags)
{
	struct zc_compat_piece p;
	int ret = -EAGAIN;

	if (sock->sk->sk_protocol == IPPROTO_TCP)
		ret = zc_compat_tcp_sendpages(sock, iter, flags);
	if (ret != -EAGAIN && ret != -ENOMEM)
		return ret;
	p = zc_compat_piece(sock->sk, iter, flags);
	ret = kernel_sendpage(sock, p.page, p.off, p.len, p.flags);
	if (ret > 0)
		iov_iter_advance(iter, ret);
	return ret;
}

static inline int zc_compat_sock_sendmsg(struct socket *sock,
					 struct msghdr *msg)
{
	int flags = msg->msg_flags & ~MSG_SPLICE_PAGES;
	int sent = 0, ret;

	if (!(msg->msg_flags & MSG_SPLICE_PAGES))
		return sock_sendmsg(sock, msg);

	while (iov_iter_count(&msg->msg_iter)) {
		ret = zc_compat_sendpage(sock, &msg->msg_iter, flags);
		if (ret <= 0)
			return sent ?: ret;
		sent += ret;
	}
	return sent;
}

#define sock_sendmsg	zc_compat_sock_sendmsg
#endif

#endif /* _ZC_COMPAT_NET_SOCK_H */
