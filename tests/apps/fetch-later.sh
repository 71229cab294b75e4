#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fetch the later gunicorn and uvicorn that the restart tests run beside this system's own, into a
# cache outside git: $MW_CACHE/later/usr     (default: .cache/ of this repository)
#
# usage: fetch-later.sh [--update]
#
# What is there is left alone unless --update is given. Nothing is installed: Debian's packages of a
# later suite, pure Python, are looked up, verified and downloaded by apt with a root directory of
# our own, and unpacked. The mirror is that of this machine's own apt sources; MW_MIRROR overrides
# it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/debian.sh
. "$here/../debian.sh"
cache=${MW_CACHE:-$(cd "$here/../.." && pwd)/.cache}
suite=trixie
packages=(gunicorn python3-gunicorn python3-packaging uvicorn python3-uvicorn)

die() {
	echo "fetch-later: $*" >&2
	exit 1
}

case ${1:-} in
'' | --update) ;;
-h | --help)
	sed -n '3,11s/^# \{0,1\}//p' "$0"
	exit 0
	;;
*) die "unknown option $1" ;;
esac

mkdir -p "$cache"
exec 9>"$cache/later.lock"
flock 9
stamp="$suite ${packages[*]}"
[ -z "${1:-}" ] && [ "$(cat "$cache/later/stamp" 2>/dev/null)" = "$stamp" ] && exit 0

for tool in apt-get dpkg; do
	command -v "$tool" >/dev/null || die "$tool is missing: this needs a Debian or Ubuntu host"
done
mirror=$(machine_mirror)
[ -n "$mirror" ] || die "no Debian archive in this machine's apt sources: set MW_MIRROR"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || die "no $keyring: install debian-archive-keyring"

work=$cache/.later
root=$work/apt
echo "fetch-later: downloading ${packages[*]} of $suite"
rm -rf "$work"
mkdir -p "$work/tree"
new_root "$root"
echo "deb [signed-by=$keyring] $mirror $suite main" >"$root/sources.list"
in_root "$root" apt-get -q update >"$work/log" 2>&1 || die "$(grep '^[EW]:' "$work/log" | tail -n 3)"
(cd "$root/deb" && in_root "$root" apt-get -q download "${packages[@]}") >"$work/log" 2>&1 ||
	die "$(tail -n 3 "$work/log")"
for deb in "$root"/deb/*.deb; do
	dpkg -x "$deb" "$work/tree"
done
# The stamp goes last: a directory that has it is whole.
rm -rf "$cache/later"
mv "$work/tree" "$cache/later"
echo "$stamp" >"$cache/later/stamp"
rm -rf "$work"
