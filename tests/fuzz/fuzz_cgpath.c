/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_cgpath.c - any bytes as a cgroup path: what comes out is of the grammar's form and stands in
 * the path, and the containers found are the ones that their own directories give.
 *
 * Build with base/, core/cgpath.c and -fsanitize=fuzzer,address,undefined.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cgpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static int is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* An id is a whole word in the last component of the container's own directory. */
static void check_id(const char *path, const struct cgpath *got)
{
	const char *end = path + got->own_len, *at = end;

	while (at > path && at[-1] != '/')
		at--;
	for (; at + 64 <= end; at++)
		if (!memcmp(at, got->id, 64) && !is_word(at[-1]) &&
		    (at + 64 == end || !is_word(at[64])))
			return;
	abort();
}

static void check_form(const char *path, const struct cgpath *got)
{
	static const char *const runtimes[] = {"docker", "containerd", "cri-o", "podman",
					       "lxc",    "systemd",    ""};
	size_t known = 0, id = strlen(got->id), pod = strlen(got->pod_uid);

	require(id == 0 || (id == 64 && strspn(got->id, "0123456789abcdef") == 64));
	require(pod == 0 || pod == 32 || pod == 36);
	require(strspn(got->pod_uid, "0123456789abcdef-") == pod);
	if (got->kind != CGPATH_CONTAINER) {
		require(!strcmp(got->runtime, "none") && !got->own_len && !id && !got->name[0]);
		return;
	}
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		known += !strcmp(got->runtime, runtimes[i]);
	require(known == 1);
	require((id != 0) != (got->name[0] != '\0'));
	if (id)
		check_id(path, got);
	require(got->own_len > 1 && got->own_len <= strlen(path));
	require(path[got->own_len] == '\0' || path[got->own_len] == '/');
}

/* The path cut at len is that of a container with this own directory; *got is that. */
static void cut(char *path, size_t len, struct cgpath *got)
{
	path[len] = '\0';
	cgpath_parse(path, got);
	require(got->kind == CGPATH_CONTAINER && got->own_len == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = malloc(size + 1);
	struct cgpath got, own;

	if (!path)
		return 0;
	memcpy(path, data, size);
	path[size] = '\0';
	memset(&got, 0xa5, sizeof(got));
	cgpath_parse(path, &got);
	check_form(path, &got);
	if (got.kind == CGPATH_CONTAINER) {
		cut(path, got.own_len, &own);
		require(!memcmp(&own, &got, sizeof(own)));
		require(got.outer_len < got.own_len);
	}
	if (got.outer_len)
		cut(path, got.outer_len, &own);
	free(path);
	return 0;
}
