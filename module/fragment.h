/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_FRAGMENT_H
#define _ZC_FRAGMENT_H

struct msghdr;
struct socket;

int zc_fragment_send(struct socket *sock, struct msghdr *msg);

#endif /* _ZC_FRAGMENT_H */
