/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* pt_regs.h (x86-64) - registers as kprobes and perf events hand them over: uapi layout, fixed. */
#ifndef MW_PT_REGS_H
#define MW_PT_REGS_H

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax, ip, cs, flags, sp, ss;
};

typedef struct pt_regs bpf_user_pt_regs_t;

#endif
