// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever a request has that it should not have is refused, with a sentence
 * and the attribute that is to blame.
 */
#include "zc_nl.h"

#define DO	(NLM_F_REQUEST | NLM_F_ACK)
#define DUMP	(NLM_F_REQUEST | NLM_F_DUMP)

/**
 * struct refusal - a request with one attribute, or none, that is refused
 * @cmd: the command
 * @flags: NLM_F_
 * @type: of the attribute, 0 for none
 * @len: of the attribute
 * @value: of the attribute
 * @error: errno
 * @missing: attribute that is missed
 */
struct refusal {
	const char *what;
	int cmd;
	int flags;
	int type;
	int len;
	uint64_t value;
	int error;
	int missing;
};

static const struct refusal refusals[] = {
	{ "no pool id", ZCDEV_CMD_POOL_GET, DO, 0, 0, 0, EINVAL,
	  ZCDEV_A_POOL_ID },
	{ "pool id 0", ZCDEV_CMD_POOL_GET, DO, ZCDEV_A_POOL_ID, 4, 0, ERANGE, 0 },
	{ "pool id of 8 bytes", ZCDEV_CMD_POOL_GET, DO, ZCDEV_A_POOL_ID, 8, 1,
	  EINVAL, 0 },
	{ "pool id of 2 bytes", ZCDEV_CMD_POOL_GET, DO, ZCDEV_A_POOL_ID, 2, 1,
	  EINVAL, 0 },
	{ "a pool's count", ZCDEV_CMD_POOL_GET, DO, ZCDEV_A_POOL_COUNT, 4, 1,
	  EINVAL, 0 },
	{ "no such attribute", ZCDEV_CMD_POOL_GET, DO, 100, 4, 1, EINVAL, 0 },
	{ "a nested id", ZCDEV_CMD_POOL_GET, DO, NLA_F_NESTED | ZCDEV_A_POOL_ID,
	  4, 1, EINVAL, 0 },
	{ "padding", ZCDEV_CMD_POOL_GET, DO, ZCDEV_A_POOL_PAD, 4, 1, EINVAL, 0 },
	{ "dump one pool", ZCDEV_CMD_POOL_GET, DUMP, ZCDEV_A_POOL_ID, 4, 1,
	  EINVAL, 0 },
	{ "dump pools, unknown attribute", ZCDEV_CMD_POOL_GET, DUMP, 100, 4, 1,
	  EINVAL, 0 },
	{ "unknown pool", ZCDEV_CMD_POOL_GET, DO, ZCDEV_A_POOL_ID, 4,
	  0xfffffff0, ENOENT, 0 },

	{ "no transfer id", ZCDEV_CMD_TRANSFER_GET, DO, 0, 0, 0, EINVAL,
	  ZCDEV_A_TRANSFER_ID },
	{ "transfer id 0", ZCDEV_CMD_TRANSFER_GET, DO, ZCDEV_A_TRANSFER_ID, 4,
	  0, ERANGE, 0 },
	{ "a transfer's pool", ZCDEV_CMD_TRANSFER_GET, DO,
	  ZCDEV_A_TRANSFER_POOL_ID, 4, 1, EINVAL, 0 },
	{ "dump one transfer", ZCDEV_CMD_TRANSFER_GET, DUMP,
	  ZCDEV_A_TRANSFER_ID, 4, 1, EINVAL, 0 },
	{ "unknown transfer", ZCDEV_CMD_TRANSFER_GET, DO, ZCDEV_A_TRANSFER_ID,
	  4, 0xfffffff0, ENOENT, 0 },

	{ "cancel nothing", ZCDEV_CMD_TRANSFER_CANCEL, DO, 0, 0, 0, EINVAL,
	  ZCDEV_A_TRANSFER_ID },
	{ "cancel 0", ZCDEV_CMD_TRANSFER_CANCEL, DO, ZCDEV_A_TRANSFER_ID, 4, 0,
	  ERANGE, 0 },
	{ "cancel what is not there", ZCDEV_CMD_TRANSFER_CANCEL, DO,
	  ZCDEV_A_TRANSFER_ID, 4, 0xfffffff0, ENOENT, 0 },
	{ "cancel all", ZCDEV_CMD_TRANSFER_CANCEL, DUMP, 0, 0, 0, EOPNOTSUPP, 0 },

	{ "counters of pool 0", ZCDEV_CMD_STATS_GET, DO, ZCDEV_A_STATS_POOL_ID,
	  4, 0, ERANGE, 0 },
	{ "counters of an unknown pool", ZCDEV_CMD_STATS_GET, DO,
	  ZCDEV_A_STATS_POOL_ID, 4, 0xfffffff0, ENOENT, 0 },
	{ "set a counter", ZCDEV_CMD_STATS_GET, DO, ZCDEV_A_STATS_WAITS, 8, 1,
	  EINVAL, 0 },
	{ "dump one pool's counters", ZCDEV_CMD_STATS_GET, DUMP,
	  ZCDEV_A_STATS_POOL_ID, 4, 1, EINVAL, 0 },

	{ "limits of something", ZCDEV_CMD_LIMIT_GET, DO,
	  ZCDEV_A_LIMIT_POOL_MAX, 8, 1, EINVAL, 0 },
	{ "dump limits", ZCDEV_CMD_LIMIT_GET, DUMP, 0, 0, 0, EOPNOTSUPP, 0 },
	{ "no limit to set", ZCDEV_CMD_LIMIT_SET, DO, 0, 0, 0, EINVAL, 0 },
	{ "too high a limit", ZCDEV_CMD_LIMIT_SET, DO, ZCDEV_A_LIMIT_TOTAL_MAX,
	  8, 1ULL << 63, ERANGE, 0 },
	{ "limit of 4 bytes", ZCDEV_CMD_LIMIT_SET, DO, ZCDEV_A_LIMIT_USER_MAX,
	  4, 1, EINVAL, 0 },
	{ "set what is held", ZCDEV_CMD_LIMIT_SET, DO,
	  ZCDEV_A_LIMIT_TOTAL_HELD, 8, 0, EINVAL, 0 },

	{ "command 0", 0, DO, 0, 0, 0, EOPNOTSUPP, 0 },
	{ "a notification", ZCDEV_CMD_POOL_ADD_NTF, DO, 0, 0, 0, EOPNOTSUPP, 0 },
	{ "no such command", 200, DO, 0, 0, 0, EOPNOTSUPP, 0 },
};

/* Who calls what is not there is told so by the family of families. */
static bool explains(const struct refusal *r)
{
	return r->error != EOPNOTSUPP;
}

static void one(void **state)
{
	const struct refusal *r = *state;
	struct nl_msg *msg;
	struct zc_nl nl;

	zc_nl_open(&nl);
	msg = zc_nl_msg(&nl, r->cmd, r->flags);
	if (r->type)
		assert_int_equal(nla_put(msg, r->type, r->len, &r->value), 0);
	assert_int_equal(zc_nl_run(&nl, msg, NULL, NULL), r->error);
	if (explains(r))
		assert_string_not_equal(nl.text, "");
	assert_int_equal(nl.attr, explains(r) ? r->type & NLA_TYPE_MASK : 0);
	assert_int_equal(nl.missing, r->missing);
	zc_nl_close(&nl);
}

/* Bytes behind the last attribute, and a header that is not all zero. */
static void rest(void **state)
{
	struct nl_msg *msg;
	struct zc_nl nl;

	(void)state;
	zc_nl_open(&nl);
	msg = zc_nl_msg(&nl, ZCDEV_CMD_LIMIT_GET, DO);
	assert_int_equal(nlmsg_append(msg, "\1", 1, 4), 0);
	assert_int_equal(zc_nl_run(&nl, msg, NULL, NULL), EINVAL);

	msg = zc_nl_msg(&nl, ZCDEV_CMD_LIMIT_GET, DO);
	((struct genlmsghdr *)nlmsg_data(nlmsg_hdr(msg)))->reserved = 1;
	assert_int_equal(zc_nl_run(&nl, msg, NULL, NULL), EINVAL);
	zc_nl_close(&nl);
}

int main(void)
{
	size_t i, nr = sizeof(refusals) / sizeof(refusals[0]);
	struct CMUnitTest tests[1 + sizeof(refusals) / sizeof(refusals[0])] = {
		cmocka_unit_test(rest),
	};

	for (i = 0; i < nr; i++)
		tests[1 + i] = (struct CMUnitTest){
			.name = refusals[i].what,
			.test_func = one,
			.initial_state = (void *)&refusals[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
