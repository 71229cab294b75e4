/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_redact.c - any bytes as a command line: the first byte picks the mode, the second the room.
 * The result is valid UTF-8 on one line, within its room; a smaller room gives a front of it. And
 * an argument that is plainly a password is hidden, whatever stands around it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_sequence(p + i, len - i);

		if (!n || p[i] < 0x20 || p[i] == 0x7f)
			abort();
		i += n;
	}
}

static void check_secret(const char *data, size_t size)
{
	static const char argument[] = "\0--password=xyzzyplugh";
	static char args[2 * 2048 + sizeof(argument)], text[4 * sizeof(args)];

	if (memmem(data, size, "xyzzy", 5))
		return;
	memcpy(args, data, size);
	memcpy(args + size, argument, sizeof(argument));
	memcpy(args + size + sizeof(argument), data, size);
	redact_command_line(text, sizeof(text), args, 2 * size + sizeof(argument), 0, NULL);
	if (strstr(text, "xyzzy"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char whole[8192], *small;
	size_t len, room, n;
	int mode, cut = 0;

	if (size < 2 || size > 2048)
		return 0;
	mode = data[0] % 5;
	room = data[1] + 1u;
	data += 2;
	size -= 2;
	len = redact_command_line(whole, sizeof(whole), (const char *)data, size, mode, &cut);
	if (cut || strlen(whole) != len)
		abort();
	check_text(whole, len);
	small = malloc(room);
	if (!small)
		return 0;
	n = redact_command_line(small, room, (const char *)data, size, mode, &cut);
	if (n >= room || strlen(small) != n || memcmp(small, whole, n) != 0 || cut != (n < len))
		abort();
	free(small);
	check_secret((const char *)data, size);
	return 0;
}
