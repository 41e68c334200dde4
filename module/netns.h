/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_NETNS_H
#define _ZC_NETNS_H

struct net;
struct zc_netns;

struct zc_netns *zc_netns_current(void);
void zc_netns_put(struct zc_netns *ns);
struct net *zc_netns_get_net(struct zc_netns *ns);

int zc_netns_init(void);
void zc_netns_exit(void);

#endif /* _ZC_NETNS_H */
