/* SPDX-License-Identifier: Apache-2.0 */
/* oom.h - what the scenarios of the OOM kills share: who is expected, and bodies of children. */
#ifndef MW_LIVE_OOM_H
#define MW_LIVE_OOM_H

#include <stdatomic.h>

#include "live.h"

#define OOM_LIMIT (16 * MIB)

/* Shared with the children of a scenario. */
struct scratch {
	atomic_int go;
	atomic_int pids[4]; /* of processes that a child made itself */
};

struct scratch *scratch_new(void);
void scratch_free(struct scratch *s);

/*
 * The kernel prints the header of a decision (who asked, usage, limit) for ten kills in five
 * seconds at most: wait until n more fit, so that all fields can be compared.
 */
void oom_pace(struct live *l, unsigned int n);
/* Those have come: read the kernel's log, and count the five seconds from now on. */
void oom_settle(struct live *l);

/* cg_make() and child_start() whose failure is a failed check. */
int oom_cg(struct live *l, const char *rel, uint64_t limit, struct cg *out);
int oom_child(struct live *l, struct child *c, const struct cg *cg, const char *name, child_fn fn,
	      void *arg);
/* err: -errno */
void oom_failed(struct live *l, const char *what, int err);

/* Note a kill to come; limit NULL: the kernel's log decides whose it is. */
struct expected_oom *oom_expect(struct live *l, const char *what, const struct cg *task,
				const struct cg *limit);
/* A process that is there now, with the name and the score that it keeps. */
void oom_expect_victim(struct expected_oom *o, pid_t pid);
void oom_expect_bystander(struct expected_oom *o, pid_t pid);
/* Slot i of the scratch, once it is filled. */
void oom_expect_made(struct expected_oom *o, struct scratch *s, int i, bool victim);
/*
 * The one who asked, for whom another is to be killed. What the victim had can come back later than
 * the kernel is done with it, and then it takes the one who asked too: that is a kill of its own.
 */
void oom_expect_maybe(struct live *l, const struct expected_oom *first, pid_t pid);
/* It has ended: take note of the header that such a kill used up. */
void oom_settle_maybe(struct live *l, pid_t pid);
/* By a child that has made a process of its own. */
void oom_tell_made(struct scratch *s, int i, pid_t pid);

/* Wait for a child that the OOM killer ends; its process_exit record must say so too. */
void oom_reap(struct live *l, const char *what, const struct child *c);
/* The same without reading the kernel's log, which only the tests themselves may do. */
void oom_note_end(struct live *l, const char *what, const struct child *c);
/* End and reap one that lives on. */
void oom_end(const char *what, const struct child *c);

/* One process that eats until it is killed. What is expected, to add to; NULL: no child. */
struct expected_oom *oom_one(struct live *l, const char *what, const char *comm,
			     const struct cg *task, const struct cg *limit, child_fn fn);

/* Set and read back. */
bool oom_set_adj(pid_t pid, int adj);
/* Say why a scenario is left out here. */
void oom_left_out(const char *name, const char *why);

/* Bodies of children. */
void oom_eat_all(void *arg);
void oom_eat_some(void *arg); /* 2 MiB, tells it in slot 0 of the scratch if there is one, sleeps */
void oom_eat_much(void *arg); /* 12 MiB, then it sleeps */
void oom_sleep(void *arg);

/* The scenarios, by file. */
void oom_simple(struct live *l);
void oom_hostile(struct live *l);
void oom_parent(struct live *l);
void oom_nested(struct live *l);
void oom_deep(struct live *l);
void oom_shmem(struct live *l);
void oom_tmpfs(struct live *l);
void oom_threads(struct live *l);
void oom_leader_gone(struct live *l);
void oom_sharer(struct live *l);
void oom_vfork(struct live *l);

void oom_adj(struct live *l);
void oom_group(struct live *l);
void oom_crowd(struct live *l);
void oom_burst(struct live *l);
void oom_by_hand(struct live *l);
void oom_slow(struct live *l);

void oom_worker(struct live *l);
void oom_orphans(struct live *l);
void oom_init(struct live *l);
void oom_pod_sibling(struct live *l);
void oom_runtime(struct live *l);
void oom_levels(struct live *l);

void oom_global(struct live *l);
void oom_host(struct live *l);
void oom_swap(struct live *l);
void oom_cpuset(struct live *l);
void oom_mempolicy(struct live *l);

#endif
