// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever is not one of our ioctls is ENOTTY, with any argument; and what the
 * mode of the open file forbids is EBADF.
 */
#include <termios.h>

#include "abi.h"

static void numbers(void **state)
{
	const struct abi_call *call = *state;
	struct abi_ioctl other = *call->ioctl;
	struct abi_call try = { &other, call->compat };
	int fd = abi_open(call->ioctl);
	union abi_arg *arg = abi_fill(call);

	for (unsigned int nr = ABI_IOCTLS; nr < 256; nr++) {
		other.cmd = _IO(ZCDEV_IOC_TYPE, nr);
		zc_assert_errno(abi_do(&try, fd, arg), ENOTTY, "number %u", nr);
		zc_assert_errno(abi_do(&try, fd, NULL), ENOTTY, "no arg %u", nr);
	}
	for (unsigned int type = 0; type < 256; type++) {
		other.cmd = _IO(type, _IOC_NR(call->ioctl->cmd));
		/* Some of type 0 are answered before they get to us. */
		if (type == 0 || type == ZCDEV_IOC_TYPE)
			continue;
		zc_assert_errno(abi_do(&try, fd, arg), ENOTTY, "type %#x", type);
	}
	close(fd);
}

static void directions(void **state)
{
	static const unsigned int dirs[] = {
		_IOC_NONE, _IOC_READ, _IOC_WRITE, _IOC_READ | _IOC_WRITE,
	};
	const struct abi_call *call = *state;
	const unsigned int sizes[] = { 0, 4, call->ioctl->size, 0x3fff };
	struct abi_ioctl other = *call->ioctl;
	struct abi_call try = { &other, call->compat };
	int fd = abi_open(call->ioctl);
	union abi_arg *arg = abi_fill(call);

	for (int i = 1; i < 4 * 4; i++) {
		other.cmd = _IOC(dirs[i / 4], ZCDEV_IOC_TYPE,
				 _IOC_NR(call->ioctl->cmd), sizes[i % 4]);
		zc_assert_errno(abi_do(&try, fd, arg), ENOTTY, "%#x",
				other.cmd);
	}
	close(fd);
}

static void terminal(void **state)
{
	struct termios t;
	int fd = zc_open(), n;

	(void)state;
	zc_assert_errno(zc_errno(ioctl(fd, TCGETS, &t)), ENOTTY, "TCGETS");
	zc_assert_errno(zc_errno(ioctl(fd, FIONREAD, &n)), ENOTTY, "FIONREAD");
	assert_false(isatty(fd));
	close(fd);
}

/* Whether this call may be made on a file open in this mode. */
static void mode(void **state)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };
	const struct abi_call *call = *state;
	bool look = call->ioctl->cmd == ZCDEV_QUERY ||
		    call->ioctl->cmd == ZCDEV_POOL_INFO ||
		    call->ioctl->cmd == ZCDEV_BUF_WAIT;
	/* A transfer makes its own. */
	bool pool = call->ioctl->pool && call->ioctl->cmd != ZCDEV_TRANSFER;

	for (int i = 0; i < 3; i++) {
		int fd = open("/dev/zcdev", modes[i] | O_CLOEXEC);
		union abi_arg *arg = abi_fill(call);
		int want = !look && modes[i] != O_RDWR ? EBADF :
			   pool ? ENXIO : 0;

		assert_true(fd >= 0);
		zc_assert_errno(abi_do(call, fd, arg), want, "mode %d", i);
		/* Before the argument is looked at. */
		if (want == EBADF)
			zc_assert_errno(abi_do(call, fd, NULL), EBADF, "NULL");
		close(fd);
	}
}

static void no_io(void **state)
{
	const struct abi_call *call = *state;
	int fd = open("/dev/zcdev", O_PATH | O_CLOEXEC);

	zc_assert_errno(abi_do(call, fd, abi_fill(call)), EBADF, "O_PATH");
	close(fd);
	zc_assert_errno(abi_do(call, fd, abi_fill(call)), EBADF, "closed");
}

int main(void)
{
	static const struct abi_rule rules[] = {
		{ "other numbers and types are ENOTTY", numbers, NULL },
		{ "other directions and sizes are ENOTTY", directions, NULL },
		{ "the device is no terminal", terminal, "QUERY" },
		{ "needs the mode that the header says", mode, NULL },
		{ "an O_PATH or closed descriptor is EBADF", no_io, NULL },
	};

	return ABI_RUN(rules);
}
