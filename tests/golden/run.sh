#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Replay each recorded stream and hold what comes out against what is expected, byte for byte; and
# what is expected against the schema.
#
# usage: run.sh MEMWITNESS            the streams must be what make.py writes, too
#        run.sh --update MEMWITNESS   write make.py's streams and what they give; then read the diff
set -u
cd "$(dirname "$0")" || exit 2

update=0
if [ "${1-}" = --update ]; then
	update=1
	shift
fi
if [ $# -ne 1 ]; then
	echo "usage: run.sh [--update] MEMWITNESS" >&2
	exit 2
fi
case $1 in
/*) memwitness=$1 ;;
*) memwitness=$OLDPWD/$1 ;;
esac
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

if [ $update -eq 1 ]; then
	python3 make.py . || exit 2
	for stream in *.events recorded/*.events.gz; do
		"$memwitness" replay "$stream" >"${stream%.events*}.records" || exit 1
	done
	exit 0
fi

python3 make.py "$work" || exit 2
passed=0
failed=0
# Those in recorded/ are of real programs, cut down by slim.py.
mkdir "$work/recorded"
for stream in *.events recorded/*.events.gz; do
	name=${stream%.events*}
	if [ "${stream#recorded/}" = "$stream" ] && ! cmp -s "$stream" "$work/$stream"; then
		echo "$name: not the stream that make.py writes"
		failed=$((failed + 1))
		continue
	fi
	"$memwitness" replay "$stream" >"$work/$name.records"
	status=$?
	if [ $status -ne 0 ]; then
		echo "$name: replay ended with $status"
		failed=$((failed + 1))
	elif ! diff -u "$name.records" "$work/$name.records" >"$work/diff"; then
		echo "$name: other records than expected"
		head -n 40 "$work/diff"
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
done
for stream in "$work"/*.events; do
	if [ ! -e "$(basename "$stream")" ]; then
		echo "$(basename "$stream"): make.py writes it, and it is not here"
		failed=$((failed + 1))
	fi
done
"$memwitness" schema >"$work/schema.json"
if ! ../validate.py "$work/schema.json" *.records recorded/*.records; then
	failed=$((failed + 1))
fi
echo "golden streams: $passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
