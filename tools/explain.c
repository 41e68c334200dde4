// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "device.h"
#include "explain.h"
#include "kmod.h"

struct hint {
	int err;
	const char *text;
};

static const char load_module[] = "load the module with 'modprobe zcdev'";
static const char not_zcdev[] = "this is not a zcdev device; load the module with 'modprobe zcdev'";
static const char too_old[] = "the loaded module is older than this zcdevctl; load the one that came with it";
static const char inherit[] = "a shell opens one by redirection, such as 3<FILE or 4>FILE";
static const char no_pool[] = "that open file of the device has no pool yet; move something into it first";
static const char bug[] = "please report this as a bug of zcdevctl";

static const struct hint device_hints[] = {
	{ ENOENT, load_module },
	{ ENXIO, load_module },
	{ ENODEV, load_module },
	{ EACCES, "it takes root or membership in the group zcdev" },
	{ EPERM, "it takes root or membership in the group zcdev" },
	{ EROFS, "the device must be writable" },
	{ EISDIR, not_zcdev },
	{ ENOTDIR, load_module },
	{ }
};

static const struct hint ioctl_hints[] = {
	{ ENOTTY, not_zcdev },
	{ E2BIG, too_old },
	{ EINVAL, too_old },
	{ EFAULT, bug },
	{ }
};

static const struct hint pool_hints[] = {
	{ ENOTTY, not_zcdev },
	{ E2BIG, too_old },
	{ EDQUOT, "raise the limit on locked memory (ulimit -l), or ask for less with --depth and --chunk" },
	{ ENOSPC, "the administrator's cap on pools is reached; ask for less with --depth and --chunk" },
	{ ENOMEM, "memory is short; ask for less with --depth and --chunk" },
	{ EINVAL, "buffers are powers of two from the page size to 4M, and a pool has a cap; see 'zcdevctl query'" },
	{ EOVERFLOW, "ask for less with --depth and --chunk" },
	{ EBADF, bug },
	{ EEXIST, bug },
	{ EFAULT, bug },
	{ EINTR, "a signal came in between" },
	{ }
};

static const struct hint open_blob_hints[] = {
	{ ENOENT, "check the name" },
	{ EACCES, "you may not read it" },
	{ EISDIR, "name a file in it" },
	{ ENOMEM, "memory is short" },
	{ }
};

static const struct hint open_source_hints[] = {
	{ ENOENT, "check the name; sockets are tcp:HOST:PORT or unix:PATH" },
	{ EBADF, inherit },
	{ EACCES, "you may not read it" },
	{ EISDIR, "a transfer takes one file; pack it with tar and move that" },
	{ ENXIO, "a UNIX socket is written unix:PATH" },
	{ EMFILE, "raise the limit on open files (ulimit -n)" },
	{ }
};

static const struct hint open_sink_hints[] = {
	{ EBADF, inherit },
	{ ENOENT, "create the directory first" },
	{ ENOTDIR, "check the path" },
	{ EACCES, "you may not write there" },
	{ EPERM, "the file is immutable or append-only (see lsattr)" },
	{ EISDIR, "name a file in it" },
	{ EROFS, "choose another place, or remount it writable" },
	{ ENXIO, "a UNIX socket is written unix:PATH; a FIFO needs a reader" },
	{ ETXTBSY, "it is a program that is running; write to a new file and rename it" },
	{ ENOSPC, "make room on its file system" },
	{ EDQUOT, "the owner's disk quota is used up" },
	{ EINVAL, "its file system cannot do this" },
	{ EMFILE, "raise the limit on open files (ulimit -n)" },
	{ }
};

static const struct hint connect_hints[] = {
	{ ECONNREFUSED, "nobody listens there" },
	{ ENOENT, "nobody listens there" },
	{ ETIMEDOUT, "check the address and the firewall" },
	{ EHOSTUNREACH, "check the address and the routes" },
	{ ENETUNREACH, "check the address and the routes" },
	{ EACCES, "you may not connect to it" },
	{ EPROTOTYPE, "the socket is not of the stream kind" },
	{ ENOTSOCK, "that is no socket" },
	{ ECONNRESET, "nobody listens there" },
	{ ENODEV, "no virtual machine has that CID; this machine is 1, its host is 2" },
	{ EAFNOSUPPORT, "this machine does not speak that protocol" },
	{ }
};

static const struct hint listen_hints[] = {
	{ EADDRINUSE, "choose another port, or remove the stale socket if nobody listens there" },
	{ EADDRNOTAVAIL, "this machine does not have that address" },
	{ EACCES, "ports below 1024 and other people's directories need privileges" },
	{ ENOENT, "create the directory first" },
	{ EAFNOSUPPORT, "this machine does not speak that protocol" },
	{ }
};

static const struct hint sync_hints[] = {
	{ EIO, "the disk failed; do not trust the copy, and see the kernel log" },
	{ ENOSPC, "make room on its file system and start again" },
	{ EDQUOT, "the owner's disk quota is used up" },
	{ EACCES, "the directory cannot be opened to sync it; --no-sync skips that" },
	{ }
};

static const struct hint read_hints[] = {
	{ EIO, "the disk could not read it; see the kernel log" },
	{ EISDIR, "a transfer takes one file; pack it with tar and move that" },
	{ EBADF, "it is not open for reading" },
	{ EINVAL, "its file system refuses to read there; try --via buffered" },
	{ ECONNRESET, "the sender broke the connection off" },
	{ ETIMEDOUT, "the sender stopped answering" },
	{ ENOTCONN, "the socket is not connected" },
	{ ESPIPE, "only files and block devices have offsets" },
	{ ENXIO, no_pool },
	{ EAGAIN, "it is non-blocking, or has a receive timeout, and had nothing ready" },
	{ EOPNOTSUPP, "it would be copied, and --strict or --via direct forbids that" },
	{ ENODATA, "the disk could not read it; see the kernel log" },
	{ EOVERFLOW, "the offset plus the size is beyond what a file can have" },
	{ }
};

static const struct hint write_hints[] = {
	{ EPIPE, "the receiver has closed the connection" },
	{ ECONNRESET, "the receiver broke the connection off" },
	{ ETIMEDOUT, "the receiver stopped answering" },
	{ EHOSTUNREACH, "check the routes to the receiver" },
	{ ENOTCONN, "the socket is not connected" },
	{ ENOSPC, "make room on its file system, or the device is full" },
	{ EDQUOT, "the owner's disk quota is used up" },
	{ EFBIG, "its file system or the limit on file sizes (ulimit -f) allows no more" },
	{ EIO, "the disk could not write it; see the kernel log" },
	{ EROFS, "it has become read-only; see the kernel log" },
	{ EISDIR, "name a file in it" },
	{ EBADF, "it is not open for writing" },
	{ EINVAL, "it is open for appending and takes no offset, or its file system refuses to write there" },
	{ EPERM, "the file is sealed, immutable or append-only, or a device is in use" },
	{ ETXTBSY, "it is in use as a program or as swap" },
	{ ESPIPE, "only files and block devices have offsets" },
	{ ENXIO, no_pool },
	{ EAGAIN, "it is non-blocking or has a send timeout, and took no more" },
	{ EOPNOTSUPP, "it would be copied, and --strict or --via direct forbids that" },
	{ EOVERFLOW, "the offset plus the size is beyond what a file can have" },
	{ }
};

static const struct hint move_hints[] = {
	{ EINTR, "a signal ended it" },
	{ EINVAL, "the ranges overlap in one file, an offset was given for a file that is open for appending, or a value is out of its range" },
	{ E2BIG, too_old },
	{ ENOTTY, not_zcdev },
	{ EBADF, "standard input must be open for reading and standard output for writing" },
	{ EISDIR, "a transfer takes one file; pack it with tar and move that" },
	{ ENOTCONN, "a socket is not connected" },
	{ ESPIPE, "only files and block devices have offsets" },
	{ EOVERFLOW, "the offset plus the size is beyond what a file can have" },
	{ ENOMEM, "memory is short" },
	{ EIO, "a disk failed; see the kernel log" },
	{ ENOSPC, "make room on the file system of the sink" },
	{ EPIPE, "the receiver has closed the connection" },
	{ ECONNRESET, "the connection was broken off" },
	{ ETIMEDOUT, "the other side stopped answering" },
	{ EFBIG, "the file system or the limit on file sizes (ulimit -f) allows no more" },
	{ ETXTBSY, "an end is in use as a program or as swap" },
	{ EAGAIN, "an end is non-blocking and was not ready" },
	{ EPERM, "the file is sealed, immutable or append-only, or a device is in use" },
	{ EFAULT, bug },
	{ ENXIO, bug },
	{ }
};

/* A row per enum explain: how the sentence begins, and how it can end. */
static const struct {
	const char *before;
	const char *after;
	enum status status;
	const struct hint *hints;
} contexts[EXPLAIN_COUNT] = {
	[EXPLAIN_DEVICE] = { "cannot open ", "", STATUS_NO_DEVICE, device_hints },
	[EXPLAIN_IOCTL] = { "cannot ask ", "", STATUS_FAILED, ioctl_hints },
	[EXPLAIN_POOL] = { "cannot make a pool of ", "", STATUS_FAILED, pool_hints },
	[EXPLAIN_OPEN_BLOB] = { "cannot read ", "", STATUS_FAILED, open_blob_hints },
	[EXPLAIN_OPEN_SOURCE] = { "cannot open ", "", STATUS_FAILED, open_source_hints },
	[EXPLAIN_OPEN_SINK] = { "cannot write to ", "", STATUS_FAILED, open_sink_hints },
	[EXPLAIN_CONNECT] = { "cannot connect to ", "", STATUS_FAILED, connect_hints },
	[EXPLAIN_LISTEN] = { "cannot listen on ", "", STATUS_FAILED, listen_hints },
	[EXPLAIN_SYNC] = { "cannot sync ", "", STATUS_FAILED, sync_hints },
	[EXPLAIN_READ] = { "reading ", " failed", STATUS_FAILED, read_hints },
	[EXPLAIN_WRITE] = { "writing ", " failed", STATUS_FAILED, write_hints },
	[EXPLAIN_MOVE] = { "cannot move ", "", STATUS_FAILED, move_hints },
};

static const char *find_hint(const struct hint *hint, int err)
{
	for (; hint->text; hint++) {
		if (hint->err == err)
			return hint->text;
	}
	return NULL;
}

/* There is no device where it should be: the module can tell why. */
static int explain_module(struct fault *f, int err)
{
	struct kmod_report report;

	kmod_report(&report);
	fault_set(f, STATUS_NO_DEVICE, "cannot open " DEVICE_PATH ": %s; %s%s", strerror(err),
		  report.text, report.state > KMOD_OUTDATED ? "" :
		  ", but its device is not here; a container has to be given it");
	f->err = err;
	return -1;
}

int explain(struct fault *f, enum explain what, const char *subject, int err)
{
	const char *hint = find_hint(contexts[what].hints, err);
	enum status status = contexts[what].status;

	if (hint == load_module && !strcmp(subject, DEVICE_PATH))
		return explain_module(f, err);
	/* Whatever answers so is no zcdev device, however it was opened. */
	if (hint == not_zcdev)
		status = STATUS_NO_DEVICE;
	fault_set(f, status, "%s%s%s: %s%s%s", contexts[what].before, subject,
		  contexts[what].after, strerror(err), hint ? "; " : "",
		  hint ? hint : "");
	f->err = err;
	return -1;
}

int explain_refusal(struct fault *f, const struct refusal *why)
{
	if (!why->source_served)
		return fault_set(f, STATUS_FAILED,
				 "%s is %s, which the loaded module does not take as a source; see 'zcdevctl query'",
				 why->source, why->source_what);
	if (!why->sink_served)
		return fault_set(f, STATUS_FAILED,
				 "%s is %s, which the loaded module does not take as a sink; see 'zcdevctl query'",
				 why->sink, why->sink_what);
	if (why->direct && why->guilty)
		return fault_set(f, STATUS_FAILED,
				 "%s has no direct I/O; leave out --via direct to allow copies",
				 why->guilty);
	if (why->direct)
		return fault_set(f, STATUS_FAILED,
				 "%s or %s has no direct I/O; leave out --via direct to allow copies",
				 why->source, why->sink);
	if (why->strict && why->guilty)
		return fault_set(f, STATUS_FAILED,
				 "%s would copy, at least in part, and --strict forbids that; the summary without it tells why",
				 why->guilty);
	if (why->strict)
		return fault_set(f, STATUS_FAILED,
				 "%s to %s would be copied, at least in part, and --strict forbids that; the summary without it tells why",
				 why->source, why->sink);
	return fault_set(f, STATUS_FAILED,
			 "the loaded module cannot move %s (%s) to %s (%s); see 'zcdevctl query'",
			 why->source, why->source_what, why->sink, why->sink_what);
}
