/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * zcdev: memory that every zero-copy interface of Linux accepts, and transfers
 * between files and sockets through it without a CPU copy.
 *
 * Installed as <linux/zcdev.h>. This file is the whole ABI of /dev/zcdev.
 */
#ifndef _UAPI_LINUX_ZCDEV_H
#define _UAPI_LINUX_ZCDEV_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: General rules
 *
 * Every ioctl takes a pointer to one struct whose first member, @size, is set
 * by the caller to sizeof() of the struct it was compiled with. A newer program
 * on an older kernel works as long as what the kernel does not know is zero;
 * an older program on a newer kernel gets the defaults. Members named out_ are
 * written by the kernel, all others are only read; on entry out_ members may
 * hold anything. Unknown flags and non-zero reserved members are refused. What
 * the running kernel can do is asked with ZCDEV_QUERY, never derived from a
 * version.
 *
 * The device must be open for reading and writing for ZCDEV_POOL_CREATE,
 * ZCDEV_TRANSFER, ZCDEV_BUF_ACQUIRE and ZCDEV_BUF_RELEASE. All structs have the
 * same layout for 32-bit and 64-bit programs. The arguments of an ioctl may lie
 * inside a mapping of the pool.
 *
 * A pool belongs to one open file of /dev/zcdev and is shared by fork() and by
 * passing the file descriptor. It lives until the last descriptor and the last
 * mapping are gone; memory that sockets, pipes or devices still hold then is
 * *draining*: charged to its owner until the last of it is back.
 *
 * Processes that share a pool trust each other: whoever can write the pool can
 * change bytes that are queued in a socket but not yet sent.
 *
 * DOC: The pool as a file
 *
 * read(2), write(2) and lseek(2), also with positions or vectors and by
 * io_uring, see the linear byte space of the pool as a file of fixed size: reads
 * end there, writes at the end or beyond are ENOSPC, and lseek(2) to beyond is
 * EINVAL. They copy, and do not ask who has a buffer.
 *
 * splice(2) and sendfile(2) from the device hand out the pages themselves, up to
 * 64 KiB in one entry of a pipe: what is written to the pool before they are
 * read is what will be read, and their buffers are referenced meanwhile. Buffers
 * made of single pages are copied, since a TCP receiver on this machine could
 * map and keep such pages. splice(2) and sendfile(2) to the device copy.
 *
 * poll(2) says readable if there is a pool, and writable if ZCDEV_BUF_ACQUIRE
 * would find a buffer. Who gives a buffer back wakes who polls; references from
 * outside are looked for every 10 ms.
 *
 * Without a pool, all these are ENXIO, and poll(2) says nothing.
 *
 * DOC: Errors
 *
 * What each errno means, for every ioctl here:
 *
 * ======================= =====================================================
 * E2BIG                   a member that this kernel does not know is not zero
 * EBADF                   a descriptor is closed, O_PATH, or open in a mode
 *                         that its place in the call does not allow
 * ECANCELED               somebody cancelled the transfer, by netlink
 * EDQUOT                  the pool would exceed RLIMIT_MEMLOCK of its owner
 *                         (raise it, or make the pool smaller)
 * EEXIST                  this open file has a pool already
 * EFAULT                  a pointer is bad, or results could not be written
 * EINVAL                  a value is out of its range; see the struct
 * EISDIR                  an end is a directory
 * ENOMEM                  memory, or contiguity that was insisted on, is not
 *                         to be had
 * ENOSPC                  the pool would exceed the administrator's cap; from
 *                         a transfer: the sink is full
 * ENOTCONN                a socket end is not connected
 * ENOTTY                  no such ioctl
 * ENXIO                   this open file has no pool yet
 * EOPNOTSUPP              an end is of a kind that zcdev does not serve, or
 *                         ZCDEV_TRANSFER_STRICT or ZCDEV_END_DIRECT asks for
 *                         what it cannot do
 * ETIMEDOUT               the time to wait is over
 * EOVERFLOW               an offset, or an offset plus a length, does not fit
 * ======================= =====================================================
 *
 * Anything else comes unchanged from the file system, the disk or the protocol
 * of an end (EIO, EPIPE, ECONNRESET, EFBIG, ETXTBSY, EAGAIN, ...).
 */

#define ZCDEV_IOC_TYPE		0xDC

#define ZCDEV_QUERY		_IO(ZCDEV_IOC_TYPE, 0x00)
#define ZCDEV_POOL_CREATE	_IO(ZCDEV_IOC_TYPE, 0x01)
#define ZCDEV_POOL_INFO		_IO(ZCDEV_IOC_TYPE, 0x02)
#define ZCDEV_TRANSFER		_IO(ZCDEV_IOC_TYPE, 0x03)
#define ZCDEV_BUF_WAIT		_IO(ZCDEV_IOC_TYPE, 0x04)
#define ZCDEV_BUF_ACQUIRE	_IO(ZCDEV_IOC_TYPE, 0x05)
#define ZCDEV_BUF_RELEASE	_IO(ZCDEV_IOC_TYPE, 0x06)

/**
 * enum zcdev_kind - what an end of a transfer is
 * @ZCDEV_KIND_NONE: not known yet
 * @ZCDEV_KIND_FILE: regular file
 * @ZCDEV_KIND_BLOCK: block device
 * @ZCDEV_KIND_TCP: connected TCP socket, IPv4 or IPv6
 * @ZCDEV_KIND_UNIX: connected UNIX stream socket
 * @ZCDEV_KIND_POOL: range of the pool of this or another open file
 * @ZCDEV_KIND_KTLS: TCP socket with kernel TLS (setsockopt TCP_ULP "tls")
 * @ZCDEV_KIND_VSOCK: connected AF_VSOCK stream socket
 * @ZCDEV_KIND_PIPE: pipe or FIFO
 * @ZCDEV_KIND_CHAR: character device with splice operations of its own, or one
 *	of /dev/null, zero, full, random and urandom
 */
enum zcdev_kind {
	ZCDEV_KIND_NONE,
	ZCDEV_KIND_FILE,
	ZCDEV_KIND_BLOCK,
	ZCDEV_KIND_TCP,
	ZCDEV_KIND_UNIX,
	ZCDEV_KIND_POOL,
	ZCDEV_KIND_KTLS,
	ZCDEV_KIND_VSOCK,
	ZCDEV_KIND_PIPE,
	ZCDEV_KIND_CHAR,
};

/**
 * struct zcdev_query - what this kernel side can do
 * @size: sizeof(struct zcdev_query)
 * @flags: must be 0
 * @out_ioctls: bit N is set if the ioctl with number N exists
 * @out_pool_flags: the ZCDEV_POOL_ flags that ZCDEV_POOL_CREATE takes
 * @out_transfer_flags: the ZCDEV_TRANSFER_ flags that ZCDEV_TRANSFER takes
 * @out_end_flags: the ZCDEV_END_ flags that an end takes
 * @out_sources: bit N is set if kind N (enum zcdev_kind) can be a source
 * @out_sinks: bit N is set if kind N (enum zcdev_kind) can be a sink
 * @out_min_buf_size: smallest buffer, bytes (the page size)
 * @out_max_buf_size: largest buffer, bytes
 * @out_default_buf_size: buffer size of a pool that mmap() or a transfer makes
 * @out_default_count: number of buffers of a pool that a transfer makes
 * @out_max_sinks: sinks that one transfer can have
 * @out_max_depth: buffers that one transfer can use at once
 * @out_max_pool_bytes: cap of one pool
 * @out_max_total_bytes: cap of all pools together
 * @out_total_bytes: bytes in all pools now, draining ones included
 *
 * Errors: E2BIG, EFAULT, EINVAL.
 */
struct zcdev_query {
	__u32 size;
	__u32 flags;
	__u32 out_ioctls;
	__u32 out_pool_flags;
	__u32 out_transfer_flags;
	__u32 out_end_flags;
	__u32 out_sources;
	__u32 out_sinks;
	__u32 out_min_buf_size;
	__u32 out_max_buf_size;
	__u32 out_default_buf_size;
	__u32 out_default_count;
	__u32 out_max_sinks;
	__u32 out_max_depth;
	__aligned_u64 out_max_pool_bytes;
	__aligned_u64 out_max_total_bytes;
	__aligned_u64 out_total_bytes;
};

/* Each buffer must be one physically contiguous piece, else ENOMEM. */
#define ZCDEV_POOL_CONTIGUOUS	(1U << 0)
/* All memory below 4 GiB, for devices that reach no further. */
#define ZCDEV_POOL_DMA32	(1U << 1)

#define ZCDEV_NODE_ANY		(-1)

/**
 * struct zcdev_pool_create - give this open file a pool
 * @size: sizeof(struct zcdev_pool_create)
 * @flags: ZCDEV_POOL_
 * @count: number of buffers, at least 1
 * @buf_size: bytes of each buffer: a power of two from the page size to 4 MiB
 * @node: NUMA node that all memory must come from, within the caller's cpuset,
 *	or ZCDEV_NODE_ANY
 * @reserved: must be 0
 *
 * The memory is zeroed, and charged to the caller's memory cgroup and, unless
 * the caller has CAP_IPC_LOCK, against RLIMIT_MEMLOCK of the caller's user. A
 * buffer that cannot be had in one physically contiguous piece is made of
 * smaller ones, unless ZCDEV_POOL_CONTIGUOUS is set; ZCDEV_POOL_INFO tells.
 *
 * A file without a pool gets one when it is mapped, as large as the mapping
 * rounded up to whole buffers, or by its first transfer. Neither asks for more
 * rights than it needs itself.
 *
 * Errors: E2BIG, EBADF, EDQUOT, EEXIST, EFAULT, EINVAL, ENOMEM, ENOSPC; EINTR if
 * a fatal signal came in between.
 */
struct zcdev_pool_create {
	__u32 size;
	__u32 flags;
	__u32 count;
	__u32 buf_size;
	__s32 node;
	__u32 reserved;
};

/**
 * struct zcdev_pool_info - the pool of this open file
 * @size: sizeof(struct zcdev_pool_info)
 * @flags: must be 0
 * @out_pool_flags: ZCDEV_POOL_ flags that it was created with
 * @out_count: number of buffers
 * @out_buf_size: bytes of each buffer
 * @out_node: NUMA node asked for, or ZCDEV_NODE_ANY
 * @out_contiguous: buffers that are one physically contiguous piece
 * @out_staging: buffers that transfers hold at this moment
 * @out_in_flight: buffers that no transfer holds, but whose pages are still
 *	referenced from outside (a socket queue, a pipe, an O_DIRECT read)
 * @out_free: all others
 * @out_acquired: buffers that the program has acquired; not counted in the
 *	three above
 * @out_maps: mappings of the pool, of all processes
 * @out_charged: bytes charged against RLIMIT_MEMLOCK (0 with CAP_IPC_LOCK)
 *
 * The linear byte space of the pool is @out_count x @out_buf_size bytes long;
 * buffer N begins at N x @out_buf_size, also as the offset of mmap().
 *
 * Errors: E2BIG, EFAULT, EINVAL, ENXIO.
 */
struct zcdev_pool_info {
	__u32 size;
	__u32 flags;
	__u32 out_pool_flags;
	__u32 out_count;
	__u32 out_buf_size;
	__s32 out_node;
	__u32 out_contiguous;
	__u32 out_staging;
	__u32 out_in_flight;
	__u32 out_free;
	__u32 out_acquired;
	__u32 out_maps;
	__aligned_u64 out_charged;
};

/* @offset is where to begin; without it the file's own position, which is
 * then advanced by exactly what moved. Files, block devices, and pools, which
 * have no position and need it.
 */
#define ZCDEV_END_OFFSET	(1U << 0)
/* Direct I/O or EOPNOTSUPP. Parts of blocks may still be buffered. */
#define ZCDEV_END_DIRECT	(1U << 1)
/* Through the page cache, one copy, even where direct I/O is possible. */
#define ZCDEV_END_BUFFERED	(1U << 2)
/* Source file, EINVAL elsewhere and with the two above: hand out pages of the
 * page cache itself, as sendfile(2) does; for files that are in it anyway. Who
 * holds them shares memory with everybody who reads the file. Needs no pool.
 * EOPNOTSUPP unless all sinks are TCP or UNIX sockets or pipes, and for files
 * that have no page cache (DAX), or are open with O_DIRECT.
 */
#define ZCDEV_END_PAGE_CACHE	(1U << 3)
/* Sink file, source file, EINVAL elsewhere: holes of 64 KiB and more become holes
 * here too, in place of what was there. Where that cannot be (no way to find
 * them, no way to free blocks, O_APPEND) zeros are written. The source is
 * opened once more to look for them; its position is not moved.
 */
#define ZCDEV_END_SPARSE	(1U << 4)

/* How bytes passed an end: any combination, out_paths of struct zcdev_end. */
#define ZCDEV_PATH_DIRECT	(1U << 0)	/* device DMA to or from the pool */
#define ZCDEV_PATH_BUFFERED	(1U << 1)	/* copied from or to the page cache */
#define ZCDEV_PATH_REFERENCE	(1U << 2)	/* the socket took the pages */
#define ZCDEV_PATH_COPY		(1U << 3)	/* the socket copied them */
#define ZCDEV_PATH_POOL		(1U << 4)	/* they were, or stay, in a pool */
#define ZCDEV_PATH_PAGE_CACHE	(1U << 5)	/* pages of the page cache itself */
#define ZCDEV_PATH_CLONE	(1U << 6)	/* the file system shares the blocks */
#define ZCDEV_PATH_OFFLOAD	(1U << 7)	/* the file system copied, elsewhere */
#define ZCDEV_PATH_HOLE		(1U << 8)	/* zeros that are stored nowhere */
#define ZCDEV_PATH_TRANSFORM	(1U << 9)	/* the CPU encrypted or decrypted */

/* Why bytes were copied or are unverified: out_reasons of struct zcdev_end. */
#define ZCDEV_REASON_ASKED	(1U << 0)	/* ZCDEV_END_BUFFERED */
#define ZCDEV_REASON_NO_DIRECT	(1U << 1)	/* the file has no direct I/O */
#define ZCDEV_REASON_UNVERIFIED	(1U << 2)	/* direct, but the file system does
						 * not say what that means
						 */
#define ZCDEV_REASON_UNALIGNED	(1U << 3)	/* parts of blocks, or source and
						 * sink offset differ within a block
						 */
#define ZCDEV_REASON_FELL_BACK	(1U << 4)	/* the file system took a direct
						 * request and copied all the same
						 */
#define ZCDEV_REASON_APPEND	(1U << 5)	/* O_APPEND at an unaligned end */
#define ZCDEV_REASON_NO_SG	(1U << 6)	/* the route has no scatter-gather */
#define ZCDEV_REASON_PROTOCOL	(1U << 7)	/* the protocol always copies */
#define ZCDEV_REASON_SMALL	(1U << 8)	/* so few bytes that a copy is
						 * cheaper than a reference
						 */
#define ZCDEV_REASON_DAX	(1U << 9)	/* memory is the disk: CPU copies */
#define ZCDEV_REASON_PAGES	(1U << 10)	/* the buffer is made of single pages,
						 * which somebody on this machine
						 * could map by TCP, and keep
						 */
#define ZCDEV_REASON_STREAM	(1U << 11)	/* what comes out of a socket, pipe or
						 * device is copied into the pool
						 */
#define ZCDEV_REASON_ENCRYPTED	(1U << 12)	/* encryption in software */
#define ZCDEV_REASON_MEMORY	(1U << 13)	/* header, trailer, or from one pool to
						 * another: only a CPU can do that
						 */
#define ZCDEV_REASON_DRIVER	(1U << 14)	/* the driver does not say whether it
						 * copies
						 */

/**
 * struct zcdev_end - one end of a transfer
 * @fd: file, block device, socket, or an open file of /dev/zcdev with a pool
 * @flags: ZCDEV_END_
 * @offset: bytes, with ZCDEV_END_OFFSET; else must be 0
 * @copy_below: sockets and pipes as sinks: pieces of fewer bytes are copied
 *	instead of referenced, since that is cheaper; 0 for what was measured to
 *	be best, 1 for never
 * @reserved: must be 0
 * @out_kind: enum zcdev_kind
 * @out_paths: ZCDEV_PATH_ that at least one byte took
 * @out_reasons: ZCDEV_REASON_ of every byte counted in @out_copied and
 *	@out_unverified
 * @out_error: 0, or the errno that stopped this end
 * @out_bytes: bytes that this end gave (source) or accepted (sink), always the
 *	contiguous prefix; @out_zerocopy + @out_unverified + @out_copied +
 *	@out_offloaded. Those of a sink include header and trailer.
 * @out_zerocopy: bytes that no CPU copied between the pool and the device or
 *	the protocol
 * @out_unverified: bytes sent to a file system as direct I/O of which it does
 *	not say whether it copies
 * @out_copied: bytes that a CPU copied, by this call
 * @out_offloaded: bytes that never came here, since the file system cloned them,
 *	copied them by itself, or both ends have a hole there
 *
 * The counts speak of zcdev and of the one call that it makes into the file
 * system or the protocol; not of drivers, queueing disciplines, the network
 * device, or a receiver. A hole that is read is filled with zeros by the CPU,
 * but nothing is copied. Bytes that a source gave but no sink accepted are in
 * its @out_bytes only if they were taken from a stream.
 */
struct zcdev_end {
	__s32 fd;
	__u32 flags;
	__aligned_u64 offset;
	__u32 copy_below;
	__u32 reserved;
	__u32 out_kind;
	__u32 out_paths;
	__u32 out_reasons;
	__s32 out_error;
	__aligned_u64 out_bytes;
	__aligned_u64 out_zerocopy;
	__aligned_u64 out_unverified;
	__aligned_u64 out_copied;
	__aligned_u64 out_offloaded;
};

/* Refuse with EOPNOTSUPP, before a byte moves, what would be copied or cannot
 * be verified; an end that starts to copy later stops the transfer, with
 * EOPNOTSUPP in its out_error.
 */
#define ZCDEV_TRANSFER_STRICT	(1U << 0)
/* The first sink that fails ends the transfer; else the others go on. */
#define ZCDEV_TRANSFER_FAIL_FAST	(1U << 1)

#define ZCDEV_TO_END		(~(__u64)0)

/* Bytes of all iovecs of a header, or of a trailer, together. */
#define ZCDEV_IOV_MAX_BYTES	65536
#define ZCDEV_IOV_MAX_COUNT	1024

/**
 * struct zcdev_iov - a piece of the caller's memory
 * @addr: its address
 * @len: bytes
 */
struct zcdev_iov {
	__aligned_u64 addr;
	__aligned_u64 len;
};

/**
 * struct zcdev_range - a part of the pool
 * @offset: where it begins, bytes
 * @len: bytes
 */
struct zcdev_range {
	__aligned_u64 offset;
	__aligned_u64 len;
};

/**
 * struct zcdev_transfer - move bytes from a source to one or more sinks
 * @size: sizeof(struct zcdev_transfer)
 * @flags: ZCDEV_TRANSFER_
 * @len: bytes to move; 0 moves nothing but @header and @trailer, ZCDEV_TO_END
 *	all up to the end of the source. A source that ends earlier ends the
 *	transfer without an error.
 * @ends: address of an array of 1 + @sink_count struct zcdev_end, source first
 * @end_size: sizeof(struct zcdev_end): the stride of the array
 * @sink_count: number of sinks, 1 to out_max_sinks of ZCDEV_QUERY
 * @chunk: bytes read at once, a power of two from 4096 to the buffer size, or
 *	0 for the buffer size; must be 0 if the source or a sink is a pool
 * @depth: buffers to use at once, or 0 for as many as are free, but at most
 *	out_max_depth of ZCDEV_QUERY; with ZCDEV_END_PAGE_CACHE 64 pages take the
 *	place of a buffer, and 4 times that is the most
 * @header: address of an array of struct zcdev_iov: bytes that every sink gets
 *	before those of the source
 * @trailer: likewise, after the last byte of the source; left out if the
 *	transfer ended early
 * @header_count: how many, up to ZCDEV_IOV_MAX_COUNT; all together up to
 *	ZCDEV_IOV_MAX_BYTES
 * @trailer_count: likewise
 * @rate: bytes per second at most, on average since the begin; 0 for no limit
 * @latency_ns: how long bytes of a stream may wait here for more to come. 0: a
 *	file gets full chunks, all others what there is as soon as there is no
 *	more.
 * @left: address of an array of struct zcdev_range, for what was taken from a
 *	stream but accepted by nobody. These buffers are then acquired by the
 *	program, as with ZCDEV_BUF_ACQUIRE. Without the array such bytes are
 *	dropped, and counted. If a sink is a pool, the ranges are those of that
 *	one where the bytes belong, and nothing is acquired.
 * @left_count: how many entries it has; no more buffers are used at once
 * @reserved: must be 0
 * @out_bytes: by how much the source moved on: bytes accepted by the sink;
 *	with several, the least that was accepted by one that did not fail, or
 *	if all failed, what the last of them accepted. Always the contiguous
 *	prefix.
 * @out_left_bytes: bytes taken from a stream but not accepted: with several
 *	sinks that did not fail, by the one that got least
 * @out_error: 0, or the errno that ended the transfer early: of the source, of
 *	a signal, or else of the first sink in the array that failed, also if
 *	others went on
 * @out_left_count: entries set
 *
 * With several sinks the source is read once, and each takes the same pages at
 * its own pace, as far apart as @depth allows, with counts and an error of its
 * own. One that fails does not stop the others, unless
 * ZCDEV_TRANSFER_FAIL_FAST is set; but what its peer has not taken stays out,
 * and if those are all buffers, the others wait for them. Two sinks must not
 * write to one place.
 *
 * A peer on this machine can keep what it was given by reference for as long as
 * it lives, also when its connection is gone: by splicing it into a pipe of its
 * own. Who serves peers that may take a whole pool in that way gives each a
 * pool of its own, or has them sent copies: @copy_below of their end.
 *
 * A pool as the source lends its own buffers: nothing is read or staged, and
 * until ZCDEV_BUF_WAIT returns whoever writes to the range may change what is
 * sent. A pool as the sink lends its buffers to the source, which fills them in
 * place: it is for the caller to see to it (ZCDEV_BUF_WAIT) that nobody needs
 * what was there. It bounds a transfer without a length to its own end. From
 * one pool to another the CPU copies. In all other cases bytes are staged in the
 * pool of this open file; without one, the default one is made first.
 *
 * Sockets, pipes and character devices as the source are streams: they give
 * what they have, by copy, and the transfer waits for more, without holding a
 * buffer, until their end. Bytes beyond @len are never taken from them.
 *
 * If anything moved the ioctl returns 0 and says in @out_bytes how much and in
 * @out_error what stopped it; if nothing moved, nor was taken from a stream, it
 * returns the error, and an end that is to blame has it in its out_error. A
 * file that was extended ends with the last byte accepted. The transfer waits
 * for disks, for buffers, for data and for room. A signal ends it between
 * chunks and in the three latter waits (EINTR); what a disk was asked for is
 * always waited for. If nothing moved it is restarted as recv(2) is: by a handler
 * with SA_RESTART, or if there is no handler; not if a socket has a timeout. On a
 * non-blocking socket or pipe it stops with EAGAIN instead, and with a timeout of
 * the socket (SO_SNDTIMEO, SO_RCVTIMEO) when that has passed. No SIGPIPE is sent.
 * The data is in the file when the ioctl returns, as after write(2), not on the
 * platter: fsync(2) does that.
 *
 * If the memory for the results, which is written once before, can no longer be
 * written at the end, it returns EFAULT although bytes moved.
 *
 * From one file to one other, the file system is asked first to share the blocks
 * between them (as FICLONERANGE does) or to have its server copy them; neither
 * needs a pool. Not with O_APPEND, header, trailer, @rate, @chunk, nor if an end
 * has ZCDEV_END_DIRECT or ZCDEV_END_BUFFERED. What is left moves as always.
 *
 * Errors: all above but EDQUOT, EEXIST and ENXIO where a pool exists; EINVAL
 * also for overlapping ranges of one file or pool, for a pipe that would be sent
 * what comes from it, and for an explicit offset in a file that is open with
 * O_APPEND; ESPIPE for an explicit offset in a stream.
 */
struct zcdev_transfer {
	__u32 size;
	__u32 flags;
	__aligned_u64 len;
	__aligned_u64 ends;
	__u32 end_size;
	__u32 sink_count;
	__u32 chunk;
	__u32 depth;
	__aligned_u64 header;
	__aligned_u64 trailer;
	__u32 header_count;
	__u32 trailer_count;
	__aligned_u64 rate;
	__aligned_u64 latency_ns;
	__aligned_u64 left;
	__u32 left_count;
	__u32 reserved;
	__aligned_u64 out_bytes;
	__aligned_u64 out_left_bytes;
	__s32 out_error;
	__u32 out_left_count;
};

/**
 * struct zcdev_buf_wait - wait until nobody else references a range of the pool
 * @size: sizeof(struct zcdev_buf_wait)
 * @flags: must be 0
 * @offset: of the range in the pool, bytes
 * @len: of the range, bytes; whole buffers are looked at
 * @timeout_ns: how long to wait, ns; 0 looks once, ~0 waits for ever
 *
 * What was sent from the pool, or is being read or written there with O_DIRECT,
 * io_uring or MSG_ZEROCOPY, is referenced until it is done. There is no
 * notification: the kernel looks, at first every 50 us, then every 2 ms. A
 * memory-locked or forked mapping is not a reference. A signal ends the wait; one
 * without a timeout is restarted as recv(2) is.
 *
 * Errors: E2BIG, EFAULT, EINTR, EINVAL (also a range beyond the pool), ENXIO,
 * ETIMEDOUT.
 */
struct zcdev_buf_wait {
	__u32 size;
	__u32 flags;
	__aligned_u64 offset;
	__aligned_u64 len;
	__aligned_u64 timeout_ns;
};

/**
 * struct zcdev_buf_acquire - take buffers for the program
 * @size: sizeof(struct zcdev_buf_acquire)
 * @flags: must be 0
 * @indices: address of an array of __u32: set to the index of each buffer
 * @timeout_ns: how long to wait until there is at least one, ns; 0 for not at
 *	all, ~0 for ever
 * @count: how many buffers, at least 1
 * @out_count: how many were taken
 *
 * Buffers that are free become *acquired*: no transfer stages bytes in them
 * until ZCDEV_BUF_RELEASE. As many as there are, up to @count; it waits only
 * for the first. What they contain is what was last in them. Any process that
 * shares the pool can release them; one that dies leaves them acquired. A
 * transfer that finds no buffer left waits until there is one. Signals are as
 * with ZCDEV_BUF_WAIT.
 *
 * Errors: E2BIG, EBADF, EFAULT (nothing is acquired), EINTR, EINVAL, ENOMEM,
 * ENXIO, ETIMEDOUT.
 */
struct zcdev_buf_acquire {
	__u32 size;
	__u32 flags;
	__aligned_u64 indices;
	__aligned_u64 timeout_ns;
	__u32 count;
	__u32 out_count;
};

/**
 * struct zcdev_buf_release - give acquired buffers back
 * @size: sizeof(struct zcdev_buf_release)
 * @flags: must be 0
 * @indices: address of an array of __u32: the buffers
 * @count: how many, at least 1, at most the buffers of the pool
 * @reserved: must be 0
 *
 * All or none. They may still be referenced from outside: nothing is staged in
 * them until that is over.
 *
 * Errors: E2BIG, EBADF, EFAULT, EINVAL (also a buffer that is not acquired, or
 * named twice), ENOMEM, ENXIO.
 */
struct zcdev_buf_release {
	__u32 size;
	__u32 flags;
	__aligned_u64 indices;
	__u32 count;
	__u32 reserved;
};

#endif /* _UAPI_LINUX_ZCDEV_H */
