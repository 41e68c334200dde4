// SPDX-License-Identifier: GPL-2.0
/*
 * What an end is called: the path of a file, the peer of a socket.
 */
#include "end_name.h"

#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/un.h>
#include <linux/vm_sockets.h>

#include "chardev.h"
#include "endpoint.h"
#include "pool.h"

/* @len bytes of an address; an abstract name begins with NUL, shown as @. */
static void print_unix(const struct sockaddr_un *sun, int len, char *buf)
{
	int path = len - offsetof(struct sockaddr_un, sun_path);

	if (path > 1 && !sun->sun_path[0])
		snprintf(buf, PATH_MAX, "@%.*s", path - 1, sun->sun_path + 1);
	else
		snprintf(buf, PATH_MAX, "%.*s", max(path, 0), sun->sun_path);
}

static void print_address(const struct sockaddr_storage *addr, int len,
			  char *buf)
{
	const struct sockaddr_vm *vm = (const void *)addr;

	buf[0] = '\0';
	switch (addr->ss_family) {
	case AF_INET:
	case AF_INET6:
		snprintf(buf, PATH_MAX, "%pISpc", addr);
		break;
	case AF_UNIX:
		print_unix((const void *)addr, len, buf);
		break;
	case AF_VSOCK:
		snprintf(buf, PATH_MAX, "%u:%u", vm->svm_cid, vm->svm_port);
		break;
	}
}

/* As it was when the transfer began: who asks must not wait for the socket. */
static const char *socket_name(const struct zc_socket_end *end, char *buf)
{
	print_address(&end->peer, end->peer_len, buf);
	return buf[0] ? buf : NULL;
}

/**
 * zc_end_name() - the name of an end
 * @end: prepared; its file is held meanwhile
 * @buf: PATH_MAX bytes
 *
 * A path is as seen from the root directory of the current task.
 *
 * Context: process.
 * Return: somewhere in @buf, or NULL if it has none.
 */
const char *zc_end_name(const struct zc_end *end, char *buf)
{
	char *path;

	if (sock_from_file(end->file))
		return socket_name(&end->of_socket, buf);
	path = file_path(end->file, buf, PATH_MAX);
	return IS_ERR(path) ? NULL : path;
}

/**
 * zc_end_pool_id() - which pool an end is
 * @end: opened; its file is held meanwhile
 *
 * Context: any.
 * Return: its id, or 0 if it is none.
 */
u32 zc_end_pool_id(const struct zc_end *end)
{
	struct zc_file *file = zc_chardev_file(end->file);
	struct zc_pool *pool = file ? zc_file_pool(file) : NULL;

	return pool ? pool->entry.id : 0;
}
