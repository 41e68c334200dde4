# SPDX-License-Identifier: GPL-2.0
#
# zcdev: the module, the tool, and how both are tested. `make help` lists what
# there is. Kbuild says what the module consists of.

VERSION	:= $(shell cat VERSION)
KDIR	?= /lib/modules/$(shell uname -r)/build
PREFIX	?= /usr/local
INCLUDEDIR ?= $(PREFIX)/include
UDEVDIR	?= $(PREFIX)/lib/udev
DOCDIR	?= $(PREFIX)/share/doc/zcdev
YNLDIR	?= $(PREFIX)/share/ynl/specs
SOURCEDIR := /usr/src/zcdev-$(VERSION)

# FILE=PLACE: what is installed as it is. Headers go beside the kernel's, what
# describes the netlink family where ynl looks for "--family zcdev".
DEV_FILES := $(foreach header,$(wildcard uapi/*.h),$(header)=$(INCLUDEDIR)/linux/$(notdir $(header))) \
	build/zcdev.pc=$(PREFIX)/share/pkgconfig/zcdev.pc \
	uapi/zcdev_netlink.yaml=$(YNLDIR)/zcdev.yaml
SYSTEM_FILES := dist/60-zcdev.rules=$(UDEVDIR)/rules.d/60-zcdev.rules \
	dist/zcdev.sysusers=$(PREFIX)/lib/sysusers.d/zcdev.conf \
	dist/zcdev.modprobe=$(DOCDIR)/examples/zcdev.modprobe

# put FILES: install these.
put = set -e; for file in $1; do \
	install -D -m 0644 "$${file%%=*}" "$(DESTDIR)$${file\#*=}"; done

# The release that KDIR is for. Debian's headers of 6.1 tell make something else.
RELEASE = $$(sed -n 's/.define UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)

# The kernel that check-one, check-kernel, shell and bench use.
K ?= 6.12
GUESTS := 6.1 6.12 newest debug kcsan

CC	?= cc
CFLAGS	?= -O2 -g
SELFTEST_FLAGS := -Wall -Wextra -D_GNU_SOURCE -Iuapi -Iselftests \
	$(shell pkg-config --cflags libnl-genl-3.0)
SELFTEST_LIBS := -Wl,--as-needed -lcmocka -luring -lnl-genl-3 -lnl-3 -lssl -lcrypto -lpthread

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
MAKEFLAGS += --no-print-directory
endif

all: module tools

##@ Build
module: ## zcdev.ko, for the running kernel or KDIR=build tree
	$(Q)$(MAKE) -C $(KDIR) M=$(CURDIR) W=1 modules

tools: ## tools/zcdevctl
	$(Q)$(MAKE) $(if $(Q),-s) -C tools PREFIX=$(PREFIX)

install: install-module install-tools install-system install-dev ## all of it, below DESTDIR and PREFIX

install-module: module ## zcdev.ko, where modprobe finds it
	$(Q)$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_DIR=updates DEPMOD=true \
		$(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	$(if $(DESTDIR),,depmod -a $(RELEASE))

install-tools: tools ## zcdevctl, manual pages and completion
	$(Q)$(MAKE) -C tools PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) install

install-dev: build/zcdev.pc ## headers, and what pkg-config and ynl need
	$(call put,$(DEV_FILES))

install-system: ## udev rule, group, and an example for modprobe.d
	$(call put,$(SYSTEM_FILES))
	$(if $(DESTDIR),,-systemd-sysusers zcdev.conf)
	$(if $(DESTDIR),,-udevadm control --reload && udevadm trigger --name-match=zcdev)

install-source: ## the module's source below /usr/src, for dkms
	install -d $(DESTDIR)$(SOURCEDIR)
	cp -r --no-preserve=ownership Kbuild dkms.conf module uapi $(DESTDIR)$(SOURCEDIR)
	find $(DESTDIR)$(SOURCEDIR) \( -name '*.o' -o -name '.*.cmd' -o -name '.*.d' \) -delete

uninstall: ## what install put there
	release=$(RELEASE); [ "$$release" ] && \
		rm -f $(DESTDIR)/lib/modules/$$release/updates/zcdev.ko*
	$(if $(DESTDIR),,-depmod -a $(RELEASE))
	$(Q)$(MAKE) -C tools PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) uninstall
	rm -f $(foreach file,$(DEV_FILES) $(SYSTEM_FILES),$(DESTDIR)$(lastword $(subst =, ,$(file))))
	$(if $(DESTDIR),,-udevadm control --reload)

deb: ## Debian packages, in build/deb
	$(Q)dist/deb

.PHONY: install-module install-tools install-dev install-system install-source deb

clean: ## everything built here; the cache of kernels stays
	$(Q)$(MAKE) -C tools clean
	$(Q)rm -rf build zcdev.ko zcdev.o zcdev.mod* .zcdev.* Module.symvers modules.order
	$(Q)rm -rf .Module.symvers.cmd .modules.order.cmd .tmp_versions
	$(Q)find module \( -name '*.o' -o -name '.*.cmd' -o -name '.*.d' \) -delete

##@ Test
deps: ## install what testing needs, as root
	$(Q)selftests/qemu/deps

check: deps ## everything, on every kernel; ends with the count
	$(Q)selftests/check

check-kernel: $(K:%=guest-%) ## all selftests on one kernel: K=6.1, 6.12, newest, debug or kcsan
	$(Q)selftests/qemu/run -k $(K)

check-one: $(K:%=guest-%) ## one selftest on one kernel: T=name K=6.12
	$(Q)selftests/qemu/run -v -k $(K) $(T:%=-t %)

soak: $(K:%=guest-%) ## random transfers: K=debug MINUTES=60 [SEED=1]
	$(Q)selftests/qemu/run -v -k $(K) -t soak --append \
		"zcdev_soak=$$((60 * $(or $(MINUTES),10))) $(SEED:%=zcdev_seed=%)"

coverage: build/module-cov/zcdev.ko guest-debug ## lines and branches that the selftests reach [T="name name"] [ADD=1]
	$(Q)selftests/coverage $(T:%=-t %) $(ADD:1=--add)

shell: build/module-$(K)/zcdev.ko build/nginx tools ## a shell in the guest with the module loaded: K=6.1
	$(Q)selftests/qemu/run --shell -k $(K)

check-long: deps guest-6.12 guest-debug guest-kcsan ## KCSAN, kunit.py, long soak and fuzzing, all mutants
	$(Q)selftests/check-long

check-mutants: guest-6.12 guest-debug ## break the module and see who notices: N=60 SEED=1 JOBS=2
	$(Q)selftests/mutants/mutants $(N:%=-n %) $(SEED:%=--seed %) $(JOBS:%=--jobs %)

fuzz: guest-debug ## fuzz the module for long: MINUTES=60 SEED=1, or REPLAY=file
	$(Q)selftests/fuzz/fuzz $(MINUTES:%=--minutes %) $(SEED:%=--seed %) $(REPLAY:%=--replay %)

lint: ## checkpatch, sparse, warnings, shellcheck, codespell
	$(Q)selftests/lint

##@ Measure
demo: deps ## move a file to a peer and to a disk, and count what that costs
	$(Q)$(MAKE) -s bench-guest K=$(K)
	$(Q)selftests/bench/demo -k $(K)

bench: bench-guest ## compare with other movers: K=6.1 [ONLY=zcdev,sendfile] [TO=tcp|file] [WARM=1]
	$(Q)selftests/bench/bench -k $(K) $(ONLY:%=--only %) $(TO:%=--to %) $(WARM:%=--warm)

bench-streams: bench-guest ## streams and pool ranges: K=6.1 [ONLY=tofile,pipefile,memory,fan,proxy,small-tcp,small-unix:512]
	$(Q)selftests/bench/streams.py -k $(K) $(ONLY:%=--only %)

bench-latency: bench-guest ## throughput from a disk with 1 ms latency
	$(Q)selftests/bench/bench -k $(K) --latency $(ONLY:%=--only %)

profile: bench-guest ## one mover's hot functions: K=6.1 ONLY=zcdev [TO=tcp|file]
	$(Q)selftests/bench/bench -k $(K) --profile $(ONLY:%=--only %) $(TO:%=--to %)

bench-counters: bench-guest ## what part of the instructions counts them: K=6.1 [TO=tcp|file]
	$(Q)selftests/bench/bench -k $(K) --counters $(TO:%=--to %)

help: ## this list
	@awk -F ':.*## ' '/^##@/ { print substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

# Parts of the above

# A kernel to boot; see selftests/qemu/kernel for what is cached where. Whoever empties
# the cache gets it anew.
.SECONDEXPANSION:
build/kernels/%.stamp: selftests/qemu/kernel $(wildcard selftests/qemu/*.config selftests/qemu/*.mk) \
		$$(if $$(wildcard build/kernels/$$*/vmlinuz),,FORCE)
	$(Q)selftests/qemu/kernel $* >/dev/null
	$(Q)touch $@

# And what else goes into the guest.
build/nginx: selftests/qemu/nginx
	$(Q)selftests/qemu/nginx $@

# Before 6.13 Kbuild cannot put objects anywhere but beside the sources, so each
# build of the module gets a tree of links to them; and to nothing else that a
# build in place has left there, nor such links in place of its own objects.
LINK_MODULE = mkdir -p $(@D) && find $(@D) -type l -delete && \
	cp -rsn $(CURDIR)/Kbuild $(CURDIR)/module $(CURDIR)/uapi $(@D) && \
	find $(@D) -type l ! -name '*.[ch]' ! -name Kbuild -delete

# The module for that kernel.
build/module-%/zcdev.ko: build/kernels/%.stamp FORCE
	$(Q)$(LINK_MODULE)
	$(say) MODULE $*
	$(Q)$(MAKE) -s -C build/kernels/$*/build M=$(CURDIR)/$(@D) W=1 KCFLAGS=-Werror \
		$(if $(filter debug kcsan,$*),CONFIG_ZCDEV_KUNIT_TEST=y) modules

# For the debug kernel, counting what is executed. What UBSAN puts in would be
# branches of ours.
build/module-cov/zcdev.ko: build/kernels/debug.stamp FORCE
	$(Q)$(LINK_MODULE)
	$(say) MODULE coverage
	$(Q)$(MAKE) -s -C build/kernels/debug/build M=$(CURDIR)/$(@D) KCFLAGS=-Werror \
		GCOV_PROFILE=y UBSAN_SANITIZE=n CONFIG_ZCDEV_KUNIT_TEST=y modules

PROGRAMS := $(patsubst selftests/%.c,build/selftests/%,$(wildcard selftests/*.c))

build/selftests/%: selftests/%.c $(wildcard selftests/*.h uapi/*.h)
	$(Q)mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(SELFTEST_FLAGS) $(CFLAGS) -o $@ $< $(SELFTEST_LIBS)

FUZZ := build/fuzz/zcdev-fuzz

$(FUZZ): $(wildcard selftests/fuzz/*.[ch]) uapi/zcdev.h
	$(Q)mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(SELFTEST_FLAGS) $(CFLAGS) -o $@ $(filter %.c,$^) -lpthread

# A 32-bit program, for which no 32-bit libraries need to be there.
build/selftests/abi_i386: SELFTEST_FLAGS := -Wall -Wextra -Iuapi -Iselftests -m32 -static -no-pie \
	-fno-pie -nostdlib -ffreestanding -fno-stack-protector -fno-tree-loop-distribute-patterns \
	-idirafter /usr/include/$(shell $(CC) -print-multiarch)
build/selftests/abi_i386: SELFTEST_LIBS :=

$(GUESTS:%=guest-%): guest-%: build/module-%/zcdev.ko build/nginx tools $(PROGRAMS)
guest-debug: $(FUZZ) build/fuzz/places

# How many places of the module KCOV tells apart.
build/fuzz/places: build/module-debug/zcdev.ko
	$(Q)mkdir -p $(@D)
	$(Q)readelf -rW $< | grep -c '__sanitizer_cov_trace_pc\>' >$@

bench-guest: build/module-$(K)/zcdev.ko build/nginx tools build/bench/count.so build/bench/measure \
	build/bench/movers build/bench/streams

build/bench/count.so: selftests/qemu/plugin/count.c selftests/qemu/plugin/mark.h
	$(Q)mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -Wall -Wextra $(CFLAGS) -fPIC -shared -fvisibility=hidden -o $@ $<

build/bench/%: selftests/bench/%.c selftests/qemu/plugin/mark.h uapi/zcdev.h
	$(Q)mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -Wall -Wextra -D_GNU_SOURCE -Iselftests/qemu/plugin -Iuapi $(CFLAGS) -o $@ $< \
		-Wl,--as-needed -luring

build/zcdev.pc: dist/zcdev.pc.in FORCE
	$(Q)mkdir -p $(@D)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' $< >$@

FORCE:

.PHONY: all module tools install uninstall clean deps check check-kernel check-one \
	check-long check-mutants soak coverage shell fuzz \
	lint demo bench bench-streams bench-latency bench-counters profile help bench-guest FORCE \
	$(GUESTS:%=guest-%)
.SECONDARY:
