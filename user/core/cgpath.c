/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgpath.c - the grammar of cgroup paths, as one table.
 *
 * A path is read component by component. Where the last one has led (a context) decides which
 * rows can match the next; a row says where that leads and what it is. What no row matches leads
 * to OTHER, where only layouts that cannot be mistaken start again. So "docker" is docker's
 * directory at the root of the hierarchy or of a container, and a name like any other elsewhere.
 *
 * Seen on running systems: docker's, podman's, containerd's under a kubelet, lxc's, nspawn's and
 * systemd's. Known from those projects' sources and documents: cri-o (crio, crio-*: cgmgr),
 * podman's split mode (libpod-payload-*: getOCICgroupPath()), nerdctl (generateCgroupPath()),
 * Amazon ECS
 * (/ecs: DefaultTaskCgroupV1Prefix; on v2 it is a slice), Proxmox (lxc/ID/ns, lxc.monitor/ID), kind
 * (kubelet-kubepods*), and the names with colons that containerd makes under a kubelet with the
 * systemd driver when its own runc does not use that driver (getCgroupsPath()).
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "core/cgpath.h"

enum context {
	ROOT = 1 << 0,
	INSIDE = 1 << 1, /* a container's or a unit's own directory */
	OTHER = 1 << 2,
	SLICE = 1 << 3,
	MACHINE = 1 << 4, /* machine.slice */
	DOCKER = 1 << 5,
	LIBPOD = 1 << 6,
	LIBPOD_POD = 1 << 7,
	CRI = 1 << 8, /* containerd's own directory for what has no kubelet's parent */
	LXC = 1 << 9,
	KUBE = 1 << 10, /* the kubelet's cgroupfs driver */
	KUBE_QOS = 1 << 11,
	KUBE_POD = 1 << 12,
	KSLICE = 1 << 13, /* the kubelet's systemd driver */
	KSLICE_QOS = 1 << 14,
	KSLICE_POD = 1 << 15,
	HELPER = 1 << 16, /* stays one all the way down */
	CRIO = 1 << 17,
	ECS = 1 << 18,
	ECS_TASK = 1 << 19,
};

#define TOP       (ROOT | INSIDE)
#define SLICES    (SLICE | MACHINE)
#define ANY_SLICE (SLICES | KSLICE | KSLICE_QOS | KSLICE_POD)

/*
 * In a pattern: %i 64 lower-case hexadecimal digits; %u a pod's uid with dashes, %s with
 * underscores, either also as 32 digits (static pods); %n any name; %m an escaped machine name, %I
 * one in a template's instance; %U a unit's whole name; %S a slice's. A pattern that ends in
 * ".slice" also holds the component to systemd's rule that a slice's name repeats its parent's.
 */
struct row {
	uint32_t from;
	const char *pattern;
	enum context to;
	enum cgpath_kind kind; /* NONE: another directory of the same container */
	const char *runtime;   /* of a container; "": the path does not tell */
};

static const struct row rows[] = {
	{TOP, "docker", DOCKER, CGPATH_SLICE, NULL},
	{DOCKER, "%i", INSIDE, CGPATH_CONTAINER, "docker"},

	{TOP, "libpod_parent", LIBPOD, CGPATH_SLICE, NULL},
	{LIBPOD | LIBPOD_POD, "conmon", HELPER, CGPATH_HELPER, NULL},
	{LIBPOD, "%i", LIBPOD_POD, CGPATH_POD, NULL},
	/* podman and cri-o name theirs whatever the parent is; nobody else's looks so. */
	{TOP | OTHER | LIBPOD | LIBPOD_POD, "libpod-%i", INSIDE, CGPATH_CONTAINER, "podman"},
	{TOP | OTHER, "libpod-payload-%i", INSIDE, CGPATH_CONTAINER, "podman"},

	{TOP, "crio", CRIO, CGPATH_SLICE, NULL},
	{TOP | OTHER | CRIO | KUBE_POD, "crio-%i", INSIDE, CGPATH_CONTAINER, "cri-o"},
	{TOP | OTHER | CRIO | KUBE_POD, "crio-conmon-%i", HELPER, CGPATH_HELPER, NULL},

	{TOP, "ecs", ECS, CGPATH_SLICE, NULL},
	{ECS, "%u", ECS_TASK, CGPATH_SLICE, NULL}, /* a task's id has a pod uid's form */
	{ECS_TASK, "%i", INSIDE, CGPATH_CONTAINER, "docker"},

	{TOP, "k8s.io", CRI, CGPATH_SLICE, NULL},
	{CRI, "%i", INSIDE, CGPATH_CONTAINER, "containerd"},

	{TOP, "lxc.payload.%n", INSIDE, CGPATH_CONTAINER, "lxc"},
	{TOP, "lxc.monitor.%n", HELPER, CGPATH_HELPER, NULL},
	{TOP, "lxc.monitor", HELPER, CGPATH_HELPER, NULL},
	{TOP, "lxc.pivot", HELPER, CGPATH_HELPER, NULL},
	{TOP, "lxc", LXC, CGPATH_SLICE, NULL},
	{LXC, "%n", INSIDE, CGPATH_CONTAINER, "lxc"},

	/* Below a cgroup root of the kubelet's (kind: /kubelet) the same begins again. */
	{TOP | OTHER, "kubepods", KUBE, CGPATH_SLICE, NULL},
	{KUBE, "burstable", KUBE_QOS, CGPATH_SLICE, NULL},
	{KUBE, "besteffort", KUBE_QOS, CGPATH_SLICE, NULL},
	{KUBE | KUBE_QOS, "pod%u", KUBE_POD, CGPATH_POD, NULL},
	{KUBE_POD, "%i", INSIDE, CGPATH_CONTAINER, ""},

	{TOP | OTHER, "kubepods.slice", KSLICE, CGPATH_SLICE, NULL},
	{SLICE, "kubelet-kubepods.slice", KSLICE, CGPATH_SLICE, NULL},
	{KSLICE, "kubepods-burstable.slice", KSLICE_QOS, CGPATH_SLICE, NULL},
	{KSLICE, "kubepods-besteffort.slice", KSLICE_QOS, CGPATH_SLICE, NULL},
	{KSLICE, "kubelet-kubepods-burstable.slice", KSLICE_QOS, CGPATH_SLICE, NULL},
	{KSLICE, "kubelet-kubepods-besteffort.slice", KSLICE_QOS, CGPATH_SLICE, NULL},
	{KSLICE, "kubepods-pod%s.slice", KSLICE_POD, CGPATH_POD, NULL},
	{KSLICE, "kubelet-kubepods-pod%s.slice", KSLICE_POD, CGPATH_POD, NULL},
	{KSLICE_QOS, "kubepods-burstable-pod%s.slice", KSLICE_POD, CGPATH_POD, NULL},
	{KSLICE_QOS, "kubepods-besteffort-pod%s.slice", KSLICE_POD, CGPATH_POD, NULL},
	{KSLICE_QOS, "kubelet-kubepods-burstable-pod%s.slice", KSLICE_POD, CGPATH_POD, NULL},
	{KSLICE_QOS, "kubelet-kubepods-besteffort-pod%s.slice", KSLICE_POD, CGPATH_POD, NULL},

	{TOP | OTHER, "kubepods-pod%s.slice:cri-containerd:%i", INSIDE, CGPATH_CONTAINER,
	 "containerd"},
	{TOP | OTHER, "kubepods-burstable-pod%s.slice:cri-containerd:%i", INSIDE, CGPATH_CONTAINER,
	 "containerd"},
	{TOP | OTHER, "kubepods-besteffort-pod%s.slice:cri-containerd:%i", INSIDE, CGPATH_CONTAINER,
	 "containerd"},

	{SLICES | KSLICE_POD, "cri-containerd-%i.scope", INSIDE, CGPATH_CONTAINER, "containerd"},
	{SLICES | KSLICE_POD, "crio-%i.scope", INSIDE, CGPATH_CONTAINER, "cri-o"},
	{SLICES | KSLICE_POD, "crio-conmon-%i.scope", HELPER, CGPATH_HELPER, NULL},
	{SLICES | KSLICE_POD, "docker-%i.scope", INSIDE, CGPATH_CONTAINER, "docker"},
	{SLICES, "nerdctl-%i.scope", INSIDE, CGPATH_CONTAINER, "containerd"},
	{SLICES, "libpod-%i.scope", INSIDE, CGPATH_CONTAINER, "podman"},
	{SLICES, "libpod-conmon-%i.scope", HELPER, CGPATH_HELPER, NULL},
	{MACHINE, "machine-libpod_pod_%i.slice", SLICE, CGPATH_POD, NULL},
	{SLICE, "user-libpod_pod_%i.slice", SLICE, CGPATH_POD, NULL},

	/* Where crun, nspawn and lxc put what runs in a container, below its own directory. */
	{INSIDE, "container", INSIDE, CGPATH_NONE, NULL},
	{INSIDE, "payload", INSIDE, CGPATH_NONE, NULL},
	{INSIDE, "ns", INSIDE, CGPATH_NONE, NULL},

	{TOP | OTHER, "machine.slice", MACHINE, CGPATH_SLICE, NULL},
	{MACHINE, "machine-%m.scope", INSIDE, CGPATH_CONTAINER, "systemd"},
	{SLICES, "systemd-nspawn@%I.service", INSIDE, CGPATH_CONTAINER, "systemd"},
	{TOP | SLICES, "%U", INSIDE, CGPATH_CONTAINER, "systemd"},
	{TOP | OTHER | SLICES, "%S", SLICE, CGPATH_SLICE, NULL},
};

/* A piece of the path that needs no NUL. */
struct span {
	const char *s;
	size_t len;
};

#define MACHINE_MAX 64 /* HOST_NAME_MAX */

/* What the tokens of one row have matched. */
struct match {
	struct span id, name, pod;
	char machine[MACHINE_MAX + 1]; /* in place of name, unless it is "" */
};

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool all_hex(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_hex(s[i]))
			return false;
	return true;
}

static bool ends_with(struct span text, const char *end)
{
	size_t len = strlen(end);

	return text.len >= len && !memcmp(text.s + text.len - len, end, len);
}

/* 8-4-4-4-12 digits parted by `dash`, or 32 digits. */
static bool is_pod_uid(struct span text, char dash)
{
	if (text.len == 32)
		return all_hex(text.s, 32);
	if (text.len != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? text.s[i] != dash : !is_hex(text.s[i]))
			return false;
	}
	return true;
}

/* The characters of unit names, systemd.unit(5). */
static bool is_unit_text(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (c && strchr(":-_.\\@", c))))
			return false;
	}
	return text.len > 0 && text.len < sizeof(((struct cgpath *)0)->name);
}

/* systemd prefixes a name that would collide with a kernel file ("memory.slice") with '_'. */
static struct span unescape_cgroup(struct span text)
{
	if (text.len > 1 && text.s[0] == '_') {
		text.s++;
		text.len--;
	}
	return text;
}

static bool is_unit(struct span text)
{
	static const char *const suffixes[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	if (!is_unit_text(text))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (ends_with(text, suffixes[i]) && text.len > strlen(suffixes[i]))
			return true;
	return false;
}

/* a-b.slice is in a.slice and nowhere else, a.slice in no slice: systemd.slice(5). */
static bool is_slice_in(struct span text, struct span parent)
{
	struct span stem = unescape_cgroup(text);

	if (!is_unit_text(text) || !ends_with(stem, ".slice"))
		return false;
	stem.len -= strlen(".slice");
	if (parent.s) {
		parent = unescape_cgroup(parent);
		parent.len -= strlen(".slice");
		if (stem.len < parent.len + 2 || memcmp(stem.s, parent.s, parent.len) != 0 ||
		    stem.s[parent.len] != '-')
			return false;
		stem.s += parent.len + 1;
		stem.len -= parent.len + 1;
	}
	return stem.len > 0 && !memchr(stem.s, '-', stem.len);
}

/* The value of a "\x2d" of systemd's escaping at s, or -1. */
static int escaped_byte(const char *s, size_t len)
{
	int value = 0;

	if (len < 4 || s[0] != '\\' || s[1] != 'x' || !all_hex(s + 2, 2))
		return -1;
	for (size_t i = 2; i < 4; i++)
		value = value * 16 + (s[i] <= '9' ? s[i] - '0' : s[i] - 'a' + 10);
	return value;
}

/* A host name's form, hostname_is_valid() in systemd: what a machine's name has to have. */
static bool is_machine(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		bool edge = i == 0 || i + 1 == len || name[i - 1] == '.' || name[i + 1] == '.';

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || (!edge && (c == '-' || c == '.'))))
			return false;
	}
	return len > 0 && len <= MACHINE_MAX;
}

/*
 * Undo systemd's escaping into dst. False when what comes out is no machine name: then it is some
 * other unit. A '-' that is not escaped would be a '/' in a scope's name, which machined makes from
 * the machine's; in a template's instance it is itself, since nspawn's takes the machine's name as
 * it stands there (%i).
 */
static bool machine_name(struct span text, bool instance, char dst[MACHINE_MAX + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < text.len && n <= MACHINE_MAX; n++) {
		int c = escaped_byte(text.s + i, text.len - i);

		if (c < 0 && text.s[i] == '-' && !instance)
			return false;
		dst[n] = c < 0 ? text.s[i] : (char)c;
		i += c < 0 ? 1 : 4;
	}
	if (!is_machine(dst, n))
		return false;
	dst[n] = '\0';
	return true;
}

/* A token's part of the component: as long as `end`, the text behind the token, leaves. */
static bool match_token(char token, struct span part, struct span parent, struct match *match)
{
	switch (token) {
	case 'i':
		match->id = part;
		return part.len == 64 && all_hex(part.s, part.len);
	case 'u':
		match->pod = part;
		return is_pod_uid(part, '-');
	case 's':
		match->pod = part;
		return is_pod_uid(part, '_');
	case 'n':
		match->name = part;
		return part.len > 0 && part.len < sizeof(((struct cgpath *)0)->name);
	case 'm':
	case 'I':
		return machine_name(part, token == 'I', match->machine);
	case 'U':
		match->name = unescape_cgroup(part);
		return is_unit(match->name);
	default:
		return is_slice_in(part, parent);
	}
}

/* Where the part that a token matches ends: before what the pattern has next. 0: nowhere. */
static size_t part_len(struct span text, const char *next)
{
	size_t len = strcspn(next, "%");
	const char *at;

	if (!next[len]) /* the last token: as long as it can be */
		return ends_with(text, next) ? text.len - len : 0;
	at = memmem(text.s, text.len, next, len);
	return at ? (size_t)(at - text.s) : 0;
}

static bool match_pattern(const char *pattern, struct span text, struct span parent,
			  struct match *match)
{
	size_t pattern_len = strlen(pattern);

	if (!strcmp(pattern + pattern_len - (pattern_len > 6 ? 6 : 0), ".slice") &&
	    !is_slice_in(text, parent))
		return false;
	for (;;) {
		size_t before = strcspn(pattern, "%");
		struct span part;

		if (text.len < before || memcmp(text.s, pattern, before) != 0)
			return false;
		text.s += before;
		text.len -= before;
		if (!pattern[before])
			return text.len == 0;
		part.s = text.s;
		part.len = part_len(text, pattern + before + 2);
		if (!part.len || !match_token(pattern[before + 1], part, parent, match))
			return false;
		text.s += part.len;
		text.len -= part.len;
		pattern += before + 2;
	}
}

static const struct row *find_row(enum context context, struct span text, struct span parent,
				  struct match *match)
{
	if (text.s[0] == '.' && (text.len == 1 || (text.len == 2 && text.s[1] == '.')))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!(rows[i].from & context))
			continue;
		memset(match, 0, sizeof(*match));
		if (match_pattern(rows[i].pattern, text, parent, match))
			return &rows[i];
	}
	return NULL;
}

static void copy(char *dst, size_t size, struct span text)
{
	size_t len = text.len < size ? text.len : size - 1;

	if (len)
		memcpy(dst, text.s, len);
	dst[len] = '\0';
}

static void take_container(const struct row *row, const struct match *match, size_t own_len,
			   struct cgpath *out)
{
	struct span machine = {match->machine, strlen(match->machine)};

	out->runtime = row->runtime;
	out->outer_len = out->own_len;
	out->own_len = own_len;
	copy(out->id, sizeof(out->id), match->id);
	copy(out->name, sizeof(out->name), machine.len ? machine : match->name);
}

static void take_pod(struct span pod, struct cgpath *out)
{
	copy(out->pod_uid, sizeof(out->pod_uid), pod);
	for (char *p = out->pod_uid; *p; p++)
		if (*p == '_')
			*p = '-';
}

static void take_nothing(struct cgpath *out, enum cgpath_kind kind)
{
	memset(out, 0, sizeof(*out));
	out->kind = kind;
	out->runtime = "none";
}

/*
 * What the last component is, is what the path is, unless it is inside a container. A pod's own
 * cgroup keeps its kind there too (kind, docker in docker), and a runtime's helper in a unit
 * (podman's, started by a user's systemd) is no part of what the unit runs.
 */
static bool is_container(const struct cgpath *out, enum cgpath_kind last)
{
	if (!out->own_len || last == CGPATH_POD)
		return false;
	return last != CGPATH_HELPER || strcmp(out->runtime, "systemd") != 0;
}

void cgpath_parse(const char *path, struct cgpath *out)
{
	enum context context = ROOT;
	enum cgpath_kind last = CGPATH_ROOT;
	struct span parent = {NULL, 0}; /* the slice that holds the next component, if it is one */
	struct span pod = {NULL, 0};    /* the innermost around the path, and the container's */
	struct span container_pod = {NULL, 0};
	const char *p = path;

	take_nothing(out, !strcmp(path, "/") ? CGPATH_ROOT : CGPATH_NONE);
	if (path[0] != '/' || !path[1])
		return;
	while (*p == '/') {
		struct span text = {p + 1, strcspn(p + 1, "/")};
		const struct row *row;
		struct match match;

		if (!text.len) { /* no cgroup has such a path */
			take_nothing(out, CGPATH_NONE);
			return;
		}
		p = text.s + text.len;
		if (context == HELPER)
			continue;
		row = find_row(context, text, parent, &match);
		context = row ? row->to : OTHER;
		last = row ? row->kind : CGPATH_NONE;
		parent = context & ANY_SLICE ? text : (struct span){NULL, 0};
		if (last == CGPATH_CONTAINER) {
			take_container(row, &match, (size_t)(p - path), out);
			if (match.pod.s)
				pod = match.pod;
			container_pod = pod;
		} else if (last == CGPATH_POD) {
			pod = match.pod; /* none for podman's: no Kubernetes uid */
		}
	}
	if (is_container(out, last)) {
		out->kind = CGPATH_CONTAINER;
		pod = container_pod;
	} else {
		size_t around = out->own_len;

		take_nothing(out, last);
		out->outer_len = around;
	}
	take_pod(pod, out);
}
