/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_image_name.c - any bytes as an image reference: what comes out is of the grammar's bytes,
 * is a name or an id but not both, stays the same a second time, and does not depend on how large
 * the room is as long as it fits.
 *
 * Build with base/ and -fsanitize=fuzzer,address,undefined.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/image_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_form(const char *name, const char *id)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"._-/:@[]";
	size_t len = strlen(name);

	require(!len != !id[0]);
	require(strspn(name, letters) == len);
	require(!len || strchr(name, ':'));
	if (id[0])
		require(strlen(id) == IMAGE_ID_SIZE - 1 && !strncmp(id, "sha256:", 7) &&
			strspn(id + 7, "0123456789abcdef") == 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[2048], id[IMAGE_ID_SIZE], again[2048], again_id[IMAGE_ID_SIZE];
	char *raw = malloc(size + 1), *tight;
	size_t len;

	if (!raw)
		return 0;
	memcpy(raw, data, size);
	raw[size] = '\0';
	if (image_name_normalise(raw, name, sizeof(name), id, sizeof(id))) {
		require(!name[0] && !id[0]);
		free(raw);
		return 0;
	}
	check_form(name, id);
	require(!image_name_normalise(name[0] ? name : id, again, sizeof(again), again_id,
				      sizeof(again_id)));
	require(!strcmp(name, again) && !strcmp(id, again_id));
	len = strlen(name);
	tight = malloc(len + 1);
	if (tight) {
		require(!image_name_normalise(raw, tight, len + 1, again_id, sizeof(again_id)));
		require(!strcmp(name, tight));
		if (len) /* one byte less: nothing, and nothing written behind it */
			require(image_name_normalise(raw, tight, len, again_id, sizeof(again_id)) ==
				-EINVAL);
	}
	free(tight);
	free(raw);
	return 0;
}
