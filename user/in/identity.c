/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c - which files to look into for a container, and how what they say is taken. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/image_name.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "in/identity_look.h"

#define PASSWD_MAX (1u << 20)

/* ---- the reader ---- */

int identity_reader_open(struct identity_reader *r, const char *host_root,
			 const char (*labels)[EV_TEXT], size_t n_labels)
{
	memset(r, 0, sizeof(*r));
	r->labels = labels;
	r->n_labels = n_labels;
	return hostroot_open(&r->root, host_root);
}

void identity_reader_rest(struct identity_reader *r)
{
	json_decref(r->podman);
	r->podman = NULL;
}

void identity_reader_close(struct identity_reader *r)
{
	identity_reader_rest(r);
	hostroot_close(&r->root);
}

/* ---- taking ---- */

struct field_place {
	const char *name;
	size_t offset, size; /* of a text in the answer; size 0: a number */
};

#define TEXT(n, m)                                                                                 \
	{                                                                                          \
		.name = (n), .offset = offsetof(struct ev_identity, m),                            \
		.size = sizeof(((struct ev_identity *)0)->m)                                       \
	}

static const struct field_place places[IDENTITY_FIELDS] = {
	[IDENTITY_ID] = TEXT("container.id", container_id),
	[IDENTITY_NAME] = TEXT("container.name", name),
	[IDENTITY_RUNTIME] = TEXT("container.runtime", runtime),
	[IDENTITY_SANDBOX] = {.name = "container.type"},
	[IDENTITY_IMAGE] = TEXT("container.image.name", image),
	[IDENTITY_IMAGE_ID] = TEXT("container.image.id", image_id),
	[IDENTITY_LABELS] = TEXT("container.labels", labels),
	[IDENTITY_RESTARTS] = {.name = "container.restart_count"},
	[IDENTITY_POD_NAME] = TEXT("k8s.pod.name", pod_name),
	[IDENTITY_POD_UID] = TEXT("k8s.pod.uid", pod_uid),
	[IDENTITY_NAMESPACE] = TEXT("k8s.namespace.name", namespace),
	[IDENTITY_K8S_CONTAINER] = TEXT("k8s.container.name", k8s_container),
};

const char *identity_field_name(enum identity_field field)
{
	return places[field].name;
}

static void note_origin(struct look *l, enum identity_field field, const struct look_file *file,
			const char *key)
{
	struct identity_origin *from = &l->out->from[field];
	bool itself = !strcmp(file->below, ".");

	snprintf(from->file, sizeof(from->file), "%s%s%s", file->base, itself ? "" : "/",
		 itself ? "" : file->below);
	snprintf(from->key, sizeof(from->key), "%s", key);
}

void take_text(struct look *l, enum identity_field field, const char *value,
	       const struct look_file *file, const char *key)
{
	char *dst = (char *)&l->out->ev + places[field].offset;

	if (!value || !value[0] || dst[0])
		return;
	utf8_clean(dst, places[field].size, value, strlen(value), NULL);
	note_origin(l, field, file, key);
}

void take_image(struct look *l, const char *reference, const struct look_file *file,
		const char *key)
{
	char name[EV_TEXT], id[EV_NAME];

	if (!reference || image_name_normalise(reference, name, sizeof(name), id, sizeof(id)))
		return;
	take_text(l, IDENTITY_IMAGE, name, file, key);
	take_text(l, IDENTITY_IMAGE_ID, id, file, key);
}

void take_restarts(struct look *l, uint64_t count, const struct look_file *file, const char *key)
{
	if (l->out->ev.restart_count != U64_UNKNOWN)
		return;
	l->out->ev.restart_count = count;
	note_origin(l, IDENTITY_RESTARTS, file, key);
}

void take_sandbox(struct look *l, const struct look_file *file, const char *key)
{
	l->out->ev.sandbox = 1;
	note_origin(l, IDENTITY_SANDBOX, file, key);
}

static bool has_label(const char *labels, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = labels; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (!strncmp(line, key, len) && line[len] == '=')
			return true;
	return false;
}

void take_labels(struct look *l, const json_t *labels, const struct look_file *file,
		 const char *key)
{
	struct ev_identity *ev = &l->out->ev;

	for (size_t i = 0; i < l->reader->n_labels; i++) {
		const char *name = l->reader->labels[i];
		const char *value = json_text(labels, name);
		size_t used = strlen(ev->labels), need;
		char clean[EV_TEXT];
		int cut = 0;

		if (!value || has_label(ev->labels, name))
			continue;
		utf8_clean(clean, sizeof(clean), value, strlen(value), &cut);
		/* A newline is what parts labels. */
		for (char *p = clean; *p; p++)
			if (*p == '\n')
				*p = ' ';
		need = strlen(name) + strlen(clean) + 2;
		if (cut || used + need >= sizeof(ev->labels))
			ev->labels_cut = 1;
		if (used + need >= sizeof(ev->labels))
			continue;
		snprintf(ev->labels + used, sizeof(ev->labels) - used, "%s%s=%s", used ? "\n" : "",
			 name, clean);
		note_origin(l, IDENTITY_LABELS, file, key);
	}
}

void take_source(struct look *l, const char *source)
{
	if (!l->out->ev.source[0])
		snprintf(l->out->ev.source, sizeof(l->out->ev.source), "%s", source);
}

/* ---- reading ---- */

const char *json_text(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

json_t *look_json(struct look *l, const struct look_file *file, size_t max)
{
	return hostfile_json(&l->reader->root, file->base, file->below, file->owner, max);
}

bool is_full_id(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
			return false;
	return len == ID_LEN;
}

bool is_file_name(const char *text, size_t len)
{
	return len > 0 && len < 256 && !memchr(text, '/', len) && text[0] != '.';
}

/* The path, or what of it is above `len`, as long as it ends at a component's border. */
static size_t border(const char *path, size_t len)
{
	return len && (!path[len] || path[len] == '/') ? len : 0;
}

/*
 * Where systemd has a slice: "a-b.slice" is "/a.slice/a-b.slice", "-.slice" the root
 * (systemd.slice(5)); none given is system.slice, where runc's driver puts it. False for what is no
 * slice's name.
 */
static bool slice_path(const char *slice, size_t len, char *dst, size_t size)
{
	static const char suffix[] = ".slice";
	size_t used = 0;

	if (!len)
		return slice_path("system.slice", strlen("system.slice"), dst, size);
	if (len < sizeof(suffix) ||
	    memcmp(slice + len - strlen(suffix), suffix, strlen(suffix)) != 0)
		return false;
	len -= strlen(suffix);
	dst[0] = '\0';
	if (len == 1 && slice[0] == '-')
		return true;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && slice[i] != '-')
			continue;
		if (i == 0 || slice[i - 1] == '-')
			return false;
		used += (size_t)snprintf(dst + used, size - used, "/%.*s.slice", (int)i, slice);
		if (used >= size)
			return false;
	}
	return true;
}

size_t oci_own_len(const char *cgroups_path, const char *path)
{
	const char *first = strchr(cgroups_path, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;
	char dir[EV_PATH], own[EV_PATH * 2];
	size_t len = strlen(cgroups_path);

	if (cgroups_path[0] == '/') {
		while (len > 1 && cgroups_path[len - 1] == '/')
			len--;
		return len > 1 && !strncmp(path, cgroups_path, len) ? border(path, len) : 0;
	}
	/* "slice:prefix:name": runc's and crun's systemd drivers make it <prefix>-<name>.scope. */
	if (len >= EV_PATH || !second || strchr(second + 1, ':') || !second[1] ||
	    !slice_path(cgroups_path, (size_t)(first - cgroups_path), dir, sizeof(dir)))
		return 0;
	len = (size_t)snprintf(own, sizeof(own), "%s/%.*s%s%s.scope", dir,
			       (int)(second - first - 1), first + 1, second == first + 1 ? "" : "-",
			       second + 1);
	return len < sizeof(own) && !strncmp(path, own, len) ? border(path, len) : 0;
}

/* ---- whose runtime ---- */

/* Home of a user: /etc/passwd of the host, "name:x:uid:gid:gecos:home:shell". */
static void find_home(struct look *l, struct look_user *user)
{
	_cleanup_free_ char *text = hostfile_text(&l->reader->root, "/etc", "passwd",
						  l->reader->root.owner, PASSWD_MAX, NULL);
	char *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n"))) {
		char *field[6] = {NULL};
		uint64_t uid;

		for (size_t i = 0; i < ARRAY_SIZE(field); i++)
			field[i] = strsep(&line, ":");
		if (!field[5] || field[5][0] != '/' || strlen(field[5]) >= sizeof(user->home) ||
		    parse_u64(field[2], &uid) || uid != user->uid)
			continue;
		strcpy(user->home, field[5]);
		user->known = true;
		return;
	}
}

/* /user.slice/user-1000.slice/...: what is below is that user's. */
static void find_user(struct look *l)
{
	static const char prefix[] = "/user.slice/user-", suffix[] = ".slice/";
	const char *digits = l->q->path + sizeof(prefix) - 1;
	size_t len;
	uint64_t uid;

	if (strncmp(l->q->path, prefix, sizeof(prefix) - 1) != 0)
		return;
	len = strspn(digits, "0123456789");
	if (strncmp(digits + len, suffix, sizeof(suffix) - 1) != 0 ||
	    parse_u64_n(digits, len, &uid) || uid > UINT32_MAX || uid == 0)
		return;
	l->user.uid = (uid_t)uid;
	snprintf(l->user.run, sizeof(l->user.run), "/run/user/%u", (unsigned int)uid);
	find_home(l, &l->user);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && !strcmp(text + len - end_len, end);
}

/* A scope may be any runtime's, a service is what it says. */
static bool may_be_scope(const struct identity_query *q)
{
	return ends_with(q->name, ".scope") && strncmp(q->name, "session-", 8) != 0 &&
	       strncmp(q->name, "init.", 5) != 0;
}

/* The grammar names machines by themselves and everything else by its unit. */
static bool is_machine(const char *name)
{
	static const char *const units[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (ends_with(name, units[i]))
			return false;
	return true;
}

/*
 * A parent of the administrator's, and below it what docker, nerdctl and podman call a container's
 * cgroup: the outermost id that is known. What is below that, the container has made itself.
 */
static bool look_id(struct look *l)
{
	const char *path = l->q->path;
	char id[ID_LEN + 1];

	for (const char *p = path; *p == '/';) {
		size_t len = strcspn(p + 1, "/");
		const char *text = p + 1;

		p = text + len;
		if (len == ID_LEN + 7 && !strncmp(text, "libpod-", 7)) {
			text += 7;
			len -= 7;
		}
		if (!is_full_id(text, len))
			continue;
		memcpy(id, text, ID_LEN);
		id[ID_LEN] = '\0';
		if (look_docker(l, id) || look_podman(l, id) || look_bundle(l, id)) {
			l->out->ev.own_len = (uint64_t)(p - path);
			return true;
		}
	}
	return false;
}

static int look(struct look *l)
{
	const struct identity_query *q = l->q;
	bool found = false, expected = true;

	if (!strcmp(q->runtime, "docker")) {
		found = look_docker(l, q->id);
	} else if (!strcmp(q->runtime, "podman")) {
		found = look_podman(l, q->id);
	} else if (!strcmp(q->runtime, "containerd")) {
		found = look_bundle(l, q->id);
	} else if (!strcmp(q->runtime, "cri-o")) {
		found = look_crio(l, q->id);
	} else if (!strcmp(q->runtime, "")) {
		found = look_bundle(l, q->id) || look_crio(l, q->id) || look_docker(l, q->id);
	} else if (!strcmp(q->runtime, "systemd")) {
		found = look_machine(l);
		expected = may_be_scope(q) || is_machine(q->name) ||
			   strstr(q->path, "/machine.slice/") != NULL;
		if (!found && may_be_scope(q))
			found = look_task(l) || look_state(l);
	} else if (!strcmp(q->runtime, "none")) {
		found = look_id(l) || look_task(l) || look_state(l);
	} else {
		expected = false;
	}
	/* The kubelet's directories: for what the runtime's files did not say. */
	if (q->pod_uid[0] && !l->out->ev.namespace[0] && look_pod(l)) {
		found = true;
		/* Its name is in the mounts of a process, and that comes later than the cgroup. */
		if (expected && l->out->ev.sandbox != 1 && !l->out->ev.k8s_container[0])
			l->out->provisional = true;
	}
	if (found && l->out->ev.sandbox != 1)
		look_pod_restarts(l);
	return found ? 1 : expected ? 0 : -ENOENT;
}

int identity_read(struct identity_reader *r, const struct identity_query *q, uint64_t cgroup_id,
		  uint64_t ts, struct identity *out)
{
	struct look l = {.reader = r, .q = q, .out = out};
	union event ev;

	memset(out->from, 0, sizeof(out->from));
	out->provisional = false;
	event_init(&ev, EV_IDENTITY, ts);
	out->ev = ev.identity;
	out->ev.id = cgroup_id;
	if (q->own_len)
		out->ev.own_len = q->own_len;
	find_user(&l);
	return look(&l);
}
