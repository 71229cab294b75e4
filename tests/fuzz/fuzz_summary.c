/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_summary.c - any names in the sentence about a kill: it fits, ends with its full stop, and is
 * UTF-8 without control characters.
 *
 * The first byte chooses what is told, the rest are names parted by NULs: victim, container, its
 * id, its cgroup, the limit's cgroup, trigger.
 * Build with base/, core/ and -fsanitize=fuzzer,address,undefined.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "core/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The next text of the input, clean as the decoder makes it. */
static void take(const uint8_t **data, size_t *size, char *dst, size_t room)
{
	size_t len = strnlen((const char *)*data, *size);

	utf8_clean(dst, room, (const char *)*data, len, NULL);
	len += len < *size;
	*data += len;
	*size -= len;
}

static void check(const char *text)
{
	size_t len = strnlen(text, RECORD_SUMMARY), n;

	require(len > 0 && len < RECORD_SUMMARY && text[len - 1] == '.');
	for (; len; text += n, len -= n) {
		n = utf8_sequence((const unsigned char *)text, len);
		require(n > 0 && (unsigned char)text[0] >= 0x20 && text[0] != 0x7f);
		require((unsigned char)text[0] != 0xc2 || (unsigned char)text[1] >= 0xa0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const constraints[] = {"memcg", "global", "cpuset", ""};
	static const char *const runtimes[] = {"docker", "systemd", "none", ""};
	char victim[EV_COMM], trigger[EV_COMM], name[EV_TEXT], id[EV_NAME];
	char cgroup[EV_PATH], limit[EV_PATH], text[RECORD_SUMMARY];
	struct record_container c = {.name = name, .id = id, .cgroup = cgroup};
	struct rec_oom_kill k = {.victim = {.pid = UINT32_MAX, .name = victim},
				 .trigger = {.name = trigger},
				 .limit_hit = {.cgroup = limit}};
	uint8_t choice;

	if (!size)
		return 0;
	choice = *data++;
	size--;
	take(&data, &size, victim, sizeof(victim));
	take(&data, &size, name, sizeof(name));
	take(&data, &size, id, sizeof(id));
	take(&data, &size, cgroup, sizeof(cgroup));
	take(&data, &size, limit, sizeof(limit));
	take(&data, &size, trigger, sizeof(trigger));
	k.constraint = constraints[choice & 3];
	c.runtime = runtimes[choice >> 2 & 3];
	k.limit_hit.level = (enum limit_level)(choice % 5);
	k.limit_hit.limit = U64_UNLIMITED - choice;
	k.relation = choice & 0x10 ? RELATION_RUNTIME : RELATION_HOST;
	k.group_kill = choice & 0x20;
	k.init_alive = (choice >> 6) - 1;
	k.orphans = choice & 0x40 ? UINT64_MAX - 2 : choice & 1;
	oom_summarise(&k, choice & 0x80 && !size ? NULL : &c, text);
	check(text);
	return 0;
}
