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

static u8 new_byte(const struct zc_chunk *chunk, u32 i)
{
	u32 at = chunk->data + chunk->len + i;

	return *((u8 *)page_address(zc_buf_page(chunk->buf, at)) +
		 offset_in_page(at));
}

static u8 record_type(const struct msghdr *msg, const struct cmsghdr *cmsg,
		      size_t room)
{
	if (msg->msg_controllen == room || cmsg->cmsg_level != SOL_TLS ||
	    cmsg->cmsg_type != TLS_GET_RECORD_TYPE)
		return TLS_RECORD_TYPE_DATA;
	return *(const u8 *)CMSG_DATA(cmsg);
}

static long receive_record(const struct zc_end *end, struct msghdr *msg,
			   u8 *type)
{
	union {
		struct cmsghdr hdr;
		u8 room[CMSG_SPACE(sizeof(u8))];
	} control = {};
	long ret;

	msg->msg_control = &control;
	msg->msg_controllen = sizeof(control);
	ret = sock_recvmsg(end->of_socket.sock, msg, msg->msg_flags);
	*type = record_type(msg, &control.hdr, sizeof(control));
	return ret;
}

/* The rest of an alert that there was no room for; or another errno. */
static long second_byte(const struct zc_end *end)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
	u8 byte, type;
	struct kvec vec = { &byte, 1 };
	long ret;

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &vec, 1, 1);
	ret = receive_record(end, &msg, &type);
	return ret == 1 && type == TLS_RECORD_TYPE_ALERT ? byte : -EIO;
}

/*
 * A record that is not data. The peer's farewell is an alert, level and
 * description, and ends the stream; nobody here could answer anything else.
 */
static long control_record(const struct zc_end *end,
			   const struct zc_chunk *chunk, u8 type, long len)
{
	long description = -EIO;

	if (type == TLS_RECORD_TYPE_ALERT && len == 2)
		description = new_byte(chunk, 1);
	else if (type == TLS_RECORD_TYPE_ALERT && len == 1)
		description = second_byte(end);
	return description == TLS_ALERT_DESC_CLOSE_NOTIFY ? 0 : -EIO;
}

static long ktls_receive(struct zc_end *end, struct zc_chunk *chunk,
			 struct msghdr *msg)
{
	u8 type;
	long ret = receive_record(end, msg, &type);

	if (ret < 0 || type == TLS_RECORD_TYPE_DATA)
		return ret;
	return control_record(end, chunk, type, ret);
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
