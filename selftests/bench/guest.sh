#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's half of `bench` and `demo`: moves /mnt/ext4/src in every way, one
# phase each. From the kernel's command line: zcdev_only, zcdev_to, zcdev_runs,
# zcdev_warm, zcdev_netns, zcdev_verify, zcdev_kallsyms. Prints, for them to read:
#
#	phase NUMBER MOVER tcp|file
#	run NUMBER bytes-received seconds
#	verdict NUMBER JSON		what zcdevctl says of its last run
#	sha256 tcp|file SUM		what arrived by zcdevctl
#	kallsyms			and all of it, to the end

set -eu

all=zcdev,page-cache,extended,allocated,sendfile,splice,rw128k,rw1m,zerocopy,uring128k,uring1m,direct128k,direct1m,copy_file_range
cold=-c
[ -z "${zcdev_warm:-}" ] || cold=
only=$(echo "${zcdev_only:-$all}" | tr , ' ')
to=$(echo "${zcdev_to:-tcp,file}" | tr , ' ')
peer=127.0.0.1
netns=
port=7000
phase=0

fail() { echo "fail: $*"; exit 1; }

# command_for MOVER SRC DST: the command line for it.
command_for() {
	case $1 in
	zcdev) echo "zcdevctl transfer -j $2 $3" ;;
	zcdev-chunk) echo "zcdevctl transfer -j --chunk 1M $2 $3" ;;
	page-cache) echo "zcdevctl transfer -j --page-cache $2 $3" ;;
	sendfile | splice | zerocopy | copy_file_range | extended | allocated) echo "movers $1 $2 $3" ;;
	*128k) echo "movers ${1%128k} $2 $3 $((128 << 10))" ;;
	*1m) echo "movers ${1%1m} $2 $3 $((1 << 20))" ;;
	*) fail "no mover $1" ;;
	esac
}

# Does it make sense: MOVER tcp|file
applies() {
	case $1:$2 in
	zerocopy:file | page-cache:file) return 1 ;;
	copy_file_range:tcp | direct*:tcp | extended:tcp | allocated:tcp) return 1 ;;
	esac
}

# run PHASE MOVER SRC tcp|file: once, from cold caches or a warm one; its output
# in /tmp/out.
run() {
	sink='' dst=dst
	[ "$4" = file ] || { sink="-p $port ${netns:+-n $netns}"; dst=tcp:$peer:$port; }
	rm -f dst
	[ "$cold" ] || cat "$3" >/dev/null
	# shellcheck disable=SC2046,SC2086 # words
	measure $cold $sink "$1" $(command_for "$2" "$3" $dst) >/tmp/out 2>&1 ||
		fail "$2 to $4: $(cat /tmp/out)"
}

modprobe zcdev || fail "no module"
if [ -n "${zcdev_netns:-}" ]; then
	netns=peer
	peer=10.1.1.2
	ip netns add peer
	ip link add v0 type veth peer name v1 netns peer
	ip addr add 10.1.1.1/24 dev v0
	ip link set v0 up
	ip -n peer addr add $peer/24 dev v1
	ip -n peer link set v1 up
fi
cd /mnt/ext4
head -c 65536 src >small

# The first connection of a boot fills tables; and each program gets loaded.
for mover in $only; do
	for kind in $to; do
		applies "$mover" "$kind" || continue
		run 0 "$mover" small "$kind"
		[ "$kind" = tcp ] || cmp small dst || fail "$mover to $kind: not the same"
	done
done

for kind in $to; do
	for mover in $only; do
		applies "$mover" "$kind" || continue
		phase=$((phase + 1))
		echo "phase $phase $mover $kind"
		for _ in $(seq "${zcdev_runs:-5}"); do
			run $phase "$mover" src "$kind"
			echo "run $(tail -n1 /tmp/out)"
		done
		[ "$mover" != zcdev ] || echo "verdict $phase $(head -n1 /tmp/out)"
	done
done

if [ -n "${zcdev_verify:-}" ]; then
	ip netns exec peer socat -u TCP-LISTEN:$port,reuseaddr - | sha256sum >/tmp/sum &
	while ! ip netns exec peer ss -Hltn | grep -q ":$port"; do sleep 0.05; done
	zcdevctl transfer -q src "tcp:$peer:$port" || fail "zcdevctl to a peer"
	wait
	echo "sha256 tcp $(cut -d' ' -f1 /tmp/sum)"
	rm -f dst
	zcdevctl transfer -q src dst || fail "zcdevctl to a file"
	echo "sha256 file $(sha256sum dst | cut -d' ' -f1)"
fi

if [ -n "${zcdev_kallsyms:-}" ]; then
	echo kallsyms
	cat /proc/kallsyms
fi
