/* SPDX-License-Identifier: Apache-2.0 */
/* oom_ways.c - one process and its limit: names, depths, kinds of memory, threads. */
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "oom.h"

#define THREADS 8
#define DEEP    6

void oom_simple(struct live *l)
{
	struct expected_oom *o;
	struct cg cg;

	if (oom_cg(l, "oom/simple", OOM_LIMIT, &cg))
		return;
	o = oom_one(l, "simple", "mw-simple", &cg, &cg, oom_eat_all);
	if (!o)
		return;
	/* The only process, and so the first. */
	o->init_alive = 0;
	o->survivors = 0;
	o->level = "container";
}

/* A comm that looks like the fields of the kernel's own line. */
void oom_hostile(struct live *l)
{
	struct cg cg;

	if (!oom_cg(l, "oom/hostile", OOM_LIMIT, &cg))
		oom_one(l, "hostile name", "a,pid=1,\"\\\n(x)", &cg, &cg, oom_eat_all);
}

void oom_parent(struct live *l)
{
	struct cg parent, child;
	struct expected_oom *o;

	if (oom_cg(l, "oom/parent", OOM_LIMIT, &parent) || oom_cg(l, "oom/parent/child", 0, &child))
		return;
	o = oom_one(l, "limit on the parent", "mw-parent", &child, &parent, oom_eat_all);
	if (o)
		o->level = "slice";
}

void oom_nested(struct live *l)
{
	struct cg parent, child;

	/* The kernel says whose limit it was: both may be right, the log decides. */
	if (!oom_cg(l, "oom/nested", OOM_LIMIT, &parent) &&
	    !oom_cg(l, "oom/nested/equal", OOM_LIMIT, &child))
		oom_one(l, "nested equal limits", "mw-nested", &child, NULL, oom_eat_all);
}

void oom_deep(struct live *l)
{
	char rel[LIVE_PATH] = "oom/deep";
	struct cg top, cg;

	if (oom_cg(l, rel, OOM_LIMIT, &top))
		return;
	for (int i = 0; i < DEEP; i++)
		strcat(rel, "/x");
	if (!oom_cg(l, rel, 0, &cg))
		oom_one(l, "limit far above", "mw-deep", &cg, &top, oom_eat_all);
}

static void eat_shared(void *arg)
{
	(void)arg;
	eat(6 * MIB, false);
	eat(0, true);
}

void oom_shmem(struct live *l)
{
	struct cg cg;

	if (!oom_cg(l, "oom/shmem", OOM_LIMIT, &cg))
		oom_one(l, "shmem", "mw-shmem", &cg, &cg, eat_shared);
}

/* An open file on a tmpfs that has no name any more, or -1. */
static int tmpfs_file(void)
{
	static const char *const dirs[] = {"/dev/shm", "/tmp", "/run"};
	struct statfs fs;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (!statfs(dirs[i], &fs) && fs.f_type == TMPFS_MAGIC)
			return open(dirs[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return -1;
}

/* Its memory is on no process's account: what is written stays, whoever is killed. */
static void fill_file(void *arg)
{
	_cleanup_close_ int fd = tmpfs_file();
	static char block[65536];

	(void)arg;
	while (fd >= 0 && write(fd, block, sizeof(block)) == sizeof(block))
		;
}

void oom_tmpfs(struct live *l)
{
	struct cg cg;

	if (!oom_cg(l, "oom/tmpfs", OOM_LIMIT, &cg))
		oom_one(l, "a file on a tmpfs", "mw-tmpfs", &cg, &cg, fill_file);
}

/* ---- threads, and memory of two processes ---- */

static void *thread_eats(void *arg)
{
	(void)arg;
	eat(0, false);
	return NULL;
}

static void threads_eat(void *arg)
{
	pthread_t t;

	(void)arg;
	for (int i = 0; i < THREADS - 1; i++)
		pthread_create(&t, NULL, thread_eats, NULL);
	eat(0, false);
}

void oom_threads(struct live *l)
{
	struct expected_oom *o;
	struct cg cg;

	if (oom_cg(l, "oom/threads", OOM_LIMIT, &cg))
		return;
	o = oom_one(l, "eight threads", "mw-threads", &cg, &cg, threads_eat);
	if (o)
		o->busy = true;
}

static void *late_thread(void *arg)
{
	oom_tell_made(arg, 0, (pid_t)syscall(SYS_gettid));
	sleep_ms(50);
	eat(0, false);
	return NULL;
}

static void leader_leaves(void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, late_thread, arg);
	syscall(SYS_exit, 0);
}

/* The kernel's line of the kill names the thread that is left. */
void oom_leader_gone(struct live *l)
{
	struct scratch *s = scratch_new();
	struct expected_oom *o;
	struct child c;
	struct cg cg;

	if (!s || oom_cg(l, "oom/leaderless", OOM_LIMIT, &cg))
		return;
	oom_pace(l, 1);
	o = oom_expect(l, "leader gone", &cg, &cg);
	o->leaderless = true;
	if (!oom_child(l, &c, &cg, "mw-leader", leader_leaves, s)) {
		oom_expect_victim(o, c.pid);
		oom_reap(l, o->what, &c);
		o->tasks[0].thread = atomic_load(&s->pids[0]);
	}
	scratch_free(s);
}

static int sharer(void *arg)
{
	oom_tell_made(arg, 0, getpid());
	while (pause())
		;
	return 0;
}

/* Two processes, one memory: the kernel marks one of them and kills both. */
static void share_and_eat(void *arg)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct scratch *s = arg;

	if (clone(sharer, stack + sizeof(stack), CLONE_VM | SIGCHLD, s) < 0)
		_exit(96);
	while (!atomic_load(&s->pids[0]))
		sleep_ms(1);
	eat(0, false);
}

static void vfork_and_eat(void *arg)
{
	pid_t pid = vfork();

	if (pid == 0) {
		oom_tell_made(arg, 0, getpid());
		eat(0, false);
		_exit(0);
	}
	_exit(95);
}

static void run_shared(struct live *l, const char *what, const char *rel, child_fn fn)
{
	struct scratch *s = scratch_new();
	struct expected_oom *o;
	struct child c, other = {0};
	struct cg cg;

	if (!s || oom_cg(l, rel, OOM_LIMIT, &cg))
		return;
	oom_pace(l, 1);
	o = oom_expect(l, what, &cg, &cg);
	o->busy = true;
	/* Which of the two is marked is the kernel's choice; both die. */
	o->orphans = -1;
	if (!oom_child(l, &c, &cg, "mw-sharer", fn, s)) {
		oom_expect_victim(o, c.pid);
		oom_reap(l, what, &c);
		/* The other one is ours to reap: this program is the subreaper. */
		oom_expect_made(o, s, 0, true);
		other.pid = atomic_load(&s->pids[0]);
		other.t0 = c.t0;
		oom_reap(l, what, &other);
	}
	scratch_free(s);
}

void oom_sharer(struct live *l)
{
	run_shared(l, "shared memory of two processes", "oom/sharer", share_and_eat);
}

void oom_vfork(struct live *l)
{
	run_shared(l, "vfork", "oom/vfork", vfork_and_eat);
}
