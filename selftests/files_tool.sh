#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 120
# only: 6.1 6.12 newest
#
# What zcdevctl asks of files by itself, or when it is told to, and how it
# names what became of that. It starts hundreds of programs, which on the debug
# kernel takes two minutes; what they ask for other tests ask for there.

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

# stored FILE: KiB that it takes on its disk.
stored() {
	sync "$1"
	du -k "$1" | cut -f1
}

truncate -s 64M src
dd if=/dev/urandom of=src bs=1M count=2 seek=31 conv=notrunc 2>/dev/null
sum=$(sha256sum <src)

check "a sparse file moves" zcdevctl transfer -q src dst
check "it is the same" test "$(sha256sum <dst)" = "$sum"
check "it is sparse" test "$(stored dst)" -lt 4096
zcdevctl transfer -j --no-progress src dst >json
check "the report counts holes" grep -q '"offloaded": 65011712' json
check "the report names holes" grep -q '"hole"' json
zcdevctl transfer --no-progress src dst >human
check "so does the one for people" grep -q 'as holes.* 65011712 offloaded' human

check "never: it moves" zcdevctl transfer -q --sparse never src dst
check "never: it is the same" test "$(sha256sum <dst)" = "$sum"
check "never: it is not sparse" test "$(stored dst)" -ge 65536

mkdir mnt
modprobe -q btrfs
mkfs.btrfs -q -f "$SCRATCH_BLK" >/dev/null 2>&1
if mount -t btrfs "$SCRATCH_BLK" mnt; then
	cp src mnt/src
	zcdevctl transfer -j --no-progress mnt/src mnt/dst >json
	check "a clone is called one" grep -q '"clone"' json
	check "it is the same" test "$(sha256sum <mnt/dst)" = "$sum"
	check "strict takes clones" zcdevctl transfer -q --strict mnt/src mnt/dst
	zcdevctl transfer -j --no-progress --via direct mnt/src mnt/dst >json
	check "who wants direct gets no clone" \
		sh -c '! grep -q "\"clone\"" json'
	umount mnt
else
	skip "clone" "no btrfs"
fi

socat -u TCP-LISTEN:9000,reuseaddr OPEN:got,creat,trunc &
wait_for 5 listening 9000
zcdevctl transfer -j --no-progress --page-cache src tcp:127.0.0.1:9000 >json
wait $!
check "pages of the page cache are called so" grep -q '"page-cache"' json
check "nobody copied them" grep -q '"zerocopy": 67108864' json
check "they are the same" test "$(sha256sum <got)" = "$sum"
check_status "files do not take them" 1 zcdevctl transfer -q --page-cache src dst2

finish
