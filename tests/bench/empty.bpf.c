/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * empty.bpf.c - the least that a tp_btf program on page faults can do: nothing.
 *
 * What it costs to be called at all is the floor that our own page-fault program is held against.
 * It includes no header, so nothing can creep in.
 */
int empty_page_fault(void *ctx);

__attribute__((section("tp_btf/page_fault_user"), used)) int empty_page_fault(void *ctx)
{
	(void)ctx;
	return 0;
}

char bench_license[] __attribute__((section("license"), used)) = "Dual BSD/GPL";
