/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two descriptors of every kind of stream, and somebody who writes into one.
 */
#ifndef ZC_PAIR_H
#define ZC_PAIR_H

#include "zc_sock.h"

#include <linux/tls.h>
#include <linux/vm_sockets.h>

#ifndef SOL_TLS
#define SOL_TLS	282
#endif

enum zc_pair_kind {
	ZC_PAIR_TCP,
	ZC_PAIR_UNIX,
	ZC_PAIR_PIPE,
	ZC_PAIR_VSOCK,
	ZC_PAIR_KTLS,
	ZC_PAIR_KINDS,
};

static const char *const zc_pair_names[] = {
	"TCP", "UNIX", "pipe", "vsock", "kTLS",
};

/* As the verdict names them. */
static const unsigned int zc_pair_zcdev_kinds[] = {
	ZCDEV_KIND_TCP, ZCDEV_KIND_UNIX, ZCDEV_KIND_PIPE, ZCDEV_KIND_VSOCK,
	ZCDEV_KIND_KTLS,
};

static inline void zc_vsock_pair(int fds[2])
{
	struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_ANY,
		.svm_port = VMADDR_PORT_ANY,
	};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len),
			 0);
	addr.svm_cid = VMADDR_CID_LOCAL;
	fds[0] = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fds[0] >= 0);
	assert_int_equal(connect(fds[0], (struct sockaddr *)&addr, len), 0);
	fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fds[1] >= 0);
	close(listener);
}

/* The same key at both ends: what is sent encrypted arrives decrypted. */
static inline void zc_ktls_pair(int fds[2])
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info.version = TLS_1_3_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
		.key = "0123456789abcde",
		.salt = "abc",
		.iv = "1234567",
	};
	int i;

	zc_tcp_pair(fds);
	for (i = 0; i < 2; i++) {
		assert_int_equal(setsockopt(fds[i], IPPROTO_TCP, TCP_ULP, "tls",
					    4), 0);
		assert_int_equal(setsockopt(fds[i], SOL_TLS,
					    i ? TLS_RX : TLS_TX, &info,
					    sizeof(info)), 0);
	}
}

/* fds[0] is written, and it comes out of fds[1]. */
static inline void zc_pair(enum zc_pair_kind kind, int fds[2])
{
	int swap[2];

	switch (kind) {
	case ZC_PAIR_TCP:
		zc_tcp_pair(fds);
		break;
	case ZC_PAIR_UNIX:
		zc_unix_pair(fds);
		break;
	case ZC_PAIR_VSOCK:
		zc_vsock_pair(fds);
		break;
	case ZC_PAIR_KTLS:
		zc_ktls_pair(fds);
		break;
	default:
		assert_int_equal(pipe2(swap, O_CLOEXEC), 0);
		fds[0] = swap[1];
		fds[1] = swap[0];
	}
}

/* Modules that sockets of some kinds need; once, at the begin. */
static inline int zc_pair_load(void **state)
{
	(void)state;
	return system("modprobe -q -a tls vsock_loopback");
}

/**
 * struct zc_writer - a thread that writes, and then closes
 * @fd: the socket or pipe
 * @seed: as zc_fill() makes it
 * @len: bytes to write
 * @step: bytes to write at once, 0 for many
 * @pause_us: how long to rest after each
 * @bytes: written
 * @error: errno that ended it
 */
struct zc_writer {
	int fd;
	unsigned int seed;
	uint64_t len;
	size_t step;
	unsigned int pause_us;
	uint64_t bytes;
	int error;
	pthread_t thread;
};

static inline void *zc_writer_run(void *arg)
{
	struct zc_writer *w = arg;
	size_t size = w->step ?: 256 * KiB, want;
	unsigned char *buf = malloc(size);
	ssize_t n;

	while (w->bytes < w->len) {
		want = w->len - w->bytes < size ? w->len - w->bytes : size;
		zc_fill(buf, want, w->seed, w->bytes);
		n = write(w->fd, buf, want);
		if (n < 0) {
			w->error = errno;
			break;
		}
		w->bytes += n;
		if (w->pause_us)
			usleep(w->pause_us);
	}
	close(w->fd);
	free(buf);
	return NULL;
}

static inline void zc_writer_start(struct zc_writer *w)
{
	assert_int_equal(zc_thread(&w->thread, zc_writer_run, w), 0);
}

static inline void zc_writer_join(struct zc_writer *w)
{
	assert_int_equal(pthread_join(w->thread, NULL), 0);
}

#endif /* ZC_PAIR_H */
