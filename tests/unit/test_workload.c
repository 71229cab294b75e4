/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_workload.c - names as controllers give them, read backwards; and the same with a byte
 * changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "core/workload.h"

#define TEN     "abcdefghij"
#define FORTY   TEN TEN TEN TEN
#define FORTY6  FORTY "abcdef"
#define FORTY7  FORTY "abcdefg"
#define FORTY8  FORTY "abcdefgh"
#define FIFTY6  FORTY TEN "abcdef"
#define FIFTY7  FORTY TEN "abcdefg"
#define HUNDRED FORTY FORTY TEN TEN

struct owned {
	const char *pod;
	const char *kind; /* NULL: not told */
	const char *name; /* NULL: nothing follows */
	const char *indexed_job;
};

static const struct owned cases[] = {
	/* Deployments */
	{"shop-5c46f56cd5-kddt4", "Deployment", "shop", NULL},
	{"shop-api-5c46f56cd5-7q6lx", "Deployment", "shop-api", NULL},
	{"web.v1-76d4c8f6b8-x2z4w", "Deployment", "web.v1", NULL},
	{"a-5c46f56cd-kddt4", "Deployment", "a", NULL},
	{"a-5c46f56c-kddt4", "Deployment", "a", NULL},
	{"a-86f8fbc6f9-kddt4", "Deployment", "a", NULL},      /* 2^32 - 1 */
	{"a-86f8fbc6fb-kddt4", NULL, "a-86f8fbc6fb", NULL},   /* 2^32 */
	{"a-5c46f56-kddt4", NULL, "a-5c46f56", NULL},         /* short for a hash */
	{"a-5c46f56cd55-kddt4", NULL, "a-5c46f56cd55", NULL}, /* long for one */
	{"a-4c46f56cd-kddt4", NULL, "a-4c46f56cd", NULL},     /* a zero before it */
	{"a-5c46f56cg5-kddt4", NULL, "a-5c46f56cg5", NULL},   /* g is no digit */
	{"a-5c46f36cd5-kddt4", NULL, "a-5c46f36cd5", NULL},   /* nor is 3 */
	{"a-5c46f56cd5kddt4", NULL, NULL, NULL},
	{"a5c46f56cd5-kddt4", NULL, "a5c46f56cd5", NULL},
	{"5c46f56cd5-kddt4", NULL, "5c46f56cd5", NULL},
	{"-5c46f56cd5-kddt4", NULL, NULL, NULL},
	{"a--5c46f56cd5-kddt4", NULL, "a--5c46f56cd5", NULL},
	{"a.5c46f56cd5-kddt4", NULL, "a.5c46f56cd5", NULL},
	/* the random end */
	{"agent-9zcvl", NULL, "agent", NULL},
	{"a-b-c-d-24567", NULL, "a-b-c-d", NULL},
	{"agent-9zcv", NULL, NULL, NULL},
	{"agent-9zcvll", NULL, NULL, NULL},
	{"agent-9zcva", NULL, NULL, NULL},
	{"agent-9zcvy", NULL, NULL, NULL},
	{"agent-9zcv1", NULL, NULL, NULL},
	{"agent-9zcv3", NULL, NULL, NULL},
	{"agent-9zcvL", NULL, NULL, NULL},
	{"agent.9zcvl", NULL, NULL, NULL},
	{"agent9zcvl", NULL, NULL, NULL},
	{"agent--9zcvl", NULL, NULL, NULL},
	{"9zcvl", NULL, NULL, NULL},
	{"-9zcvl", NULL, NULL, NULL},
	/* StatefulSets */
	{"web-0", "StatefulSet", "web", NULL},
	{"web-7", "StatefulSet", "web", NULL},
	{"web-10", "StatefulSet", "web", NULL},
	{"web-9999", "StatefulSet", "web", NULL},
	{"web-1-0", "StatefulSet", "web-1", NULL},
	{"web-5c46f56cd5-0", "StatefulSet", "web-5c46f56cd5", NULL},
	{"web-00", NULL, NULL, NULL},
	{"web-07", NULL, NULL, NULL},
	{"web-10000", NULL, NULL, NULL},
	{"web-20260101", NULL, NULL, NULL},
	{"web-1a", NULL, NULL, NULL},
	{"web-", NULL, NULL, NULL},
	{"web--0", NULL, NULL, NULL},
	{"web0", NULL, NULL, NULL},
	{"web.0", NULL, NULL, NULL},
	{"-0", NULL, NULL, NULL},
	{"0", NULL, NULL, NULL},
	/* CronJobs */
	{"backup-28948930-x2z4w", "CronJob", "backup", NULL},
	{"db-backup-26297280-x2z4w", "CronJob", "db-backup", NULL}, /* 2020-01-01 */
	{"db-backup-42075359-x2z4w", "CronJob", "db-backup", NULL}, /* 2049-12-30 */
	{"backup-1736935800-x2z4w", "CronJob", "backup", NULL},
	{"backup-1577836800-x2z4w", "CronJob", "backup", NULL}, /* 2020-01-01 */
	{"backup-2524521599-x2z4w", "CronJob", "backup", NULL},
	{"backup-28948930-3-x2z4w", "CronJob", "backup", NULL}, /* its Job is indexed */
	{"backup-26297279-x2z4w", NULL, "backup-26297279", NULL},
	{"backup-42075360-x2z4w", NULL, "backup-42075360", NULL},
	{"backup-1577836799-x2z4w", NULL, "backup-1577836799", NULL},
	{"backup-2524521600-x2z4w", NULL, "backup-2524521600", NULL},
	{"backup-20260101-x2z4w", NULL, "backup-20260101", NULL}, /* a date */
	{"backup-2894893-x2z4w", NULL, "backup-2894893", NULL},
	{"backup-289489300-x2z4w", NULL, "backup-289489300", NULL},
	{"backup-2894893a-x2z4w", NULL, "backup-2894893a", NULL},
	{"backup-02894893-x2z4w", NULL, "backup-02894893", NULL},
	{"backup28948930-x2z4w", NULL, "backup28948930", NULL},
	{"28948930-x2z4w", NULL, "28948930", NULL},
	{"backup-28948930", NULL, NULL, NULL},
	{"backup-28948930-03-x2z4w", NULL, "backup-28948930-03", NULL},
	{"backup-26297279-3-x2z4w", NULL, "backup-26297279-3", "backup-26297279"},
	/* Indexed Jobs, or who has a number at the end of its name */
	{"train-0-x2z4w", NULL, "train-0", "train"},
	{"train-99999-x2z4w", NULL, "train-99999", "train"},
	{"train-12-3-x2z4w", NULL, "train-12-3", "train-12"},
	{"train-100000-x2z4w", NULL, "train-100000", NULL},
	{"train-00-x2z4w", NULL, "train-00", NULL},
	{"train-1a-x2z4w", NULL, "train-1a", NULL},
	{"train--1-x2z4w", NULL, "train--1", NULL},
	{"1-x2z4w", NULL, "1", NULL},
	/* no controller's */
	{"web", NULL, NULL, NULL},
	{"my-redis", NULL, NULL, NULL},
	{"kube-proxy", NULL, NULL, NULL},
	{"", NULL, NULL, NULL},
	{"-", NULL, NULL, NULL},
	/* no names at all */
	{"Shop-5c46f56cd5-kddt4", NULL, NULL, NULL},
	{"sh_op-5c46f56cd5-kddt4", NULL, NULL, NULL},
	{"sh/op-5c46f56cd5-kddt4", NULL, NULL, NULL},
	{"sh..op-5c46f56cd5-kddt4", NULL, NULL, NULL},
	{"sh.-op-5c46f56cd5-kddt4", NULL, NULL, NULL},
	{"sh-.op-5c46f56cd5-kddt4", NULL, NULL, NULL},
	{"shop-5c46f56cd5-kddt4\n", NULL, NULL, NULL},
	{"sh\x1bp-5c46f56cd5-kddt4", NULL, NULL, NULL},
	{"sh\xc3\xa4-0", NULL, NULL, NULL},
	{" web-0", NULL, NULL, NULL},
	/* 62 bytes: whole; 63: what stands before the random end may be cut; more: not generated */
	{FIFTY6 "-x2z4w", NULL, FIFTY6, NULL},
	{FIFTY7 "-x2z4w", NULL, NULL, NULL},
	{FIFTY7 "a-x2z4w", NULL, NULL, NULL},
	{FIFTY7 "ax2z4w", NULL, NULL, NULL},
	{FORTY6 "-5c46f56cd5-kddt4", "Deployment", FORTY6, NULL},
	{FORTY7 "-5c46f56cd5-kddt4", NULL, NULL, NULL},
	{FORTY7 "-5c46f56cd5kddt4", NULL, NULL, NULL},
	{FORTY8 "-28948930-kddt4", "CronJob", FORTY8, NULL},
	{FORTY8 "-28948930kddt4", NULL, NULL, NULL},
	{FORTY TEN "abcde-1-x2z4w", NULL, NULL, NULL},
	{FORTY TEN "abcd-1-x2z4w", NULL, FORTY TEN "abcd-1", FORTY TEN "abcd"},
	{FORTY TEN TEN "-0", "StatefulSet", FORTY TEN TEN, NULL},
	{FORTY TEN TEN "-12", "StatefulSet", FORTY TEN TEN, NULL},
	{HUNDRED "-0", "StatefulSet", HUNDRED, NULL},
	{HUNDRED "-x2z4w", NULL, NULL, NULL},
	{HUNDRED HUNDRED FORTY TEN "a-0", "StatefulSet", HUNDRED HUNDRED FORTY TEN "a", NULL},
	{HUNDRED HUNDRED FORTY TEN "ab-0", NULL, NULL, NULL},
};

static void check(const struct owned *c)
{
	struct workload got;
	bool known;

	memset(&got, 0xa5, sizeof(got));
	known = workload_of_pod(c->pod, false, &got);
	if (known != !!c->name || !got.kind != !c->kind || (c->kind && strcmp(got.kind, c->kind)) ||
	    got.name_len != (c->name ? strlen(c->name) : 0) ||
	    got.indexed_job_len != (c->indexed_job ? strlen(c->indexed_job) : 0))
		fail_msg("%s: %d %s %.*s, %zu", c->pod, known, got.kind ? got.kind : "-",
			 (int)(known ? got.name_len : 0), c->pod, got.indexed_job_len);
	if (known)
		assert_memory_equal(c->pod, c->name, got.name_len);
	if (c->indexed_job)
		assert_memory_equal(c->pod, c->indexed_job, got.indexed_job_len);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(&cases[i]);
}

/* The node's name stands behind a static pod's, and may look like anything. */
static void test_static(void **state)
{
	struct workload got, none = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&got, 0xa5, sizeof(got));
		assert_false(workload_of_pod(cases[i].pod, true, &got));
		assert_memory_equal(&got, &none, sizeof(got));
	}
}

/* rand.SafeEncodeString() of a number, from its description: 27 characters, '0' is number 48. */
static void encode(uint32_t value, char *text, size_t size)
{
	snprintf(text, size, "%u", value);
	for (char *p = text; *p; p++)
		*p = "bcdfghjklmnpqrstvwxz2456789"[*p % 27];
}

/* Every hash that is long enough is one, and the next larger number of ten digits is none. */
static void test_hashes(void **state)
{
	uint32_t value = 10000000;
	char hash[16], pod[64];
	struct workload got;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		encode(value, hash, sizeof(hash));
		snprintf(pod, sizeof(pod), "web-%s-kddt4", hash);
		assert_true(workload_of_pod(pod, false, &got));
		if (!got.kind || strcmp(got.kind, "Deployment") || got.name_len != 3)
			fail_msg("%u: %s", value, pod);
		value = value * 1664525u + 1013904223u;
		if (value < 10000000)
			value += 10000000;
	}
	encode(9999999, hash, sizeof(hash));
	snprintf(pod, sizeof(pod), "web-%s-kddt4", hash);
	assert_true(workload_of_pod(pod, false, &got));
	assert_null(got.kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_static),
		cmocka_unit_test(test_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
