#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# only: debug kcsan
#
# The unit tests ran when the module was loaded: bring their results.

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

kunit=/sys/kernel/debug/kunit
[ -d $kunit ] || mount -t debugfs debugfs /sys/kernel/debug

# Who unloads the module to see it go loads it without them again.
if ! ls -d $kunit/zcdev-* >/dev/null 2>&1; then
	rmmod zcdev
	modprobe zcdev
fi
check "there are suites of zcdev" ls -d $kunit/zcdev-*
for results in "$kunit"/zcdev-*/results; do
	suite=$(basename "$(dirname "$results")")
	# Cases are indented once, their parameters twice.
	while read -r verdict rest; do
		case "$verdict $rest" in
		"ok "*) ok "$suite: ${rest#* }" ;;
		"not ok "*) not_ok "$suite: ${rest#* * }" ;;
		esac
	done <<-EOT
		$(grep -E '^    (not )?ok ' "$results")
	EOT
	check "$suite passed" grep -q "^ok " "$results"
done
finish
