/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shell.h - the impure part of a live run: it gathers events from the kernel and from files, pushes
 * them into the core (and the event log), and answers the core's requests.
 */
#ifndef MW_CMD_SHELL_H
#define MW_CMD_SHELL_H

#include "cmd/options.h"
#include "cmd/pipeline.h"
#include "cmd/requests.h"
#include "cmd/whois.h"
#include "in/cgroupfs.h"
#include "in/kernel.h"
#include "out/eventlog_write.h"
#include "out/sink.h"

struct shell {
	const struct run_options *options;
	struct feature features[FEAT_COUNT];
	struct gfp_names gfp;
	struct cgroupfs cgroupfs;
	struct ev_start start;
	struct kernel *kernel;
	struct sink *sink;
	struct eventlog_writer *recorder; /* NULL without --record */
	struct pipeline pipeline;
	struct request_queue requests;
	struct whois whois;
	const char *proc_root;       /* below it is the /proc of the host */
	uint64_t write_errors;       /* of the sink, as far as they were told of */
	uint64_t warned;             /* when */
	uint64_t written, moved;     /* bytes that the output had taken, and since when */
	uint64_t processes, cgroups; /* found, for the line on standard error */
};

/*
 * Probe, open the outputs, load and attach, take the first inventory. On error an exit code > 0
 * after a message on standard error; shell_close() is needed in either case.
 */
int shell_open(struct shell *s, const struct run_options *options);

/* Read what the kernel has told so far and let the core take it. */
void shell_drain(struct shell *s);

/* Milliseconds until something is to be looked for again, -1: nothing is. */
int shell_timeout(const struct shell *s);

/* One tick of the sample interval: snapshots of processes and cgroups. */
void shell_tick(struct shell *s);

/* Last health, agent_stop, and everything flushed. */
void shell_stop(struct shell *s, const char *why);
void shell_close(struct shell *s);

#endif
