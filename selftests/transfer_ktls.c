// SPDX-License-Identifier: GPL-2.0
/*
 * From a kTLS socket whose peer sends records that are not data: its farewell
 * ends the stream where it is, and all else is an error behind the bytes before
 * it, which have moved and are counted.
 */
#include "zc_kinds.h"

#define LEN	50003
#define BUF	(64 * KiB)

#define ALERT		21	/* types of records */
#define HANDSHAKE	22
#define CLOSE_NOTIFY	0	/* alerts */
#define BAD_RECORD_MAC	20

/* fds[1] gets what fds[0] encrypts. */
static bool tls_pair(int fds[2])
{
	zc_tcp_pair(fds);
	return zc_tls(fds[0], TLS_TX) && zc_tls(fds[1], TLS_RX);
}

static void send_record(int fd, unsigned char type, const void *bytes, size_t len)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(1)];
	} control = { .hdr = {
		.cmsg_len = CMSG_LEN(1),
		.cmsg_level = SOL_TLS,
		.cmsg_type = TLS_SET_RECORD_TYPE,
	} };
	struct iovec iov = { (void *)bytes, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};

	*CMSG_DATA(&control.hdr) = type;
	assert_int_equal(sendmsg(fd, &msg, 0), len);
}

static void send_data(int fd, size_t len)
{
	static unsigned char bytes[BUF];

	zc_fill(bytes, len, 1, 0);
	assert_int_equal(send(fd, bytes, len, 0), len);
}

struct last {
	const char *name;
	unsigned char type, bytes[2];
	size_t len;
	int error;
};

static const struct last lasts[] = {
	{ "farewell", ALERT, { 1, CLOSE_NOTIFY }, 2, 0 },
	{ "farewell, fatal", ALERT, { 2, CLOSE_NOTIFY }, 2, 0 },
	{ "another alert", ALERT, { 2, BAD_RECORD_MAC }, 2, EIO },
	{ "half an alert", ALERT, { 1 }, 1, EIO },
	{ "a handshake", HANDSHAKE, { 1, 0 }, 2, EIO },
};

/* The connection stays open, and nothing behind the record is taken. */
static void behind_bytes(const struct last *last, size_t len)
{
	int zc = zc_open_pool(4, BUF), fds[2], dst;
	struct zc_xfer x;
	int ret;

	zc_case("%s behind %zu bytes", last->name, len);
	if (!tls_pair(fds))
		fail_msg("no TLS here: %s", strerror(errno));
	if (len)
		send_data(fds[0], len);
	send_record(fds[0], last->type, last->bytes, last->len);
	dst = open("dst", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(dst >= 0);
	x = zc_xfer(fds[1], dst);
	ret = zc_xfer_run(zc, &x);
	assert_int_equal(ret, len ? 0 : last->error);
	assert_int_equal(x.t.out_error, last->error);
	assert_int_equal(x.end[0].out_error, last->error);
	assert_int_equal(x.end[1].out_error, 0);
	assert_int_equal(x.t.out_bytes, len);
	assert_int_equal(x.t.out_left_bytes, 0);
	zc_assert_verdict(&x);
	assert_int_equal(zc_size(dst), len);
	zc_check_range(dst, 0, len, 1, 0);
	close(dst);
	close(fds[0]);
	close(fds[1]);
	close(zc);
}

static void records(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lasts) / sizeof(lasts[0]); i++) {
		behind_bytes(&lasts[i], 0);
		behind_bytes(&lasts[i], LEN);
		/* Of a record of two bytes there is room for one. */
		behind_bytes(&lasts[i], BUF - 1);
	}
	zc_assert_no_pools();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("a record that is not data ends the stream, or is an error",
			records),
	};

	if (system("modprobe -q tls"))
		puts("# no tls");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
