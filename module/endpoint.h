/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ZC_ENDPOINT_H
#define _ZC_ENDPOINT_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/socket.h>
#include <linux/types.h>

#include <zcdev.h>

/* From here on a reference is cheaper than a copy, if only by a little; and what is
 * shorter should not pin a whole buffer. Measured with
 * `make bench-streams ONLY=small-tcp,small-unix,small-pipe`.
 */
#define ZC_COPY_BELOW	512

#define ZC_END_FLAGS \
	(ZCDEV_END_OFFSET | ZCDEV_END_DIRECT | ZCDEV_END_BUFFERED | \
	 ZCDEV_END_PAGE_CACHE | ZCDEV_END_SPARSE)

struct zc_buf;
struct pipe_inode_info;
struct zc_chunk;
struct zc_drain;
struct zc_end;
struct zc_pipeline;
struct zc_pool;
struct socket;

/**
 * struct zc_moved - what happened to some bytes at one end: part of a verdict
 * @zerocopy: no CPU copied them
 * @unverified: maybe one did
 * @copied: one did
 * @offloaded: they never came here
 * @paths: ZCDEV_PATH_ they took
 * @reasons: ZCDEV_REASON_ for the last two
 */
struct zc_moved {
	u64 zerocopy;
	u64 unverified;
	u64 copied;
	u64 offloaded;
	u32 paths;
	u32 reasons;
};

static inline u64 zc_moved_bytes(const struct zc_moved *moved)
{
	return moved->zerocopy + moved->unverified + moved->copied +
	       moved->offloaded;
}

/* Others may look at @to meanwhile, with zc_moved_look(): one task adds. */
static inline void zc_moved_add(struct zc_moved *to,
				const struct zc_moved *moved)
{
	WRITE_ONCE(to->zerocopy, to->zerocopy + moved->zerocopy);
	WRITE_ONCE(to->unverified, to->unverified + moved->unverified);
	WRITE_ONCE(to->copied, to->copied + moved->copied);
	WRITE_ONCE(to->offloaded, to->offloaded + moved->offloaded);
	WRITE_ONCE(to->paths, to->paths | moved->paths);
	WRITE_ONCE(to->reasons, to->reasons | moved->reasons);
}

/* Each number as it was at one moment, not all at the same. */
static inline struct zc_moved zc_moved_look(const struct zc_moved *moved)
{
	return (struct zc_moved) {
		.zerocopy = READ_ONCE(moved->zerocopy),
		.unverified = READ_ONCE(moved->unverified),
		.copied = READ_ONCE(moved->copied),
		.offloaded = READ_ONCE(moved->offloaded),
		.paths = READ_ONCE(moved->paths),
		.reasons = READ_ONCE(moved->reasons),
	};
}

/**
 * struct zc_source_ops - where bytes come from
 * @prepare: check everything that can be checked before a byte moves; sets
 *	the phase of the end
 * @lender: if it has buffers of its own with the payload in them: the pool
 *	that they belong to. Else they come from the pool of the transfer.
 * @lend: the buffer for a chunk that has its place; never written to
 * @unlend: the chunk needs it no more; may be NULL
 * @left: bytes to the end, if known in advance; else NULL
 * @events: EPOLL events of its file that say that there is something to take;
 *	0 unless it is a stream
 * @ready: streams: is there something to take, or the end?
 * @timeout: streams: jiffies to wait for something, 0 for not at all; may be
 *	NULL
 * @fill: start to fill a chunk from its stream offset on. The payload goes to
 *	@data of the chunk. May lower @want of the chunk, or raise it for a hole.
 *	Returns bytes of payload (0: end of the source), -EIOCBQUEUED if zc_request_complete()
 *	will be called, or an errno. Streams add to what is in the chunk, and
 *	answer -EAGAIN if they have nothing.
 * @filled: turn the result of a completed request into what @fill returns
 * @at_end: after a short fill: is this the end, rather than a hiccup?
 * @finish: the transfer is over, @bytes were accepted; may be NULL
 */
struct zc_source_ops {
	int (*prepare)(struct zc_end *end, u64 len, bool strict);
	struct zc_pool *(*lender)(const struct zc_end *end);
	struct zc_buf *(*lend)(struct zc_end *end, struct zc_chunk *chunk);
	void (*unlend)(struct zc_end *end, struct zc_chunk *chunk);
	u64 (*left)(const struct zc_end *end);
	__poll_t events;
	bool (*ready)(struct zc_end *end);
	long (*timeout)(const struct zc_end *end);
	long (*fill)(struct zc_end *end, struct zc_chunk *chunk);
	long (*filled)(struct zc_end *end, struct zc_chunk *chunk, long result);
	bool (*at_end)(struct zc_end *end, u64 offset);
	void (*finish)(struct zc_end *end, u64 bytes);
};

/**
 * struct zc_sink_ops - where bytes go
 * @prepare: as above
 * @patient: full chunks are worth waiting for
 * @lender: if the source can fill its buffers in place: the pool that they
 *	belong to
 * @lend: the buffer for a chunk that has its place, or NULL if it is in use now
 * @unlend: the chunk needs it no more
 * @room: bytes that it can take, if known in advance; else NULL
 * @drain: take the next part of a chunk. Returns bytes accepted, -EIOCBQUEUED
 *	if zc_request_complete() will be called, -EAGAIN if the sink is full,
 *	or an errno. Says in part of the request what happens to the bytes.
 * @drained: turn the result of a completed request into what @drain returns
 * @events: EPOLL events of its file that say that the sink has room, or 0
 * @blocked: is the sink really full? Asked between -EAGAIN and waiting.
 * @hung_up: will what it has taken stay there, since nobody reads? Asked when
 *	there are no buffers; may be NULL
 * @timeout: jiffies to wait for room, 0 for not at all; may be NULL
 * @finish: the transfer is over, @bytes were accepted, header and trailer
 *	included; may be NULL
 */
struct zc_sink_ops {
	int (*prepare)(struct zc_end *end, u64 len, bool strict,
		       const struct zc_end *source);
	bool patient;
	struct zc_pool *(*lender)(const struct zc_end *end);
	struct zc_buf *(*lend)(struct zc_end *end, struct zc_chunk *chunk);
	void (*unlend)(struct zc_end *end, struct zc_chunk *chunk);
	u64 (*room)(const struct zc_end *end);
	long (*drain)(struct zc_end *end, struct zc_chunk *chunk,
		      struct zc_drain *drain);
	long (*drained)(struct zc_end *end, struct zc_chunk *chunk,
			struct zc_drain *drain, long result);
	__poll_t events;
	bool (*blocked)(struct zc_end *end);
	bool (*hung_up)(const struct zc_end *end);
	long (*timeout)(const struct zc_end *end);
	void (*finish)(struct zc_end *end, u64 bytes);
};

/**
 * struct zc_file_end - an end that is a regular file or a block device
 * @direct: direct I/O is used where alignment allows
 * @verified: direct I/O is known not to copy
 * @append: O_APPEND: the file system chooses the offset
 * @own_pos: begin at the position of the open file, and advance it
 * @queued: at least one request was asynchronous: nobody told fsnotify yet
 * @resized: sink: cut or extended, other than by writing
 * @reason: ZCDEV_REASON_ why not @direct, or not @verified
 * @mem_align: alignment that direct I/O needs of memory, bytes
 * @offset_align: alignment that direct I/O needs of offsets and lengths
 * @size: sink: size of the file before
 * @written: sink: end of what was written, padding included
 * @sparse: sink: leaves holes
 * @solid: sink: has no way to do so where there is data
 * @seeker: source: the file once more, to look for holes with; an error if
 *	it can't be had, NULL if nobody has asked
 * @known: source: from here on it is known where holes are
 * @hole: source: there is data up to here ...
 * @data: source: ... and a hole up to here
 */
struct zc_file_end {
	bool direct;
	bool verified;
	bool append;
	bool own_pos;
	bool queued;
	bool resized;
	u32 reason;
	u32 mem_align;
	u32 offset_align;
	loff_t size;
	loff_t written;
	bool sparse;
	bool solid;
	struct file *seeker;
	loff_t known;
	loff_t hole;
	loff_t data;
};

/**
 * struct zc_socket_end - an end that is a stream socket
 * @sock: the socket; its file is held by the end
 * @peer: address of the peer when the transfer began
 * @peer_len: bytes of it, 0 if it has none
 */
struct zc_socket_end {
	struct socket *sock;
	struct sockaddr_storage peer;
	int peer_len;
};

/**
 * struct zc_pipe_end - an end that is a pipe
 * @pipe: the pipe; its file is held by the end
 */
struct zc_pipe_end {
	struct pipe_inode_info *pipe;
};

/**
 * struct zc_end - one end of a transfer
 * @fd: holds the file for the duration of the ioctl
 * @file: of @fd
 * @source: ops as a source
 * @sink: ops as a sink; just one of the two is set
 * @kind: enum zcdev_kind
 * @flags: ZCDEV_END_
 * @copy_below: sinks: copy pieces of fewer bytes, 0 for the default
 * @pos: file offset of stream offset 0
 * @align: alignment unit, 0 if there is none
 * @phase: how far into an alignment unit the payload begins; the pipeline
 *	places payload in buffers accordingly
 * @error: 0 or the negative errno that stopped this end
 * @moved: what happened to the bytes that were accepted
 * @told: ZCDEV_REASON_ that some of them were copied for, and others know of
 * @of_file: for ends on files
 * @of_socket: for ends on sockets
 * @of_pipe: for ends on pipes
 */
struct zc_end {
	struct fd fd;
	struct file *file;
	const struct zc_source_ops *source;
	const struct zc_sink_ops *sink;
	u32 kind;
	u32 flags;
	u32 copy_below;
	loff_t pos;
	u32 align;
	u32 phase;
	int error;
	struct zc_moved moved;
	u32 told;
	union {
		struct zc_file_end of_file;
		struct zc_socket_end of_socket;
		struct zc_pipe_end of_pipe;
	};
};

/**
 * struct zc_end_type - one kind of end
 * @kind: enum zcdev_kind
 * @probe: is this file of this kind? 1: yes, 0: no, or the errno that says
 *	what is wrong with it
 * @source: ops, or NULL if it can't be a source
 * @sink: ops, or NULL if it can't be a sink
 */
struct zc_end_type {
	u32 kind;
	int (*probe)(struct file *file);
	const struct zc_source_ops *source;
	const struct zc_sink_ops *sink;
};

extern const struct zc_end_type zc_end_file;
extern const struct zc_end_type zc_end_block;
extern const struct zc_end_type zc_end_pool;
extern const struct zc_end_type zc_end_pipe;
extern const struct zc_end_type zc_end_char;
extern const struct zc_end_type zc_end_ktls;
extern const struct zc_end_type zc_end_tcp;
extern const struct zc_end_type zc_end_unix;
extern const struct zc_end_type zc_end_vsock;

u32 zc_end_sources(void);
u32 zc_end_sinks(void);

/* For the transferring task, from the first byte on: others look at it meanwhile. */
static inline void zc_end_set_error(struct zc_end *end, int error)
{
	/* Drivers may sleep until a signal; that is not restarted. */
	WRITE_ONCE(end->error, error == -ERESTARTSYS ? -EINTR : error);
}

static inline u32 zc_end_copy_below(const struct zc_end *end)
{
	return end->copy_below ?: ZC_COPY_BELOW;
}

/* Jiffies to wait for something from a source: 0 for not at all. */
static inline long zc_source_timeout(const struct zc_end *end)
{
	return end->source->timeout ? end->source->timeout(end) :
				      MAX_SCHEDULE_TIMEOUT;
}

/* Jiffies to wait for room in a sink: 0 for not at all. */
static inline long zc_sink_timeout(const struct zc_end *end)
{
	return end->sink->timeout ? end->sink->timeout(end) :
				    MAX_SCHEDULE_TIMEOUT;
}

int zc_end_open_source(struct zc_end *end, const struct zcdev_end *arg);
int zc_end_open_sink(struct zc_end *end, const struct zcdev_end *arg);
void zc_end_close(struct zc_end *end);
void zc_end_report(const struct zc_end *end, struct zcdev_end *arg);
int zc_end_check_pages(const struct zc_end *source, const struct zc_end *sink);
int zc_end_check_sinks(const struct zc_end *a, const struct zc_end *b, u64 len);
int zc_end_check_overlap(const struct zc_end *source, const struct zc_end *sink,
			 u64 *len, u32 extra);

#endif /* _ZC_ENDPOINT_H */
