#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The last "test" of a coverage run (see selftests/coverage): what the kernel
# counted goes out as a tar archive on the scratch disk. The counts stay when
# the module is unloaded, so those of all tests are there.

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

mkdir counts
find /sys/kernel/debug/gcov -name '*.gcda' | while read -r file; do
	# Files there have no size, which an archive wants to know before.
	cat "$file" >"counts/${file##*/}"
done
check "there are counts" test -s counts/pool.gcda
check "they fit on the disk" tar -C counts -cf "$SCRATCH_BLK" .
sync
finish
