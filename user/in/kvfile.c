/* SPDX-License-Identifier: Apache-2.0 */
/* kvfile.c - reading the kernel's small text files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "core/event.h"
#include "in/kvfile.h"

ssize_t kvfile_read(int dirfd, const char *name, char *buf, size_t size)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t len = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	/* Full: the last line may be half of one, and half a number is a wrong number. */
	if (len == size - 1)
		while (len > 0 && buf[len - 1] != '\n')
			len--;
	buf[len] = '\0';
	return (ssize_t)len;
}

uint64_t kvfile_get(const char *text, const char *key)
{
	size_t key_len = strlen(key);

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (len > key_len && !strncmp(line, key, key_len) &&
		    strchr(": \t", line[key_len])) {
			const char *value = line + key_len;
			uint64_t number;

			if (*value == ':')
				value++;
			value += strspn(value, " \t");
			if (parse_u64_n(value, strcspn(value, " \t\n"), &number))
				return U64_UNKNOWN;
			return number;
		}
		line += len;
		line += *line == '\n';
	}
	return U64_UNKNOWN;
}

uint64_t kvfile_number(int dirfd, const char *name)
{
	char text[64];
	uint64_t number;
	size_t len;

	if (kvfile_read(dirfd, name, text, sizeof(text)) < 0)
		return U64_UNKNOWN;
	len = strcspn(text, "\n");
	if (len == 3 && !memcmp(text, "max", 3))
		return U64_UNLIMITED;
	if (parse_u64_n(text, len, &number))
		return U64_UNKNOWN;
	return number;
}

/* "some avg10=12.34 avg60=..." at line: 1234. */
static uint64_t pressure_avg10(const char *line, const char *prefix)
{
	size_t prefix_len = strlen(prefix);
	uint64_t whole, part;
	size_t digits;

	if (strncmp(line, prefix, prefix_len) != 0)
		return U64_UNKNOWN;
	line += prefix_len;
	digits = strspn(line, "0123456789");
	if (parse_u64_n(line, digits, &whole) || whole > 100 || line[digits] != '.')
		return U64_UNKNOWN;
	line += digits + 1;
	if (strspn(line, "0123456789") != 2 || parse_u64_n(line, 2, &part))
		return U64_UNKNOWN;
	return whole * 100 + part;
}

void kvfile_pressure(const char *text, uint64_t *some, uint64_t *full)
{
	const char *second = strchr(text, '\n');

	*some = pressure_avg10(text, "some avg10=");
	*full = second ? pressure_avg10(second + 1, "full avg10=") : U64_UNKNOWN;
}
