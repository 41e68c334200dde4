#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 180
# only: 6.1 6.12 newest
#
# Between two files of an NFS server, the server copies. It is the guest's own
# here, with as much of exportfs as it takes.

# shellcheck source=selftests/lib.sh
. "${0%/*}/lib.sh"

dir=$PWD/export
mkdir export nfs

serve() {
	modprobe -q nfsd && modprobe -q nfsv4 || return 1
	[ -e /proc/fs/nfsd/threads ] || mount -t nfsd nfsd /proc/fs/nfsd || return 1
	echo "nfsd 127.0.0.1 2147483647 zc" >/proc/net/rpc/auth.unix.ip/channel
	# no_root_squash,no_subtree_check,async,insecure,fsid=0
	echo "zc $dir 2147483647 9234 65534 65534 0" >/proc/net/rpc/nfsd.export/channel
	printf 'zc 1 \\x00000000 2147483647 %s\n' "$dir" >/proc/net/rpc/nfsd.fh/channel
	echo "-2 -3 +4 +4.1 +4.2" >/proc/fs/nfsd/versions
	echo "tcp 2049" >/proc/fs/nfsd/portlist
	echo 4 >/proc/fs/nfsd/threads
	echo Y >/proc/fs/nfsd/v4_end_grace
	mount -t nfs4 -o vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1 127.0.0.1:/ nfs
}

stop() {
	umount nfs
	echo 0 >/proc/fs/nfsd/threads
	for cache in nfsd.fh nfsd.export auth.unix.ip; do
		date +%s >/proc/net/rpc/$cache/flush
	done
	umount /proc/fs/nfsd
}

serve 2>err || skip_all "no NFS: $(cat err)"

size=$((40 * 1024 * 1024 + 77))
head -c $size /dev/urandom >export/src
sum=$(sha256sum <export/src)

zcdevctl transfer -j --no-progress nfs/src nfs/dst >json
check "the server copied all" grep -q "\"offloaded\": $size" json
check "that is what it is called" grep -q '"offload"' json
check "it is the same" test "$(sha256sum <export/dst)" = "$sum"

zcdevctl transfer -j --no-progress -s 5000 --in-offset 3 --out-offset 100 \
	nfs/src nfs/dst >json
check "any range will do" grep -q '"offloaded": 5000' json
check "it is the same" test \
	"$(dd if=export/dst bs=1 skip=100 count=5000 2>/dev/null | sha256sum)" = \
	"$(dd if=export/src bs=1 skip=3 count=5000 2>/dev/null | sha256sum)"

check "strict takes it" zcdevctl transfer -q --strict nfs/src nfs/dst2
check "it is the same" test "$(sha256sum <export/dst2)" = "$sum"

# Within one file this client copies by itself, through the page cache.
cp export/src export/one
zcdevctl transfer -j --no-progress -s 1M --out-offset 8M nfs/one nfs/one >json
check "who copies by himself is not believed" grep -q '"fell-back"' json
check "it is the same" test \
	"$(dd if=nfs/one bs=1M skip=8 count=1 2>/dev/null | sha256sum)" = \
	"$(dd if=export/src bs=1M count=1 2>/dev/null | sha256sum)"

stop
finish
