/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feature_try.h - the single attempts that the feature table is made of. All return 0 when the
 * thing works and -errno when it does not; nothing stays loaded or attached. A NULL btf gives
 * -ENOENT (or false).
 */
#ifndef MW_IN_FEATURE_TRY_H
#define MW_IN_FEATURE_TRY_H

#include <linux/bpf.h>
#include <stdbool.h>

struct btf;

/* Load the smallest tracing program. */
int try_load(void);

/* Load and attach an empty program to a tracepoint with BTF arguments. */
int try_tp_btf(const struct btf *btf, const char *tracepoint);

/* Load AND attach an empty fentry program: on some kernels one of the two is refused. */
int try_fentry(const struct btf *btf, const char *function);

/* Attach an empty kprobe program: they always load, only the attach tells. */
int try_kprobe(const char *function);

/* Is a helper there for tracing programs. */
int try_helper(enum bpf_func_id helper);

/* Open the software event page-faults on the first CPU. */
int try_perf_page_faults(void);

bool btf_has_function(const struct btf *btf, const char *function);
bool btf_has_tracepoint(const struct btf *btf, const char *tracepoint);

/* Has a struct this member, also inside unnamed structs and unions of it. */
bool btf_has_member(const struct btf *btf, const char *type, const char *member);

/* Number of arguments of a tracepoint, or -ENOENT. */
int btf_tracepoint_args(const struct btf *btf, const char *tracepoint);

/* Is the argument (from 0) a pointer. */
bool btf_tracepoint_pointer(const struct btf *btf, const char *tracepoint, int argument);

#endif
