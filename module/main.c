// SPDX-License-Identifier: GPL-2.0
/*
 * zcdev - pools of memory that every zero-copy interface accepts
 */
#include <linux/module.h>

#include "chardev.h"
#include "netlink.h"
#include "netns.h"
#include "pool.h"
#include "softnet.h"

static int __init zcdev_init(void)
{
	int ret;

	ret = zc_softnet_init();
	if (ret)
		return ret;
	ret = zc_netns_init();
	if (ret)
		goto softnet;
	ret = zc_netlink_init();
	if (ret)
		goto netns;
	ret = zc_chardev_init();
	if (ret)
		goto netlink;
	return 0;

netlink:
	zc_netlink_exit();
netns:
	zc_netns_exit();
softnet:
	zc_softnet_exit();
	return ret;
}

static void __exit zcdev_exit(void)
{
	zc_chardev_exit();
	zc_netlink_exit();
	zc_pool_exit();
	zc_netns_exit();
	zc_softnet_exit();
}

module_init(zcdev_init);
module_exit(zcdev_exit);

MODULE_DESCRIPTION("Zero-copy buffer pools and transfers");
MODULE_AUTHOR("The zcdev authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
