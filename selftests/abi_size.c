// SPDX-License-Identifier: GPL-2.0
/*
 * Structs that are shorter or longer than the kernel's, as an older or newer
 * header makes them.
 * timeout: 120
 */
#include "abi.h"

static const unsigned int longer[] = { 1, 4, 7, 8, 64, 1000 };

/* Nothing happened: where the call makes a pool there is none. */
static void assert_no_effect(const struct abi_call *call, int fd)
{
	struct zcdev_pool_info info;

	if (call->ioctl->cmd == ZCDEV_POOL_CREATE)
		assert_int_equal(zc_pool_info(fd, &info), ENXIO);
	if (call->ioctl->pool) {
		assert_int_equal(zc_pool_info(fd, &info), 0);
		assert_int_equal(info.out_acquired, call->ioctl->acquired);
	}
}

static void exact(void **state)
{
	const struct abi_call *call = *state;
	union abi_arg before, *arg = abi_fill(call);

	memcpy(&before, arg, sizeof(before));
	zc_assert_errno(abi_try(call, arg), 0, "exact size");
	/* Only what is named out_ is written. */
	assert_memory_equal(arg, &before, call->ioctl->out);
	assert_memory_equal(arg->bytes + call->ioctl->size,
			    before.bytes + call->ioctl->size,
			    sizeof(before) - call->ioctl->size);
}

static void too_short(void **state)
{
	const struct abi_call *call = *state;
	int fd = abi_open(call->ioctl);
	union abi_arg *arg = abi_fill(call);

	for (unsigned int size = 0; size < call->ioctl->size; size++) {
		arg->size = size;
		zc_assert_errno(abi_do(call, fd, arg), EINVAL, "size %u", size);
	}
	assert_no_effect(call, fd);
	close(fd);
}

static void zero_tail(void **state)
{
	const struct abi_call *call = *state;

	for (size_t i = 0; i <= sizeof(longer) / sizeof(*longer); i++) {
		union abi_arg *arg = abi_fill(call);
		unsigned int size = call->ioctl->size;

		size = i < sizeof(longer) / sizeof(*longer) ?
		       size + longer[i] : ZC_PAGE;
		arg->size = size;
		zc_assert_errno(abi_try(call, arg), 0, "size %u", size);
		assert_int_equal(arg->size, size);
		for (unsigned int at = call->ioctl->size; at < size; at++)
			assert_int_equal(arg->bytes[at], 0);
	}
}

static void non_zero_tail(void **state)
{
	const struct abi_call *call = *state;
	int fd = abi_open(call->ioctl);
	unsigned int first = call->ioctl->size;

	for (unsigned int at = first; at < ZC_PAGE; at += 1 + (at - first) * 2) {
		union abi_arg *arg = abi_fill(call);

		arg->bytes[at] = 1;
		arg->size = at + 1;
		zc_assert_errno(abi_do(call, fd, arg), E2BIG,
				"last byte, %u", at);
		arg->size = ZC_PAGE;
		zc_assert_errno(abi_do(call, fd, arg), E2BIG,
				"somewhere, %u", at);
	}
	assert_no_effect(call, fd);
	close(fd);
}

/* As a newer header might have it that says ~0 where nothing is asked for. */
static void tail_of_ones(void **state)
{
	const struct abi_call *call = *state;
	int fd = abi_open(call->ioctl);
	unsigned int size = call->ioctl->size;

	for (size_t i = 0; i < sizeof(longer) / sizeof(*longer); i++) {
		union abi_arg *arg = abi_fill(call);

		memset(arg->bytes + size, 0xff, longer[i]);
		arg->size = size + longer[i];
		zc_assert_errno(abi_do(call, fd, arg), E2BIG, "%u of ones",
				longer[i]);
	}
	assert_no_effect(call, fd);
	close(fd);
}

static void beyond_size(void **state)
{
	const struct abi_call *call = *state;
	union abi_arg *arg = abi_fill(call);

	memset(arg->bytes + call->ioctl->size, 0xff,
	       2 * ZC_PAGE - call->ioctl->size);
	zc_assert_errno(abi_try(call, arg), 0, "ones beyond size");
	for (unsigned int at = call->ioctl->size; at < 2 * ZC_PAGE; at++)
		assert_int_equal(arg->bytes[at], 0xff);
}

static void over_a_page(void **state)
{
	static const unsigned int sizes[] = {
		ZC_PAGE + 1, 2 * ZC_PAGE, 1U << 20, 0x7fffffff, 0x80000000,
		0xffffffff,
	};
	const struct abi_call *call = *state;
	int fd = abi_open(call->ioctl);
	union abi_arg *arg = abi_fill(call);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		arg->size = sizes[i];
		zc_assert_errno(abi_do(call, fd, arg), E2BIG, "size %u",
				sizes[i]);
	}
	assert_no_effect(call, fd);
	close(fd);
}

int main(void)
{
	static const struct abi_rule rules[] = {
		{ "the exact size works, and only out_ members are written",
		  exact, NULL },
		{ "a shorter struct is EINVAL", too_short, NULL },
		{ "a longer struct works if its tail is zero",
		  zero_tail, NULL },
		{ "a tail with one byte that is not zero is E2BIG",
		  non_zero_tail, NULL },
		{ "a tail of ones is E2BIG", tail_of_ones, NULL },
		{ "what lies beyond size does not matter", beyond_size, NULL },
		{ "more than a page is E2BIG", over_a_page, NULL },
	};

	return ABI_RUN(rules);
}
