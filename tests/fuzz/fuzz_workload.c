/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_workload.c - any bytes as a pod's name: an owner's name is a proper front of it; and what a
 * controller would make of any bytes as an owner's name is read back as that owner.
 *
 * Build with base/, core/workload.c and -fsanitize=fuzzer,address,undefined.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/workload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_front(const char *pod, size_t len)
{
	require(len > 0 && len < strlen(pod) && pod[len] == '-');
	require(strspn(pod, "abcdefghijklmnopqrstuvwxyz0123456789-.") >= len);
	require(pod[0] != '-' && pod[0] != '.' && pod[len - 1] != '-' && pod[len - 1] != '.');
}

static void check_any(const char *pod)
{
	struct workload got, again;

	require(!workload_of_pod(pod, true, &got));
	require(!got.kind && !got.name_len && !got.indexed_job_len);
	if (!workload_of_pod(pod, false, &got)) {
		require(!got.kind && !got.name_len && !got.indexed_job_len);
		return;
	}
	check_front(pod, got.name_len);
	if (got.kind)
		require(!strcmp(got.kind, "Deployment") || !strcmp(got.kind, "StatefulSet") ||
			!strcmp(got.kind, "CronJob"));
	if (got.indexed_job_len) {
		check_front(pod, got.indexed_job_len);
		require(!got.kind && got.indexed_job_len < got.name_len);
	}
	require(workload_of_pod(pod, false, &again) && again.name_len == got.name_len);
}

static void expect(const char *pod, const char *kind, const char *owner)
{
	struct workload got;

	require(workload_of_pod(pod, false, &got));
	require(got.kind && !strcmp(got.kind, kind) && got.name_len == strlen(owner));
}

/* A name of at most 40 bytes and a number from the bytes, then through the controllers' rules. */
static void check_made(const uint8_t *data, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789----";
	static const char random[] = "bcdfghjklmnpqrstvwxz2456789";
	char owner[41], end[6], number[16], pod[80];
	size_t len = size - 9 < 40 ? size - 9 : 40;
	uint32_t value;

	memcpy(&value, data, sizeof(value));
	for (size_t i = 0; i < 5; i++)
		end[i] = random[data[4 + i] % 27];
	end[5] = '\0';
	for (size_t i = 0; i < len; i++)
		owner[i] = letters[data[9 + i] % (i && i + 1 < len ? 40 : 36)];
	owner[len] = '\0';

	snprintf(pod, sizeof(pod), "%s-%u", owner, value % 10000);
	expect(pod, "StatefulSet", owner);
	snprintf(pod, sizeof(pod), "%s-%u-%s", owner, 26297280 + value % 15778080, end);
	expect(pod, "CronJob", owner);
	snprintf(number, sizeof(number), "%u", value < 10000000 ? value + 10000000 : value);
	for (char *p = number; *p; p++)
		*p = random[*p % 27];
	snprintf(pod, sizeof(pod), "%s-%s-%s", owner, number, end);
	expect(pod, "Deployment", owner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *pod = malloc(size + 1);

	if (!pod)
		return 0;
	memcpy(pod, data, size);
	pod[size] = '\0';
	check_any(pod);
	if (size > 9)
		check_made(data, size);
	free(pod);
	return 0;
}
