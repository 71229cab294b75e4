#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real container runtimes in a virtual machine with cgroup v2 and systemd as its first process, and
# the agent watching them: guest.py says what is compared.
#
# usage: run.sh [GROUP...]      (default: all; the groups are guest.py's)
#
# Environment: BUILD (default build) holds memwitness-static; MW_CACHE what is made once;
# MW_VM_TIMEOUT the seconds for one boot (default 900). Results go to $BUILD/runtimes-vm/:
# console.log, the records, the journal.
#
# Exit code: 0 all passed, 1 an assertion failed, 2 nothing could be run or the VM died twice.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
build=${BUILD:-build}
case $build in /*) ;; *) build=$top/$build ;; esac
cache=${MW_CACHE:-$top/.cache}
limit=${MW_VM_TIMEOUT:-900}
out=$build/runtimes-vm

die() {
	echo "runtimes-vm: $*" >&2
	exit 2
}

[ -x "$build/memwitness-static" ] || die "$build/memwitness-static is missing (make static)"
qemu=$(command -v qemu-system-x86_64) || die "qemu-system-x86_64 is missing (make deps)"
"$top/tests/vm/fetch-kernels.sh" --modules k6.1
"$top/tests/runtimes/rootfs.sh"
# The image is read while the machine runs, and one machine at a time has the two cores.
exec 9>"$cache/vm.lock"
flock 9
"$here/image.sh"

rm -rf "$out"
mkdir -p "$out"
work=$(mktemp -d "${TMPDIR:-/tmp}/mwvm.XXXXXX")
trap 'rm -rf "$work"' EXIT

# What the machine gets: the agent, the tests, and a program to begin with.
mkdir -p "$work/payload/build"
cp "$build/memwitness-static" "$work/payload/build/"
(cd "$top" && cp --parents tests/runtimes/*.py tests/runtimes/vm/*.py \
	tests/apps/{agent,harness}.py tests/bench/host.py "$work/payload")
cat >"$work/payload/guest" <<-EOF
	#!/bin/sh
	cd /mw
	/usr/bin/python3 -u tests/runtimes/vm/guest.py build work $* 2>&1
	tar -cf /dev/nvme0n3 -C work .
EOF
chmod +x "$work/payload/guest"

boot() {
	tar -cf "$work/in" -C "$work/payload" .
	truncate -s %1M "$work/in"
	rm -f "$work/results"
	truncate -s 512M "$work/results"
	TMPDIR=$work timeout --kill-after=10 "$limit" nice -n 5 "$qemu" -accel tcg,thread=multi -cpu max \
		-m 3072 -smp 2 -nographic -nodefaults -serial stdio -nic none -no-reboot \
		-kernel "$cache/kernels/k6.1/vmlinuz" \
		-drive "file=$cache/runtimes/vm.img,format=raw,if=none,id=root,snapshot=on,cache=unsafe" \
		-drive "file=$work/in,format=raw,if=none,id=in,readonly=on" \
		-drive "file=$work/results,format=raw,if=none,id=results,cache=unsafe" \
		-device nvme,id=nvme,serial=runtimes -device nvme-ns,drive=root,nsid=1 \
		-device nvme-ns,drive=in,nsid=2 -device nvme-ns,drive=results,nsid=3 \
		-append "root=/dev/nvme0n1 rootfstype=ext4 rw console=ttyS0 panic=-1 quiet mitigations=off \
random.trust_cpu=on apparmor=0 systemd.unit=mw-tests.target" \
		</dev/null >"$work/console" 2>"$out/qemu.log" || true
	# The firmware clears the screen; what is left is plain text.
	tr -d '\r' <"$work/console" | sed 's/\x1b\(c\|\[[0-9;?]*[A-Za-z]\)//g' >"$out/console.log"
	verdict=$(grep -aE '^[0-9]+ passed, [0-9]+ failed$' "$out/console.log" | tail -n 1) || true
}

began=$SECONDS
boot
if [ -z "$verdict" ]; then
	echo "runtimes-vm: no verdict, booting once more; the console ended with:"
	tail -n 15 "$out/console.log" "$out/qemu.log"
	mv "$out/console.log" "$out/console.first.log"
	boot
fi
flock -u 9

tar -xf "$work/results" -C "$out" 2>"$out/tar.log" || true
[ -s "$out/tar.log" ] || rm -f "$out/tar.log"
[ -s "$out/qemu.log" ] || rm -f "$out/qemu.log"
grep -aE '^(ok  |FAIL|     )' "$out/console.log" || true
[ -n "$verdict" ] || {
	tail -n 30 "$out/console.log"
	die "the machine died twice without a verdict"
}
failed=${verdict#*passed, }
"$top/tests/validate.py" "$top/user/out/schema.json" "$out/agent.records" || failed=1
"$build/memwitness-static" replay "$out/agent.events" | cmp - "$out/agent.records" || failed=1
echo "runtimes-vm: $verdict ($((SECONDS - began)) s)"
[ "${failed%% *}" = 0 ]
