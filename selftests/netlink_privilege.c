// SPDX-License-Identifier: GPL-2.0
/*
 * Who is told what, and who may do what: somebody else sees ids and counts of
 * a pool or a transfer, no name; cannot cancel it; and cannot change a limit.
 * Root in a user namespace of its own is somebody else.
 */
#include "zc_nl.h"
#include "zc_sock.h"
#include "zc_task.h"

/* Bits of what the asker was told. */
#define SEES_POOL	1
#define SEES_UID	2
#define SEES_PID	4
#define SEES_COMM	8
#define SEES_NAME	16
#define MAY_CANCEL	32
#define MAY_SET		64

/**
 * struct stage - what there is to see
 * @owner: uid of who transfers
 * @pid: the process
 * @transfer: id
 * @pool: id
 */
struct stage {
	uid_t owner;
	pid_t pid;
	uint32_t transfer;
	uint32_t pool;
};

static struct stage stage;

static int note(struct nl_msg *msg, void *arg)
{
	struct nlattr *attr, *name;
	int *sees = arg, rest;

	*sees |= SEES_POOL;
	nlmsg_for_each_attr(attr, nlmsg_hdr(msg), GENL_HDRLEN, rest) {
		switch (nla_type(attr)) {
		case ZCDEV_A_TRANSFER_OWNER_UID:
			*sees |= SEES_UID;
			break;
		case ZCDEV_A_TRANSFER_OWNER_PID:
			*sees |= SEES_PID;
			break;
		case ZCDEV_A_TRANSFER_OWNER_COMM:
			*sees |= SEES_COMM;
			break;
		case ZCDEV_A_TRANSFER_END:
			name = nla_find(nla_data(attr), nla_len(attr),
					ZCDEV_A_END_NAME);
			*sees |= name ? SEES_NAME : 0;
			break;
		}
	}
	return NL_OK;
}

static int ack_error(struct sockaddr_nl *addr, struct nlmsgerr *err, void *arg)
{
	(void)addr;
	*(int *)arg = -err->error;
	return NL_STOP;
}

/*
 * Without an address: who gives one is taken to know that he speaks to the
 * kernel, whatever descriptor he was handed, and then his own rights count.
 */
static bool sent(struct nl_sock *sk, struct nl_msg *msg)
{
	const struct nlmsghdr *nlh;

	nl_complete_msg(sk, msg);
	nlh = nlmsg_hdr(msg);
	return send(nl_socket_get_fd(sk), nlh, nlh->nlmsg_len, 0) > 0;
}

/* In children, so without assertions. Returns 0 or an errno. */
static int ask(struct nl_sock *sk, int family, int cmd, int type, void *value,
	       int len, int *sees)
{
	struct nl_msg *msg = nlmsg_alloc();
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int error = 0;

	zc_must(genlmsg_put(msg, 0, 0, family, 0, NLM_F_REQUEST | NLM_F_ACK,
			    cmd, 1));
	zc_must(!nla_put(msg, type, len, value));
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, note, sees);
	nl_cb_err(cb, NL_CB_CUSTOM, ack_error, &error);
	zc_must(sent(sk, msg));
	nl_recvmsgs(sk, cb);
	if (!error && *sees & SEES_POOL)	/* the acknowledgment */
		nl_recvmsgs(sk, cb);
	nl_cb_put(cb);
	nlmsg_free(msg);
	return error;
}

static struct nl_sock *connected(int *family)
{
	struct nl_sock *sk = nl_socket_alloc();

	zc_must(!genl_connect(sk));
	*family = genl_ctrl_resolve(sk, ZCDEV_FAMILY_NAME);
	zc_must(*family > 0);
	return sk;
}

/* All that somebody gets told or done, of the transfer of the stage. */
static int probe(struct nl_sock *sk, int family, bool harm)
{
	uint64_t max = 1ULL << 40;
	int sees = 0, none = 0;

	zc_must(!ask(sk, family, ZCDEV_CMD_TRANSFER_GET, ZCDEV_A_TRANSFER_ID,
		     &stage.transfer, 4, &sees));
	if (!harm)
		return sees;
	if (!ask(sk, family, ZCDEV_CMD_LIMIT_SET, ZCDEV_A_LIMIT_TOTAL_MAX, &max,
		 8, &none))
		sees |= MAY_SET;
	if (!ask(sk, family, ZCDEV_CMD_TRANSFER_CANCEL, ZCDEV_A_TRANSFER_ID,
		 &stage.transfer, 4, &none))
		sees |= MAY_CANCEL;
	return sees;
}

static int probe_all(void *arg)
{
	struct nl_sock *sk;
	int family;

	(void)arg;
	sk = connected(&family);
	return probe(sk, family, true);
}

/* Root, in a user namespace where uid @arg is mapped. */
static int probe_in_userns(void *arg)
{
	zc_enter_userns(*(uid_t *)arg);
	return probe_all(NULL);
}

/* As the first process of a pid namespace. */
static int in_pidns(int (*fn)(void *), void *arg)
{
	int status;
	pid_t pid;

	zc_must(!unshare(CLONE_NEWPID));
	pid = fork();
	if (!pid)
		_exit(fn(arg));
	zc_must(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int fork_and_probe(void *arg)
{
	return in_pidns(probe_all, arg);
}

/* Root, but for one capability. */
static int probe_without(void *arg)
{
	zc_drop_cap(*(int *)arg);
	return probe_all(NULL);
}

/* Somebody else's socket, used by root: the socket's rights are not more. */
static int probe_for_another(void *arg)
{
	struct nl_sock *sk;
	int family;

	(void)arg;
	zc_must(!seteuid(ZC_NOBODY + 1));
	sk = connected(&family);
	zc_must(!seteuid(0));
	return probe(sk, family, true);
}

/* A transfer by the owner that waits for its sink. */
static int transfer(void *arg)
{
	int *fd = arg;
	struct zc_xfer x = zc_xfer(fd[1], fd[2]);

	zc_xfer_run(fd[0], &x);
	return x.t.out_error;
}

static void read_id(struct nlattr **tb, void *arg)
{
	(void)arg;
	stage.transfer = zc_nl_u32(tb, ZCDEV_A_TRANSFER_ID);
	if (tb[ZCDEV_A_TRANSFER_POOL_ID])
		stage.pool = zc_nl_u32(tb, ZCDEV_A_TRANSFER_POOL_ID);
}

static bool find_transfer(struct zc_nl *nl)
{
	assert_int_equal(zc_nl_dump(nl, ZCDEV_CMD_TRANSFER_GET, read_id, NULL),
			 0);
	return stage.transfer;
}

static void be(uid_t uid)
{
	zc_become(uid, uid, RLIM_INFINITY);
}

/* As a server does, of files and the like. */
static void act_for(uid_t uid)
{
	zc_must(!seteuid(uid));
}

/* What @fn in a child says of a transfer of @owner's, who is that by @become. */
static int told_of(uid_t owner, void (*become)(uid_t), uid_t asker,
		   int (*fn)(void *), void *arg)
{
	int fd[3], sv[2], ret, status;
	struct zc_nl nl;

	memset(&stage, 0, sizeof(stage));
	stage.owner = owner;
	zc_nl_open(&nl);
	zc_unix_pair(sv);
	fd[0] = zc_open_pool(2, 64 * KiB);
	fd[1] = zc_make_file("src", 8 * MiB, 1);
	fd[2] = sv[0];
	stage.pid = fork();
	if (!stage.pid) {
		become(owner);
		_exit(transfer(fd));
	}
	assert_true(zc_wait_until(20, find_transfer(&nl)));
	ret = asker ? zc_as_user(asker, RLIM_INFINITY, fn, arg) :
		      zc_child(fn, arg);
	if (!(ret & MAY_CANCEL))
		assert_int_equal(zc_nl_get(&nl, ZCDEV_CMD_TRANSFER_CANCEL,
					   ZCDEV_A_TRANSFER_ID, stage.transfer,
					   NULL, NULL), 0);
	assert_int_equal(waitpid(stage.pid, &status, 0), stage.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ECANCELED);
	close(fd[0]);
	close(fd[1]);
	close(sv[0]);
	close(sv[1]);
	zc_nl_close(&nl);
	return ret;
}

static int told(uid_t owner, uid_t asker, int (*fn)(void *), void *arg)
{
	return told_of(owner, be, asker, fn, arg);
}

#define EVERYTHING	(SEES_POOL | SEES_UID | SEES_PID | SEES_COMM | SEES_NAME)

static void root(void **state)
{
	(void)state;
	assert_int_equal(told(ZC_NOBODY, 0, probe_all, NULL),
			 EVERYTHING | MAY_CANCEL | MAY_SET);
}

static void owner(void **state)
{
	(void)state;
	assert_int_equal(told(ZC_NOBODY, ZC_NOBODY, probe_all, NULL),
			 EVERYTHING | MAY_CANCEL);
}

static void another(void **state)
{
	(void)state;
	assert_int_equal(told(ZC_NOBODY, ZC_NOBODY + 1, probe_all, NULL),
			 SEES_POOL | SEES_UID | SEES_PID);
	assert_int_equal(told(0, ZC_NOBODY, probe_all, NULL),
			 SEES_POOL | SEES_UID | SEES_PID);
}

/* Who is served may not stop the server, as with kill(2), nor look into it. */
static void served(void **state)
{
	(void)state;
	assert_int_equal(told_of(ZC_NOBODY, act_for, ZC_NOBODY, probe_all, NULL),
			 SEES_POOL | SEES_UID | SEES_PID);
}

/* The uid is the same, the namespace is not; another uid is not in it. */
static void userns(void **state)
{
	uid_t same = ZC_NOBODY, other = ZC_NOBODY + 1;

	(void)state;
	assert_int_equal(told(ZC_NOBODY, same, probe_in_userns, &same),
			 SEES_POOL | SEES_UID | SEES_PID);
	assert_int_equal(told(ZC_NOBODY, other, probe_in_userns, &other),
			 SEES_POOL | SEES_PID);
}

static void pidns(void **state)
{
	(void)state;
	assert_int_equal(told(ZC_NOBODY, 0, fork_and_probe, NULL),
			 (EVERYTHING & ~SEES_PID) | MAY_CANCEL | MAY_SET);
}

static void borrowed(void **state)
{
	(void)state;
	assert_int_equal(told(ZC_NOBODY, 0, probe_for_another, NULL),
			 SEES_POOL | SEES_UID | SEES_PID);
	assert_int_equal(told(0, 0, probe_for_another, NULL),
			 SEES_POOL | SEES_UID | SEES_PID);
}

/* Each right takes its own capabilities, and root is none. */
static void capabilities(void **state)
{
	int cap;

	(void)state;
	cap = CAP_NET_ADMIN;
	assert_int_equal(told(ZC_NOBODY, 0, probe_without, &cap),
			 EVERYTHING | MAY_CANCEL);
	cap = CAP_SYS_RESOURCE;
	assert_int_equal(told(ZC_NOBODY, 0, probe_without, &cap),
			 EVERYTHING | MAY_CANCEL);
	cap = CAP_SYS_ADMIN;
	assert_int_equal(told(ZC_NOBODY, 0, probe_without, &cap),
			 SEES_POOL | SEES_UID | SEES_PID | MAY_SET);
}

struct rows {
	uint32_t id;
	uint32_t pid;
	int seen;
};

static void find_pool(struct nlattr **tb, void *arg)
{
	struct rows *rows = arg;

	if (zc_nl_u32(tb, ZCDEV_A_POOL_ID) != rows->id)
		return;
	rows->seen++;
	rows->pid = tb[ZCDEV_A_POOL_OWNER_PID] ?
		    zc_nl_u32(tb, ZCDEV_A_POOL_OWNER_PID) : 0;
}

/* Whose pid a dump gives for the pool of this open file; 0 if none. */
static int pid_of_pool(int zc)
{
	struct rows rows = { .id = zc_nl_pool_id(zc) };
	struct zc_nl nl;

	zc_nl_open(&nl);
	assert_int_equal(zc_nl_dump(&nl, ZCDEV_CMD_POOL_GET, find_pool, &rows),
			 0);
	zc_nl_close(&nl);
	assert_int_equal(rows.seen, 1);
	return rows.pid;
}

/* Makes a pool, says its pid, as it sees it, and stays as long as it can read. */
static int make_pool(void *arg)
{
	int *plan = arg, sock = plan[1];
	int pid;

	zc_must(!zc_pool_create(plan[0], 1, 4096, 0));
	pid = pid_of_pool(plan[0]);
	zc_must(write(sock, &pid, sizeof(pid)) == sizeof(pid));
	return read(sock, &pid, 1) != 0;
}

static int make_pool_in_pidns(void *arg)
{
	return in_pidns(make_pool, arg);
}

/* In there it is the first process, and out here one of ours. */
static void translated(void **state)
{
	int zc = zc_open(), sv[2], plan[2], inside, status;
	pid_t pid, outside;

	(void)state;
	zc_unix_pair(sv);
	plan[0] = zc;
	plan[1] = sv[1];
	pid = fork();
	if (!pid) {
		close(sv[0]);
		_exit(make_pool_in_pidns(plan));
	}
	close(sv[1]);
	assert_int_equal(read(sv[0], &inside, sizeof(inside)), sizeof(inside));
	assert_int_equal(inside, 1);
	outside = pid_of_pool(zc);
	assert_true(outside > 1);
	assert_int_equal(kill(outside, 0), 0);
	assert_int_not_equal(outside, pid);
	close(sv[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* Who is gone has no pid any more. */
	assert_int_equal(pid_of_pool(zc), 0);
	close(zc);
}

static int restore(void **state)
{
	struct nl_msg *msg;
	struct zc_nl nl;

	(void)state;
	zc_nl_open(&nl);
	msg = zc_nl_msg(&nl, ZCDEV_CMD_LIMIT_SET, NLM_F_REQUEST | NLM_F_ACK);
	nla_put_u64(msg, ZCDEV_A_LIMIT_TOTAL_MAX, 0);
	zc_nl_run(&nl, msg, NULL, NULL);
	zc_nl_close(&nl);
	return nl.error;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("root sees and may do all", root),
		ZC_TEST("the owner sees all, cancels, sets no limit", owner),
		ZC_TEST("another user sees no names, cancels nothing", another),
		ZC_TEST("a user whom a server acts for is not its owner", served),
		ZC_TEST("root of a user namespace is another user", userns),
		ZC_TEST("no pid from outside a pid namespace", pidns),
		ZC_TEST("a pid is the one in the asker's namespace", translated),
		ZC_TEST("root without a capability may less", capabilities),
		ZC_TEST("root on another's socket is not root", borrowed),
	};

	return cmocka_run_group_tests(tests, NULL, restore);
}
