#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
#
# Through a network that loses, delays, reorders and doubles packets, between
# two network namespaces: all bytes arrive, once and in order. And through one
# that dies in between.

# Functions are called by check and wait_for.
# shellcheck disable=SC2317

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

modprobe -qa veth sch_netem || skip_all "no veth or netem"
ip netns add zcthere || skip_all "no named network namespaces"
trap 'ip link del zc0 2>/dev/null; ip netns del zcthere' EXIT
ip link add zc0 type veth peer name zc1 netns zcthere
ip addr add 10.9.1.1/24 dev zc0
ip link set zc0 up
ip -n zcthere addr add 10.9.1.2/24 dev zc1
ip -n zcthere link set zc1 up
ip -n zcthere link set lo up

size=2000077
head -c $size /dev/urandom >src
sum=$(sha256sum <src)

same() { # FILE
	[ "$(sha256sum <"$1")" = "$sum" ]
}

there() { # COMMAND…
	ip netns exec zcthere "$@"
}

shape() { # NETEM…
	tc qdisc replace dev zc0 root netem "$@" limit 10000
	there tc qdisc replace dev zc1 root netem "$@" limit 10000
}

# both NAME: zcdevctl at both ends, and a proxy on the way back
both() {
	rm -f out back
	there zcdevctl transfer -q tcp-listen::7200 out &
	receiver=$!
	wait_for 5 listening 7200 there
	check "$1: sent" zcdevctl transfer -q src tcp:10.9.1.2:7200
	check_job "$1: received" 0 $receiver
	check "$1: same bytes" same out
	there socat -u TCP-LISTEN:7201,reuseaddr CREATE:back &
	receiver=$!
	wait_for 5 listening 7201 there
	there socat -u OPEN:out TCP-LISTEN:7202,reuseaddr &
	wait_for 5 listening 7202 there
	check "$1: proxied" zcdevctl transfer -q tcp:10.9.1.2:7202 tcp:10.9.1.2:7201
	check_job "$1: received from the proxy" 0 $receiver
	check "$1: same bytes through the proxy" same back
}

both "clean"
shape delay 3ms
both "delay"
shape delay 2ms 1ms loss 1%
both "loss"
shape delay 4ms reorder 25% 50% duplicate 2%
both "reordering"

# A peer that stops reading for a while.
shape delay 1ms
there socat -u TCP-LISTEN:7203,reuseaddr,rcvbuf=8192 CREATE:slow &
receiver=$!
wait_for 5 listening 7203 there
kill -STOP $receiver
zcdevctl transfer -q src tcp:10.9.1.2:7203 &
sender=$!
sleep 2
kill -CONT $receiver
check_job "a peer that pauses: sent" 0 $sender
check_job "a peer that pauses: received" 0 $receiver
check "a peer that pauses: same bytes" same slow

# The cable is cut: told as a timeout, with counts, and not waited for for ever.
retries=$(cat /proc/sys/net/ipv4/tcp_retries2)
echo 3 >/proc/sys/net/ipv4/tcp_retries2
there socat -u TCP-LISTEN:7204,reuseaddr CREATE:cut 2>/dev/null &
receiver=$!
wait_for 5 listening 7204 there
zcdevctl transfer -j --limit-rate 500K src tcp:10.9.1.2:7204 >report 2>message &
sender=$!
wait_for 20 test -s cut
shape loss 100%
check_job "a cut cable is 1" 1 $sender
check "a cut cable: it says so" grep -q "stopped answering" message
echo "$retries" >/proc/sys/net/ipv4/tcp_retries2
kill $receiver
wait $receiver
moved=$(field bytes report)
check "a cut cable: less than all" test "$moved" -lt $size
check "a cut cable: no less than what arrived" test "$moved" -ge "$(stat -c %s cut)"
head -c "$(stat -c %s cut)" src >want
check "a cut cable: that is the beginning" cmp -s want cut

finish
