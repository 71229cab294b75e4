#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first process of the tests' bed: turns its new mount and network namespace into a small Debian
# in which the runtimes run, says so by the file READY, and keeps it until it is killed.
#
# usage: unshare --mount --net --propagation private bed.sh ROOT PLACE READY DIRECTORY...
#
# ROOT is only read: an overlay takes what is written. That and the runtimes' data are in a tmpfs on
# PLACE, which is seen in here alone, so that nothing is left when the last process is gone. The
# DIRECTORYs are at the same path in here as outside.
set -euo pipefail
root=$1 place=$2 ready=$3
shift 3

mount -t tmpfs -o size=4g,mode=755 tmpfs "$place"
mkdir "$place"/{upper,work,root}
mount -t overlay -o "lowerdir=$root,upperdir=$place/upper,workdir=$place/work" overlay "$place/root"
cd "$place/root"
mount --rbind /proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mkdir run/lock
# No overlay on an overlay: the runtimes' own data is a file system's of its own, at a path below
# its root that says the same as where it is mounted, as on a machine with a single one.
for dir in docker containers containerd kubelet lxc; do
	mkdir -p "$place/var/lib/$dir" "var/lib/$dir"
	mount --bind "$place/var/lib/$dir" "var/lib/$dir"
done
for dir in "$@"; do
	mkdir -p ".$dir"
	mount --bind "$dir" ".$dir"
done
mkdir -p mnt/old
pivot_root . mnt/old
umount --lazy /mnt/old
cd /
mount --make-rshared /

# A kubelet sets these for the whole machine; here it sets copies.
mkdir /run/sysctl
for name in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops \
	kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
	cat "/proc/sys/$name" >"/run/sysctl/${name//\//_}"
	mount --bind "/run/sysctl/${name//\//_}" "/proc/sys/$name"
done
ip link set lo up
echo >"$ready"
exec sleep infinity
