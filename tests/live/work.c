/* SPDX-License-Identifier: Apache-2.0 */
/* work.c - children that take memory, live and die as a scenario wants. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "live.h"

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

void sleep_ms(unsigned int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

void eat(uint64_t bytes, bool shared)
{
	const size_t chunk = MIB;
	long page = sysconf(_SC_PAGESIZE);
	uint64_t taken = 0;

	while (!bytes || taken < bytes) {
		char *p = mmap(NULL, chunk, PROT_READ | PROT_WRITE,
			       (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			_exit(99);
		/* Page by page also where huge pages are on: the counts are to be exact. */
		madvise(p, chunk, MADV_NOHUGEPAGE);
		for (size_t i = 0; i < chunk; i += (size_t)page)
			((volatile char *)p)[i] = 1;
		taken += chunk;
	}
}

/* What a child inherits must not depend on who runs the tests. */
static void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In a VM the tests themselves are exempt from a global OOM kill; their children are not. */
static void be_killable(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "0", 1) != 1)
		_exit(96);
	close(fd);
}

int child_start(struct child *c, const struct cg *cg, const char *name, child_fn fn, void *arg)
{
	struct pollfd p = {.events = POLLIN};
	int fds[2], err = 0;
	char byte;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	fflush(stdout);
	c->t0 = now_ns();
	c->pid = fork();
	if (c->pid < 0)
		err = -errno;
	if (c->pid == 0) {
		close(fds[0]);
		reset_signals();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Or a sleeper grows by what the kernel makes one huge page of. */
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
		be_killable();
		if (cg && cg_enter(cg))
			_exit(98);
		if (name)
			prctl(PR_SET_NAME, name);
		/* Not a constant: the kernel would fault its page in, in this cgroup. */
		byte = 'r';
		if (write(fds[1], &byte, 1) != 1)
			_exit(97);
		close(fds[1]);
		fn(arg);
		_exit(0);
	}
	c->t1 = now_ns();
	close(fds[1]);
	p.fd = fds[0];
	if (!err && (poll(&p, 1, LIVE_DEADLINE_SECONDS * 1000) != 1 || read(fds[0], &byte, 1) != 1))
		err = -EIO;
	close(fds[0]);
	if (err && c->pid > 0) {
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
	}
	return err;
}

int child_wait(const struct child *c, int *status, struct rusage *usage)
{
	uint64_t deadline = now_ns() + LIVE_DEADLINE_SECONDS * NS_PER_SEC;
	unsigned int pause = 1;
	pid_t pid;

	for (;;) {
		pid = wait4(c->pid, status, WNOHANG, usage);
		if (pid == c->pid)
			return 0;
		if (pid < 0 && errno != EINTR)
			return -errno;
		if (now_ns() > deadline)
			break;
		sleep_ms(pause);
		if (pause < 16)
			pause *= 2;
	}
	kill(c->pid, SIGKILL);
	wait4(c->pid, status, 0, usage);
	return -ETIMEDOUT;
}
