#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What bash completes is what there is: every command of the table, every option
# of each, and the ids of pools and transfers that exist at the moment.

set -u
count=0
failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

: "${ZCDEVCTL:?path of the binary}"
cd "${0%/*}/.." || exit

# Stands in for a kernel that has pools 3 and 31, and transfer 7.
cat >"$dir/zcdevctl" <<-END
#!/bin/sh
case "\$*" in
"pool list -q") printf '3\n31\n' ;;
"transfers -q") echo 7 ;;
*) exec "$ZCDEVCTL" "\$@" ;;
esac
END
chmod +x "$dir/zcdevctl"
PATH=$dir:$PATH
# shellcheck source=tools/completion/zcdevctl.bash
. completion/zcdevctl.bash

# complete_line WORD…: what the last word could become, in a line.
complete_line() {
	COMP_WORDS=(zcdevctl "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_zcdevctl
	echo "${COMPREPLY[*]}"
}

# gives WORDS LINE…: exactly these
gives() {
	local want=$1 got
	shift
	count=$((count + 1))
	got=$(complete_line "$@")
	if [ "$got" = "$want" ]; then
		echo "ok $count - zcdevctl $*<TAB>"
	else
		echo "not ok $count - zcdevctl $*<TAB>"
		echo "# '$got', not '$want'"
		failed=$((failed + 1))
	fi
}

# listed COMMAND…: the words in the list of its help.
listed() {
	"$ZCDEVCTL" "$@" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# options COMMAND…: all words of its help that begin as an option does.
options() {
	"$ZCDEVCTL" "$@" --help | sed -n '/^  *-/p' | grep -oE '^ *-[a-zA-Z]|--[a-z-]+' |
		awk '{ print $1 }' | sort -u
}

# check_command WORD…: all options of a command, and no other.
check_command() {
	count=$((count + 1))
	if [ "$(complete_line "$@" - | tr ' ' '\n' | sort -u)" = "$(options "$@")" ]; then
		echo "ok $count - all options of '$*'"
	else
		echo "not ok $count - all options of '$*'"
		failed=$((failed + 1))
	fi
}

all=$(listed | paste -sd' ')
gives "$all" ""
for command in ${all% help}; do
	subs=$(listed "$command" | paste -sd' ')
	[ -z "$subs" ] || gives "$subs" "$command" ""
	for sub in ${subs% help}; do
		check_command "$command" "$sub"
	done
	[ -n "$subs" ] || check_command "$command"
done

gives "pool" po
gives "list" pool l
gives "list show" help pool ""
gives "list show" pool help ""
gives "" help pool list ""
gives "" frob ""
gives "3 31" pool show ""
gives "31" pool show 31
gives "3 31" stats -p ""
gives "3 31" stats --pool ""
gives "7" transfers ""
gives "7" cancel ""
gives "7" cancel 7 ""
gives "pool user total" limit set ""
gives "default" limit set pool ""
gives "user" limit set pool 1G u
gives "direct" transfer --via d
gives "never" transfer --sparse n
gives "tcp: tcp-listen:" transfer -q tcp
gives "unix-listen:" doctor a unix-l
touch "$dir/\$(touch pwned) file"
cd "$dir" || exit
# shellcheck disable=SC2016 # not to be expanded, neither here nor there
gives '$(touch pwned) file' transfer '$'
count=$((count + 1))
if [ -e pwned ]; then
	echo "not ok $count - names of files are not run"
	failed=$((failed + 1))
else
	echo "ok $count - names of files are not run"
fi
echo "1..$count"
[ "$failed" = 0 ]
