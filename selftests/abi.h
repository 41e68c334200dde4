/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every ioctl in one table, and the two ways into the kernel: as a 64-bit
 * program, and by the 32-bit entry (int 0x80), where in_compat_syscall() holds
 * and pointers have 32 bits. A test takes a struct abi_call and tries its rule
 * on that.
 */
#ifndef ABI_H
#define ABI_H

#include <setjmp.h>
#include <signal.h>

#include "zc.h"
#include "zc_mem.h"

/**
 * struct abi_ioctl - one ioctl
 * @name: as in the header
 * @cmd: its number
 * @size: of its struct
 * @out: offset of the first out_ member, @size if there is none
 * @pool: needs a pool
 * @acquired: and its first buffer acquired
 * @fill: make a call that succeeds
 */
struct abi_ioctl {
	const char *name;
	unsigned int cmd;
	unsigned int size;
	unsigned int out;
	bool pool;
	bool acquired;
	void (*fill)(void *arg);
};

/**
 * struct abi_call - an ioctl by one of the two entries
 */
struct abi_call {
	const struct abi_ioctl *ioctl;
	bool compat;
};

union abi_arg {
	struct {
		uint32_t size;
		uint32_t flags;
	};
	struct zcdev_query query;
	struct zcdev_pool_create create;
	struct zcdev_pool_info info;
	struct zcdev_transfer transfer;
	struct zcdev_buf_wait wait;
	struct zcdev_buf_acquire acquire;
	struct zcdev_buf_release release;
	unsigned char bytes[8192];
};

/* Below 4 GiB: two pages of arguments, then a page where nothing is. */
static unsigned char *abi_mem;
static struct zcdev_end *abi_ends;
static int abi_file[2] = { -1, -1 };
static int abi_null = -1;

#define ABI_SINKS	16	/* out_max_sinks of QUERY */
#define ABI_LEFT	4096	/* no less than out_max_depth */

/* What header, trailer and left of a transfer point to. */
static struct zcdev_iov abi_iovs[2][ZCDEV_IOV_MAX_COUNT + 1];
static struct zcdev_range abi_left[ABI_LEFT];
static unsigned char abi_text[ZCDEV_IOV_MAX_BYTES + 1];

static inline void fill_query(void *arg)
{
	struct zcdev_query *q = arg;

	memset(q, 0xff, sizeof(*q));
	q->size = sizeof(*q);
	q->flags = 0;
}

static inline void fill_create(void *arg)
{
	*(struct zcdev_pool_create *)arg = (struct zcdev_pool_create) {
		.size = sizeof(struct zcdev_pool_create),
		.count = 2,
		.buf_size = ZC_PAGE,
		.node = ZCDEV_NODE_ANY,
	};
}

static inline void fill_info(void *arg)
{
	struct zcdev_pool_info *info = arg;

	memset(info, 0xff, sizeof(*info));
	info->size = sizeof(*info);
	info->flags = 0;
}

/* From a file to another one, and to /dev/null if there are more sinks. */
static inline void fill_ends(void)
{
	memset(abi_ends, 0xff, (1 + ABI_SINKS) * sizeof(*abi_ends));
	for (int i = 0; i <= ABI_SINKS; i++) {
		abi_ends[i].fd = i < 2 ? abi_file[i] : abi_null;
		abi_ends[i].flags = i < 2 ? ZCDEV_END_OFFSET : 0;
		abi_ends[i].offset = 0;
		abi_ends[i].copy_below = 0;
		abi_ends[i].reserved = 0;
	}
}

/* Two pieces that are not empty, and all others. */
static inline void fill_iovs(void)
{
	memset(abi_iovs, 0, sizeof(abi_iovs));
	for (int i = 0; i < 2 * 2; i++)
		abi_iovs[i / 2][i % 2] = (struct zcdev_iov) {
			(uintptr_t)abi_text, 16,
		};
}

/*
 * One page of a file to the begin of another, again each time. Header, trailer
 * and left are good, but none are asked for.
 */
static inline void fill_transfer(void *arg)
{
	struct zcdev_transfer *t = arg;

	fill_ends();
	fill_iovs();
	*t = (struct zcdev_transfer) {
		.size = sizeof(*t),
		.len = ZC_PAGE,
		.ends = (uintptr_t)abi_ends,
		.end_size = sizeof(*abi_ends),
		.sink_count = 1,
		.header = (uintptr_t)abi_iovs[0],
		.trailer = (uintptr_t)abi_iovs[1],
		.left = (uintptr_t)abi_left,
		.out_error = -1,
		.out_bytes = ~0ULL,
		.out_left_bytes = ~0ULL,
		.out_left_count = ~0U,
	};
}

static inline void fill_wait(void *arg)
{
	*(struct zcdev_buf_wait *)arg = (struct zcdev_buf_wait) {
		.size = sizeof(struct zcdev_buf_wait),
		.len = ZC_PAGE,
	};
}

/* Indices are where the ends of a transfer would be. */
static inline void fill_acquire(void *arg)
{
	memset(abi_ends, 0xff, sizeof(*abi_ends));
	*(struct zcdev_buf_acquire *)arg = (struct zcdev_buf_acquire) {
		.size = sizeof(struct zcdev_buf_acquire),
		.indices = (uintptr_t)abi_ends,
		.count = 1,
		.out_count = ~0U,
	};
}

static inline void fill_release(void *arg)
{
	memset(abi_ends, 0, sizeof(*abi_ends));
	*(struct zcdev_buf_release *)arg = (struct zcdev_buf_release) {
		.size = sizeof(struct zcdev_buf_release),
		.indices = (uintptr_t)abi_ends,
		.count = 1,
	};
}

static const struct abi_ioctl abi_ioctls[] = {
	{ "QUERY", ZCDEV_QUERY, sizeof(struct zcdev_query),
	  offsetof(struct zcdev_query, out_ioctls), false, false, fill_query },
	{ "POOL_CREATE", ZCDEV_POOL_CREATE, sizeof(struct zcdev_pool_create),
	  sizeof(struct zcdev_pool_create), false, false, fill_create },
	{ "POOL_INFO", ZCDEV_POOL_INFO, sizeof(struct zcdev_pool_info),
	  offsetof(struct zcdev_pool_info, out_pool_flags), true, false, fill_info },
	{ "TRANSFER", ZCDEV_TRANSFER, sizeof(struct zcdev_transfer),
	  offsetof(struct zcdev_transfer, out_bytes), true, false, fill_transfer },
	{ "BUF_WAIT", ZCDEV_BUF_WAIT, sizeof(struct zcdev_buf_wait),
	  sizeof(struct zcdev_buf_wait), true, false, fill_wait },
	{ "BUF_ACQUIRE", ZCDEV_BUF_ACQUIRE, sizeof(struct zcdev_buf_acquire),
	  offsetof(struct zcdev_buf_acquire, out_count), true, false, fill_acquire },
	{ "BUF_RELEASE", ZCDEV_BUF_RELEASE, sizeof(struct zcdev_buf_release),
	  sizeof(struct zcdev_buf_release), true, true, fill_release },
};

#define ABI_IOCTLS	(sizeof(abi_ioctls) / sizeof(abi_ioctls[0]))

static inline int abi_compat(int fd, unsigned int cmd, uintptr_t arg)
{
	long ret;

	/* ioctl is number 54 there; r8 to r11 do not survive. */
	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (54), "b" (fd), "c" (cmd), "d" (arg)
		     : "r8", "r9", "r10", "r11", "memory");
	return -ret;
}

/* Returns 0 or an errno. */
static inline int abi_do(const struct abi_call *call, int fd, const void *arg)
{
	if (call->compat)
		return abi_compat(fd, call->ioctl->cmd, (uintptr_t)arg);
	return zc_errno(ioctl(fd, call->ioctl->cmd, arg));
}

/* A device on which the ioctl can succeed. */
static inline int abi_open(const struct abi_ioctl *ioctl)
{
	int fd = ioctl->pool ? zc_open_pool(2, ZC_PAGE) : zc_open();
	uint32_t index;

	if (ioctl->acquired) {
		assert_int_equal(zc_acquire(fd, &index, 1, 0), 1);
		assert_int_equal(index, 0);
	}
	return fd;
}

/* A fresh device, one call, and away with it; its errno. */
static inline int abi_try(const struct abi_call *call, const void *arg)
{
	int fd = abi_open(call->ioctl), ret = abi_do(call, fd, arg);

	close(fd);
	return ret;
}

/* A call that would succeed, in memory full of zeros, at its begin. */
static inline union abi_arg *abi_fill(const struct abi_call *call)
{
	memset(abi_mem, 0, 2 * ZC_PAGE);
	call->ioctl->fill(abi_mem);
	return (union abi_arg *)abi_mem;
}

static sigjmp_buf abi_no_entry;

static inline void abi_no_compat(int sig)
{
	siglongjmp(abi_no_entry, sig);
}

/* Is there a 32-bit entry at all? */
static inline bool abi_has_compat(void)
{
	struct sigaction old, new = { .sa_handler = abi_no_compat };
	bool has = false;

	sigaction(SIGSEGV, &new, &old);
	if (!sigsetjmp(abi_no_entry, 1))
		has = abi_compat(-1, ZCDEV_QUERY, 0) == EBADF;
	sigaction(SIGSEGV, &old, NULL);
	return has;
}

static inline int abi_set_up(void **state)
{
	size_t len = 3 * ZC_PAGE;

	(void)state;
	abi_mem = mmap(NULL, len + ZC_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	assert_ptr_not_equal(abi_mem, MAP_FAILED);
	assert_int_equal(munmap(abi_mem + 2 * ZC_PAGE, ZC_PAGE), 0);
	abi_ends = (void *)(abi_mem + 3 * ZC_PAGE);
	abi_file[0] = zc_make_file("source", ZC_PAGE, 1);
	abi_file[1] = zc_make_file("sink", 0, 0);
	abi_null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	assert_true(abi_null >= 0);
	return 0;
}

static inline int abi_tear_down(void **state)
{
	(void)state;
	close(abi_file[0]);
	close(abi_file[1]);
	close(abi_null);
	munmap(abi_mem, 2 * ZC_PAGE);
	munmap(abi_ends, ZC_PAGE);
	return 0;
}

/**
 * struct abi_rule - what must hold for every ioctl
 * @name: the property
 * @test: tries it on the struct abi_call that is its state
 * @only: for this ioctl alone, if not NULL
 */
struct abi_rule {
	const char *name;
	CMUnitTestFunction test;
	const char *only;
};

static inline void abi_skip(void **state)
{
	(void)state;
	skip();
}

/* Each rule on each ioctl by each entry. */
static inline int abi_run(const struct abi_rule *rules, size_t count)
{
	static struct abi_call calls[2 * ABI_IOCTLS];
	struct CMUnitTest *tests = calloc(2 * ABI_IOCTLS * count, sizeof(*tests));
	bool has_compat = abi_has_compat();
	size_t total = 0;

	for (size_t i = 0; i < 2 * ABI_IOCTLS * count; i++) {
		const struct abi_rule *rule = &rules[i % count];
		struct abi_call *call = &calls[i / count];
		char *name;

		call->ioctl = &abi_ioctls[i / count / 2];
		call->compat = i / count % 2;
		if (rule->only && strcmp(rule->only, call->ioctl->name))
			continue;
		if (asprintf(&name, "%s%s: %s", call->ioctl->name,
			     call->compat ? " (32-bit)" : "", rule->name) < 0)
			return 1;
		tests[total++] = (struct CMUnitTest) {
			.name = name,
			.initial_state = call,
			.test_func = call->compat && !has_compat ?
				     abi_skip : rule->test,
		};
	}
	return _cmocka_run_group_tests("abi", tests, total, abi_set_up,
				       abi_tear_down);
}

#define ABI_RUN(rules) abi_run(rules, sizeof(rules) / sizeof((rules)[0]))

#endif /* ABI_H */
