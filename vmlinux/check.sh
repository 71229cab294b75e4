#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
# check.sh [BTF] - hold the types kept by hand against a kernel's BTF (default: the running one's).
#
# Every member that vmlinux.h names must be in the kernel's struct of that name. Members in bpf/*.h
# are the forms of one thing over time (name___form): they are listed, and none need be there.
# To extend vmlinux.h: add the member, run this on the oldest and the newest kernel; what one of
# them lacks belongs into bpf/compat.h behind an accessor.
set -eu

here=$(dirname "$0")
btf=${1:-/sys/kernel/btf/vmlinux}
bpftool=$(command -v bpftool || echo /usr/sbin/bpftool)

"$bpftool" btf dump file "$btf" format c |
awk '
# The name a line declares: "	type *name[4];", "	int name: 3;", "	} name;"; "" when it is none.
function member(line) {
	sub(/[ \t]*(__attribute__.*)?;[ \t]*$/, "", line)
	sub(/[ \t]*:[ \t]*[0-9]+$/, "", line)
	while (sub(/\[[^]]*\]$/, "", line))
		;
	return match(line, /[A-Za-z_][A-Za-z0-9_]*$/) ? substr(line, RSTART, RLENGTH) : ""
}
FNR == 1 { file++ }
/^(struct|union) [A-Za-z0-9_]+ \{/ { name = $2; if (file == 1) known[name] = 1; next }
/^}/ { name = "" }
name != "" && /;[ \t]*$/ {
	m = member($0)
	if (file == 1) {
		have[name, m] = 1
		next
	}
	type = name
	sub(/___.*/, "", type)
	if ((type, m) in have)
		next
	if (skip[type])
		next
	form = FILENAME !~ /vmlinux\.h$/
	printf "%s: %s.%s%s\n", form ? "other form" : "MISSING", type, m, known[type] ? "" : " (no such type)"
	missing += !form
}
# Types of our own, and uapi ones that are not relocated.
BEGIN { skip["bpf_perf_event_data"] = skip["bpf_raw_tracepoint_args"] = skip["maple_pivots"] = 1 }
END { exit missing > 0 }
' - "$here/vmlinux.h" "$here/../bpf/compat.h" "$here/../bpf/vma.h"
