// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of requests against the policies of the commands: right, of another
 * length, out of range, nested, unknown, missing, with a dump. What is refused is
 * pointed at.
 */
#include <kunit/test.h>

#include <linux/limits.h>
#include <linux/netlink.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include <zcdev_netlink.h>

#include "netlink.h"

/**
 * struct shape - an attribute as it has to be
 * @name: of the case
 * @cmd: the command that takes it
 * @attr: its type
 * @size: bytes of its value
 * @min: least value
 * @max: greatest value
 * @missed: the command does nothing without it
 */
struct shape {
	const char *name;
	u8 cmd;
	u16 attr;
	u16 size;
	u64 min;
	u64 max;
	bool missed;
};

static const struct shape shapes[] = {
	{ "pool-get id", ZCDEV_CMD_POOL_GET, ZCDEV_A_POOL_ID, 4, 1, U32_MAX,
	  true },
	{ "transfer-get id", ZCDEV_CMD_TRANSFER_GET, ZCDEV_A_TRANSFER_ID, 4, 1,
	  U32_MAX, true },
	{ "transfer-cancel id", ZCDEV_CMD_TRANSFER_CANCEL, ZCDEV_A_TRANSFER_ID,
	  4, 1, U32_MAX, true },
	{ "stats-get pool-id", ZCDEV_CMD_STATS_GET, ZCDEV_A_STATS_POOL_ID, 4, 1,
	  U32_MAX, false },
	{ "limit-set pool-max", ZCDEV_CMD_LIMIT_SET, ZCDEV_A_LIMIT_POOL_MAX, 8,
	  0, S64_MAX, false },
	{ "limit-set user-max", ZCDEV_CMD_LIMIT_SET, ZCDEV_A_LIMIT_USER_MAX, 8,
	  0, S64_MAX, false },
	{ "limit-set total-max", ZCDEV_CMD_LIMIT_SET, ZCDEV_A_LIMIT_TOTAL_MAX,
	  8, 0, S64_MAX, false },
};

static void shape_name(const struct shape *shape, char *name)
{
	strscpy(name, shape->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(shape, shapes, shape_name);

/* An attribute with room for more than it should have. */
struct probe {
	struct nlattr attr;
	u8 value[16];
} __aligned(NLA_ALIGNTO);

static const struct genl_ops *op_of(struct kunit *test, u8 cmd)
{
	const struct genl_family *family = &zc_netlink_family;
	int i;

	for (i = 0; i < family->n_ops; i++)
		if (family->ops[i].cmd == cmd)
			return &family->ops[i];
	KUNIT_FAIL_AND_ABORT(test, "no command %u", cmd);
	return NULL;
}

/* Returns what the policy says of @probe; a refusal has to point at it. */
static int validate(struct kunit *test, u8 cmd, const struct probe *probe)
{
	const struct genl_ops *op = op_of(test, cmd);
	struct netlink_ext_ack extack = {};
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, op->policy);
	KUNIT_EXPECT_EQ(test, op->validate, 0);
	ret = __nla_validate(&probe->attr, nla_total_size(nla_len(&probe->attr)),
			     op->maxattr, op->policy, NL_VALIDATE_STRICT,
			     &extack);
	KUNIT_EXPECT_PTR_EQ(test, extack.bad_attr, ret ? &probe->attr : NULL);
	KUNIT_EXPECT_EQ(test, !!extack._msg, !!ret);
	return ret;
}

static int probe(struct kunit *test, const struct shape *shape, u16 bits,
		 u16 len, u64 value)
{
	struct probe probe = {
		.attr = {
			.nla_type = shape->attr | bits,
			.nla_len = NLA_HDRLEN + len,
		},
	};
	u32 id = value;

	if (shape->size == sizeof(id))
		memcpy(probe.value, &id, sizeof(id));
	else
		memcpy(probe.value, &value, sizeof(value));
	return validate(test, shape->cmd, &probe);
}

static void range_test(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	u16 size = shape->size;

	KUNIT_EXPECT_EQ(test, probe(test, shape, 0, size, shape->min), 0);
	KUNIT_EXPECT_EQ(test, probe(test, shape, 0, size, shape->min + 1), 0);
	KUNIT_EXPECT_EQ(test, probe(test, shape, 0, size, shape->max), 0);
	if (shape->min)
		KUNIT_EXPECT_EQ(test,
				probe(test, shape, 0, size, shape->min - 1),
				-ERANGE);
	if (size == sizeof(u64))
		KUNIT_EXPECT_EQ(test,
				probe(test, shape, 0, size, shape->max + 1),
				-ERANGE);
}

static void length_test(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	u16 len;

	for (len = 0; len <= sizeof(((struct probe *)NULL)->value); len++)
		KUNIT_EXPECT_EQ_MSG(test, probe(test, shape, 0, len, 1),
				    len == shape->size ? 0 : -EINVAL,
				    "%u bytes", len);
}

static void nested_test(struct kunit *test)
{
	const struct shape *shape = test->param_value;

	KUNIT_EXPECT_EQ(test, probe(test, shape, NLA_F_NESTED, shape->size, 1),
			-EINVAL);
}

static bool is_shape(u8 cmd, u16 attr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++)
		if (shapes[i].cmd == cmd && shapes[i].attr == attr)
			return true;
	return false;
}

static void unknown_test(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct shape other = *shape;

	for (other.attr = 0; other.attr < 64; other.attr++)
		if (!is_shape(shape->cmd, other.attr))
			KUNIT_EXPECT_EQ_MSG(test,
					    probe(test, &other, 0, other.size,
						  1),
					    -EINVAL, "attribute %u",
					    other.attr);
}

/* Has the command done with @attr, or nothing if that is NULL. */
static int command(struct kunit *test, const struct shape *shape,
		   struct nlattr *attr, struct netlink_ext_ack *extack)
{
	const struct genl_ops *op = op_of(test, shape->cmd);
	struct genl_info info = { .extack = extack };

	info.attrs = kunit_kcalloc(test, op->maxattr + 1, sizeof(*info.attrs),
				   GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, info.attrs);
	info.attrs[shape->attr] = attr;
	return op->doit(NULL, &info);
}

/* The policy has no say in what is not there: the command has. */
static void missing_test(struct kunit *test)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct netlink_ext_ack extack = {};

		if (!shapes[i].missed)
			continue;
		KUNIT_EXPECT_EQ(test, command(test, &shapes[i], NULL, &extack),
				-EINVAL);
		KUNIT_EXPECT_EQ(test, extack.miss_type, shapes[i].attr);
		KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	}
}

/* A right id, but nobody has it. */
static void nobody_test(struct kunit *test)
{
	struct probe id = {
		.attr.nla_len = NLA_HDRLEN + sizeof(u32),
		.value = { 0xf0, 0xff, 0xff, 0xf0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct netlink_ext_ack extack = {};

		if (shapes[i].size != sizeof(u32))
			continue;
		id.attr.nla_type = shapes[i].attr;
		KUNIT_EXPECT_EQ(test,
				command(test, &shapes[i], &id.attr, &extack),
				-ENOENT);
		KUNIT_EXPECT_PTR_EQ(test, extack.bad_attr, &id.attr);
		KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	}
}

/* Nor does the policy know a dump, which takes nothing. */
static void dump_test(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	const struct genl_ops *op = op_of(test, shape->cmd);
	struct nlattr **attrs = kunit_kcalloc(test, op->maxattr + 1,
					      sizeof(*attrs), GFP_KERNEL);
	struct netlink_ext_ack extack = {};
	struct genl_dumpit_info info = { .op.maxattr = op->maxattr };
	struct netlink_callback cb = { .data = &info, .extack = &extack };
	struct nlattr attr = {};

	KUNIT_ASSERT_NOT_NULL(test, attrs);
	KUNIT_EXPECT_EQ(test, !op->start, !op->dumpit);
	if (!op->start)
		return;
	attrs[shape->attr] = &attr;
	info.info.attrs = attrs;
	KUNIT_EXPECT_EQ(test, op->start(&cb), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, extack.bad_attr, &attr);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
}

static struct kunit_case attr_cases[] = {
	KUNIT_CASE_PARAM(range_test, shape_gen_params),
	KUNIT_CASE_PARAM(length_test, shape_gen_params),
	KUNIT_CASE_PARAM(nested_test, shape_gen_params),
	KUNIT_CASE_PARAM(unknown_test, shape_gen_params),
	KUNIT_CASE_PARAM(dump_test, shape_gen_params),
	KUNIT_CASE(missing_test),
	KUNIT_CASE(nobody_test),
	{}
};

static struct kunit_suite attr_suite = {
	.name = "zcdev-netlink-attr",
	.test_cases = attr_cases,
};

kunit_test_suite(attr_suite);
