#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
#
# From one connection to another, with socat and nc at both ends: what is taken
# from the one is delivered to the other, or is told to be lost. Stopped and
# continued at random moments, with peers that vanish.

# Functions are called by check and wait_for, and pipes are the point.
# shellcheck disable=SC2317,SC2002

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

size=9000077
head -c $size /dev/urandom >src
sum=$(sha256sum <src)

same() { # FILE
	[ "$(sha256sum <"$1")" = "$sum" ]
}

# sink PORT FILE: socat writes what it gets to FILE
sink() {
	socat -u "TCP-LISTEN:$1,reuseaddr" "CREATE:$2" &
	sink_pid=$!
	wait_for 5 listening "$1"
}

# Straight

sink 7101 out
zcdevctl transfer -j tcp-listen::7100 tcp:127.0.0.1:7101 >report &
proxy=$!
wait_for 5 listening 7100
check "a proxy: the sender ends well" socat -u OPEN:src TCP:127.0.0.1:7100
check_job "a proxy ends well" 0 $proxy
check_job "a proxy: the receiver ends well" 0 $sink_pid
check "a proxy: same bytes" same out
check "a proxy: all is counted" test "$(field bytes report)" = $size
check "a proxy: what it receives is copied" grep -q '"reasons": \[ "stream" \]' report
check "a proxy: nothing is left" test "$(field left report)" = 0
rm -f out

sink 7101 out
zcdevctl transfer -q tcp-listen:127.0.0.1:7100 tcp:127.0.0.1:7101 copy unix-listen:sock &
proxy=$!
wait_for 5 listening 7100
nc -N 127.0.0.1 7100 <src &
wait_for 5 test -S sock
socat -u UNIX-CONNECT:sock CREATE:third
check_job "a proxy with copies ends well" 0 $proxy
wait $sink_pid
check "a proxy with copies: socket" same out
check "a proxy with copies: file" same copy
check "a proxy with copies: UNIX" same third
rm -f out copy third

# Both ways through one pair of descriptors: what the sender hears is its own.
zcdevctl transfer -q src tcp-listen:7102 &
wait_for 5 listening 7102
check "an inherited socket as source" \
	socat TCP:127.0.0.1:7102 "EXEC:'zcdevctl transfer -q fd:0 out',nofork"
check "an inherited socket: same bytes" same out
wait
rm -f out

# Onto the disk

zcdevctl transfer -j tcp-listen::7100 out >report &
proxy=$!
wait_for 5 listening 7100
check "to a file: the sender ends well" socat -u OPEN:src TCP:127.0.0.1:7100
check_job "to a file: ends well" 0 $proxy
check "to a file: same bytes" same out
check "to a file: synced" grep -q '"synced": true' report
check "to a file: written by DMA" grep -q '"paths": \[ "direct" \]' report
rm -f out

# Stopped and continued, as with Ctrl-Z and fg, while a lot is on its way

sink 7101 out
zcdevctl transfer -j --limit-rate 6M tcp-listen::7100 tcp:127.0.0.1:7101 copy >report &
proxy=$!
wait_for 5 listening 7100
socat -u OPEN:src TCP:127.0.0.1:7100 &
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	kill -STOP $proxy 2>/dev/null
	sleep 0.0$((i % 7))
	kill -CONT $proxy 2>/dev/null
	sleep 0.03
done
check_job "stopped and continued: ends well" 0 $proxy
wait
check "stopped and continued: nothing lost, socket" same out
check "stopped and continued: nothing lost, file" same copy
check "stopped and continued: nothing left" test "$(field left report)" = 0
rm -f out copy

# A sender that vanishes: its bytes are all there, and it is told.

socat -u OPEN:src 'TCP-LISTEN:7103,reuseaddr,linger=0' 2>/dev/null &
sender=$!
wait_for 5 listening 7103
zcdevctl transfer -j --limit-rate 1M tcp:127.0.0.1:7103 out >report 2>message &
proxy=$!
wait_for 20 test -s out
kill -9 $sender
wait $proxy
check "a sender that vanishes: the counts are those of the file" \
	test "$(field bytes report)" = "$(stat -c %s out)"
head -c "$(stat -c %s out)" src >want
check "a sender that vanishes: the beginning is there" cmp -s out want
rm -f out

# A receiver that vanishes: what was taken and not delivered is counted.

socat -u TCP-LISTEN:7101,reuseaddr,rcvbuf=4096 'SYSTEM:sleep 1' 2>/dev/null &
sink_pid=$!
wait_for 5 listening 7101
zcdevctl transfer -j tcp-listen::7100 tcp:127.0.0.1:7101 >report 2>message &
proxy=$!
wait_for 5 listening 7100
socat -u OPEN:src TCP:127.0.0.1:7100 2>/dev/null
check_job "a receiver that vanishes is 1" 1 $proxy
check "a receiver that vanishes: somebody says so" grep -q "writing tcp:127.0.0.1:7101 failed" message
taken=$(sed 's/.*"source"//' report >source; field bytes source)
check "a receiver that vanishes: taken is delivered or left" \
	test "$taken" = $(($(field bytes report) + $(field left report)))
wait

# Ended by a signal (the shell has the other one ignored): likewise.

socat -u TCP-LISTEN:7101,reuseaddr,rcvbuf=4096 'SYSTEM:sleep 60' 2>/dev/null &
sink_pid=$!
wait_for 5 listening 7101
zcdevctl transfer -j tcp-listen::7100 tcp:127.0.0.1:7101 >report 2>message &
proxy=$!
wait_for 5 listening 7100
socat -u OPEN:src TCP:127.0.0.1:7100 2>/dev/null &
wait_for 20 moving
sleep 0.5
kill -TERM $proxy
check_job "interrupted is 1" 1 $proxy
taken=$(sed 's/.*"source"//' report >source; field bytes source)
check "interrupted: taken is delivered or left" \
	test "$taken" = $(($(field bytes report) + $(field left report)))
check "interrupted: it says so" grep -q "interrupted after" message
kill $sink_pid
wait

finish
