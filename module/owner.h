/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_OWNER_H
#define _ZC_OWNER_H

#include <linux/sched.h>
#include <linux/types.h>

struct cred;
struct pid;
struct pid_namespace;
struct sk_buff;

/**
 * struct zc_owner - who made a pool, or is transferring
 * @cred: as they were then, with a reference
 * @tgid: the process, with a reference; it may be gone
 * @comm: name of the task
 */
struct zc_owner {
	const struct cred *cred;
	struct pid *tgid;
	char comm[TASK_COMM_LEN];
};

/**
 * struct zc_asker - who wants to know
 * @cred: as they were when the request was sent, with a reference
 * @pids: in what pid namespace, with a reference
 * @admin: has CAP_SYS_ADMIN in the initial user namespace
 * @same: the socket was opened by the same user: nobody handed it to a more
 *	powerful process to have it ask
 */
struct zc_asker {
	const struct cred *cred;
	struct pid_namespace *pids;
	bool admin;
	bool same;
};

void zc_owner_init(struct zc_owner *owner);
void zc_owner_exit(struct zc_owner *owner);

void zc_asker_init(struct zc_asker *asker, struct sk_buff *request);
void zc_asker_exit(struct zc_asker *asker);
bool zc_asker_trusted(const struct zc_asker *asker,
		      const struct zc_owner *owner);
bool zc_asker_uid(const struct zc_asker *asker, const struct zc_owner *owner,
		  u32 *uid);
bool zc_asker_pid(const struct zc_asker *asker, const struct zc_owner *owner,
		  u32 *pid);

#endif /* _ZC_OWNER_H */
