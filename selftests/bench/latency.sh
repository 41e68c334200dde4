#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's half of `bench --latency`: movers from a null_blk device that
# takes 1 ms for each request to a receiver on the loopback. Prints
# "run MOVER PHASE bytes seconds".

set -eu

only=${zcdev_only:-zcdev,sendfile,splice}
port=7000

fail() { echo "fail: $*"; exit 1; }

modprobe zcdev || fail "no module"
modprobe null_blk nr_devices=0 || fail "no null_blk"
disk=/sys/kernel/config/nullb/nullb0
mkdir $disk
echo 256 >$disk/size
echo 2 >$disk/irqmode
echo 1000000 >$disk/completion_nsec
echo 1 >$disk/power
disk=/dev/nullb0

for mover in zcdev sendfile splice; do
	case ,$only, in *,$mover,*) ;; *) continue ;; esac
	for _ in $(seq "${zcdev_runs:-5}"); do
		case $mover in
		zcdev) set -- zcdevctl transfer -q "$disk" "tcp:127.0.0.1:$port" ;;
		*) set -- movers "$mover" "$disk" "tcp:127.0.0.1:$port" ;;
		esac
		measure -c -p $port 0 "$@" >/tmp/out 2>&1 || fail "$mover: $(cat /tmp/out)"
		echo "run $mover $(tail -n1 /tmp/out)"
	done
done
