/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgpath.h - the grammar of cgroup paths: what a path alone says about a container.
 *
 * Strict: 64 hexadecimal digits are 64 lower-case hexadecimal digits. A layout that is not in the
 * table is CGPATH_NONE, never a guess: /custom/<id> (docker or podman with a parent of the user's,
 * cgroupfs driver), /<namespace>/<id> (ctr, nerdctl) and what runc or crun was told say nothing by
 * themselves; the runtimes' state files do.
 *
 * What a path cannot tell: lxc puts "-1", "-2" ... behind the name when the directory is taken, so
 * the container of /lxc.payload.web-1 is "web-1" or "web". The instance of LXD and Incus outside
 * the default project is <project>_<name> here, which is its name to lxc. A bare runtime under
 * systemd
 * (--systemd-cgroup) is a scope like any other.
 */
#ifndef MW_CORE_CGPATH_H
#define MW_CORE_CGPATH_H

#include <stddef.h>

enum cgpath_kind {
	CGPATH_NONE = 0,  /* nothing known; or the path is inside no container */
	CGPATH_CONTAINER, /* the path is, or is below, a container or a systemd unit */
	CGPATH_POD,       /* a pod's own cgroup (parent of its containers) */
	CGPATH_SLICE,     /* a systemd slice, /kubepods and its QoS classes, /docker ... */
	CGPATH_HELPER, /* a runtime's own process for a container (conmon, lxc's monitor): none */
	CGPATH_ROOT,
};

struct cgpath {
	enum cgpath_kind kind;
	/*
	 * Static: "docker" "containerd" "cri-o" "podman" "lxc" "systemd"; "" when the path does
	 * not tell (/kubepods/.../pod<uid>/<id> may be containerd's, cri-o's or docker's); "none"
	 * unless the kind is CGPATH_CONTAINER.
	 */
	const char *runtime;
	size_t own_len; /* bytes of the path up to the innermost container's own directory, or 0 */
	/*
	 * The same for the next container around that one, or around the pod or the helper that the
	 * path is; 0: none. The path cut there, parsed again, says which it is.
	 */
	size_t outer_len;
	char id[128];   /* full container id; "" for units and lxc */
	char name[256]; /* name of the unit, of the nspawn machine or of the lxc container, or "" */
	char pod_uid[64]; /* of the pod that the path is in: with dashes, a static pod's without */
};

/*
 * Classify the NUL-terminated path (from the root of the memory hierarchy, "/" for the root).
 * Fills *out entirely. The innermost container wins: a slice in one is CGPATH_CONTAINER, but a
 * pod's own cgroup in one is CGPATH_POD. A path that lost its front must not be given: what is
 * left could look like another one.
 */
void cgpath_parse(const char *path, struct cgpath *out);

#endif
