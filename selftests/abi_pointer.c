// SPDX-License-Identifier: GPL-2.0
/*
 * Arguments in memory that is not there, not all there, read-only, or part of
 * the pool itself. EFAULT must come before anything happened.
 * timeout: 120
 */
#include "abi.h"

/* Copy a good call to the @len bytes before the page that is not there. */
static union abi_arg *at_the_edge(const struct abi_call *call, size_t len)
{
	union abi_arg *arg = abi_fill(call);
	unsigned char *edge = abi_mem + 2 * ZC_PAGE - len;

	memmove(edge, arg, len);
	return (union abi_arg *)edge;
}

static void assert_no_effect(const struct abi_call *call, int fd)
{
	struct zcdev_pool_info info;

	if (call->ioctl->cmd == ZCDEV_POOL_CREATE)
		assert_int_equal(zc_pool_info(fd, &info), ENXIO);
	if (call->ioctl->pool) {
		assert_int_equal(zc_pool_info(fd, &info), 0);
		assert_int_equal(info.out_acquired, call->ioctl->acquired);
	}
	assert_int_equal(zc_size(abi_file[1]), 0);
}

static void nowhere(void **state)
{
	static const uintptr_t where[] = {
		0, 1, ZC_PAGE - 1, 0xfffff000, 0xffffffff,
		0x7ffffffff000, 0x8000000000000000, 0xffff888000000000,
		0xfffffffffffff000, 0xffffffffffffffff,
	};
	const struct abi_call *call = *state;
	int fd = abi_open(call->ioctl);

	for (size_t i = 0; i < sizeof(where) / sizeof(*where); i++)
		zc_assert_errno(abi_do(call, fd, (void *)where[i]), EFAULT,
				"at %#lx", where[i]);
	assert_no_effect(call, fd);
	close(fd);
}

static void not_mapped(void **state)
{
	const struct abi_call *call = *state;
	int fd = abi_open(call->ioctl);

	abi_fill(call);
	zc_assert_errno(abi_do(call, fd, abi_mem + 2 * ZC_PAGE), EFAULT,
			"no page");
	assert_int_equal(mprotect(abi_mem, ZC_PAGE, PROT_NONE), 0);
	zc_assert_errno(abi_do(call, fd, abi_mem), EFAULT, "no permission");
	assert_int_equal(mprotect(abi_mem, ZC_PAGE, PROT_READ | PROT_WRITE), 0);
	assert_no_effect(call, fd);
	close(fd);
}

static void straddling(void **state)
{
	const struct abi_call *call = *state;
	int fd = abi_open(call->ioctl);

	for (unsigned int len = 1; len < call->ioctl->size; len++)
		zc_assert_errno(abi_do(call, fd, at_the_edge(call, len)),
				EFAULT, "only %u bytes are there", len);
	assert_no_effect(call, fd);
	close(fd);
}

static void last_byte(void **state)
{
	const struct abi_call *call = *state;
	union abi_arg *arg = at_the_edge(call, call->ioctl->size);

	zc_assert_errno(abi_try(call, arg), 0, "up to the edge");
	assert_int_equal(ftruncate(abi_file[1], 0), 0);
}

/* A tail that should be zero but is not there cannot be said to be zero. */
static void tail_not_there(void **state)
{
	const struct abi_call *call = *state;
	union abi_arg *arg = at_the_edge(call, call->ioctl->size);

	arg->size++;
	zc_assert_errno(abi_try(call, arg), EFAULT, "tail");
	assert_int_equal(zc_size(abi_file[1]), 0);
}

static void read_only(void **state)
{
	const struct abi_call *call = *state;
	bool out = call->ioctl->out < call->ioctl->size;
	int ret;

	abi_fill(call);
	assert_int_equal(mprotect(abi_mem, ZC_PAGE, PROT_READ), 0);
	ret = abi_try(call, abi_mem);
	assert_int_equal(mprotect(abi_mem, ZC_PAGE, PROT_READ | PROT_WRITE), 0);
	zc_assert_errno(ret, out ? EFAULT : 0, "read-only memory");
	assert_int_equal(zc_size(abi_file[1]), 0);
}

static void in_the_pool(void **state)
{
	const struct abi_call *call = *state;
	struct abi_ioctl with_pool = *call->ioctl;
	int fd, ret;
	unsigned char *map, *arg;

	with_pool.pool = true;
	fd = abi_open(&with_pool);
	map = mmap(NULL, 2 * ZC_PAGE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_32BIT, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	arg = map + ZC_PAGE - call->ioctl->size / 2;
	memcpy(arg, abi_fill(call), call->ioctl->size);
	ret = abi_do(call, fd, arg);
	zc_assert_errno(ret, call->ioctl->cmd == ZCDEV_POOL_CREATE ? EEXIST : 0,
			"across two buffers");
	if (call->ioctl->cmd == ZCDEV_QUERY)
		assert_int_equal(((struct zcdev_query *)arg)->out_total_bytes,
				 2 * ZC_PAGE);
	munmap(map, 2 * ZC_PAGE);
	close(fd);
	assert_int_equal(ftruncate(abi_file[1], 0), 0);
}

int main(void)
{
	static const struct abi_rule rules[] = {
		{ "a wild pointer is EFAULT", nowhere, NULL },
		{ "memory that is not there is EFAULT", not_mapped, NULL },
		{ "a struct cut off anywhere is EFAULT", straddling, NULL },
		{ "a struct may end with its page", last_byte, NULL },
		{ "a tail that is not there is EFAULT", tail_not_there, NULL },
		{ "read-only memory is EFAULT if there are results",
		  read_only, NULL },
		{ "arguments in a mapping of the pool work",
		  in_the_pool, NULL },
	};

	return ABI_RUN(rules);
}
