#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# man.sh PAGE...: groff has nothing to say about them.

set -u
if ! command -v groff >/dev/null; then
	echo "1..0 # SKIP groff"
	exit 0
fi
count=0
failed=0
for page; do
	count=$((count + 1))
	said=$(groff -man -Tutf8 -ww -z -rCHECKSTYLE=3 "$page" 2>&1)
	if [ -z "$said" ]; then
		echo "ok $count - $page"
	else
		echo "not ok $count - $page"
		echo "$said" | sed 's/^/# /'
		failed=$((failed + 1))
	fi
done
echo "1..$count"
[ "$failed" = 0 ]
