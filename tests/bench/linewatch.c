/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linewatch.c - when did a line become readable in a file?
 *
 * Follows a growing file by inotify and prints, for each new line that contains a text, the time by
 * CLOCK_BOOTTIME and CLOCK_REALTIME at which read(2) had returned it, a blank, and the line. This
 * is what a log shipper would have seen, so it is the end point of "OOM kill to line on disk".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 20]; /* far more than the longest line of the contract */

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Take what the file has now. Returns the number of matching lines, or -errno. */
static long take(int fd, size_t *held, const char *pattern)
{
	long matches = 0;

	for (;;) {
		ssize_t n = read(fd, buffer + *held, sizeof(buffer) - *held);
		uint64_t boot = now_ns(CLOCK_BOOTTIME), real = now_ns(CLOCK_REALTIME);
		char *line = buffer, *end;

		if (n < 0)
			return -errno;
		if (n == 0)
			return *held == sizeof(buffer) ? -E2BIG : matches;
		*held += (size_t)n;
		while ((end = memchr(line, '\n', *held - (size_t)(line - buffer)))) {
			size_t len = (size_t)(end - line);

			if (memmem(line, len, pattern, strlen(pattern))) {
				printf("%llu %llu %.*s\n", (unsigned long long)boot,
				       (unsigned long long)real, (int)len, line);
				matches++;
			}
			line = end + 1;
		}
		*held -= (size_t)(line - buffer);
		memmove(buffer, line, *held);
	}
}

int main(int argc, char **argv)
{
	long count, matches = 0, n;
	uint64_t deadline;
	size_t held = 0;
	int fd, watch;

	if (argc != 5) {
		fprintf(stderr, "usage: linewatch FILE TEXT COUNT SECONDS\n");
		return 2;
	}
	count = strtol(argv[3], NULL, 10);
	deadline = now_ns(CLOCK_MONOTONIC) + strtoull(argv[4], NULL, 10) * 1000000000u;
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0 || watch < 0 || lseek(fd, 0, SEEK_END) < 0 ||
	    inotify_add_watch(watch, argv[1], IN_MODIFY) < 0) {
		fprintf(stderr, "linewatch: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	/* The driver waits for this line before it lets anything happen. */
	printf("ready\n");
	fflush(stdout);
	while (matches < count) {
		struct pollfd in = {.fd = watch, .events = POLLIN};
		uint64_t now = now_ns(CLOCK_MONOTONIC);
		char events[4096];

		if (now >= deadline)
			break;
		if (poll(&in, 1, (int)((deadline - now) / 1000000u) + 1) < 0)
			return 1;
		while (read(watch, events, sizeof(events)) > 0)
			;
		n = take(fd, &held, argv[2]);
		if (n < 0) {
			fprintf(stderr, "linewatch: %s: %s\n", argv[1], strerror((int)-n));
			return 1;
		}
		matches += n;
		fflush(stdout);
	}
	return matches < count ? 3 : 0;
}
