/* SPDX-License-Identifier: GPL-2.0 */
/* Runs programs, each in a process of its own that does not outlive it. */
#ifndef FUZZ_EXECUTOR_H
#define FUZZ_EXECUTOR_H

#include <stdbool.h>

#include "program.h"

/*
 * Run it with coverage recorded, or comparisons instead. Returns false if its
 * process cannot be killed: something in the kernel hangs, and nothing more
 * should be tried.
 */
bool executor_run(const struct program *p, bool comparisons);

#endif
