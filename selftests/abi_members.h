/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every member of every struct of the ABI in one table: what it is for, which
 * values are tried, and what each of them gives in a call that would succeed
 * otherwise. A rule of the header that concerns a member is tried on all rows
 * of its role, and a member without a row fails a test.
 */
#ifndef ABI_MEMBERS_H
#define ABI_MEMBERS_H

#include "abi.h"

/**
 * enum abi_role - which rules hold for a member
 * @ABI_SIZE: of the struct: abi_size.c
 * @ABI_FLAGS: values are known flags, all other bits are EINVAL
 * @ABI_RESERVED: each bit is EINVAL
 * @ABI_NUMBER: values are those at its borders
 * @ABI_POINTER: memory that the call reads or writes
 * @ABI_OUT: may be anything
 */
enum abi_role {
	ABI_SIZE, ABI_FLAGS, ABI_RESERVED, ABI_NUMBER, ABI_POINTER, ABI_OUT,
};

struct abi_value {
	uint64_t value;
	int want;
};

/**
 * struct abi_member - one member
 * @name: with the struct
 * @offset: in the struct
 * @size: bytes
 * @role: what it is
 * @values: and the errno of each
 * @count: how many
 * @bytes: behind a pointer, all of them needed
 * @written: they are results
 * @items: what the member that counts them is set to for that
 * @counter: offset of that member
 * @counter_size: its bytes; 0: nobody counts them
 */
struct abi_member {
	const char *name;
	size_t offset, size;
	enum abi_role role;
	const struct abi_value *values;
	size_t count;
	size_t bytes;
	bool written;
	uint64_t items;
	size_t counter, counter_size;
};

/**
 * struct abi_struct - one place of a call where a struct is
 * @name: for people
 * @cmd: the ioctl
 * @size: of the struct
 * @where: find it in a call that abi_fill() made, so that it matters
 * @members: all of them, in order
 * @count: how many
 */
struct abi_struct {
	const char *name;
	unsigned int cmd;
	size_t size;
	unsigned char *(*where)(union abi_arg *arg);
	const struct abi_member *members;
	size_t count;
};

#define MEMBER(type, member, ...) \
	{ #type "." #member, offsetof(struct type, member), \
	  sizeof(((struct type *)0)->member), __VA_ARGS__ }
#define LIST(...) \
	.values = (const struct abi_value[]){ __VA_ARGS__ }, \
	.count = sizeof((const struct abi_value[]){ __VA_ARGS__ }) / \
		 sizeof(struct abi_value)
#define FLAGS(...)	.role = ABI_FLAGS, LIST(__VA_ARGS__)
#define NO_FLAGS	.role = ABI_FLAGS
#define NUMBER(...)	.role = ABI_NUMBER, LIST(__VA_ARGS__)
#define POINTER(len, out) \
	.role = ABI_POINTER, .bytes = (len), .written = (out)
#define COUNTED(len, out, type, member, n) \
	POINTER(len, out), .items = (n), \
	.counter = offsetof(struct type, member), \
	.counter_size = sizeof(((struct type *)0)->member)
#define OUT(type, member)	MEMBER(type, member, .role = ABI_OUT)
#define RESERVED(type)		MEMBER(type, reserved, .role = ABI_RESERVED)
#define SIZE(type)		MEMBER(type, size, .role = ABI_SIZE)

#define MAX32	0xffffffffU
#define MAX64	(~0ULL)
#define TOP64	(1ULL << 63)

static const struct abi_member query_members[] = {
	SIZE(zcdev_query),
	MEMBER(zcdev_query, flags, NO_FLAGS),
	OUT(zcdev_query, out_ioctls),
	OUT(zcdev_query, out_pool_flags),
	OUT(zcdev_query, out_transfer_flags),
	OUT(zcdev_query, out_end_flags),
	OUT(zcdev_query, out_sources),
	OUT(zcdev_query, out_sinks),
	OUT(zcdev_query, out_min_buf_size),
	OUT(zcdev_query, out_max_buf_size),
	OUT(zcdev_query, out_default_buf_size),
	OUT(zcdev_query, out_default_count),
	OUT(zcdev_query, out_max_sinks),
	OUT(zcdev_query, out_max_depth),
	OUT(zcdev_query, out_max_pool_bytes),
	OUT(zcdev_query, out_max_total_bytes),
	OUT(zcdev_query, out_total_bytes),
};

/* A pool may have ABI_POOL_MIB, and there are two buffers. */
#define ABI_POOL_MIB	8
#define ABI_POOL_PAGES	(ABI_POOL_MIB * MiB / ZC_PAGE)

static const struct abi_member create_members[] = {
	SIZE(zcdev_pool_create),
	MEMBER(zcdev_pool_create, flags,
	       FLAGS({ ZCDEV_POOL_CONTIGUOUS, 0 }, { ZCDEV_POOL_DMA32, 0 },
		     { ZCDEV_POOL_CONTIGUOUS | ZCDEV_POOL_DMA32, 0 })),
	MEMBER(zcdev_pool_create, count,
	       NUMBER({ 0, EINVAL }, { 1, 0 }, { ABI_POOL_PAGES, 0 },
		      { ABI_POOL_PAGES + 1, ENOSPC }, { MAX32, ENOSPC })),
	MEMBER(zcdev_pool_create, buf_size,
	       NUMBER({ 0, EINVAL }, { 1, EINVAL }, { 2048, EINVAL },
		      { 4095, EINVAL }, { 4096, 0 }, { 4097, EINVAL },
		      { 6144, EINVAL }, { 8192, 0 }, { 4 * MiB, 0 },
		      { 4 * MiB + 1, EINVAL }, { 8 * MiB, EINVAL },
		      { 1U << 31, EINVAL }, { MAX32, EINVAL })),
	/* A test guest has two nodes. */
	MEMBER(zcdev_pool_create, node,
	       NUMBER({ ZCDEV_NODE_ANY, 0 }, { 0, 0 }, { 1, 0 },
		      { 2, EINVAL }, { -2, EINVAL }, { 1023, EINVAL },
		      { 1024, EINVAL }, { INT32_MAX, EINVAL },
		      { INT32_MIN, EINVAL })),
	RESERVED(zcdev_pool_create),
};

static const struct abi_member info_members[] = {
	SIZE(zcdev_pool_info),
	MEMBER(zcdev_pool_info, flags, NO_FLAGS),
	OUT(zcdev_pool_info, out_pool_flags),
	OUT(zcdev_pool_info, out_count),
	OUT(zcdev_pool_info, out_buf_size),
	OUT(zcdev_pool_info, out_node),
	OUT(zcdev_pool_info, out_contiguous),
	OUT(zcdev_pool_info, out_staging),
	OUT(zcdev_pool_info, out_in_flight),
	OUT(zcdev_pool_info, out_free),
	OUT(zcdev_pool_info, out_acquired),
	OUT(zcdev_pool_info, out_maps),
	OUT(zcdev_pool_info, out_charged),
};

#define IOVS	{ 0, 0 }, { 1, 0 }, { ZCDEV_IOV_MAX_COUNT, 0 }, \
		{ ZCDEV_IOV_MAX_COUNT + 1, EINVAL }, { MAX32, EINVAL }

/*
 * One page from file to file. Not tried: slow rates, which take their time, and
 * depths, whose border is told by QUERY.
 */
static const struct abi_member transfer_members[] = {
	SIZE(zcdev_transfer),
	MEMBER(zcdev_transfer, flags,
	       FLAGS({ ZCDEV_TRANSFER_STRICT, 0 },
		     { ZCDEV_TRANSFER_FAIL_FAST, 0 },
		     { ZCDEV_TRANSFER_STRICT | ZCDEV_TRANSFER_FAIL_FAST, 0 })),
	MEMBER(zcdev_transfer, len,
	       NUMBER({ 0, 0 }, { 1, 0 }, { ZC_PAGE, 0 }, { ZC_PAGE + 1, 0 },
		      { TOP64, EOVERFLOW }, { MAX64 - 1, EOVERFLOW },
		      { ZCDEV_TO_END, 0 })),
	MEMBER(zcdev_transfer, ends, POINTER(2 * sizeof(struct zcdev_end), true)),
	/* More about it in abi_fields.c. */
	MEMBER(zcdev_transfer, end_size,
	       NUMBER({ 0, EINVAL }, { sizeof(struct zcdev_end) - 1, EINVAL },
		      { sizeof(struct zcdev_end), 0 }, { ZC_PAGE + 1, E2BIG },
		      { MAX32, E2BIG })),
	MEMBER(zcdev_transfer, sink_count,
	       NUMBER({ 0, EINVAL }, { 1, 0 }, { ABI_SINKS, 0 },
		      { ABI_SINKS + 1, EINVAL }, { MAX32, EINVAL })),
	MEMBER(zcdev_transfer, chunk,
	       NUMBER({ 0, 0 }, { 1, EINVAL }, { 2048, EINVAL },
		      { 4095, EINVAL }, { 4096, 0 }, { 4097, EINVAL },
		      { 8192, EINVAL }, { 1U << 31, EINVAL }, { MAX32, EINVAL })),
	MEMBER(zcdev_transfer, depth,
	       NUMBER({ 0, 0 }, { 1, 0 }, { MAX32, EINVAL })),
	MEMBER(zcdev_transfer, header,
	       COUNTED(2 * sizeof(struct zcdev_iov), false, zcdev_transfer,
		       header_count, 2)),
	MEMBER(zcdev_transfer, trailer,
	       COUNTED(2 * sizeof(struct zcdev_iov), false, zcdev_transfer,
		       trailer_count, 2)),
	MEMBER(zcdev_transfer, header_count, NUMBER(IOVS)),
	MEMBER(zcdev_transfer, trailer_count, NUMBER(IOVS)),
	MEMBER(zcdev_transfer, rate,
	       NUMBER({ 0, 0 }, { MiB, 0 }, { 1ULL << 32, 0 }, { TOP64, 0 },
		      { MAX64, 0 })),
	MEMBER(zcdev_transfer, latency_ns,
	       NUMBER({ 0, 0 }, { 1, 0 }, { TOP64, 0 }, { MAX64, 0 })),
	MEMBER(zcdev_transfer, left,
	       COUNTED(2 * sizeof(struct zcdev_range), true, zcdev_transfer,
		       left_count, 2)),
	MEMBER(zcdev_transfer, left_count,
	       NUMBER({ 0, 0 }, { 1, 0 }, { MAX32, 0 })),
	RESERVED(zcdev_transfer),
	OUT(zcdev_transfer, out_bytes),
	OUT(zcdev_transfer, out_left_bytes),
	OUT(zcdev_transfer, out_error),
	OUT(zcdev_transfer, out_left_count),
};

/* Both ends are files with an offset; they differ in the flags they know. */
#define END(flags_row) { \
	MEMBER(zcdev_end, fd, \
	       NUMBER({ -1, EBADF }, { INT32_MIN, EBADF }, \
		      { INT32_MAX, EBADF })), \
	MEMBER(zcdev_end, flags, flags_row), \
	MEMBER(zcdev_end, offset, \
	       NUMBER({ 0, 0 }, { 1, 0 }, { ZC_PAGE, 0 }, \
		      { INT64_MAX, EOVERFLOW }, { TOP64, EOVERFLOW }, \
		      { MAX64, EOVERFLOW })), \
	/* For sockets, in abi_ends.c. */ \
	MEMBER(zcdev_end, copy_below, \
	       NUMBER({ 0, 0 }, { 1, EINVAL }, { MAX32, EINVAL })), \
	RESERVED(zcdev_end), \
	OUT(zcdev_end, out_kind), \
	OUT(zcdev_end, out_paths), \
	OUT(zcdev_end, out_reasons), \
	OUT(zcdev_end, out_error), \
	OUT(zcdev_end, out_bytes), \
	OUT(zcdev_end, out_zerocopy), \
	OUT(zcdev_end, out_unverified), \
	OUT(zcdev_end, out_copied), \
	OUT(zcdev_end, out_offloaded), \
}

#define ANY_FILE	{ ZCDEV_END_OFFSET, 0 }, { ZCDEV_END_DIRECT, 0 }, \
			{ ZCDEV_END_BUFFERED, 0 }, \
			{ ZCDEV_END_DIRECT | ZCDEV_END_BUFFERED, EINVAL }

/* The sink is no socket. */
static const struct abi_member source_members[] =
	END(FLAGS(ANY_FILE, { ZCDEV_END_PAGE_CACHE, EOPNOTSUPP },
		  { ZCDEV_END_SPARSE, EINVAL }));

static const struct abi_member sink_members[] =
	END(FLAGS(ANY_FILE, { ZCDEV_END_PAGE_CACHE, EINVAL },
		  { ZCDEV_END_SPARSE, 0 }));

static const struct abi_member iov_members[] = {
	MEMBER(zcdev_iov, addr, COUNTED(16, false, zcdev_iov, len, 16)),
	MEMBER(zcdev_iov, len,
	       NUMBER({ 0, 0 }, { 1, 0 }, { ZCDEV_IOV_MAX_BYTES, 0 },
		      { ZCDEV_IOV_MAX_BYTES + 1, EINVAL },
		      { 1ULL << 32, EINVAL }, { MAX64, EINVAL })),
};

static const struct abi_member range_members[] = {
	OUT(zcdev_range, offset),
	OUT(zcdev_range, len),
};

/* The first of two pages, of which nobody has any. */
static const struct abi_member wait_members[] = {
	SIZE(zcdev_buf_wait),
	MEMBER(zcdev_buf_wait, flags, NO_FLAGS),
	MEMBER(zcdev_buf_wait, offset,
	       NUMBER({ 0, 0 }, { 1, 0 }, { ZC_PAGE, 0 },
		      { ZC_PAGE + 1, EINVAL }, { 2 * ZC_PAGE, EINVAL },
		      { 2 * ZC_PAGE + 1, EINVAL }, { TOP64, EINVAL },
		      { MAX64 - ZC_PAGE + 1, EINVAL }, { MAX64, EINVAL })),
	MEMBER(zcdev_buf_wait, len,
	       NUMBER({ 0, 0 }, { 1, 0 }, { 2 * ZC_PAGE, 0 },
		      { 2 * ZC_PAGE + 1, EINVAL }, { TOP64, EINVAL },
		      { MAX64, EINVAL })),
	MEMBER(zcdev_buf_wait, timeout_ns,
	       NUMBER({ 0, 0 }, { 1, 0 }, { TOP64, 0 }, { MAX64, 0 })),
};

/* Two buffers are free. */
static const struct abi_member acquire_members[] = {
	SIZE(zcdev_buf_acquire),
	MEMBER(zcdev_buf_acquire, flags, NO_FLAGS),
	MEMBER(zcdev_buf_acquire, indices,
	       COUNTED(2 * sizeof(uint32_t), true, zcdev_buf_acquire, count, 2)),
	MEMBER(zcdev_buf_acquire, timeout_ns,
	       NUMBER({ 0, 0 }, { 1, 0 }, { TOP64, 0 }, { MAX64, 0 })),
	MEMBER(zcdev_buf_acquire, count,
	       NUMBER({ 0, EINVAL }, { 1, 0 }, { 2, 0 }, { 3, 0 },
		      { MAX32, 0 })),
	OUT(zcdev_buf_acquire, out_count),
};

/* The first of two is acquired; all indices name it. */
static const struct abi_member release_members[] = {
	SIZE(zcdev_buf_release),
	MEMBER(zcdev_buf_release, flags, NO_FLAGS),
	MEMBER(zcdev_buf_release, indices,
	       COUNTED(sizeof(uint32_t), false, zcdev_buf_release, count, 1)),
	MEMBER(zcdev_buf_release, count,
	       NUMBER({ 0, EINVAL }, { 1, 0 }, { 2, EINVAL }, { 3, EINVAL },
		      { MAX32, EINVAL })),
	RESERVED(zcdev_buf_release),
};

static inline unsigned char *at_arg(union abi_arg *arg)
{
	return arg->bytes;
}

static inline unsigned char *at_source(union abi_arg *arg)
{
	(void)arg;
	return (unsigned char *)&abi_ends[0];
}

static inline unsigned char *at_sink(union abi_arg *arg)
{
	(void)arg;
	return (unsigned char *)&abi_ends[1];
}

/* Behind one that is another file, so that each has its own. */
static inline unsigned char *at_second_sink(union abi_arg *arg)
{
	struct zcdev_end *first = &abi_ends[1], *second = &abi_ends[2];
	struct zcdev_end null = *second;

	arg->transfer.sink_count = 2;
	*second = *first;
	*first = null;
	return (unsigned char *)second;
}

static inline unsigned char *at_header(union abi_arg *arg)
{
	arg->transfer.header_count = 1;
	return (unsigned char *)abi_iovs[0];
}

static inline unsigned char *at_trailer(union abi_arg *arg)
{
	arg->transfer.trailer_count = 1;
	return (unsigned char *)abi_iovs[1];
}

/* It may have all the bytes that there can be: the first has none. */
static inline unsigned char *at_second_header(union abi_arg *arg)
{
	arg->transfer.header_count = 2;
	abi_iovs[0][0].len = 0;
	return (unsigned char *)&abi_iovs[0][1];
}

static inline unsigned char *at_left(union abi_arg *arg)
{
	arg->transfer.left_count = 1;
	return (unsigned char *)abi_left;
}

#define STRUCT(nr, type, what, members) \
	{ #type " as " #what, nr, sizeof(struct type), at_##what, members, \
	  sizeof(members) / sizeof((members)[0]) }

static const struct abi_struct abi_structs[] = {
	STRUCT(ZCDEV_QUERY, zcdev_query, arg, query_members),
	STRUCT(ZCDEV_POOL_CREATE, zcdev_pool_create, arg, create_members),
	STRUCT(ZCDEV_POOL_INFO, zcdev_pool_info, arg, info_members),
	STRUCT(ZCDEV_TRANSFER, zcdev_transfer, arg, transfer_members),
	STRUCT(ZCDEV_TRANSFER, zcdev_end, source, source_members),
	STRUCT(ZCDEV_TRANSFER, zcdev_end, sink, sink_members),
	STRUCT(ZCDEV_TRANSFER, zcdev_end, second_sink, sink_members),
	STRUCT(ZCDEV_TRANSFER, zcdev_iov, header, iov_members),
	STRUCT(ZCDEV_TRANSFER, zcdev_iov, second_header, iov_members),
	STRUCT(ZCDEV_TRANSFER, zcdev_iov, trailer, iov_members),
	STRUCT(ZCDEV_TRANSFER, zcdev_range, left, range_members),
	STRUCT(ZCDEV_BUF_WAIT, zcdev_buf_wait, arg, wait_members),
	STRUCT(ZCDEV_BUF_ACQUIRE, zcdev_buf_acquire, arg, acquire_members),
	STRUCT(ZCDEV_BUF_RELEASE, zcdev_buf_release, arg, release_members),
};

#define ABI_STRUCTS	(sizeof(abi_structs) / sizeof(abi_structs[0]))

/**
 * struct abi_at - one row in one place of one call
 */
struct abi_at {
	const struct abi_call *call;
	const struct abi_struct *place;
	const struct abi_member *member;
};

/* Calls @fn for each row of @role that matters to @call. */
static inline void abi_each(const struct abi_call *call, enum abi_role role,
			    void (*fn)(const struct abi_at *at))
{
	for (size_t i = 0; i < ABI_STRUCTS; i++) {
		struct abi_at at = { call, &abi_structs[i], NULL };

		if (at.place->cmd != call->ioctl->cmd)
			continue;
		for (size_t k = 0; k < at.place->count; k++) {
			at.member = &at.place->members[k];
			if (at.member->role == role)
				fn(&at);
		}
	}
}

/* A good call, with all of the struct in it; where that is. */
static inline unsigned char *abi_place(const struct abi_at *at)
{
	return at->place->where(abi_fill(at->call));
}

/* Flags that a row knows. */
static inline uint32_t abi_known(const struct abi_member *m)
{
	uint32_t known = 0;

	for (size_t i = 0; i < m->count; i++)
		known |= m->values[i].value;
	return known;
}

#endif /* ABI_MEMBERS_H */
