#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deps.sh - install what building (build) or also testing (all) memwitness needs.
#
# On Debian and Ubuntu by apt-get, only what is missing: when nothing is, it says nothing and is
# quick. Elsewhere it looks for the commands and headers themselves, and lists what is not there.
set -eu

usage()
{
	echo "usage: deps.sh all|build" >&2
	exit 2
}

[ $# -eq 1 ] || usage
case $1 in
build | all) scope=$1 ;;
*) usage ;;
esac

# purpose | Debian packages ("a/b": the first that exists) | what must exist: a command, a header,
# a Python module, or - for what cannot be seen from outside
build_table='
BPF programs|clang|clang
BPF programs|llvm|-
BPF skeleton|bpftool/linux-tools-generic|bpftool
compiler|gcc|cc
compiler|libc6-dev|stdio.h
make|make|make
BPF loader|libbpf-dev|bpf/libbpf.h
ELF files|libelf-dev|libelf.h
compression|zlib1g-dev|zlib.h
JSON|libjansson-dev|jansson.h
configuration files|libinih-dev|ini.h
'
test_table='
unit tests|libcmocka-dev|cmocka.h
record checks|python3|python3
record checks|python3-jsonschema|py:jsonschema
application tests|gunicorn|gunicorn
application tests|python3-setproctitle|py:setproctitle
application tests|uvicorn|uvicorn
application tests|celery|celery
application tests|redis-server|redis-server
application tests|python3-redis|py:redis
application tests|supervisor|supervisord
application tests|nginx-light/nginx|nginx
application tests|apache2-bin|apache2
application tests|strace|strace
virtual machines|qemu-system-x86|qemu-system-x86_64
virtual machines|cpio|cpio
virtual machines|xz-utils|xz
virtual machines|busybox-static|busybox
virtual machines|debian-archive-keyring|-
runtime tests|debootstrap|debootstrap
runtime tests|dpkg-dev|dpkg-source
runtime tests|iproute2|ip
formatting|clang-format|clang-format
lint|clang-tidy|clang-tidy
lint|cppcheck|cppcheck
fuzzing|libclang-rt-14-dev/libclang-rt-dev|-
manual page|mandoc|mandoc
benchmark|bpftrace|bpftrace
benchmark|libbpf-tools|-
'
table=$build_table
[ "$scope" = build ] || table=$build_table$test_table

# The one that the tests run with and that packages install for; PATH may hold another one.
python=/usr/bin/python3
[ -x "$python" ] || python=python3

has_command()
{
	command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]
}

# A header by asking the compiler, which knows where it looks.
has_header()
{
	has_command cc && printf '#include <stdio.h>\n#include <%s>\n' "$1" | cc -E - >/dev/null 2>&1
}

exists()
{
	case $1 in
	-) return 0 ;;
	*.h) has_header "$1" ;;
	py:*) "$python" -c "import ${1#py:}" >/dev/null 2>&1 ;;
	*) has_command "$1" ;;
	esac
}

# Not Debian: say what is needed, in words that every distribution's search understands.
check_by_hand()
{
	missing=$(echo "$table" | while IFS='|' read -r purpose package what; do
		[ -n "$purpose" ] || continue
		exists "$what" || printf '  %-20s %-24s (Debian: %s)\n' "$purpose" "$what" "$package"
	done)
	[ -n "$missing" ] || exit 0
	echo "Please install these by your package manager:" >&2
	echo "$missing" >&2
	exit 1
}

if ! has_command dpkg-query || ! has_command apt-get; then
	check_by_hand
fi

installed()
{
	dpkg-query -W -f '${db:Status-Abbrev}\n' "$1" 2>/dev/null | grep -q '^ii'
}

# The packages of all rows that are neither installed nor provided in another way.
wanted()
{
	echo "$table" | while IFS='|' read -r purpose packages what; do
		[ -n "$purpose" ] || continue
		found=
		for package in $(echo "$packages" | tr / ' '); do
			installed "$package" && found=1
		done
		# A compiler or a tool of another version or origin will do as well.
		[ -n "$found" ] || { [ "$what" != - ] && exists "$what"; } || echo "$packages"
	done
}

missing=$(wanted)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "These packages are missing; run this with sudo to install them:" >&2
	echo "$missing" | sed 's/^/  /; s,/, or ,g' >&2
	exit 1
fi

known()
{
	# A name that is only provided by others is known to apt-cache, but has no record.
	apt-cache show "$1" 2>/dev/null | grep -q '^Package:'
}

# Of "a/b" the first that the package lists know, of all that is missing.
choose()
{
	for choice in $missing; do
		for package in $(echo "$choice" | tr / ' '); do
			if known "$package"; then
				echo "$package"
				continue 2
			fi
		done
		echo "deps.sh: no package $choice here" | sed 's,/, or ,g' >&2
	done
}

all_known()
{
	[ "$(choose 2>/dev/null | wc -l)" -eq "$(echo "$missing" | wc -l)" ]
}

# Services among the test programs (redis, nginx, supervisor) are run by the tests alone: nothing
# is to start because it was installed. A policy that is there already is left as it is.
policy=/usr/sbin/policy-rc.d
no_services()
{
	[ ! -e "$policy" ] || return 0
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
}

install_packages()
{
	# shellcheck disable=SC2046 # one word a package
	apt-get install -y --no-install-recommends $(choose)
}

export DEBIAN_FRONTEND=noninteractive
echo "Installing $(echo "$missing" | tr '\n' ' ')" >&2
# Lists that are missing or old do not know the packages or their versions: then, and only then,
# fetch new ones.
all_known || apt-get update
no_services
install_packages || { apt-get update && install_packages; }

missing=$(wanted)
[ -n "$missing" ] || exit 0
echo "Still missing:" >&2
echo "$missing" | sed 's/^/  /; s,/, or ,g' >&2
exit 1
