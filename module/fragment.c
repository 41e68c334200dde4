// SPDX-License-Identifier: GPL-2.0
/*
 * Pieces of a buffer as fragments of an skb, by reference.
 *
 * MSG_SPLICE_PAGES makes one fragment, and takes one reference, for every 4
 * KiB, however large the page is. TCP has another way in for callers in the
 * kernel, which io_uring uses for registered buffers: a callback that fills the
 * fragments. It goes with a ubuf_info that is told when the skb is gone, for
 * which the stack copies the data should a receiver on this machine hold on to
 * it. We need neither: we take page references, and look at them. So our
 * ubuf_info does not set SKBFL_ZEROCOPY_ENABLE, without which nobody looks at
 * it after the send, and it can live on the stack. It sets SKBFL_SHARED_FRAG:
 * whoever can write the pool can change the bytes on their way.
 *
 * TCP does not charge an skb of such fragments alone to the socket's memory
 * accounting: the owner of the pool pays already.
 */
#include "fragment.h"

#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "endpoint_socket.h"

#ifdef ZC_COMPAT_SG_FROM_ITER

/* Appends up to @length bytes; less if there is no room for a fragment. */
static int fragment_fill(struct sk_buff *skb, struct iov_iter *from,
			 size_t length)
{
	int nr = skb_shinfo(skb)->nr_frags;

	while (length && iov_iter_count(from)) {
		struct page *page = from->bvec->bv_page;
		u32 off = from->bvec->bv_offset + from->iov_offset;
		u32 len = min3(from->bvec->bv_len - from->iov_offset,
			       iov_iter_count(from), length);

		if (skb_can_coalesce(skb, nr, page, off)) {
			skb_frag_size_add(&skb_shinfo(skb)->frags[nr - 1], len);
		} else if (nr < MAX_SKB_FRAGS) {
			get_page(page);
			skb_fill_page_desc_noacc(skb, nr++, page, off, len);
		} else {
			return -EMSGSIZE;
		}
		skb_len_add(skb, len);
		iov_iter_advance(from, len);
		length -= len;
	}
	return 0;
}

static const struct ubuf_info_ops fragment_ubuf_ops = {};

static int tcp_send(struct socket *sock, struct msghdr *msg)
{
	struct ubuf_info ubuf = {
		.ops	= &fragment_ubuf_ops,
		.refcnt	= REFCOUNT_INIT(1),
		.flags	= SKBFL_SHARED_FRAG,
	};

	msg->msg_flags |= MSG_ZEROCOPY;
	msg->msg_ubuf = &ubuf;
	msg->sg_from_iter = fragment_fill;
	return sock_sendmsg(sock, msg);
}

#else

static int tcp_send(struct socket *sock, struct msghdr *msg)
{
	msg->msg_flags |= MSG_SPLICE_PAGES;
	return sock_sendmsg(sock, msg);
}

#endif

/**
 * zc_fragment_send() - send pages by reference
 * @sock: a TCP, kTLS or UNIX stream socket
 * @msg: with an ITER_BVEC of compound pages
 *
 * Where the protocol or the route cannot take references it copies.
 *
 * Context: process.
 * Return: bytes sent, or an errno.
 */
int zc_fragment_send(struct socket *sock, struct msghdr *msg)
{
	if (sock->sk->sk_protocol == IPPROTO_TCP &&
	    zc_socket_sends_tcp(sock->sk))
		return tcp_send(sock, msg);
	msg->msg_flags |= MSG_SPLICE_PAGES;
	return sock_sendmsg(sock, msg);
}
