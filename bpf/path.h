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
 * WIRE_PATH bytes of a ring record or map value. Returns its length; 0 for one that is too long or
 * too deep: what is left without its front could pass for another.
 */
static __noinline __u32 path_fill(struct path_scratch *scratch, struct kernfs_node *kn, char *out)
{
	__u64 at = WIRE_PATH, len;
	bool whole = false;
	int i;

	for (i = 0; i < PATH_LEVELS; i++) {
		struct kernfs_node *parent = kernfs_parent(kn);

		if (!parent) {
			whole = true;
			break;
		}
		len = text_len(bpf_probe_read_kernel_str(scratch->name, NAME_BYTES,
							 BPF_CORE_READ(kn, name)),
			       NAME_BYTES);
		/* With its slash before it. */
		if (!len || len + 1 > at)
			break;
		at = at_most(at - len - 1, WIRE_PATH - 1);
		scratch->text[at] = '/';
		bpf_probe_read_kernel(&scratch->text[at + 1], len, scratch->name);
		kn = parent;
	}
	if (!whole)
		return 0;
	if (at == WIRE_PATH) {
		out[0] = '/';
		return 1;
	}
	at = at_most(at, WIRE_PATH - 1);
	len = at_most(WIRE_PATH - at, WIRE_PATH);
	bpf_probe_read_kernel(out, len, &scratch->text[at]);
	return len;
}

#endif
