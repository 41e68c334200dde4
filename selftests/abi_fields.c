// SPDX-License-Identifier: GPL-2.0
/*
 * Every member of every struct: its values at their borders, and every bit that
 * has no meaning yet, which is refused or it is lost for ever; and QUERY tells
 * the truth about those that have one.
 * timeout: 120
 */
#include "abi_members.h"

/* The call of @at with @value in its member: must give @want. */
static void try_value(const struct abi_at *at, uint64_t value, int want)
{
	const struct abi_member *m = at->member;

	memcpy(abi_place(at) + m->offset, &value, m->size);
	zc_assert_errno(abi_try(at->call, abi_mem), want, "%#llx as %s, %s",
			(unsigned long long)value, m->name, at->place->name);
}

/* No member and no ioctl is forgotten. */
static void complete(void **state)
{
	const struct abi_call *call = *state;
	bool found = false;

	for (size_t i = 0; i < ABI_STRUCTS; i++) {
		const struct abi_struct *s = &abi_structs[i];
		size_t end = 0;

		for (size_t k = 0; k < s->count; k++) {
			zc_case("%s", s->members[k].name);
			assert_int_equal(s->members[k].offset, end);
			end += s->members[k].size;
		}
		assert_int_equal(end, s->size);
		found |= s->where == at_arg && s->cmd == call->ioctl->cmd &&
			 s->size == call->ioctl->size;
	}
	assert_true(found);
}

static void try_flags(const struct abi_at *at)
{
	const struct abi_member *m = at->member;
	uint32_t known = abi_known(m), base;

	memcpy(&base, abi_place(at) + m->offset, sizeof(base));
	for (size_t i = 0; i < m->count; i++)
		try_value(at, base | m->values[i].value, m->values[i].want);
	for (int bit = 0; bit < 32; bit++) {
		if (known >> bit & 1)
			continue;
		try_value(at, base | 1U << bit, EINVAL);
		try_value(at, known | 1U << bit, EINVAL);
	}
	try_value(at, MAX32, EINVAL);
}

static void flags(void **state)
{
	abi_each(*state, ABI_FLAGS, try_flags);
}

static void try_reserved(const struct abi_at *at)
{
	for (size_t bit = 0; bit < 8 * at->member->size; bit++)
		try_value(at, 1ULL << bit, EINVAL);
	try_value(at, MAX64, EINVAL);
}

static void reserved(void **state)
{
	abi_each(*state, ABI_RESERVED, try_reserved);
}

static void try_number(const struct abi_at *at)
{
	const struct abi_member *m = at->member;

	for (size_t i = 0; i < m->count; i++)
		try_value(at, m->values[i].value, m->values[i].want);
	assert_true(m->count > 2);
}

static void numbers(void **state)
{
	abi_each(*state, ABI_NUMBER, try_number);
}

static void try_out(const struct abi_at *at)
{
	try_value(at, 0, 0);
	try_value(at, TOP64 | 1, 0);
	try_value(at, MAX64, 0);
}

static void out(void **state)
{
	abi_each(*state, ABI_OUT, try_out);
}

static void depth_border(void **state)
{
	const struct abi_call *call = *state;
	struct zcdev_query q;
	int fd = zc_open();

	assert_int_equal(zc_query(fd, &q), 0);
	close(fd);
	assert_true(q.out_max_depth <= ABI_LEFT);
	for (int i = 0; i < 2; i++) {
		abi_fill(call)->transfer.depth = q.out_max_depth + i;
		zc_assert_errno(abi_try(call, abi_mem), i ? EINVAL : 0,
				"%d more", i);
	}
}

static void unasked_offset(void **state)
{
	const struct abi_call *call = *state;

	for (int i = 0; i < 2; i++) {
		abi_fill(call);
		abi_ends[i].flags = 0;
		abi_ends[i].offset = 1;
		zc_assert_errno(abi_try(call, abi_mem), EINVAL, "end %d", i);
	}
}

/* Ends in an array of another stride, as another header would make it. */
static int try_end_size(const struct abi_call *call, unsigned int end_size,
			int dirty)
{
	static unsigned char space[4 * ZC_PAGE];
	union abi_arg *arg = abi_fill(call);

	memset(space, 0, sizeof(space));
	for (int i = 0; i < 2 && end_size <= ZC_PAGE; i++)
		memcpy(space + i * end_size, &abi_ends[i],
		       end_size < sizeof(*abi_ends) ? end_size :
						      sizeof(*abi_ends));
	if (dirty >= 0)
		space[dirty] = 1;
	arg->transfer.end_size = end_size;
	arg->transfer.ends = (uintptr_t)space;
	return abi_try(call, arg);
}

static void end_size(void **state)
{
	const struct abi_call *call = *state;
	const unsigned int size = sizeof(struct zcdev_end);

	for (unsigned int s = 0; s < size; s++)
		zc_assert_errno(try_end_size(call, s, -1), EINVAL, "%u", s);
	zc_assert_errno(try_end_size(call, size + 1, -1), 0, "odd");
	zc_assert_errno(try_end_size(call, size + 8, -1), 0, "8 more");
	zc_assert_errno(try_end_size(call, ZC_PAGE, -1), 0, "a page");
	zc_assert_errno(try_end_size(call, ZC_PAGE + 1, -1), E2BIG, "more");
	zc_assert_errno(try_end_size(call, ~0U, -1), E2BIG, "much more");
	zc_assert_errno(try_end_size(call, size + 8, size), E2BIG,
			"tail of the source");
	zc_assert_errno(try_end_size(call, size + 8, 2 * size + 15), E2BIG,
			"tail of the sink");
}

/* Flags of the struct in row @i, which has them second. */
static uint32_t known_of(const struct abi_member *members)
{
	assert_int_equal(members[1].role, ABI_FLAGS);
	return abi_known(&members[1]);
}

/* What QUERY announces is what the sweeps here found to be taken. */
static void query(void **state)
{
	const struct abi_call *call = *state;
	union abi_arg *arg = abi_fill(call);
	const struct zcdev_query *q = &arg->query;
	uint32_t ioctls = 0;

	zc_assert_errno(abi_try(call, arg), 0, "QUERY");
	for (size_t i = 0; i < ABI_IOCTLS; i++)
		ioctls |= 1U << _IOC_NR(abi_ioctls[i].cmd);
	assert_int_equal(q->out_ioctls, ioctls);
	assert_int_equal(q->out_pool_flags, known_of(create_members));
	assert_int_equal(q->out_transfer_flags,
			 known_of(transfer_members));
	assert_int_equal(q->out_end_flags, known_of(sink_members));
	assert_int_equal(q->out_min_buf_size, sysconf(_SC_PAGESIZE));
	assert_int_equal(q->out_max_buf_size, 4 * MiB);
	assert_int_equal(q->out_max_sinks, ABI_SINKS);
	/* The default pool fits into the default locked-memory limit. */
	assert_true((uint64_t)q->out_default_count * q->out_default_buf_size <=
		    8 * MiB);
	assert_true(q->out_max_pool_bytes <= q->out_max_total_bytes);
}

/* So that the border of count is not all memory. */
static int small_limit(void **state)
{
	char mib[16];

	snprintf(mib, sizeof(mib), "%d", ABI_POOL_MIB);
	if (zc_keep_params(state))
		return -1;
	zc_param("max_pool_mib", mib);
	return 0;
}

int main(void)
{
	static const struct abi_rule rules[] = {
		{ "the table has every member", complete, NULL },
		{ "unknown flags are EINVAL, known ones as in the table",
		  flags, NULL },
		{ "reserved bits are EINVAL", reserved, NULL },
		{ "numbers at their borders", numbers, NULL },
		{ "what is in out_ members does not matter", out, NULL },
		{ "depth up to what QUERY says", depth_border, "TRANSFER" },
		{ "end_size follows the rules of size", end_size, "TRANSFER" },
		{ "an offset without its flag is EINVAL", unasked_offset,
		  "TRANSFER" },
		{ "says what is taken", query, "QUERY" },
	};
	int ret;

	if (small_limit(NULL))
		return 1;
	ret = ABI_RUN(rules);
	zc_restore_params(NULL);
	return ret;
}
