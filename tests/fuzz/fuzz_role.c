/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_role.c - any bytes as a command line: a role is one of the table's words or none, whoever
 * forked the process; and whatever the mask of an allocation, its names are a text that ends.
 *
 * Build with base/, core/role.c, in/gfp.c and -fsanitize=fuzzer,address,undefined.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/role.h"
#include "in/gfp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_word(const char *word)
{
	size_t len = strlen(word);

	require(len > 0 && len < 64);
	for (size_t i = 0; i < len; i++)
		require(word[i] >= 0x20 && word[i] < 0x7f);
}

static void check_role(const char *line)
{
	const char *role = role_of_command(line, false), *child = role_of_command(line, true);

	require(!role == !child);
	if (!role)
		return;
	check_word(role);
	check_word(child);
	/* A worker's child is no more than a worker. */
	role = role_of_child(role);
	require(!strcmp(role_of_child(role), role));
	if (role_program(line))
		check_word(role_program(line));
}

static void check_gfp(const uint8_t *data, size_t size)
{
	struct gfp_names names;
	char *text;
	size_t room;

	if (size < 6)
		return;
	gfp_names_plain(&names);
	/* A kernel that lacks a flag, or has it elsewhere. */
	names.mask[data[4] % GFP_F_COUNT] = data[4] & 0x80 ? 1u << (data[4] % 32) : 0;
	room = data[5] + 1u;
	text = malloc(room);
	if (!text)
		return;
	gfp_text(&names,
		 (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
			 (uint32_t)data[3] << 24,
		 text, room);
	require(strnlen(text, room) < room);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);

	if (!line)
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	check_role(line);
	check_gfp(data, size);
	free(line);
	return 0;
}
