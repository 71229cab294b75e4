/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oomloop.c - OOM kills to order, each in a memory cgroup of its own with a small limit.
 *
 * For each kill the parent notes when it learned of it, by both clocks, so that a record's own time
 * can be held against somebody else's. No child can hurt the host: it allocates only inside a
 * cgroup whose limit was read back, and stops by itself at four times that limit.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int write_file(const char *dir, const char *file, const char *text)
{
	char path[4096];
	int fd, ret = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, file) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ret = -errno;
	close(fd);
	return ret;
}

static int read_number(const char *dir, const char *file, uint64_t *out)
{
	char path[4096], text[64];
	ssize_t n;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, file) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	text[n] = '\0';
	*out = strtoull(text, NULL, 10);
	return 0;
}

/* Set the limit, without swap, and read it back: an unlimited child must never be started. */
static int limit_cgroup(const char *dir, uint64_t limit)
{
	char text[32];
	uint64_t set = 0;
	int ret;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)limit);
	ret = write_file(dir, "memory.max", text);
	if (ret == -ENOENT) {
		ret = write_file(dir, "memory.limit_in_bytes", text);
		if (!ret) {
			/* Without swap accounting the file is missing, and so is the need. */
			ret = write_file(dir, "memory.memsw.limit_in_bytes", text);
			ret = ret == -ENOENT ? 0 : ret;
		}
		if (!ret)
			ret = read_number(dir, "memory.limit_in_bytes", &set);
	} else if (!ret) {
		ret = write_file(dir, "memory.swap.max", "0");
		ret = ret == -ENOENT ? 0 : ret;
		if (!ret)
			ret = read_number(dir, "memory.max", &set);
	}
	if (!ret && (!set || set > limit))
		ret = -EINVAL;
	return ret;
}

/* The victim: into the cgroup, then touch memory until the kernel has had enough. */
static void victim(const char *dir, uint64_t limit, pid_t parent)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || write_file(dir, "cgroup.procs", "0"))
		_exit(2);
	p = mmap(NULL, 4 * limit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		_exit(2);
	for (size_t i = 0; i < 4 * limit; i += page)
		((volatile char *)p)[i] = 1;
	_exit(3);
}

static int one_kill(const char *dir, uint64_t limit)
{
	pid_t parent = getpid(), pid;
	int status = 0;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		victim(dir, limit, parent);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
		fprintf(stderr, "oomloop: the child was not killed (status %#x)\n",
			(unsigned int)status);
		return -ECHILD;
	}
	printf("%d %llu %llu\n", (int)pid, (unsigned long long)now_ns(CLOCK_BOOTTIME),
	       (unsigned long long)now_ns(CLOCK_REALTIME));
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	unsigned long kills, gap_ms, done = 0;
	uint64_t limit;
	int ret = 0;

	if (argc != 5) {
		fprintf(stderr, "usage: oomloop CGROUP_DIR KILLS LIMIT_BYTES GAP_MS\n");
		return 2;
	}
	kills = strtoul(argv[2], NULL, 10);
	limit = strtoull(argv[3], NULL, 10);
	gap_ms = strtoul(argv[4], NULL, 10);
	if (!kills || limit < 1u << 20 || limit > 64u << 20) {
		fprintf(stderr, "oomloop: bad arguments\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	for (; done < kills && !ret && !stopped; done++) {
		char dir[4096];

		if ((size_t)snprintf(dir, sizeof(dir), "%s/oom%05lu", argv[1], done) >= sizeof(dir))
			ret = -ENAMETOOLONG;
		else if (mkdir(dir, 0755))
			ret = -errno;
		if (ret)
			break;
		ret = limit_cgroup(dir, limit);
		if (!ret)
			ret = one_kill(dir, limit);
		for (int try = 0; rmdir(dir) && errno == EBUSY && try < 200; try++)
			usleep(1000);
		usleep((useconds_t)(gap_ms * 1000));
	}
	if (ret)
		fprintf(stderr, "oomloop: kill %lu: %s\n", done, strerror(-ret));
	return ret || stopped ? 1 : 0;
}
