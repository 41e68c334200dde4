// SPDX-License-Identifier: GPL-2.0
/*
 * A 32-bit program: every ioctl, with the header as such a program sees it, and
 * every netlink command. It stands on the kernel alone, for which no 32-bit C
 * library is needed.
 */
#include <linux/fcntl.h>
#include <linux/mman.h>

#include <asm/unistd_32.h>

#include "abi_layout.h"
#include "netlink_sweep.h"

_Static_assert(sizeof(void *) == 4, "build this with -m32");

#define BUF	16384U
#define POOL	(4 * BUF)
#define u64_of(pointer)	((__u64)(unsigned long)(pointer))

static long call(long nr, long a, long b, long c, long d, long e)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c), "S" (d), "D" (e)
		     : "memory");
	return ret;
}

/* What the compiler may call. */
void *memset(void *to, int byte, __SIZE_TYPE__ len)
{
	unsigned char *at = to;

	while (len--)
		*at++ = byte;
	return to;
}

void *memcpy(void *to, const void *from, __SIZE_TYPE__ len)
{
	unsigned char *at = to;
	const unsigned char *byte = from;

	while (len--)
		*at++ = *byte++;
	return to;
}

static void say(const char *text)
{
	long len = 0;

	while (text[len])
		len++;
	call(__NR_write, 1, (long)text, len, 0, 0);
}

static void say_number(const char *what, unsigned int number)
{
	char digits[11] = { 0 }, *at = digits + sizeof(digits) - 1;

	do {
		*--at = '0' + number % 10;
		number /= 10;
	} while (number);
	say(what);
	say(at);
}

static unsigned int points, failures;
static unsigned int bad;	/* calls of a sweep that went otherwise */

static void ok(int good, const char *what)
{
	char number[4] = { '0' + ++points / 10, '0' + points % 10, ' ', 0 };

	failures += !good;
	say(good ? "ok " : "not ok ");
	say(number);
	say(what);
	say("\n");
}

static int dev, file;
static unsigned char *map;

static long ioctl(unsigned int cmd, void *arg)
{
	return call(__NR_ioctl, dev, cmd, (long)arg, 0, 0);
}

static long open_file(const char *path, int flags)
{
	return call(__NR_open, (long)path, flags, 0600, 0, 0);
}

static void query(void)
{
	struct zcdev_query q = { .size = sizeof(q) };

	ok(!ioctl(ZCDEV_QUERY, &q) && q.out_max_total_bytes &&
	   q.out_min_buf_size == 4096, "QUERY");
}

static void pool(void)
{
	struct zcdev_pool_create create = {
		.size = sizeof(create), .count = POOL / BUF, .buf_size = BUF,
		.node = ZCDEV_NODE_ANY,
	};
	struct zcdev_pool_info info = { .size = sizeof(info) };

	ok(!ioctl(ZCDEV_POOL_CREATE, &create), "POOL_CREATE");
	ok(!ioctl(ZCDEV_POOL_INFO, &info) && info.out_count == POOL / BUF &&
	   info.out_buf_size == BUF && info.out_free == POOL / BUF, "POOL_INFO");
}

static void mapping(void)
{
	/* The old one, which has its six arguments in memory. */
	unsigned long args[6] = {
		0, POOL, PROT_READ | PROT_WRITE, MAP_SHARED, dev, 0,
	};

	map = (unsigned char *)call(__NR_mmap, (long)args, 0, 0, 0, 0);
	ok((unsigned long)map < -4095UL && !map[POOL - 1], "mmap");
	for (unsigned int i = 0; i < POOL; i++)
		map[i] = i * 7 + i / 251;
}

/* Most of the pool into a file, and what the verdict says of it. */
static void transfer(void)
{
	struct zcdev_end ends[2] = {
		{ .fd = dev, .flags = ZCDEV_END_OFFSET, .offset = 4096 },
		{ .fd = file },
	};
	struct zcdev_transfer t = {
		.size = sizeof(t), .len = POOL - 4096, .ends = u64_of(ends),
		.end_size = sizeof(ends[0]), .sink_count = 1,
	};
	static unsigned char back[POOL];
	unsigned int i;

	ok(!ioctl(ZCDEV_TRANSFER, &t) && t.out_bytes == POOL - 4096 &&
	   !t.out_error && ends[1].out_bytes == POOL - 4096 &&
	   ends[0].out_kind == ZCDEV_KIND_POOL &&
	   ends[1].out_kind == ZCDEV_KIND_FILE, "TRANSFER");
	call(__NR_lseek, file, 0, 0, 0, 0);
	call(__NR_read, file, (long)back, sizeof(back), 0, 0);
	for (i = 0; i < POOL - 4096 && back[i] == map[4096 + i]; i++)
		;
	ok(i == POOL - 4096, "the file has the bytes of the pool");
	ends[0].fd = -1;
	ok(ioctl(ZCDEV_TRANSFER, &t) == -9, "EBADF for an end that is none");
	t.ends = 1ULL << 33;
	ok(ioctl(ZCDEV_TRANSFER, &t) == -14, "EFAULT above 4 GiB");
}

#define NOT_LARGE	0x7fffffffU	/* the size that other files end at */

/* Nor may a hole lead further than a write. */
static void large_hole(void)
{
	struct zcdev_end ends[2] = {
		{ .fd = open_file("hole", O_RDWR | O_CREAT | O_TRUNC |
				  O_LARGEFILE) },
		{ .fd = open_file("holed", O_RDWR | O_CREAT | O_TRUNC),
		  .flags = ZCDEV_END_SPARSE },
	};
	struct zcdev_transfer t = {
		.size = sizeof(t), .len = ZCDEV_TO_END, .ends = u64_of(ends),
		.end_size = sizeof(ends[0]), .sink_count = 1,
	};

	ok(!call(__NR_ftruncate64, ends[0].fd, 0, 1, 0, 0) &&
	   !ioctl(ZCDEV_TRANSFER, &t) && t.out_bytes == NOT_LARGE &&
	   t.out_error == 27 && ends[1].out_error == 27,
	   "EFBIG behind what is no large file");
}

static void buffers(void)
{
	__u32 indices[3] = { 9, 9, 9 };
	struct zcdev_buf_wait wait = {
		.size = sizeof(wait), .len = POOL, .timeout_ns = 5000000000ULL,
	};
	struct zcdev_buf_acquire acquire = {
		.size = sizeof(acquire), .indices = u64_of(indices), .count = 3,
	};
	struct zcdev_buf_release release = {
		.size = sizeof(release), .indices = u64_of(indices), .count = 3,
	};

	ok(!ioctl(ZCDEV_BUF_WAIT, &wait), "BUF_WAIT");
	ok(!ioctl(ZCDEV_BUF_ACQUIRE, &acquire) && acquire.out_count == 3 &&
	   indices[0] < 4 && indices[2] < 4 && indices[0] != indices[2],
	   "BUF_ACQUIRE");
	ok(!ioctl(ZCDEV_BUF_RELEASE, &release), "BUF_RELEASE");
	ok(ioctl(ZCDEV_BUF_RELEASE, &release) == -22, "EINVAL to release twice");
}

#define PAGE	4096U

static const struct {
	const char *name;
	unsigned int cmd, size;
} ioctls[] = {
	{ "QUERY, swept", ZCDEV_QUERY, sizeof(struct zcdev_query) },
	{ "POOL_CREATE, swept", ZCDEV_POOL_CREATE, sizeof(struct zcdev_pool_create) },
	{ "POOL_INFO, swept", ZCDEV_POOL_INFO, sizeof(struct zcdev_pool_info) },
	{ "TRANSFER, swept", ZCDEV_TRANSFER, sizeof(struct zcdev_transfer) },
	{ "BUF_WAIT, swept", ZCDEV_BUF_WAIT, sizeof(struct zcdev_buf_wait) },
	{ "BUF_ACQUIRE, swept", ZCDEV_BUF_ACQUIRE, sizeof(struct zcdev_buf_acquire) },
	{ "BUF_RELEASE, swept", ZCDEV_BUF_RELEASE, sizeof(struct zcdev_buf_release) },
};

/* A page of zeros, behind which there is nothing. */
static unsigned char *page_before_a_hole(void)
{
	unsigned long args[6] = {
		0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0,
	};
	unsigned char *page = (unsigned char *)call(__NR_mmap, (long)args, 0, 0, 0, 0);

	call(__NR_munmap, (long)page + PAGE, PAGE, 0, 0, 0);
	return page;
}

/* The call ends in this errno. */
static void must_end(unsigned int cmd, const void *arg, unsigned int size, long want)
{
	long ret = ioctl(cmd, (void *)arg);

	if (ret == want)
		return;
	bad++;
	say_number("# at ", (unsigned long)arg);
	say_number(", size ", size);
	say_number(", errno ", -ret);
	say_number(", not ", -want);
	say("\n");
}

/* So does one with a struct of this size, and with this last byte. */
static void must_refuse(unsigned int cmd, unsigned char *arg, unsigned int size,
			unsigned char last, long want)
{
	memset(arg, 0, PAGE);
	if (size > sizeof(size) && size <= PAGE)
		arg[size - 1] = last;
	*(unsigned int *)arg = size;
	must_end(cmd, arg, size, want);
}

/* What is wrong with a struct as a whole: its size, what is behind it, where it is. */
static void sweep_ioctl(unsigned char *page, unsigned int cmd, unsigned int size)
{
	static const unsigned int long_ones[] = { PAGE + 1, 0x7fffffff, 0x80000000, 0xffffffff };
	static const unsigned long wild[] = { 0, 1, 0xffffe000, 0xfffff000, 0xffffffff };
	unsigned int i;

	for (i = 0; i < size; i++)
		must_refuse(cmd, page, i, 0, -EINVAL);
	for (i = size + 1; i <= PAGE; i += 1 + i / 8)
		must_refuse(cmd, page, i, 1, -E2BIG);
	for (i = 0; i < SWEEP_COUNT(long_ones); i++)
		must_refuse(cmd, page, long_ones[i], 0, -E2BIG);
	for (i = 0; i < SWEEP_COUNT(wild); i++)
		must_end(cmd, (void *)wild[i], size, -EFAULT);
	/* The size can be read, but not all that it promises. */
	for (i = sizeof(size); i < size; i += sizeof(size)) {
		*(unsigned int *)(page + PAGE - i) = size;
		must_end(cmd, page + PAGE - i, size, -EFAULT);
	}
}

/* Longer than we know, with zeros behind what we know: as if it were not. */
static void must_take_longer(unsigned int cmd, unsigned int size)
{
	static unsigned char arg[PAGE];

	for (; size <= PAGE; size += 1 + size / 8) {
		memset(arg, 0, sizeof(arg));
		*(unsigned int *)arg = size;
		must_end(cmd, arg, size, 0);
	}
}

static void ioctls_long(void)
{
	bad = 0;
	must_take_longer(ZCDEV_QUERY, sizeof(struct zcdev_query));
	must_take_longer(ZCDEV_POOL_INFO, sizeof(struct zcdev_pool_info));
	ok(!bad, "QUERY and POOL_INFO, longer");
}

static void sweep_ioctls(void)
{
	unsigned char *page = page_before_a_hole();
	struct zcdev_query q = { .size = sizeof(q) };
	unsigned int i, swept = 0;

	for (i = 0; i < SWEEP_COUNT(ioctls); i++) {
		bad = 0;
		sweep_ioctl(page, ioctls[i].cmd, ioctls[i].size);
		ok(!bad, ioctls[i].name);
		swept |= 1U << _IOC_NR(ioctls[i].cmd);
	}
	ok(!ioctl(ZCDEV_QUERY, &q) && q.out_ioctls == swept, "every ioctl, swept");
}

static long sweep_write(int sk, const void *from, unsigned long len)
{
	return call(__NR_write, sk, (long)from, len, 0, 0);
}

static long sweep_read(int sk, void *to, unsigned long len)
{
	return call(__NR_read, sk, (long)to, len, 0, 0);
}

static void say_verdict(const char *what, const struct sweep_verdict *v)
{
	say(what);
	say_number(" errno ", v->error);
	say_number(", words ", v->words);
	say_number(", at ", v->at);
	say_number(", missing ", v->missing);
	say("\n");
}

static void sweep_wrong(const struct sweep *s, const char *what,
			const struct sweep_verdict *want)
{
	say_number("# command ", s->op->cmd);
	say_number(", flags ", s->flags);
	say_number(", attribute ", s->attr ? s->attr->attr : 0);
	say_number(", bytes ", s->len);
	say(": ");
	say(what);
	say("\n");
	say_verdict("#   is ", &s->is);
	say_verdict("#   not", want);
}

static long netlink_socket(void)
{
	long sk = call(__NR_socket, 16 /* AF_NETLINK */, 3 /* SOCK_RAW */,
		       NETLINK_GENERIC, 0, 0);
	int one = 1;

	call(__NR_setsockopt, sk, 270 /* SOL_NETLINK */, NETLINK_EXT_ACK,
	     (long)&one, sizeof(one));
	call(__NR_setsockopt, sk, 270, NETLINK_GET_STRICT_CHK, (long)&one,
	     sizeof(one));
	return sk;
}

/* An id, or none if that is 0. Returns the errno. */
static __u32 ask(struct sweep *s, __u32 cmd, __u32 flags, __u32 attr, __u32 id)
{
	s->flags = flags;
	sweep_begin(s, s->family, cmd);
	if (id)
		sweep_put(s, attr, &id, sizeof(id));
	sweep_ask(s);
	return s->is.error;
}

static void netlink_gets(struct sweep *s)
{
	ok(!ask(s, ZCDEV_CMD_POOL_GET, SWEEP_DO, ZCDEV_A_POOL_ID, s->pool) &&
	   s->rows == 1 && sweep_number(s, ZCDEV_A_POOL_ID) == s->pool &&
	   sweep_number(s, ZCDEV_A_POOL_BUF_SIZE) == BUF &&
	   sweep_number(s, ZCDEV_A_POOL_HELD) >= POOL, "get a pool");
	ok(!ask(s, ZCDEV_CMD_POOL_GET, SWEEP_DUMP, 0, 0) && s->rows &&
	   sweep_number(s, ZCDEV_A_POOL_COUNT) == POOL / BUF, "dump pools");
	ok(!ask(s, ZCDEV_CMD_STATS_GET, SWEEP_DO, ZCDEV_A_STATS_POOL_ID,
		s->pool) && s->rows == 1 &&
	   sweep_number(s, ZCDEV_A_STATS_TRANSFERS) == 2, "get counters");
	ok(!ask(s, ZCDEV_CMD_STATS_GET, SWEEP_DUMP, 0, 0) && s->rows &&
	   sweep_number(s, ZCDEV_A_STATS_POOL_ID) == s->pool, "dump counters");
	ok(sweep_limits(s), "get limits, twice the same");
}

/* From a pipe into which nothing comes. Exits with the errno it ended with. */
static void stuck_transfer(int from)
{
	struct zcdev_end ends[2] = { { .fd = from }, { .fd = file } };
	struct zcdev_transfer t = {
		.size = sizeof(t), .len = BUF, .ends = u64_of(ends),
		.end_size = sizeof(ends[0]), .sink_count = 1,
	};
	long ret = ioctl(ZCDEV_TRANSFER, &t);

	call(__NR_exit, ret ? -ret : t.out_error, 0, 0, 0, 0);
}

static __u32 wait_for_transfer(struct sweep *s)
{
	long nap[2] = { 0, 10000000 };
	int i;

	for (i = 0; i < 1000; i++) {
		ask(s, ZCDEV_CMD_TRANSFER_GET, SWEEP_DUMP, 0, 0);
		if (s->rows)
			break;
		call(__NR_nanosleep, (long)nap, 0, 0, 0, 0);
	}
	return sweep_number(s, ZCDEV_A_TRANSFER_ID);
}

static void netlink_cancel(struct sweep *s)
{
	int pipe[2] = { -1, -1 }, status = 0;
	long child;
	__u32 id;

	call(__NR_pipe, (long)pipe, 0, 0, 0, 0);
	child = call(__NR_fork, 0, 0, 0, 0, 0);
	if (!child)
		stuck_transfer(pipe[0]);
	id = wait_for_transfer(s);
	ok(id && s->rows == 1, "dump transfers");
	ok(!ask(s, ZCDEV_CMD_TRANSFER_GET, SWEEP_DO, ZCDEV_A_TRANSFER_ID, id) &&
	   sweep_number(s, ZCDEV_A_TRANSFER_LEN) == BUF &&
	   sweep_number(s, ZCDEV_A_TRANSFER_OWNER_PID) == (__u64)child,
	   "get a transfer");
	ok(!ask(s, ZCDEV_CMD_TRANSFER_CANCEL, SWEEP_DO, ZCDEV_A_TRANSFER_ID,
		id), "cancel a transfer");
	call(__NR_waitpid, child, (long)&status, 0, 0, 0);
	ok(status == ECANCELED << 8, "which ends with ECANCELED");
}

static void netlink(void)
{
	static struct sweep s;
	__u32 i;

	ok(sweep_open(&s, netlink_socket()), "netlink");
	netlink_gets(&s);
	netlink_cancel(&s);
	for (i = 0; i < SWEEP_COUNT(spec_ops); i++)
		sweep_op(&s, &spec_ops[i]);
	sweep_commands(&s);
	sweep_reset_limits(&s);
	say_number("# netlink requests: ", s.tried);
	say("\n");
	ok(!s.wrong && s.tried > 1000, "every netlink command, swept");
}

static int run(void)
{
	dev = open_file("/dev/zcdev", O_RDWR);
	file = open_file("sink", O_RDWR | O_CREAT | O_TRUNC);
	ok(dev >= 0 && file >= 0, "open");
	query();
	pool();
	mapping();
	transfer();
	large_hole();
	buffers();
	ioctls_long();
	sweep_ioctls();
	netlink();
	say("1..34\n");
	return points != 34 || failures;
}

__attribute__((force_align_arg_pointer, noreturn)) void _start(void)
{
	call(__NR_exit, run(), 0, 0, 0, 0);
	__builtin_unreachable();
}
