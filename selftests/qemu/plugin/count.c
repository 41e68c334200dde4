// SPDX-License-Identifier: GPL-2.0
/*
 * QEMU TCG plugin: what does the guest's CPU do between two markers?
 *
 * Counts executed instructions and the bytes that they load and store, of user
 * space, kernel and interrupts alike; DMA is not the CPU's doing and does not
 * count. Needs a guest with one CPU.
 *
 * A marker is a long NOP whose displacement carries a phase number (see mark.h).
 * Phase 0 is outside of any measurement. Whenever a phase ends, one line of JSON
 * is appended to the output:
 *
 *   {"phase": 3, "insns": 199731012, "loaded": 66312210, "stored": 45150210}
 *
 * Arguments: out=FILE, and profile=FILE for one line "phase address
 * instructions bytes" for each translation block that ran in that phase. Then a
 * phase takes longer, yet counts the same.
 *
 * Interface: version 1 of the plugin API, QEMU 4.2 to 8.2. Debian does not
 * package its header, so what we use of it is declared here.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;

enum { QEMU_PLUGIN_CB_NO_REGS };
enum { QEMU_PLUGIN_MEM_RW = 3 };
enum { QEMU_PLUGIN_INLINE_ADD_U64 };

typedef void (*tb_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*insn_cb)(unsigned int cpu, void *data);
typedef void (*mem_cb)(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t addr, void *data);
typedef void (*exit_cb)(qemu_plugin_id_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_cb cb);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *ptr,
					      uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, insn_cb cb, int flags,
					    void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, mem_cb cb, int flags, int rw,
				      void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_cb cb, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
unsigned int qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;

/* One piece of guest code; translated again, it is found again. */
struct block {
	struct block *next;
	uint64_t addr;
	uint64_t size;		/* in instructions */
	uint64_t runs;		/* in the current phase */
	uint64_t bytes;		/* loaded and stored in the current phase */
};

#define BUCKETS (1 << 16)

static FILE *out, *profile;
static struct block *blocks[BUCKETS];
static unsigned int phase;
static uint64_t insns, loaded, stored;

static struct block *block_get(uint64_t addr, uint64_t size)
{
	struct block **head = &blocks[(addr ^ addr >> 16) % BUCKETS], *b;

	for (b = *head; b; b = b->next)
		if (b->addr == addr && b->size == size)
			return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->addr = addr;
	b->size = size;
	b->next = *head;
	*head = b;
	return b;
}

/* Write down what ran, or only forget it, as phase 0 does. */
static void profile_end(void)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct block *b = blocks[i]; b; b = b->next) {
			if (b->runs && phase)
				fprintf(profile, "%u %" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
					phase, b->addr, b->runs * b->size, b->bytes);
			b->runs = 0;
			b->bytes = 0;
		}
	}
	fflush(profile);
}

static void phase_begin(unsigned int new_phase)
{
	if (phase) {
		fprintf(out, "{\"phase\": %u, \"insns\": %" PRIu64 ", \"loaded\": %" PRIu64
			", \"stored\": %" PRIu64 "}\n", phase, insns, loaded, stored);
		fflush(out);
	}
	if (profile)
		profile_end();
	phase = new_phase;
	insns = 0;
	loaded = 0;
	stored = 0;
}

static void on_marker(unsigned int cpu, void *data)
{
	(void)cpu;
	phase_begin((uintptr_t)data);
}

static void on_access(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t addr, void *data)
{
	uint64_t size = 1ULL << qemu_plugin_mem_size_shift(info);
	struct block *b = data;

	(void)cpu;
	(void)addr;
	if (qemu_plugin_mem_is_store(info))
		stored += size;
	else
		loaded += size;
	if (b)
		b->bytes += size;
}

/* The phase that this instruction marks, or -1. */
static int marker(const struct qemu_plugin_insn *insn)
{
	static const uint8_t nopl[] = { MARK_OPCODE };
	const uint8_t *code = qemu_plugin_insn_data(insn);
	uint32_t disp;

	if (qemu_plugin_insn_size(insn) != sizeof(nopl) + sizeof(disp) ||
	    memcmp(code, nopl, sizeof(nopl)))
		return -1;
	memcpy(&disp, code + sizeof(nopl), sizeof(disp));
	return (disp & ~0xffU) == MARK_MAGIC ? (int)(disp & 0xff) : -1;
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct block *b = NULL;

	(void)id;
	if (profile) {
		b = block_get(qemu_plugin_tb_vaddr(tb), n);
		qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
							 &b->runs, 1);
	}
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &insns, n);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		int mark = marker(insn);

		if (mark >= 0)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_marker,
							       QEMU_PLUGIN_CB_NO_REGS,
							       (void *)(uintptr_t)mark);
		qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, b);
	}
}

static void on_quit(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	phase_begin(0);
}

/* If the argument is NAME=FILE, open that. */
static bool open_arg(const char *arg, const char *name, FILE **f)
{
	size_t len = strlen(name);

	if (strncmp(arg, name, len) || arg[len] != '=')
		return false;
	*f = fopen(arg + len + 1, "w");
	return *f;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info,
			       int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!open_arg(argv[i], "out", &out) && !open_arg(argv[i], "profile", &profile))
			return -1;
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_quit, NULL);
	return 0;
}
