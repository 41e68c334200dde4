// SPDX-License-Identifier: GPL-2.0
/*
 * Which network namespace hears of a pool, without keeping it alive.
 *
 * A pool can outlive everything else in the namespace that it was created in,
 * and must not be what keeps its devices up. So it refers to an object of ours,
 * which forgets the namespace when that goes.
 */
#include "netns.h"

#include <linux/nsproxy.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

/**
 * struct zc_netns - a weak reference to a network namespace
 * @refs: the namespace, and the pools created in it
 * @lock: protects @net
 * @net: NULL when it is gone
 */
struct zc_netns {
	refcount_t refs;
	spinlock_t lock;	/* net */
	struct net *net;
};

static unsigned int netns_id;

static struct zc_netns **netns_of(struct net *net)
{
	return net_generic(net, netns_id);
}

/**
 * zc_netns_current() - the one that the current task is in
 *
 * Context: process.
 * Return: to be given back with zc_netns_put().
 */
struct zc_netns *zc_netns_current(void)
{
	struct zc_netns *ns = *netns_of(current->nsproxy->net_ns);

	refcount_inc(&ns->refs);
	return ns;
}

/**
 * zc_netns_put() - give back what zc_netns_current() returned
 * @ns: what it returned
 *
 * Context: any.
 */
void zc_netns_put(struct zc_netns *ns)
{
	if (refcount_dec_and_test(&ns->refs))
		kfree(ns);
}

/**
 * zc_netns_get_net() - the namespace itself, for a moment
 * @ns: what zc_netns_current() returned
 *
 * Context: any.
 * Return: to be given back with put_net(), or NULL if it is gone.
 */
struct net *zc_netns_get_net(struct zc_netns *ns)
{
	struct net *net;

	spin_lock(&ns->lock);
	net = ns->net ? maybe_get_net(ns->net) : NULL;
	spin_unlock(&ns->lock);
	return net;
}

static int __net_init netns_begin(struct net *net)
{
	struct zc_netns *ns = kzalloc(sizeof(*ns), GFP_KERNEL);

	if (!ns)
		return -ENOMEM;
	refcount_set(&ns->refs, 1);
	spin_lock_init(&ns->lock);
	ns->net = net;
	*netns_of(net) = ns;
	return 0;
}

static void __net_exit netns_end(struct net *net)
{
	struct zc_netns *ns = *netns_of(net);

	spin_lock(&ns->lock);
	ns->net = NULL;
	spin_unlock(&ns->lock);
	zc_netns_put(ns);
}

static struct pernet_operations netns_ops = {
	.init	= netns_begin,
	.exit	= netns_end,
	.id	= &netns_id,
	.size	= sizeof(struct zc_netns *),
};

/**
 * zc_netns_init() - follow network namespaces
 *
 * Return: 0 or an errno.
 */
int zc_netns_init(void)
{
	return register_pernet_subsys(&netns_ops);
}

/** zc_netns_exit() - no pool is left. */
void zc_netns_exit(void)
{
	unregister_pernet_subsys(&netns_ops);
}
