// SPDX-License-Identifier: GPL-2.0
/*
 * What a signal does to a wait in which nothing has moved: what signal(7) says
 * of recv(2). A handler ends it unless SA_RESTART says otherwise, and no handler
 * never does: being stopped, or io_uring having work for the thread. With a
 * timeout, that would begin anew, any of them may end it.
 */
#include <fcntl.h>
#include <liburing.h>
#include <signal.h>
#include <sys/time.h>

#include "zc_kinds.h"

#define BUF		(64 * KiB)
#define COUNT		2
#define FOREVER		(~0ULL)
#define MINUTE		60
#define SIGNAL_MS	100	/* until the signal comes */
#define LET_GO_MS	300	/* from then on: until there is what was waited for */

struct stage {
	int zc;
	int file;
	int fds[2];
	uint64_t timeout_ns;
};

/**
 * struct wait - one that waits
 * @for_what: it waits
 * @set_up: so that it has to
 * @call: returns 0 or an errno, and nothing moved if there is one
 * @let_go: it need not wait any more
 * @limit: give it a timeout of a minute; NULL: it has none
 */
struct wait {
	const char *for_what;
	void (*set_up)(struct stage *s);
	int (*call)(struct stage *s);
	void (*let_go)(struct stage *s);
	void (*limit)(struct stage *s);
};

static int run(int zc, int source, int sink)
{
	struct zc_xfer x = zc_xfer(source, sink);
	int ret;

	x.t.len = ZC_PAGE;
	ret = zc_xfer_run(zc, &x);
	assert_int_equal(x.t.out_error, ret);
	assert_int_equal(x.t.out_bytes, ret ? 0 : ZC_PAGE);
	return ret;
}

static int receive(struct stage *s)
{
	return run(s->zc, s->fds[0], s->file);
}

static int send_file(struct stage *s)
{
	return run(s->zc, s->file, s->fds[1]);
}

static void feed(struct stage *s)
{
	char page[ZC_PAGE] = {};

	zc_must(write(s->fds[1], page, sizeof(page)) == sizeof(page));
}

/* As often as it takes to make room. */
static void drink(struct stage *s)
{
	char page[ZC_PAGE];

	zc_must(!fcntl(s->fds[0], F_SETFL, O_NONBLOCK));
	while (read(s->fds[0], page, sizeof(page)) > 0)
		usleep(100);
}

static void fill_up(int fd)
{
	char page[ZC_PAGE] = {};

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (write(fd, page, sizeof(page)) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
}

static void empty_socket(struct stage *s)
{
	zc_tcp_pair(s->fds);
}

/* Of the kind that is full once it is: others find room after a while. */
static void full_socket(struct stage *s)
{
	assert_int_equal(system("modprobe vsock_loopback"), 0);
	assert_true(zc_vsock_pair(s->fds));
	fill_up(s->fds[1]);
}

static void empty_pipe(struct stage *s)
{
	assert_int_equal(pipe(s->fds), 0);
}

static void full_pipe(struct stage *s)
{
	empty_pipe(s);
	fill_up(s->fds[1]);
}

static void limit_socket(struct stage *s)
{
	struct timeval minute = { .tv_sec = MINUTE };

	for (int i = 0; i < 2; i++) {
		assert_int_equal(setsockopt(s->fds[i], SOL_SOCKET, SO_RCVTIMEO,
					    &minute, sizeof(minute)), 0);
		assert_int_equal(setsockopt(s->fds[i], SOL_SOCKET, SO_SNDTIMEO,
					    &minute, sizeof(minute)), 0);
	}
}

static void limit_ioctl(struct stage *s)
{
	s->timeout_ns = MINUTE * 1000000000ULL;
}

/* Buffers */

static void none_left(struct stage *s)
{
	uint32_t indices[COUNT];

	assert_int_equal(zc_acquire(s->zc, indices, COUNT, 0), COUNT);
	s->fds[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static void give_back(struct stage *s)
{
	uint32_t indices[COUNT] = { 0, 1 };

	zc_must(!zc_release(s->zc, indices, COUNT));
}

static int acquire(struct stage *s)
{
	uint32_t index;
	int ret = zc_acquire(s->zc, &index, 1, s->timeout_ns);

	return ret < 0 ? -ret : 0;
}

/* A pipe has a page of the pool. */
static void referenced(struct stage *s)
{
	struct zc_xfer x;

	empty_pipe(s);
	x = zc_xfer(s->zc, s->fds[1]);
	x.t.len = ZC_PAGE;
	x.end[0].flags = ZCDEV_END_OFFSET;
	zc_assert_errno(zc_xfer_run(s->zc, &x), 0, "into the pipe");
	assert_int_equal(x.end[1].out_copied, 0);
}

static int buf_wait(struct stage *s)
{
	return zc_buf_wait(s->zc, 0, COUNT * BUF, s->timeout_ns);
}

static const struct wait waits[] = {
	{ "data from a socket", empty_socket, receive, feed, limit_socket },
	{ "room in a socket", full_socket, send_file, drink, limit_socket },
	{ "data from a pipe", empty_pipe, receive, feed, NULL },
	{ "room in a pipe", full_pipe, send_file, drink, NULL },
	{ "a buffer to stage in", none_left, send_file, give_back, NULL },
	{ "a buffer to have", none_left, acquire, give_back, limit_ioctl },
	{ "references to go", referenced, buf_wait, drink, limit_ioctl },
};

#define WAITS	(sizeof(waits) / sizeof(waits[0]))

/* What comes in between */

static void no_handler(int sig)
{
	(void)sig;
}

static void send_signal(pid_t pid)
{
	zc_must(!kill(pid, SIGUSR1));
}

static void stop_for_a_while(pid_t pid)
{
	zc_must(!kill(pid, SIGSTOP));
	usleep(SIGNAL_MS * 1000 / 2);
	zc_must(!kill(pid, SIGCONT));
}

/* A ring that is closed has work for the thread that had made it, a bit later. */
static void close_ring(void)
{
	struct io_uring ring;

	assert_int_equal(io_uring_queue_init(1, &ring, 0), 0);
	io_uring_queue_exit(&ring);
}

/* Another process interrupts us, if it is to, and lets us go after that. */
static pid_t start_helper(const struct wait *w, struct stage *s,
			  void (*interrupt)(pid_t pid))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	usleep(SIGNAL_MS * 1000);
	zc_must(zc_wait_until(20, zc_task_state(getppid()) == 'S'));
	if (interrupt)
		interrupt(getppid());
	usleep(LET_GO_MS * 1000);
	w->let_go(s);
	_exit(0);
}

/* Returns what the wait returned, after it was right about when. */
static int waited(const struct wait *w, bool limited,
		  void (*interrupt)(pid_t pid))
{
	struct stage s = {
		.zc = zc_open_pool(COUNT, BUF), .fds = { -1, -1 },
		.file = zc_make_file("file", ZC_PAGE, 1),
		.timeout_ns = FOREVER,
	};
	uint64_t begin, took;
	int ret, status;
	pid_t helper;

	w->set_up(&s);
	if (limited)
		w->limit(&s);
	helper = start_helper(w, &s, interrupt);
	begin = zc_now_ms();
	if (!interrupt)
		close_ring();
	ret = w->call(&s);
	took = zc_now_ms() - begin;
	assert_int_equal(waitpid(helper, &status, 0), helper);
	assert_int_equal(status, 0);
	if (!ret && took < LET_GO_MS)
		fail_msg("%s: over after %u ms", w->for_what, (unsigned int)took);
	closefrom(s.zc);
	return ret;
}

static void each(bool limited, void (*interrupt)(pid_t pid), int want)
{
	for (size_t i = 0; i < WAITS; i++)
		if (!limited || waits[i].limit)
			zc_assert_errno(waited(&waits[i], limited, interrupt),
					want, "waiting for %s",
					waits[i].for_what);
	zc_assert_no_pools();
}

static void handle(int flags)
{
	struct sigaction action = {
		.sa_handler = no_handler, .sa_flags = flags,
	};

	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
}

static void a_handler_ends_it(void **state)
{
	(void)state;
	handle(0);
	each(false, send_signal, EINTR);
}

static void unless_it_is_to_restart(void **state)
{
	(void)state;
	handle(SA_RESTART);
	each(false, send_signal, 0);
}

static void a_timeout_does_not_begin_anew(void **state)
{
	(void)state;
	handle(SA_RESTART);
	each(true, send_signal, EINTR);
}

static void stopped_and_continued(void **state)
{
	(void)state;
	each(false, stop_for_a_while, 0);
}

static void work_of_io_uring(void **state)
{
	(void)state;
	each(false, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("a handler ends a wait", a_handler_ends_it),
		ZC_TEST("with SA_RESTART it goes on", unless_it_is_to_restart),
		ZC_TEST("a timeout does not begin anew",
			a_timeout_does_not_begin_anew),
		ZC_TEST("stopped and continued, it goes on",
			stopped_and_continued),
		ZC_TEST("io_uring's own work does not end it", work_of_io_uring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
