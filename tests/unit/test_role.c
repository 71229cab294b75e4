/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_role.c - what a process is in its service: by its title, by its program and who forked it.
 * A negative case is a positive one with one byte changed.
 */
#include "core/role.h"
#include "core_harness.h"

struct role_case {
	const char *command_line;
	const char *role;  /* of one that nobody of its program forked */
	const char *child; /* of one that was forked by its program */
};

static void check(const struct role_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (int same = 0; same < 2; same++) {
			const char *want = same ? cases[i].child : cases[i].role;
			const char *got = role_of_command(cases[i].command_line, same);

			if ((want == NULL) != (got == NULL) || (want && strcmp(want, got) != 0))
				fail_msg("'%s' (%d): %s", cases[i].command_line, same,
					 got ? got : "nothing");
		}
}

/* A title says it all: who forked it does not matter. */
static void test_titles(void **state)
{
	static const char *const cases[][2] = {
		{"gunicorn: master [app:app]", "gunicorn master"},
		{"gunicorn: worker [app:app]", "gunicorn worker"},
		{"[celeryd: celery@node:MainProcess] -active- (worker -A app)", "celery main"},
		{"[celeryd: celery@node:ForkPoolWorker-12]", "celery ForkPoolWorker"},
		{"nginx: master process /usr/sbin/nginx -g daemon off;", "nginx master"},
		{"nginx: worker process", "nginx worker"},
		{"nginx: worker process is shutting down", "nginx worker"},
		{"nginx: cache manager process", "nginx cache helper"},
		{"nginx: cache loader process", "nginx cache helper"},
		{"php-fpm: master process (/etc/php/fpm.conf)", "php-fpm master"},
		{"php-fpm: pool www", "php-fpm worker"},
		{"puma 6.4.0 (tcp://0.0.0.0:3000) [app]", "puma master"},
		{"puma: cluster worker 0: 17 [app]", "puma worker"},
		{"unicorn master -c config.rb", "unicorn master"},
		{"unicorn worker[2] -c config.rb", "unicorn worker"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct role_case c = {cases[i][0], cases[i][1], cases[i][1]};

		check(&c, 1);
	}
}

/* One byte off. */
static void test_what_only_looks_like_a_title(void **state)
{
	static const struct role_case cases[] = {
		{"Gunicorn: master [app:app]", NULL, NULL},
		{" gunicorn: master [app:app]", NULL, NULL},
		{"gunicorn: masters [app:app]", NULL, NULL},
		{"gunicorn: master", NULL, NULL},
		{"[celeryd: celery@node:MainProcess", NULL, NULL},
		{"[celeryd: celery@node:mainProcess]", NULL, NULL},
		{"[celeryd: celery@node:ForkPoolWorker_1]", NULL, NULL},
		{"[celeryc: celery@node:MainProcess]", NULL, NULL},
		{"nginx: worker proces", NULL, NULL},
		{"nginx; worker process", NULL, NULL},
		{"php-fpm: pools www", NULL, NULL},
		{"puma: cluster workes 0: 17 [app]", NULL, NULL},
		{"pumas 6.4.0", NULL, NULL},
		{"unicorn worker 2", NULL, NULL},
		{"", NULL, NULL},
		{" ", NULL, NULL},
		{"/", NULL, NULL},
	};

	(void)state;
	check(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_programs(void **state)
{
	static const struct role_case cases[] = {
		{"gunicorn app:app", "gunicorn master", "gunicorn worker"},
		{"/usr/local/bin/gunicorn -w 4 app:app", "gunicorn master", "gunicorn worker"},
		{"/usr/bin/python3 /usr/bin/gunicorn -w 4", "gunicorn master", "gunicorn worker"},
		{"python /opt/venv/bin/gunicorn", "gunicorn master", "gunicorn worker"},
		{"python3.11 -m gunicorn app:app", "gunicorn master", "gunicorn worker"},
		{"python3 -u -m gunicorn app:app", "gunicorn master", "gunicorn worker"},
		{"pypy3 -m gunicorn app:app", "gunicorn master", "gunicorn worker"},
		{"celery -A app worker", "celery main", "celery ForkPoolWorker"},
		{"python -m celery -A app worker", "celery main", "celery ForkPoolWorker"},
		{"uvicorn app:app --workers 4", "uvicorn main", "uvicorn worker"},
		{"uwsgi --ini app.ini", "uwsgi master", "uwsgi worker"},
		{"hypercorn app:app", "hypercorn main", "hypercorn worker"},
		{"/usr/sbin/apache2 -k start", "apache master", "apache worker"},
		{"httpd -DFOREGROUND", "apache master", "apache worker"},
		{"postgres -D /var/lib/postgresql", "postgres postmaster", "postgres backend"},
		{"  gunicorn   app:app", "gunicorn master", "gunicorn worker"},
		{"gunicorn", "gunicorn master", "gunicorn worker"},
	};

	(void)state;
	check(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_other_programs(void **state)
{
	static const struct role_case cases[] = {
		{"gunicorn2 app:app", NULL, NULL},
		{"gunicor app:app", NULL, NULL},
		{"Gunicorn app:app", NULL, NULL},
		{"gunicorn/ app:app", NULL, NULL},
		{"gunicorn/app:app", NULL, NULL},
		{"python3 -c gunicorn", NULL, NULL}, /* code, not a module */
		{"python3 -c 'import app' gunicorn", NULL, NULL},
		{"python3 app.py gunicorn", NULL, NULL},
		{"pythonx -m gunicorn", NULL, NULL},
		{"python-gunicorn gunicorn", NULL, NULL},
		{"perl gunicorn", NULL, NULL},
		{"sh -c gunicorn", NULL, NULL},
		{"python3", NULL, NULL},
		{"python3 -m", NULL, NULL},
		{"python3 -m ", NULL, NULL},
		{"postgres: checkpointer", NULL, NULL},
	};

	(void)state;
	check(cases, sizeof(cases) / sizeof(cases[0]));
}

/* A word of any length, a line that is one word, nothing but blanks or slashes. */
static void test_hostile_command_lines(void **state)
{
	char line[EV_ARGS];

	(void)state;
	for (int c = 1; c < 256; c++) {
		memset(line, c, sizeof(line) - 1);
		line[sizeof(line) - 1] = '\0';
		assert_null(role_of_command(line, false));
		memcpy(line, "python ", 7);
		assert_null(role_of_command(line, false));
	}
	/* What a word is cut to must not become the name of a program. */
	memset(line, 'x', sizeof(line));
	memcpy(line, "gunicorn", 8);
	line[sizeof(line) - 1] = '\0';
	assert_null(role_of_command(line, false));
	/* A long folder is no part of the name. */
	memset(line, '/', sizeof(line));
	strcpy(line + sizeof(line) - 9, "gunicorn");
	assert_string_equal(role_of_command(line, false), "gunicorn master");
}

static void test_program_names_compare(void **state)
{
	(void)state;
	assert_string_equal(role_program("gunicorn a"), "gunicorn");
	assert_ptr_equal(role_program("python3 -m celery x"), role_program("/bin/celery y"));
	/* Two names of one program: a process knows its parent by the same one. */
	assert_string_not_equal(role_program("apache2"), role_program("httpd"));
	assert_null(role_program("gunicorn: master [app]"));
	assert_null(role_program(""));
}

/* ---- in the core: who forked whom ---- */

#define MASTER h_who(150, 10, "gunicorn")
#define WORKER h_who(200, 10, "gunicorn")

static const char *role_of(struct harness *h, struct ev_who who)
{
	uint32_t i = process_find(h->core, who.pid, who.start);

	assert_int_not_equal(i, 0);
	return process_role(h->core, &h->core->processes[i]);
}

static void info(struct harness *h, struct ev_who who, const char *command_line)
{
	struct ev_proc_info *ev = &h_event(h, EV_PROC_INFO)->proc_info;

	ev->pid = who.pid;
	ev->start = who.start;
	ev->found = 1;
	snprintf(ev->command_line, sizeof(ev->command_line), "%s", command_line);
	h_step(h);
}

static struct harness *open_service(const char *command_line)
{
	struct harness *h = h_open_docker();

	h_fork(h, MASTER, h_who(140, 10, "sh"));
	h_exec(h, MASTER, "/usr/bin/python3", command_line);
	h_fork(h, WORKER, MASTER);
	h_mark(h);
	return h;
}

static void test_worker_by_fork(void **state)
{
	struct harness *h = open_service("/usr/bin/python3 /usr/bin/gunicorn app:app");

	(void)state;
	assert_string_equal(role_of(h, MASTER), "gunicorn master");
	assert_string_equal(role_of(h, WORKER), "gunicorn worker");
	h_close(h);
}

/* Its master is dead and its parent another: it was forked as a worker and is one. */
static void test_orphan_keeps_its_role(void **state)
{
	struct harness *h = open_service("gunicorn app:app");

	(void)state;
	h_exit(h, MASTER, H_CODE(0));
	h_mark(h);
	assert_string_equal(role_of(h, WORKER), "gunicorn worker");
	/* A later snapshot gives it the parent that it has now; the master leaves the table. */
	for (int i = 0; i < 15; i++) {
		h_task(h, WORKER, 1, 4096);
		h_tasks_end(h, 1000);
		h_pass(h, NSEC_PER_SEC);
		h_clock(h);
		h_mark(h);
	}
	assert_int_equal(process_find(h->core, MASTER.pid, MASTER.start), 0);
	assert_string_equal(role_of(h, WORKER), "gunicorn worker");
	h_close(h);
}

/* A worker has its master's title until it is ready to give itself its own. */
static void test_worker_with_the_title_of_its_master(void **state)
{
	struct harness *h = open_service("gunicorn app:app");
	struct ev_who late = h_who(201, 10, "gunicorn");

	(void)state;
	info(h, MASTER, "gunicorn: master [app:app]");
	h_mark(h);
	h_fork(h, late, MASTER);
	h_mark(h);
	assert_string_equal(role_of(h, MASTER), "gunicorn master");
	assert_string_equal(role_of(h, late), "gunicorn worker");
	/* /proc says the same: it is not ready yet. */
	info(h, late, "gunicorn: master [app:app]");
	h_mark(h);
	assert_string_equal(role_of(h, late), "gunicorn worker");
	info(h, late, "gunicorn: worker [app:app]");
	h_mark(h);
	assert_string_equal(role_of(h, late), "gunicorn worker");
	h_close(h);
}

/* The same when its master is dead, and another process its parent. */
static void test_orphan_with_the_title_of_its_master(void **state)
{
	struct harness *h = open_service("gunicorn app:app");
	struct ev_who late = h_who(201, 10, "gunicorn");

	(void)state;
	info(h, MASTER, "gunicorn: master [app:app]");
	h_mark(h);
	h_fork(h, late, MASTER);
	h_exit(h, MASTER, H_SIGNAL(9));
	h_task(h, late, 1, 4096);
	h_mark(h);
	assert_string_equal(role_of(h, late), "gunicorn worker");
	/* A master's title of its own choosing is one. */
	info(h, late, "gunicorn: master [other:app]");
	h_mark(h);
	assert_string_equal(role_of(h, late), "gunicorn master");
	h_close(h);
}

static void test_roles_of_children(void **state)
{
	(void)state;
	assert_string_equal(role_of_child("gunicorn master"), "gunicorn worker");
	assert_string_equal(role_of_child("celery main"), "celery ForkPoolWorker");
	assert_string_equal(role_of_child("gunicorn worker"), "gunicorn worker");
	assert_string_equal(role_of_child("nginx cache helper"), "nginx cache helper");
}

static void test_exec_ends_what_fork_gave(void **state)
{
	struct harness *h = open_service("gunicorn app:app");

	(void)state;
	h_exec(h, WORKER, "/bin/true", "true");
	h_mark(h);
	assert_null(role_of(h, WORKER));
	h_close(h);
}

/* Workers that are executed, as with multiprocessing's "spawn": the parent runs the same. */
static void test_worker_by_exec_of_the_same_program(void **state)
{
	struct harness *h = open_service("uvicorn app:app --workers 2");

	(void)state;
	h_exec(h, WORKER, "/usr/bin/python3", "python3 -m uvicorn app:app");
	h_mark(h);
	assert_string_equal(role_of(h, WORKER), "uvicorn worker");
	/* Another program of the table is its own master. */
	h_exec(h, WORKER, "/usr/bin/python3", "celery -A app worker");
	h_mark(h);
	assert_string_equal(role_of(h, WORKER), "celery main");
	h_close(h);
}

static void test_title_goes_before_the_program(void **state)
{
	struct harness *h = open_service("gunicorn app:app");

	(void)state;
	info(h, WORKER, "gunicorn: master [renamed itself]");
	h_mark(h);
	assert_string_equal(role_of(h, WORKER), "gunicorn master");
	h_close(h);
}

/* Those that were there before the agent: a snapshot and /proc tell, no fork was seen. */
static void test_service_from_before(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_task(h, MASTER, 1, 4096);
	h_task(h, WORKER, MASTER.pid, 4096);
	h_tasks_end(h, 1000);
	h_mark(h);
	assert_null(role_of(h, MASTER)); /* nothing is known of it yet */
	info(h, MASTER, "httpd -DFOREGROUND");
	info(h, WORKER, "httpd -DFOREGROUND");
	h_mark(h);
	assert_string_equal(role_of(h, MASTER), "apache master");
	assert_string_equal(role_of(h, WORKER), "apache worker");
	h_exit(h, MASTER, H_CODE(0));
	h_mark(h);
	assert_string_equal(role_of(h, WORKER), "apache worker");
	h_close(h);
}

static void test_helpers_of_the_runtime(void **state)
{
	static const struct {
		const char *comm;
		bool is;
	} cases[] = {
		{"conmon", true},         {"containerd-shim", true}, {"runc", true},
		{"runc:[2:INIT]", true},  {"conmom", false},         {"containerd-shi", false},
		{"runc;[2:INIT]", false}, {"runcc", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness *h = h_open_docker();
		struct ev_who who = h_who(150, 10, cases[i].comm);

		h_fork(h, who, h_who(140, 10, "sh"));
		h_mark(h);
		if (cases[i].is)
			assert_string_equal(role_of(h, who), "container runtime");
		else
			assert_null(role_of(h, who));
		h_close(h);
	}
}

/* And it is in the records. */
static void test_role_in_records(void **state)
{
	struct harness *h = open_service("gunicorn app:app");

	(void)state;
	h_signal(h, MASTER, WORKER, 15);
	h_exit(h, WORKER, H_SIGNAL(15));
	h_mark(h);
	assert_string_equal(h_the(h, RECORD_PROCESS_EXIT)->exit.process.role, "gunicorn worker");
	assert_string_equal(h_the(h, RECORD_PROCESS_EXIT)->exit.sender.role, "gunicorn master");
	h_close(h);
}

/* The record of a child's exit: parent and child run these, a child without one was forked only. */
static void expect_exit(const char *parent_line, const char *child_line, uint32_t status,
			const char *role, enum exit_cause cause)
{
	struct ev_start start = h_start();
	struct harness *h = h_open(&start);
	struct ev_who parent = h_who(300, H_ROOT, "python3"), child = h_who(301, H_ROOT, "python3");
	const struct rec_process_exit *exit;

	h_ready(h);
	h_fork(h, parent, h_who(2, H_ROOT, "sh"));
	h_exec(h, parent, "/usr/bin/python3", parent_line);
	h_fork(h, child, parent);
	if (child_line)
		h_exec(h, child, "/usr/bin/python3", child_line);
	h_exit(h, child, status);
	h_mark(h);
	exit = &h_the(h, RECORD_PROCESS_EXIT)->exit;
	assert_int_equal(exit->cause, cause);
	assert_true((exit->process.role == NULL) == (role == NULL));
	if (role)
		assert_string_equal(exit->process.role, role);
	h_close(h);
}

#define SPAWN "python3 -c from multiprocessing.spawn import spawn_main; spawn_main(pipe_handle=7)"

/* multiprocessing's command line names no program: its parent's does. */
static void test_spawned_children(void **state)
{
	(void)state;
	expect_exit("python3 /usr/bin/uvicorn app", SPAWN, H_CODE(1), "uvicorn worker",
		    CAUSE_FAILED);
	expect_exit("python3 /usr/bin/uvicorm app", SPAWN, H_CODE(1), NULL, CAUSE_FAILED);
	expect_exit("python3 /usr/bin/uvicorn app",
		    "python3 -c from multiprocessing.spawm import spawn_main", H_CODE(1), NULL,
		    CAUSE_FAILED);
}

/* celery's 155, also of one that still had the title of its main process; nobody else's. */
static void test_recycled(void **state)
{
	static const char main_title[] = "[celeryd: celery@node:MainProcess] -active- (worker)";
	static const char title[] = "[celeryd: celery@node:ForkPoolWorker-1]";

	(void)state;
	expect_exit(main_title, title, H_CODE(155), "celery ForkPoolWorker", CAUSE_CLEAN);
	expect_exit(main_title, title, H_CODE(154), "celery ForkPoolWorker", CAUSE_FAILED);
	expect_exit(main_title, NULL, H_CODE(155), "celery ForkPoolWorker", CAUSE_CLEAN);
	expect_exit("gunicorn: master [a]", "gunicorn: worker [a]", H_CODE(155), "gunicorn worker",
		    CAUSE_FAILED);
	assert_false(role_recycles("celery ForkPoolWorker", H_SIGNAL(11)));
	assert_false(role_recycles(NULL, H_CODE(155)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spawned_children),
		cmocka_unit_test(test_recycled),
		cmocka_unit_test(test_titles),
		cmocka_unit_test(test_what_only_looks_like_a_title),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_other_programs),
		cmocka_unit_test(test_hostile_command_lines),
		cmocka_unit_test(test_program_names_compare),
		cmocka_unit_test(test_worker_by_fork),
		cmocka_unit_test(test_orphan_keeps_its_role),
		cmocka_unit_test(test_worker_with_the_title_of_its_master),
		cmocka_unit_test(test_orphan_with_the_title_of_its_master),
		cmocka_unit_test(test_roles_of_children),
		cmocka_unit_test(test_exec_ends_what_fork_gave),
		cmocka_unit_test(test_worker_by_exec_of_the_same_program),
		cmocka_unit_test(test_title_goes_before_the_program),
		cmocka_unit_test(test_service_from_before),
		cmocka_unit_test(test_helpers_of_the_runtime),
		cmocka_unit_test(test_role_in_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
