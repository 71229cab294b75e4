#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fetch the Debian kernels that the VM tests boot, into a cache outside git:
#   $MW_CACHE/kernels/<name>/{vmlinuz,release}     (default: .cache/ of this repository)
#   $MW_CACHE/kernels/<name>/modules/<release>/    (with --modules)
#
# usage: fetch-kernels.sh [--update] [--modules] [NAME...]
#   names: k5.10 k6.1 k6.12 ksid (default: all)
#
# A kernel that is in the cache is left alone unless --update is given. Nothing is installed: the
# packages are looked up, verified and downloaded by apt with a root directory of our own, and
# unpacked. The mirror is the one that this machine's own apt sources name; MW_MIRROR overrides it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/debian.sh
. "$here/../debian.sh"
cache=${MW_CACHE:-$(cd "$here/../.." && pwd)/.cache}
update=
modules=
names=()

die() {
	echo "fetch-kernels: $*" >&2
	exit 1
}

# name -> "suite base" pairs; base is main (the archive) or security.
suites_of() {
	case $1 in
	k5.10) echo "bullseye-security security" ;;
	k6.1) echo "bookworm main bookworm-security security" ;;
	k6.12) echo "trixie main trixie-security security" ;;
	ksid) echo "sid main" ;;
	*) die "no such kernel: $1 (k5.10 k6.1 k6.12 ksid)" ;;
	esac
}

# All keyrings of debian-archive-keyring: an old suite can be signed by a key since removed.
keyrings() {
	local k list=
	for k in /usr/share/keyrings/debian-archive-keyring.gpg \
		/usr/share/keyrings/debian-archive-*-automatic.gpg \
		/usr/share/keyrings/debian-archive-removed-keys.gpg; do
		[ -r "$k" ] && list=${list:+$list,}$k
	done
	[ -n "$list" ] || die "no Debian keyrings: install debian-archive-keyring"
	echo "$list"
}

make_root() {
	local root=$1 base suite
	shift
	new_root "$root"
	while [ $# -gt 0 ]; do
		suite=$1
		base=$mirror
		[ "$2" = main ] || base=$mirror-security
		echo "deb [signed-by=$keys] $base $suite main" >>"$root/sources.list"
		shift 2
	done
}

# The newest version's first dependency of package $2 whose name matches the pattern $3.
depends_on() {
	in_root "$1" apt-cache show --no-all-versions "$2" 2>/dev/null |
		sed -n 's/^Depends: //p' | tr ',|' '\n\n' | awk -v re="$3" '$1 ~ re { print $1; exit }'
}

fetch() {
	local name=$1 dir=$cache/kernels/$1 work root image pkg packages vmlinuz release
	if [ -z "$update" ] && [ -s "$dir/vmlinuz" ] && [ -s "$dir/release" ] &&
		{ [ -z "$modules" ] || [ -d "$dir/modules" ]; }; then
		echo "$name: $(cat "$dir/release") (cached)"
		return
	fi
	work=$cache/kernels/.work-$name
	root=$work/apt
	echo "$name: looking it up"
	mkdir -p "$work"
	# shellcheck disable=SC2046 # pairs of words are meant
	make_root "$root" $(suites_of "$name")
	in_root "$root" apt-get -q update >"$work/update.log" 2>&1 ||
		die "$name: apt-get update failed: $(grep -E '^[EW]:' "$work/update.log" | tail -n 3)"
	grep -q '^[EW]: .*\(Failed\|not signed\|NO_PUBKEY\)' "$work/update.log" &&
		die "$name: apt-get update: $(grep -E '^[EW]:' "$work/update.log" | tail -n 3)"

	image=$(depends_on "$root" linux-image-cloud-amd64 '^linux-image-[0-9]')
	[ -n "$image" ] || die "$name: no linux-image-cloud-amd64 in: $(suites_of "$name")"
	packages=$image
	# From 6.19 linux-image-* is a shell and the kernel itself is in linux-binary-*.
	pkg=$(depends_on "$root" "$image" '^linux-binary-')
	packages=${pkg:-$packages}

	echo "$name: downloading $packages"
	(cd "$root/deb" && in_root "$root" apt-get -q download "$packages") >"$work/download.log" 2>&1 ||
		die "$name: download failed: $(tail -n 3 "$work/download.log")"
	rm -rf "$work/tree"
	mkdir "$work/tree"
	for pkg in "$root"/deb/*.deb; do
		dpkg -x "$pkg" "$work/tree"
	done
	vmlinuz=$(find "$work/tree" -type f \( -name 'vmlinuz-*' -o -path '*/modules/*/vmlinuz' \) | head -n 1)
	[ -n "$vmlinuz" ] || die "$name: no vmlinuz in $packages"
	case $vmlinuz in
	*/vmlinuz-*) release=${vmlinuz##*/vmlinuz-} ;;
	*) release=$(basename "$(dirname "$vmlinuz")") ;;
	esac

	mkdir -p "$dir"
	# release goes last: a directory that has it is whole.
	rm -rf "$dir/release" "$dir/modules"
	[ -z "$modules" ] || mv "$(find "$work/tree" -type d -path '*/lib/modules')" "$dir/modules"
	mv "$vmlinuz" "$dir/vmlinuz"
	echo "$release ($(dpkg-deb -f "$root"/deb/*.deb Version | head -n 1))" >"$dir/release.tmp"
	mv "$dir/release.tmp" "$dir/release"
	rm -rf "$work"
	echo "$name: $(cat "$dir/release")"
}

while [ $# -gt 0 ]; do
	case $1 in
	--update) update=1 ;;
	--modules) modules=1 ;;
	-h | --help)
		sed -n '3,12s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	-*) die "unknown option $1" ;;
	*) names+=("$1") ;;
	esac
	shift
done
[ ${#names[@]} -gt 0 ] || names=(k5.10 k6.1 k6.12 ksid)
for tool in apt-get apt-cache dpkg dpkg-deb; do
	command -v "$tool" >/dev/null || die "$tool is missing: this needs a Debian or Ubuntu host"
done
mirror=$(machine_mirror)
[ -n "$mirror" ] || die "no Debian archive in this machine's apt sources: set MW_MIRROR"
keys=$(keyrings)

mkdir -p "$cache/kernels"
# One fetch at a time: two would unpack into the same place.
exec 9>"$cache/kernels/.lock"
flock 9
for name in "${names[@]}"; do
	suites_of "$name" >/dev/null
done
for name in "${names[@]}"; do
	fetch "$name"
done
