/* SPDX-License-Identifier: Apache-2.0 */
/* whois.c - see whois.h. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "cmd/whois.h"
#include "core/cgpath.h"

/*
 * runc takes 20 to 70 ms from the cgroup to its state file, and what it runs can be over in a few
 * more: no pause may be longer than a part of the time that has passed.
 */
#define PAUSE_NS   2000000ull /* the shortest */
#define PAUSE_PART 4
#define TRIES      29 /* 2 s in all */
#define YOUNG_NS   3000000000ull

static uint64_t next_look(const struct whois_wait *wait, uint64_t now)
{
	uint64_t pause = (now - wait->since) / PAUSE_PART;

	return now + (pause > PAUSE_NS ? pause : PAUSE_NS);
}

int whois_open(struct whois *w, const char *host_root, const struct cgroupfs *cgroupfs,
	       const char (*labels)[EV_TEXT], size_t n_labels)
{
	memset(w, 0, sizeof(*w));
	w->cgroupfs = cgroupfs;
	w->next = UINT64_MAX;
	return identity_reader_open(&w->reader, host_root, labels, n_labels);
}

void whois_close(struct whois *w)
{
	identity_reader_close(&w->reader);
}

/* A unit's cgroup is called like the unit, a machine's is not. */
static bool is_unit(const char *path, const struct cgpath *parsed)
{
	const char *last = strrchr(path, '/') + 1;

	last += last[0] == '_' && parsed->name[0] != '_';
	return !strcmp(parsed->runtime, "systemd") && !strcmp(last, parsed->name);
}

/*
 * In a container: it has a root of its own, and calls the cgroups in it as it likes, also by the id
 * of another one. The host's files are not about what is in there. A unit shares the host's root.
 */
static bool is_nested(const char *path, size_t outer_len)
{
	struct cgpath outer;
	char cut[EV_PATH];

	for (; outer_len && outer_len < sizeof(cut); outer_len = outer.outer_len) {
		memcpy(cut, path, outer_len);
		cut[outer_len] = '\0';
		cgpath_parse(cut, &outer);
		if (!is_unit(cut, &outer))
			return true;
	}
	return false;
}

int whois_look(struct whois *w, const char *path, uint64_t cgroup_id, uint64_t now,
	       struct identity *out)
{
	struct cgpath parsed;
	struct identity_query q = {.path = path};
	bool nested;

	cgpath_parse(path, &parsed);
	nested = is_nested(path, parsed.outer_len);
	q.runtime = parsed.runtime;
	q.id = parsed.id;
	q.name = parsed.name;
	q.pod_uid = nested ? "" : parsed.pod_uid;
	q.own_len = parsed.own_len;
	/* A slice or a helper is nobody's container. */
	if (nested || (parsed.kind != CGPATH_CONTAINER && parsed.kind != CGPATH_NONE))
		q.runtime = "host";
	if (parsed.pod_uid[0])
		q.pid = cgroupfs_any_pid(w->cgroupfs, path); /* its mounts may tell its name */
	return identity_read(&w->reader, &q, cgroup_id, now, out);
}

/*
 * 1: answered; 0: perhaps later, or not the last word; -ENOENT: never. What is not the last word is
 * told the first time only.
 */
static int try(struct whois *w, const char *path, uint64_t cgroup_id, bool first, event_sink sink,
	       void *ctx)
{
	struct identity found;
	union event ev;
	int r = whois_look(w, path, cgroup_id, now_boot(), &found);

	if (r <= 0 || (found.provisional && !first))
		return r < 0 ? r : 0;
	ev.identity = found.ev;
	sink(ctx, &ev);
	return !found.provisional;
}

static void plan(struct whois *w)
{
	w->next = UINT64_MAX;
	for (uint32_t i = 0; i < w->n_waiting; i++)
		if (w->waiting[i].next < w->next)
			w->next = w->waiting[i].next;
}

static void drop(struct whois *w, struct whois_wait *wait)
{
	*wait = w->waiting[--w->n_waiting];
}

/* Nothing is left to be looked for. */
static void forget(struct whois *w, uint64_t cgroup_id)
{
	for (uint32_t i = 0; i < w->n_waiting; i++) {
		if (w->waiting[i].cgroup_id != cgroup_id)
			continue;
		drop(w, &w->waiting[i]);
		plan(w);
		return;
	}
}

/* The one that has been looked for most often makes room. */
static struct whois_wait *find_room(struct whois *w, uint64_t cgroup_id)
{
	struct whois_wait *most = &w->waiting[0];

	for (uint32_t i = 0; i < w->n_waiting; i++) {
		if (w->waiting[i].cgroup_id == cgroup_id)
			return &w->waiting[i];
		if (w->waiting[i].tries > most->tries)
			most = &w->waiting[i];
	}
	if (w->n_waiting == WHOIS_WAITING) {
		w->crowded_out++;
		return most;
	}
	if (++w->n_waiting > w->peak)
		w->peak = w->n_waiting;
	return &w->waiting[w->n_waiting - 1];
}

void whois_ask(struct whois *w, const struct request *r, event_sink sink, void *ctx)
{
	uint64_t now = now_boot();
	struct whois_wait *wait;

	if (try(w, r->path, r->cgroup_id, true, sink, ctx) != 0) {
		forget(w, r->cgroup_id);
		return;
	}
	if (r->start + YOUNG_NS < now || strlen(r->path) >= sizeof(wait->path))
		return;
	wait = find_room(w, r->cgroup_id);
	wait->cgroup_id = r->cgroup_id;
	wait->tries = 1;
	wait->since = now;
	wait->next = next_look(wait, now);
	strcpy(wait->path, r->path);
	plan(w);
}

int whois_again(struct whois *w, uint64_t now, event_sink sink, void *ctx)
{
	int answered = 0;

	for (uint32_t i = 0; i < w->n_waiting;) {
		struct whois_wait *wait = &w->waiting[i];
		bool over;

		if (wait->next > now) {
			i++;
			continue;
		}
		over = true;
		if (try(w, wait->path, wait->cgroup_id, false, sink, ctx) > 0)
			answered++;
		else if (++wait->tries <= TRIES &&
			 cgroupfs_exists(w->cgroupfs, wait->cgroup_id, wait->path))
			over = false;
		if (over) {
			drop(w, wait);
			continue;
		}
		wait->next = next_look(wait, now);
		i++;
	}
	plan(w);
	return answered;
}
