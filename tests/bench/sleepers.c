/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sleepers.c - a host full of containers that do nothing: N processes spread over M cgroups.
 *
 * The benchmark looks at what it costs to watch them. They are forks of this small static program,
 * so that 2,000 of them need little memory. They live until standard input ends or a signal comes;
 * processes and cgroups are removed on every way out, and the kernel kills the processes should
 * this one be killed outright.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUPS_MAX    10000
#define PROCESSES_MAX 20000

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static int group_path(char *path, size_t size, const char *dir, unsigned long group,
		      const char *file)
{
	int n = snprintf(path, size, "%s/box%05lu%s", dir, group, file);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

/* The life of one sleeper: into its cgroup, say so, and sleep. */
static void sleeper(const char *dir, unsigned long group, pid_t parent, int ready)
{
	char path[4096];
	int fd;

	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (group_path(path, sizeof(path), dir, group, "/cgroup.procs"))
		_exit(1);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(1);
	close(fd);
	if (write(ready, "+", 1) != 1)
		_exit(1);
	close(ready);
	for (;;)
		pause();
}

static int make_groups(const char *dir, unsigned long groups)
{
	char path[4096];

	for (unsigned long i = 0; i < groups; i++) {
		if (group_path(path, sizeof(path), dir, i, ""))
			return -ENAMETOOLONG;
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* Start them and wait until each has reported. *started counts what must be killed later. */
static int start(const char *dir, unsigned long groups, unsigned long processes, pid_t *pids,
		 unsigned long *started)
{
	pid_t parent = getpid();
	unsigned long reported = 0;
	int ready[2];

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	for (unsigned long i = 0; i < processes && !stopped; i++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0)
			sleeper(dir, i % groups, parent, ready[1]);
		pids[(*started)++] = pid;
	}
	close(ready[1]);
	while (reported < *started && !stopped) {
		char bytes[256];
		ssize_t n = read(ready[0], bytes, sizeof(bytes));

		if (n > 0)
			reported += (unsigned long)n;
		else if (n == 0 || errno != EINTR)
			break;
	}
	close(ready[0]);
	return reported == processes ? 0 : -EAGAIN;
}

static void clean_up(const char *dir, unsigned long groups, const pid_t *pids,
		     unsigned long started)
{
	char path[4096];

	for (unsigned long i = 0; i < started; i++)
		kill(pids[i], SIGKILL);
	for (unsigned long i = 0; i < started; i++)
		while (waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
			;
	for (unsigned long i = 0; i < groups; i++) {
		if (group_path(path, sizeof(path), dir, i, ""))
			continue;
		/* A cgroup is busy for a moment after its last process. */
		for (int try = 0; rmdir(path) && errno == EBUSY && try < 200; try++)
			usleep(1000);
	}
}

int main(int argc, char **argv)
{
	static pid_t pids[PROCESSES_MAX];
	struct sigaction action = {.sa_handler = on_signal};
	unsigned long groups, processes, started = 0;
	int ret;

	if (argc != 4) {
		fprintf(stderr, "usage: sleepers CGROUP_DIR GROUPS PROCESSES\n");
		return 2;
	}
	groups = strtoul(argv[2], NULL, 10);
	processes = strtoul(argv[3], NULL, 10);
	if (!groups || groups > GROUPS_MAX || !processes || processes > PROCESSES_MAX) {
		fprintf(stderr, "sleepers: bad counts\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);

	ret = make_groups(argv[1], groups);
	if (!ret)
		ret = start(argv[1], groups, processes, pids, &started);
	if (ret) {
		fprintf(stderr, "sleepers: %lu of %lu started: %s\n", started, processes,
			strerror(-ret));
	} else {
		struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
		char byte;

		printf("ready %lu\n", started);
		fflush(stdout);
		/* Whatever wakes us, only the end of the input or a signal is the end. */
		while (!stopped && (poll(&in, 1, -1) < 0 || read(STDIN_FILENO, &byte, 1) > 0))
			;
	}
	clean_up(argv[1], groups, pids, started);
	return ret ? 1 : 0;
}
