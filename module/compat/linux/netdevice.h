/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_COMPAT_LINUX_NETDEVICE_H
#define _ZC_COMPAT_LINUX_NETDEVICE_H

#include <linux/version.h>
#include_next <linux/netdevice.h>

/* A network device that is none; goes with 6.9. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
static inline struct net_device *zc_compat_alloc_netdev_dummy(int sizeof_priv)
{
	struct net_device *dev = kzalloc(sizeof(*dev) + sizeof_priv,
					 GFP_KERNEL);

	if (dev)
		init_dummy_netdev(dev);
	return dev;
}

#define alloc_netdev_dummy	zc_compat_alloc_netdev_dummy
#define free_netdev_dummy	kfree
#else
#define free_netdev_dummy	free_netdev
#endif

#endif /* _ZC_COMPAT_LINUX_NETDEVICE_H */
