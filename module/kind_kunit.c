// SPDX-License-Identifier: GPL-2.0
/*
 * What is an end of which kind, and what is none.
 *
 * Inodes and their files are made up as far as anybody looks at them; sockets
 * are real, though some are made to look as if they were in another state.
 */
#include <kunit/test.h>

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/in.h>
#include <linux/kdev_t.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/miscdevice.h>
#include <linux/net.h>
#include <linux/shmem_fs.h>
#include <linux/skmsg.h>
#include <linux/splice.h>
#include <linux/un.h>
#include <net/inet_connection_sock.h>
#include <net/net_namespace.h>
#include <net/tcp.h>
#include <net/tcp_states.h>

#include <zcdev.h>

#include "endpoint.h"

static const struct zc_end_type *const all_types[] = {
	&zc_end_file, &zc_end_block, &zc_end_pool, &zc_end_pipe, &zc_end_char,
	&zc_end_ktls, &zc_end_tcp, &zc_end_unix, &zc_end_vsock,
};

/* Exactly one type, or none, takes a file for its own. */
static void expect_kind(struct kunit *test, struct file *file, u32 kind, int ret)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(all_types); i++) {
		const struct zc_end_type *type = all_types[i];

		KUNIT_EXPECT_EQ_MSG(test, type->probe(file),
				    type->kind == kind ? ret : 0,
				    "type %u", type->kind);
	}
}

/* Inodes */

static ssize_t own_splice_read(struct file *file, loff_t *pos,
			       struct pipe_inode_info *pipe, size_t len,
			       unsigned int flags)
{
	return 0;
}

static ssize_t own_splice_write(struct pipe_inode_info *pipe, struct file *file,
				loff_t *pos, size_t len, unsigned int flags)
{
	return 0;
}

static const struct file_operations plain_fops;

static const struct file_operations generic_fops = {
	.splice_read	= copy_splice_read,
	.splice_write	= iter_file_splice_write,
};

static const struct file_operations reads_fops = {
	.splice_read	= own_splice_read,
	.splice_write	= iter_file_splice_write,
};

static const struct file_operations writes_fops = {
	.splice_read	= copy_splice_read,
	.splice_write	= own_splice_write,
};

/**
 * struct inode_case - a file as its inode says
 * @name: of the case
 * @mode: S_IF of the inode
 * @dev: device numbers of it
 * @fops: of the file, NULL for none that matter
 * @magic: of its file system
 * @pipe: the inode has one
 * @other: but the file speaks of another thing
 * @kind: that it is
 */
struct inode_case {
	const char *name;
	umode_t mode;
	dev_t dev;
	const struct file_operations *fops;
	unsigned long magic;
	bool pipe;
	bool other;
	u32 kind;
};

#define MEM_CASE(name, minor, ...) \
	{ name, S_IFCHR, MKDEV(MEM_MAJOR, minor), __VA_ARGS__ }
#define MISC_CASE(name, minor, ...) \
	{ name, S_IFCHR, MKDEV(MISC_MAJOR, minor), __VA_ARGS__ }

static const struct inode_case inode_cases[] = {
	{ "regular file", S_IFREG, .kind = ZCDEV_KIND_FILE },
	{ "eventfd and its kind, from 6.16 on", S_IFREG,
	  .magic = ANON_INODE_FS_MAGIC },
	{ "directory", S_IFDIR },
	{ "symbolic link", S_IFLNK },
	{ "UNIX socket in a file system", S_IFSOCK },
	{ "block device", S_IFBLK, MKDEV(8, 0), .kind = ZCDEV_KIND_BLOCK },
	{ "block device with numbers of null", S_IFBLK, MKDEV(MEM_MAJOR, 3),
	  .kind = ZCDEV_KIND_BLOCK },
	{ "pipe", S_IFIFO, .pipe = true, .kind = ZCDEV_KIND_PIPE },
	{ "FIFO, not open", S_IFIFO },
	{ "FIFO, open as something else", S_IFIFO, .pipe = true, .other = true },
	MEM_CASE("mem", 1),
	MEM_CASE("kmem", 2),
	MEM_CASE("null", 3, .kind = ZCDEV_KIND_CHAR),
	MEM_CASE("port", 4),
	MEM_CASE("zero", 5, .kind = ZCDEV_KIND_CHAR),
	MEM_CASE("core", 6),
	MEM_CASE("full", 7, .kind = ZCDEV_KIND_CHAR),
	MEM_CASE("random", 8, .kind = ZCDEV_KIND_CHAR),
	MEM_CASE("urandom", 9, .kind = ZCDEV_KIND_CHAR),
	MEM_CASE("aio", 10),
	MEM_CASE("kmsg", 11),
	MEM_CASE("mem that splices", 1, &reads_fops),
	MEM_CASE("kmsg that splices", 11, &writes_fops),
	{ "terminal", S_IFCHR, MKDEV(TTY_MAJOR, 3) },
	{ "terminal that splices as all do", S_IFCHR, MKDEV(TTY_MAJOR, 3),
	  &generic_fops },
	{ "driver that reads", S_IFCHR, MKDEV(240, 0), &reads_fops,
	  .kind = ZCDEV_KIND_CHAR },
	{ "driver that writes", S_IFCHR, MKDEV(240, 0), &writes_fops,
	  .kind = ZCDEV_KIND_CHAR },
	{ "numbers of fuse elsewhere", S_IFCHR, MKDEV(240, FUSE_MINOR),
	  &reads_fops, .kind = ZCDEV_KIND_CHAR },
	MISC_CASE("misc", MISC_DYNAMIC_MINOR),
	MISC_CASE("misc that reads", MISC_DYNAMIC_MINOR, &reads_fops,
		  .kind = ZCDEV_KIND_CHAR),
	MISC_CASE("fuse", FUSE_MINOR, &reads_fops),
	MISC_CASE("beside fuse", FUSE_MINOR + 1, &reads_fops,
		  .kind = ZCDEV_KIND_CHAR),
	MISC_CASE("cuse", CUSE_MINOR, &writes_fops),
	MISC_CASE("tun", TUN_MINOR, &reads_fops),
	MISC_CASE("vhost-net", VHOST_NET_MINOR, &writes_fops),
	MISC_CASE("vhost-vsock", VHOST_VSOCK_MINOR, &reads_fops),
};

KUNIT_ARRAY_PARAM_DESC(inode, inode_cases, name);

static void inode_test(struct kunit *test)
{
	const struct inode_case *c = test->param_value;
	struct inode *inode = kunit_kzalloc(test, sizeof(*inode), GFP_KERNEL);
	struct file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	struct super_block *sb = kunit_kzalloc(test, sizeof(*sb), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, inode);
	KUNIT_ASSERT_NOT_NULL(test, file);
	KUNIT_ASSERT_NOT_NULL(test, sb);
	sb->s_magic = c->magic;
	inode->i_sb = sb;
	inode->i_mode = c->mode | 0600;
	inode->i_rdev = c->dev;
	/* Nobody looks into it. */
	inode->i_pipe = c->pipe ? (void *)inode : NULL;
	file->private_data = c->other ? (void *)file : inode->i_pipe;
	file->f_inode = inode;
	file->f_op = c->fops ?: &plain_fops;
	expect_kind(test, file, c->kind, 1);
}

static void shmem_test(struct kunit *test)
{
	struct file *file = shmem_file_setup("kunit", PAGE_SIZE, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	expect_kind(test, file, ZCDEV_KIND_FILE, 1);
	fput(file);
}

static void anon_test(struct kunit *test)
{
	struct file *file = anon_inode_getfile("kunit", &plain_fops, NULL,
					       O_RDWR);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	expect_kind(test, file, ZCDEV_KIND_NONE, 0);
	fput(file);
}

/* It is a device that splices, too: the order of the table makes it a pool. */
static void pool_test(struct kunit *test)
{
	struct file *file = filp_open("/dev/zcdev", O_RDWR, 0);

	if (IS_ERR(file))
		kunit_skip(test, "no node");
	KUNIT_EXPECT_EQ(test, zc_end_pool.probe(file), 1);
	KUNIT_EXPECT_EQ(test, zc_end_char.probe(file), 1);
	KUNIT_EXPECT_EQ(test, zc_end_file.probe(file), 0);
	KUNIT_EXPECT_EQ(test, zc_end_block.probe(file), 0);
	fput(file);
}

/* Sockets */

/**
 * enum disguise - what a socket is made to look like
 * @AS_IT_IS: not at all
 * @AS_VSOCK: of that family
 * @AS_OTHERS: its sendmsg is not TCP's
 * @AS_TLS: and it has TLS
 * @AS_MAPPED: it is in a sockmap
 */
enum disguise { AS_IT_IS, AS_VSOCK, AS_OTHERS, AS_TLS, AS_MAPPED };

/**
 * struct sock_case - a socket
 * @name: of the case
 * @family: of the socket
 * @type: of the socket
 * @protocol: of the socket
 * @as: what it looks like
 * @state: that it is in, 0 for as it was made
 * @kind: that it is
 * @ret: 1, or the errno that its kind has for it
 */
struct sock_case {
	const char *name;
	int family;
	int type;
	int protocol;
	enum disguise as;
	int state;
	u32 kind;
	int ret;
};

#define STATE(family, as, kind, state, ret) \
	{ #kind ", " #state, AF_ ## family, SOCK_STREAM, 0, as, state, \
	  ZCDEV_KIND_ ## kind, ret }

static const struct sock_case sock_cases[] = {
	{ "TCP, new", AF_INET, SOCK_STREAM, 0,
	  AS_IT_IS, 0, ZCDEV_KIND_TCP, -ENOTCONN },
	STATE(INET, AS_IT_IS, TCP, TCP_ESTABLISHED, 1),
	STATE(INET, AS_IT_IS, TCP, TCP_SYN_SENT, -ENOTCONN),
	STATE(INET, AS_IT_IS, TCP, TCP_SYN_RECV, -ENOTCONN),
	STATE(INET, AS_IT_IS, TCP, TCP_FIN_WAIT1, 1),
	STATE(INET, AS_IT_IS, TCP, TCP_FIN_WAIT2, 1),
	STATE(INET, AS_IT_IS, TCP, TCP_TIME_WAIT, 1),
	STATE(INET, AS_IT_IS, TCP, TCP_CLOSE, -ENOTCONN),
	STATE(INET, AS_IT_IS, TCP, TCP_CLOSE_WAIT, 1),
	STATE(INET, AS_IT_IS, TCP, TCP_LAST_ACK, 1),
	STATE(INET, AS_IT_IS, TCP, TCP_LISTEN, -ENOTCONN),
	STATE(INET, AS_IT_IS, TCP, TCP_CLOSING, 1),
	STATE(INET, AS_IT_IS, TCP, TCP_NEW_SYN_RECV, -ENOTCONN),
	STATE(INET, AS_TLS, KTLS, TCP_ESTABLISHED, 1),
	STATE(INET, AS_TLS, KTLS, TCP_CLOSE_WAIT, 1),
	STATE(INET, AS_TLS, KTLS, TCP_CLOSE, -ENOTCONN),
	{ "TCP6", AF_INET6, SOCK_STREAM, 0, AS_IT_IS, TCP_ESTABLISHED,
	  ZCDEV_KIND_TCP, 1 },
	{ "TCP that sends elsewhere", AF_INET, SOCK_STREAM, 0,
	  AS_OTHERS, TCP_ESTABLISHED },
	{ "TCP in a sockmap", AF_INET, SOCK_STREAM, 0,
	  AS_MAPPED, TCP_ESTABLISHED },
	{ "MPTCP", AF_INET, SOCK_STREAM, IPPROTO_MPTCP, AS_IT_IS,
	  TCP_ESTABLISHED },
	{ "UDP", AF_INET, SOCK_DGRAM },
	{ "UNIX, new", AF_UNIX, SOCK_STREAM, 0,
	  AS_IT_IS, 0, ZCDEV_KIND_UNIX, -ENOTCONN },
	STATE(UNIX, AS_IT_IS, UNIX, TCP_ESTABLISHED, 1),
	STATE(UNIX, AS_IT_IS, UNIX, TCP_LISTEN, -ENOTCONN),
	STATE(UNIX, AS_IT_IS, UNIX, TCP_CLOSE, -ENOTCONN),
	{ "UNIX in a sockmap", AF_UNIX, SOCK_STREAM, 0,
	  AS_MAPPED, TCP_ESTABLISHED },
	{ "UNIX datagram", AF_UNIX, SOCK_DGRAM, 0, AS_IT_IS, TCP_ESTABLISHED },
	{ "UNIX seqpacket", AF_UNIX, SOCK_SEQPACKET, 0, AS_IT_IS,
	  TCP_ESTABLISHED },
	STATE(UNIX, AS_VSOCK, VSOCK, TCP_ESTABLISHED, 1),
	STATE(UNIX, AS_VSOCK, VSOCK, TCP_CLOSING, 1),
	STATE(UNIX, AS_VSOCK, VSOCK, TCP_SYN_SENT, -ENOTCONN),
	STATE(UNIX, AS_VSOCK, VSOCK, TCP_LISTEN, -ENOTCONN),
	STATE(UNIX, AS_VSOCK, VSOCK, TCP_CLOSE, -ENOTCONN),
	{ "netlink", AF_NETLINK, SOCK_RAW },
};

KUNIT_ARRAY_PARAM_DESC(sock, sock_cases, name);

static int others_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
{
	return -EINVAL;
}

static const struct tcp_ulp_ops tls_ulp = { .name = "tls" };

static void sock_disguise(struct sock *sk, const struct sock_case *c,
			  struct proto *others)
{
	static u64 psock;	/* nobody looks into it */

	if (c->state)
		WRITE_ONCE(sk->sk_state, c->state);
	if (c->as == AS_VSOCK)
		sk->sk_family = AF_VSOCK;
	if (c->as == AS_MAPPED)
		__rcu_assign_sk_user_data_with_flags(sk, &psock,
						     SK_USER_DATA_PSOCK);
	if (c->as == AS_TLS)
		inet_csk(sk)->icsk_ulp_ops = &tls_ulp;
	if (c->as == AS_TLS || c->as == AS_OTHERS) {
		*others = *sk->sk_prot;
		others->sendmsg = others_sendmsg;
		WRITE_ONCE(sk->sk_prot, others);
	}
}

static void sock_reveal(struct sock *sk, const struct sock_case *c,
			struct proto *prot)
{
	if (c->state)
		WRITE_ONCE(sk->sk_state, TCP_CLOSE);
	sk->sk_family = c->family;
	if (c->as == AS_MAPPED)
		rcu_assign_sk_user_data(sk, NULL);
	if (c->as == AS_TLS)
		inet_csk(sk)->icsk_ulp_ops = NULL;
	WRITE_ONCE(sk->sk_prot, prot);
}

static void sock_test(struct kunit *test)
{
	const struct sock_case *c = test->param_value;
	struct proto *others = kunit_kzalloc(test, sizeof(*others), GFP_KERNEL);
	struct proto *prot;
	struct socket *sock;
	struct file *file;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, others);
	ret = sock_create_kern(&init_net, c->family, c->type, c->protocol, &sock);
	if (ret == -EAFNOSUPPORT || ret == -EPROTONOSUPPORT)
		kunit_skip(test, "not in this kernel");
	KUNIT_ASSERT_EQ(test, ret, 0);
	file = sock_alloc_file(sock, 0, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	prot = sock->sk->sk_prot;
	sock_disguise(sock->sk, c, others);
	expect_kind(test, file, c->kind, c->ret);
	sock_reveal(sock->sk, c, prot);
	fput(file);
}

/* Connected sockets, with nothing made up. */

static const struct sockaddr_in tcp_addr = {
	.sin_family = AF_INET,
	.sin_addr.s_addr = cpu_to_be32(INADDR_LOOPBACK),
};

static const struct sockaddr_un unix_addr = {
	.sun_family = AF_UNIX,
	.sun_path = "\0zcdev-kunit",
};

struct pair_case {
	const char *name;
	const void *addr;
	int len;
	u32 kind;
};

static const struct pair_case pair_cases[] = {
	{ "TCP", &tcp_addr, sizeof(tcp_addr), ZCDEV_KIND_TCP },
	{ "UNIX", &unix_addr, sizeof(unix_addr), ZCDEV_KIND_UNIX },
};

KUNIT_ARRAY_PARAM_DESC(pair, pair_cases, name);

/* The type of addresses is another in new kernels: void fits all. */
static int pair_connect(const struct pair_case *c, struct socket *listener,
			struct socket *sock)
{
	struct sockaddr_storage addr = {};
	int ret;

	memcpy(&addr, c->addr, c->len);
	ret = kernel_bind(listener, (void *)&addr, c->len);
	ret = ret ?: kernel_listen(listener, 1);
	if (ret)
		return ret;
	ret = kernel_getsockname(listener, (void *)&addr);
	return ret < 0 ? ret : kernel_connect(sock, (void *)&addr, c->len, 0);
}

static void pair_test(struct kunit *test)
{
	const struct pair_case *c = test->param_value;
	struct socket *sock, *listener;
	struct file *file;
	int ret, family = *(const sa_family_t *)c->addr;

	KUNIT_ASSERT_EQ(test, 0, sock_create_kern(&init_net, family, SOCK_STREAM,
						  0, &listener));
	KUNIT_ASSERT_EQ(test, 0, sock_create_kern(&init_net, family, SOCK_STREAM,
						  0, &sock));
	file = sock_alloc_file(sock, 0, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	expect_kind(test, file, c->kind, -ENOTCONN);
	ret = pair_connect(c, listener, sock);
	if (!ret)
		expect_kind(test, file, c->kind, 1);
	fput(file);
	sock_release(listener);
	if (ret == -EADDRNOTAVAIL)
		kunit_skip(test, "no loopback");
	KUNIT_EXPECT_EQ(test, ret, 0);
}

/* What the two masks of ZCDEV_QUERY say is what the types have. */
static void masks_test(struct kunit *test)
{
	u32 i, seen = 0;

	for (i = 0; i < ARRAY_SIZE(all_types); i++) {
		const struct zc_end_type *type = all_types[i];
		u32 bit = 1U << type->kind;

		KUNIT_EXPECT_FALSE(test, seen & bit);
		seen |= bit;
		KUNIT_EXPECT_EQ(test, !!type->source, !!(zc_end_sources() & bit));
		KUNIT_EXPECT_EQ(test, !!type->sink, !!(zc_end_sinks() & bit));
	}
	KUNIT_EXPECT_EQ(test, seen, seen | zc_end_sources() | zc_end_sinks());
}

static struct kunit_case kind_cases[] = {
	KUNIT_CASE_PARAM(inode_test, inode_gen_params),
	KUNIT_CASE(shmem_test),
	KUNIT_CASE(anon_test),
	KUNIT_CASE(pool_test),
	KUNIT_CASE_PARAM(sock_test, sock_gen_params),
	KUNIT_CASE_PARAM(pair_test, pair_gen_params),
	KUNIT_CASE(masks_test),
	{}
};

static struct kunit_suite kind_suite = {
	.name = "zcdev-kind",
	.test_cases = kind_cases,
};

kunit_test_suite(kind_suite);
