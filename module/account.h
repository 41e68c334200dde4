/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_ACCOUNT_H
#define _ZC_ACCOUNT_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct user_struct;
struct zc_user;

/**
 * struct zc_account - who pays for a pool
 * @user: what this user's pools hold, with a reference; NULL: nobody was charged
 * @locked: whose RLIMIT_MEMLOCK it counts against, with a reference; NULL if
 *	that user had CAP_IPC_LOCK
 */
struct zc_account {
	struct zc_user *user;
	struct user_struct *locked;
};

u64 zc_account_total(void);
u64 zc_account_user(kuid_t uid);

int zc_account_charge(struct zc_account *account, unsigned long pages);
void zc_account_uncharge(struct zc_account *account, unsigned long pages);
void zc_account_put(struct zc_account *account);

#endif /* _ZC_ACCOUNT_H */
