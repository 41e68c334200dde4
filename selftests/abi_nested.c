// SPDX-License-Identifier: GPL-2.0
/*
 * Pointers inside of arguments: to memory that is not there, not all there,
 * read-only, or read-only from the middle on. EFAULT must come before anything
 * happened.
 * timeout: 120
 */
#include "abi_members.h"

static unsigned char content[256];

/* The second page of the memory of arguments, behind which there is none. */
static unsigned char *middle(void) { return abi_mem + ZC_PAGE; }

/* A good call in which the row has all of its memory, copied to @content. */
static unsigned char *place(const struct abi_at *at)
{
	const struct abi_member *m = at->member;
	unsigned char *s = abi_place(at);
	uint64_t from;

	memcpy(s + m->counter, &m->items, m->counter_size);
	memcpy(&from, s + m->offset, sizeof(from));
	assert_true(m->bytes <= sizeof(content));
	memcpy(content, (void *)(uintptr_t)from, m->bytes);
	return s;
}

/*
 * The call of @at with @pointer in its row, and the first @len bytes of what
 * belongs there at @to. Protected with @prot is then all from the middle on.
 */
static int try_at(const struct abi_at *at, int fd, uint64_t pointer,
		  unsigned char *to, size_t len, int prot)
{
	unsigned char *s = place(at);
	int ret;

	memcpy(to, content, len);
	memcpy(s + at->member->offset, &pointer, sizeof(pointer));
	assert_int_equal(mprotect(middle(), ZC_PAGE, prot), 0);
	ret = abi_do(at->call, fd, abi_mem);
	assert_int_equal(mprotect(middle(), ZC_PAGE, PROT_READ | PROT_WRITE), 0);
	return ret;
}

static void assert_no_effect(const struct abi_at *at, int fd)
{
	struct zcdev_pool_info info;

	assert_int_equal(zc_pool_info(fd, &info), 0);
	assert_int_equal(info.out_acquired, at->call->ioctl->acquired);
	assert_int_equal(info.out_staging, 0);
	assert_int_equal(zc_size(abi_file[1]), 0);
}

static void try_wild(const struct abi_at *at)
{
	const uint64_t where[] = {
		0, 1, 0xfffff000, 0xffffffff, 0x7ffffffff000, 1ULL << 63,
		0xffff888000000000, ~0ULL << 12, ~0ULL,
		/* Cut to 32 bits it would be good. */
		(uintptr_t)middle() + (1ULL << 32),
	};
	int fd = abi_open(at->call->ioctl);

	for (size_t i = 0; i < sizeof(where) / sizeof(*where); i++)
		zc_assert_errno(try_at(at, fd, where[i], middle(),
				       at->member->bytes, PROT_READ | PROT_WRITE),
				EFAULT, "%#llx as %s, %s",
				(unsigned long long)where[i], at->member->name,
				at->place->name);
	assert_no_effect(at, fd);
	close(fd);
}

static void wild(void **state)
{
	abi_each(*state, ABI_POINTER, try_wild);
}

/* Only @len bytes are there. */
static int try_cut(const struct abi_at *at, int fd, size_t len)
{
	unsigned char *to = middle() + ZC_PAGE - len;

	return try_at(at, fd, (uintptr_t)to, to, len, PROT_READ | PROT_WRITE);
}

static void try_cuts(const struct abi_at *at)
{
	int fd = abi_open(at->call->ioctl);
	size_t len;

	for (len = 0; len < at->member->bytes; len++)
		zc_assert_errno(try_cut(at, fd, len), EFAULT,
				"only %zu bytes of %s are there, %s", len,
				at->member->name, at->place->name);
	assert_no_effect(at, fd);
	zc_assert_errno(try_cut(at, fd, len), 0, "all of %s, %s",
			at->member->name, at->place->name);
	assert_int_equal(ftruncate(abi_file[1], 0), 0);
	close(fd);
}

static void cut(void **state)
{
	abi_each(*state, ABI_POINTER, try_cuts);
}

/* All but the first @before bytes are protected with @prot. */
static void try_protected(const struct abi_at *at, size_t before, int prot)
{
	bool bad = prot == PROT_NONE || at->member->written;
	unsigned char *to = middle() - before;
	int fd = abi_open(at->call->ioctl), ret;

	ret = try_at(at, fd, (uintptr_t)to, to, at->member->bytes, prot);
	zc_assert_errno(ret, bad ? EFAULT : 0, "%s, %s, but for %zu bytes",
			at->member->name, at->place->name, before);
	if (bad)
		assert_no_effect(at, fd);
	assert_int_equal(ftruncate(abi_file[1], 0), 0);
	close(fd);
}

static void try_protections(const struct abi_at *at)
{
	size_t half = at->member->bytes / 2;

	try_protected(at, 0, PROT_READ);
	try_protected(at, half, PROT_READ);
	try_protected(at, 0, PROT_NONE);
	try_protected(at, half, PROT_NONE);
}

static void protection(void **state)
{
	abi_each(*state, ABI_POINTER, try_protections);
}

/* What the table says of a number of 0. */
static int errno_of_none(const struct abi_at *at)
{
	for (size_t k = 0; k < at->place->count; k++) {
		const struct abi_member *m = &at->place->members[k];

		if (m->offset != at->member->counter)
			continue;
		for (size_t i = 0; i < m->count; i++)
			if (!m->values[i].value)
				return m->values[i].want;
	}
	return -1;
}

static void try_none(const struct abi_at *at)
{
	const struct abi_member *m = at->member;
	const uint64_t pointer = 1ULL << 63, none = 0;
	unsigned char *s;

	if (!m->counter_size)
		return;
	s = place(at);
	memcpy(s + m->counter, &none, m->counter_size);
	memcpy(s + m->offset, &pointer, sizeof(pointer));
	zc_assert_errno(abi_try(at->call, abi_mem), errno_of_none(at),
			"none of %s, %s", m->name, at->place->name);
	assert_int_equal(ftruncate(abi_file[1], 0), 0);
}

static void none(void **state)
{
	abi_each(*state, ABI_POINTER, try_none);
}

int main(void)
{
	static const struct abi_rule rules[] = {
		{ "a wild pointer is EFAULT", wild, NULL },
		{ "what is cut off anywhere is EFAULT", cut, NULL },
		{ "read-only memory is EFAULT if there are results, protected is",
		  protection, NULL },
		{ "a pointer to nothing is not looked at", none, NULL },
	};

	return ABI_RUN(rules);
}
