// SPDX-License-Identifier: GPL-2.0
/*
 * The memory is accepted wherever the kernel takes pages of a program instead
 * of copying: O_DIRECT, vmsplice, MSG_ZEROCOPY, another process. And while it
 * has them, POOL_INFO says in flight.
 */
#include <netinet/in.h>
#include <poll.h>

#include "zc_mem.h"

#define BUF	(256 * KiB)
#define POOL	(4 * BUF)

static void direct_read(void **state)
{
	int fd = zc_open_pool(4, BUF), file;
	unsigned char *map = zc_map(fd, POOL);

	(void)state;
	close(zc_make_file("data", POOL, 1));
	file = open("data", O_RDONLY | O_DIRECT | O_CLOEXEC);
	assert_true(file >= 0);
	/* Across buffers, and at odd blocks. */
	assert_int_equal(pread(file, map, POOL, 0), POOL);
	assert_int_equal(zc_differs(map, POOL, 1, 0), POOL);
	assert_int_equal(pread(file, map + BUF - 512, 4096, 8192), 4096);
	assert_int_equal(zc_differs(map + BUF - 512, 4096, 1, 8192), 4096);
	assert_int_equal(zc_in_flight(fd), 0);
	close(file);
	unlink("data");
	munmap(map, POOL);
	close(fd);
}

static void direct_write(void **state)
{
	int fd = zc_open_pool(4, BUF);
	unsigned char *map = zc_map(fd, POOL);
	int file = open("data", O_RDWR | O_DIRECT | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(file >= 0);
	zc_fill(map, POOL, 2, 0);
	assert_int_equal(pwrite(file, map, POOL, 0), POOL);
	assert_int_equal(pwrite(file, map + BUF - 4096, 8192, POOL), 8192);
	close(file);
	file = open("data", O_RDONLY | O_CLOEXEC);
	zc_check_range(file, 0, POOL, 2, 0);
	zc_check_range(file, POOL, 8192, 2, BUF - 4096);
	assert_int_equal(zc_in_flight(fd), 0);
	close(file);
	unlink("data");
	munmap(map, POOL);
	close(fd);
}

static void in_a_pipe(void **state)
{
	int fd = zc_open_pool(4, BUF), p[2];
	unsigned char *map = zc_map(fd, POOL), byte;
	struct iovec iov[] = {
		{ map + 5, 1 }, { map + BUF, 4096 }, { map + 2 * BUF, 1 },
	};

	(void)state;
	zc_fill(map, POOL, 3, 0);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(zc_in_flight(fd), 0);
	assert_int_equal(vmsplice(p[1], iov, 3, 0), 4098);
	assert_int_equal(zc_in_flight(fd), 3);
	/* By reference: what is written now is what will be read. */
	map[5] = 0x77;
	assert_int_equal(read(p[0], &byte, 1), 1);
	assert_int_equal(byte, 0x77);
	assert_int_equal(zc_in_flight(fd), 2);
	/* Without a mapping it is just the same. */
	munmap(map, POOL);
	assert_int_equal(zc_in_flight(fd), 2);
	map = zc_map(fd, POOL);
	assert_int_equal(zc_in_flight(fd), 2);
	close(p[0]);
	close(p[1]);
	assert_int_equal(zc_in_flight(fd), 0);
	munmap(map, POOL);
	close(fd);
}

/*
 * Given away or not, the pages stay ours: nobody can steal them into a page
 * cache, and they are used again.
 */
static void gifts(void **state)
{
	int fd = zc_open_pool(4, BUF), p[2];
	int file = open("data", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	unsigned char *map = zc_map(fd, POOL);
	struct iovec iov = { map + BUF, 4 * ZC_PAGE };
	uint64_t pfn = zc_pfn(map + BUF);

	(void)state;
	zc_fill(map, POOL, 5, 0);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(vmsplice(p[1], &iov, 1, SPLICE_F_GIFT), 4 * ZC_PAGE);
	assert_int_equal(zc_in_flight(fd), 1);
	assert_int_equal(splice(p[0], NULL, file, NULL, 4 * ZC_PAGE,
				SPLICE_F_MOVE), 4 * ZC_PAGE);
	assert_true(zc_wait_until(5, !zc_in_flight(fd)));
	zc_check_range(file, 0, 4 * ZC_PAGE, 5, BUF);
	/* The file has its own pages, and we have ours. */
	memset(map + BUF, 0, BUF);
	zc_check_range(file, 0, 4 * ZC_PAGE, 5, BUF);
	assert_int_equal(madvise(map, POOL, MADV_DONTNEED), 0);
	assert_int_equal(map[BUF], 0);
	assert_int_equal(zc_pfn(map + BUF), pfn);
	assert_int_equal(ftruncate(file, 0), 0);
	close(file);
	close(p[0]);
	close(p[1]);
	munmap(map, POOL);
	close(fd);
}

/* Bytes stay readable when everything of the pool is closed. */
static void outlived_by_a_pipe(void **state)
{
	int fd = zc_open_pool(4, BUF), look = zc_open(), p[2];
	unsigned char *map = zc_map(fd, POOL), read_back[8192];
	struct iovec iov = { map + BUF - 4096, 8192 };

	(void)state;
	zc_fill(map, POOL, 4, 0);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(vmsplice(p[1], &iov, 1, 0), 8192);
	munmap(map, POOL);
	close(fd);
	assert_int_equal(zc_total_bytes(look), 2 * BUF);
	/* Whoever gets new memory now does not get that. */
	fd = zc_open_pool(64, BUF);
	map = zc_map(fd, 64 * BUF);
	memset(map, 0xee, 64 * BUF);
	assert_int_equal(read(p[0], read_back, 8192), 8192);
	assert_int_equal(zc_differs(read_back, 8192, 4, BUF - 4096), 8192);
	munmap(map, 64 * BUF);
	close(fd);
	close(p[0]);
	close(p[1]);
	assert_true(zc_wait_until(20, zc_total_bytes(look) == 0));
	close(look);
}

static int tcp_pair(int pair[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (void *)&addr, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (void *)&addr, &len), 0);
	pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(pair[0], (void *)&addr, len), 0);
	pair[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(pair[1] >= 0);
	return close(listener);
}

static void msg_zerocopy(void **state)
{
	int fd = zc_open_pool(4, BUF), pair[2], one = 1;
	unsigned char *map = zc_map(fd, POOL), *copy = malloc(BUF);
	char control[128];
	struct msghdr msg = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct pollfd p;

	(void)state;
	zc_fill(map, POOL, 8, 0);
	assert_int_equal(tcp_pair(pair), 0);
	assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_ZEROCOPY, &one,
				    sizeof(one)), 0);
	assert_int_equal(send(pair[0], map + BUF / 2, BUF, MSG_ZEROCOPY), BUF);
	assert_int_equal(recv(pair[1], copy, BUF, MSG_WAITALL), BUF);
	assert_int_equal(zc_differs(copy, BUF, 8, BUF / 2), BUF);
	/* It was taken as zero-copy: there is a completion. */
	p = (struct pollfd) { .fd = pair[0] };
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_true(recvmsg(pair[0], &msg, MSG_ERRQUEUE) >= 0);
	close(pair[0]);
	close(pair[1]);
	assert_true(zc_wait_until(5, !zc_in_flight(fd)));
	free(copy);
	munmap(map, POOL);
	close(fd);
}

static void queued_by_reference(void **state)
{
	int fd = zc_open_pool(4, BUF), pair[2];
	unsigned char *map = zc_map(fd, POOL), copy[8192];

	(void)state;
	zc_fill(map, POOL, 9, 0);
	assert_int_equal(tcp_pair(pair), 0);
	assert_int_equal(zc_queue(pair[0], map + BUF - 4096, 8192), 0);
	assert_int_equal(zc_in_flight(fd), 2);
	assert_int_equal(recv(pair[1], copy, sizeof(copy), MSG_WAITALL),
			 sizeof(copy));
	assert_int_equal(zc_differs(copy, sizeof(copy), 9, BUF - 4096),
			 sizeof(copy));
	close(pair[0]);
	close(pair[1]);
	assert_true(zc_wait_until(5, !zc_in_flight(fd)));
	munmap(map, POOL);
	close(fd);
}

struct remote {
	pid_t pid;
	unsigned char *map;
};

/* Read the parent's mapping, which the child has not, and write to it. */
static int remote_access(void *arg)
{
	static unsigned char copy[POOL];
	struct remote *r = arg;
	struct iovec here = { copy, POOL }, there = { r->map, POOL };

	munmap(r->map, POOL);
	if (process_vm_readv(r->pid, &here, 1, &there, 1, 0) != (ssize_t)POOL)
		return errno;
	if (zc_differs(copy, POOL, 11, 0) != POOL)
		return ENODATA;
	zc_fill(copy, POOL, 12, 0);
	if (process_vm_writev(r->pid, &here, 1, &there, 1, 0) != (ssize_t)POOL)
		return errno;
	return 0;
}

static void process_vm(void **state)
{
	int fd = zc_open_pool(4, BUF), ret;
	struct remote r = { getpid(), zc_map(fd, POOL) };

	(void)state;
	zc_fill(r.map, POOL, 11, 0);
	ret = zc_child(remote_access, &r);
	if (ret == ENOSYS)
		skip();
	zc_assert_errno(ret, 0, "process_vm_readv, process_vm_writev");
	assert_int_equal(zc_differs(r.map, POOL, 12, 0), POOL);
	assert_int_equal(zc_in_flight(fd), 0);
	munmap(r.map, POOL);
	close(fd);
	zc_assert_no_pools();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("O_DIRECT reads into it", direct_read),
		ZC_TEST("O_DIRECT writes from it", direct_write),
		ZC_TEST("pages in a pipe are in flight", in_a_pipe),
		ZC_TEST("vmsplice as a gift, moved into a file", gifts),
		ZC_TEST("pages in a pipe outlive the pool unharmed",
			outlived_by_a_pipe),
		ZC_TEST("MSG_ZEROCOPY sends it", msg_zerocopy),
		ZC_TEST("pages in a TCP queue are in flight",
			queued_by_reference),
		ZC_TEST("process_vm_readv and writev reach it", process_vm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
