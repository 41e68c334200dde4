// SPDX-License-Identifier: GPL-2.0
/* libkmod is the real one; the modules are made here, below a root of our own. */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "kmod.h"

#define RELEASE	"6.1.0-99-amd64"

/* What the end of a signed module looks like, as the kernel reads it. */
static const char magic[] = "~Module signature appended~\n";
static const char signer[] = "Test key";

struct module_signature {
	uint8_t algo, hash, id_type, signer_len, key_id_len, pad[3];
	uint32_t sig_len;	/* big endian */
};

static char root[] = "/tmp/zcdev-kmod-XXXXXX";

__attribute__((format(printf, 1, 2)))
static void sh(const char *fmt, ...)
{
	char command[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	assert_int_equal(system(command), 0);
}

/* A module below /lib/modules/@release that claims to be for @vermagic. */
static void install(const char *release, const char *vermagic)
{
	char command[512];
	FILE *as;

	sh("mkdir -p %s/lib/modules/%s", root, release);
	snprintf(command, sizeof(command), "cc -c -x assembler -o %s/lib/modules/%s/zcdev.ko -",
		 root, release);
	as = popen(command, "w");
	assert_non_null(as);
	fprintf(as, ".section .modinfo,\"a\"\n.asciz \"version=0.2.0\"\n"
		".asciz \"srcversion=NEW\"\n.asciz \"vermagic=%s SMP mod_unload \"\n", vermagic);
	assert_int_equal(pclose(as), 0);
	sh("PATH=$PATH:/usr/sbin:/sbin; cd %s/lib/modules/%s && touch modules.order modules.builtin modules.builtin.modinfo && depmod -b %s %s",
	   root, release, root, release);
}

static void sign(const char *release)
{
	const struct module_signature sig = {
		.hash = 4, .id_type = 1, .signer_len = sizeof(signer) - 1,
		.key_id_len = 3, .sig_len = __builtin_bswap32(3),
	};
	char path[512];
	FILE *ko;

	snprintf(path, sizeof(path), "%s/lib/modules/%s/zcdev.ko", root, release);
	ko = fopen(path, "a");
	assert_non_null(ko);
	fprintf(ko, "%skeysig", signer);
	fwrite(&sig, sizeof(sig), 1, ko);
	fputs(magic, ko);
	assert_int_equal(fclose(ko), 0);
}

/* As if it were loaded. */
static void load(const char *version, const char *srcversion)
{
	sh("mkdir -p %s/sys/module/zcdev && cd %s/sys/module/zcdev && echo %s >version && echo %s >srcversion",
	   root, root, version, srcversion);
}

static void want_signatures(const char *sig_enforce, const char *lockdown)
{
	sh("mkdir -p %s/sys/module/module/parameters %s/sys/kernel/security", root, root);
	sh("echo %s >%s/sys/module/module/parameters/sig_enforce", sig_enforce, root);
	sh("echo '%s' >%s/sys/kernel/security/lockdown", lockdown, root);
}

static void check_report(enum kmod_state state, const char *words)
{
	struct kmod_report report;

	kmod_report_at(&report, root, RELEASE);
	check_row(report.state == state, "%s, not %s: %s", kmod_state_name(report.state),
		  kmod_state_name(state), report.text);
	check_row(strstr(report.text, words), "'%s' not in '%s'", words, report.text);
	check_sentence(report.text);
}

static int empty(void **state)
{
	(void)state;
	sh("rm -rf %s/lib %s/sys", root, root);
	return 0;
}

static void test_missing(void **state)
{
	(void)state;
	check_report(KMOD_MISSING, "install zcdev-dkms");
	check_report(KMOD_MISSING, RELEASE);
}

static void test_loadable(void **state)
{
	(void)state;
	install(RELEASE, RELEASE);
	check_report(KMOD_LOADABLE, "zcdev 0.2.0");
	check_report(KMOD_LOADABLE, "modprobe zcdev");
	want_signatures("N", "[none] integrity confidentiality");
	check_report(KMOD_LOADABLE, "modprobe zcdev");
}

static void test_other_kernel(void **state)
{
	(void)state;
	install("6.1.0-98-amd64", "6.1.0-98-amd64");
	check_report(KMOD_OTHER_KERNEL, "for kernel 6.1.0-98-amd64");
	check_report(KMOD_OTHER_KERNEL, "dkms autoinstall");
}

static void test_wrong_magic(void **state)
{
	(void)state;
	install(RELEASE, "6.1.0-98-amd64");
	check_report(KMOD_OTHER_KERNEL, "built for kernel 6.1.0-98-amd64");
}

static void test_unsigned(void **state)
{
	(void)state;
	install(RELEASE, RELEASE);
	want_signatures("Y", "[none] integrity confidentiality");
	check_report(KMOD_UNSIGNED, "not signed");
	want_signatures("N", "none [integrity] confidentiality");
	check_report(KMOD_UNSIGNED, "not signed");
	sign(RELEASE);
	check_report(KMOD_LOADABLE, "signed by 'Test key'");
	check_report(KMOD_LOADABLE, "mokutil");
}

static void test_loaded(void **state)
{
	(void)state;
	/* By insmod, from anywhere. */
	load("0.2.0", "NEW");
	check_report(KMOD_LOADED, "zcdev 0.2.0 is loaded");
	install(RELEASE, RELEASE);
	check_report(KMOD_LOADED, "zcdev 0.2.0 is loaded");
}

static void test_outdated(void **state)
{
	(void)state;
	install(RELEASE, RELEASE);
	load("0.1.0", "OLD");
	check_report(KMOD_OUTDATED, "zcdev 0.1.0 is loaded, but version 0.2.0 is installed");
	load("0.2.0", "OLD");
	check_report(KMOD_OUTDATED, "another build of 0.2.0");
	check_report(KMOD_OUTDATED, "modprobe -r zcdev");
}

static void test_running(void **state)
{
	struct kmod_report report;

	(void)state;
	kmod_report(&report);
	check_row(report.state != KMOD_UNKNOWN, "libkmod is not installed");
	check_sentence(report.text);
}

static int make_root(void **state)
{
	(void)state;
	return !mkdtemp(root);
}

static int remove_root(void **state)
{
	empty(state);
	return rmdir(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_missing, empty),
		cmocka_unit_test_setup(test_loadable, empty),
		cmocka_unit_test_setup(test_other_kernel, empty),
		cmocka_unit_test_setup(test_wrong_magic, empty),
		cmocka_unit_test_setup(test_unsigned, empty),
		cmocka_unit_test_setup(test_loaded, empty),
		cmocka_unit_test_setup(test_outdated, empty),
		cmocka_unit_test(test_running),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
