#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The disk that the runtimes' virtual machine boots from, made once, into a cache outside git:
#   $MW_CACHE/runtimes/vm.img     (default: .cache/ of this repository)
#
# usage: image.sh
#
# It is the root directory of rootfs.sh, the modules of the kernel that is booted (k6.1, the suite's
# own), the kubelet, and what makes systemd boot into the tests. It is made anew when one of these
# has changed. A machine writes to a throw-away layer over it, never to the file.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tests=$(cd "$here/../.." && pwd)
cache=${MW_CACHE:-$(cd "$tests/.." && pwd)/.cache}
root=$cache/runtimes/root
kernel=$cache/kernels/k6.1
image=$cache/runtimes/vm.img
work=$cache/runtimes/.vm

# Room for images, containers and logs of one boot.
room_mib=1536

die() {
	echo "image: $*" >&2
	exit 1
}

# What boots needs no hardware, network or login prompt: all of it costs time under emulation.
masked=(
	systemd-udevd.service systemd-udev-trigger.service systemd-udev-settle.service
	systemd-udevd-kernel.socket systemd-udevd-control.socket
	systemd-hwdb-update.service systemd-sysusers.service systemd-binfmt.service
	systemd-random-seed.service systemd-boot-system-token.service systemd-pstore.service
	systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-machine-id-commit.service
	systemd-firstboot.service systemd-timesyncd.service systemd-network-generator.service
	systemd-vconsole-setup.service systemd-ask-password-console.path systemd-ask-password-wall.path
	proc-sys-fs-binfmt_misc.automount dev-hugepages.mount dev-mqueue.mount
	sys-kernel-debug.mount sys-kernel-config.mount sys-fs-fuse-connections.mount
	systemd-remount-fs.service kmod-static-nodes.service
	systemd-journal-flush.service systemd-journal-catalog-update.service
)

stamp() {
	cat "$root/.stamp" "$kernel/release" "$cache/runtimes/kubelet.stamp"
	sha256sum <"$here/image.sh"
}

# A file whose text is standard input; a new one, since the rest shares its files with the cache.
put() {
	mkdir -p "$(dirname "$work/root/$1")"
	rm -f "$work/root/$1"
	cat >"$work/root/$1"
}

boot_files() {
	local unit
	put etc/systemd/system/mw-tests.target <<-EOF
		[Unit]
		Description=The tests with real container runtimes
		Requires=basic.target mw-tests.service
		After=basic.target
		AllowIsolate=yes
	EOF
	# Whatever comes of the tests, the machine goes off.
	put etc/systemd/system/mw-tests.service <<-EOF
		[Unit]
		After=basic.target dbus.socket
		Wants=dbus.socket
		SuccessAction=poweroff-immediate
		FailureAction=poweroff-immediate
		[Service]
		Type=oneshot
		ExecStartPre=/bin/mkdir -p /mw
		ExecStartPre=/bin/tar -xf /dev/nvme0n2 -C /mw
		ExecStart=/mw/guest
		StandardOutput=tty
		StandardError=tty
		TTYPath=/dev/ttyS0
		Delegate=no
	EOF
	put etc/fstab </dev/null
	put etc/hostname <<<"node1"
	put etc/hosts <<<"127.0.0.1 localhost node1"
	put etc/systemd/journald.conf <<-EOF
		[Journal]
		Storage=volatile
		RuntimeMaxUse=16M
		RateLimitBurst=0
	EOF
	put etc/systemd/system.conf <<-EOF
		[Manager]
		ShowStatus=no
		DefaultTimeoutStopSec=10s
	EOF
	for unit in "${masked[@]}"; do
		ln -sfn /dev/null "$work/root/etc/systemd/system/$unit"
	done
	rm -f "$work"/root/etc/systemd/system/{multi-user,timers,sockets,sysinit,getty}.target.wants/*
}

make_image() {
	local release size
	release=$(cut -d ' ' -f 1 "$kernel/release")
	rm -rf "$work"
	mkdir -p "$work"
	# Links, not copies: 1 GB is read once, by mke2fs.
	cp -al "$root" "$work/root"
	mkdir -p "$work/root/lib/modules"
	cp -al "$kernel/modules/$release" "$work/root/lib/modules/$release"
	chroot "$work/root" /sbin/depmod "$release"
	ln "$cache/runtimes/kubelet" "$work/root/usr/local/bin/kubelet"
	boot_files
	size=$(($(du -sm "$work/root" | cut -f 1) * 5 / 4 + room_mib))
	rm -f "$image.tmp"
	mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$work/root" "$image.tmp" "${size}M"
	rm -rf "$work"
	mv "$image.tmp" "$image"
}

# Nobody makes the root anew below this.
exec 8>>"$cache/runtimes/.lock"
flock --shared 8
for f in "$root/.stamp" "$kernel/release" "$cache/runtimes/kubelet.stamp"; do
	[ -s "$f" ] || die "$f is missing"
done
if [ -s "$image" ] && [ "$(stamp)" = "$(cat "$image.stamp" 2>/dev/null)" ]; then
	exit 0
fi
echo "image: making the disk of the runtimes' machine"
rm -f "$image.stamp"
make_image
stamp >"$image.stamp"
