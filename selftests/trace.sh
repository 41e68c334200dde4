#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tracepoints say what a transfer does, in ids and counts that add up, and no
# addresses.

# shellcheck source=selftests/lib.sh disable=SC2317 # once is called by check
. "${0%/*}/lib.sh"

tracing=/sys/kernel/tracing
events=$tracing/events/zcdev
[ -d $tracing/events ] || skip_all "no tracefs"

# of EVENT FIELD: the values that a field had, one a line.
of() {
	sed -n "s/.* $1:.* $2=\([^ ]*\).*/\1/p" trace
}

sum() {
	awk '{ sum += $1 } END { print sum + 0 }'
}

# once EVENT: it happened once.
once() {
	[ "$(grep -c " $1:" trace)" = 1 ]
}

check "there are events" [ -e $events/enable ]
for event in pool_create pool_drain pool_destroy transfer_begin transfer_end \
	fallback fill drain reuse_wait; do
	check "zcdev_$event exists" [ -e $events/zcdev_$event/format ]
done

dd if=/dev/urandom of=src bs=1M count=9 2>/dev/null
echo >$tracing/trace
echo 1 >$events/enable
zcdevctl transfer src dst >log
echo 0 >$events/enable
grep ' zcdev_' $tracing/trace >trace

check "a pool is created" once zcdev_pool_create
check "and destroyed" once zcdev_pool_destroy
check "a transfer begins" once zcdev_transfer_begin
check "and ends" once zcdev_transfer_end
check "without an error" [ "$(of zcdev_transfer_end error)" = 0 ]
check "with all bytes" [ "$(of zcdev_transfer_end bytes)" = 9437184 ]
check "all of which were filled" [ "$(of zcdev_fill len | sum)" = 9437184 ]
check "and drained" [ "$(of zcdev_drain bytes | sum)" = 9437184 ]
check "from one pool" [ "$(of zcdev_transfer_end pool)" = "$(of zcdev_pool_create pool)" ]
check "by one transfer" [ "$(of '[a-z_]*' transfer | sort -u | wc -l)" = 1 ]
check "no event has one in it" sh -c "! grep -lE '%p|field:.*\\*' $events/zcdev_*/format"
check "no address is told" sh -c '! grep -E "(0x|[^0-9a-f])ffff[0-9a-f]{12}" trace'
sed 's|^|# |' trace | head -n 12

echo >$tracing/trace
echo 1 >$events/zcdev_fallback/enable
zcdevctl transfer --via buffered src dst >log 2>&1 || cat log
echo 0 >$events/zcdev_fallback/enable
grep ' zcdev_' $tracing/trace >trace
check "a fallback is told once for each end" [ "$(grep -c zcdev_fallback trace)" = 2 ]
check "with its reason" [ "$(of zcdev_fallback reasons | sort -u)" = 0x1 ]

# As people have it: the tool finds the events, and can read what they say.
trace-cmd record -q -e zcdev -o data zcdevctl transfer src dst >log 2>&1 || cat log
trace-cmd report -i data >trace 2>log || cat log
check "trace-cmd records a transfer" once zcdev_transfer_begin
check "and reads how it ends" [ "$(of zcdev_transfer_end bytes)" = 9437184 ]
check "and all that was drained" [ "$(of zcdev_drain bytes | sum)" = 9437184 ]

# Five GiB by one system call, as the kernel's own trace of them has it.
calls=$tracing/events/syscalls/sys_enter_ioctl
if [ -d "$calls" ]; then
	truncate -s 5G big
	dd if=src of=big bs=1M seek=4095 conv=notrunc 2>/dev/null
	echo >$tracing/trace
	echo 'cmd == 0xdc03' >"$calls/filter"
	echo 1 >"$calls/enable"
	zcdevctl transfer -q big copy
	echo 0 >"$calls/enable"
	echo 0 >"$calls/filter"
	grep ' sys_ioctl(' $tracing/trace >trace
	check "5 GiB are one system call" [ "$(grep -c . trace)" = 1 ]
	sed 's|^|# |' trace
	check "5 GiB have arrived" test "$(stat -c %s copy)" = 5368709120
	dd if=copy of=part bs=1M skip=4095 count=9 2>/dev/null
	check "with what was in between" cmp -s src part
else
	skip "5 GiB are one system call" "no trace of system calls"
fi

# Who does not read keeps buffers, first of the transfer and then of a closed pool.
socat -u TCP-LISTEN:7001,reuseaddr EXEC:'sleep 60' &
reader=$!
wait_for 5 listening 7001
echo >$tracing/trace
echo 1 >$events/zcdev_reuse_wait/enable
echo 1 >$events/zcdev_pool_drain/enable
echo 1 >$events/zcdev_pool_destroy/enable
zcdevctl transfer -q --depth 2 --chunk 64K src tcp:127.0.0.1:7001 &
stuck=$!
wait_for 20 moving
sleep 2
kill $stuck
wait $stuck
kill $reader
wait_for 10 grep -q zcdev_pool_destroy $tracing/trace
echo 0 >$events/enable
grep ' zcdev_' $tracing/trace >trace
check "a transfer waits for buffers" grep -q 'zcdev_reuse_wait: transfer=[1-9][0-9]* pool=[1-9][0-9]* ns=[1-9]' trace
check "its pool drains" once zcdev_pool_drain
check "and is destroyed then" once zcdev_pool_destroy
check "that very pool" [ "$(of zcdev_pool_drain pool)" = "$(of zcdev_pool_destroy pool)" ]
finish
