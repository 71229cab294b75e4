#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The dependency arrows of docs/architecture.md, held: which room may include what. Prints every
# include that breaks one, and fails if there is any. An argument names another tree to check.
set -eu
root=${1:-$(dirname "$0")/..}
cd "$root"

awk '
function room(path) { sub(/^user\//, "", path); sub(/\/.*/, "", path); return path }
function allowed(from, inc, sys) {
	if (sys) {
		# Kernel and tracing libraries are known to one room only.
		if (inc ~ /^(bpf|linux\/bpf|libelf|gelf)/) return from == "in"
		if (inc ~ /^linux\/perf_event/) return from == "in"
		if (inc ~ /^jansson/) return from == "in" || from == "cmd"
		if (inc ~ /^(ini|argp)/) return from == "cmd"
		if (inc ~ /^(time|sys\/time|unistd|fcntl|sys\/stat|errno|stdlib)\.h/ && from == "core")
			return 0	# no clock, no file, no allocation in the core
		return 1
	}
	if (from == "base") return inc ~ /^base\//
	if (from == "core") return inc ~ /^(base|core)\//
	if (from == "in") return inc ~ /^(base|in)\// || inc ~ /^core\/event(_fields)?\.h$/ || inc == "bpf/wire.h" ||
		inc == "memwitness.skel.h"
	if (from == "out") return inc ~ /^(base|out)\// || inc ~ /^core\/(event|event_fields|record)\.h$/ ||
		inc == "schema_json.h"
	if (from == "cmd") return inc ~ /^(base|core|in|out|cmd)\// && inc != "core/state.h"
	return 0
}
/^[ \t]*#[ \t]*include/ {
	is_sys = ($0 ~ /</)
	inc = $0
	sub(/^[^<"]*[<"]/, "", inc); sub(/[>"].*/, "", inc)
	seen++
	if (!allowed(room(FILENAME), inc, is_sys)) {
		printf "%s:%d: %s may not include %s\n", FILENAME, FNR, room(FILENAME), inc
		bad++
	}
}
END {
	if (seen < 1) { print "lint-arrows: nothing was read"; exit 1 }
	printf "lint-arrows: %d includes read, %d break an arrow\n", seen, bad
	exit bad > 0
}' user/*/*.[ch]
