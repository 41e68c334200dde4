# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What is downloaded or built once and kept outside of the tree, in a directory
# named after all that it depends on. Sourced by `kernel`, `nginx` and `root`.

# shellcheck disable=SC2034 # for whoever sources this
cache=${ZCDEV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/zcdev}

# The candidate version of a package.
version() { apt-cache policy "$1" | sed -n 's/^  Candidate: //p'; }

# The newest package whose name matches, by version and not by alphabet.
newest() { apt-cache search --names-only "$1" | cut -d' ' -f1 | sort -V | tail -n1; }

# Unpack packages into a directory, without installing them or what they need.
unpack() (
	into=$1; shift
	mkdir -p "$into/debs"
	cd "$into/debs" || exit
	echo "  UNPACK  $*" >&2
	# The sandbox user of apt cannot write here, and says so each time.
	apt-get -qq -o APT::Sandbox::User=root download "$@" >&2
	for deb in *.deb; do
		dpkg -x "$deb" ..
	done
	rm -r "$into/debs"
)

# Run "$2…", which fills a directory, unless that directory exists. Interrupted
# work leaves nothing that looks finished; two runs at a time wait for another.
cached() (
	dir=$1; shift
	mkdir -p "${dir%/*}"
	exec 9>"$dir.lock"
	flock 9
	[ ! -d "$dir" ] || exit 0
	rm -rf "$dir.tmp"
	mkdir "$dir.tmp"
	"$@" "$dir.tmp"
	mv "$dir.tmp" "$dir"
)
