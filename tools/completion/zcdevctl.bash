# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of zcdevctl for bash. Commands and options are those that zcdevctl
# lists in its help, ids those that exist at the moment: nothing is listed here
# that could get out of step, but for the words that some options take.

# _zcdevctl_commands [GROUP]: nothing if that is no group.
_zcdevctl_commands() {
	zcdevctl "$@" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# _zcdevctl_options COMMAND…: short ones, and long ones.
_zcdevctl_options() {
	zcdevctl "$@" --help 2>/dev/null |
		sed -n 's/^  *\(-[^- ]\(, --[a-z-]*\)\{0,1\}\|--[a-z-]*\).*/\1/p' | tr -d , | tr ' ' '\n'
}

# _zcdevctl_values COMMAND PREVIOUS: what the option before the cursor takes.
# False if it takes nothing, or nothing that is known.
_zcdevctl_values() {
	case "$1 $2" in
	"transfer --via") printf '%s\n' auto direct buffered ;;
	"transfer --sparse") printf '%s\n' auto never ;;
	"transfer --header" | "transfer --trailer") compgen -f -- "$3" ;;
	"stats -p" | "stats --pool") zcdevctl pool list -q 2>/dev/null ;;
	"limit set pool" | "limit set user" | "limit set total") echo default ;;
	*) return 1 ;;
	esac
}

# _zcdevctl_arguments COMMAND CURRENT: what is no option there.
_zcdevctl_arguments() {
	case $1 in
	"pool show") zcdevctl pool list -q 2>/dev/null ;;
	transfers | cancel) zcdevctl transfers -q 2>/dev/null ;;
	"limit set") printf '%s\n' pool user total ;;
	transfer | doctor)
		compgen -f -- "$2"
		printf '%s\n' tcp: tcp-listen: unix: unix-listen: vsock: vsock-listen: fd: pool:
		;;
	esac
}

_zcdevctl() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local -a command=()
	local word words helped=

	# The words of the command: as many as there are groups, and one more.
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word != help ]] || { helped=yes; continue; }
		[[ $word != -* && $(_zcdevctl_commands "${command[@]}") ]] || break
		command+=("$word")
	done

	words=$(_zcdevctl_commands "${command[@]}")
	if [[ $words && $current != -* ]]; then
		[[ -z $helped ]] || words=${words%help}
	elif [[ $helped ]]; then
		words=
	elif ! words=$(_zcdevctl_values "${command[*]}" "$previous" "$current"); then
		if [[ $current == -* ]]; then
			words=$(_zcdevctl_options "${command[@]}")
		else
			words=$(_zcdevctl_arguments "${command[*]}" "$current")
		fi
	fi

	# Not compgen -W, which would expand what is in the names of files.
	COMPREPLY=()
	while read -r word; do
		[[ $word && $word == "$current"* ]] && COMPREPLY+=("$word")
	done <<<"$words"
	# The beginning of an end is no name of a file that is quoted and finished.
	[[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *: ]] ||
		compopt -o nospace +o filenames 2>/dev/null
}

complete -o filenames -F _zcdevctl zcdevctl
