/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* path.h - the path of a cgroup, built from its directory upwards. */
#ifndef MW_PATH_H
#define MW_PATH_H

#include "maps.h"

#define PATH_LEVELS 24  /* of directories that a path is built from */
#define NAME_BYTES  256 /* NAME_MAX and its NUL */

/* A path is built from its end: what is too long loses its front. Twice the size lets the verifier
 * see that position + length stays inside. */
struct path_scratch {
	char text[2 * WIRE_PATH];
	char name[NAME_BYTES];
};

struct path_scratch_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct path_scratch);
};

/*
 * The path of a kernfs node from the root of its hierarchy ("/" for the root) into out, which is
 * WIRE_PATH bytes of a ring record or map value. Returns its length.
 */
static __noinline __u32 path_fill(struct path_scratch *scratch, struct kernfs_node *kn, char *out)
{
	__u32 at = WIRE_PATH, len;
	int i;

	for (i = 0; i < PATH_LEVELS; i++) {
		struct kernfs_node *parent = kernfs_parent(kn);
		long n;

		if (!parent)
			break;
		n = bpf_probe_read_kernel_str(scratch->name, NAME_BYTES, BPF_CORE_READ(kn, name));
		if (n <= 1 || n > NAME_BYTES || (__u32)n > at || at > WIRE_PATH)
			break;
		/* n counts the NUL: room for the slash. */
		at -= n;
		scratch->text[at & (WIRE_PATH - 1)] = '/';
		bpf_probe_read_kernel(&scratch->text[(at & (WIRE_PATH - 1)) + 1],
				      (n - 1) & (NAME_BYTES - 1), scratch->name);
		kn = parent;
	}
	if (at >= WIRE_PATH) {
		out[0] = '/';
		return 1;
	}
	len = WIRE_PATH - at;
	if (len > WIRE_PATH)
		return 0;
	bpf_probe_read_kernel(out, len, &scratch->text[at & (WIRE_PATH - 1)]);
	return len;
}

#endif
