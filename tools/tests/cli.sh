#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The binary from outside: exit statuses and single lines, without a device.

set -u
count=0
failed=0
err=$(mktemp)
out=$(mktemp)
dir=$(mktemp -d)
trap 'rm -rf "$err" "$out" "$dir"' EXIT

: "${ZCDEVCTL:?path of the binary}" "${VERSION:?}"
export ZCDEV_DEVICE="$dir/no-such-device"

verdict() {	# $1: 0 if it is right, $2: name
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# /' "$out" "$err"
		failed=$((failed + 1))
	fi
}

run() {
	status=0
	"$ZCDEVCTL" "$@" >"$out" 2>"$err" </dev/null || status=$?
}

# fails STATUS WORDS ARGS...: one line on stderr with the words, none on stdout
fails() {
	want=$1
	words=$2
	shift 2
	run "$@"
	[ "$status" = "$want" ] && [ "$(wc -l <"$err")" = 1 ] && [ ! -s "$out" ] &&
		grep -qF -e "$words" "$err"
	verdict $? "$want: zcdevctl $*"
}

# prints WORDS ARGS...: status 0, the words on stdout, nothing on stderr
prints() {
	words=$1
	shift
	run "$@"
	[ "$status" = 0 ] && [ ! -s "$err" ] && grep -qF -e "$words" "$out"
	verdict $? "0: zcdevctl $*"
}

prints "zcdevctl $VERSION" --version
prints "zcdevctl $VERSION" -V
prints "Commands:" --help
prints "Commands:" -h
prints "Commands:" help
prints "zcdevctl transfer" help transfer
prints "zcdevctl query" help query
prints "zcdevctl transfer" transfer --help
prints "zcdevctl query" query -h
for group in pool limit; do
	for how in "$group --help" "$group -h" "$group help" "help $group"; do
		# shellcheck disable=SC2086 # words
		prints "Usage: zcdevctl $group COMMAND" $how
	done
	fails 2 "$group: a command is needed (see 'zcdevctl $group --help')" $group
	fails 2 "$group: unknown command 'frob'" $group frob
	fails 2 "$group: unknown option '--frob'" $group --frob
	fails 2 "$group: unknown command 'frob'" help $group frob
done
prints "Usage: zcdevctl pool list" help pool list
prints "Usage: zcdevctl pool list" pool help list
prints "Usage: zcdevctl pool list" pool list --help
prints "Usage: zcdevctl limit set" limit set -h
fails 2 "'lis'" pool lis
fails 2 "'frob'" help pool list frob
fails 2 "command is needed"
fails 2 "'frob'" frob
fails 2 "'--frob'" --frob
fails 2 "''" ""
fails 2 "'frob'" help frob
fails 2 "SRC and DST" transfer
fails 2 "'--frob'" transfer --frob a b
fails 2 "'-x'" transfer -x a b
fails 2 "HOST:PORT" transfer tcp:x y
fails 2 "'x'" query x
fails 2 "'--js'" query --js
fails 2 "'-x'" query -x
fails 3 "modprobe zcdev" query
fails 3 "modprobe zcdev" query -j
fails 3 "modprobe zcdev" transfer a b
export ZCDEV_DEVICE=/dev/null
fails 3 "not a zcdev device" query
fails 3 "not a zcdev device" transfer "$0" "$dir/out"
if [ "$(id -u)" != 0 ]; then
	: >"$dir/locked"
	chmod 0 "$dir/locked"
	export ZCDEV_DEVICE="$dir/locked"
	fails 3 "group zcdev" query
fi

# A failure before the sink is opened leaves nothing behind.
[ ! -e "$dir/out" ]
verdict $? "no sink is created without a device"

export ZCDEV_DEVICE="$dir/no-such-device"
run transfer -j a b
[ "$status" = 3 ] && grep -q '"error": "ENOENT"' "$out" && [ "$(wc -l <"$out")" = 1 ]
verdict $? "3: a JSON object tells of a missing device"

status=0
"$ZCDEVCTL" --help >/dev/full 2>"$err" || status=$?
[ "$status" = 1 ] && grep -q "standard output" "$err"
verdict $? "1: help into a full disk"

echo "1..$count"
[ "$failed" = 0 ]
