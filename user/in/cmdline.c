/* SPDX-License-Identifier: Apache-2.0 */
/* cmdline.c - when a cut command line matters, and the tail that is no argument. */
#include <string.h>

#include "base/redact.h"
#include "core/event.h"
#include "in/cmdline.h"

int cmdline_text(char *dst, size_t size, const char *args, size_t len, bool cut, int mode)
{
	int lacks = cut;

	/* What the mode hides anyway is not missing for having been cut. */
	if (mode == REDACT_ALL || (mode == REDACT_ARGS && memchr(args, '\0', len)))
		lacks = 0;
	/* A process that overwrites its title leaves a tail of NULs behind it. */
	while (len > 1 && args[len - 1] == '\0' && args[len - 2] == '\0')
		len--;
	redact_command_line(dst, size, args, len, mode, &lacks);
	return lacks;
}
