#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
# only: 6.1 6.12 newest
#
# The commands of zcdevctl that speak netlink, against the module: what they
# show of a transfer that hangs, who may cancel it, limits, events, and what
# happens without the module. On the debug kernel, where starting programs takes
# long, netlink_* ask for the same.

# Functions are called by check and wait_for.
# shellcheck disable=SC2317

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

as_user() {
	setpriv --reuid=1000 --regid=1000 --clear-groups "$@"
}

# says WORDS COMMAND…: they are in what it prints, on either stream.
says() {
	says_words=$1
	shift
	says_out=$("$@" 2>&1)
	echo "$says_out"
	case $says_out in *"$says_words"*) return 0 ;; esac
	return 1
}

says_not() {
	! says "$@"
}

# none COMMAND…: it prints nothing.
none() {
	[ -z "$("$@")" ]
}

# How many transfers were cancelled, nothing for none. The unit tests count here, too.
cancelled() {
	zcdevctl stats -j >counters
	field ECANCELED counters
}

dd if=/dev/zero of=big bs=1M count=64 2>/dev/null
check "nothing moves: no pools" none zcdevctl pool list -q
check "nothing moves: no transfers" none zcdevctl transfers -q
check "nothing moves: a table all the same" says "HELD" zcdevctl pool list
check "nothing moves: an empty array" says "[ ]" zcdevctl transfers -j

before=$(cancelled)

# A receiver that takes nothing: the transfer hangs.
socat -u TCP-LISTEN:7001,reuseaddr EXEC:'sleep 120' &
wait_for 5 listening 7001
zcdevctl transfer --no-progress big tcp:127.0.0.1:7001 >report 2>&1 &
hung=$!
wait_for 10 moving
id=$(zcdevctl transfers -q)
pool=$(zcdevctl pool list -q)

check "one pool is listed" says "zcdevctl" zcdevctl pool list
check "it is shown" says "memory held      8.0 MiB" zcdevctl pool show "$pool"
check "JSON of it" says "\"count\": 2" zcdevctl pool show -j "$pool"
check "one transfer is listed" says "127.0.0.1:7001" zcdevctl transfers
check "it is shown" says "/big (regular file)" zcdevctl transfers "$id"
check "JSON of it" says "\"kind\": \"tcp\"" zcdevctl transfers -j "$id"
check "another user sees that it is there" says "[regular file]" as_user zcdevctl transfers
check "another user sees no path" says_not "/big" as_user zcdevctl transfers "$id"
check "another user sees no path in JSON" says_not "/big" as_user zcdevctl transfers -j
check "another user sees no command" says_not "zcdevctl" as_user zcdevctl pool list
check_status "no such pool is 1" 1 zcdevctl pool show 4000000000
check "in the kernel's words" says "the kernel says" zcdevctl pool show 4000000000
check "top as JSON" says "\"now_per_second\"" zcdevctl top -j -d 0.1 -n 1
check_status "top without a terminal is 1" 1 zcdevctl top

# On a terminal: its page is given back.
keys() {
	wait_for 20 grep -q "127.0.0.1:7001" screen
	printf s
	wait_for 20 grep -q "by bytes" screen
	printf q
}
keys | socat -t 60 - EXEC:'zcdevctl top -d 0.2',pty,setsid,ctty >screen
check "top shows the transfer" grep -q "127.0.0.1:7001" screen
check "top sorts" grep -q "by bytes" screen
check "top gives the terminal back" grep -q "$(printf '\033')\[?1049l" screen

check_status "another user cannot cancel it" 1 as_user zcdevctl cancel "$id"
check "told so in the kernel's words" says "cannot cancel transfer $id" as_user zcdevctl cancel "$id"
check "root can" zcdevctl cancel "$id"
wait $hung
check "it ends with 1" test $? = 1
check "it says why" says "cancel" cat report
check_status "once more is 1" 1 zcdevctl cancel "$id"
check_status "the good one of two is no excuse" 1 zcdevctl cancel "$id" 4000000000
check "it is in the counters" says " $((before + 1)) ECANCELED" zcdevctl stats
check "in JSON, too" test "$(cancelled)" = $((before + 1))
check "rates" says "ZERO-COPIED" zcdevctl stats --watch=0.1 -n 2
check_status "counters of no such pool are 1" 1 zcdevctl stats -p 4000000000

# Events
zcdevctl monitor -n 4 >events &
wait_for 5 sh -c 'zcdevctl transfer -q big copy && [ -s events ]'
# The first may have been heard in part.
zcdevctl transfer -q big copy
wait $!
check "monitor: pool created" grep -q "pool [0-9]* created, 2 x 4.0 MiB" events
check "monitor: transfer begun" grep -q "transfer [0-9]* begun.*regular file to regular file" events
check "monitor: transfer ended" grep -q "transfer [0-9]* ended, 64.0 MiB in" events
check "monitor: pool gone" grep -q "pool [0-9]* gone" events
zcdevctl monitor -j -n 4 >events &
wait_for 5 sh -c 'zcdevctl transfer -q big copy && [ -s events ]'
zcdevctl transfer -q big copy
wait $!
check "monitor as JSON" grep -q '"event": "transfer-end".*"error": null' events
zcdevctl monitor >events &
monitor=$!
wait_for 5 sh -c 'zcdevctl transfer -q big copy && [ -s events ]'
kill -TERM $monitor
wait $monitor
check "monitor ends by a signal with 0" test $? = 0

# Limits
check_status "a user cannot set limits" 1 as_user zcdevctl limit set user 1M
check "a user sees them" says "all together" as_user zcdevctl limit show
check "root can" zcdevctl limit set pool 1M
check "a limit is shown" says "a pool           1.0 MiB" zcdevctl limit show
check "a limit as JSON" says "\"pool_max\": 1048576" zcdevctl limit show -j
check "a limit limits" says "ENOSPC" sh -c 'zcdevctl transfer -j --depth 1 --chunk 4M big copy'
check "back to what it was" zcdevctl limit set pool default
check "which lets more" zcdevctl transfer -q --depth 1 --chunk 4M big copy

# What a pair would get
touch new
check "doctor: nothing to gain" says "path     ok" zcdevctl doctor big new
check "doctor: nothing is written" test ! -s new
check "doctor: a copy" says "path     note" zcdevctl doctor big /tmp/new
check "doctor: as JSON" says "\"state\": \"ok\"" zcdevctl doctor -j big tcp-listen:7001
check_status "doctor: copies are no failure" 0 zcdevctl doctor big /tmp/new
check_status "doctor: no such file is 1" 1 zcdevctl doctor nothing new
check "doctor: nothing is left" test ! -e /tmp/new

# Without the module, which must not come by itself.
ko=$(find /lib/modules/ -name zcdev.ko)
trap '[ ! -e /run/zcdev.ko ] || mv /run/zcdev.ko "$ko"' EXIT
mv "$ko" /run
rmmod zcdev
for line in "pool list" "pool list -j" "pool show 1" "transfers" "transfers 1" "stats" \
	"stats -w" "limit show" "limit set pool 1G" "cancel 1" "monitor" "top -j" \
	"query" "doctor big new"; do
	# shellcheck disable=SC2086 # words
	check_status "no module is 3: $line" 3 zcdevctl $line
done
check "and says what to do" says "modprobe zcdev" zcdevctl pool list
mv /run/zcdev.ko "$ko"
check "the family brings it in" zcdevctl pool list
check "with its device" zcdevctl query
finish
