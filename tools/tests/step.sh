#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The command table, the help texts and the man pages are in step: each command
# of the table is in zcdevctl.1, and each option of a command in its own page.

set -u
count=0
failed=0

: "${ZCDEVCTL:?path of the binary}"
cd "${0%/*}/.." || exit

verdict() {	# $1: 0 if it is right, $2: name
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failed=$((failed + 1))
	fi
}

# commands [GROUP]: the words in the list of its help.
commands() {
	"$ZCDEVCTL" "$@" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | grep -vx help
}

# options COMMAND…: all in its help, short and long.
options() {
	"$ZCDEVCTL" "$@" --help | sed -n 's/^  *\(-[^- ]\(, --[a-z-]*\)\{0,1\}\|--[a-z-]*\).*/\1/p' |
		tr -d , | tr ' ' '\n'
}

# text PAGE: as a reader has it, in one line.
text() {
	groff -man -Tascii -P-c "$1" | sed 's/.\x08//g' | tr -s ' \n' ' '
}

# page COMMAND: the one that describes it.
page() {
	if [ -e "man/zcdevctl-$1.1" ]; then
		echo "man/zcdevctl-$1.1"
	else
		echo man/zcdevctl.1
	fi
}

# check_command WORD…: what it can is what its page says it can.
check_command() {
	page=$(page "$1")
	said=$(text "$page")
	case $said in
	*"$*"*) verdict 0 "$page names '$*'" ;;
	*) verdict 1 "$page names '$*'" ;;
	esac
	for option in $(options "$@"); do
		case $said in
		*" $option"[\ ,.=\[]*) verdict 0 "$page has $option of '$*'" ;;
		*) verdict 1 "$page has $option of '$*'" ;;
		esac
	done
	# What prints anything but its help does so as JSON, too.
	case " $* " in
	*" cancel "* | *" limit set "*) ;;
	*)
		options "$@" | grep -qx -e --json
		verdict $? "'$*' has --json"
		;;
	esac
	grep -q "^Usage: zcdevctl $*" <<-END
	$("$ZCDEVCTL" "$@" --help)
	END
	verdict $? "'$* --help' is its own"
}

if ! command -v groff >/dev/null; then
	echo "1..0 # SKIP groff"
	exit 0
fi
overview=$(text man/zcdevctl.1)
for command in $(commands); do
	case $overview in
	*"$command"*) verdict 0 "zcdevctl.1 names $command" ;;
	*) verdict 1 "zcdevctl.1 names $command" ;;
	esac
	for sub in $(commands "$command"); do
		check_command "$command" "$sub"
	done
	[ -n "$(commands "$command")" ] || check_command "$command"
done
# And no page is about a command that there is not.
for page in man/zcdevctl-*.1; do
	name=${page#man/zcdevctl-}
	commands | grep -qx "${name%.1}"
	verdict $? "$page is about a command"
done
echo "1..$count"
[ "$failed" = 0 ]
