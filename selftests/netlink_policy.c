// SPDX-License-Identifier: GPL-2.0
/*
 * What the running kernel says of the family is what the YAML says: commands,
 * rights, multicast groups, and the types and ranges of all attributes.
 */
#include "zc_nl.h"
#include "netlink_policy.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define MAX		64

static struct spec_op ops[MAX];
static struct spec_attr attrs[MAX];
static char groups[MAX][32];
static size_t nr_ops, nr_attrs, nr_groups;
static int policy_of[256];	/* of the do of each command, or -1 */

static struct nlattr *find(struct nlattr *nest, int type)
{
	return nla_find(nla_data(nest), nla_len(nest), type);
}

static void read_ops(struct nlattr *list)
{
	struct nlattr *op;
	int rest;

	nla_for_each_nested(op, list, rest) {
		assert_true(nr_ops < MAX);
		ops[nr_ops].cmd = nla_get_u32(find(op, CTRL_ATTR_OP_ID));
		ops[nr_ops].flags = nla_get_u32(find(op, CTRL_ATTR_OP_FLAGS)) &
				    ~GENL_CMD_CAP_HASPOL;
		nr_ops++;
	}
}

static void read_groups(struct nlattr *list)
{
	struct nlattr *group;
	int rest;

	nla_for_each_nested(group, list, rest) {
		assert_true(nr_groups < MAX);
		snprintf(groups[nr_groups++], 32, "%s",
			 nla_get_string(find(group, CTRL_ATTR_MCAST_GRP_NAME)));
	}
}

static void read_family(struct nlattr **tb, void *arg)
{
	(void)arg;
	assert_int_equal(nla_get_u32(tb[CTRL_ATTR_VERSION]),
			 ZCDEV_FAMILY_VERSION);
	read_ops(tb[CTRL_ATTR_OPS]);
	read_groups(tb[CTRL_ATTR_MCAST_GROUPS]);
}

static void read_attr(int policy, struct nlattr *attr)
{
	struct spec_attr *a = &attrs[nr_attrs];
	int cmd;

	for (cmd = 0; cmd < 256; cmd++) {
		if (policy_of[cmd] != policy)
			continue;
		assert_true(nr_attrs < MAX);
		a = &attrs[nr_attrs++];
		a->cmd = cmd;
		a->attr = nla_type(attr);
		a->type = nla_get_u32(find(attr, NL_POLICY_TYPE_ATTR_TYPE));
		a->min = nla_get_u64(find(attr,
					  NL_POLICY_TYPE_ATTR_MIN_VALUE_U));
		a->max = nla_get_u64(find(attr,
					  NL_POLICY_TYPE_ATTR_MAX_VALUE_U));
	}
}

/* First which policy each command has, then one attribute a message. */
static void read_policy(struct nlattr **tb, void *arg)
{
	struct nlattr *nest, *attr;
	int rest, more;

	(void)arg;
	if (tb[CTRL_ATTR_OP_POLICY])
		nla_for_each_nested(nest, tb[CTRL_ATTR_OP_POLICY], rest)
			policy_of[nla_type(nest)] =
				nla_get_u32(find(nest, CTRL_ATTR_POLICY_DO));
	if (tb[CTRL_ATTR_POLICY])
		nla_for_each_nested(nest, tb[CTRL_ATTR_POLICY], rest)
			nla_for_each_nested(attr, nest, more)
				read_attr(nla_type(nest), attr);
}

static int ask(struct zc_nl *nl, int cmd, int flags, zc_nl_fn fn)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, 0, 0, GENL_ID_CTRL, 0, NLM_F_REQUEST | flags, cmd, 2);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, ZCDEV_FAMILY_NAME);
	return zc_nl_run(nl, msg, fn, NULL);
}

static int by_command(const void *a, const void *b)
{
	const struct spec_attr *x = a, *y = b;

	return x->cmd != y->cmd ? (x->cmd > y->cmd) - (x->cmd < y->cmd) :
				  (x->attr > y->attr) - (x->attr < y->attr);
}

static void commands(void **state)
{
	size_t i;

	(void)state;
	assert_int_equal(nr_ops, COUNT(spec_ops));
	for (i = 0; i < nr_ops; i++) {
		assert_int_equal(ops[i].cmd, spec_ops[i].cmd);
		assert_int_equal(ops[i].flags, spec_ops[i].flags);
	}
}

static void multicast(void **state)
{
	size_t i;

	(void)state;
	assert_int_equal(nr_groups, COUNT(spec_groups));
	for (i = 0; i < nr_groups; i++)
		assert_string_equal(groups[i], spec_groups[i]);
}

static void attributes(void **state)
{
	size_t i;

	(void)state;
	qsort(attrs, nr_attrs, sizeof(attrs[0]), by_command);
	assert_int_equal(nr_attrs, COUNT(spec_attrs));
	for (i = 0; i < nr_attrs; i++) {
		assert_int_equal(attrs[i].cmd, spec_attrs[i].cmd);
		assert_int_equal(attrs[i].attr, spec_attrs[i].attr);
		assert_int_equal(attrs[i].type, spec_attrs[i].type);
		assert_int_equal(attrs[i].min, spec_attrs[i].min);
		assert_int_equal(attrs[i].max, spec_attrs[i].max);
	}
}

static int set_up(void **state)
{
	struct zc_nl nl;

	(void)state;
	memset(policy_of, -1, sizeof(policy_of));
	zc_nl_open(&nl);
	assert_int_equal(ask(&nl, CTRL_CMD_GETFAMILY, NLM_F_ACK, read_family),
			 0);
	assert_int_equal(ask(&nl, CTRL_CMD_GETPOLICY, NLM_F_DUMP, read_policy),
			 0);
	zc_nl_close(&nl);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(multicast),
		cmocka_unit_test(attributes),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
