/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - count what held and what did not; a check is a line of the output. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "live.h"

/* A check that fails a thousand times says so a few times. */
#define SHOWN_FAILURES 12

void check_open(struct checks *c, const char *format, ...)
{
	va_list ap;

	check_close(c);
	va_start(ap, format);
	vsnprintf(c->name, sizeof(c->name), format, ap);
	va_end(ap);
}

bool check(struct checks *c, bool ok, const char *format, ...)
{
	va_list ap;

	if (ok) {
		c->good++;
		return true;
	}
	c->bad++;
	if (c->bad <= SHOWN_FAILURES) {
		printf("  %s: ", c->name);
		va_start(ap, format);
		vprintf(format, ap);
		va_end(ap);
		putchar('\n');
	}
	return false;
}

void check_close(struct checks *c)
{
	if (!c->name[0])
		return;
	if (c->bad) {
		c->failed++;
		printf("FAIL %s (%u of %u)\n", c->name, c->bad, c->good + c->bad);
	} else {
		c->passed++;
		printf("ok   %s (%u)\n", c->name, c->good);
	}
	fflush(stdout);
	c->name[0] = '\0';
	c->good = 0;
	c->bad = 0;
}
