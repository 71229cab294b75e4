/* SPDX-License-Identifier: Apache-2.0 */
/*
 * empty.c - load and attach empty.bpf.c, say "ready", and stay until standard input ends or a
 * signal comes. Exit code 77 when this kernel does not take such a program: the benchmark then
 * leaves the comparison out and says so.
 */
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "empty.skel.h"

#define EXIT_SKIP 77

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	struct empty *skel;
	char byte;
	int ret;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	libbpf_set_print(quiet);
	skel = empty__open();
	ret = skel ? empty__load(skel) : -1;
	if (!ret)
		ret = empty__attach(skel);
	if (ret) {
		fprintf(stderr, "empty: tp_btf/page_fault_user: %s\n", strerror(-ret));
		empty__destroy(skel);
		return EXIT_SKIP;
	}
	printf("ready\n");
	fflush(stdout);
	while (!stopped && (poll(&in, 1, -1) < 0 || read(STDIN_FILENO, &byte, 1) > 0))
		;
	empty__destroy(skel);
	return 0;
}
