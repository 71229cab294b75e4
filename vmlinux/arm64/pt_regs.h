/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* pt_regs.h (arm64) - registers as kprobes and perf events hand them over: uapi layout, fixed. */
#ifndef MW_PT_REGS_H
#define MW_PT_REGS_H

struct pt_regs;

struct user_pt_regs {
	unsigned long long regs[31];
	unsigned long long sp;
	unsigned long long pc;
	unsigned long long pstate;
};

typedef struct user_pt_regs bpf_user_pt_regs_t;

#endif
