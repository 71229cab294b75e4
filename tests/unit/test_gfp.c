/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_gfp.c - the flags of an allocation by name: as kernel logs print them, with the numbering
 * of the kernels without an enum, and with one that BTF tells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <bpf/btf.h>

#include "in/gfp.h"

#define ALL_FLAGS ((1u << GFP_F_COUNT) - 1)

static void check(const struct gfp_names *names, uint32_t gfp, const char *want)
{
	char text[512];

	gfp_text(names, gfp, text, sizeof(text));
	assert_string_equal(text, want);
}

/* Between the parentheses of "gfp_mask=0x140dca(...)" in logs of kernels from 5.10 on. */
static void test_as_the_kernel_prints_them(void **state)
{
	static const struct {
		uint32_t gfp;
		const char *want;
	} cases[] = {
		{0xcc0, "GFP_KERNEL"},
		{0xdc0, "GFP_KERNEL|__GFP_ZERO"},
		{0x400cc0, "GFP_KERNEL_ACCOUNT"},
		{0x400dc0, "GFP_KERNEL_ACCOUNT|__GFP_ZERO"},
		{0x40cc0, "GFP_KERNEL|__GFP_COMP"},
		{0x42cc0, "GFP_KERNEL|__GFP_NOWARN|__GFP_COMP"},
		{0x2dc2, "GFP_KERNEL|__GFP_HIGHMEM|__GFP_NOWARN|__GFP_ZERO"},
		{0x100cca, "GFP_HIGHUSER_MOVABLE"},
		{0x101cca, "GFP_HIGHUSER_MOVABLE|__GFP_WRITE"},
		{0x140dca, "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO"},
		{0x141cca, "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_WRITE"},
		{0x100cc2, "GFP_HIGHUSER"},
		{0x100cc0, "GFP_USER"},
		{0xc40, "GFP_NOFS"},
		{0xc00, "GFP_NOIO"},
		{0x1c24ca, "GFP_TRANSHUGE"},
		{0x1c20ca, "GFP_TRANSHUGE_LIGHT"},
		{0x400, "__GFP_DIRECT_RECLAIM"},
		{0xcc1, "GFP_KERNEL|GFP_DMA"},
		{0xcc4, "GFP_KERNEL|GFP_DMA32"},
		/* One bit off a whole set. */
		{0xcc0 & ~0x80u, "GFP_NOFS"},
		{0xcc0 & ~0x400u, "__GFP_IO|__GFP_FS|__GFP_KSWAPD_RECLAIM"},
		{0x100cca & ~0x100000u, "GFP_KERNEL|__GFP_HIGHMEM|__GFP_MOVABLE"},
		/* Bits without a name, and none at all. */
		{0x800000, "0x800000"},
		{0x80000cc0, "GFP_KERNEL|0x80000000"},
		{0, "none"},
	};
	struct gfp_names names;

	(void)state;
	gfp_names_plain(&names);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(&names, cases[i].gfp, cases[i].want);
}

/* No bit is left out and none is said twice. */
static void test_every_bit_is_said_once(void **state)
{
	struct gfp_names names;
	char text[512];

	(void)state;
	gfp_names_plain(&names);
	for (int bit = 0; bit < GFP_F_COUNT; bit++) {
		gfp_text(&names, 1u << bit, text, sizeof(text));
		assert_null(strchr(text, '|'));
		assert_null(strstr(text, "0x"));
		for (int other = 0; other < bit; other++) {
			char before[512];

			gfp_text(&names, 1u << other, before, sizeof(before));
			assert_string_not_equal(text, before);
		}
	}
	gfp_text(&names, ALL_FLAGS, text, sizeof(text));
	assert_null(strstr(text, "0x"));
	gfp_text(&names, UINT32_MAX, text, sizeof(text));
	assert_non_null(strstr(text, "|0xff800000"));
}

/* Whatever room there is: an end, and the begin of the whole text. */
static void test_cut(void **state)
{
	static const uint32_t masks[] = {0, 0xcc0, 0x140dca, ALL_FLAGS, UINT32_MAX};
	struct gfp_names names;
	char whole[512], part[512];

	(void)state;
	gfp_names_plain(&names);
	for (size_t m = 0; m < sizeof(masks) / sizeof(masks[0]); m++) {
		gfp_text(&names, masks[m], whole, sizeof(whole));
		for (size_t size = 1; size <= strlen(whole) + 1; size++) {
			memset(part, 'x', sizeof(part));
			gfp_text(&names, masks[m], part, size);
			assert_int_equal(strlen(part), size - 1);
			assert_memory_equal(part, whole, size - 1);
			assert_int_equal(part[size], 'x');
		}
	}
}

/* ---- the numbering of the running kernel ---- */

/* An enum of these names, numbered from 0 on, in a BTF of its own. */
static struct btf *btf_with(const char *name, const char *const *members, size_t n)
{
	struct btf *btf = btf__new_empty();

	assert_non_null(btf);
	assert_true(btf__add_int(btf, "int", 4, BTF_INT_SIGNED) > 0);
	assert_true(btf__add_enum(btf, name, 4) > 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(btf__add_enum_value(btf, members[i], (int64_t)i), 0);
	return btf;
}

/* As in 6.10: without ATOMIC, and the bits behind it moved. */
static const char *const newer[] = {
	"___GFP_DMA_BIT",
	"___GFP_HIGHMEM_BIT",
	"___GFP_DMA32_BIT",
	"___GFP_MOVABLE_BIT",
	"___GFP_RECLAIMABLE_BIT",
	"___GFP_HIGH_BIT",
	"___GFP_IO_BIT",
	"___GFP_FS_BIT",
	"___GFP_ZERO_BIT",
	"___GFP_DIRECT_RECLAIM_BIT",
	"___GFP_KSWAPD_RECLAIM_BIT",
	"___GFP_WRITE_BIT",
	"___GFP_SOMETHING_BIT",
	"___GFP_HARDWALL_BIT",
	"___GFP_LAST_BIT",
};

static void test_numbering_of_btf(void **state)
{
	struct btf *btf = btf_with(NULL, newer, sizeof(newer) / sizeof(newer[0]));
	struct gfp_names names;

	(void)state;
	gfp_names_probe(&names, btf);
	assert_int_equal(names.mask[GFP_F_DMA], 1);
	assert_int_equal(names.mask[GFP_F_ZERO], 1 << 8);
	assert_int_equal(names.mask[GFP_F_DIRECT_RECLAIM], 1 << 9);
	assert_int_equal(names.mask[GFP_F_HARDWALL], 1 << 13);
	/* This kernel has none of these. */
	assert_int_equal(names.mask[GFP_F_ATOMIC], 0);
	assert_int_equal(names.mask[GFP_F_ACCOUNT], 0);
	check(&names, 0x6c0, "GFP_KERNEL");
	check(&names, 0x26c0, "GFP_USER");
	check(&names, 0x16c0, "GFP_KERNEL|0x1000");
	btf__free(btf);
}

/* Another enum, one with a name, none, no BTF: the plain numbering. */
static void test_without_the_enum(void **state)
{
	static const char *const others[] = {"___GFP_DMA_BITS", "___GFP_HIGHMEM_BIT"};
	struct btf *btfs[] = {btf_with(NULL, others, 2), btf_with("named", newer, 3),
			      btf_with(NULL, NULL, 0), NULL};
	struct gfp_names plain, names;

	(void)state;
	gfp_names_plain(&plain);
	for (size_t i = 0; i < sizeof(btfs) / sizeof(btfs[0]); i++) {
		memset(&names, 0xa5, sizeof(names));
		gfp_names_probe(&names, btfs[i]);
		assert_memory_equal(&names, &plain, sizeof(names));
		btf__free(btfs[i]);
	}
}

/* A bit that no mask has: as if the kernel had no such flag. */
static void test_bits_out_of_range(void **state)
{
	struct btf *btf = btf_with(NULL, newer, 2);
	struct gfp_names names;

	(void)state;
	assert_int_equal(btf__add_enum_value(btf, "___GFP_IO_BIT", 31), 0);
	assert_int_equal(btf__add_enum_value(btf, "___GFP_FS_BIT", 32), 0);
	assert_int_equal(btf__add_enum_value(btf, "___GFP_ZERO_BIT", -1), 0);
	gfp_names_probe(&names, btf);
	assert_true(names.mask[GFP_F_IO] == 1u << 31);
	assert_int_equal(names.mask[GFP_F_FS], 0);
	assert_int_equal(names.mask[GFP_F_ZERO], 0);
	btf__free(btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_the_kernel_prints_them),
		cmocka_unit_test(test_every_bit_is_said_once),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_numbering_of_btf),
		cmocka_unit_test(test_without_the_enum),
		cmocka_unit_test(test_bits_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
