// SPDX-License-Identifier: GPL-2.0
/* timeout: 120 */
/*
 * A transfer in progress is listed with its ends and counts, and can be
 * cancelled: it ends with exact counts and ECANCELED, wherever it was waiting.
 */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "zc_nl.h"
#include "zc_sock.h"
#include "zc_task.h"

struct end {
	uint32_t index, role, kind, paths;
	uint64_t bytes, zerocopy;
	char name[256];
};

struct transfer {
	struct zc_nl *nl;
	int seen;
	uint32_t id, pool, pid;
	uint64_t len, bytes, elapsed, rate;
	bool has_len, cancelled;
	int ends;
	struct end end[3];
};

static void read_end(struct nlattr *nest, struct end *e)
{
	struct nlattr *tb[ZC_NL_ATTRS] = {};

	assert_int_equal(nla_parse_nested(tb, ZC_NL_ATTRS - 1, nest, NULL), 0);
	e->index = zc_nl_u32(tb, ZCDEV_A_END_INDEX);
	e->role = zc_nl_u32(tb, ZCDEV_A_END_ROLE);
	e->kind = zc_nl_u32(tb, ZCDEV_A_END_KIND);
	e->paths = zc_nl_u32(tb, ZCDEV_A_END_PATHS);
	e->bytes = zc_nl_u64(tb, ZCDEV_A_END_BYTES);
	e->zerocopy = zc_nl_u64(tb, ZCDEV_A_END_ZEROCOPY);
	assert_null(tb[ZCDEV_A_END_ERROR]);
	if (tb[ZCDEV_A_END_NAME])
		snprintf(e->name, sizeof(e->name), "%s",
			 nla_get_string(tb[ZCDEV_A_END_NAME]));
}

static void read_ends(struct nlmsghdr *answer, struct transfer *t)
{
	struct nlattr *attr;
	int rest;

	nlmsg_for_each_attr(attr, answer, GENL_HDRLEN, rest) {
		if (nla_type(attr) != ZCDEV_A_TRANSFER_END)
			continue;
		assert_true(t->ends < 3);
		read_end(attr, &t->end[t->ends++]);
	}
}

static void read_transfer(struct nlattr **tb, void *arg)
{
	struct transfer *t = arg;

	t->seen++;
	t->id = zc_nl_u32(tb, ZCDEV_A_TRANSFER_ID);
	t->pool = zc_nl_u32(tb, ZCDEV_A_TRANSFER_POOL_ID);
	t->pid = zc_nl_u32(tb, ZCDEV_A_TRANSFER_OWNER_PID);
	t->has_len = tb[ZCDEV_A_TRANSFER_LEN];
	if (t->has_len)
		t->len = zc_nl_u64(tb, ZCDEV_A_TRANSFER_LEN);
	t->bytes = zc_nl_u64(tb, ZCDEV_A_TRANSFER_BYTES);
	t->elapsed = zc_nl_u64(tb, ZCDEV_A_TRANSFER_ELAPSED);
	t->rate = zc_nl_u64(tb, ZCDEV_A_TRANSFER_RATE);
	t->cancelled = tb[ZCDEV_A_TRANSFER_CANCELLED];
	assert_int_equal(zc_nl_u32(tb, ZCDEV_A_TRANSFER_OWNER_UID), 0);
	assert_non_null(tb[ZCDEV_A_TRANSFER_OWNER_COMM]);
	read_ends(t->nl->answer, t);
}

/* The one transfer that there is; false if there is none. */
static bool look(struct zc_nl *nl, struct transfer *t)
{
	memset(t, 0, sizeof(*t));
	t->nl = nl;
	assert_int_equal(zc_nl_dump(nl, ZCDEV_CMD_TRANSFER_GET, read_transfer,
				    t), 0);
	assert_true(t->seen <= 1);
	return t->seen;
}

static void move(struct zc_mover *m, int src, int dst)
{
	m->zc = zc_open_pool(4, 64 * KiB);
	m->x = zc_xfer(src, dst);
	zc_mover_start(m);
}

/* It has moved what it can, and waits for the sink. */
static void wait_until_stuck(struct zc_nl *nl, struct transfer *t)
{
	uint64_t until = zc_now_ms() + 20000, last = 0;
	int still = 0;

	while (still < 10 && zc_now_ms() < until) {
		usleep(20000);
		if (!look(nl, t))
			continue;
		still = t->bytes && t->bytes == last ? still + 1 : 0;
		last = t->bytes;
	}
	assert_int_equal(still, 10);
}

static int cancel(struct zc_nl *nl, uint32_t id)
{
	return zc_nl_get(nl, ZCDEV_CMD_TRANSFER_CANCEL, ZCDEV_A_TRANSFER_ID, id,
			 NULL, NULL);
}

/* What the list said is what the verdict and the receiver say. */
static void cancelled_over(int sv[2], uint32_t kind, const char *name)
{
	struct zc_reader r = { .fd = sv[1], .seed = 3 };
	struct zc_mover m = {};
	struct transfer t;
	struct zc_nl nl;
	char cwd[128], path[160];
	int src;

	src = zc_make_file("src", 32 * MiB, 3);
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(path, sizeof(path), "%s/src", cwd);
	zc_nl_open(&nl);
	move(&m, src, sv[0]);
	wait_until_stuck(&nl, &t);

	assert_int_equal(t.pool, zc_nl_pool_id(m.zc));
	assert_int_equal(t.pid, getpid());
	assert_false(t.has_len);
	assert_false(t.cancelled);
	assert_int_equal(t.rate,
			 (uint64_t)((__uint128_t)t.bytes * 1000000000 /
				    t.elapsed));
	assert_int_equal(t.ends, 2);
	assert_int_equal(t.end[0].index, 0);
	assert_int_equal(t.end[0].role, ZCDEV_ROLE_SOURCE);
	assert_int_equal(t.end[0].kind, ZCDEV_KIND_FILE);
	assert_string_equal(t.end[0].name, path);
	assert_int_equal(t.end[1].index, 1);
	assert_int_equal(t.end[1].role, ZCDEV_ROLE_SINK);
	assert_int_equal(t.end[1].kind, kind);
	assert_string_equal(t.end[1].name, name);
	assert_int_equal(t.end[1].bytes, t.bytes);
	assert_true(t.end[1].paths & ZCDEV_PATH_REFERENCE);

	assert_int_equal(cancel(&nl, t.id), 0);
	assert_int_equal(pthread_join(m.thread, NULL), 0);
	assert_int_equal(m.error, 0);
	assert_int_equal(m.x.t.out_error, ECANCELED);
	assert_true(m.x.t.out_bytes >= t.bytes);
	zc_assert_verdict(&m.x);
	assert_int_equal(lseek(src, 0, SEEK_CUR), m.x.t.out_bytes);
	assert_int_equal(cancel(&nl, t.id), ENOENT);
	assert_false(look(&nl, &t));

	close(src);
	close(m.zc);
	zc_reader_start(&r);
	zc_reader_finish(&r, &sv[0], m.x.t.out_bytes);
	zc_nl_close(&nl);
}

static void tcp(void **state)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	char name[32];
	int sv[2];

	(void)state;
	zc_tcp_pair(sv);
	assert_int_equal(getpeername(sv[0], (void *)&addr, &len), 0);
	snprintf(name, sizeof(name), "127.0.0.1:%u", ntohs(addr.sin_port));
	cancelled_over(sv, ZCDEV_KIND_TCP, name);
}

static void tcp6(void **state)
{
	struct sockaddr_in6 addr;
	socklen_t len = sizeof(addr);
	char name[32];
	int sv[2];

	(void)state;
	zc_tcp_pair_of(AF_INET6, sv);
	assert_int_equal(getpeername(sv[0], (void *)&addr, &len), 0);
	snprintf(name, sizeof(name), "[::1]:%u", ntohs(addr.sin6_port));
	cancelled_over(sv, ZCDEV_KIND_TCP, name);
}

static void unix_abstract(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), sv[2];
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 6;

	(void)state;
	memcpy(addr.sun_path, "\0zcnam", 6);
	assert_int_equal(bind(listener, (void *)&addr, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	sv[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(sv[0], (void *)&addr, len), 0);
	sv[1] = accept(listener, NULL, NULL);
	close(listener);
	cancelled_over(sv, ZCDEV_KIND_UNIX, "@zcnam");
}

static void unix_nameless(void **state)
{
	int sv[2];

	(void)state;
	zc_unix_pair(sv);
	cancelled_over(sv, ZCDEV_KIND_UNIX, "");
}

/* A program may be told so, and transfer again. */
static void again(void **state)
{
	struct zc_reader r = { .seed = 3 };
	struct zc_mover m = {};
	struct transfer t;
	struct zc_nl nl;
	int src, sv[2];

	(void)state;
	zc_unix_pair(sv);
	src = zc_make_file("src", 8 * MiB, 3);
	zc_nl_open(&nl);
	move(&m, src, sv[0]);
	wait_until_stuck(&nl, &t);
	assert_int_equal(cancel(&nl, t.id), 0);
	zc_mover_join(&m);
	assert_int_equal(m.x.t.out_error, ECANCELED);
	r.fd = sv[1];
	zc_reader_start(&r);
	m.x = zc_xfer(src, sv[0]);
	assert_int_equal(zc_xfer_run(m.zc, &m.x), 0);
	assert_int_equal(m.x.t.out_error, 0);
	zc_reader_finish(&r, &sv[0], 8 * MiB);
	close(src);
	close(m.zc);
	zc_nl_close(&nl);
}

/* Memory that is there only once *uffd is closed. */
static void *memory_to_wait_for(int *uffd)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	void *mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (*uffd < 0)
		skip();
	reg.range.start = (uintptr_t)mem;
	reg.range.len = 4096;
	assert_int_equal(ioctl(*uffd, UFFDIO_API, &api), 0);
	assert_int_equal(ioctl(*uffd, UFFDIO_REGISTER, &reg), 0);
	return mem;
}

struct holder {
	int sock;
	void *mem;
	ssize_t sent;
};

/* Holds the lock of the socket meanwhile. */
static void *send_slowly(void *arg)
{
	struct holder *h = arg;

	h->sent = send(h->sock, h->mem, 4096, 0);
	return NULL;
}

struct looker {
	struct zc_nl nl;
	struct transfer t;
	bool found;
};

static void *look_once(void *arg)
{
	struct looker *l = arg;

	l->found = look(&l->nl, &l->t);
	return NULL;
}

/* Else its owner could make everybody wait who asks any family of netlink. */
static void the_lock_of_a_socket_is_nothing_to_wait_for(void **state)
{
	struct timespec until;
	struct looker l = {};
	struct zc_mover m = {};
	struct holder h = {};
	struct uffd_msg msg;
	int sv[2], uffd, dst, ret;
	pthread_t holder, looker;

	(void)state;
	h.mem = memory_to_wait_for(&uffd);
	zc_tcp_pair(sv);
	h.sock = sv[0];
	dst = zc_make_file("dst", 0, 1);
	zc_nl_open(&l.nl);
	move(&m, sv[0], dst);
	assert_true(zc_wait_until(20, look(&l.nl, &l.t)));
	assert_int_equal(zc_thread(&holder, send_slowly, &h), 0);
	assert_int_equal(read(uffd, &msg, sizeof(msg)), sizeof(msg));

	assert_int_equal(zc_thread(&looker, look_once, &l), 0);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	ret = pthread_timedjoin_np(looker, NULL, &until);
	close(uffd);
	assert_int_equal(ret, 0);
	assert_true(l.found);
	assert_int_equal(strncmp(l.t.end[0].name, "127.0.0.1:", 10), 0);

	assert_int_equal(pthread_join(holder, NULL), 0);
	assert_int_equal(h.sent, 4096);
	assert_int_equal(cancel(&l.nl, l.t.id), 0);
	zc_mover_join(&m);
	assert_int_equal(m.error, ECANCELED);
	munmap(h.mem, 4096);
	close(m.zc);
	close(dst);
	close(sv[0]);
	close(sv[1]);
	zc_nl_close(&l.nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp),
		cmocka_unit_test(tcp6),
		cmocka_unit_test(unix_abstract),
		cmocka_unit_test(unix_nameless),
		cmocka_unit_test(again),
		cmocka_unit_test(the_lock_of_a_socket_is_nothing_to_wait_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
