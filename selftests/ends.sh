#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 120
#
# Everything that zcdevctl can name as an end, as a source and as a sink: pipes,
# FIFOs, inherited descriptors, devices, pools, vsock.

# Functions are called by check and wait_for, and pipes are the point.
# shellcheck disable=SC2317,SC2002

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

head -c 5000077 /dev/urandom >src
sum=$(sha256sum <src)

same() { # FILE
	[ "$(sha256sum <"$1")" = "$sum" ]
}

serves() { # sources|sinks KIND
	zcdevctl query -j | sed "s/.*\"$1\": \\(\\[[^]]*\\]\\).*/\\1/" | grep -q "\"$2\""
}

# Pipes

if cat src | zcdevctl transfer -q - out; then
	ok "from a pipe"
else
	not_ok "from a pipe"
fi
check "from a pipe: same bytes" same out
zcdevctl transfer -q src - | cat >out
check "to a pipe" same out
cat src | zcdevctl transfer -q - - | cat >out
check "from a pipe to a pipe" same out
cat src | zcdevctl transfer -j - out fd:3 3>third >report
check "from a pipe to two files" same out
check "from a pipe to two files: the other" same third
check "what came out of a pipe was copied" grep -q '"reasons": \[ "stream" \]' report
check "nothing is left" test "$(field left report)" = 0

mkfifo fifo
zcdevctl transfer -q src fifo &
cat fifo >out
check_job "to a FIFO: ends well" 0 $!
check "to a FIFO" same out
cat src >fifo &
check "from a FIFO" zcdevctl transfer -q fifo out
check "from a FIFO: same bytes" same out

head -c 100 src | zcdevctl transfer -q -s 200 - out
check "a pipe that ends early" test "$(stat -c %s out)" = 100
check_status "a pipe that ends early is 1" 1 sh -c 'head -c 100 src | zcdevctl transfer -q -s 200 - out'
: | zcdevctl transfer -q - out
check "a pipe with nothing in it" test ! -s out
check_status "a pipe is not its own sink" 1 sh -c 'zcdevctl transfer -q fd:3 fd:4 3<>fifo 4<>fifo'

# A reader that has enough: not a crash, and exact counts.
zcdevctl transfer -j src - 2>report | head -c 1000 >/dev/null
check "a reader that goes away" grep -q '"error": "EPIPE"' report

# Inherited descriptors

check "fd: as both" zcdevctl transfer -q fd:3 fd:4 3<src 4>out
check "fd: same bytes" same out
{
	dd bs=1000 count=1 of=/dev/null 2>/dev/null
	check "fd: begins where it is" zcdevctl transfer -q fd:0 out
} <src
check "fd: only the rest" test "$(stat -c %s out)" = 4999077
check_status "fd: that is closed" 1 zcdevctl transfer -q fd:77 out
check_status "fd: the device is not to be had by number" 1 \
	sh -c 'zcdevctl transfer -q fd:3 out 3<&-'

# Devices

check "from /dev/zero" zcdevctl transfer -q -s 3M /dev/zero out
check "from /dev/zero: zeros" cmp -s -n 3145728 out /dev/zero
check "to /dev/null" zcdevctl transfer -q src /dev/null
check_status "/dev/full is full" 1 zcdevctl transfer -q src /dev/full
check "from /dev/urandom" zcdevctl transfer -q -s 100K /dev/urandom out
check "from /dev/urandom: as much as asked" test "$(stat -c %s out)" = 102400
check_status "a terminal is refused" 1 zcdevctl transfer -q src /dev/console

# Pools, which the shell keeps open

exec 8<>/dev/zcdev
check "into a pool" zcdevctl transfer -q src pool:8:0
check "out of it" zcdevctl transfer -q pool:8:0:5000077 out
check "out of it: same bytes" same out
zcdevctl transfer -q pool:8:0:5000077 - >out
check "and again: same bytes" same out
check "a part" zcdevctl transfer -q -s 7 pool:8:100:9 out
tail -c +101 src | head -c 7 >want
check "a part: same bytes" cmp -s out want
check_status "more than it has" 1 zcdevctl transfer -q pool:8:8M:1M out
check_status "more than there is room for" 1 zcdevctl transfer -q src pool:8:7M
check_status "a pipe that is more than there is room for" 1 \
	sh -c 'zcdevctl transfer -q /dev/zero pool:8:7M'
check "a pipe into a pool" sh -c 'cat src | zcdevctl transfer -q - pool:8:4K'
check "out of it, elsewhere" zcdevctl transfer -q pool:8:4K:5000077 out
check "out of it, elsewhere: same bytes" same out
# On a terminal there is a progress bar, and the bytes go in parts.
echo 'zcdevctl transfer src pool:8:1M; echo "exit status $?"' >bar
socat -u EXEC:'sh bar',pty,stderr - >screen 2>&1
check "on a terminal" grep -q "exit status 0" screen
check "on a terminal: with a bar" grep -q "[0-9]%" screen
check "on a terminal: out of it" zcdevctl transfer -q pool:8:1M:5000077 out
check "on a terminal: same bytes" same out
exec 8>&-
exec 8<>/dev/zcdev
check_status "no pool yet" 1 zcdevctl transfer -q pool:8:0 out
check_status "not of a device" 1 zcdevctl transfer -q pool:0:0 out
exec 8>&-

# A part of whatever it is; what it is not asked for stays in a stream

part() { # FROM LENGTH FILE
	tail -c +$(($1 + 1)) src | head -c "$2" | cmp -s - "$3"
}

zcdevctl transfer -q src "$SCRATCH_BLK"
check "a part of a disk" zcdevctl transfer -q --in-offset 4097 -s 5000 "$SCRATCH_BLK" out
check "a part of a disk: same bytes" part 4097 5000 out
check "a part of a file" zcdevctl transfer -q --in-offset 4097 -s 5000 src out
check "a part of a file: same bytes" part 4097 5000 out
zcdevctl transfer -q --page-cache --in-offset 4097 -s 5000 src - | cat >out
check "a part of a file, from the page cache" part 4097 5000 out
cat >parts <<'EOF'
#!/bin/sh
zcdevctl transfer -q -s 5000 fd:0 first && zcdevctl transfer -q fd:0 second
EOF
chmod +x parts
cat src | ./parts
check "the first part of a pipe" part 0 5000 first
check "the rest of a pipe" part 5000 4995077 second
socat -u OPEN:src UNIX-LISTEN:sock &
wait_for 5 test -S sock
socat UNIX-CONNECT:sock EXEC:./parts,nofork
check "the first part of a UNIX socket" part 0 5000 first
check "the rest of a UNIX socket" part 5000 4995077 second
socat -u OPEN:src TCP-LISTEN:7014,reuseaddr &
wait_for 5 listening 7014
socat TCP:127.0.0.1:7014 EXEC:./parts,nofork
check "the first part of a TCP socket" part 0 5000 first
check "the rest of a TCP socket" part 5000 4995077 second
check_status "a pipe has no offset" 1 \
	sh -c 'cat src | zcdevctl transfer -q --in-offset 5 - out'

# Several, one of which has enough; and slowly

zcdevctl transfer -q --keep-going src - out 2>message | head -c 1000 >/dev/null
check "one that fails does not stop the others, if asked for" same out
# The file is no further ahead than the ring allows.
zcdevctl transfer -j --chunk 64K --depth 2 src - out 2>message | head -c 1000 >/dev/null
check "and else it does" test "$(stat -c %s out)" -lt 5000077
uptime() {
	sed 's/\.//; s/ .*//' /proc/uptime
}
begin=$(uptime)
check "at a rate" zcdevctl transfer -q --limit-rate 1M -s 1M src out
took=$(($(uptime) - begin))
check "at a rate: no faster" test $took -ge 90
# Where everything takes long, to start it and to sync does, too.
most=300
! debug_kernel || most=1500
check "at a rate: not much slower" test $took -lt $most

# vsock, through the loopback device

if modprobe -q vsock_loopback && serves sinks vsock; then
	rm -f out
	# Nobody is connected to who does not listen yet.
	socat -u VSOCK-LISTEN:7010 CREATE:out &
	check "to socat over vsock" wait_for 20 zcdevctl transfer -q src vsock:1:7010
	check_job "to socat over vsock: it ends well" 0 $!
	check "to socat over vsock: same bytes" same out
	zcdevctl transfer -q vsock-listen:7011 out &
	check "from socat over vsock" wait_for 20 socat -u OPEN:src VSOCK-CONNECT:1:7011
	check_job "from socat over vsock: it ends well" 0 $!
	check "from socat over vsock: same bytes" same out
	zcdevctl transfer -q src vsock-listen::7012 &
	check "vsock to vsock" wait_for 20 zcdevctl transfer -q vsock:1:7012 out
	check "vsock to vsock: same bytes" same out
	wait
	check_status "nobody listens" 1 zcdevctl transfer -q src vsock:1:7013
else
	skip "vsock" "no vsock_loopback"
fi

finish
