// SPDX-License-Identifier: GPL-2.0
/*
 * A transfer of no bytes has the kernel look at the ends and refuse what it would
 * refuse. Asked three times, plain, with direct I/O and strictly, it tells each
 * end's best path. Whether the pair gets it is tried with some bytes, where nobody
 * can notice.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctor.h"
#include "names.h"
#include "units.h"

#define TRY_BYTES	(4 * MIB)

/* What can be done about a reason; by the bits of ZCDEV_REASON_ */
static const struct {
	uint32_t reason;
	const char *cure;
} cures[] = {
	{ ZCDEV_REASON_NO_DIRECT, "ext4, XFS and block devices have it" },
	{ ZCDEV_REASON_UNVERIFIED, "ext4, XFS and block devices say" },
	{ ZCDEV_REASON_UNALIGNED, "begin and end at whole blocks" },
	{ ZCDEV_REASON_APPEND, "begin at a whole block" },
	{ ZCDEV_REASON_NO_SG, "see 'ethtool -K DEVICE sg on'" },
	{ ZCDEV_REASON_PAGES, "memory is fragmented" },
	{ ZCDEV_REASON_FELL_BACK, "somebody else has it open through the page cache" },
};

static const char *cure_of(uint32_t reasons)
{
	size_t i;

	for (i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
		if (reasons & cures[i].reason)
			return cures[i].cure;
	}
	return NULL;
}

/* What is appended to has no offset, and a range of a pool must have one. */
static bool has_offset(const struct end *end)
{
	if (end->where->kind == ENDPOINT_POOL)
		return true;
	return end_is_file(end) && !(fcntl(end->fd, F_GETFL) & O_APPEND);
}

/* An end as the kernel is given it. Files are looked at from their beginning. */
static struct zcdev_end given(const struct end *end, uint32_t flags)
{
	struct zcdev_end to = { .fd = end->fd, .flags = flags };

	if (has_offset(end))
		to.flags |= ZCDEV_END_OFFSET;
	if (end->where->kind == ENDPOINT_POOL)
		to.offset = end->where->offset;
	return to;
}

/* 0, or the errno that the kernel answers to a transfer of nothing. */
static int ask(struct doctor *doctor, struct zcdev_end source, struct zcdev_end sink,
	       uint32_t flags)
{
	struct zcdev_end ends[2] = { source, sink };
	struct zcdev_transfer t = {
		.flags = flags, .ends = (uintptr_t)ends, .sink_count = 1,
	};

	return -device_transfer(&doctor->dev, &t);
}

/* The same for one end alone: the other is one for which nothing is ever copied. */
static int ask_source(struct doctor *doctor, uint32_t end_flags, uint32_t flags)
{
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return errno;
	ret = ask(doctor, given(&doctor->source, end_flags),
		  (struct zcdev_end){ .fd = pair[0] }, flags);
	close(pair[0]);
	close(pair[1]);
	return ret;
}

static int ask_sink(struct doctor *doctor, uint32_t end_flags, uint32_t flags)
{
	const struct zcdev_end pool = { .fd = doctor->dev.fd, .flags = ZCDEV_END_OFFSET };

	return ask(doctor, pool, given(&doctor->sink, end_flags), flags);
}

/* A stream sink that would copy. */
static const char *worse_stream(enum zcdev_kind kind)
{
	switch (kind) {
	case ZCDEV_KIND_TCP:
		return "leads over a device without scatter-gather, so one copy; see 'ethtool -K DEVICE sg on'";
	case ZCDEV_KIND_KTLS:
		return "has the CPU encrypt every byte, which is as good as a copy";
	case ZCDEV_KIND_CHAR:
		return "is a device whose driver does not say whether it copies";
	default:
		return "always takes a copy";
	}
}

/*
 * What an end that would copy is told about it. A transfer of no bytes has no byte
 * that a reason could be given for, so this is what is left to be the reason.
 */
static const char *worse(const struct end *end, bool source, int direct)
{
	const char *what;

	if (end_is_file(end) && direct)
		return "has no direct I/O, so one copy through the page cache; ext4, XFS and block devices have it";
	if (end_is_file(end))
		return "has direct I/O, but its file system does not say whether that copies; ext4, XFS and block devices do";
	if (source)
		return "is a stream: what comes out of it is copied once";
	return worse_stream(end_kind(end, &what));
}

/*
 * The best that the kernel has for one end. A pool needs no copy by itself: that
 * depends on where the bytes come from.
 */
static void check_end(struct doctor *doctor, bool source)
{
	const struct end *end = source ? &doctor->source : &doctor->sink;
	int (*ask_end)(struct doctor *doctor, uint32_t end_flags, uint32_t flags) =
		source ? ask_source : ask_sink;
	const char *name = source ? "source" : "sink", *what;
	int plain = ask_end(doctor, 0, 0);

	end_kind(end, &what);
	if (plain)
		doctor_say(doctor, name, DOCTOR_BAD, "%s is %s, which the module refuses: %s",
			   end->where->text, what, strerror(plain));
	else if (end->where->kind == ENDPOINT_POOL || !ask_end(doctor, 0, ZCDEV_TRANSFER_STRICT))
		doctor_say(doctor, name, DOCTOR_OK, "%s is %s, and needs no copy",
			   end->where->text, what);
	else
		doctor_say(doctor, name, DOCTOR_NOTE, "%s %s", end->where->text,
			   worse(end, source, ask_end(doctor, ZCDEV_END_DIRECT, 0)));
}

/* The sink is the unnamed file that stands in for one: it can be written. */
static bool can_try(const struct doctor *doctor)
{
	return end_is_file(&doctor->source) && S_ISREG(doctor->sink.st.st_mode) &&
	       doctor->sink.where->kind == ENDPOINT_PATH;
}

static bool try_bytes(struct doctor *doctor)
{
	struct zcdev_transfer t = {
		.len = TRY_BYTES, .ends = (uintptr_t)doctor->ends, .sink_count = 1,
	};

	doctor->ends[0] = given(&doctor->source, 0);
	doctor->ends[1] = given(&doctor->sink, 0);
	doctor->tried = !device_transfer(&doctor->dev, &t) && t.out_bytes;
	return doctor->tried;
}

/* Copied for certain or not: what a CPU may have touched. */
static uint64_t doubtful(const struct zcdev_end *end)
{
	return end->out_copied + end->out_unverified;
}

static void say_tried(struct doctor *doctor)
{
	const struct zcdev_end *in = &doctor->ends[0], *out = &doctor->ends[1];
	char from[128], to[128], why[256], size[3][UNITS_TEXT];
	uint32_t reasons = in->out_reasons | out->out_reasons;
	const char *cure = cure_of(reasons);

	names_words(from, sizeof(from), &names_paths, in->out_paths, ", ");
	names_words(to, sizeof(to), &names_paths, out->out_paths, ", ");
	names_words(why, sizeof(why), &names_reasons, reasons, ", ");
	units_size(size[0], out->out_bytes);
	units_size(size[1], doubtful(in));
	units_size(size[2], doubtful(out));
	if (!reasons)
		doctor_say(doctor, "path", DOCTOR_OK,
			   "in %s, out %s: nothing of %s was copied", from, to, size[0]);
	else
		doctor_say(doctor, "path", DOCTOR_NOTE,
			   "in %s, out %s: of %s, %s may have been copied on the way in and %s on the way out: %s%s%s",
			   from, to, size[0], size[1], size[2], why, cure ? "; " : "",
			   cure ? cure : "");
}

static void say_asked(struct doctor *doctor)
{
	const struct zcdev_end source = given(&doctor->source, 0), sink = given(&doctor->sink, 0);
	int plain = ask(doctor, source, sink, 0);

	if (plain)
		doctor_say(doctor, "path", DOCTOR_BAD, "the module refuses this pair: %s",
			   strerror(plain));
	else if (ask(doctor, source, sink, ZCDEV_TRANSFER_STRICT))
		doctor_say(doctor, "path", DOCTOR_NOTE,
			   "--strict would be refused: some bytes would be copied, or nobody knows");
	else
		doctor_say(doctor, "path", DOCTOR_OK, "nothing would be copied");
}

void doctor_ask(struct doctor *doctor)
{
	check_end(doctor, true);
	check_end(doctor, false);
	if (doctor_state(doctor) == DOCTOR_BAD)
		return;
	if (can_try(doctor) && try_bytes(doctor))
		say_tried(doctor);
	else
		say_asked(doctor);
}
