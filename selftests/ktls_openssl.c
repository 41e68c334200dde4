// SPDX-License-Identifier: GPL-2.0
/* timeout: 120 */
/*
 * A kTLS socket that OpenSSL has set up, with "openssl s_client" at the other
 * end, and zcdevctl in between, which only gets a descriptor: what one side
 * says in clear arrives in clear at the other.
 */
#include "zc_sock.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/wait.h>

#define SIZE	(3 * MiB + 77)
#define PORT	7300

static SSL_CTX *ctx;

static void sh(const char *command)
{
	if (system(command))
		fail_msg("failed: %s", command);
}

static int set_up(void **state)
{
	(void)state;
	sh("modprobe -qa tls gcm ghash-generic ctr; "
	   "printf '[req]\\ndistinguished_name = dn\\n[dn]\\n' >conf; "
	   "openssl req -config conf -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
	   "-subj /CN=zc -keyout key -out cert -days 1 >log 2>&1 || { sed 's/^/# /' log; false; }");
	sh("head -c 3145805 /dev/urandom >src");
	ctx = SSL_CTX_new(TLS_server_method());
	assert_non_null(ctx);
	SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS);
	assert_int_equal(SSL_CTX_use_certificate_file(ctx, "cert", SSL_FILETYPE_PEM), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, "key", SSL_FILETYPE_PEM), 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	SSL_CTX_free(ctx);
	return 0;
}

/* In a child, with these as standard input and output. */
static pid_t spawn(const char *command, const char *in, const char *out)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	dup2(open(in, O_RDONLY), 0);
	dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static void reap(pid_t pid, const char *who)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail_msg("%s: status %x", who, status);
}

static int door(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* s_client, with @in to say and @out for what it hears, and our end of it. */
static SSL *meet(const char *version, const char *in, const char *out, pid_t *client)
{
	int listener = door(), fd;
	char command[128];
	SSL *ssl;

	snprintf(command, sizeof(command),
		 "exec openssl s_client -quiet %s -connect 127.0.0.1:%d 2>>log", version, PORT);
	*client = spawn(command, in, out);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	close(listener);
	ssl = SSL_new(ctx);
	assert_non_null(ssl);
	SSL_set_fd(ssl, fd);
	assert_int_equal(SSL_accept(ssl), 1);
	return ssl;
}

static void part(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

static void expect_word(const char *path, const char *word)
{
	char command[128];

	snprintf(command, sizeof(command), "grep -q '%s' %s", word, path);
	if (system(command)) {
		snprintf(command, sizeof(command), "sed 's/^/# /' %s", path);
		sh(command);
		fail_msg("no %s in %s", word, path);
	}
}

static void check_send(const char *version)
{
	char command[64];
	pid_t client;
	SSL *ssl = meet(version, "/dev/null", "got", &client);

	assert_true(BIO_get_ktls_send(SSL_get_wbio(ssl)));
	snprintf(command, sizeof(command), "zcdevctl transfer -j src fd:%d", SSL_get_fd(ssl));
	reap(spawn(command, "/dev/null", "report"), command);
	part(ssl);
	reap(client, "s_client");
	sh("cmp src got");
	expect_word("report", "\"kind\": \"ktls\"");
	expect_word("report", "\"transform\"");
	expect_word("report", "\"encrypted\"");
	expect_word("report", "\"copied\": 3145805");
}

static void test_send(void **state)
{
	(void)state;
	check_send("-tls1_2");
	check_send("-tls1_3");
}

/* All that was asked for, and not the alert that comes after it. */
static void test_receive(void **state)
{
	char command[64];
	pid_t client;
	SSL *ssl = meet("-tls1_2", "src", "/dev/null", &client);

	(void)state;
	assert_true(BIO_get_ktls_recv(SSL_get_rbio(ssl)));
	snprintf(command, sizeof(command), "zcdevctl transfer -j -s %lu fd:%d got",
		 (unsigned long)SIZE, SSL_get_fd(ssl));
	unlink("got");
	reap(spawn(command, "/dev/null", "report"), command);
	part(ssl);
	waitpid(client, NULL, 0);
	sh("cmp src got");
	expect_word("report", "\"kind\": \"ktls\"");
	expect_word("report", "\"transform\"");
	expect_word("report", "\"left\": 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_receive),
	};

	return cmocka_run_group_tests_name("ktls_openssl", tests, set_up, tear_down);
}
