#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's half of `streams`: the program with that name, on the disk. From
# the kernel's command line: zcdev_only, the scenarios.

set -eu
modprobe zcdev || { echo "fail: no module"; exit 1; }
cd /mnt/ext4
cat src >/dev/null
# shellcheck disable=SC2046 # words
streams $(echo "${zcdev_only:-tofile,pipefile,memory,fan,proxy,small-tcp,small-unix,small-pipe}" | tr , ' ')
