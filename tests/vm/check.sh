#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run the live tests in every virtual machine named, one after the other, hold the records of each
# against the schema, and say what passed in all.
#
# usage: check.sh "KERNEL-VERSION ..." [NAME...]      e.g. check.sh "k5.10-v1 ksid-v2" oom
# Environment: as run.sh's.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-build}
tests=$1
shift
passed=0
failed=0
compared=0
mismatches=0
bad=

mkdir -p "$build/vm"
"$build/memwitness-static" schema >"$build/vm/schema.json" || exit 2
"$here/fetch-kernels.sh" $(printf '%s\n' $tests | sed 's/-[^-]*$//' | sort -u) || exit 2
for t in $tests; do
	"$here/run.sh" "${t%-*}" "${t##*-}" "$@" | tee "$build/vm/$t.out"
	code=${PIPESTATUS[0]}
	read -r p f < <(sed -n 's/.*: \([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$build/vm/$t.out")
	passed=$((passed + ${p:-0}))
	failed=$((failed + ${f:-0}))
	read -r n m < <(sed -n 's/^OOM fields in all: \([0-9]*\) compared, \([0-9]*\) mis.*/\1 \2/p' "$build/vm/$t.out")
	compared=$((compared + ${n:-0}))
	mismatches=$((mismatches + ${m:-0}))
	[ "$code" -eq 0 ] || bad="$bad $t"
	# A machine that gave no verdict is one failure of its own.
	[ "$code" -ne 2 ] || failed=$((failed + 1))
	[ "$code" -eq 2 ] && continue
	if "$here/../validate.py" "$build/vm/schema.json" "$build/vm/$t"/*.records; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		bad="$bad $t(schema)"
	fi
done
echo "OOM fields on all kernels: $compared compared, $mismatches mismatches"
[ -z "$bad" ] || echo "check-vm: failed:$bad"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ -z "$bad" ]
