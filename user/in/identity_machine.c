/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity_machine.c - what systemd-machined keeps of a machine that registers with it (nspawn
 * does, libvirt too): /run/systemd/machines/<name>, lines of KEY=value (machined's machine_save()).
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "in/identity_look.h"

#define MACHINE_MAX 16384

/* Value of a line, without quotes; NULL when there is none. */
static const char *value_of(const char *text, const char *key, char *dst, size_t size)
{
	size_t key_len = strlen(key), len, n = 0;

	for (const char *line = text; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (len <= key_len || strncmp(line, key, key_len) != 0 || line[key_len] != '=')
			continue;
		if (len - key_len - 1 >= size)
			return NULL;
		/* machined writes each backslash of an escaped name twice (cescape()). */
		for (const char *p = line + key_len + 1; p < line + len; p++) {
			dst[n++] = *p;
			p += p[0] == '\\' && p[1] == '\\';
		}
		dst[n] = '\0';
		return dst;
	}
	return NULL;
}

#define MACHINES "/run/systemd/machines"

/* A machine in a unit of another name (nspawn's --keep-unit): "unit:<unit>" links to its file. */
static bool machine_of_unit(struct look *l, char *name, size_t size)
{
	char link[EV_TEXT + 8];

	snprintf(link, sizeof(link), "unit:%s", l->q->name);
	return is_file_name(l->q->name, strlen(l->q->name)) &&
	       !hostfile_link(&l->reader->root, MACHINES, link, name, size) &&
	       is_file_name(name, strlen(name));
}

static bool read_machine(struct look *l, const char *name)
{
	struct look_file file = {MACHINES, name, l->reader->root.owner};
	_cleanup_free_ char *text = NULL;
	char unit[EV_TEXT], mark[EV_TEXT + 2];

	text = hostfile_text(&l->reader->root, file.base, file.below, file.owner, MACHINE_MAX,
			     NULL);
	/* Its unit is in this cgroup's path: "SCOPE" until 251, "UNIT" since. */
	if (!text || (!value_of(text, "SCOPE", unit, sizeof(unit)) &&
		      !value_of(text, "UNIT", unit, sizeof(unit))))
		return false;
	snprintf(mark, sizeof(mark), "/%s", unit);
	if (!strstr(l->q->path, mark))
		return false;
	take_source(l, "runtime-state");
	take_text(l, IDENTITY_RUNTIME, "systemd", &file, "NAME");
	take_text(l, IDENTITY_NAME, name, &file, "NAME");
	return true;
}

bool look_machine(struct look *l)
{
	char name[EV_TEXT];

	if (is_file_name(l->q->name, strlen(l->q->name)) && read_machine(l, l->q->name))
		return true;
	return machine_of_unit(l, name, sizeof(name)) && read_machine(l, name);
}
