#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# only: 6.1 6.12 newest
#
# The device has a number that is known before the module is loaded, so that a
# node can load it: 240, or what the parameter says of the range for local use. If
# somebody else has that it gets any.

# Functions are called by check.
# shellcheck disable=SC2317

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

# The number of a misc device.
minor() {
	awk -v name="$1" '$2 == name { print $1 }' /proc/misc
}

# load PARAMETER…: anew
load() {
	! [ -d /sys/module/zcdev ] || rmmod zcdev
	modprobe zcdev "$@"
}

is() {
	[ "$1" = "$2" ] || { echo "$1, not $2"; return 1; }
}

in_local_range() {
	[ "$1" -ge 240 ] && [ "$1" -le 254 ]
}

is_dynamic() {
	[ -n "$1" ] && ! in_local_range "$1"
}

# What depmod has noted of it.
modules=/lib/modules/$(uname -r)

check "the number without a parameter" is "$(minor zcdev)" 240
check "a node of it loads the module" grep -qx "alias char-major-10-240 zcdev" "$modules/modules.alias"
check "the node can be made before" grep -qx "zcdev zcdev c10:240" "$modules/modules.devname"
check "load with another" load minor=245
check "it has that" is "$(minor zcdev)" 245
check "so has the node" is "$(stat -c %t:%T /dev/zcdev)" a:f5
check "load with any" load minor=255
check "it is none of the local range" is_dynamic "$(minor zcdev)"
for wrong in 239 256 0 -1; do
	check "$wrong is refused" eval "! load minor=$wrong"
done

modprobe vhost_vsock
taken=$(minor vhost-vsock)
check "somebody else has one of these" in_local_range "$taken"
check "load with that" load "minor=$taken"
check "it is not had" is_dynamic "$(minor zcdev)"
check "the device works all the same" zcdevctl query
check "the other one has kept it" is "$(minor vhost-vsock)" "$taken"
rmmod vhost_vsock
check "load it as it was" load
check "with its number" is "$(minor zcdev)" 240
finish
