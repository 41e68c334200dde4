// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "fault.h"

int fault_set(struct fault *f, enum status status, const char *fmt, ...)
{
	va_list args;

	f->status = status;
	f->err = 0;
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
	return -1;
}

enum status fault_print(const struct fault *f)
{
	fprintf(stderr, "zcdevctl: %s\n", f->text);
	return f->status;
}
