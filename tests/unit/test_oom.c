/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_oom.c - OOM kills: one record a victim, which decision it belongs to, whose limit was
 * reached in each of the tiers, who was killed beside it and who lives on.
 */
#include <math.h>
#include <signal.h>

#include "service.h"

/* A round of the cgroup iterator, with these local OOM counts. */
static void round_of(struct harness *h, uint64_t own, uint64_t slice)
{
	h_memcg(h, 10, 32 * MB, 64 * MB, own);
	h_memcg(h, 5, 32 * MB, 64 * MB, slice);
	h_memcgs_end(h);
	h_mark(h);
}

static void test_everything_of_a_kill(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;
	struct ev_oom *ev;

	(void)state;
	h_pass(h, NSEC_PER_SEC);
	ev = h_oom_event(h, WORKER, h_who(202, 10, "worker"), 77);
	ev->victim.oom_score_adj = 968;
	ev->total_vm = 900 * MB;
	ev->page_tables = 1212416;
	ev->swap = 4096;
	ev->ns_pid = 23;
	h_step(h);
	h_pass(h, 800 * 1000);
	h_mark(h);
	r = h_the(h, RECORD_OOM_KILL);
	assert_int_equal(r->r.severity, SEVERITY_CRITICAL);
	assert_string_equal(r->container.id, H_ID64);
	assert_int_equal(r->oom.victim.pid, 200);
	assert_int_equal(r->oom.victim.container_pid, 23);
	assert_string_equal(r->oom.victim.name, "worker");
	assert_int_equal(r->oom.total_vm, 900 * MB);
	assert_int_equal(r->oom.rss, 61 * MB);
	assert_int_equal(r->oom.anon, 60 * MB);
	assert_int_equal(r->oom.file, 1 * MB);
	assert_int_equal(r->oom.shmem, 0);
	assert_int_equal(r->oom.swap, 4096);
	assert_int_equal(r->oom.page_tables, 1212416);
	assert_true(r->oom.exact);
	assert_int_equal(r->oom.oom_score_adj, 968);
	assert_int_equal(r->oom.trigger.pid, 202);
	assert_string_equal(r->oom.trigger_container.id, H_ID64);
	assert_string_equal(r->oom.constraint, "memcg");
	assert_string_equal(r->oom.limit_hit.cgroup, H_DOCKER);
	assert_int_equal(r->oom.limit_hit.cgroup_id, 10);
	assert_int_equal(r->oom.limit_hit.level, LEVEL_CONTAINER);
	assert_int_equal(r->oom.limit_hit.usage, 64 * MB);
	assert_int_equal(r->oom.limit_hit.limit, 64 * MB);
	assert_int_equal(r->oom.limit_hit.swap_limit, U64_UNLIMITED);
	assert_int_equal(r->oom.limit_hit.memsw_limit, U64_UNKNOWN);
	assert_int_equal(r->oom.limit_hit.failures, 7); /* v2: memory.events max */
	assert_false(r->oom.group_kill);
	assert_int_equal(r->oom.victims, 1);
	assert_int_equal(r->oom.order, 0);
	assert_int_equal(r->oom.gfp, 0xcc0);
	assert_string_equal(r->oom.method, "fentry");
	assert_float_equal(r->oom.kill_to_record_seconds, 0.0008, 1e-5);
	assert_int_equal(r->oom.survivors, 3);
	assert_int_equal(r->oom.init_alive, 1);
	assert_int_equal(strncmp(r->oom.incident, "0b6c5f0e-", 9), 0);
	h_close(h);
}

static void test_limits_of_v1_are_memory_and_swap(void **state)
{
	struct harness *h = open_service();
	const struct rec_limit_hit *hit;
	struct ev_oom *ev;

	(void)state;
	ev = h_oom_event(h, WORKER, WORKER, 77);
	ev->v1 = 1;
	ev->limit.failcnt = 92;
	ev->limit.swap_usage = 80 * MB;
	ev->limit.swap_max = 96 * MB;
	h_step(h);
	h_mark(h);
	hit = &h_the(h, RECORD_OOM_KILL)->oom.limit_hit;
	assert_int_equal(hit->failures, 92);
	assert_int_equal(hit->memsw_usage, 80 * MB);
	assert_int_equal(hit->memsw_limit, 96 * MB);
	assert_int_equal(hit->swap_usage, 16 * MB);
	assert_int_equal(hit->swap_limit, 32 * MB);
	h_close(h);
}

static void test_decision_joins_its_victims(void **state)
{
	struct harness *h = open_service();

	(void)state;
	h_oom_event(h, WORKER, WORKER, 77);
	h_step(h);
	h_oom_event(h, h_who(201, 10, "worker"), WORKER, 77);
	h_step(h);
	h_oom_event(h, h_who(202, 10, "worker"), WORKER, 78);
	h_step(h);
	h_mark(h);
	assert_int_equal(h_count(h, RECORD_OOM_KILL), 3);
	assert_string_equal(h_find(h, RECORD_OOM_KILL, 0)->oom.incident,
			    h_find(h, RECORD_OOM_KILL, 1)->oom.incident);
	assert_int_equal(h_find(h, RECORD_OOM_KILL, 0)->oom.victims, 1);
	assert_int_equal(h_find(h, RECORD_OOM_KILL, 1)->oom.victims, 2);
	assert_string_not_equal(h_find(h, RECORD_OOM_KILL, 1)->oom.incident,
				h_find(h, RECORD_OOM_KILL, 2)->oom.incident);
	assert_int_equal(h_find(h, RECORD_OOM_KILL, 2)->oom.victims, 1);
	/* Each victim is one less to live on. */
	assert_int_equal(h_find(h, RECORD_OOM_KILL, 0)->oom.survivors, 3);
	assert_int_equal(h_find(h, RECORD_OOM_KILL, 2)->oom.survivors, 1);
	h_close(h);
}

static void test_group_kill(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;
	struct ev_oom *ev;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		ev = h_oom_event(h, i ? h_who(199 + i, 10, "worker") : MASTER, WORKER, 77);
		ev->levels[0].oom_group = 1;
		h_step(h);
	}
	h_mark(h);
	r = h_find(h, RECORD_OOM_KILL, 3);
	assert_true(r->oom.group_kill);
	assert_int_equal(r->oom.victims, 4);
	assert_int_equal(r->oom.survivors, 0);
	assert_int_equal(r->oom.init_alive, 0);
	h_close(h);
}

/* memory.oom.group above the cgroup whose limit was hit kills nobody else. */
static void test_group_flag_above_the_limit_says_nothing(void **state)
{
	struct harness *h = open_service();
	struct ev_oom *ev;

	(void)state;
	ev = h_oom_event(h, WORKER, WORKER, 77);
	ev->n_levels = 2;
	ev->levels[1] = h_level(5, 70 * MB, 128 * MB, 0);
	ev->levels[1].oom_group = 1;
	h_step(h);
	h_mark(h);
	assert_false(h_the(h, RECORD_OOM_KILL)->oom.group_kill);
	h_close(h);
}

/* In the tracepoint tier nothing but the trigger and the instant join a group's victims. */
static void test_group_kill_by_tracepoint(void **state)
{
	struct harness *h = open_service();
	struct ev_level own = h_level(10, 64 * MB, 64 * MB, 1);

	(void)state;
	round_of(h, 0, 0);
	own.oom_group = 1;
	for (uint32_t i = 0; i < 3; i++) {
		h_oom_tracepoint(h, h_who(200 + i, 10, "worker"), WORKER, 1, &own);
		h_step(h);
	}
	h_mark(h);
	assert_int_equal(h_find(h, RECORD_OOM_KILL, 2)->oom.victims, 3);
	assert_string_equal(h_find(h, RECORD_OOM_KILL, 0)->oom.incident,
			    h_find(h, RECORD_OOM_KILL, 2)->oom.incident);
	/* The next one comes later: another decision. */
	h_pass(h, 2 * NSEC_PER_SEC);
	own.oom_local = 2;
	h_oom_tracepoint(h, MASTER, WORKER, 1, &own);
	h_step(h);
	h_mark(h);
	assert_int_equal(h_find(h, RECORD_OOM_KILL, 3)->oom.victims, 1);
	h_close(h);
}

/* A group below its own limit: the count moves once, and the later victims are the same limit's. */
static void test_group_kill_by_tracepoint_is_one_limit(void **state)
{
	struct harness *h = open_service();
	struct ev_level levels[2] = {h_level(10, 8 * MB, U64_UNLIMITED, 0),
				     h_level(5, 60 * MB, 64 * MB, 1)};

	(void)state;
	round_of(h, 0, 0);
	levels[1].oom_group = 1;
	h_oom_tracepoint(h, h_who(200, 10, "worker"), WORKER, 2, levels);
	h_step(h);
	/* By now the first one's memory is given back: nothing looks full any more. */
	levels[1].usage = 20 * MB;
	h_oom_tracepoint(h, h_who(201, 10, "worker"), WORKER, 2, levels);
	h_step(h);
	h_mark(h);
	assert_int_equal(h_find(h, RECORD_OOM_KILL, 1)->oom.limit_hit.cgroup_id, 5);
	assert_int_equal(h_find(h, RECORD_OOM_KILL, 1)->oom.victims, 2);
	/* Another thread's kill is another decision, and nothing says whose limit it hit. */
	h_oom_tracepoint(h, h_who(202, 10, "worker"), MASTER, 2, levels);
	h_step(h);
	h_mark(h);
	assert_int_equal(h_find(h, RECORD_OOM_KILL, 2)->oom.limit_hit.level, LEVEL_HOST);
	h_close(h);
}

/* Two processes killed one after the other without oom.group are two decisions. */
static void test_no_group_by_tracepoint(void **state)
{
	struct harness *h = open_service();
	struct ev_level own = h_level(10, 64 * MB, 64 * MB, 1);

	(void)state;
	round_of(h, 0, 0);
	h_oom_tracepoint(h, h_who(200, 10, "worker"), WORKER, 1, &own);
	h_step(h);
	own.oom_local = 2;
	h_oom_tracepoint(h, h_who(201, 10, "worker"), WORKER, 1, &own);
	h_step(h);
	h_mark(h);
	assert_string_not_equal(h_find(h, RECORD_OOM_KILL, 0)->oom.incident,
				h_find(h, RECORD_OOM_KILL, 1)->oom.incident);
	h_close(h);
}

static const struct rec_oom_kill *kill_by_tracepoint(struct harness *h, uint64_t own,
						     uint64_t slice)
{
	struct ev_level levels[2] = {h_level(10, 64 * MB, 64 * MB, own),
				     h_level(5, 64 * MB, 64 * MB, slice)};

	h_oom_tracepoint(h, WORKER, WORKER, 2, levels);
	h_step(h);
	h_mark(h);
	return &h_find(h, RECORD_OOM_KILL, h_count(h, RECORD_OOM_KILL) - 1)->oom;
}

/* Nested limits of one size, both reached: the count of OOM events that moved tells. */
static void test_tracepoint_finds_the_limit(void **state)
{
	struct harness *h = open_service();
	const struct rec_oom_kill *k;

	(void)state;
	round_of(h, 4, 9);
	round_of(h, 4, 9);
	k = kill_by_tracepoint(h, 4, 10);
	assert_int_equal(k->limit_hit.cgroup_id, 5);
	assert_int_equal(k->limit_hit.level, LEVEL_SLICE);
	assert_string_equal(k->limit_hit.cgroup, "/docker");
	assert_string_equal(k->constraint, "memcg");
	assert_string_equal(k->method, "tracepoint");
	assert_int_equal(k->order, S64_UNKNOWN);
	assert_int_equal(k->gfp, U64_UNKNOWN);
	/* The next decision is the container's own. */
	k = kill_by_tracepoint(h, 5, 10);
	assert_int_equal(k->limit_hit.cgroup_id, 10);
	assert_int_equal(k->limit_hit.level, LEVEL_CONTAINER);
	h_close(h);
}

/* A round may have read the count of a kill whose event is still on its way. */
static void test_round_between_kill_and_record(void **state)
{
	struct harness *h = open_service();

	(void)state;
	round_of(h, 4, 9);
	round_of(h, 4, 10); /* the kill has happened by now */
	assert_int_equal(kill_by_tracepoint(h, 4, 10)->limit_hit.cgroup_id, 5);
	/* And it has been accounted for. */
	round_of(h, 4, 10);
	assert_int_equal(kill_by_tracepoint(h, 5, 10)->limit_hit.cgroup_id, 10);
	h_close(h);
}

/* No base to compare with: the first that is full is the best there is. */
static void test_tracepoint_without_a_base(void **state)
{
	struct harness *h = open_service();

	(void)state;
	assert_int_equal(kill_by_tracepoint(h, 4, 10)->limit_hit.cgroup_id, 10);
	h_close(h);
}

/* Nor a base: but a cgroup that never had an OOM event is not the one, however full. */
static void test_tracepoint_without_a_base_or_event(void **state)
{
	struct harness *h = open_service();

	(void)state;
	assert_int_equal(kill_by_tracepoint(h, 0, 10)->limit_hit.cgroup_id, 5);
	h_close(h);
}

/* One seen by its mkdir began at 0, with or without a round. */
static void test_tracepoint_on_a_new_cgroup(void **state)
{
	struct harness *h = open_service();
	struct ev_level levels[2] = {h_level(11, 64 * MB, 64 * MB, 0),
				     h_level(12, 64 * MB, 64 * MB, 1)};

	(void)state;
	h_cgroup(h, 12, 5, "/docker/x");
	h_cgroup(h, 11, 12, "/docker/x/y");
	h_fork(h, h_who(300, 11, "w"), MASTER);
	h_oom_tracepoint(h, h_who(300, 11, "w"), WORKER, 2, levels);
	h_step(h);
	h_mark(h);
	assert_int_equal(h_the(h, RECORD_OOM_KILL)->oom.limit_hit.cgroup_id, 12);
	h_close(h);
}

/* One that a round told of first may be old: what it counted before is no news. */
static void test_tracepoint_on_a_cgroup_of_unknown_age(void **state)
{
	struct harness *h = open_service();
	struct ev_level levels[2] = {h_level(11, 64 * MB, 64 * MB, 8),
				     h_level(12, 1 * MB, 64 * MB, 3)};

	(void)state;
	h_memcg(h, 11, 60 * MB, 64 * MB, 7);
	h_memcg(h, 12, 60 * MB, 64 * MB, 3);
	h_memcgs_end(h);
	h_oom_tracepoint(h, h_who(300, 11, "w"), WORKER, 2, levels);
	h_step(h);
	h_mark(h);
	assert_int_equal(h_the(h, RECORD_OOM_KILL)->oom.limit_hit.cgroup_id, 11);
	h_close(h);
}

static void test_global(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;
	struct ev_oom *ev;

	(void)state;
	ev = h_oom_event(h, WORKER, h_who(2, 1, "kworker"), 77);
	ev->constraint = EV_CONSTRAINT_NONE;
	ev->limit.id = 0;
	h_step(h);
	h_mark(h);
	r = h_the(h, RECORD_OOM_KILL);
	assert_string_equal(r->oom.constraint, "global");
	assert_int_equal(r->oom.limit_hit.level, LEVEL_HOST);
	assert_string_equal(r->oom.limit_hit.cgroup, "/");
	assert_int_equal(r->oom.limit_hit.limit, 8ull << 30);
	assert_int_equal(r->oom.limit_hit.usage, U64_UNKNOWN);
	h_close(h);
}

/* The task that asked for memory can be a helper of the runtime, far from the victim. */
static void test_trigger_is_a_runtime_helper(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;

	(void)state;
	h_scan(h, 30, 1, "/libpod_parent/conmon");
	h_fork(h, h_who(90, 30, "conmon"), h_who(1, 1, "init"));
	h_oom_event(h, WORKER, h_who(90, 30, "conmon"), 77);
	h_step(h);
	h_mark(h);
	r = h_the(h, RECORD_OOM_KILL);
	assert_string_equal(r->container.id, H_ID64);
	assert_string_equal(r->oom.trigger.name, "conmon");
	assert_string_equal(r->oom.trigger_container.cgroup, "/libpod_parent/conmon");
	h_close(h);
}

/* vfork and CLONE_VM sharers get the signal without a mark: OOM killed all the same. */
static void test_who_shares_memory_dies_with_the_victim(void **state)
{
	struct harness *h = open_service();
	struct ev_who sharer = h_who(201, 10, "worker");
	const struct h_record *r;

	(void)state;
	h_kernel_kill(h, MASTER, WORKER);
	h_oom_event(h, WORKER, MASTER, 77);
	h_step(h);
	h_kernel_kill(h, MASTER, sharer);
	h_exit(h, sharer, H_SIGNAL(SIGKILL));
	h_mark(h);
	r = h_the(h, RECORD_PROCESS_EXIT);
	assert_int_equal(r->exit.cause, CAUSE_OOM_KILLED);
	assert_string_equal(r->exit.incident, h_the(h, RECORD_OOM_KILL)->oom.incident);
	h_close(h);
}

static enum exit_cause sharer_cause(struct harness *h)
{
	h_mark(h);
	return h_find(h, RECORD_PROCESS_EXIT, h_count(h, RECORD_PROCESS_EXIT) - 1)->exit.cause;
}

/* The same but for one fact: another thread sent it. */
static void test_kernel_kill_by_another_is_no_collateral(void **state)
{
	struct harness *h = open_service();
	struct ev_who other = h_who(201, 10, "worker");
	struct ev_exit *ev;

	(void)state;
	h_oom_event(h, WORKER, MASTER, 77);
	h_step(h);
	h_kernel_kill(h, WORKER, other);
	ev = h_exit_event(h, other, H_SIGNAL(SIGKILL));
	ev->pid_ns = 4026532000;
	h_step(h);
	/* The kernel's kill: its record waits a moment for the OOM killer's mark. */
	h_pass(h, NSEC_PER_SEC);
	h_step(h);
	assert_int_equal(sharer_cause(h), CAUSE_INIT_DIED);
	h_close(h);
}

/*
 * A container's init that runs into its limit is trigger and victim; when it ends, its namespace
 * ends with it, killed by the very same thread a moment later. That is no OOM kill of the others.
 */
static void test_init_that_triggered_ends_its_namespace(void **state)
{
	struct harness *h = open_service();
	struct ev_exit *ev;

	(void)state;
	h_kernel_kill(h, MASTER, MASTER);
	h_oom_event(h, MASTER, MASTER, 77);
	h_step(h);
	ev = h_exit_event(h, MASTER, H_SIGNAL(SIGKILL));
	ev->ns_pid = 1;
	ev->pid_ns = 4026532000;
	ev->oom_victim = 1;
	h_step(h);
	h_kernel_kill(h, MASTER, WORKER);
	ev = h_exit_event(h, WORKER, H_SIGNAL(SIGKILL));
	ev->pid_ns = 4026532000;
	h_step(h);
	h_mark(h);
	assert_int_equal(h_find(h, RECORD_PROCESS_EXIT, 0)->exit.cause, CAUSE_OOM_KILLED);
	assert_int_equal(h_find(h, RECORD_PROCESS_EXIT, 1)->exit.cause, CAUSE_INIT_DIED);
	assert_string_equal(h_find(h, RECORD_PROCESS_EXIT, 1)->exit.incident, "");
	h_close(h);
}

static void test_incident_of_long_ago_explains_nothing(void **state)
{
	struct harness *h = open_service();
	struct ev_who later = h_who(201, 10, "worker");
	struct ev_exit *ev;

	(void)state;
	h_oom_event(h, WORKER, MASTER, 77);
	h_step(h);
	h_pass(h, 2 * NSEC_PER_SEC);
	h_kernel_kill(h, MASTER, later);
	ev = h_exit_event(h, later, H_SIGNAL(SIGKILL));
	ev->pid_ns = 4026532000;
	h_step(h);
	/* The kernel's kill: its record waits a moment for the OOM killer's mark. */
	h_pass(h, NSEC_PER_SEC);
	h_step(h);
	assert_int_equal(sharer_cause(h), CAUSE_INIT_DIED);
	h_close(h);
}

/* A victim that nobody told of before: the event itself carries enough. */
static void test_victim_not_in_the_table(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *r;
	struct ev_oom *ev;

	(void)state;
	ev = h_oom_event(h, h_who(900, 44, "unknown"), h_who(901, 44, "asker"), 77);
	strcpy(ev->victim_path, "/docker/" H_ID64_2);
	strcpy(ev->limit_path, "/docker/" H_ID64_2);
	ev->parent_pid = 50;
	h_step(h);
	h_mark(h);
	r = h_the(h, RECORD_OOM_KILL);
	assert_string_equal(r->container.id, H_ID64_2);
	assert_int_equal(r->oom.victim.pid, 900);
	assert_int_equal(r->oom.victim.parent_pid, 50);
	assert_string_equal(r->oom.limit_hit.cgroup, "/docker/" H_ID64_2);
	assert_int_equal(r->oom.trigger.pid, 901);
	assert_string_equal(r->oom.trigger.name, "asker");
	h_exit(h, h_who(900, 44, "unknown"), H_SIGNAL(SIGKILL));
	h_mark(h);
	assert_string_equal(h_the(h, RECORD_PROCESS_EXIT)->exit.incident, r->oom.incident);
	h_close(h);
}

static void test_full_tables(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *r;
	struct ev_oom *ev;

	(void)state;
	for (uint32_t i = 0; i < h->core->cgroup_pool.capacity; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/x/%u", i);
		h_cgroup(h, 1000 + i, 1, path);
	}
	for (uint32_t i = 0; i < h->core->process_pool.capacity; i++)
		h_fork(h, h_who(1000 + i, 10, "w"), MASTER);
	ev = h_oom_event(h, h_who(900, 44, "unknown"), h_who(901, 44, "asker"), 77);
	strcpy(ev->limit_path, "/docker/" H_ID64_2);
	ev->levels[0].id = ev->limit.id = 44;
	h_step(h);
	h_exit_event(h, h_who(900, 44, "unknown"), H_SIGNAL(SIGKILL))->oom_victim = 1;
	h_step(h);
	h_mark(h);
	r = h_the(h, RECORD_OOM_KILL);
	assert_null(r->r.container);
	assert_int_equal(r->oom.victim.pid, 900);
	assert_string_equal(r->oom.victim.name, "unknown");
	assert_int_equal(r->oom.limit_hit.cgroup_id, 44);
	assert_null(r->oom.limit_hit.cgroup);
	assert_int_equal(r->oom.survivors, U64_UNKNOWN);
	assert_int_equal(r->oom.init_alive, -1);
	assert_int_equal(h_the(h, RECORD_PROCESS_EXIT)->exit.cause, CAUSE_OOM_KILLED);
	assert_int_equal(h->core->oom_records, 1);
	assert_true(h->core->process_pool.lost >= 2);
	assert_true(h->core->cgroup_pool.lost >= 1);
	h_close(h);
}

/* The ring of incidents turns: an old decision's number is not taken for a new one. */
static void test_many_incidents(void **state)
{
	struct harness *h = open_service();

	(void)state;
	for (uint64_t i = 1; i <= MAX_INCIDENTS + 5; i++) {
		h_oom_event(h, WORKER, WORKER, i);
		h_step(h);
	}
	h_oom_event(h, WORKER, WORKER, 1);
	h_step(h);
	h_mark(h);
	assert_int_equal(h_count(h, RECORD_OOM_KILL), MAX_INCIDENTS + 6);
	assert_int_equal(h_find(h, RECORD_OOM_KILL, MAX_INCIDENTS + 5)->oom.victims, 1);
	assert_null(incident_find(h->core, 1));
	assert_non_null(incident_find(h->core, MAX_INCIDENTS + 5));
	assert_null(incident_find(h->core, 0));
	h_close(h);
}

/* Without a pid namespace the first process may have started the others and left. */
static void test_first_process_that_left_before(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;

	(void)state;
	h_exit(h, MASTER, H_CODE(0));
	h_oom_event(h, WORKER, WORKER, 77);
	h_step(h);
	h_mark(h);
	r = h_the(h, RECORD_OOM_KILL);
	assert_int_equal(r->oom.survivors, 2);
	assert_int_equal(r->oom.init_alive, -1);
	h_close(h);
}

/* More levels, and a larger count of them, than there is room for. */
static void test_forged_levels(void **state)
{
	struct harness *h = open_service();
	struct ev_oom *ev;

	(void)state;
	ev = h_oom_event(h, WORKER, WORKER, 77);
	ev->n_levels = UINT32_MAX;
	ev->tier = EV_OOM_TRACEPOINT;
	for (int i = 0; i < EV_LEVELS; i++)
		ev->levels[i] = h_level((uint64_t)i, INT64_MAX, U64_UNLIMITED - 1, U64_UNKNOWN);
	ev->anon = ev->file = INT64_MAX;
	h_step(h);
	h_mark(h);
	assert_int_equal(h_the(h, RECORD_OOM_KILL)->oom.rss, U64_UNKNOWN);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_of_a_kill),
		cmocka_unit_test(test_limits_of_v1_are_memory_and_swap),
		cmocka_unit_test(test_decision_joins_its_victims),
		cmocka_unit_test(test_group_kill),
		cmocka_unit_test(test_group_flag_above_the_limit_says_nothing),
		cmocka_unit_test(test_group_kill_by_tracepoint),
		cmocka_unit_test(test_no_group_by_tracepoint),
		cmocka_unit_test(test_tracepoint_finds_the_limit),
		cmocka_unit_test(test_round_between_kill_and_record),
		cmocka_unit_test(test_tracepoint_without_a_base),
		cmocka_unit_test(test_tracepoint_without_a_base_or_event),
		cmocka_unit_test(test_group_kill_by_tracepoint_is_one_limit),
		cmocka_unit_test(test_tracepoint_on_a_new_cgroup),
		cmocka_unit_test(test_tracepoint_on_a_cgroup_of_unknown_age),
		cmocka_unit_test(test_global),
		cmocka_unit_test(test_trigger_is_a_runtime_helper),
		cmocka_unit_test(test_who_shares_memory_dies_with_the_victim),
		cmocka_unit_test(test_kernel_kill_by_another_is_no_collateral),
		cmocka_unit_test(test_init_that_triggered_ends_its_namespace),
		cmocka_unit_test(test_incident_of_long_ago_explains_nothing),
		cmocka_unit_test(test_victim_not_in_the_table),
		cmocka_unit_test(test_full_tables),
		cmocka_unit_test(test_many_incidents),
		cmocka_unit_test(test_first_process_that_left_before),
		cmocka_unit_test(test_forged_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
