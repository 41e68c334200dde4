#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
#
# Every file system and disk that the guest has, as source and as sink: the
# same bytes, and a verdict that does not claim what nobody can know.

# Functions are called by check and wait_for.
# shellcheck disable=SC2317

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

size=$((3 * 1024 * 1024 + 77))
head -c $size /dev/urandom >src
sum=$(sha256sum <src)
mkdir mnt

# verdict FILE END KEY: a number from the JSON of zcdevctl; source first.
verdict() {
	grep -o "\"$3\": *[0-9]*" "$1" | sed -n "$2s/.*: *//p"
}

# is_sound FILE END WHAT: of all bytes, as many as WHAT wants.
is_sound() {
	z=$(verdict "$1" "$2" zerocopy) u=$(verdict "$1" "$2" unverified)
	c=$(verdict "$1" "$2" copied)
	echo "zerocopy $z unverified $u copied $c, want $3"
	[ $((z + u + c)) -ge "$size" ] || return 1
	case $3 in
	direct) [ "$z" -ge "$size" ] ;;
	copied) [ "$c" -ge "$size" ] ;;
	doubtful) [ "$z" = 0 ] ;;
	esac
}

# to_and_from NAME FILE WHAT: into FILE and out again.
to_and_from() {
	check "$1: as a sink" zcdevctl transfer --no-progress -j -s $size src "$2"
	zcdevctl transfer --no-progress -j -s $size src "$2" >in.json 2>/dev/null
	check "$1: verdict of the sink" is_sound in.json 2 "$3"
	check "$1: same bytes" test "$(head -c $size "$2" | sha256sum)" = "$sum"
	echo 3 >/proc/sys/vm/drop_caches
	rm -f back
	check "$1: as a source" zcdevctl transfer --no-progress -j -s $size "$2" back
	rm -f back
	zcdevctl transfer --no-progress -j -s $size "$2" back >out.json 2>/dev/null
	check "$1: verdict of the source" is_sound out.json 1 "$3"
	check "$1: same bytes back" test "$(sha256sum <back)" = "$sum"
}

# on NAME WHAT DEVICE MOUNT-ARGUMENTS…: a file system on a disk, if we can.
on() {
	name=$1 what=$2 device=$3
	shift 3
	if mount "$@" "$device" mnt 2>err; then
		to_and_from "$name" mnt/file "$what"
		umount mnt
	else
		skip "$name" "$(cat err)"
	fi
}

fs() { # KIND DEVICE OPTIONS…
	kind=$1 device=$2
	shift 2
	modprobe -q "$kind"
	"mkfs.$kind" "$@" "$device" >err 2>&1 || sed 's/^/# /' err
}

blk=$SCRATCH_BLK nvme=$SCRATCH_NVME

fs ext4 "$blk" -q -F
on ext4 direct "$blk" -t ext4
on "ext4 data=journal" copied "$blk" -t ext4 -o data=journal
fs ext4 "$blk" -q -F -b 1024
on "ext4 with small blocks" direct "$blk" -t ext4
fs ext4 "$nvme" -q -F
on "ext4 on NVMe" direct "$nvme" -t ext4
fs xfs "$blk" -q -f
# Says what alignment it wants from 6.1 on.
on xfs direct "$blk" -t xfs
fs btrfs "$blk" -q -f
on btrfs doubtful "$blk" -t btrfs
on "btrfs without checksums" doubtful "$blk" -t btrfs -o nodatasum

on tmpfs copied none -t tmpfs

fs ext4 "$blk" -q -F
mkdir low
mount -t ext4 "$blk" low
mkdir low/lower low/upper low/work
modprobe -q overlay
on overlayfs doubtful none -t overlay \
	-o "lowerdir=low/lower,upperdir=low/upper,workdir=low/work"
umount low

truncate -s 256M image
modprobe -q loop
if loop=$(losetup -f --show image 2>err); then
	fs ext4 "$loop" -q -F
	on "ext4 on loop" direct "$loop" -t ext4
	to_and_from "loop device" "$loop" any
	losetup -d "$loop"
else
	skip loop "$(cat err)"
fi

to_and_from "virtio-blk device" "$blk" any
to_and_from "NVMe device" "$nvme" any

if modprobe -q null_blk nr_devices=0 && mkdir /sys/kernel/config/nullb/zc 2>err; then
	dir=/sys/kernel/config/nullb/zc
	echo 64 >$dir/size
	echo 1 >$dir/memory_backed
	echo 4096 >$dir/blocksize
	echo 1 >$dir/power
	# Older kernels call it by its number.
	null=/dev/zc
	wait_for 1 test -b $null || null=/dev/nullb$(cat $dir/index)
	check "disk with blocks of 4 KiB: is there" test -b "$null"
	to_and_from "disk with blocks of 4 KiB" "$null" any
	fs ext4 "$null" -q -F
	on "ext4 on blocks of 4 KiB" direct "$null" -t ext4
	echo 0 >$dir/power
	rmdir $dir
else
	skip null_blk "not here"
fi

finish
