/* SPDX-License-Identifier: Apache-2.0 */
/*
 * klog_blocks.c - the two blocks of an OOM message: what fills the memory cgroup, and the table of
 * the tasks that could have been killed. Their forms, as seen in the logs of these kernels:
 *
 *	5.10, 6.1	stats as one message, "anon 1\x0afile 2\x0a...", v2's names on v1 too
 *	6.4 and later	a line each; v1 prints its own names, "cache 1" ... "total_cache 1"
 *	to 6.7		tasks: pid uid tgid total_vm rss pgtables_bytes swapents adj name
 *	6.8 and later	rss is followed by rss_anon rss_file rss_shmem
 */
#include <stdlib.h>
#include <string.h>

#include "klog.h"

#define PAGE_BYTES 4096

/* /dev/kmsg shows bytes that cannot be printed, and the backslash, as \xNN. Undo it in place. */
static void unescape(char *s)
{
	char *out = s;
	unsigned int v;

	while (*s) {
		if (s[0] == '\\' && s[1] == 'x' && sscanf(s + 2, "%2x", &v) == 1 && v) {
			*out++ = (char)v;
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

void klog_text(char *dst, size_t size, const char *src, size_t n)
{
	if (n >= size)
		n = size - 1;
	memcpy(dst, src, n);
	dst[n] = '\0';
	unescape(dst);
}

static const struct {
	const char *v2;
	const char *v1;
} stat_names[KLOG_STATS] = {
	[KLOG_ANON] = {"anon", "total_rss"},
	[KLOG_FILE] = {"file", "total_cache"},
	[KLOG_SHMEM] = {"shmem", "total_shmem"},
	[KLOG_KERNEL] = {"kernel", NULL},
	[KLOG_SLAB_UNRECLAIMABLE] = {"slab_unreclaimable", NULL},
	[KLOG_INACTIVE_FILE] = {"inactive_file", "total_inactive_file"},
	[KLOG_ACTIVE_FILE] = {"active_file", "total_active_file"},
	[KLOG_UNEVICTABLE] = {"unevictable", "total_unevictable"},
	[KLOG_SOCK] = {"sock", NULL},
	[KLOG_SWAP] = {NULL, "total_swap"},
};

bool klog_stats_begin(struct klog_stats *s, const char *line)
{
	static const char begin[] = "Memory cgroup stats for ";
	size_t n = strlen(line);

	if (strncmp(line, begin, sizeof(begin) - 1) != 0 || line[n - 1] != ':')
		return false;
	klog_text(s->path, sizeof(s->path), line + sizeof(begin) - 1, n - sizeof(begin));
	for (int i = 0; i < KLOG_STATS; i++)
		s->values[i] = -1;
	s->v1 = false;
	s->valid = true;
	return true;
}

static void take_stat(struct klog_stats *s, const char *text)
{
	unsigned long long value;
	char name[64];
	int n = 0;

	if (sscanf(text, "%63s %llu%n", name, &value, &n) != 2 || text[n])
		return;
	/* v1's first name; its own names without "total_" leave out the cgroups below. */
	if (!strcmp(name, "cache"))
		s->v1 = true;
	for (int i = 0; i < KLOG_STATS; i++) {
		const char *wanted = s->v1 ? stat_names[i].v1 : stat_names[i].v2;

		if (wanted && !strcmp(name, wanted))
			s->values[i] = (int64_t)value;
	}
}

void klog_stats_line(struct klog_stats *s, const char *line)
{
	static const char newline[] = "\\x0a";
	const char *end;
	char one[128];

	for (; (end = strstr(line, newline)); line = end + sizeof(newline) - 1) {
		if ((size_t)(end - line) >= sizeof(one))
			continue;
		memcpy(one, line, (size_t)(end - line));
		one[end - line] = '\0';
		take_stat(s, one);
	}
	take_stat(s, line);
}

bool klog_tasks_begin(struct klog_tasks *t, const char *line)
{
	if (strncmp(line, "[  pid  ] ", 10) != 0)
		return false;
	t->split = strstr(line, " rss_anon rss_file rss_shmem ") != NULL;
	t->n = 0;
	t->valid = true;
	return true;
}

bool klog_tasks_line(struct klog_tasks *t, const char *line)
{
	struct klog_task none, *row = t->n < KLOG_TASKS ? &t->rows[t->n] : &none;
	long long v[11];
	int columns = t->split ? 11 : 8;
	const char *p = line + 1;
	char *end;

	for (int i = 0; i < columns; i++) {
		v[i] = strtoll(p, &end, 10);
		if (end == p)
			return false;
		p = end;
		if (i == 0 && *p++ != ']')
			return false;
	}
	/* One blank, then the name, which may begin with more. */
	if (*p++ != ' ')
		return false;
	memset(row, 0, sizeof(*row));
	row->pid = v[0];
	row->uid = v[1];
	row->tgid = v[2];
	row->total_vm = (uint64_t)v[3] * PAGE_BYTES;
	row->rss = (uint64_t)v[4] * PAGE_BYTES;
	row->anon = t->split ? v[5] * PAGE_BYTES : -1;
	row->file = t->split ? v[6] * PAGE_BYTES : -1;
	row->shmem = t->split ? v[7] * PAGE_BYTES : -1;
	row->page_tables = (uint64_t)v[columns - 3];
	row->swap = (uint64_t)v[columns - 2] * PAGE_BYTES;
	row->oom_score_adj = v[columns - 1];
	klog_text(row->comm, sizeof(row->comm), p, strlen(p));
	t->n++;
	return true;
}
