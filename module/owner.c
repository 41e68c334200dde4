// SPDX-License-Identifier: GPL-2.0
/*
 * Who owns something, and what somebody else may know about it.
 *
 * A dump goes on in whoever reads the socket, which need not be who asked. So
 * the asker is looked at once, when the request comes in.
 */
#include "owner.h"

#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <net/sock.h>

static const struct cred *my_cred(void)
{
	/* All who share it clear a mark in it at once, which is no harm: see get_cred(). */
	return data_race(get_current_cred());
}

/**
 * zc_owner_init() - the current task is the owner
 * @owner: to be ended with zc_owner_exit()
 *
 * Context: process.
 */
void zc_owner_init(struct zc_owner *owner)
{
	owner->cred = my_cred();
	owner->tgid = get_pid(task_tgid(current));
	get_task_comm(owner->comm, current);
}

/**
 * zc_owner_exit() - nobody is the owner any more
 * @owner: the owner
 *
 * Context: process.
 */
void zc_owner_exit(struct zc_owner *owner)
{
	put_pid(owner->tgid);
	put_cred(owner->cred);
}

static bool same_user(const struct cred *a, const struct cred *b)
{
	return a->user_ns == b->user_ns && uid_eq(a->euid, b->euid);
}

/* All of it, not just for now: who serves others as them is not one of them. */
static bool is_user(const struct cred *owner, const struct cred *asker)
{
	return same_user(owner, asker) && uid_eq(owner->uid, asker->euid) &&
	       uid_eq(owner->suid, asker->euid);
}

/* In the system call that sends the request: the file is open. */
static bool opened_by(struct sk_buff *request, const struct cred *cred)
{
	const struct socket *sock = NETLINK_CB(request).sk->sk_socket;

	return sock && sock->file && same_user(sock->file->f_cred, cred);
}

/**
 * zc_asker_init() - the current task asks
 * @asker: to be ended with zc_asker_exit()
 * @request: what it is sending
 *
 * Context: process, in the system call that sends the request.
 */
void zc_asker_init(struct zc_asker *asker, struct sk_buff *request)
{
	asker->cred = my_cred();
	asker->pids = get_pid_ns(task_active_pid_ns(current));
	asker->admin = netlink_capable(request, CAP_SYS_ADMIN);
	asker->same = opened_by(request, asker->cred);
}

/**
 * zc_asker_exit() - the request has been answered
 * @asker: the asker
 *
 * Context: process.
 */
void zc_asker_exit(struct zc_asker *asker)
{
	put_pid_ns(asker->pids);
	put_cred(asker->cred);
}

/**
 * zc_asker_trusted() - may the asker see names, and cancel?
 * @asker: the asker
 * @owner: whose they are
 *
 * Context: any.
 */
bool zc_asker_trusted(const struct zc_asker *asker,
		      const struct zc_owner *owner)
{
	return asker->admin ||
	       (asker->same && is_user(owner->cred, asker->cred));
}

/**
 * zc_asker_uid() - the owner's uid, as the asker knows it
 * @asker: the asker
 * @owner: the owner
 * @uid: set to it
 *
 * Context: any.
 * Return: false if there is no such uid in the asker's user namespace.
 */
bool zc_asker_uid(const struct zc_asker *asker, const struct zc_owner *owner,
		  u32 *uid)
{
	*uid = from_kuid(asker->cred->user_ns, owner->cred->euid);
	return *uid != (uid_t)-1;
}

/**
 * zc_asker_pid() - the owner's process, as the asker knows it
 * @asker: the asker
 * @owner: the owner
 * @pid: set to it
 *
 * Context: any.
 * Return: false if it is gone, or not in the asker's pid namespace.
 */
bool zc_asker_pid(const struct zc_asker *asker, const struct zc_owner *owner,
		  u32 *pid)
{
	*pid = pid_has_task(owner->tgid, PIDTYPE_TGID) ?
	       pid_nr_ns(owner->tgid, asker->pids) : 0;
	return *pid;
}
