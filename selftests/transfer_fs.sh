#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
#
# Every file system on every disk that the guest has: from file to file, from the
# network and to it, and between two files of its own. The same bytes, and a
# verdict that does not claim what nobody can know.

# Functions are called by check and wait_for.
# shellcheck disable=SC2317

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

size=$((1024 * 1024 + 77))
tail=77
head -c $size /dev/urandom >src
mkdir mnt

same() { # FILE: its beginning is what was sent
	cmp -n "$size" src "$1"
}

# verdict FILE END: how many bytes went which way, out of the JSON of zcdevctl; source
# first. One program: on the debug kernel it is starting them that takes time.
verdict() {
	awk -v RS='[,{}]' -v end="$2" '
		{ gsub(/[" \n]/, ""); split($0, field, ":") }
		++seen[field[1]] == end { bytes[field[1]] = field[2] }
		END { print bytes["zerocopy"] + 0, bytes["unverified"] + 0,
			    bytes["copied"] + 0, bytes["offloaded"] + 0 }' "$1"
}

# is_sound FILE END WHAT: of all bytes, as many as WHAT wants.
is_sound() {
	verdict "$1" "$2" >counts
	read -r z u c o <counts
	echo "zerocopy $z unverified $u copied $c offloaded $o, want $3"
	[ $((z + u + c + o)) = "$size" ] || return 1
	case $3 in
	direct) [ "$z" = "$size" ] ;;
	blocks) [ "$z" -ge $((size - tail)) ] ;;
	copied) [ "$c" = "$size" ] ;;
	doubtful) [ "$z" = 0 ] && [ "$o" = 0 ] ;;
	cloned) [ "$o" = "$size" ] ;;
	esac
}

cold() { # FILE
	sync "$1"
	echo 1 >/proc/sys/vm/drop_caches
}

move() {
	zcdevctl transfer --no-progress -j -s "$size" "$@"
}

# to_file FILE WHAT: into FILE, and out of it.
to_file() {
	move src "$1" >report && is_sound report 2 "$2" && same "$1" || return
	cold "$1"
	rm -f back
	move "$1" back >report && is_sound report 1 "$2" && same back
}

# to_peer FILE WHAT: likewise, but over TCP. A stream does not tell where it ends, so
# the last part of a block is never written directly.
to_peer() {
	peer_sink=$2
	[ "$2" != direct ] || peer_sink=blocks
	move tcp-listen:127.0.0.1:7301 "$1" >report &
	wait_for 5 listening 7301
	zcdevctl transfer -q src tcp:127.0.0.1:7301 && wait $! || return
	is_sound report 2 "$peer_sink" && same "$1" || return
	cold "$1"
	rm -f back
	zcdevctl transfer -q tcp-listen:127.0.0.1:7301 back &
	wait_for 5 listening 7301
	move "$1" tcp:127.0.0.1:7301 >report && wait $! || return
	is_sound report 1 "$2" && same back
}

# within FILE WHAT: from one file to another beside it.
within() {
	move "$1" "$1.copy" >report && is_sound report 2 "$2" && same "$1.copy"
}

to_and_from() { # NAME FILE WHAT
	check "$1: to a file and back" to_file "$2" "$3"
	check "$1: to a peer and back" to_peer "$2" "$3"
}

# on NAME WHAT WITHIN DEVICE MOUNT-ARGUMENTS…: a file system on a disk, if we can.
on() {
	name=$1 what=$2 inside=$3 device=$4
	shift 4
	if mount "$@" "$device" mnt 2>err; then
		to_and_from "$name" mnt/file "$what"
		check "$name: within it" within mnt/file "$inside"
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

# every NAME DISK: all of them there
every() {
	fs ext4 "$2" -q -F -E lazy_itable_init=1,lazy_journal_init=1
	on "ext4 on $1" direct direct "$2" -t ext4
	# An upper layer that is ours, below a layer that does not tell.
	mount -t ext4 "$2" low
	mkdir low/lower low/upper low/work
	on "overlayfs on $1" doubtful doubtful none -t overlay \
		-o "lowerdir=low/lower,upperdir=low/upper,workdir=low/work"
	umount low
	# Says what alignment it wants from 6.1 on.
	fs xfs "$2" -q -f
	on "xfs on $1" direct cloned "$2" -t xfs
	fs btrfs "$2" -q -f
	on "btrfs on $1" doubtful cloned "$2" -t btrfs
	to_and_from "$1" "$2" any
}

mkdir low
modprobe -q overlay
blk=$SCRATCH_BLK

# Where everything is looked at, one disk is enough, and one file system on null_blk.
thorough=
[ ! -e /sys/kernel/debug/kmemleak ] || thorough=yes

every virtio-blk "$blk"
[ "$thorough" ] || every NVMe "$SCRATCH_NVME"

truncate -s 512M image
modprobe -q loop
if [ "$thorough" ]; then
	skip loop "not on the debug kernel"
elif loop=$(losetup -f --show image 2>err); then
	every loop "$loop"
	losetup -d "$loop"
else
	skip loop "$(cat err)"
fi
rm image

# In memory, with blocks of 4 KiB.
if modprobe -q null_blk nr_devices=0 && mkdir /sys/kernel/config/nullb/zc 2>err; then
	dir=/sys/kernel/config/nullb/zc
	echo 512 >$dir/size
	echo 1 >$dir/memory_backed
	echo 4096 >$dir/blocksize
	echo 1 >$dir/power
	# Older kernels call it by its number.
	null=/dev/zc
	wait_for 1 test -b $null || null=/dev/nullb$(cat $dir/index)
	check "null_blk: is there" test -b "$null"
	if [ "$thorough" ]; then
		fs ext4 "$null" -q -F
		on "ext4 on null_blk" direct direct "$null" -t ext4
		skip "all else on null_blk" "not on the debug kernel"
	else
		every null_blk "$null"
	fi
	echo 0 >$dir/power
	rmdir $dir
else
	skip null_blk "not here"
fi

# What is special

on tmpfs copied copied none -t tmpfs
fs ext4 "$blk" -q -F
on "ext4 data=journal" copied copied "$blk" -t ext4 -o data=journal
fs ext4 "$blk" -q -F -b 1024
on "ext4 with small blocks" direct direct "$blk" -t ext4
fs btrfs "$blk" -q -f
on "btrfs without checksums" doubtful cloned "$blk" -t btrfs -o nodatasum

finish
