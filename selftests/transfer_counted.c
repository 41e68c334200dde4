// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict against what others count: sectors by the disk, pages by the
 * page cache. What claims to be direct reads and writes the disk, at once and
 * once; what is buffered fills the cache.
 */
#include "zc_disk.h"
#include "zc_sock.h"

#define MNT	"mnt"
#define SIZE	(64 * MiB)

struct counted {
	uint64_t read, written;	/* bytes, by the scratch disk */
	uint64_t cached;	/* bytes, by the page cache */
};

static struct counted count(void)
{
	const char *disk = strrchr(zc_scratch(), '/') + 1;
	unsigned long long rd, wr, kib;
	char line[256], name[32];
	struct counted c = {};
	FILE *f = fopen("/proc/diskstats", "re");

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d %*d %31s %*u %*u %llu %*u %*u %*u %llu",
			   name, &rd, &wr) == 3 && !strcmp(name, disk)) {
			c.read = rd * 512;
			c.written = wr * 512;
		}
	fclose(f);
	f = fopen("/proc/meminfo", "re");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Cached: %llu kB", &kib) == 1)
			c.cached = kib * KiB;
	fclose(f);
	return c;
}

static void assert_about(uint64_t got, uint64_t want)
{
	/* Journals and inodes are written, too; other caches come and go. */
	assert_in_range(got + 2 * MiB, want, want + 4 * MiB);
}

static int set_up(void **state)
{
	(void)state;
	zc_mount_ext4(zc_scratch(), MNT, "noinit_itable");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	closefrom(3);
	umount2(MNT, 0);
	return 0;
}

static struct counted run(int from, int to, unsigned int flags,
			  struct zc_xfer *x)
{
	struct counted before, after;
	int zc = zc_open();

	sync();
	*x = zc_xfer(from, to);
	x->end[0].flags = flags;
	x->end[1].flags = flags;
	before = count();
	assert_int_equal(zc_xfer_run(zc, x), 0);
	after = count();
	close(zc);
	assert_int_equal(x->t.out_bytes, SIZE);
	after.read -= before.read;
	after.written -= before.written;
	/* It may shrink a little. */
	after.cached = after.cached > before.cached ?
		       after.cached - before.cached : 0;
	printf("read %lu written %lu cached %lu KiB\n", after.read / KiB,
	       after.written / KiB, after.cached / KiB);
	return after;
}

static void direct_bytes_pass_the_disk_and_not_the_cache(void **state)
{
	int src = zc_make_file(MNT "/src", SIZE, 1);
	int dst = zc_make_file(MNT "/dst", 0, 2);
	struct zc_xfer x;
	struct counted c = run(src, dst, 0, &x);

	(void)state;
	assert_int_equal(x.end[0].out_zerocopy, SIZE);
	assert_int_equal(x.end[1].out_zerocopy, SIZE);
	assert_about(c.read, SIZE);
	assert_about(c.written, SIZE);
	assert_about(c.cached, 0);
}

static void buffered_bytes_pass_the_cache(void **state)
{
	int src = zc_make_file(MNT "/src", SIZE, 1);
	int dst = zc_make_file(MNT "/dst", 0, 2);
	struct zc_xfer x;
	struct counted c = run(src, dst, ZCDEV_END_BUFFERED, &x);

	(void)state;
	assert_int_equal(x.end[0].out_copied, SIZE);
	assert_int_equal(x.end[1].out_copied, SIZE);
	assert_about(c.read, SIZE);
	assert_about(c.cached, 2 * SIZE);
}

static void what_goes_to_a_socket_is_not_cached_either(void **state)
{
	int src = zc_make_file(MNT "/src", SIZE, 1), fds[2];
	struct zc_reader r = { .seed = 1 };
	struct counted c;
	struct zc_xfer x;

	(void)state;
	zc_tcp_pair(fds);
	r.fd = fds[1];
	zc_reader_start(&r);
	c = run(src, fds[0], 0, &x);
	assert_about(c.read, SIZE);
	assert_about(c.cached, 0);
	zc_reader_finish(&r, &fds[0], SIZE);
}

#define test(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(direct_bytes_pass_the_disk_and_not_the_cache),
		test(buffered_bytes_pass_the_cache),
		test(what_goes_to_a_socket_is_not_cached_either),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
