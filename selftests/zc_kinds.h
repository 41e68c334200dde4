/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every kind of end, as a source and as a sink, in one table: tests that want
 * all pairs take it from here, and a new kind is one row. Rows that ZCDEV_QUERY
 * does not name yet are left out; zc_kinds_complete() holds that none that it
 * names is missing.
 *
 * A place is one end and whoever is behind it. It can be set up in any process
 * and any thread; what goes wrong on the way ends the process.
 */
#ifndef ZC_KINDS_H
#define ZC_KINDS_H

#include <linux/tls.h>
#include <linux/vm_sockets.h>

#include "zc_mem.h"
#include "zc_sock.h"

struct zc_kind;

/**
 * struct zc_place - one end of a transfer, and what is to be there
 * @kind: row of the table
 * @fd: what the transfer is given
 * @peer: the other end of a stream, or -1
 * @flags: ZCDEV_END_
 * @offset: with ZCDEV_END_OFFSET
 * @at: position in @fd where it begins
 * @len: source: bytes that it has; sink: bytes that it has room for
 * @seed: source: what they are, see zc_fill()
 * @from: where they begin in what @seed makes; a sink with a header begins before
 *	its source
 * @map: of a pool
 * @hole: source: where ZC_HOLE zeros that are stored nowhere begin in what @seed
 *	makes, or 0
 * @source: sink: what arrives must come from here
 * @arrived: sink: bytes that arrived, once zc_sink_finish() returned
 * @bad: sink: something else arrived
 * @thread: that feeds a source or reads a sink
 * @served: it runs
 */
struct zc_place {
	const struct zc_kind *kind;
	int fd;
	int peer;
	uint32_t flags;
	uint64_t offset;
	uint64_t at;
	size_t len;
	unsigned int seed;
	uint64_t from;
	unsigned char *map;
	uint64_t hole;
	const struct zc_place *source;
	uint64_t arrived;
	bool bad;
	pthread_t thread;
	bool served;
};

/**
 * struct zc_kind - one kind of end
 * @name: for people
 * @kind: enum zcdev_kind
 * @flags: ZCDEV_END_ that it is used with
 * @traits: ZC_ below
 * @open: make @fd and @peer; false if this kernel cannot
 */
struct zc_kind {
	const char *name;
	uint32_t kind;
	uint32_t flags;
	unsigned int traits;
	bool (*open)(struct zc_place *place, bool sink);
};

#define ZC_STREAM	(1U << 0)	/* comes and goes through a peer */
#define ZC_POSITION	(1U << 1)	/* the file has a position that moves */
#define ZC_GROWS	(1U << 2)	/* a sink is as long as what arrived */
#define ZC_ZEROS	(1U << 3)	/* a source of nothing but zeros, endless */
#define ZC_BLIND	(1U << 4)	/* nobody sees what arrives */
#define ZC_CACHED	(1U << 5)	/* no sink, and a source for some sinks only */
#define ZC_HOLES	(1U << 6)	/* a source with a hole; a sink for files only */

/* As short as a hole can be that stays one, and where it begins in its file. */
#define ZC_HOLE		(64 * KiB)
#define ZC_HOLE_AT	ZC_PAGE

/* Disjoint parts of the scratch disk for those who work at the same time. */
static __thread unsigned int zc_slot;

#define ZC_SLOT_BYTES	(32 * MiB)

static inline bool zc_open_file_place(struct zc_place *p, bool sink)
{
	(void)sink;
	p->fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return p->fd >= 0;
}

/* Only a sink is asked for holes; a source has them. */
static inline bool zc_open_sparse_place(struct zc_place *p, bool sink)
{
	if (!sink)
		p->flags = 0;
	return zc_open_file_place(p, sink);
}

static inline bool zc_open_block_place(struct zc_place *p, bool sink)
{
	p->fd = open(getenv("SCRATCH_BLK") ?: "", O_RDWR | O_CLOEXEC);
	p->at = (2 * zc_slot + sink) * ZC_SLOT_BYTES;
	return p->fd >= 0;
}

/* Which end of a pair is ours. */
static inline bool zc_take_pair(struct zc_place *p, const int fds[2], bool sink)
{
	p->fd = fds[!sink];
	p->peer = fds[sink];
	return true;
}

static inline bool zc_open_tcp_place(struct zc_place *p, bool sink)
{
	int fds[2];

	zc_tcp_pair(fds);
	return zc_take_pair(p, fds, sink);
}

static inline bool zc_open_tcp6_place(struct zc_place *p, bool sink)
{
	int fds[2];

	zc_tcp_pair_of(AF_INET6, fds);
	return zc_take_pair(p, fds, sink);
}

static inline bool zc_open_unix_place(struct zc_place *p, bool sink)
{
	int fds[2];

	zc_unix_pair(fds);
	return zc_take_pair(p, fds, sink);
}

static inline bool zc_open_pipe_place(struct zc_place *p, bool sink)
{
	int fds[2];

	zc_must(!pipe2(fds, O_CLOEXEC));
	p->fd = fds[sink];
	p->peer = fds[!sink];
	return true;
}

static inline bool zc_tls(int fd, int direction)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info.version = TLS_1_2_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};

	/* It may have the other direction already. */
	return (!setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 4) ||
		errno == EEXIST) &&
	       !setsockopt(fd, SOL_TLS, direction, &info, sizeof(info));
}

static inline bool zc_open_ktls_place(struct zc_place *p, bool sink)
{
	int fds[2];

	zc_tcp_pair(fds);
	zc_take_pair(p, fds, sink);
	return zc_tls(fds[0], TLS_TX) && zc_tls(fds[1], TLS_RX);
}

/* False with errno if it is not there, or was interrupted. */
static inline bool zc_vsock_connect(int listener, int fds[2])
{
	struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_LOCAL,
		.svm_port = VMADDR_PORT_ANY,
	};
	socklen_t len = sizeof(addr);

	if (listener < 0 || bind(listener, (void *)&addr, len) ||
	    listen(listener, 1) || getsockname(listener, (void *)&addr, &len))
		return false;
	fds[0] = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fds[0], (void *)&addr, len)) {
		close(fds[0]);
		return false;
	}
	fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return true;
}

/* io_uring, which is done with a ring that was closed, can interrupt it. */
static inline bool zc_vsock_pair(int fds[2])
{
	int listener;
	bool made;

	do {
		listener = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
		made = zc_vsock_connect(listener, fds);
		close(listener);
	} while (!made && errno == EINTR);
	return made;
}

static inline bool zc_open_vsock_place(struct zc_place *p, bool sink)
{
	int fds[2];

	return zc_vsock_pair(fds) && zc_take_pair(p, fds, sink);
}

static inline bool zc_open_char_place(struct zc_place *p, bool sink)
{
	p->fd = open(sink ? "/dev/null" : "/dev/zero", O_RDWR | O_CLOEXEC);
	return p->fd >= 0;
}

/* Another one, or the range would be in the buffers that stage it. */
static inline bool zc_open_pool_place(struct zc_place *p, bool sink)
{
	size_t bytes = p->len ? (p->len + ZC_PAGE - 1) & -ZC_PAGE : ZC_PAGE;

	(void)sink;
	p->fd = open("/dev/zcdev", O_RDWR | O_CLOEXEC);
	zc_must(p->fd >= 0);
	p->map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	zc_must(p->map != MAP_FAILED);
	return true;
}

static const struct zc_kind zc_kinds[] = {
	{ "file", ZCDEV_KIND_FILE, 0, ZC_POSITION | ZC_GROWS,
	  zc_open_file_place },
	{ "buffered file", ZCDEV_KIND_FILE, ZCDEV_END_BUFFERED,
	  ZC_POSITION | ZC_GROWS, zc_open_file_place },
	{ "page-cache file", ZCDEV_KIND_FILE, ZCDEV_END_PAGE_CACHE,
	  ZC_POSITION | ZC_CACHED, zc_open_file_place },
	{ "sparse file", ZCDEV_KIND_FILE, ZCDEV_END_SPARSE,
	  ZC_POSITION | ZC_GROWS | ZC_HOLES, zc_open_sparse_place },
	{ "block device", ZCDEV_KIND_BLOCK, 0, ZC_POSITION,
	  zc_open_block_place },
	{ "tcp", ZCDEV_KIND_TCP, 0, ZC_STREAM | ZC_GROWS, zc_open_tcp_place },
	{ "tcp6", ZCDEV_KIND_TCP, 0, ZC_STREAM | ZC_GROWS, zc_open_tcp6_place },
	{ "unix", ZCDEV_KIND_UNIX, 0, ZC_STREAM | ZC_GROWS, zc_open_unix_place },
	{ "pool", ZCDEV_KIND_POOL, ZCDEV_END_OFFSET, 0, zc_open_pool_place },
	{ "ktls", ZCDEV_KIND_KTLS, 0, ZC_STREAM | ZC_GROWS, zc_open_ktls_place },
	{ "vsock", ZCDEV_KIND_VSOCK, 0, ZC_STREAM | ZC_GROWS,
	  zc_open_vsock_place },
	{ "pipe", ZCDEV_KIND_PIPE, 0, ZC_STREAM | ZC_GROWS, zc_open_pipe_place },
	{ "char", ZCDEV_KIND_CHAR, 0, ZC_ZEROS | ZC_BLIND, zc_open_char_place },
};

#define ZC_KINDS	(sizeof(zc_kinds) / sizeof(zc_kinds[0]))

static inline const struct zc_kind *zc_kind_named(const char *name)
{
	for (size_t i = 0; i < ZC_KINDS; i++)
		if (!strcmp(zc_kinds[i].name, name))
			return &zc_kinds[i];
	fail_msg("no kind %s", name);
	return NULL;
}

/* Can it be a source, or a sink, here? */
static inline bool zc_kind_served(const struct zc_kind *kind, bool sink)
{
	static struct zcdev_query q;
	int fd;

	if (sink && kind->traits & ZC_CACHED)
		return false;
	if (!q.size) {
		fd = open("/dev/zcdev", O_RDONLY | O_CLOEXEC);
		zc_must(fd >= 0 && !zc_query(fd, &q));
		close(fd);
	}
	return (sink ? q.out_sinks : q.out_sources) >> kind->kind & 1;
}

/* The rows that are served, as many as returned. */
static inline size_t zc_kinds_served(const struct zc_kind *list[], bool sink)
{
	size_t n = 0;

	for (size_t i = 0; i < ZC_KINDS; i++)
		if (zc_kind_served(&zc_kinds[i], sink))
			list[n++] = &zc_kinds[i];
	return n;
}

/* Not every way of being a file goes with every other end. */
static inline bool zc_kinds_fit(const struct zc_kind *from,
				const struct zc_kind *to)
{
	if (to->traits & ZC_CACHED)
		return false;
	if (to->traits & ZC_HOLES)
		return from->kind == ZCDEV_KIND_FILE &&
		       !(from->traits & ZC_CACHED);
	return !(from->traits & ZC_CACHED) || to->kind == ZCDEV_KIND_TCP ||
	       to->kind == ZCDEV_KIND_UNIX || to->kind == ZCDEV_KIND_PIPE;
}

/* Whatever the kernel says it serves is in the table: a test. */
static inline void zc_kinds_complete(void **state)
{
	struct zcdev_query q;
	uint32_t known = 0;
	int fd = zc_open();

	(void)state;
	assert_int_equal(zc_query(fd, &q), 0);
	close(fd);
	for (size_t i = 0; i < ZC_KINDS; i++)
		known |= 1U << zc_kinds[i].kind;
	assert_int_equal((q.out_sources | q.out_sinks) & ~known, 0);
}

static inline void zc_place_init(struct zc_place *p, const struct zc_kind *kind,
				 size_t len)
{
	*p = (struct zc_place) {
		.kind = kind, .fd = -1, .peer = -1, .len = len,
		.flags = kind->flags,
	};
}

static inline void zc_place_close(struct zc_place *p)
{
	/* First, for that ends the thread. */
	if (p->fd >= 0)
		close(p->fd);
	if (p->served)
		pthread_join(p->thread, NULL);
	if (p->map)
		munmap(p->map, p->len ?: 1);
	if (p->peer >= 0)
		close(p->peer);
	zc_place_init(p, p->kind, p->len);
}

static inline void zc_place_serve(struct zc_place *p, void *(*fn)(void *))
{
	zc_must(!zc_thread(&p->thread, fn, p));
	p->served = true;
}

/* Sources */

/* Writes what a source has; a stream ends after that, or with its reader. */
static inline void *zc_source_feed(void *arg)
{
	struct zc_place *p = arg;
	bool stream = p->kind->traits & ZC_STREAM;
	unsigned char buf[16 * KiB];
	size_t done, n;
	ssize_t ret = 1;

	for (done = 0; done < p->len && ret > 0; done += ret) {
		n = p->len - done < sizeof(buf) ? p->len - done : sizeof(buf);
		zc_fill(buf, n, p->seed, p->from + done);
		ret = stream ? write(p->peer, buf, n) :
			       pwrite(p->fd, buf, n, p->at + done);
		zc_must(ret > 0 || (stream && (errno == EPIPE ||
					       errno == ECONNRESET)));
	}
	if (stream) {
		close(p->peer);
		p->peer = -1;
	}
	return NULL;
}

/* A hole in what was written, if there is room for one. */
static inline void zc_source_punch(struct zc_place *p)
{
	if (!(p->kind->traits & ZC_HOLES) || p->len <= ZC_HOLE_AT + ZC_HOLE)
		return;
	zc_must(!fallocate(p->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			   p->at + ZC_HOLE_AT, ZC_HOLE));
	p->hole = p->from + ZC_HOLE_AT;
}

/*
 * A source of @len bytes, which begin at @from of what @seed makes. @beside: a
 * stream is fed by a thread; else all of it must fit into its queue. False if
 * this kernel cannot.
 */
static inline bool zc_source_open_from(struct zc_place *p,
				       const struct zc_kind *kind, size_t len,
				       unsigned int seed, uint64_t from,
				       bool beside)
{
	zc_place_init(p, kind, len);
	p->seed = seed;
	p->from = from;
	if (!kind->open(p, false)) {
		zc_place_close(p);
		return false;
	}
	if (p->map)
		zc_fill(p->map, len, seed, from);
	else if (kind->traits & ZC_STREAM && beside)
		zc_place_serve(p, zc_source_feed);
	else if (!(kind->traits & ZC_ZEROS))
		zc_source_feed(p);
	zc_source_punch(p);
	if (kind->traits & ZC_POSITION)
		zc_must(lseek(p->fd, p->at, SEEK_SET) == (off_t)p->at);
	return true;
}

static inline bool zc_source_open(struct zc_place *p, const struct zc_kind *kind,
				  size_t len, unsigned int seed, bool beside)
{
	return zc_source_open_from(p, kind, len, seed, 0, beside);
}

/* How many of @len bytes are zero, from the first on. */
static inline size_t zc_zeros(const unsigned char *buf, size_t len)
{
	size_t i = 0;

	while (i < len && !buf[i])
		i++;
	return i;
}

/* Is @at in the hole of the source? @len: cut where that changes. */
static inline bool zc_source_hole(const struct zc_place *source, uint64_t at,
				  size_t *len)
{
	uint64_t end = source->hole + ZC_HOLE;
	bool hole = source->hole && at >= source->hole && at < end;
	uint64_t border = hole ? end : source->hole;

	if (border > at && border - at < *len)
		*len = border - at;
	return hole;
}

/* Where @buf is not what the source gives from @offset of its seed on, or @len. */
static inline size_t zc_source_differs(const struct zc_place *source,
				       const unsigned char *buf, size_t len,
				       uint64_t offset)
{
	size_t i = 0, n, same;

	if (source->kind->traits & ZC_ZEROS)
		return zc_zeros(buf, len);
	while (i < len) {
		n = len - i;
		if (zc_source_hole(source, offset + i, &n))
			same = zc_zeros(buf + i, n);
		else
			same = zc_differs(buf + i, n, source->seed, offset + i);
		i += same;
		if (same < n)
			break;
	}
	return i;
}

/* The source goes on after @bytes: what is left of it is right, and all. */
static inline bool zc_source_moved(struct zc_place *p, uint64_t bytes)
{
	unsigned char buf[16 * KiB];
	uint64_t at = bytes;
	ssize_t n;

	if (p->kind->traits & ZC_POSITION)
		return lseek(p->fd, 0, SEEK_CUR) == (off_t)(p->at + bytes);
	if (!(p->kind->traits & ZC_STREAM))
		return true;
	while ((n = read(p->fd, buf, sizeof(buf))) > 0) {
		if (zc_differs(buf, n, p->seed, p->from + at) != (size_t)n)
			return false;
		at += n;
	}
	/* TLS gives up a connection for good when it lacks memory for a record. */
	if (n < 0 && p->kind->kind == ZCDEV_KIND_KTLS)
		return true;
	return !n && at == p->len;
}

/* Sinks */

/* Reads what arrived, up to the end of a stream, or all that there is room for. */
static inline void *zc_sink_read(void *arg)
{
	struct zc_place *p = arg;
	bool stream = p->kind->traits & ZC_STREAM, clean = false;
	unsigned char buf[16 * KiB];
	uint64_t at = 0;
	size_t same;
	ssize_t n;

	while (!p->bad) {
		n = stream ? read(p->peer, buf, sizeof(buf)) :
			     pread(p->fd, buf, sizeof(buf), p->at + at);
		if (n <= 0)
			break;
		if (!stream && (size_t)n > p->len - at)
			n = p->len - at;
		if (!n)
			break;
		same = clean ? 0 : zc_source_differs(p->source, buf, n,
						     p->from + at);
		p->arrived += same;
		clean = same < (size_t)n;
		/*
		 * Behind it a sink that does not grow has zeros, as before, or
		 * what later requests had put there when an earlier one failed.
		 */
		for (; same < (size_t)n; same++)
			if (p->kind->traits & ZC_GROWS ||
			    (buf[same] && zc_source_differs(p->source, buf + same,
							    1, p->from + at + same) != 1))
				p->bad = true;
		at += n;
	}
	return NULL;
}

static inline void zc_sink_zero(struct zc_place *p)
{
	static const unsigned char zeros[16 * KiB];
	size_t done, n;

	for (done = 0; done < p->len; done += n) {
		n = p->len - done < sizeof(zeros) ? p->len - done : sizeof(zeros);
		zc_must(pwrite(p->fd, zeros, n, p->at + done) == (ssize_t)n);
	}
}

/*
 * A sink for all of @source, with @before bytes of the same seed in front of it,
 * and @after behind. @beside: a thread reads a stream, which else must have room
 * for all of it. False if this kernel cannot.
 */
static inline bool zc_sink_open_framed(struct zc_place *p,
				       const struct zc_kind *kind,
				       const struct zc_place *source,
				       size_t before, size_t after, bool beside)
{
	zc_place_init(p, kind, before + source->len + after);
	p->source = source;
	p->from = source->from - before;
	if (!kind->open(p, true)) {
		zc_place_close(p);
		return false;
	}
	if (kind->traits & ZC_STREAM && beside)
		zc_place_serve(p, zc_sink_read);
	if (kind->traits & ZC_POSITION && !(kind->traits & ZC_GROWS))
		zc_sink_zero(p);
	if (kind->traits & ZC_POSITION)
		zc_must(lseek(p->fd, p->at, SEEK_SET) == (off_t)p->at);
	return true;
}

static inline bool zc_sink_open(struct zc_place *p, const struct zc_kind *kind,
				const struct zc_place *source, bool beside)
{
	return zc_sink_open_framed(p, kind, source, 0, 0, beside);
}

/* No transfer writes to it any more: count and compare what arrived. */
static inline void zc_sink_finish(struct zc_place *p)
{
	if (p->kind->traits & ZC_STREAM) {
		close(p->fd);
		p->fd = -1;
	}
	if (p->served)
		pthread_join(p->thread, NULL);
	else if (p->map)
		p->arrived = zc_source_differs(p->source, p->map, p->len,
						 p->from);
	else if (!(p->kind->traits & ZC_BLIND))
		zc_sink_read(p);
	p->served = false;
}

/* Exactly the first @bytes of what is to come have arrived; finished. */
static inline bool zc_sink_got(const struct zc_place *p, uint64_t bytes)
{
	if (p->kind->traits & ZC_BLIND)
		return true;
	if (p->bad)
		return false;
	/* Where bytes may be zero by chance, they may be there by chance. */
	return p->kind->traits & ZC_GROWS ? p->arrived == bytes :
					    p->arrived >= bytes;
}

/* Transfers */

/* What goes before or after a source, from @from of its seed on. */
static inline void zc_frame_fill(const struct zc_place *source, void *buf,
				 size_t len, uint64_t from)
{
	if (source->kind->traits & ZC_ZEROS)
		memset(buf, 0, len);
	else
		zc_fill(buf, len, source->seed, from);
}

static inline struct zcdev_end zc_place_end(const struct zc_place *p)
{
	return (struct zcdev_end) {
		.fd = p->fd, .flags = p->flags, .offset = p->offset,
	};
}

#endif /* ZC_KINDS_H */
