// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that are sent from the pool, and captured into the pool and from there
 * to disk: what AF_PACKET does with any memory it does with this.
 */
#include <sys/uio.h>

#include "zc_mem.h"
#include "zc_veth.h"

#define BUF	(64 * KiB)
#define COUNT	4
#define POOL	(COUNT * BUF)
#define SLOT	(2 * KiB)
#define FRAMES	(POOL / SLOT)

static void sends(void **state)
{
	int fd = zc_open_pool(COUNT, BUF), a, b;
	unsigned char *map = zc_map(fd, POOL), copy[ZC_FRAME_MAX];

	(void)state;
	a = zc_packet_socket("zc0");
	b = zc_packet_socket("zc1");
	for (uint32_t i = 0; i < FRAMES; i++) {
		/* Across the edge of a slot, every other time of a buffer. */
		unsigned char *frame = map + i * SLOT + SLOT / 2;
		size_t len;

		if (i == FRAMES - 1)
			frame = map;
		len = zc_frame_make(frame, i);
		assert_int_equal(send(a, frame, len, 0), len);
		assert_int_equal(recv(b, copy, sizeof(copy), 0), len);
		zc_frame_check(copy, len, i);
	}
	close(a);
	close(b);
	munmap(map, POOL);
	close(fd);
	zc_assert_no_pools();
}

/* One system call a batch, one iovec a slot: as capture programs do it. */
static void capture(int sock, unsigned char *map)
{
	struct mmsghdr msgs[FRAMES] = {};
	struct iovec iov[FRAMES];
	unsigned int got = 0;

	for (unsigned int i = 0; i < FRAMES; i++) {
		iov[i] = (struct iovec) { map + i * SLOT, SLOT };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	while (got < FRAMES) {
		int n = recvmmsg(sock, msgs + got, FRAMES - got,
				 MSG_WAITFORONE, NULL);

		assert_true(n > 0);
		got += n;
	}
	for (unsigned int i = 0; i < FRAMES; i++)
		assert_int_equal(msgs[i].msg_len, zc_frame_len(i));
}

static void check_slots(int file)
{
	unsigned char slot[SLOT];

	assert_int_equal(zc_size(file), POOL);
	for (uint32_t i = 0; i < FRAMES; i++) {
		assert_int_equal(pread(file, slot, SLOT, i * SLOT), SLOT);
		zc_frame_check(slot, SLOT, i);
	}
}

static void captures(void **state)
{
	int fd = zc_open_pool(COUNT, BUF), a, b, size = 4 * MiB, file;
	unsigned char *map = zc_map(fd, POOL), frame[ZC_FRAME_MAX];
	struct zc_xfer x;

	(void)state;
	a = zc_packet_socket("zc0");
	b = zc_packet_socket("zc1");
	assert_int_equal(setsockopt(b, SOL_SOCKET, SO_RCVBUFFORCE, &size,
				    sizeof(size)), 0);
	for (uint32_t i = 0; i < FRAMES; i++) {
		size_t len = zc_frame_make(frame, i);

		assert_int_equal(send(a, frame, len, 0), len);
	}
	capture(b, map);

	/* To disk by a transfer ... */
	file = open("capture", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	x = zc_xfer(fd, file);
	x.end[0].flags = ZCDEV_END_OFFSET;
	zc_assert_errno(zc_xfer_run(fd, &x), 0, "transfer");
	assert_int_equal(x.t.out_bytes, POOL);
	assert_int_equal(x.end[1].out_zerocopy, POOL);
	check_slots(file);
	close(file);
	/* ... and by direct I/O on the mapping. */
	file = open("direct", O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
	assert_int_equal(pwrite(file, map, POOL, 0), POOL);
	close(file);
	file = open("direct", O_RDONLY | O_CLOEXEC);
	check_slots(file);
	close(file);
	close(a);
	close(b);
	munmap(map, POOL);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ZC_TEST("AF_PACKET sends from it", sends),
		ZC_TEST("AF_PACKET captures into it, and it goes to disk",
			captures),
	};

	return cmocka_run_group_tests(tests, zc_veth_up, NULL);
}
