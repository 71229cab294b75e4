/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * oom.bpf.c - OOM kills: exactly one record a victim, written at the kill.
 *
 * oom_kill_process() is the decision: at its entry (fentry, else kprobe) we keep what it knows,
 * and the counters of the cgroup at its limit as they are THEN, since the kill itself changes
 * them. mark_victim is the victim: it fires once for each, group kills included. It also fires
 * without a kill, for a dying thread that runs into OOM again: so it counts only together with
 * the SIGKILL that the same current has just generated for the very task (signal.bpf.c keeps that
 * note). Where neither probe can be had, mark_victim and the note alone give the record.
 */
#include "count.h"
#include "memcg.h"
#include "oom.h"
#include "path.h"
#include "task.h"

struct oom_decisions_map oom_decisions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct oom_decision);
} oom_scratch SEC(".maps");

struct path_scratch_map oom_path_scratch SEC(".maps");

struct kill_notes_map kill_notes SEC(".maps");

static __always_inline int decision_begin(struct oom_control *oc, const char *message, __u32 tier)
{
	__u32 zero = 0, tid = bpf_get_current_pid_tgid();
	struct oom_decision *d = bpf_map_lookup_elem(&oom_scratch, &zero);
	struct path_scratch *scratch = bpf_map_lookup_elem(&oom_path_scratch, &zero);
	struct mem_cgroup *memcg = BPF_CORE_READ(oc, memcg);

	if (!d || !scratch)
		return 0;
	d->id = bpf_ktime_get_boot_ns();
	d->tier = tier;
	d->nth = 0;
	d->constraint = BPF_CORE_READ(oc, constraint);
	d->order = BPF_CORE_READ(oc, order);
	d->gfp = BPF_CORE_READ(oc, gfp_mask);
	d->chosen_tid = BPF_CORE_READ(oc, chosen, pid);
	d->total_pages = BPF_CORE_READ(oc, totalpages);
	d->points = BPF_CORE_READ(oc, chosen_points);
	d->limit = (struct wire_level){};
	d->limit_path_len = 0;
	__builtin_memset(&d->split, 0xff, sizeof(d->split));
	if (memcg) {
		level_fill(&d->limit, memcg);
		d->limit_path_len = path_fill(scratch, memcg_kernfs(memcg), d->limit_path);
	}
	__builtin_memset(d->message, 0, sizeof(d->message));
	bpf_probe_read_kernel_str(d->message, sizeof(d->message), message);
	/* An older SIGKILL of this task has nothing to do with what comes now. */
	bpf_map_delete_elem(&kill_notes, &tid);
	if (bpf_map_update_elem(&oom_decisions, &tid, d, BPF_ANY))
		__sync_fetch_and_add(&stats.lost_stash, 1);
	return 0;
}

static __always_inline int decision_end(void)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct oom_decision *d = bpf_map_lookup_elem(&oom_decisions, &tid);

	if (!d)
		return 0;
	if (!d->nth)
		__sync_fetch_and_add(&stats.oom_no_kill, 1);
	bpf_map_delete_elem(&oom_decisions, &tid);
	return 0;
}

SEC("fentry/oom_kill_process")
int BPF_PROG(oom_enter_fentry, struct oom_control *oc, const char *message)
{
	return decision_begin(oc, message, WIRE_OOM_FENTRY);
}

SEC("fexit/oom_kill_process")
int BPF_PROG(oom_leave_fexit, struct oom_control *oc, const char *message)
{
	return decision_end();
}

SEC("kprobe/oom_kill_process")
int BPF_KPROBE(oom_enter_kprobe, struct oom_control *oc, const char *message)
{
	return decision_begin(oc, message, WIRE_OOM_KPROBE);
}

SEC("kretprobe/oom_kill_process")
int BPF_KRETPROBE(oom_leave_kretprobe)
{
	return decision_end();
}

static __always_inline void victim_fill(struct wire_oom *e, struct task_struct *victim)
{
	struct mm_struct *mm = BPF_CORE_READ(victim, mm);

	who_fill(&e->victim, victim, RAW);
	parent_fill(&e->parent_tgid, &e->parent_start, victim, RAW);
	ns_pid_fill(&e->victim_ns_pid, &e->victim_pid_ns, victim, RAW);
	e->total_vm = mm ? BPF_CORE_READ(mm, total_vm) : 0;
	e->page_tables = mm ? BPF_CORE_READ(mm, pgtables_bytes.counter) : 0;
	rss_fill(&e->rss_raw, mm, false, RAW);
	e->rss_flags = rss_fill(&e->rss, mm, true, RAW);
}

static __always_inline void levels_fill(struct wire_oom *e, struct mem_cgroup *memcg)
{
	int i;

	e->n_levels = 0;
	for (i = 0; i < WIRE_LEVELS; i++) {
		if (!memcg)
			break;
		level_fill(&e->levels[i], memcg);
		e->n_levels = i + 1;
		memcg = memcg_parent(memcg);
	}
}

static __always_inline void decision_fill(struct wire_oom *e, struct oom_decision *d)
{
	e->tier = d->tier;
	e->decision = d->id;
	e->nth = ++d->nth;
	e->constraint = d->constraint;
	e->order = d->order;
	e->gfp = d->gfp;
	e->total_pages = d->total_pages;
	e->points = d->points;
	e->chosen_tid = d->chosen_tid;
	e->limit = d->limit;
	e->split = d->split;
	e->limit_path_len = d->limit_path_len;
	__builtin_memcpy(e->message, d->message, sizeof(e->message));
	bpf_probe_read_kernel(e->limit_path, sizeof(e->limit_path), d->limit_path);
}

static __always_inline void decision_unknown(struct wire_oom *e)
{
	e->tier = WIRE_OOM_TRACEPOINT;
	e->decision = 0;
	e->nth = 0;
	e->constraint = 0;
	e->order = 0;
	e->gfp = 0;
	e->total_pages = 0;
	e->points = 0;
	e->chosen_tid = 0;
	e->limit = (struct wire_level){};
	__builtin_memset(&e->split, 0xff, sizeof(e->split));
	e->limit_path_len = 0;
	__builtin_memset(e->message, 0, sizeof(e->message));
}

/* The task that mark_victim names, if this current has just killed it; else NULL. */
static __always_inline struct task_struct *victim_of(__u64 argument, __u32 tid)
{
	struct kill_note *note = bpf_map_lookup_elem(&kill_notes, &tid);
	struct task_struct *victim;

	if (!note || bpf_ktime_get_boot_ns() - note->ts > KILL_NOTE_NS)
		return NULL;
	victim = (void *)note->task;
	if (mark_victim_has_task ? note->task != argument
				 : BPF_CORE_READ(victim, pid) != (pid_t)argument)
		return NULL;
	bpf_map_delete_elem(&kill_notes, &tid);
	return victim;
}

/* raw_tp: the argument is a task or a pid, and in no case one that we follow with typed loads. */
SEC("raw_tp/mark_victim")
int oom_mark_victim(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 zero = 0, tid = bpf_get_current_pid_tgid();
	struct path_scratch *scratch = bpf_map_lookup_elem(&oom_path_scratch, &zero);
	struct task_struct *victim;
	struct oom_decision *d;
	struct mem_cgroup *memcg;
	struct wire_oom *e;

	__sync_fetch_and_add(&stats.mark_victim_seen, 1);
	victim = victim_of(ctx->args[0], tid);
	if (!victim || !scratch) {
		__sync_fetch_and_add(&stats.mark_victim_refused, 1);
		return 0;
	}
	memcg = css_memcg(task_memory_css(victim, RAW));
	count(task_memcg(victim, RAW), true, COUNT_OOM_KILLS);
	d = bpf_map_lookup_elem(&oom_decisions, &tid);
	e = bpf_ringbuf_reserve(&oom_ring, sizeof(*e), 0);
	if (!e) {
		if (d)
			d->nth++;
		__sync_fetch_and_add(&stats.lost_oom_ring, 1);
		return 0;
	}
	head_init(&e->head, WIRE_OOM, sizeof(*e));
	who_fill(&e->trigger, (void *)bpf_get_current_task(), RAW);
	victim_fill(e, victim);
	e->v1 = memory_v1;
	if (d)
		decision_fill(e, d);
	else
		decision_unknown(e);
	levels_fill(e, memcg);
	e->victim_path_len = memcg ? path_fill(scratch, memcg_kernfs(memcg), e->victim_path) : 0;
	bpf_ringbuf_submit(e, BPF_RB_FORCE_WAKEUP);
	return 0;
}
