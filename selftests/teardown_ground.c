// SPDX-License-Identifier: GPL-2.0
/*
 * What is below goes: the disk that the bytes came from is pulled out, or the
 * network namespace is left by its last process, while queues, pipes, io_uring
 * and processes have pages; in every order with close, munmap and the end of
 * all who hold them. Whoever has pages keeps them, and right; a namespace lives
 * as long as sockets in it, and none of them longer than it should.
 * timeout: 120
 */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sched.h>

#include "zc_holders.h"
#include "zc_nullb.h"

enum step { CLOSE, UNMAP, GO, END, STEPS };

static const char *const step_names[] = {
	"close", "unmap", "the ground goes", "all holders end",
};

struct stage;

/**
 * struct ground - what a pool and its holders stand on
 * @name: for people
 * @file: it is for those who have the whole file, not for those with pages
 * @net: not for io_uring: its workers stay where the process was, with it
 * @lay: before all else
 * @fill: put the bytes into the pool
 * @go: take it away
 * @look: it is there exactly as long as it should be
 * @clear: everything is gone
 */
struct ground {
	const char *name;
	bool file;
	bool net;
	void (*lay)(struct stage *s);
	void (*fill)(struct stage *s);
	void (*go)(struct stage *s);
	bool (*look)(const struct stage *s);
	void (*clear)(struct stage *s);
};

/**
 * struct stage - one pool and all holders of a kind, as it is taken apart
 * @has: who of the holders could be had
 * @base: of the ground: a disk, or the first namespace
 * @outside: a socket in the first namespace
 * @drop: holders end without a look
 * @done: bit of each step that was taken
 */
struct stage {
	const struct ground *ground;
	struct hold holds[HOLDERS];
	bool has[HOLDERS];
	int fd, look, base, outside;
	unsigned char *map;
	bool drop;
	unsigned int done;
};

static bool took(const struct stage *s, unsigned int steps)
{
	return (s->done & steps) == steps;
}

/* A disk that is pulled */

static void plug_disk(struct stage *s)
{
	const char *path;
	void *bytes = aligned_alloc(ZC_PAGE, POOL);

	path = nullb_plug();
	s->base = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	assert_true(s->base >= 0);
	zc_fill(bytes, POOL, SEED, 0);
	assert_int_equal(pwrite(s->base, bytes, POOL, 0), POOL);
	free(bytes);
}

static void read_disk(struct stage *s)
{
	assert_int_equal(pread(s->base, s->map, POOL, 0), POOL);
}

static void pull_disk(struct stage *s)
{
	(void)s;
	nullb_pull();
}

/* Whose bytes are nobody's then. */
static bool look_at_disk(const struct stage *s)
{
	static unsigned char page[ZC_PAGE] __attribute__((aligned(4096)));
	ssize_t n = pread(s->base, page, ZC_PAGE, 0);

	if (took(s, 1U << GO))
		return n <= 0;
	return n == ZC_PAGE && zc_differs(page, n, SEED, 0) == ZC_PAGE;
}

static void unplug_disk(struct stage *s)
{
	close(s->base);
	rmdir(NULLB);
}

/* A namespace that is left; a card outside is gone when it is */

#define CARD	"zcground"

/* The two of them as ip(8) would, which takes longer to begin than all else here. */
static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	close(fd);
}

static void add_card(void)
{
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info, *data, *peer;
	struct nl_sock *sk = nl_socket_alloc();
	struct ifinfomsg any = {};

	assert_true(msg && sk);
	assert_int_equal(nlmsg_append(msg, &any, sizeof(any), NLMSG_ALIGNTO), 0);
	nla_put_string(msg, IFLA_IFNAME, "zcin");
	info = nla_nest_start(msg, IFLA_LINKINFO);
	nla_put_string(msg, IFLA_INFO_KIND, "veth");
	data = nla_nest_start(msg, IFLA_INFO_DATA);
	peer = nla_nest_start(msg, VETH_INFO_PEER);
	assert_int_equal(nlmsg_append(msg, &any, sizeof(any), NLMSG_ALIGNTO), 0);
	nla_put_string(msg, IFLA_IFNAME, CARD);
	nla_put_u32(msg, IFLA_NET_NS_PID, 1);
	nla_nest_end(msg, peer);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	assert_int_equal(nl_connect(sk, NETLINK_ROUTE), 0);
	assert_int_equal(nl_send_sync(sk, msg), 0);
	nl_socket_free(sk);
}

static void enter_network(struct stage *s)
{
	s->base = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	s->outside = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(s->base >= 0 && s->outside >= 0);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	loopback_up();
	add_card();
}

static void fill_pool(struct stage *s)
{
	zc_fill(s->map, POOL, SEED, 0);
}

static void leave_network(struct stage *s)
{
	assert_int_equal(setns(s->base, CLONE_NEWNET), 0);
}

static bool look_outside(const struct stage *s)
{
	struct ifreq card = { .ifr_name = CARD };
	bool there = !took(s, 1U << GO) || !took(s, 1U << END);

	return there == !ioctl(s->outside, SIOCGIFINDEX, &card);
}

static void close_network(struct stage *s)
{
	close(s->outside);
	close(s->base);
}

static struct ground grounds[] = {
	{ "a disk is pulled, others have pages", false, false, plug_disk,
	  read_disk, pull_disk, look_at_disk, unplug_disk },
	{ "a disk is pulled, others have the file", true, false, plug_disk,
	  read_disk, pull_disk, look_at_disk, unplug_disk },
	{ "a namespace goes, others have pages", false, true, enter_network,
	  fill_pool, leave_network, look_outside, close_network },
	{ "a namespace goes, others have the file", true, true, enter_network,
	  fill_pool, leave_network, look_outside, close_network },
};

#define GROUNDS	(sizeof(grounds) / sizeof(grounds[0]))

/* Orders */

static bool hosts(const struct ground *ground, const struct holder *holder)
{
	return holder->file == ground->file &&
	       !(ground->net && (holder->take == take_uring ||
				 holder->take == take_disk));
}

static void stage_open(struct stage *s)
{
	s->ground->lay(s);
	s->fd = zc_open_pool(POOL / BUF, BUF);
	s->map = zc_map(s->fd, POOL);
	s->ground->fill(s);
	for (size_t i = 0; i < HOLDERS; i++) {
		if (!hosts(s->ground, &holders[i]))
			continue;
		holders[i].prepare(&s->holds[i]);
		s->has[i] = holders[i].take(&s->holds[i], s->fd, s->map);
		if (!s->has[i])
			holder_is_missing(&holders[i]);
	}
	s->look = zc_open();
}

static void end_all(struct stage *s)
{
	bool (*end)(struct hold *h);

	for (size_t i = 0; i < HOLDERS; i++) {
		if (!s->has[i])
			continue;
		end = s->drop ? holders[i].drop : holders[i].give;
		if (!end(&s->holds[i]))
			fail_msg("%s", holders[i].name);
	}
}

static void take_step(struct stage *s, enum step step)
{
	s->done |= 1U << step;
	switch (step) {
	case CLOSE:
		close(s->fd);
		break;
	case UNMAP:
		munmap(s->map, POOL);
		break;
	case GO:
		s->ground->go(s);
		break;
	default:
		end_all(s);
	}
}

static void assert_stage(const struct stage *s)
{
	bool held = !took(s, 1U << END);
	bool file = !took(s, 1U << CLOSE | 1U << UNMAP) ||
		    (held && s->ground->file);
	uint64_t want = file ? POOL : held ? HELD * BUF : 0;

	assert_held(s->look, want, 1 + file);
	assert_true(zc_wait_until(20, s->ground->look(s)));
	if (!took(s, 1U << UNMAP))
		assert_int_equal(zc_differs(s->map, POOL, SEED, 0), POOL);
}

static void one_order(const struct ground *ground, unsigned int n, bool drop)
{
	struct stage s = { .ground = ground, .drop = drop };
	unsigned int order[STEPS];

	zc_nth_order(n, order, STEPS);
	stage_open(&s);
	assert_stage(&s);
	for (int i = 0; i < STEPS; i++) {
		zc_case("order %u%s: %s", n, drop ? ", dropped" : "",
			step_names[order[i]]);
		take_step(&s, order[i]);
		assert_stage(&s);
	}
	close(s.look);
	ground->clear(&s);
}

static void every_order(void **state)
{
	double start = zc_now();

	for (unsigned int n = 0; n < 24; n++) {
		one_order(*state, n, false);
		one_order(*state, n, true);
	}
	printf("# %.1f s\n", zc_now() - start);
}

/* Also after a failure: back to where the process began. */
static int clear(void **state)
{
	int home = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);

	setns(home, CLONE_NEWNET);
	rmdir(NULLB);
	return holders_clear(state);
}

static int set_up(void **state)
{
	zc_sh("modprobe -q veth");
	return holders_set_up(state);
}

static int tear_down(void **state)
{
	holders_tear_down(state);
	return nullb_remove();
}

int main(void)
{
	struct CMUnitTest tests[GROUNDS];

	for (size_t i = 0; i < GROUNDS; i++)
		tests[i] = (struct CMUnitTest) {
			.name = grounds[i].name, .test_func = every_order,
			.teardown_func = clear, .initial_state = &grounds[i],
		};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
