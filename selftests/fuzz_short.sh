#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# only: debug
# timeout: 90
# with: build/fuzz/zcdev-fuzz=/usr/bin/zcdev-fuzz build/fuzz/places=/tests/fuzz.places selftests/fuzz/corpus=/tests/fuzz.corpus
#
# Two minutes of coverage-guided fuzzing. Whatever the kernel says of it, or a
# program that cannot be killed, fails this test; so does reaching less than half
# of the module.

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

[ -e /sys/kernel/debug/kcov ] || mount -t debugfs debugfs /sys/kernel/debug

# Not through check: what it runs has to be known before the kernel dies of it.
places=$(cat /tests/fuzz.places)
if zcdev-fuzz -s 120 -e $((places / 2)) /tests/fuzz.corpus; then
	ok "two minutes of random programs"
else
	not_ok "two minutes of random programs"
fi
finish
