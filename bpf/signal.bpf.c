/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * signal.bpf.c - signals that can end a process, with who sent them: current at signal_generate.
 *
 * The context is read as numbers (raw_tp): siginfo is 0 or 1 for signals without one, and the
 * verifier takes a typed tracepoint argument for a pointer that is never NULL.
 */
#include "count.h"
#include "oom.h"
#include "task.h"

#define SIGKILL        9
#define SIGRTMIN       32
#define SIGMAX         64
#define SEND_SIG_PRIV  1 /* the kernel itself; above it, a real siginfo */
#define SENT_DELIVERED 0 /* TRACE_SIGNAL_* */
#define SENT_IGNORED   1
#define SIG_DFL        0
#define SIG_IGN        1

#define BIT(nr)        (1ULL << (nr))

/* HUP INT QUIT ILL TRAP ABRT BUS FPE KILL SEGV PIPE TERM XCPU XFSZ PWR SYS. The numbers are the
 * same on x86-64 and arm64. */
#define ENDING                                                                                     \
	(BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(9) |          \
	 BIT(11) | BIT(13) | BIT(15) | BIT(24) | BIT(25) | BIT(30) | BIT(31))

/* USR1 USR2 ALRM STKFLT VTALRM PROF IO: mostly messages to a handler, so only where there is none.
 */
#define CHATTY (BIT(10) | BIT(12) | BIT(14) | BIT(16) | BIT(26) | BIT(27) | BIT(29))

static __always_inline __u64 handler_of(struct task_struct *target, int sig)
{
	void *sighand = BPF_CORE_READ(target, sighand);
	struct k_sigaction *action;

	if (!sighand)
		return SIG_DFL;
	action = sighand + bpf_core_field_offset(struct sighand_struct, action) +
		 (sig - 1) * bpf_core_type_size(struct k_sigaction);
	return (__u64)BPF_CORE_READ(action, sa.sa_handler);
}

/*
 * Its last thread is in do_exit() and takes no signal any more. The kernel queues one all the same
 * and calls it delivered: do_group_exit() marks the group, which would have it ignored, only when
 * there are other threads. What such a signal asks for has no part in the end.
 */
static __always_inline bool is_leaving(struct task_struct *target)
{
	return BPF_CORE_READ(target, flags) & PF_EXITING &&
	       BPF_CORE_READ(target, signal, nr_threads) <= 1;
}

SEC("raw_tp/signal_generate")
int signal_generate(struct bpf_raw_tracepoint_args *ctx)
{
	int sig = ctx->args[0], result = ctx->args[4];
	__u64 info = ctx->args[1], handler;
	struct task_struct *target = (void *)ctx->args[2];
	struct wire_signal *e;

	if (sig < 1 || sig > SIGMAX)
		return 0;
	if (sig < SIGRTMIN && !((ENDING | CHATTY) & BIT(sig)))
		return 0;
	if (sig == SIGKILL && info == SEND_SIG_PRIV) {
		struct kill_note note = {.task = (__u64)target, .ts = bpf_ktime_get_boot_ns()};
		__u32 tid = bpf_get_current_pid_tgid();

		if (bpf_map_update_elem(&kill_notes, &tid, &note, BPF_ANY))
			__sync_fetch_and_add(&stats.lost_stash, 1);
	}
	if (result == SENT_IGNORED && sig != SIGKILL)
		return 0;
	/* The OOM killer's is evidence also then. */
	if (info != SEND_SIG_PRIV && is_leaving(target))
		return 0;
	handler = handler_of(target, sig);
	if ((sig >= SIGRTMIN || (CHATTY & BIT(sig))) && handler != SIG_DFL)
		return 0;

	/* A zombie's cgroup may be gone for good: no new slot for it. */
	count(task_memcg(target, RAW), !(BPF_CORE_READ(target, flags) & PF_EXITING), COUNT_SIGNALS);
	e = ring_reserve(WIRE_SIGNAL, sizeof(*e));
	if (!e)
		return 0;
	who_fill(&e->sender, (void *)bpf_get_current_task(), RAW);
	who_fill(&e->target, target, RAW);
	e->sig = sig;
	e->info = info > SEND_SIG_PRIV ? WIRE_SI_REAL : info;
	e->code = 0;
	if (info > SEND_SIG_PRIV)
		e->code = BPF_CORE_READ((struct kernel_siginfo *)info, si_code);
	e->handler = handler == SIG_DFL   ? WIRE_SA_DEFAULT
		     : handler == SIG_IGN ? WIRE_SA_IGNORE
					  : WIRE_SA_HANDLER;
	e->group = !!ctx->args[3];
	e->result = result;
	ring_submit(e);
	return 0;
}
