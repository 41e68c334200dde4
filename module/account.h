/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_ACCOUNT_H
#define _ZC_ACCOUNT_H

#include <linux/types.h>

struct user_struct;

u64 zc_account_max_pool(void);
u64 zc_account_max_total(void);
u64 zc_account_total(void);

int zc_account_charge(struct user_struct **user, unsigned long pages);
void zc_account_uncharge(struct user_struct *user, unsigned long pages);
void zc_account_put(struct user_struct *user);

#endif /* _ZC_ACCOUNT_H */
