#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the tests with real container runtimes run in, made once, into a cache outside git:
#   $MW_CACHE/runtimes/root      a Debian bookworm with all runtimes
#   $MW_CACHE/runtimes/kubelet   the kubelet, built from Debian's source package
#
# usage: rootfs.sh [root|kubelet...]     (default: both; MW_CACHE: .cache/ of this repository)
#
# What is there and of this script's version is left alone. Nothing is installed on this machine:
# the root comes by debootstrap, with its mounts in a namespace of their own; the compiler for the
# kubelet is unpacked beside its source and goes with it. An interrupted run leaves only what the
# next one clears away. The mirror is that of this machine's own apt sources; MW_MIRROR overrides
# it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/debian.sh
. "$here/../debian.sh"
cache=${MW_CACHE:-$(cd "$here/../.." && pwd)/.cache}/runtimes
work=$cache/.work
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
suite=bookworm

# Raised when what is made changes in another way than by these lists.
root_version=1
kubelet_version=1
packages=(
	runc crun podman containerd docker.io lxc containernetworking-plugins
	systemd systemd-sysv systemd-container libpam-systemd dbus dbus-user-session
	uidmap slirp4netns fuse-overlayfs catatonit login passwd
	busybox-static python3 iproute2 iptables procps kmod
)
golang='golang-1.19'

die() {
	echo "rootfs: $*" >&2
	exit 1
}

# As root: $1 is the root in the making, $2 the mirror. Runs in a mount namespace of its own.
bootstrap() {
	local root=$1 include
	include=$(IFS=, && echo "${packages[*]}")
	debootstrap --variant=minbase --foreign --keyring="$keyring" --include="$include" \
		"$suite" "$root" "$2"
	# No service may start in there while the packages are set up.
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive \
		chroot "$root" /debootstrap/debootstrap --second-stage
	rm -rf "$root"/usr/sbin/policy-rc.d "$root"/usr/share/{doc,man,info,locale} \
		"$root"/var/cache/apt "$root"/var/lib/apt/lists "$root"/var/log/*
	mkdir -p "$root"/var/lib/apt/lists "$root"/var/cache/apt/archives/partial
	# Each boot of a copy gets its own.
	: >"$root/etc/machine-id"
	# The mirror is this machine's affair.
	: >"$root/etc/apt/sources.list"
}

# Is $1 a file that holds the line $2?
stamped() {
	[ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}

root_stamp() {
	echo "version $root_version: $suite ${packages[*]}"
}

kubelet_stamp() {
	echo "version $kubelet_version: $suite $golang"
}

make_root() {
	local root=$work/root
	if stamped "$cache/root/.stamp" "$(root_stamp)"; then
		return
	fi
	echo "runtimes: making a root directory by debootstrap (about 2 minutes)"
	# shellcheck disable=SC2016 # expanded by the inner shell
	nice -n 10 unshare --mount --propagation private bash -euc "$(declare -f bootstrap)"'
		packages=('"${packages[*]}"') suite=$3 keyring=$4
		bootstrap "$1" "$2"' bootstrap "$root" "$mirror" "$suite" "$keyring" >"$work/root.log" 2>&1 ||
		die "debootstrap failed: $(tail -n 3 "$work/root.log" | cut -c 1-300)"
	root_stamp >"$root/.stamp"
	[ ! -e "$cache/root" ] || mv "$cache/root" "$work/old-root"
	mv "$root" "$cache/root"
	rm -rf --one-file-system "$work/old-root"
	echo "runtimes: $(du -sh "$cache/root" | cut -f 1) in $cache/root"
}

# Unpack the source and the compiler below $1, and build there.
build_kubelet() {
	local dir=$1 source version symbols
	new_root "$dir/apt"
	printf 'deb%s [signed-by=%s] %s %s main\n' '' "$keyring" "$mirror" "$suite" \
		-src "$keyring" "$mirror" "$suite" >"$dir/apt/sources.list"
	in_root "$dir/apt" apt-get -q update
	(cd "$dir/apt/deb" && in_root "$dir/apt" apt-get -q download "$golang-go" "$golang-src")
	(cd "$dir" && in_root "$dir/apt" apt-get -q --download-only source kubernetes)
	for source in "$dir"/apt/deb/*.deb; do
		dpkg -x "$source" "$dir/go"
	done
	mkdir -p "$dir/gopath/src/k8s.io"
	dpkg-source --no-check -x "$dir"/kubernetes_*.dsc "$dir/gopath/src/k8s.io/kubernetes"
	version=$(sed -n 's/^Version: //p' "$dir"/kubernetes_*.dsc | head -n 1)
	version=${version##*really} # 1.20.5+really1.20.2-1: Debian went back to an older one
	version=${version%%-*}
	symbols="-X k8s.io/kubernetes/vendor/k8s.io/component-base/version.gitVersion=v$version"
	cd "$dir/gopath/src/k8s.io/kubernetes"
	env -i PATH="$dir/go/usr/lib/${golang/lang/}/bin:/usr/bin:/bin" HOME="$dir" \
		GOROOT="$dir/go/usr/lib/${golang/lang/}" GOPATH="$dir/gopath" GOCACHE="$dir/cache" \
		GOTMPDIR="$dir" GO111MODULE=off GOFLAGS=-p=2 GOMAXPROCS=2 CGO_ENABLED=0 \
		nice -n 10 go build -ldflags "-s -w $symbols" -o "$dir/kubelet" k8s.io/kubernetes/cmd/kubelet
}

make_kubelet() {
	local dir=$work/kubelet
	if [ -x "$cache/kubelet" ] && stamped "$cache/kubelet.stamp" "$(kubelet_stamp)"; then
		return
	fi
	echo "runtimes: building the kubelet (3 to 5 minutes)"
	mkdir -p "$dir"
	(build_kubelet "$dir") >"$work/kubelet.log" 2>&1 ||
		die "building the kubelet failed: $(tail -n 3 "$work/kubelet.log" | cut -c 1-300)"
	rm -f "$cache/kubelet.stamp"
	mv "$dir/kubelet" "$cache/kubelet"
	kubelet_stamp >"$cache/kubelet.stamp"
	chmod -R u+w "$dir"
	rm -rf "$dir"
	echo "runtimes: $(du -sh "$cache/kubelet" | cut -f 1) in $cache/kubelet"
}

[ $# -gt 0 ] || set -- root kubelet
for part in "$@"; do
	case $part in
	root | kubelet) ;;
	*) die "usage: rootfs.sh [root|kubelet...]" ;;
	esac
done
[ "$(id -u)" -eq 0 ] || die "this needs root"
[ "$(uname -m)" = x86_64 ] || die "this is written for x86-64"
for tool in debootstrap dpkg-source apt-get unshare; do
	command -v "$tool" >/dev/null || die "$tool is missing: run deploy/deps.sh all"
done
[ -r "$keyring" ] || die "no $keyring: install debian-archive-keyring"
mirror=$(machine_mirror)
[ -n "$mirror" ] || die "no Debian archive in this machine's apt sources: set MW_MIRROR"
# debootstrap downloads by wget, which knows nothing of apt's proxy.
eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
[ -z "${http_proxy:-}" ] || export http_proxy
[ -z "${https_proxy:-}" ] || export https_proxy

mkdir -p "$cache"
# Whoever runs containers in the root holds it shared.
exec 9>"$cache/.lock"
flock 9
[ ! -d "$work" ] || chmod -R u+w "$work" 2>/dev/null || true
rm -rf --one-file-system "$work"
mkdir "$work"
for part in "$@"; do
	"make_$part"
done
rm -rf --one-file-system "$work"
