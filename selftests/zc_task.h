/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Other processes and other users.
 *
 * cmocka's assertions work in the process that runs the tests only. What runs
 * in a child says what it found by what it returns: 0 or an errno, or
 * ZC_BROKEN with a message where it could not even try.
 */
#ifndef ZC_TASK_H
#define ZC_TASK_H

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "zc.h"

#define ZC_BROKEN	255
#define ZC_NOBODY	4000	/* and above: users whom nobody else uses */

/* A test whose name is the property it shows. */
#define ZC_TEST(property, fn)	{ property, fn, NULL, NULL, NULL }

/* Two errnos are the same; if not, their names and the printf-like rest say so. */
#define zc_assert_errno(got, want, ...) do {				\
	int zc_got = (got), zc_want = (want);				\
	if (zc_got != zc_want) {					\
		print_error("%s instead of %s: ",			\
			    zc_got ? strerrorname_np(zc_got) : "0",	\
			    zc_want ? strerrorname_np(zc_want) : "0");	\
		fail_msg(__VA_ARGS__);					\
	}								\
} while (0)

/* In a child: give up if the stage cannot be set. */
#define zc_must(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "# %s:%d: %s: %s\n", __FILE__, __LINE__,	\
			#cond, strerror(errno));			\
		_exit(ZC_BROKEN);					\
	}								\
} while (0)

/* Run @fn in a child and return what it returned. */
static inline int zc_child(int (*fn)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(fn(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status))
		fail_msg("child killed by signal %d", WTERMSIG(status));
	assert_int_not_equal(WEXITSTATUS(status), ZC_BROKEN);
	return WEXITSTATUS(status);
}

/* In a child: become @uid without a single capability. */
static inline void zc_become(uid_t uid, gid_t gid, rlim_t memlock)
{
	struct rlimit limit = { memlock, memlock };

	zc_must(!setrlimit(RLIMIT_MEMLOCK, &limit));
	zc_must(!setgroups(0, NULL));
	zc_must(!setresgid(gid, gid, gid));
	zc_must(!setresuid(uid, uid, uid));
}

/* In a child: as before, but without the capability @cap. */
static inline void zc_drop_cap(int cap)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	zc_must(!syscall(SYS_capget, &hdr, data));
	data[cap / 32].effective &= ~(1U << cap % 32);
	zc_must(!syscall(SYS_capset, &hdr, data));
}

/* In a child: zc_write_file(), which asserts, is for the process of the tests. */
static inline void zc_tell(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	zc_must(fd >= 0 && write(fd, text, strlen(text)) > 0);
	close(fd);
}

/* In a child that is @uid: be root in a user namespace of one's own. */
static inline void zc_enter_userns(uid_t uid)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %u 1\n", uid);
	/* Whoever changed his uid does not own his /proc files. */
	zc_must(!prctl(PR_SET_DUMPABLE, 1));
	zc_must(!unshare(CLONE_NEWUSER));
	zc_tell("/proc/self/setgroups", "deny");
	zc_tell("/proc/self/gid_map", map);
	zc_tell("/proc/self/uid_map", map);
	zc_must(!getuid());
}

/**
 * struct zc_user - a user to run something as
 * @uid: also the group
 * @memlock: RLIMIT_MEMLOCK in bytes
 * @fn: what to run
 * @arg: of @fn
 */
struct zc_user {
	uid_t uid;
	rlim_t memlock;
	int (*fn)(void *arg);
	void *arg;
};

static inline int zc_user_main(void *arg)
{
	const struct zc_user *user = arg;

	zc_become(user->uid, user->uid, user->memlock);
	return user->fn(user->arg);
}

static inline int zc_as_user(uid_t uid, rlim_t memlock, int (*fn)(void *),
			     void *arg)
{
	struct zc_user user = { uid, memlock, fn, arg };

	return zc_child(zc_user_main, &user);
}

static inline double zc_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Poll until @cond holds, at most @seconds: the value of @cond then. */
#define zc_wait_until(seconds, cond) ({					\
	double zc_until = zc_now() + (seconds);				\
	bool zc_true;							\
	while (!(zc_true = (cond)) && zc_now() < zc_until)		\
		usleep(2000);						\
	zc_true;							\
})

/* What it does: R runs, S and D sleep, in a way that a signal does not end in D. */
static inline char zc_task_state(pid_t pid)
{
	char path[32], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	if (f)
		fclose(f);
	return state;
}

/* The kernel that the tests run on, as `run` calls it. */
static inline bool zc_kernel_is(const char *name)
{
	const char *kernel = getenv("zcdev_kernel");

	return kernel && !strcmp(kernel, name);
}

/* Everything takes several times as long there, and not in proportion. */
static inline bool zc_debug_kernel(void)
{
	return zc_kernel_is("debug") || zc_kernel_is("kcsan");
}

static inline unsigned int zc_from_env(const char *name, unsigned int otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

#define ZC_KCSAN_SECONDS	300	/* a race has to be met under watch */

/* How long what is done at random goes on, unless somebody says otherwise. */
static inline unsigned int zc_soak_seconds(unsigned int stock, unsigned int debug)
{
	unsigned int here = zc_kernel_is("kcsan") ? ZC_KCSAN_SECONDS :
			    zc_debug_kernel() ? debug : stock;

	return zc_from_env("zcdev_soak", here);
}

/* Pass @fd through the UNIX socket @sock. */
static inline void zc_send_fd(int sock, int fd)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .hdr = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct iovec iov = { "", 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};

	memcpy(CMSG_DATA(&control.hdr), &fd, sizeof(fd));
	zc_must(sendmsg(sock, &msg, 0) == 1);
}

static inline int zc_recv_fd(int sock)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};
	int fd;

	zc_must(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) == 1);
	zc_must(control.hdr.cmsg_type == SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(&control.hdr), sizeof(fd));
	return fd;
}

#endif /* ZC_TASK_H */
