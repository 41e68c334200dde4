// SPDX-License-Identifier: GPL-2.0
/*
 * Every bit that has no meaning yet is refused, or it is lost for ever; and
 * QUERY tells the truth about those that have one.
 * timeout: 120
 */
#include "abi.h"

static void flags(void **state)
{
	const struct abi_call *call = *state;

	for (int bit = 0; bit < 32; bit++) {
		union abi_arg *arg = abi_fill(call);
		bool known = call->ioctl->flags & 1U << bit;

		arg->flags = 1U << bit;
		zc_assert_errno(abi_try(call, arg), known ? 0 : EINVAL,
				"flag %d", bit);
	}
}

static void known_with_unknown(void **state)
{
	const struct abi_call *call = *state;
	union abi_arg *arg = abi_fill(call);

	arg->flags = call->ioctl->flags;
	zc_assert_errno(abi_try(call, arg), 0, "all known flags");
	arg = abi_fill(call);
	arg->flags = 0xffffffff;
	zc_assert_errno(abi_try(call, arg), EINVAL, "all flags");
}

static uint32_t *reserved_of(const struct abi_call *call, union abi_arg *arg)
{
	switch (call->ioctl->cmd) {
	case ZCDEV_TRANSFER:
		return &arg->transfer.reserved;
	case ZCDEV_BUF_RELEASE:
		return &arg->release.reserved;
	}
	return &arg->create.reserved;
}

static void reserved(void **state)
{
	const struct abi_call *call = *state;

	for (int bit = 0; bit < 32; bit++) {
		union abi_arg *arg = abi_fill(call);

		*reserved_of(call, arg) = 1U << bit;
		zc_assert_errno(abi_try(call, arg), EINVAL, "bit %d", bit);
	}
}

/* @value as the member at @offset, of @size bytes, of a transfer. */
static void transfer_member(const struct abi_call *call, size_t offset,
			    size_t size, uint64_t value, int want)
{
	union abi_arg *arg = abi_fill(call);

	memcpy(arg->bytes + offset, &value, size);
	zc_assert_errno(abi_try(call, arg), want, "%llu as member at %zu",
			(unsigned long long)value, offset);
}

#define MEMBER(type, name) \
	offsetof(struct type, name), sizeof(((struct type *)0)->name)

static void transfer_values(void **state)
{
	static const struct {
		size_t offset, size;
		uint64_t value;
		int want;
	} rows[] = {
		{ MEMBER(zcdev_transfer, sink_count), 0, EINVAL },
		{ MEMBER(zcdev_transfer, sink_count), 17, EINVAL },
		{ MEMBER(zcdev_transfer, sink_count), 0xffffffff, EINVAL },
		{ MEMBER(zcdev_transfer, chunk), 1, EINVAL },
		{ MEMBER(zcdev_transfer, chunk), 2048, EINVAL },
		{ MEMBER(zcdev_transfer, chunk), 4095, EINVAL },
		{ MEMBER(zcdev_transfer, chunk), 4096, 0 },
		{ MEMBER(zcdev_transfer, chunk), 4097, EINVAL },
		{ MEMBER(zcdev_transfer, chunk), 8192, EINVAL },
		{ MEMBER(zcdev_transfer, chunk), 0x80000000, EINVAL },
		{ MEMBER(zcdev_transfer, depth), 1, 0 },
		{ MEMBER(zcdev_transfer, depth), 0xffffffff, EINVAL },
		{ MEMBER(zcdev_transfer, len), 0, 0 },
		{ MEMBER(zcdev_transfer, len), ~0ULL, 0 },
		{ MEMBER(zcdev_transfer, ends), 0, EFAULT },
		{ MEMBER(zcdev_transfer, ends), 1ULL << 63, EFAULT },
		{ MEMBER(zcdev_transfer, ends), ~0ULL, EFAULT },
		{ MEMBER(zcdev_transfer, ends), ~0ULL << 12, EFAULT },
	};
	const struct abi_call *call = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		transfer_member(call, rows[i].offset, rows[i].size,
				rows[i].value, rows[i].want);
}

static void depth_border(void **state)
{
	const struct abi_call *call = *state;
	struct zcdev_query q;
	int fd = zc_open();

	assert_int_equal(zc_query(fd, &q), 0);
	close(fd);
	transfer_member(call, MEMBER(zcdev_transfer, depth), q.out_max_depth, 0);
	transfer_member(call, MEMBER(zcdev_transfer, depth),
			q.out_max_depth + 1, EINVAL);
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

/* What a flag of a source, or of a sink, gives: both are files. */
static int end_flag_errno(uint32_t flag, int sink)
{
	switch (flag) {
	case ZCDEV_END_OFFSET:
	case ZCDEV_END_DIRECT:
	case ZCDEV_END_BUFFERED:
		return 0;
	case ZCDEV_END_SPARSE:
		return sink ? 0 : EINVAL;
	case ZCDEV_END_PAGE_CACHE:
		return sink ? EINVAL : EOPNOTSUPP;
	default:
		return EINVAL;
	}
}

static void end_flags(void **state)
{
	const struct abi_call *call = *state;

	for (int i = 0; i < 2 * 32; i++) {
		union abi_arg *arg = abi_fill(call);
		uint32_t flag = 1U << i / 2;

		abi_ends[i % 2].flags |= flag;
		zc_assert_errno(abi_try(call, arg), end_flag_errno(flag, i % 2),
				"flag %d of end %d", i / 2, i % 2);
	}
	for (int i = 0; i < 2; i++) {
		union abi_arg *arg = abi_fill(call);

		abi_ends[i].flags |= ZCDEV_END_DIRECT | ZCDEV_END_BUFFERED;
		zc_assert_errno(abi_try(call, arg), EINVAL, "direct, buffered");
		arg = abi_fill(call);
		abi_ends[i].flags = 0;
		abi_ends[i].offset = ZC_PAGE;
		zc_assert_errno(abi_try(call, arg), EINVAL, "unasked offset");
		arg = abi_fill(call);
		abi_ends[i].offset = 1ULL << 63;
		zc_assert_errno(abi_try(call, arg), EOVERFLOW, "huge offset");
	}
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
	assert_int_equal(q->out_pool_flags, abi_ioctls[1].flags);
	assert_int_equal(q->out_transfer_flags, abi_ioctls[3].flags);
	assert_int_equal(q->out_end_flags, ZCDEV_END_OFFSET |
			 ZCDEV_END_DIRECT | ZCDEV_END_BUFFERED |
			 ZCDEV_END_PAGE_CACHE | ZCDEV_END_SPARSE);
	assert_int_equal(q->out_min_buf_size, sysconf(_SC_PAGESIZE));
	assert_int_equal(q->out_max_buf_size, 4 * MiB);
	assert_int_equal(q->out_max_sinks, 16);
	/* The default pool fits into the default locked-memory limit. */
	assert_true((uint64_t)q->out_default_count * q->out_default_buf_size <=
		    8 * MiB);
	assert_true(q->out_max_pool_bytes <= q->out_max_total_bytes);
}

int main(void)
{
	static const struct abi_rule rules[] = {
		{ "unknown flags are EINVAL, known ones work", flags, NULL },
		{ "known flags work together, not with unknown ones",
		  known_with_unknown, NULL },
		{ "reserved bits are EINVAL", reserved, "POOL_CREATE" },
		{ "reserved bits are EINVAL", reserved, "TRANSFER" },
		{ "reserved bits are EINVAL", reserved, "BUF_RELEASE" },
		{ "values at their borders", transfer_values, "TRANSFER" },
		{ "depth up to what QUERY says", depth_border, "TRANSFER" },
		{ "end_size follows the rules of size", end_size, "TRANSFER" },
		{ "unknown end flags are EINVAL", end_flags, "TRANSFER" },
		{ "says what is taken", query, "QUERY" },
	};

	return ABI_RUN(rules);
}
