/* SPDX-License-Identifier: Apache-2.0 */
/* oom_summary.c - a kill in one plain sentence, for whoever reads one line of the log. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/utf8.h"
#include "core/state.h"

/* Names come from containers: long ones are cut, so that the facts behind them stay. */
#define NAME_SHOWN 64
#define ID_SHOWN   12 /* as runtimes show it */
#define PATH_SHOWN 100

struct sentence {
	char *text;
	size_t len, size;
};

__attribute__((format(printf, 2, 3))) static void say(struct sentence *s, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(s->text + s->len, s->size - s->len, format, args);
	va_end(args);
	if (n > 0)
		s->len += (size_t)n < s->size - s->len ? (size_t)n : s->size - s->len - 1;
}

static bool has(const char *text)
{
	return text && text[0];
}

/* At most `most` bytes, never half a character. */
static int shown(const char *text, size_t most)
{
	size_t len = strlen(text);

	if (len <= most)
		return (int)len;
	len = most;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return (int)len;
}

static void say_name(struct sentence *s, const char *before, const char *name)
{
	say(s, "%s%.*s", before, shown(name, NAME_SHOWN), name);
}

/* A path tells most at its end. */
static void say_path(struct sentence *s, const char *before, const char *path)
{
	size_t len = strlen(path), from = len > PATH_SHOWN ? len - PATH_SHOWN : 0;

	while (from && ((unsigned char)path[from] & 0xc0) == 0x80)
		from++;
	say(s, "%s%s%s", before, from ? "..." : "", path + from);
}

/* "512 MiB", "1.5 GiB", "300 KiB": four digits at most, cut and not rounded up. */
static void say_bytes(struct sentence *s, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	uint64_t rest = 0;
	size_t unit = 0;

	while (bytes >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		rest = bytes % 1024;
		bytes /= 1024;
		unit++;
	}
	if (rest && bytes < 100)
		say(s, "%" PRIu64 ".%" PRIu64 " %s", bytes, rest * 10 / 1024, units[unit]);
	else
		say(s, "%" PRIu64 " %s", bytes, units[unit]);
}

static bool is_container(const struct record_container *c)
{
	/* Some layouts tell a container's id, but not whose it is. */
	if (!c || !has(c->runtime))
		return c && has(c->id);
	return strcmp(c->runtime, "none") != 0 && strcmp(c->runtime, "systemd") != 0;
}

static const char *kind_of(const struct record_container *c)
{
	if (is_container(c))
		return "container";
	return c && has(c->runtime) && !strcmp(c->runtime, "systemd") ? "unit" : "cgroup";
}

static void say_victim(struct sentence *s, const struct rec_oom_kill *k,
		       const struct record_container *c)
{
	const struct record_process *p = &k->victim;

	say_name(s, "", has(p->role) ? p->role : has(p->name) ? p->name : "A process");
	say(s, " (pid %" PRIu32 ")", p->pid);
	if (!c)
		return;
	if (c->cgroup && !strcmp(c->cgroup, "/")) {
		say(s, " of the host");
		return;
	}
	say(s, " of %s ", kind_of(c));
	if (has(c->name))
		say_name(s, "", c->name);
	else if (has(c->id))
		say(s, "%.*s", shown(c->id, ID_SHOWN), c->id);
	else
		say_path(s, "", has(c->cgroup) ? c->cgroup : "?");
	if (has(c->pod_name)) {
		say_name(s, " in pod ", has(c->namespace) ? c->namespace : "");
		say_name(s, has(c->namespace) ? "/" : "", c->pod_name);
	}
}

/* Is the cgroup at this path `top`, or below it? */
static bool is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}

/* The limit of a container: the victim's own, or of one around that. */
static void say_container(struct sentence *s, const char *limited, const struct record_container *c)
{
	const struct record_container parent = {.runtime = c ? c->parent_runtime : NULL,
						.id = c ? c->parent_id : NULL};

	if (!c || !has(limited) || !has(c->cgroup) || is_below(limited, c->cgroup)) {
		say(s, "its %s", kind_of(c));
		return;
	}
	if (!has(c->parent_cgroup) || strcmp(limited, c->parent_cgroup) != 0) {
		say_path(s, "cgroup ", limited);
	} else {
		say(s, "%s ", kind_of(&parent));
		if (has(c->parent_name))
			say_name(s, "", c->parent_name);
		else if (has(c->parent_id))
			say(s, "%.*s", shown(c->parent_id, ID_SHOWN), c->parent_id);
		else
			say_path(s, "", limited);
	}
	say(s, " around it");
}

static void say_limit(struct sentence *s, const struct rec_oom_kill *k,
		      const struct record_container *c)
{
	const struct rec_limit_hit *hit = &k->limit_hit;

	if (!strcmp(k->constraint, "cpuset") || !strcmp(k->constraint, "mempolicy")) {
		say(s, " because the memory nodes of its %s are full",
		    k->constraint[0] == 'c' ? "cpuset" : "memory policy");
		return;
	}
	if (hit->level == LEVEL_HOST && !k->constraint[0]) {
		say(s, " at no cgroup's limit: the host, or the memory nodes that it may use, ran "
		       "out of memory");
		return;
	}
	if (hit->level == LEVEL_HOST) {
		say(s, " because the host ran out of memory");
		return;
	}
	say(s, " at the memory limit of ");
	if (hit->level == LEVEL_CONTAINER)
		say_container(s, hit->cgroup, c);
	else if (hit->level == LEVEL_POD)
		say(s, "its pod");
	else
		say_path(s, "the slice ", has(hit->cgroup) ? hit->cgroup : "above it");
	if (hit->limit < U64_UNLIMITED) {
		say(s, ", ");
		say_bytes(s, hit->limit);
	}
}

static void say_survivors(struct sentence *s, const struct rec_oom_kill *k,
			  const struct record_container *c)
{
	if (k->init_alive == 1)
		say(s,
		    "; the %s's first process (init) lives on, so no orchestrator sees this kill",
		    kind_of(c));
	else if (k->init_alive == 0)
		say(s, "; the %s's first process (init) is among the victims", kind_of(c));
	if (k->orphans)
		say(s, "; %" PRIu64 " %s of its own live%s on as orphan%s", k->orphans,
		    k->orphans == 1 ? "child" : "children", k->orphans == 1 ? "s" : "",
		    k->orphans == 1 ? "" : "s");
}

void oom_summarise(const struct rec_oom_kill *kill, const struct record_container *container,
		   char text[RECORD_SUMMARY])
{
	struct sentence s = {.text = text, .size = RECORD_SUMMARY};

	say_victim(&s, kill, container);
	say(&s, " was OOM-killed");
	say_limit(&s, kill, container);
	if (kill->relation == RELATION_RUNTIME)
		say_name(&s, "; a helper of the container runtime asked for the memory: ",
			 kill->trigger.name);
	if (kill->group_kill)
		say(&s, "; its whole group is killed (memory.oom.group)");
	say_survivors(&s, kill, container);
	say(&s, ".");
	utf8_no_controls(text);
}
