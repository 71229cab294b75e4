/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_demo.c - memwitness demo: a container with a limit, a service that goes wrong in it, a live
 * trace of both, and the story. Everything is removed again, on Ctrl-C too.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/demo.h"

#define SECONDS          20
#define START_TIMEOUT_MS 20000
#define AFTERMATH_MS     2500 /* for the record of the container's end */
#define TRACER_WAIT_MS   8000
#define POLL_MS          50

enum { DEMO_TOLD = 0, DEMO_INCOMPLETE = 1, DEMO_FAILED = 2 };

struct demo {
	bool keep;
	char directory[256]; /* "" while there is none */
	char records[300];
	char messages[300]; /* what the tracer says on standard error */
	struct demo_cgroup cgroup;
	struct demo_service service;
	pid_t tracer;         /* 0: not running */
	uint64_t ended_real;  /* when the service was told to end */
	sigset_t signals;     /* that end the demo; blocked, and taken by pause_ms() only */
	sigset_t old_signals; /* before that */
};

/* Sleep; -EINTR when a signal wants the demo to end. */
static int pause_ms(const struct demo *d, long ms)
{
	const struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	return sigtimedwait(&d->signals, NULL, &ts) > 0 ? -EINTR : 0;
}

static int make_files(struct demo *d)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(d->directory, sizeof(d->directory), "%.200s/memwitness-demo-XXXXXX",
		 tmp && tmp[0] == '/' ? tmp : "/tmp");
	if (!mkdtemp(d->directory)) {
		int err = -errno;

		log_error("cannot make a directory %s: %s", d->directory, strerror(-err));
		d->directory[0] = '\0';
		return err;
	}
	snprintf(d->records, sizeof(d->records), "%s/records.jsonl", d->directory);
	snprintf(d->messages, sizeof(d->messages), "%s/messages", d->directory);
	snprintf(d->cgroup.name, sizeof(d->cgroup.name), "memwitness-demo-%d", (int)getpid());
	return 0;
}

static void remove_files(struct demo *d)
{
	if (!d->directory[0])
		return;
	unlink(d->messages);
	if (d->keep) {
		fprintf(stderr, "The records are in %s\n", d->records);
	} else {
		unlink(d->records);
		rmdir(d->directory);
	}
	d->directory[0] = '\0';
}

__attribute__((noreturn)) static void run_tracer(const struct demo *d, pid_t parent)
{
	char glob[80];
	int fd;

	/* In good order, should the demo itself be killed. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	/* Ctrl-C is for the demo alone, which still wants the last records. */
	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, &d->old_signals, NULL);
	fd = open(d->messages, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0)
		dup2(fd, STDERR_FILENO);
	snprintf(glob, sizeof(glob), "*/%s*", d->cgroup.name);
	execl("/proc/self/exe", "memwitness", "run", "--output", d->records, "--cgroup", glob,
	      "--report-interval", "5s", "--sample-interval", "500ms", "--all-exits", NULL);
	log_error("cannot start memwitness run: %s", strerror(errno));
	_exit(1);
}

/* What the tracer had to say, when it did not come up. */
static void show_messages(const struct demo *d)
{
	_cleanup_fclose_ FILE *f = fopen(d->messages, "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		fputs(line, stderr);
}

static int start_tracer(struct demo *d)
{
	pid_t parent = getpid(), pid = fork();
	struct stat st;

	if (pid == 0)
		run_tracer(d, parent);
	if (pid < 0) {
		log_error("cannot fork: %s", strerror(errno));
		return -errno;
	}
	d->tracer = pid;
	/* Its first record says that it is attached. */
	for (int ms = 0; ms < START_TIMEOUT_MS; ms += POLL_MS) {
		if (stat(d->records, &st) == 0 && st.st_size > 0)
			return 0;
		if (waitpid(d->tracer, NULL, WNOHANG) == d->tracer) {
			d->tracer = 0;
			show_messages(d);
			log_error("the tracer did not start; 'memwitness doctor' says why");
			return -ECHILD;
		}
		if (pause_ms(d, POLL_MS) < 0)
			return -EINTR;
	}
	show_messages(d);
	log_error("the tracer has written nothing in %d s", START_TIMEOUT_MS / 1000);
	return -ETIMEDOUT;
}

static void stop_tracer(struct demo *d)
{
	const struct timespec poll = {.tv_nsec = POLL_MS * 1000000L};

	if (!d->tracer)
		return;
	kill(d->tracer, SIGTERM);
	for (int ms = 0; ms < TRACER_WAIT_MS; ms += POLL_MS) {
		if (waitpid(d->tracer, NULL, WNOHANG) != 0) {
			d->tracer = 0;
			return;
		}
		nanosleep(&poll, NULL);
	}
	kill(d->tracer, SIGKILL);
	waitpid(d->tracer, NULL, 0);
	d->tracer = 0;
}

/* The show itself. 0 or -errno; -EINTR: somebody wants it to end. */
static int stage(struct demo *d)
{
	struct timespec now;
	int err = start_tracer(d);

	if (err == 0)
		err = demo_cgroup_make(&d->cgroup);
	if (err == 0)
		err = demo_service_start(&d->service, &d->cgroup);
	if (err < 0)
		return err;
	fprintf(stderr,
		"A container with a limit of %llu MiB, a master and four workers in it: one "
		"leaks,\none hangs, one recycles itself, one is healthy. Tracing for %d s "
		"(Ctrl-C ends it) ",
		DEMO_LIMIT >> 20, SECONDS);
	for (int s = 0; s < SECONDS && err == 0; s++) {
		err = pause_ms(d, 1000);
		fputc('.', stderr);
	}
	fputc('\n', stderr);
	clock_gettime(CLOCK_REALTIME, &now);
	d->ended_real = (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
	demo_service_stop(&d->service);
	demo_cgroup_remove(&d->cgroup);
	return err ? err : pause_ms(d, AFTERMATH_MS);
}

static int tell_story(const struct demo *d)
{
	_cleanup_fclose_ FILE *f = fopen(d->records, "re");
	struct demo_outcome o;
	int err;

	if (!f) {
		log_error("cannot read %s: %s", d->records, strerror(errno));
		return DEMO_FAILED;
	}
	printf("\nWhat happened, as the kernel saw it (each time with its record, shortened):\n\n");
	err = demo_story_tell(stdout, f, &d->cgroup, d->ended_real, &o);
	if (err < 0) {
		log_error("cannot read %s: %s", d->records, strerror(-err));
		return DEMO_FAILED;
	}
	printf("In short: %u OOM %s (%u with the container living on), %u worker killed by its\n"
	       "master, %u clean recyclings. From outside, the container just kept running.\n",
	       o.oom_kills, o.oom_kills == 1 ? "kill" : "kills", o.init_alive_kills, o.parent_kills,
	       o.recycled);
	if (!o.oom_kills)
		log_error("missing in the story: the OOM kill of " DEMO_LEAKER);
	if (!o.parent_kills)
		log_error("missing in the story: " DEMO_HANGER ", killed by its master");
	return o.oom_kills && o.parent_kills ? DEMO_TOLD : DEMO_INCOMPLETE;
}

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct demo *d = state->input;

	switch (key) {
	case 'k':
		d->keep = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void take_signals(struct demo *d)
{
	sigemptyset(&d->signals);
	sigaddset(&d->signals, SIGINT);
	sigaddset(&d->signals, SIGTERM);
	sigaddset(&d->signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &d->signals, &d->old_signals);
}

int cmd_demo(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"keep", 'k', NULL, 0, "Keep the file of records and say where it is", 0},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.parser = on_option,
		.doc = "Stage a small OOM story in a cgroup of its own, trace it for 20 s, and "
		       "tell it with the records behind it. Needs root; removes everything."
		       "\vExit: 0 the story is whole, 1 a part of it is missing, 2 it could not "
		       "be staged.",
	};
	struct demo d = {.keep = false};
	int code = DEMO_FAILED;

	argp_parse(&argp, argc, argv, 0, NULL, &d);
	if (geteuid() != 0) {
		log_error("the demo makes a cgroup and traces the kernel: run it as root "
			  "(sudo memwitness demo)");
		return DEMO_FAILED;
	}
	take_signals(&d);
	if (make_files(&d) == 0) {
		int err = stage(&d);

		demo_service_stop(&d.service);
		demo_cgroup_remove(&d.cgroup);
		stop_tracer(&d);
		if (err == 0)
			code = tell_story(&d);
		else if (err == -EINTR)
			fputs("Ended early; everything is removed.\n", stderr);
	}
	remove_files(&d);
	return code;
}
