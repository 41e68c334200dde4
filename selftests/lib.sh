# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# TAP for selftests written in shell. A test sources this first, checks, and
# ends with `finish`, without which it counts as cut short:
#
#	. "${0%/*}/lib.sh"
#	check "an empty file moves" zcdevctl transfer -q empty copy
#	finish

points=0
failures=0

# ok DESCRIPTION, not_ok DESCRIPTION, skip DESCRIPTION REASON: one result.
ok() {
	points=$((points + 1))
	echo "ok $points - $1"
}

not_ok() {
	points=$((points + 1))
	failures=$((failures + 1))
	echo "not ok $points - $1"
}

skip() {
	points=$((points + 1))
	echo "ok $points - $1 # SKIP $2"
}

# skip_all REASON: this kernel cannot run the test at all.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# check DESCRIPTION COMMAND…: succeeds. What it prints is shown only if not.
check() {
	check_what=$1
	shift
	if check_out=$("$@" 2>&1); then
		ok "$check_what"
	else
		check_status=$?
		not_ok "$check_what"
		printf 'exit status %s: %s\n%s\n' "$check_status" "$*" "$check_out" | sed 's/^/# /'
	fi
}

# check_status DESCRIPTION STATUS COMMAND…: fails in exactly this way.
check_status() {
	check_what=$1 check_want=$2
	shift 2
	check_out=$("$@" 2>&1) && check_got=0 || check_got=$?
	if [ "$check_got" = "$check_want" ]; then
		ok "$check_what"
	else
		not_ok "$check_what"
		printf 'exit status %s, not %s: %s\n%s\n' "$check_got" "$check_want" "$*" \
			"$check_out" | sed 's/^/# /'
	fi
}

# check_job DESCRIPTION STATUS PID: a job in the background ends in exactly this way.
check_job() {
	wait "$3" && check_got=0 || check_got=$?
	if [ "$check_got" = "$2" ]; then
		ok "$1"
	else
		not_ok "$1"
		echo "# exit status $check_got, not $2"
	fi
}

# debug_kernel: everything takes several times as long here.
debug_kernel() {
	case ${zcdev_kernel-} in
	debug | kcsan) ;;
	*) return 1 ;;
	esac
}

# wait_for SECONDS COMMAND…: until it succeeds, or that long; four times that on a
# debug kernel.
wait_for() {
	wait_tries=$(($1 * 20))
	! debug_kernel || wait_tries=$((wait_tries * 4))
	shift
	until "$@" >/dev/null 2>&1; do
		wait_tries=$((wait_tries - 1))
		[ "$wait_tries" -gt 0 ] || return 1
		sleep 0.05
	done
}

# listening PORT [COMMAND…]: somebody waits for a TCP connection there, as seen by
# what COMMAND runs.
listening() {
	listening_at=$(printf ':%04X' "$1")
	shift
	"$@" cat /proc/net/tcp /proc/net/tcp6 | grep -q "$listening_at 0*:0000 0A"
}

# moving: a transfer is on its way.
moving() {
	[ "$(zcdevctl transfers -q)" ]
}

# field NAME FILE: a value from the JSON of zcdevctl, the first of that name.
field() {
	grep -o "\"$1\": [^,}]*" "$2" | head -n 1 | cut -d' ' -f2
}

# finish: the plan, and the exit status.
finish() {
	echo "1..$points"
	[ "$failures" = 0 ]
	exit
}
