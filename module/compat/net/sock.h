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

/*
 * Allocating an skb is a point where the receiver, if it is on this CPU, takes
 * over for the one segment that woke it, and back: that costs more than the
 * segment. So a burst is queued without giving way, and only if memory is
 * short the usual way is taken. GFP flags of a socket belong to its lock.
 */
static inline int zc_compat_tcp_sendpage(struct socket *sock, struct page *page,
					 int offset, size_t size, int flags)
{
	struct sock *sk = sock->sk;
	int ret = -EAGAIN;
	gfp_t gfp;

	lock_sock(sk);
	/* Not if TLS or a sockmap came meanwhile. */
	if (sk->sk_prot->sendpage == tcp_sendpage) {
		gfp = sk->sk_allocation;
		sk->sk_allocation = (gfp & ~__GFP_DIRECT_RECLAIM) |
				    __GFP_NOWARN;
		ret = tcp_sendpage_locked(sk, page, offset, size, flags);
		sk->sk_allocation = gfp;
	}
	release_sock(sk);
	return ret;
}

static inline int zc_compat_sendpage(struct socket *sock, struct page *page,
				     int offset, size_t size, int flags)
{
	int ret = -EAGAIN;

	if (sock->sk->sk_protocol == IPPROTO_TCP)
		ret = zc_compat_tcp_sendpage(sock, page, offset, size, flags);
	if (ret == -EAGAIN || ret == -ENOMEM)
		ret = kernel_sendpage(sock, page, offset, size, flags);
	return ret;
}

static inline int zc_compat_sock_sendmsg(struct socket *sock,
					 struct msghdr *msg)
{
	int flags = msg->msg_flags & ~MSG_SPLICE_PAGES;
	size_t max = zc_compat_sendpage_max(sock->sk);
	struct iov_iter *iter = &msg->msg_iter;
	int sent = 0, ret;

	if (!(msg->msg_flags & MSG_SPLICE_PAGES))
		return sock_sendmsg(sock, msg);

	while (iov_iter_count(iter)) {
		size_t off = iter->bvec->bv_offset + iter->iov_offset;
		size_t len = min3(iter->bvec->bv_len - iter->iov_offset,
				  iov_iter_count(iter), max);

		ret = zc_compat_sendpage(sock, iter->bvec->bv_page, off, len,
					 flags | (len < iov_iter_count(iter) ?
						  MSG_MORE : 0));
		if (ret <= 0)
			return sent ?: ret;
		iov_iter_advance(iter, ret);
		sent += ret;
	}
	return sent;
}

#define sock_sendmsg	zc_compat_sock_sendmsg
#endif

#endif /* _ZC_COMPAT_NET_SOCK_H */
