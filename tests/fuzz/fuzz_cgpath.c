/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_cgpath.c - any bytes as a cgroup path: what comes out is of the grammar's form, and the
 * container found is the one that its own directory gives.
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
	require(got->own_len > 1 && got->own_len <= strlen(path));
	require(path[got->own_len] == '\0' || path[got->own_len] == '/');
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
		path[got.own_len] = '\0';
		cgpath_parse(path, &own);
		require(own.kind == CGPATH_CONTAINER && own.own_len == got.own_len);
		require(!strcmp(own.runtime, got.runtime) && !strcmp(own.id, got.id));
		require(!strcmp(own.name, got.name) && !strcmp(own.pod_uid, got.pod_uid));
	}
	free(path);
	return 0;
}
