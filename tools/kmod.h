/* SPDX-License-Identifier: GPL-2.0 */
/* What keeps the module from being loaded: asked of libkmod, not of a guess. */
#ifndef ZCDEVCTL_KMOD_H
#define ZCDEVCTL_KMOD_H

#define KMOD_TEXT	512

/* How things stand with zcdev.ko, from good to bad. */
enum kmod_state {
	KMOD_LOADED,		/* it is there, and the one that is installed */
	KMOD_OUTDATED,		/* it is there, and another one is installed */
	KMOD_LOADABLE,		/* installed for this kernel, which would take it */
	KMOD_UNSIGNED,		/* installed, but this kernel wants a signature */
	KMOD_OTHER_KERNEL,	/* installed, but for other kernels only */
	KMOD_MISSING,		/* not installed */
	KMOD_UNKNOWN,		/* libkmod is not installed */
	KMOD_STATES,
};

/**
 * struct kmod_report - the state of the module
 * @state: for programs
 * @text: for people: one sentence that says what to do about it
 */
struct kmod_report {
	enum kmod_state state;
	char text[KMOD_TEXT];
};

/* Fills @report for the running kernel. Loads libkmod, which takes a while. */
void kmod_report(struct kmod_report *report);

/* The same for kernel @release, with /lib/modules and /sys looked for below @root. */
void kmod_report_at(struct kmod_report *report, const char *root, const char *release);

/* The word for @state in JSON. */
const char *kmod_state_name(enum kmod_state state);

#endif
