#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 120
#
# Programs that know nothing of zcdev at the other end, and what zcdevctl
# tells the shell.

# Functions are called by check and wait_for.
# shellcheck disable=SC2317

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

head -c 5000077 /dev/urandom >src
sum=$(sha256sum <src)

same() { # FILE
	[ "$(sha256sum <"$1")" = "$sum" ]
}

# received NAME: the background job has ended well, and has got it all.
received() {
	if wait $!; then
		ok "$1: ends well"
	else
		not_ok "$1: ends well"
	fi
	check "$1: same bytes" same rcv
	rm -f rcv
}

socat -u TCP-LISTEN:7001,reuseaddr CREATE:rcv &
wait_for 5 listening 7001
check "to socat" zcdevctl transfer -q src tcp:127.0.0.1:7001
received "socat"

socat -u 'TCP6-LISTEN:7002,reuseaddr' CREATE:rcv &
wait_for 5 listening 7002
check "to socat over IPv6" zcdevctl transfer -q src 'tcp:[::1]:7002'
received "socat over IPv6"

socat -u UNIX-LISTEN:sock CREATE:rcv &
wait_for 5 test -S sock
check "to socat over a UNIX socket" zcdevctl transfer -q src unix:sock
received "socat over a UNIX socket"
rm -f sock

nc -l -p 7003 >rcv </dev/null &
wait_for 5 listening 7003
check "to nc" zcdevctl transfer -q src tcp:127.0.0.1:7003
received "nc"

# curl sends its request and takes whatever comes as the document.
zcdevctl transfer -q src tcp-listen:127.0.0.1:7004 &
wait_for 5 listening 7004
check "curl fetches" curl -s --http0.9 -o rcv http://127.0.0.1:7004/
check "curl: same bytes" same rcv
wait $!
rm -f rcv

zcdevctl transfer -q src tcp-listen:7005 &
wait_for 5 listening 7005
check "socat fetches" socat -u TCP:127.0.0.1:7005 CREATE:rcv
received "zcdevctl for socat"

zcdevctl transfer -q src unix-listen:sock &
wait_for 5 test -S sock
check "socat fetches over a UNIX socket" socat -u UNIX-CONNECT:sock CREATE:rcv
received "zcdevctl for socat over a UNIX socket"

mkdir -p tree/branch unpacked
cp src tree/branch/leaf
nc -l -p 7006 </dev/null | tar x -C unpacked &
wait_for 5 listening 7006
tar c tree | zcdevctl transfer -q --limit-rate 10M - tcp:127.0.0.1:7006
check_job "from tar to nc and tar: ends well" 0 $!
check "from tar to nc and tar: same tree" same unpacked/tree/branch/leaf

# Read once, written twice

check "to a file and a disk" zcdevctl transfer -q src rcv "$SCRATCH_BLK"
check "to a file and a disk: same file" same rcv
check "to a file and a disk: same bytes on the disk" cmp -s -n 5000077 src "$SCRATCH_BLK"
rm -f rcv

# What the shell gets to know

check "a new file" zcdevctl transfer -q src copy
check "a new file: same bytes" same copy
check "a new file: mode" test "$(stat -c %a copy)" = 644
cat src src >copy
check "an old file is cut" zcdevctl transfer -q src copy
check "an old file: same bytes" same copy
check "without a sync" zcdevctl transfer -q --no-sync src copy
: >empty
check "an empty file" zcdevctl transfer -q empty copy
check "an empty file: nothing in it" test ! -s copy

cp src same
ln same link
ln -s same symlink
for to in same link symlink ./same; do
	check_status "a file is not overwritten by itself: $to" 1 \
		zcdevctl transfer -q same $to
	check "it is still there: $to" same same
done

check_status "no such file is 1" 1 zcdevctl transfer -q nothing copy
check_status "nobody listens is 1" 1 zcdevctl transfer -q src tcp:127.0.0.1:9
check_status "strict into tmpfs is 1" 1 zcdevctl transfer -q --strict src /tmp/clients
rm -f /tmp/clients
check_status "no arguments is 2" 2 zcdevctl
check_status "no such command is 2" 2 zcdevctl frobnicate
check_status "no such option is 2" 2 zcdevctl transfer --frobnicate src copy
check_status "one end is 2" 2 zcdevctl transfer src
check_status "a bad size is 2" 2 zcdevctl transfer -s 12Q src copy
check "help is 0" zcdevctl transfer --help
check "version is 0" zcdevctl --version
check "query is 0" zcdevctl query

check "JSON of a transfer" sh -c 'zcdevctl transfer -j --no-progress src copy >json'
check "JSON has the bytes" grep -q '"bytes": *5000077' json
check "JSON has no more than JSON" sh -c 'head -c 1 json | grep -q "[{[]"'
check "JSON of a query" sh -c 'zcdevctl query -j | head -c 1 | grep -q "[{[]"'

# Without the device, and back.
mount -t tmpfs none /dev
check_status "no device is 3" 3 zcdevctl transfer -q src copy
check_status "no device to query is 3" 3 zcdevctl query
umount /dev

finish
