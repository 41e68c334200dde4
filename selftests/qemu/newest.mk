# SPDX-License-Identifier: GPL-2.0
#
# The build tree of the newest kernel, whose Kbuild and compiler do not run beside
# this machine's libraries. While make runs, and for it alone, the /usr that they
# come from lies over ours: all other paths mean what they do outside.

usr := $(abspath $(dir $(realpath $(firstword $(MAKEFILE_LIST))))../usr)
headers := $(patsubst $(usr)/%,/usr/%,$(wildcard $(usr)/src/linux-headers-*-cloud-amd64))

# Variables of the command line reach make by its environment.
modules:
	@$(if $(filter /usr/%,$(M)),$(error $(M) would be covered: move it out of /usr))
	+@unshare -m sh -c 'mount --bind $(usr) /usr && exec $(MAKE) -C $(headers) $@'

.PHONY: modules
