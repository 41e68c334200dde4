// SPDX-License-Identifier: GPL-2.0
/*
 * Stream sockets as sources: what has arrived is copied into the buffer.
 *
 * Pages of received segments are never passed on: we did not fill them, and
 * they may belong to somebody's page cache.
 */
#include "endpoint_socket.h"

#include <linux/poll.h>
#include <linux/socket.h>
#include <net/tls.h>
#include <net/tls_prot.h>

#include "buffer.h"
#include "pipeline.h"

static int socket_source_prepare(struct zc_end *end, u64 len, bool strict)
{
	int ret = zc_socket_prepare(end, READ, len);

	/* There is always this one copy. */
	return ret ?: strict ? -EOPNOTSUPP : 0;
}

static bool socket_source_ready(struct zc_end *end)
{
	return vfs_poll(end->file, NULL) &
	       (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP);
}

static long socket_source_timeout(const struct zc_end *end)
{
	return sock_rcvtimeo(zc_socket_sk(end),
			     end->file->f_flags & O_NONBLOCK);
}

static bool is_decrypted_here(const struct zc_end *end)
{
	return end->kind == ZCDEV_KIND_KTLS &&
	       tls_get_ctx(zc_socket_sk(end))->rx_conf == TLS_SW;
}

static struct zc_moved received(const struct zc_end *end)
{
	struct zc_moved moved = {
		.copied = 1,
		.paths = ZCDEV_PATH_COPY,
		.reasons = ZCDEV_REASON_STREAM,
	};

	if (is_decrypted_here(end)) {
		moved.paths = ZCDEV_PATH_TRANSFORM;
		moved.reasons |= ZCDEV_REASON_ENCRYPTED;
	}
	return moved;
}

static u8 first_byte(const struct zc_chunk *chunk, u32 i)
{
	u32 at = chunk->data + chunk->len + i;

	return *((u8 *)page_address(zc_buf_page(chunk->buf, at)) +
		 offset_in_page(at));
}

/*
 * A record that is not data. The peer's farewell is an alert, level and
 * description, and ends the stream; nobody here could answer anything else.
 */
static long control_record(const struct zc_chunk *chunk, u8 type, long len)
{
	if (type == TLS_RECORD_TYPE_ALERT && len == 2 &&
	    first_byte(chunk, 1) == TLS_ALERT_DESC_CLOSE_NOTIFY)
		return 0;
	return -EIO;
}

static u8 record_type(const struct msghdr *msg, const struct cmsghdr *cmsg,
		      size_t room)
{
	if (msg->msg_controllen == room || cmsg->cmsg_level != SOL_TLS ||
	    cmsg->cmsg_type != TLS_GET_RECORD_TYPE)
		return TLS_RECORD_TYPE_DATA;
	return *(const u8 *)CMSG_DATA(cmsg);
}

static long ktls_receive(struct zc_end *end, struct zc_chunk *chunk,
			 struct msghdr *msg)
{
	union {
		struct cmsghdr hdr;
		u8 room[CMSG_SPACE(sizeof(u8))];
	} control = {};
	long ret;
	u8 type;

	msg->msg_control = &control;
	msg->msg_controllen = sizeof(control);
	ret = sock_recvmsg(end->of_socket.sock, msg, msg->msg_flags);
	if (ret < 0)
		return ret;
	type = record_type(msg, &control.hdr, sizeof(control));
	return type == TLS_RECORD_TYPE_DATA ? ret :
	       control_record(chunk, type, ret);
}

static long socket_source_fill(struct zc_end *end, struct zc_chunk *chunk)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };

	zc_buf_iter(chunk->buf, ITER_DEST, chunk->data + chunk->len,
		    chunk->want - chunk->len, &msg.msg_iter);
	chunk->filled = received(end);
	if (end->kind == ZCDEV_KIND_KTLS)
		return ktls_receive(end, chunk, &msg);
	return sock_recvmsg(end->of_socket.sock, &msg, msg.msg_flags);
}

const struct zc_source_ops zc_socket_source_ops = {
	.prepare	= socket_source_prepare,
	.events		= EPOLLIN | EPOLLRDHUP,
	.ready		= socket_source_ready,
	.timeout	= socket_source_timeout,
	.fill		= socket_source_fill,
};
