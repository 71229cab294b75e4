#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-man.sh - the manual page and --help tell of the same options, command by command.
#
# usage: check-man.sh MEMWITNESS docs/memwitness.1
set -eu

binary=$1
page=$2
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

complain()
{
	echo "check-man: $*" >&2
	failed=1
}

# Every command knows these, so the page describes them once.
common='help usage'

# "--name" at the place of an option, not in a description.
options_of_help()
{
	"$binary" "$1" --help | sed -n 's/^ \{2,6\}\(-[^-], \)\{0,1\}--\([a-z][a-z-]*\).*/\2/p' |
		sort -u
}

# ".It Fl x , Fl -name" in the sections "Options of COMMAND".
options_of_page()
{
	awk -v command="$1" '
		/^\.S[hs] / { inside = ($0 ~ "^\\.Ss Options of " command "(:|$)") }
		inside && /^\.It .*Fl -[a-z]/ {
			sub(/.*Fl -/, ""); sub(/ .*/, ""); print
		}' "$page" | sort -u
}

commands=$("$binary" --help | sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p')
[ -n "$commands" ] || complain "--help lists no commands"
for command in $commands; do
	grep -q "^\.It Nm Cm $command\$" "$page" || complain "$command is not described in $page"
	options_of_help "$command" >"$work/help"
	for option in $common; do
		grep -qx -e "$option" "$work/help" || complain "$command has no --$option"
	done
	grep -vx -e help -e usage "$work/help" >"$work/help.own" || true
	options_of_page "$command" >"$work/page"
	for option in $(comm -23 "$work/help.own" "$work/page"); do
		complain "$command --$option is in --help but not in $page"
	done
	for option in $(comm -13 "$work/help.own" "$work/page"); do
		complain "$command --$option is in $page but not in --help"
	done
done
for option in $common version; do
	grep -q "^\.It .*Fl -$option\$" "$page" || complain "--$option is not in $page"
done

if command -v mandoc >/dev/null 2>&1; then
	# What it has to say on other manuals that are not installed goes to standard error.
	mandoc -T lint -W warning "$page" >&2 2>/dev/null || complain "mandoc has warnings"
else
	echo "check-man: no mandoc here, so the page's syntax was not checked" >&2
fi
exit $failed
