// SPDX-License-Identifier: GPL-2.0
/*
 * Every kind of descriptor in each place of a transfer, as its source, its sink
 * and its second sink, by both entries: served, or refused with the errno of
 * the header. The transfers are empty: ends are looked at before a byte moves.
 */
#include "abi_subjects.h"

enum place { SOURCE, SINK, SECOND_SINK, PLACES };

static const char *const place_names[] = { "source", "sink", "second sink" };

/* What the header says of it, as far as this kernel serves its kind. */
static int expected(const struct subject *s, enum place place)
{
	const struct zc_kind kind = { .kind = s->kind };
	bool sink = place != SOURCE;
	int ret = sink ? s->sink : s->source;

	if (ret == EBADF || ret == EISDIR || zc_kind_served(&kind, sink))
		return ret;
	/* What it is is looked at before what it is to be. */
	return ret == ENOTCONN && zc_kind_served(&kind, !sink) ? ret : NOT;
}

/* The transfer of abi.h, of nothing, with @fd in one of its places. */
static int try_place(const struct abi_call *call, int zc, int fd,
		     enum place place)
{
	struct zcdev_transfer *t = &abi_fill(call)->transfer;

	abi_ends[2] = abi_ends[1];
	for (int i = 0; i < 3; i++) {
		abi_ends[i].flags = 0;
		abi_ends[i].offset = 0;
	}
	t->len = 0;
	t->sink_count = place == SECOND_SINK ? 2 : 1;
	abi_ends[place].fd = fd;
	return abi_do(call, zc, t);
}

static bool is_pool(const struct subject *s)
{
	return s->kind == ZCDEV_KIND_POOL;
}

static int try_pool(const struct abi_call *call, int zc, int fd,
		    enum place place)
{
	int ret = try_place(call, zc, fd, place);

	/* A pool has no position. */
	if (ret != EINVAL)
		return ret;
	abi_ends[place].flags = ZCDEV_END_OFFSET;
	return abi_do(call, zc, abi_mem);
}

static unsigned int this_kernel(void)
{
	if (zc_kernel_is("6.1"))
		return ON_6_1;
	return zc_kernel_is("6.12") ? ON_6_12 : ON_DEBUG;
}

/* Each of them is there, but for those that this kernel may lack, and does. */
static void there(void **state)
{
	unsigned int kernel = this_kernel(), wrong = 0;
	int zc = zc_open();

	(void)state;
	for (size_t i = 0; i < SUBJECTS; i++) {
		const struct subject *s = &subjects[i];
		bool has = s->open() >= 0, wanted = !(s->missing & kernel);

		if (has != wanted)
			printf("# %s: %s\n", s->name, strerror(errno));
		wrong += has != wanted;
		closefrom(zc + 1);
	}
	assert_int_equal(wrong, 0);
	close(zc);
}

/* Each subject in each place, as @fn wants it, and away with all of it. */
static void each_place(const struct abi_call *call,
		       void (*fn)(const struct abi_call *call, int zc, int fd,
				  const struct subject *s, enum place place))
{
	for (size_t i = 0; i < SUBJECTS * PLACES; i++) {
		const struct subject *s = &subjects[i / PLACES];
		int zc = zc_open_pool(2, ZC_PAGE), fd = s->open();

		if (!(s->missing & this_kernel()))
			fn(call, zc, fd, s, i % PLACES);
		closefrom(zc);
	}
}

static void try_kind(const struct abi_call *call, int zc, int fd,
		     const struct subject *s, enum place place)
{
	int ret = is_pool(s) ? try_pool(call, zc, fd, place) :
			       try_place(call, zc, fd, place);

	zc_assert_errno(ret, expected(s, place), "%s as %s", s->name,
			place_names[place]);
}

static void kinds(void **state)
{
	each_place(*state, try_kind);
}

/* Sinks that can be given references. */
static bool can_copy(const struct subject *s, enum place place)
{
	static const uint32_t kinds = 1U << ZCDEV_KIND_TCP |
		1U << ZCDEV_KIND_UNIX | 1U << ZCDEV_KIND_KTLS |
		1U << ZCDEV_KIND_VSOCK | 1U << ZCDEV_KIND_PIPE;

	return place != SOURCE && kinds >> s->kind & 1;
}

/* Where nothing else is wrong. */
static void try_copy_below(const struct abi_call *call, int zc, int fd,
			   const struct subject *s, enum place place)
{
	static const uint32_t values[] = { 1, ZC_PAGE, UINT32_MAX };
	int want = can_copy(s, place) ? 0 : EINVAL;

	if (expected(s, place))
		return;
	try_place(call, zc, fd, place);
	if (is_pool(s))
		abi_ends[place].flags = ZCDEV_END_OFFSET;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		abi_ends[place].copy_below = values[i];
		zc_assert_errno(abi_do(call, zc, abi_mem), want,
				"copy below %u, %s as %s", values[i], s->name,
				place_names[place]);
	}
}

static void copy_below(void **state)
{
	each_place(*state, try_copy_below);
}

int main(void)
{
	static const struct abi_rule rules[] = {
		{ "each kind of descriptor is there", there, "TRANSFER" },
		{ "each kind of descriptor in each place", kinds, "TRANSFER" },
		{ "copy_below is for sinks that are given references",
		  copy_below, "TRANSFER" },
	};

	/* Modules for those that are refused, and a look before there are many. */
	if (system("modprobe -q -a tun af_alg vsock vsock_loopback tls fuse"))
		puts("# not all modules");
	zc_kind_served(&zc_kinds[0], true);
	return ABI_RUN(rules);
}
