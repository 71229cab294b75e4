/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - one line a message on standard error, safe to print whatever it quotes. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define LOG_LINE_MAX 2048

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

/* The one setting that everybody shares: passing it along would put it into every signature. */
static enum log_level current_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	current_level = level;
}

enum log_level log_level(void)
{
	return current_level;
}

int log_level_parse(const char *text, enum log_level *level)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* A message may quote bytes of a container: no terminal sequences, no forged second line. */
static void hide_control_bytes(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f)
			text[i] = '?';
		else if (c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] >= 0x80 &&
			 (unsigned char)text[i + 1] < 0xa0)
			text[i] = text[i + 1] = '?'; /* U+0080..U+009F, the other control codes */
	}
}

void log_at(enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	int saved = errno;
	size_t len, at = 0;
	va_list args;
	int n;

	if (level > current_level)
		return;
	len = (size_t)snprintf(line, sizeof(line), "memwitness: %s: ", level_names[level]);
	va_start(args, format);
	n = vsnprintf(line + len, sizeof(line) - len, format, args);
	va_end(args);
	if (n > 0)
		len += (size_t)n;
	if (len > sizeof(line) - 1) {
		len = sizeof(line) - 1;
		memcpy(line + len - 3, "...", 3);
	}
	hide_control_bytes(line, len);
	line[len++] = '\n';
	/* One write a line, so that lines of several processes do not mix. */
	while (at < len) {
		ssize_t written = write(STDERR_FILENO, line + at, len - at);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			break; /* nowhere left to complain */
		at += (size_t)written;
	}
	errno = saved;
}
