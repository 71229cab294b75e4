#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Boot a kernel in QEMU with the live tests as init, and bring back what they wrote.
#
# usage: run.sh KERNEL [v1|v2] [NAME...]
#   KERNEL  a name that fetch-kernels.sh knows (k5.10 ...), or the path of a vmlinuz
#   v1|v2   cgroup version in the VM (default v2)
#   NAME    runs, groups or scenarios, as `live` takes them (default: all)
#
# Environment: BUILD (default build) holds memwitness-static and tests/live; MW_CACHE the kernels;
# MW_VM_TIMEOUT the seconds for one boot (default 600). Results go to $BUILD/vm/<kernel>-<v>/:
# console.log, kernel.log, and records and event log of each run.
#
# Exit code: 0 all passed, 1 an assertion failed, 2 nothing could be run or the VM died twice.
# An emulator that crashes or hangs, so that no final line comes, is started once more; a failed
# assertion never is.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${BUILD:-build}
case $build in /*) ;; *) build=$top/$build ;; esac
cache=${MW_CACHE:-$top/.cache}
limit=${MW_VM_TIMEOUT:-600}

die() {
	echo "vm: $*" >&2
	exit 2
}

[ $# -ge 1 ] || {
	sed -n '3,17s/^# \{0,1\}//p' "$0"
	exit 2
}
kernel=$1
shift
version=v2
case ${1:-} in v1 | v2)
	version=$1
	shift
	;;
esac

if [ -f "$kernel" ]; then
	vmlinuz=$kernel
	name=$(basename "$(dirname "$(realpath "$kernel")")")
else
	name=$kernel
	vmlinuz=$cache/kernels/$name/vmlinuz
	[ -s "$vmlinuz" ] || "$here/fetch-kernels.sh" "$name" || die "no kernel $name"
fi
qemu=$(command -v qemu-system-x86_64) || die "qemu-system-x86_64 is missing (make deps)"
command -v cpio >/dev/null || die "cpio is missing (make deps)"
for f in "$build/memwitness-static" "$build/tests/live"; do
	[ -x "$f" ] || die "$f is missing (make static, make $build/tests/live)"
done

out=$build/vm/$name-$version
rm -rf "$out"
mkdir -p "$out"
work=$(mktemp -d "${TMPDIR:-/tmp}/mwvm.XXXXXX")
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/root"/{proc,sys,dev,run,tmp}
cp "$build/memwitness-static" "$work/root/memwitness"
cp "$build/tests/live" "$work/root/init"
(cd "$work/root" && find . | LC_ALL=C sort | cpio -o -H newc --quiet) >"$work/initrd"

# "quiet mitigations=off" is for speed; swapaccount makes v1 of old kernels keep memory+swap.
append="console=ttyS0 panic=-1 quiet mitigations=off random.trust_cpu=on"
[ $version = v1 ] && append="$append mwv1 swapaccount=1"
[ $# -eq 0 ] || append="$append -- $*"

# The disk of the results, one for swap, and a small second node of memory (oom_machine.c).
boot() {
	rm -f "$work/disk" "$work/swap"
	truncate -s 512M "$work/disk"
	truncate -s 64M "$work/swap"
	timeout --kill-after=10 "$limit" "$qemu" -accel tcg,thread=multi -cpu max -m 1024 -smp 2 \
		-object memory-backend-ram,id=m0,size=928M -numa node,nodeid=0,cpus=0-1,memdev=m0 \
		-object memory-backend-ram,id=m1,size=96M -numa node,nodeid=1,memdev=m1 \
		-nographic -nodefaults -serial stdio -nic none -no-reboot \
		-kernel "$vmlinuz" -initrd "$work/initrd" \
		-drive "file=$work/disk,format=raw,if=none,id=results,cache=unsafe" \
		-drive "file=$work/swap,format=raw,if=none,id=swap,cache=unsafe" \
		-device nvme,id=nvme,serial=live -device nvme-ns,drive=results,nsid=1 \
		-device nvme-ns,drive=swap,nsid=2 \
		-append "$append" </dev/null >"$out/console.log" 2>"$out/qemu.log" || true
	# The firmware clears the screen; what is left is plain text.
	tr -d '\r' <"$out/console.log" | sed 's/\x1b\(c\|\[[0-9;?]*[A-Za-z]\)//g' >"$work/console"
	mv "$work/console" "$out/console.log"
	verdict=$(grep -aE '^[0-9]+ passed, [0-9]+ failed$' "$out/console.log" | tail -n 1) || true
}

# Two machines at once would take each other's two cores and time.
mkdir -p "$cache"
exec 9>"$cache/vm.lock"
flock 9

began=$SECONDS
boot
if [ -z "$verdict" ]; then
	echo "vm: $name $version: no verdict, booting once more; the console ended with:"
	tail -n 15 "$out/console.log" "$out/qemu.log"
	mv "$out/console.log" "$out/console.first.log"
	boot
fi
flock -u 9

tar -xf "$work/disk" -C "$out" 2>"$out/tar.log" || true
[ -s "$out/tar.log" ] || rm -f "$out/tar.log"
[ -s "$out/qemu.log" ] || rm -f "$out/qemu.log"
# Only what the tests say: the kernel's own boot messages stay in the file.
grep -aE '^(ok  |FAIL|live:|init:|OOM fields|  )' "$out/console.log" || true
[ -n "$verdict" ] || {
	tail -n 30 "$out/console.log"
	die "$name $version: the machine died twice without a verdict"
}
echo "$name $version: $verdict ($((SECONDS - began)) s)"
case $verdict in
*", 0 failed") ;;
*) exit 1 ;;
esac
