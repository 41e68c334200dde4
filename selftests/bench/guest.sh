#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's half of `bench`: runs movers between markers, one phase each.
# From the kernel's command line: zcdev_only, zcdev_to, zcdev_runs, zcdev_mib,
# zcdev_kallsyms. Prints, for bench to read:
#
#	phase NUMBER MOVER tcp|file
#	run NUMBER bytes-received seconds
#	verdict NUMBER JSON		what zcdevctl says of its last run

set -eu

only=${zcdev_only:-zcdev,sendfile,splice,rw128k,rw1m,zerocopy,uring128k,uring1m,direct128k,direct1m,copy_file_range}
to=${zcdev_to:-tcp,file}
runs=${zcdev_runs:-5}
mib=${zcdev_mib:-128}
port=7000
phase=0

fail() { echo "fail: $*"; exit 1; }

# command MOVER SRC DST: the command line for it.
command_for() {
	case $1 in
	zcdev) echo "zcdevctl transfer -j $2 $3" ;;
	sendfile | splice | zerocopy | copy_file_range) echo "movers $1 $2 $3" ;;
	*128k) echo "movers ${1%128k} $2 $3 $((128 << 10))" ;;
	*1m) echo "movers ${1%1m} $2 $3 $((1 << 20))" ;;
	*) fail "no mover $1" ;;
	esac
}

# Does it make sense: MOVER tcp|file
applies() {
	case $1:$2 in
	zerocopy:file | copy_file_range:tcp | direct*:tcp) return 1 ;;
	esac
}

modprobe zcdev || fail "no module"
mkdir -p /mnt/ext4/bench
cd /mnt/ext4/bench
head -c 1048576 /dev/urandom >piece
for _ in $(seq "$mib"); do cat piece; done >src
head -c 65536 piece >small

# The first connection of a boot fills tables; and each program is in memory.
for mover in $(echo "$only" | tr , ' '); do
	for kind in tcp file; do
		applies "$mover" $kind || continue
		if [ $kind = tcp ]; then
			# shellcheck disable=SC2046 # words
			measure -p $port 0 $(command_for "$mover" small "tcp:127.0.0.1:$port") \
				>/tmp/out 2>&1 || fail "$mover to $kind: $(cat /tmp/out)"
		else
			# shellcheck disable=SC2046
			measure 0 $(command_for "$mover" small dst) >/tmp/out 2>&1 ||
				fail "$mover to $kind: $(cat /tmp/out)"
			cmp small dst || fail "$mover to $kind: not the same"
		fi
	done
done

for kind in $(echo "$to" | tr , ' '); do
	for mover in $(echo "$only" | tr , ' '); do
		applies "$mover" "$kind" || continue
		phase=$((phase + 1))
		echo "phase $phase $mover $kind"
		for _ in $(seq "$runs"); do
			rm -f dst
			if [ "$kind" = tcp ]; then
				# shellcheck disable=SC2046
				measure -c -p $port $phase \
					$(command_for "$mover" src "tcp:127.0.0.1:$port") >/tmp/out 2>&1
			else
				# shellcheck disable=SC2046
				measure -c $phase $(command_for "$mover" src dst) >/tmp/out 2>&1
			fi || fail "$mover to $kind: $(cat /tmp/out)"
			echo "run $(tail -n1 /tmp/out)"
		done
		[ "$mover" != zcdev ] || echo "verdict $phase $(head -n1 /tmp/out)"
	done
done

if [ -n "${zcdev_kallsyms:-}" ]; then
	echo kallsyms
	cat /proc/kallsyms
fi
