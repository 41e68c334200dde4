// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <dlfcn.h>
#include <libkmod.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kmod.h"

#define MODULE	"zcdev"
#define WORD	128

/*
 * libkmod brings libcrypto and two decompressors with it. It is loaded when
 * something is wrong, so that a transfer does not pay for it.
 */
#define LIBRARY	"libkmod.so.2"

struct library {
	void *handle;
	__typeof__(kmod_new) *kmod_new;
	__typeof__(kmod_unref) *kmod_unref;
	__typeof__(kmod_set_log_priority) *kmod_set_log_priority;
	__typeof__(kmod_module_new_from_name) *kmod_module_new_from_name;
	__typeof__(kmod_module_unref) *kmod_module_unref;
	__typeof__(kmod_module_get_path) *kmod_module_get_path;
	__typeof__(kmod_module_get_info) *kmod_module_get_info;
	__typeof__(kmod_module_info_get_key) *kmod_module_info_get_key;
	__typeof__(kmod_module_info_get_value) *kmod_module_info_get_value;
	__typeof__(kmod_module_info_free_list) *kmod_module_info_free_list;
	__typeof__(kmod_list_next) *kmod_list_next;
};

#define SYMBOL(function)	{ #function, offsetof(struct library, function) }

static const struct {
	const char *name;
	size_t member;
} symbols[] = {
	SYMBOL(kmod_new),
	SYMBOL(kmod_unref),
	SYMBOL(kmod_set_log_priority),
	SYMBOL(kmod_module_new_from_name),
	SYMBOL(kmod_module_unref),
	SYMBOL(kmod_module_get_path),
	SYMBOL(kmod_module_get_info),
	SYMBOL(kmod_module_info_get_key),
	SYMBOL(kmod_module_info_get_value),
	SYMBOL(kmod_module_info_free_list),
	SYMBOL(kmod_list_next),
};

/* What modinfo says of an installed module. */
struct installed {
	char version[WORD];
	char srcversion[WORD];
	char vermagic[WORD];
	char signer[WORD];
	bool has_signature;
};

/* What is looked at, and with what. */
struct place {
	struct library lib;
	const char *root;
	const char *release;
};

__attribute__((format(printf, 3, 4)))
static void say(struct kmod_report *report, enum kmod_state state, const char *fmt, ...)
{
	va_list args;

	report->state = state;
	va_start(args, fmt);
	vsnprintf(report->text, sizeof(report->text), fmt, args);
	va_end(args);
}

static bool library_open(struct library *lib)
{
	void *function;
	size_t i;

	lib->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle)
		return false;
	for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		function = dlsym(lib->handle, symbols[i].name);
		if (!function) {
			dlclose(lib->handle);
			return false;
		}
		memcpy((char *)lib + symbols[i].member, &function, sizeof(function));
	}
	return true;
}

/* The first word of a file in /sys; an empty one if there is none. */
static void read_word(const char *root, const char *path, char word[static WORD])
{
	char name[PATH_MAX];
	FILE *in;

	*word = '\0';
	snprintf(name, sizeof(name), "%s/sys/%s", root, path);
	in = fopen(name, "re");
	if (!in)
		return;
	if (!fgets(word, WORD, in))
		*word = '\0';
	word[strcspn(word, "\n")] = '\0';
	fclose(in);
}

static bool is_loaded(const char *root)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s/sys/module/" MODULE, root);
	return !access(name, F_OK);
}

/* Secure Boot locks Debian's kernels down, which makes them want signatures. */
static bool wants_signature(const char *root)
{
	char enforced[WORD], lockdown[WORD];

	read_word(root, "module/module/parameters/sig_enforce", enforced);
	read_word(root, "kernel/security/lockdown", lockdown);
	return *enforced == 'Y' || (*lockdown && !strstr(lockdown, "[none]"));
}

static void take_info(struct installed *out, const char *key, const char *value)
{
	const struct {
		const char *key;
		char *to;
	} wanted[] = {
		{ "version", out->version },
		{ "srcversion", out->srcversion },
		{ "vermagic", out->vermagic },
		{ "signer", out->signer },
	};
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (!strcmp(key, wanted[i].key))
			snprintf(wanted[i].to, WORD, "%s", value);
	}
	/* kmod tells of no signer if it cannot parse the signature. */
	out->has_signature |= !strcmp(key, "sig_id");
}

static void read_info(const struct library *lib, struct kmod_module *module,
		      struct installed *out)
{
	struct kmod_list *list = NULL, *entry;

	if (lib->kmod_module_get_info(module, &list) < 0)
		return;
	for (entry = list; entry; entry = lib->kmod_list_next(list, entry))
		take_info(out, lib->kmod_module_info_get_key(entry),
			  lib->kmod_module_info_get_value(entry));
	lib->kmod_module_info_free_list(list);
	out->vermagic[strcspn(out->vermagic, " ")] = '\0';
}

/* Would modprobe find the module in /lib/modules/@release? */
static bool find(const struct place *place, const char *release, struct installed *out)
{
	static const char * const no_config[] = { NULL };
	const struct library *lib = &place->lib;
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	char dir[PATH_MAX];
	bool found = false;

	memset(out, 0, sizeof(*out));
	snprintf(dir, sizeof(dir), "%s/lib/modules/%s", place->root, release);
	ctx = lib->kmod_new(dir, no_config);
	if (!ctx)
		return false;
	lib->kmod_set_log_priority(ctx, 0);
	if (!lib->kmod_module_new_from_name(ctx, MODULE, &module)) {
		found = lib->kmod_module_get_path(module);
		if (found)
			read_info(lib, module, out);
		lib->kmod_module_unref(module);
	}
	lib->kmod_unref(ctx);
	return found;
}

/* Another kernel that the module is installed for; false if there is none. */
static bool find_elsewhere(const struct place *place, char release[static NAME_MAX + 1])
{
	char path[PATH_MAX];
	struct installed other;
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/lib/modules", place->root);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		if (*entry->d_name == '.' || !strcmp(entry->d_name, place->release))
			continue;
		found = find(place, entry->d_name, &other);
		if (found)
			strcpy(release, entry->d_name);
	}
	closedir(dir);
	return found;
}

static void report_loaded(const struct place *place, const struct installed *disk,
			  struct kmod_report *report)
{
	char version[WORD], srcversion[WORD];

	read_word(place->root, "module/" MODULE "/version", version);
	read_word(place->root, "module/" MODULE "/srcversion", srcversion);
	/* A module without it, or one that is not installed, has nothing to differ from. */
	if (!*srcversion || !*disk->srcversion || !strcmp(srcversion, disk->srcversion))
		say(report, KMOD_LOADED, MODULE " %s is loaded", version);
	else
		say(report, KMOD_OUTDATED,
		    MODULE " %s is loaded, but %s %s is installed; load that with 'modprobe -r "
		    MODULE " && modprobe " MODULE "'", version,
		    strcmp(version, disk->version) ? "version" : "another build of",
		    disk->version);
}

static void report_installed(const struct place *place, const struct installed *disk,
			     struct kmod_report *report)
{
	bool wanted = wants_signature(place->root);

	if (strcmp(disk->vermagic, place->release))
		say(report, KMOD_OTHER_KERNEL,
		    MODULE ".ko was built for kernel %s, but %s is running; build it again",
		    disk->vermagic, place->release);
	else if (wanted && !disk->has_signature)
		say(report, KMOD_UNSIGNED,
		    "this kernel takes signed modules only, and " MODULE
		    ".ko is not signed; see 'Secure Boot' in install.md");
	else if (wanted)
		say(report, KMOD_LOADABLE,
		    MODULE " %s, signed by '%s', is not loaded; load it with 'modprobe " MODULE
		    "', and enroll the key with mokutil if that is rejected",
		    disk->version, disk->signer);
	else
		say(report, KMOD_LOADABLE,
		    MODULE " %s is installed, but not loaded; load it with 'modprobe " MODULE "'",
		    disk->version);
}

static void report_absent(const struct place *place, struct kmod_report *report)
{
	char other[NAME_MAX + 1];

	if (find_elsewhere(place, other))
		say(report, KMOD_OTHER_KERNEL,
		    MODULE " is installed for kernel %s, but not for %s, which is running; 'dkms autoinstall' builds it",
		    other, place->release);
	else
		say(report, KMOD_MISSING,
		    MODULE " is not installed for kernel %s; install zcdev-dkms, or 'make install' in the source and 'modprobe "
		    MODULE "'", place->release);
}

void kmod_report_at(struct kmod_report *report, const char *root, const char *release)
{
	struct place place = { .root = root, .release = release };
	struct installed disk = { };
	bool found;

	if (!library_open(&place.lib)) {
		/* What runs tells its version by itself. */
		if (is_loaded(root)) {
			report_loaded(&place, &disk, report);
			return;
		}
		say(report, KMOD_UNKNOWN, "load the module with 'modprobe " MODULE
		    "'; with libkmod installed there would be more to say");
		return;
	}
	found = find(&place, release, &disk);
	if (is_loaded(root))
		report_loaded(&place, &disk, report);
	else if (found)
		report_installed(&place, &disk, report);
	else
		report_absent(&place, report);
	dlclose(place.lib.handle);
}

void kmod_report(struct kmod_report *report)
{
	struct utsname host;

	uname(&host);
	kmod_report_at(report, "", host.release);
}

const char *kmod_state_name(enum kmod_state state)
{
	static const char * const names[KMOD_STATES] = {
		[KMOD_LOADED] = "loaded",
		[KMOD_OUTDATED] = "outdated",
		[KMOD_LOADABLE] = "loadable",
		[KMOD_UNSIGNED] = "unsigned",
		[KMOD_OTHER_KERNEL] = "other-kernel",
		[KMOD_MISSING] = "missing",
		[KMOD_UNKNOWN] = "unknown",
	};

	return names[state];
}
