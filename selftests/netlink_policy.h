/* SPDX-License-Identifier: GPL-2.0 */
/* Made of uapi/zcdev_netlink.yaml by netlink_spec --write. */
struct spec_op {
	__u32 cmd;
	__u32 flags;
};

struct spec_attr {
	__u32 cmd;
	__u32 attr;
	__u32 type;
	__u64 min;
	__u64 max;
};

static const struct spec_op spec_ops[] = {
	{ ZCDEV_CMD_POOL_GET,
	  GENL_CMD_CAP_DO | GENL_CMD_CAP_DUMP },
	{ ZCDEV_CMD_TRANSFER_GET,
	  GENL_CMD_CAP_DO | GENL_CMD_CAP_DUMP },
	{ ZCDEV_CMD_TRANSFER_CANCEL,
	  GENL_CMD_CAP_DO },
	{ ZCDEV_CMD_STATS_GET,
	  GENL_CMD_CAP_DO | GENL_CMD_CAP_DUMP },
	{ ZCDEV_CMD_LIMIT_GET,
	  GENL_CMD_CAP_DO },
	{ ZCDEV_CMD_LIMIT_SET,
	  GENL_CMD_CAP_DO | GENL_ADMIN_PERM },
};

static const struct spec_attr spec_attrs[] = {
	{ ZCDEV_CMD_POOL_GET, ZCDEV_A_POOL_ID,
	  NL_ATTR_TYPE_U32, 1, 0xffffffffULL },
	{ ZCDEV_CMD_TRANSFER_GET, ZCDEV_A_TRANSFER_ID,
	  NL_ATTR_TYPE_U32, 1, 0xffffffffULL },
	{ ZCDEV_CMD_TRANSFER_CANCEL, ZCDEV_A_TRANSFER_ID,
	  NL_ATTR_TYPE_U32, 1, 0xffffffffULL },
	{ ZCDEV_CMD_STATS_GET, ZCDEV_A_STATS_POOL_ID,
	  NL_ATTR_TYPE_U32, 1, 0xffffffffULL },
	{ ZCDEV_CMD_LIMIT_SET, ZCDEV_A_LIMIT_POOL_MAX,
	  NL_ATTR_TYPE_U64, 0, 0x7fffffffffffffffULL },
	{ ZCDEV_CMD_LIMIT_SET, ZCDEV_A_LIMIT_USER_MAX,
	  NL_ATTR_TYPE_U64, 0, 0x7fffffffffffffffULL },
	{ ZCDEV_CMD_LIMIT_SET, ZCDEV_A_LIMIT_TOTAL_MAX,
	  NL_ATTR_TYPE_U64, 0, 0x7fffffffffffffffULL },
};

static const char *const spec_groups[] = {
	"events",
};
