/* SPDX-License-Identifier: Apache-2.0 */
/* test_demo_story.c - the demo's records told: what counts, in which order, what is left out. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "cmd/demo.h"

#define DAY   "2026-11-20T10:00:"
#define BOX   "\"container\":{\"cgroup\":\"/memwitness-demo-7\"}"

#define START "{\"time\":\"" DAY "00.0Z\",\"type\":\"agent_start\",\"seq\":1}\n"
#define BEGIN                                                                                      \
	"{\"time\":\"" DAY "01.0Z\",\"type\":\"container_start\",\"seq\":2," BOX                   \
	",\"limits\":{\"memory\":67108864}}\n"
#define HANGER                                                                                     \
	"{\"time\":\"" DAY "04.0Z\",\"type\":\"process_exit\",\"seq\":3," BOX                      \
	",\"process\":{\"pid\":12,\"name\":\"demo-hanger\"},\"exit\":{\"code\":1},"                \
	"\"cause\":\"killed_by_parent\",\"signal\":{\"name\":\"SIGABRT\",\"caught\":true},"        \
	"\"sender\":{\"process\":{\"pid\":10,\"name\":\"demo-master\"}}}\n"
#define RECYCLER(time)                                                                             \
	"{\"time\":\"" DAY time "\",\"type\":\"process_exit\",\"seq\":4," BOX                      \
	",\"process\":{\"pid\":13,\"name\":\"demo-recycler\"},\"exit\":{\"code\":0},"              \
	"\"cause\":\"clean\",\"lifetime_seconds\":5.02}\n"
#define OOM                                                                                        \
	"{\"time\":\"" DAY "08.5Z\",\"type\":\"oom_kill\",\"seq\":5," BOX                          \
	",\"victim\":{\"process\":{\"pid\":11,\"name\":\"demo-leaker\"},"                          \
	"\"memory\":{\"anon\":66584576}},\"trigger\":{\"process\":{\"pid\":11}},"                  \
	"\"limit_hit\":{\"level\":\"container\",\"usage\":67108864,\"limit\":67108864},"           \
	"\"survivors\":{\"processes\":4,\"init_alive\":true}}\n"
#define END   "{\"time\":\"" DAY "20.0Z\",\"type\":\"container_stop\",\"seq\":6," BOX "}\n"

#define ENDED 1795168815000000000ull /* 10:00:15 */

static char told[16384];

static struct demo_outcome tell(const char *records)
{
	const struct demo_cgroup c = {.name = "memwitness-demo-7"};
	FILE *in = fmemopen((void *)records, strlen(records), "r");
	FILE *out = tmpfile();
	struct demo_outcome o;
	size_t len;

	assert_non_null(in);
	assert_non_null(out);
	assert_int_equal(demo_story_tell(out, in, &c, ENDED, &o), 0);
	rewind(out);
	len = fread(told, 1, sizeof(told) - 1, out);
	told[len] = '\0';
	fclose(in);
	fclose(out);
	return o;
}

static void test_whole_story(void **state)
{
	struct demo_outcome o =
		tell(START BEGIN OOM HANGER RECYCLER("05.0Z") RECYCLER("15.5Z") END);
	const char *hanger, *recycler, *oom;

	(void)state;
	assert_int_equal(o.oom_kills, 1);
	assert_int_equal(o.init_alive_kills, 1);
	assert_int_equal(o.parent_kills, 1);
	assert_int_equal(o.recycled, 1); /* the other one was told to end */
	hanger = strstr(told, "KILLED BY ITS PARENT: demo-hanger (pid 12)");
	recycler = strstr(told, "Recycled: demo-recycler");
	oom = strstr(told, "   8.5 s   OUT OF MEMORY: the kernel killed demo-leaker (pid 11), "
			   "which held\n");
	assert_true(hanger && recycler && oom);
	assert_true(hanger < recycler && recycler < oom);
	assert_non_null(strstr(told, "master demo-master (pid 10) sent it SIGABRT; it caught it"));
	assert_non_null(strstr(told, "1 processes left cleanly"));
	assert_non_null(strstr(told, "\"cause\":\"killed_by_parent\""));
}

static void test_lines_fit(void **state)
{
	(void)state;
	tell(START BEGIN OOM HANGER END);
	for (char *line = told; *line; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 80);
}

/* Another container's records, broken lines and nothing at all. */
static void test_foreign_and_broken(void **state)
{
	char other[] = OOM;
	struct demo_outcome o;

	(void)state;
	*(strstr(other, "demo-7\"") + 5) = '8';
	o = tell(other);
	assert_int_equal(o.oom_kills, 0);
	o = tell("{\"type\":\"oom_kill\"\n[]\n\n" OOM);
	assert_int_equal(o.oom_kills, 1);
	o = tell("\n");
	assert_int_equal(o.oom_kills + o.parent_kills + o.recycled, 0);
	assert_string_equal(told, "");
}

/* An exit that was put down to somebody else is told, but is not the story. */
static void test_other_cause(void **state)
{
	char other[] = HANGER;
	struct demo_outcome o;

	(void)state;
	memcpy(strstr(other, "killed_by_parent"), "killed_by_nobody", 16);
	o = tell(START BEGIN);
	assert_int_equal(o.parent_kills, 0);
	o = tell(other);
	assert_int_equal(o.parent_kills, 0);
	assert_non_null(strstr(told, "demo-hanger (pid 12) ended: killed_by_nobody."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_story),
		cmocka_unit_test(test_lines_fit),
		cmocka_unit_test(test_foreign_and_broken),
		cmocka_unit_test(test_other_cause),
	};

	return cmocka_run_group_tests_name("demo_story", tests, NULL, NULL);
}
