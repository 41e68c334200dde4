// SPDX-License-Identifier: GPL-2.0
/*
 * Everything is taken apart in every order: the descriptor, a part of the
 * mapping, the rest of it, and whoever holds pages or the file itself: a socket
 * queue, a pipe, another process, a descriptor on its way, io_uring, a disk that
 * has not answered yet. And processes end in every way while they do.
 *
 * At each step the bytes are those that were there, the pool is charged as long
 * as anybody has it, and rmmod is refused as long as a file of it exists.
 * timeout: 120
 */
#include <liburing.h>
#include <sys/syscall.h>

#include "zc_disk.h"
#include "zc_mem.h"
#include "zc_sock.h"

#define BUF	(16 * KiB)
#define POOL	(4 * BUF)
#define SEED	17
#define DISK	"/dev/mapper/zcteardown"

/* What a holder has: the second page of the buffers 1 and 2. */
#define HELD	2

static size_t held_at(int i)
{
	return (1 + i) * BUF + ZC_PAGE;
}

/**
 * struct hold - somebody who has a part of a pool
 * @fds: of its own
 * @ring: of its own
 * @pid: another process
 */
struct hold {
	int fds[2];
	struct io_uring ring;
	pid_t pid;
};

/**
 * struct holder - a kind of holder
 * @name: for people
 * @file: it has the whole file, not only pages
 * @prepare: before the pool is there; false: not on this kernel
 * @take: take hold of it
 * @give: let go; false if the bytes were not right
 */
struct holder {
	const char *name;
	bool file;
	void (*prepare)(struct hold *h);
	bool (*take)(struct hold *h, int fd, unsigned char *map);
	bool (*give)(struct hold *h);
};

static bool page_is_right(const void *page, int i)
{
	return zc_differs(page, ZC_PAGE, SEED, held_at(i)) == ZC_PAGE;
}

/* Queues */

static void prepare_unix(struct hold *h)
{
	zc_unix_pair(h->fds);
}

static void prepare_tcp(struct hold *h)
{
	zc_tcp_pair(h->fds);
}

static void prepare_pipe(struct hold *h)
{
	zc_must(!pipe2(h->fds, O_CLOEXEC));
	/* So that the two read as they were written. */
	int end = h->fds[0];

	h->fds[0] = h->fds[1];
	h->fds[1] = end;
}

static bool take_socket(struct hold *h, int fd, unsigned char *map)
{
	(void)fd;
	for (int i = 0; i < HELD; i++)
		zc_must(!zc_queue(h->fds[0], map + held_at(i), ZC_PAGE));
	return true;
}

static bool take_pipe(struct hold *h, int fd, unsigned char *map)
{
	(void)fd;
	for (int i = 0; i < HELD; i++) {
		struct iovec iov = { map + held_at(i), ZC_PAGE };

		zc_must(vmsplice(h->fds[0], &iov, 1, 0) == (ssize_t)ZC_PAGE);
	}
	return true;
}

static bool give_queue(struct hold *h)
{
	unsigned char page[ZC_PAGE];
	bool right = true;

	for (int i = 0; i < HELD; i++) {
		for (size_t at = 0; at < ZC_PAGE;) {
			ssize_t n = read(h->fds[1], page + at, ZC_PAGE - at);

			zc_must(n > 0);
			at += n;
		}
		right = right && page_is_right(page, i);
	}
	close(h->fds[0]);
	close(h->fds[1]);
	return right;
}

/* Another process with its own page tables */

static bool take_fork(struct hold *h, int fd, unsigned char *map)
{
	char go;

	prepare_unix(h);
	h->pid = fork();
	zc_must(h->pid >= 0);
	if (h->pid) {
		close(h->fds[1]);
		return true;
	}
	close(h->fds[0]);
	close(fd);
	if (read(h->fds[1], &go, 1) != 0)
		_exit(1);
	for (int i = 0; i < HELD; i++)
		if (!page_is_right(map + held_at(i), i))
			_exit(2);
	_exit(0);
}

static bool give_fork(struct hold *h)
{
	int status;

	close(h->fds[0]);
	zc_must(waitpid(h->pid, &status, 0) == h->pid);
	return !status;
}

/* The descriptor, on its way */

static bool take_pass(struct hold *h, int fd, unsigned char *map)
{
	(void)map;
	prepare_unix(h);
	zc_send_fd(h->fds[0], fd);
	return true;
}

static bool give_pass(struct hold *h)
{
	int fd = zc_recv_fd(h->fds[1]);
	unsigned char *map = mmap(NULL, POOL, PROT_READ, MAP_SHARED, fd, 0);
	bool right = true;

	zc_must(map != MAP_FAILED);
	for (int i = 0; i < HELD; i++)
		right = right && page_is_right(map + held_at(i), i);
	munmap(map, POOL);
	close(fd);
	close(h->fds[0]);
	close(h->fds[1]);
	return right;
}

/* io_uring, with pages registered; each written out when it lets go */

static bool take_uring(struct hold *h, int fd, unsigned char *map)
{
	struct iovec iov[HELD];
	int ret;

	(void)fd;
	for (int i = 0; i < HELD; i++)
		iov[i] = (struct iovec) { map + held_at(i), ZC_PAGE };
	zc_must(!io_uring_queue_init(4, &h->ring, 0));
	ret = io_uring_register_buffers(&h->ring, iov, HELD);
	zc_must(!ret || ret == -EOPNOTSUPP);
	if (ret)
		io_uring_queue_exit(&h->ring);
	/* The addresses, for they name the buffers. */
	h->fds[0] = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	zc_must(write(h->fds[0], iov, sizeof(iov)) == sizeof(iov));
	if (ret)
		close(h->fds[0]);
	return !ret;
}

static bool one_cqe(struct hold *h, int want)
{
	struct io_uring_cqe *cqe;
	int res;

	zc_must(!io_uring_wait_cqe(&h->ring, &cqe));
	res = cqe->res;
	io_uring_cqe_seen(&h->ring, cqe);
	return res == want;
}

static bool give_uring(struct hold *h)
{
	unsigned char page[ZC_PAGE];
	struct iovec iov[HELD];
	bool right = true;

	zc_must(pread(h->fds[0], iov, sizeof(iov), 0) == sizeof(iov));
	for (int i = 0; i < HELD; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&h->ring);

		io_uring_prep_write_fixed(sqe, h->fds[0], iov[i].iov_base,
					  ZC_PAGE, 0, i);
		zc_must(io_uring_submit(&h->ring) == 1);
		right = one_cqe(h, ZC_PAGE) && right;
		zc_must(pread(h->fds[0], page, ZC_PAGE, 0) == (ssize_t)ZC_PAGE);
		right = right && page_is_right(page, i);
	}
	io_uring_queue_exit(&h->ring);
	close(h->fds[0]);
	return right;
}

/* A disk that answers when it is resumed */

static bool take_disk(struct hold *h, int fd, unsigned char *map)
{
	(void)fd;
	h->fds[0] = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	zc_must(h->fds[0] >= 0);
	zc_must(!io_uring_queue_init(4, &h->ring, 0));
	zc_must(!system("dmsetup suspend --nolockfs --noflush --noudevsync zcteardown"));
	for (int i = 0; i < HELD; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&h->ring);

		io_uring_prep_write(sqe, h->fds[0], map + held_at(i), ZC_PAGE,
				    i * ZC_PAGE);
	}
	zc_must(io_uring_submit(&h->ring) == HELD);
	/* A worker of io_uring may have to do it. */
	usleep(20000);
	return true;
}

static bool give_disk(struct hold *h)
{
	unsigned char *page = aligned_alloc(ZC_PAGE, ZC_PAGE);
	bool right = true;

	zc_must(!system("dmsetup resume --noudevsync zcteardown"));
	for (int i = 0; i < HELD; i++)
		right = one_cqe(h, ZC_PAGE) && right;
	for (int i = 0; i < HELD; i++) {
		zc_must(pread(h->fds[0], page, ZC_PAGE, i * ZC_PAGE) ==
			(ssize_t)ZC_PAGE);
		right = right && page_is_right(page, i);
	}
	free(page);
	io_uring_queue_exit(&h->ring);
	close(h->fds[0]);
	return right;
}

static void prepare_nothing(struct hold *h)
{
	(void)h;
}

static const struct holder holders[] = {
	{ "a UNIX queue", false, prepare_unix, take_socket, give_queue },
	{ "a TCP queue", false, prepare_tcp, take_socket, give_queue },
	{ "a pipe", false, prepare_pipe, take_pipe, give_queue },
	{ "another process", true, prepare_nothing, take_fork, give_fork },
	{ "a descriptor on its way", true, prepare_nothing, take_pass,
	  give_pass },
	{ "io_uring", false, prepare_nothing, take_uring, give_uring },
	{ "a disk", false, prepare_nothing, take_disk, give_disk },
};

#define HOLDERS	(sizeof(holders) / sizeof(holders[0]))

/* Orders */

enum step { CLOSE, UNMAP_PART, UNMAP_REST, GIVE, STEPS };

static const char *const step_names[] = {
	"close", "unmap a part", "unmap the rest", "let go",
};

/**
 * struct stage - one pool and one holder, as it is taken apart
 * @done: bit of each step that was taken
 */
struct stage {
	const struct holder *holder;
	struct hold hold;
	int fd, look;
	unsigned char *map;
	unsigned int done;
};

static bool stage_open(struct stage *s, const struct holder *holder)
{
	*s = (struct stage) { .holder = holder, .look = -1 };
	holder->prepare(&s->hold);
	s->fd = zc_open_pool(POOL / BUF, BUF);
	s->map = zc_map(s->fd, POOL);
	zc_fill(s->map, POOL, SEED, 0);
	if (holder->take(&s->hold, s->fd, s->map)) {
		s->look = open("/dev/zcdev", O_RDONLY | O_CLOEXEC);
		return true;
	}
	munmap(s->map, POOL);
	close(s->fd);
	return false;
}

static bool took(const struct stage *s, unsigned int steps)
{
	return (s->done & steps) == steps;
}

static bool take_step(struct stage *s, enum step step)
{
	s->done |= 1U << step;
	switch (step) {
	case CLOSE:
		return !close(s->fd);
	case UNMAP_PART:
		return !munmap(s->map, BUF + ZC_PAGE);
	case UNMAP_REST:
		return !munmap(s->map + BUF + ZC_PAGE, POOL - BUF - ZC_PAGE);
	default:
		return s->holder->give(&s->hold);
	}
}

/* Bytes that must be charged now. */
static uint64_t charged(const struct stage *s)
{
	bool mine = !took(s, 1U << CLOSE | 1U << UNMAP_PART | 1U << UNMAP_REST);
	bool theirs = !took(s, 1U << GIVE);

	if (mine || (theirs && s->holder->file))
		return POOL;
	return theirs ? HELD * BUF : 0;
}

static int unload(void)
{
	return zc_errno(syscall(SYS_delete_module, "zcdev", O_NONBLOCK));
}

static void assert_stage(const struct stage *s)
{
	uint64_t want = charged(s);

	assert_true(zc_wait_until(5, zc_total_bytes(s->look) == want));
	/* For our own look at it, if for nobody else. */
	assert_int_equal(unload(), EWOULDBLOCK);
	if (!took(s, 1U << UNMAP_REST))
		assert_int_equal(zc_differs(s->map + 2 * BUF, BUF, SEED, 2 * BUF),
				 BUF);
}

/* The order with this number, of 24. */
static void nth_order(unsigned int n, enum step order[STEPS])
{
	enum step left[STEPS] = { CLOSE, UNMAP_PART, UNMAP_REST, GIVE };

	for (unsigned int i = 0; i < STEPS; i++) {
		unsigned int pick = n % (STEPS - i);

		n /= STEPS - i;
		order[i] = left[pick];
		for (; pick + 1 < STEPS - i; pick++)
			left[pick] = left[pick + 1];
	}
}

static void every_order(void **state)
{
	const struct holder *holder = *state;
	enum step order[STEPS];
	struct stage s;

	for (unsigned int n = 0; n < 24; n++) {
		nth_order(n, order);
		if (!stage_open(&s, holder)) {
			skip();
			return;
		}
		assert_stage(&s);
		for (int i = 0; i < STEPS; i++) {
			if (!take_step(&s, order[i]))
				fail_msg("order %u: %s", n, step_names[order[i]]);
			assert_stage(&s);
		}
		close(s.look);
	}
}

/* The module itself goes while a holder still has pages. */
static void module_goes(void **state)
{
	const struct holder *holder = *state;
	struct stage s;

	if (!stage_open(&s, holder)) {
		skip();
		return;
	}
	for (enum step step = CLOSE; step < GIVE; step++)
		assert_true(take_step(&s, step));
	close(s.look);
	assert_int_equal(unload(), holder->file ? EWOULDBLOCK : 0);
	assert_int_equal(access("/sys/module/zcdev", F_OK) == 0, holder->file);
	assert_true(take_step(&s, GIVE));
	if (!holder->file)
		assert_int_equal(system("modprobe zcdev"), 0);
	zc_assert_no_pools();
}

/* Ends */

enum end { EXIT, KILLED, EXEC, ENDS };

static const char *const end_names[] = { "exits", "is killed", "executes" };

/* In a child that ends as it is told to. */
static int live_and_end(const struct holder *holder, struct hold *hold,
			enum end end)
{
	int fd = zc_open_pool(POOL / BUF, BUF);
	unsigned char *map = zc_map(fd, POOL);

	zc_fill(map, POOL, SEED, 0);
	if (!holder->take(hold, fd, map))
		return ZC_BROKEN;
	if (end == KILLED)
		raise(SIGKILL);
	if (end == EXEC)
		execl("/bin/true", "true", NULL);
	return end == EXIT ? 0 : ZC_BROKEN;
}

static void every_end(void **state)
{
	const struct holder *holder = *state;
	int look = zc_open(), status;

	/* What is held must outlive the child. */
	for (enum end end = EXIT; end < ENDS; end++) {
		struct hold hold;
		pid_t pid;

		holder->prepare(&hold);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			_exit(live_and_end(holder, &hold, end));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		zc_case("a process that %s", end_names[end]);
		assert_int_equal(status, end == KILLED ? SIGKILL : 0);
		assert_true(zc_wait_until(5, zc_total_bytes(look) == HELD * BUF));
		assert_true(holder->give(&hold));
		assert_true(zc_wait_until(5, zc_total_bytes(look) == 0));
	}
	close(look);
}

static int set_up(void **state)
{
	(void)state;
	zc_unit_tests("none");
	zc_sh("modprobe -q dm-mod; dmsetup create zcteardown --noudevsync --table "
	      "'0 %lu linear %s 0' && dmsetup mknodes", 16 * MiB / 512,
	      zc_scratch());
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	zc_disk_reset("mnt", "zcteardown");
	zc_unit_tests("*");
	return 0;
}

/* Each of @fn on each holder; those that only @pages concerns. */
static size_t add_tests(struct CMUnitTest *tests, CMUnitTestFunction fn,
			const char *what, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *name;

		zc_must(asprintf(&name, what, holders[i].name) > 0);
		tests[i] = (struct CMUnitTest) {
			.name = name, .test_func = fn,
			.initial_state = (void *)&holders[i],
		};
	}
	return count;
}

int main(void)
{
	struct CMUnitTest tests[3 * HOLDERS];
	size_t n;

	n = add_tests(tests, every_order, "24 orders with %s", HOLDERS);
	n += add_tests(tests + n, module_goes, "rmmod with %s", HOLDERS);
	/* The queues, which are the parent's. */
	n += add_tests(tests + n, every_end, "all ends of a process with %s", 3);
	return _cmocka_run_group_tests("teardown", tests, n, set_up, tear_down);
}
