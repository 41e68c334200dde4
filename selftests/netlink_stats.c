// SPDX-License-Identifier: GPL-2.0
/*
 * Counters say what the verdicts say, of a pool and of all together, and keep
 * what pools that are gone have done.
 */
#include "zc_nl.h"
#include "zc_sock.h"

struct flow {
	uint64_t zerocopy, unverified, copied, offloaded;
	uint64_t path[32], reason[32];
};

struct counts {
	uint64_t transfers, refused, waits, buffer_waits;
	struct flow source, sink;
	uint64_t failure[256];
};

static struct nlattr *key(struct nlattr *nest, uint32_t *key, uint64_t *count)
{
	struct nlattr *tb[ZC_NL_ATTRS] = {};

	assert_int_equal(nla_parse_nested(tb, ZC_NL_ATTRS - 1, nest, NULL), 0);
	*key = zc_nl_u32(tb, ZCDEV_A_TALLY_KEY);
	*count = zc_nl_u64(tb, ZCDEV_A_TALLY_COUNT);
	return nest;
}

static void read_flow(struct nlattr *nest, struct flow *f)
{
	struct nlattr *tb[ZC_NL_ATTRS] = {}, *attr;
	uint64_t count;
	uint32_t flag;
	int rest;

	assert_int_equal(nla_parse_nested(tb, ZC_NL_ATTRS - 1, nest, NULL), 0);
	f->zerocopy = zc_nl_u64(tb, ZCDEV_A_FLOW_ZEROCOPY);
	f->unverified = zc_nl_u64(tb, ZCDEV_A_FLOW_UNVERIFIED);
	f->copied = zc_nl_u64(tb, ZCDEV_A_FLOW_COPIED);
	f->offloaded = zc_nl_u64(tb, ZCDEV_A_FLOW_OFFLOADED);
	nla_for_each_nested(attr, nest, rest) {
		if (nla_type(attr) != ZCDEV_A_FLOW_PATH &&
		    nla_type(attr) != ZCDEV_A_FLOW_REASON)
			continue;
		key(attr, &flag, &count);
		assert_int_equal(__builtin_popcount(flag), 1);
		if (nla_type(attr) == ZCDEV_A_FLOW_PATH)
			f->path[__builtin_ctz(flag)] = count;
		else
			f->reason[__builtin_ctz(flag)] = count;
	}
}

struct reader {
	struct zc_nl *nl;
	struct counts counts;
};

static void read_counts(struct nlattr **tb, void *arg)
{
	struct reader *reader = arg;
	struct counts *c = &reader->counts;
	struct nlattr *attr;
	uint64_t count;
	uint32_t error;
	int rest;

	c->transfers = zc_nl_u64(tb, ZCDEV_A_STATS_TRANSFERS);
	c->refused = zc_nl_u64(tb, ZCDEV_A_STATS_REFUSED);
	c->waits = zc_nl_u64(tb, ZCDEV_A_STATS_WAITS);
	c->buffer_waits = zc_nl_u64(tb, ZCDEV_A_STATS_BUFFER_WAITS);
	read_flow(tb[ZCDEV_A_STATS_SOURCE], &c->source);
	read_flow(tb[ZCDEV_A_STATS_SINK], &c->sink);
	nlmsg_for_each_attr(attr, reader->nl->answer, GENL_HDRLEN, rest)
		if (nla_type(attr) == ZCDEV_A_STATS_FAILURE) {
			key(attr, &error, &count);
			c->failure[error & 255] = count;
		}
}

/* Of one pool, or of all if @pool is 0. */
static struct counts counts(struct zc_nl *nl, uint32_t pool)
{
	struct nl_msg *msg = zc_nl_msg(nl, ZCDEV_CMD_STATS_GET,
				       NLM_F_REQUEST | NLM_F_ACK);
	struct reader reader = { .nl = nl };

	if (pool)
		nla_put_u32(msg, ZCDEV_A_STATS_POOL_ID, pool);
	assert_int_equal(zc_nl_run(nl, msg, read_counts, &reader), 0);
	return reader.counts;
}

static void assert_flow(const struct flow *now, const struct flow *before,
			const struct zcdev_end *end)
{
	uint64_t bytes = 0, reasons = 0;
	uint32_t i;

	assert_int_equal(now->zerocopy - before->zerocopy, end->out_zerocopy);
	assert_int_equal(now->unverified - before->unverified,
			 end->out_unverified);
	assert_int_equal(now->copied - before->copied, end->out_copied);
	assert_int_equal(now->offloaded - before->offloaded,
			 end->out_offloaded);
	for (i = 0; i < 32; i++) {
		bytes += now->path[i] - before->path[i];
		reasons += now->reason[i] - before->reason[i];
		assert_int_equal(now->path[i] != before->path[i],
				 end->out_paths >> i & 1);
		assert_int_equal(now->reason[i] != before->reason[i],
				 end->out_reasons >> i & 1);
	}
	assert_int_equal(bytes, end->out_bytes);
	assert_int_equal(reasons, end->out_copied + end->out_unverified);
}

static void assert_counted(const struct counts *now,
			   const struct counts *before, const struct zc_xfer *x)
{
	assert_int_equal(now->transfers - before->transfers, 1);
	assert_int_equal(now->refused, before->refused);
	assert_flow(&now->source, &before->source, &x->end[0]);
	assert_flow(&now->sink, &before->sink, &x->end[1]);
	assert_memory_equal(now->failure, before->failure,
			    sizeof(now->failure));
}

static const struct counts nothing;

/* Part of the last block goes through the page cache, all else does not. */
static void to_file(void **state)
{
	int fd = zc_open_pool(4, 64 * KiB);
	uint32_t pool = zc_nl_pool_id(fd);
	struct counts total, mine, last;
	struct zc_nl nl;
	struct zc_xfer x;

	(void)state;
	zc_nl_open(&nl);
	total = counts(&nl, 0);
	mine = counts(&nl, pool);
	assert_memory_equal(&mine, &nothing, sizeof(mine));
	x = zc_xfer(zc_make_file("src", 1000001, 1),
		    open("dst", O_RDWR | O_CREAT, 0600));
	x.end[1].flags = ZCDEV_END_OFFSET;
	x.end[1].offset = 4096 + 17;
	assert_int_equal(zc_xfer_run(fd, &x), 0);
	assert_int_equal(x.t.out_bytes, 1000001);
	mine = counts(&nl, pool);
	assert_counted(&mine, &nothing, &x);
	last = counts(&nl, 0);
	assert_counted(&last, &total, &x);

	/* The total remembers. */
	close(fd);
	mine = counts(&nl, 0);
	assert_memory_equal(&mine, &last, sizeof(mine));
	zc_nl_close(&nl);
}

static void to_socket(void **state)
{
	int fd = zc_open_pool(2, 64 * KiB), sv[2];
	struct zc_reader r = { .seed = 1, .pause_us = 1000 };
	uint32_t pool = zc_nl_pool_id(fd);
	struct counts mine;
	struct zc_nl nl;
	struct zc_xfer x;

	(void)state;
	zc_nl_open(&nl);
	zc_tcp_pair(sv);
	r.fd = sv[1];
	zc_reader_start(&r);
	x = zc_xfer(zc_make_file("src", 8 * MiB, 1), sv[0]);
	assert_int_equal(zc_xfer_run(fd, &x), 0);
	zc_reader_finish(&r, &sv[0], 8 * MiB);
	mine = counts(&nl, pool);
	assert_counted(&mine, &nothing, &x);
	assert_true(mine.buffer_waits > 0);
	assert_true(mine.waits >= mine.buffer_waits);
	close(fd);
	zc_nl_close(&nl);
}

static void failures(void **state)
{
	int fd = zc_open_pool(2, 64 * KiB), sv[2];
	uint32_t pool = zc_nl_pool_id(fd);
	struct counts mine, total, last;
	struct zc_nl nl;
	struct zc_xfer x;

	(void)state;
	zc_nl_open(&nl);
	total = counts(&nl, 0);
	assert_int_equal(pipe(sv), 0);
	x = zc_xfer(zc_make_file("src", MiB, 1), sv[1]);
	x.t.chunk = 3;
	assert_int_equal(zc_xfer_run(fd, &x), EINVAL);
	x.t.chunk = 0;
	x.end[1].fd = -1;
	assert_int_equal(zc_xfer_run(fd, &x), EBADF);
	/* Nobody reads, which shows when it is written. */
	close(sv[0]);
	x.end[1].fd = sv[1];
	assert_int_equal(zc_xfer_run(fd, &x), EPIPE);

	mine = counts(&nl, pool);
	assert_int_equal(mine.transfers, 1);
	assert_int_equal(mine.refused, 2);
	assert_int_equal(mine.failure[EINVAL], 1);
	assert_int_equal(mine.failure[EBADF], 1);
	assert_int_equal(mine.failure[EPIPE], 1);
	assert_int_equal(mine.sink.zerocopy + mine.sink.copied, 0);
	last = counts(&nl, 0);
	assert_int_equal(last.refused - total.refused, 2);
	assert_int_equal(last.failure[EPIPE] - total.failure[EPIPE], 1);
	close(fd);
	close(sv[1]);
	zc_nl_close(&nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_file),
		cmocka_unit_test(to_socket),
		cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
