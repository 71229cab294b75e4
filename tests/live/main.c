/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - arguments, and the process that stands behind the tests: it makes the cgroups, runs the
 * tests in a child, and removes all that is left when that child ends, however it ends.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live.h"

static int open_all(struct live *l)
{
	char copy[LIVE_PATH];
	struct utsname u;

	uname(&u);
	snprintf(l->release, sizeof(l->release), "%s", u.release);
	l->cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (readlink("/proc/self/exe", l->self, sizeof(l->self) - 1) < 0)
		return -errno;
	l->expected = mmap(NULL, sizeof(*l->expected), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->expected == MAP_FAILED)
		return -ENOMEM;
	snprintf(copy, sizeof(copy), "%s/kernel.log", l->dir);
	return klog_open(&l->klog, copy);
}

/* The tests, in a process of their own; the exit code. */
static int run_tests(struct live *l)
{
	int err;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	klog_init(&l->klog);
	err = open_all(l);
	if (err) {
		printf("live: cannot set up: %s\n0 passed, 1 failed\n", strerror(-err));
		return 1;
	}
	printf("live: %s, cgroup %s, %d CPUs\n", l->release, l->cgroups.v1 ? "v1" : "v2", l->cpus);
	live_runs(l);
	klog_close(&l->klog);
	munmap(l->expected, sizeof(*l->expected));
	printf("OOM fields in all: %lu compared, %lu mismatches\n", l->fields.compared,
	       l->fields.mismatches);
	printf("%u passed, %u failed\n", l->checks.passed, l->checks.failed);
	fflush(stdout);
	return l->checks.failed || !l->checks.passed;
}

/* Wait for the tests; a signal to us ends them, and theirs with them (PR_SET_PDEATHSIG). */
static int wait_for(pid_t tests, const sigset_t *set)
{
	int status;
	pid_t pid;

	for (;;) {
		if (sigwaitinfo(set, NULL) != SIGCHLD)
			kill(tests, SIGKILL);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == tests)
				return status;
	}
}

/* The agent got SIGTERM when the tests died; all others are in cgroups of ours. */
static void reap_rest(void)
{
	for (int i = 0; i < 100 && waitpid(-1, NULL, WNOHANG) >= 0; i++)
		sleep_ms(50);
}

int live_main(struct live *l)
{
	int err, status;
	sigset_t set;
	pid_t tests;

	setvbuf(stdout, NULL, _IOLBF, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGPIPE, SIG_IGN);
	/* What the tests can take of a machine that is not theirs alone. */
	err = cgroups_open(&l->cgroups, l->vm ? 0 : 1024 * MIB);
	if (err) {
		printf("live: cannot make cgroups: %s\n0 passed, 1 failed\n", strerror(-err));
		cgroups_close(&l->cgroups);
		return 1;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fflush(stdout);
	tests = fork();
	if (tests == 0) {
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		exit(run_tests(l));
	}
	status = tests < 0 ? -1 : wait_for(tests, &set);
	cgroups_close(&l->cgroups);
	reap_rest();
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	printf("live: the tests ended with wait status 0x%x\n0 passed, 1 failed\n",
	       (unsigned)status);
	fflush(stdout);
	return 1;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: live --agent FILE [--dir DIR] [NAME...]\n"
		"NAME: an agent (auto fentry kprobe tracepoint), a group (oom exits counts)\n"
		"or a scenario (oom/simple ...). As root; as process 1 it sets up a VM.\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct live l = {.vm = false};
	int i;

	if (argc > 2 && !strcmp(argv[1], "--exec-child"))
		return atoi(argv[2]);
	if (getpid() == 1)
		vm_main(argc, argv);
	snprintf(l.dir, sizeof(l.dir), "/tmp/mwlive-%d", (int)getpid());
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--agent") && i + 1 < argc) {
			if (!realpath(argv[++i], l.agent_path)) {
				fprintf(stderr, "live: %s: %s\n", argv[i], strerror(errno));
				return 2;
			}
		} else if (!strcmp(argv[i], "--dir") && i + 1 < argc) {
			snprintf(l.dir, sizeof(l.dir), "%s", argv[++i]);
		} else {
			return usage();
		}
	}
	l.filters = argv + i;
	l.n_filters = argc - i;
	if (!l.agent_path[0])
		return usage();
	if (mkdir(l.dir, 0755) && errno != EEXIST) {
		fprintf(stderr, "live: %s: %s\n", l.dir, strerror(errno));
		return 2;
	}
	return live_main(&l);
}
