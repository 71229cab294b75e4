/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_run.c - `memwitness run`: trace this machine until told to stop. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/shell.h"

#define DRAIN_NS 100000000ull /* lesser events wait at most this long in their ring */

enum { WATCH_KERNEL, WATCH_TICK, WATCH_DRAIN, WATCH_SIGNAL, WATCH_SINK };

struct loop {
	int epoll, tick, drain, signal;
	bool watching_sink;
	uint64_t deadline; /* of --duration, 0: none */
	const char *why;   /* set: stop */
};

static int watch(int epoll, int fd, uint32_t events, uint32_t what)
{
	struct epoll_event ev = {.events = events, .data.u32 = what};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static int timer(uint64_t interval_ns)
{
	struct itimerspec spec = {
		.it_value = {.tv_sec = (time_t)(interval_ns / 1000000000ull),
			     .tv_nsec = (long)(interval_ns % 1000000000ull)},
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	spec.it_interval = spec.it_value;
	if (fd >= 0 && timerfd_settime(fd, 0, &spec, NULL)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* From the first moment on: an early Ctrl-C must not leave half a line behind. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigprocmask(SIG_BLOCK, set, NULL);
}

static int loop_open(struct loop *l, struct shell *s)
{
	sigset_t set;

	memset(l, 0, sizeof(*l));
	block_signals(&set);
	l->signal = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->tick = timer(s->options->sample_interval_ns);
	l->drain = timer(DRAIN_NS);
	if (l->signal < 0 || l->epoll < 0 || l->tick < 0 || l->drain < 0 ||
	    watch(l->epoll, kernel_poll_fd(s->kernel), EPOLLIN, WATCH_KERNEL) ||
	    watch(l->epoll, l->tick, EPOLLIN, WATCH_TICK) ||
	    watch(l->epoll, l->drain, EPOLLIN, WATCH_DRAIN) ||
	    watch(l->epoll, l->signal, EPOLLIN, WATCH_SIGNAL)) {
		log_error("cannot set up the event loop: %s", strerror(errno));
		return 1;
	}
	if (s->options->duration_ns)
		l->deadline = now_boot() + s->options->duration_ns;
	return 0;
}

static void loop_close(struct loop *l)
{
	close(l->signal);
	close(l->epoll);
	close(l->tick);
	close(l->drain);
}

static void on_signal(struct loop *l, struct shell *s)
{
	struct signalfd_siginfo si;

	while (read(l->signal, &si, sizeof(si)) == sizeof(si)) {
		int r;

		if (si.ssi_signo != SIGHUP) {
			l->why = si.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM";
			continue;
		}
		r = sink_reopen(s->sink);
		if (r)
			log_warning("cannot open %s anew: %s", s->options->output, strerror(-r));
	}
}

/* Poll the output only while lines wait for it: else it would always be writable. */
static void watch_sink(struct loop *l, struct shell *s)
{
	int fd = sink_fd(s->sink);
	bool want = fd >= 0 && sink_pending(s->sink);

	if (want == l->watching_sink)
		return;
	if (want ? watch(l->epoll, fd, EPOLLOUT, WATCH_SINK)
		 : epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL))
		return;
	l->watching_sink = want;
}

static void expire(int fd)
{
	uint64_t times;

	if (read(fd, &times, sizeof(times)) < 0 && errno != EAGAIN)
		log_debug("timer: %s", strerror(errno));
}

static void loop_turn(struct loop *l, struct shell *s)
{
	struct epoll_event events[8];
	int n = epoll_wait(l->epoll, events, 8, shell_timeout(s));
	bool tick = false, drain = false;

	for (int i = 0; i < n; i++) {
		switch (events[i].data.u32) {
		case WATCH_TICK:
			expire(l->tick);
			tick = true;
			break;
		case WATCH_DRAIN:
			expire(l->drain);
			drain = true;
			break;
		case WATCH_KERNEL:
			drain = true;
			break;
		case WATCH_SIGNAL:
			on_signal(l, s);
			break;
		default:
			break;
		}
	}
	if (tick)
		shell_tick(s);
	else if (drain || n == 0)
		shell_drain(s);
	if (sink_pending(s->sink))
		sink_flush(s->sink, now_boot());
	watch_sink(l, s);
	if (l->deadline && now_boot() >= l->deadline && !l->why)
		l->why = "duration";
}

static void say_ready(const struct shell *s)
{
	const struct feature *f = s->features;

	log_info(
		"tracing %llu processes in %llu cgroups (OOM kills by %s, exits by %s, page faults "
		"by %s); stop with Ctrl-C or SIGTERM",
		(unsigned long long)s->processes, (unsigned long long)s->cgroups, f[FEAT_OOM].how,
		f[FEAT_EXIT_GROUP_DEAD].how, f[FEAT_PAGE_FAULT].how);
}

int cmd_run(int argc, char **argv)
{
	static struct run_options options;
	static struct shell shell;
	struct loop loop;
	sigset_t set;
	int r = run_options_parse(&options, argc, argv);

	if (r)
		return r;
	log_set_level(options.debug ? LOG_LEVEL_DEBUG : options.log_level);
	block_signals(&set);
	r = shell_open(&shell, &options);
	if (r == 0)
		r = loop_open(&loop, &shell);
	if (r) {
		shell_close(&shell);
		return r;
	}
	say_ready(&shell);
	while (!loop.why)
		loop_turn(&loop, &shell);
	shell_stop(&shell, loop.why);
	loop_close(&loop);
	shell_close(&shell);
	return 0;
}
