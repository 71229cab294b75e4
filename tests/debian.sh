# SPDX-License-Identifier: Apache-2.0
# Sourced by what fetches from a Debian archive: the mirror of this machine, and apt's tools with a
# root directory of their own, so that nothing is installed and no state of the machine is touched.

# The first Debian archive in this machine's own sources, in either of apt's two formats;
# MW_MIRROR overrides it. Without the slash at its end.
machine_mirror() {
	local f
	if [ -n "${MW_MIRROR:-}" ]; then
		echo "${MW_MIRROR%/}"
		return
	fi
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
		[ -r "$f" ] || continue
		awk '/^[[:space:]]*#/ { next }
		     /^deb / || /^URIs:/ { for (i = 2; i <= NF; i++) print $i }' "$f"
	done | sed -n 's,^\([a-z0-9+]*:.*/debian\)/*$,\1,p' | head -n 1
}

# Run one of apt's tools ($2 and on) with nothing of the machine's own state, below the directory $1.
in_root() {
	local root=$1 tool=$2
	shift 2
	# Check-Valid-Until is off because a suite out of support (bullseye-security) stops renewing
	# its Release file; the signature is checked all the same, and no unsigned or unknown key passes.
	"$tool" -o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts="$root/none" \
		-o Dir::Etc::preferences="$root/none" -o Dir::Etc::preferencesparts="$root/none" \
		-o Dir::State="$root/state" -o Dir::State::status="$root/state/status" \
		-o Dir::State::lists="$root/lists" -o Dir::Cache="$root/cache" -o Dir::Log="$root/log" \
		-o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Sandbox::User=root \
		-o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o Acquire::Retries=3 \
		-o Acquire::http::Timeout=60 "$@" </dev/null
}

# The directory that in_root() works in: made anew, with an empty list of sources.
new_root() {
	rm -rf "$1"
	mkdir -p "$1"/{none,state,lists/partial,cache/archives/partial,log,deb}
	: >"$1/state/status"
	: >"$1/sources.list"
}
