/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demo_service.c - a prefork service in the manner of gunicorn, with every way in which a worker
 * can leave: it leaks until the OOM killer comes, it hangs until its master loses patience, it
 * recycles itself. The master replaces whoever leaves.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/demo.h"

#define MS             1000000ull
#define BEAT_NS        (25 * MS)
#define LEAK_BYTES     (200u << 10) /* a beat: 8 MiB/s, so the limit is reached in 8 s */
#define HANG_AFTER     (2500 * MS)
#define RECYCLE_AFTER  (5000 * MS)
#define MASTER_TIMEOUT (1500 * MS)

enum worker_kind { WORKER_HEALTHY, WORKER_LEAKER, WORKER_HANGER, WORKER_RECYCLER, WORKERS };

static const char *const worker_names[WORKERS] = {
	[WORKER_HEALTHY] = DEMO_HEALTHY,
	[WORKER_LEAKER] = DEMO_LEAKER,
	[WORKER_HANGER] = DEMO_HANGER,
	[WORKER_RECYCLER] = DEMO_RECYCLER,
};

/* What the processes of the service share. An order by memory is no signal to be traced. */
struct board {
	atomic_bool stop;
	_Atomic uint64_t beat[WORKERS]; /* when the worker last said that it is alive */
};

struct slot {
	enum worker_kind kind;
	pid_t pid;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static void pause_ns(uint64_t ns)
{
	const struct timespec ts = {.tv_sec = (time_t)(ns / 1000000000ull),
				    .tv_nsec = (long)(ns % 1000000000ull)};

	nanosleep(&ts, NULL);
}

/* gunicorn's workers do the same with the SIGABRT of a timeout: they leave with code 1. */
static void on_abort(int sig)
{
	(void)sig;
	_exit(1);
}

/* Every child: signals as at a program's start, and no life after its parent's. */
static void child_setup(const char *name, pid_t parent)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	prctl(PR_SET_NAME, name);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Lost on purpose: nobody keeps the address. */
static void leak_some(void)
{
	char *p =
		mmap(NULL, LEAK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		memset(p, 0xa5, LEAK_BYTES);
}

__attribute__((noreturn)) static void work(struct board *board, enum worker_kind kind)
{
	uint64_t start = now_ns();

	signal(SIGABRT, on_abort);
	while (!atomic_load(&board->stop)) {
		uint64_t age = now_ns() - start;

		if (kind == WORKER_RECYCLER && age >= RECYCLE_AFTER)
			_exit(0);
		if (kind == WORKER_HANGER && age >= HANG_AFTER) {
			while (!atomic_load(&board->stop))
				pause_ns(BEAT_NS);
			_exit(0);
		}
		if (kind == WORKER_LEAKER)
			leak_some();
		atomic_store(&board->beat[kind], now_ns());
		pause_ns(BEAT_NS);
	}
	_exit(0);
}

static void start_worker(struct board *board, struct slot *slot)
{
	pid_t parent = getpid(), pid;

	atomic_store(&board->beat[slot->kind], now_ns());
	pid = fork();
	if (pid == 0) {
		child_setup(worker_names[slot->kind], parent);
		work(board, slot->kind);
	}
	slot->pid = pid > 0 ? pid : 0;
}

/* Whoever has left is replaced; the hanger's bug is gone then, the leaker's is not. */
static void replace_workers(struct board *board, struct slot slots[WORKERS])
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		for (size_t i = 0; i < WORKERS; i++) {
			if (slots[i].pid == pid)
				slots[i].pid = 0;
		}
	}
	for (size_t i = 0; i < WORKERS; i++) {
		if (slots[i].pid == 0) {
			if (slots[i].kind == WORKER_HANGER)
				slots[i].kind = WORKER_HEALTHY;
			start_worker(board, &slots[i]);
		}
	}
}

static void kill_silent_workers(const struct board *board, const struct slot slots[WORKERS])
{
	for (size_t i = 0; i < WORKERS; i++) {
		uint64_t beat = atomic_load(&board->beat[slots[i].kind]);

		if (slots[i].pid > 0 && slots[i].kind == WORKER_HANGER &&
		    now_ns() > beat + MASTER_TIMEOUT)
			kill(slots[i].pid, SIGABRT);
	}
}

__attribute__((noreturn)) static void master(struct board *board)
{
	struct slot slots[WORKERS];

	for (size_t i = 0; i < WORKERS; i++) {
		slots[i] = (struct slot){.kind = (enum worker_kind)i};
		start_worker(board, &slots[i]);
	}
	while (!atomic_load(&board->stop)) {
		pause_ns(BEAT_NS);
		if (atomic_load(&board->stop))
			break;
		replace_workers(board, slots);
		kill_silent_workers(board, slots);
	}
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(0);
}

int demo_service_start(struct demo_service *s, const struct demo_cgroup *c)
{
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t parent = getpid(), pid;

	if (board == MAP_FAILED) {
		log_error("cannot share memory with the service: %s", strerror(errno));
		return -errno;
	}
	pid = fork();
	if (pid < 0) {
		int err = -errno;

		log_error("cannot start the service: %s", strerror(-err));
		munmap(board, sizeof(*board));
		return err;
	}
	if (pid == 0) {
		child_setup(DEMO_MASTER, parent);
		/* Ctrl-C is for the demo, which then ends the service in good order. */
		setpgid(0, 0);
		if (demo_cgroup_enter(c) < 0)
			_exit(3);
		master(board);
	}
	s->master = pid;
	s->board = board;
	return 0;
}

void demo_service_stop(struct demo_service *s)
{
	struct board *board = s->board;

	if (!s->master)
		return;
	atomic_store(&board->stop, true);
	for (int i = 0; i < 100 && waitpid(s->master, NULL, WNOHANG) == 0; i++)
		pause_ns(20 * MS);
	/* Fails when it was reaped above. */
	if (waitpid(s->master, NULL, WNOHANG) == 0) {
		kill(s->master, SIGKILL);
		waitpid(s->master, NULL, 0);
	}
	munmap(board, sizeof(*board));
	*s = (struct demo_service){0};
}
