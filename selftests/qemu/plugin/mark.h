/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Markers for the plugin: a long NOP, nopl MARK_MAGIC + phase(%rax), which does
 * nothing on any CPU and which no compiler emits.
 */
#ifndef MARK_H
#define MARK_H

#define MARK_OPCODE	0x0f, 0x1f, 0x80
#define MARK_MAGIC	0x7a634d00U

/* 256 functions of eight bytes: a NOP of seven with its phase, and a return. */
#define MARK_DEFINE()							\
	__asm__(".pushsection .text\n"					\
		"marks:\n"						\
		".set phase, 0\n"					\
		".rept 256\n"						\
		".byte 0x0f, 0x1f, 0x80\n"				\
		".long 0x7a634d00 + phase\n"				\
		"ret\n"							\
		".set phase, phase + 1\n"				\
		".endr\n"						\
		".popsection\n");					\
	extern const char marks[]

/* Begin phase 1 to 255, or with 0 end the current one. */
#define mark(phase) ((void (*)(void))(marks + 8 * (unsigned char)(phase)))()

#endif
