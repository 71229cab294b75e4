/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_decode.c - the wire layout as events: units, unknowns, hostile bytes, lengths that lie.
 */
#include "wire_records.h"

static struct wire_fork a_fork(void)
{
	return (struct wire_fork){.head = head(WIRE_FORK, sizeof(struct wire_fork)),
				  .child = who(31337, 23, "gunicorn"),
				  .parent_tgid = 31300,
				  .parent_start = 77,
				  .pid_ns = 4026532100u};
}

static void test_fork(void **state)
{
	struct wire_fork wire = a_fork();
	union event ev;

	(void)state;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_int_equal(ev.head.type, EV_FORK);
	assert_int_equal(ev.head.size, sizeof(struct ev_fork));
	assert_int_equal(ev.head.ts, 1234567890123);
	check_who(&ev.fork.child, 31337, 0, "gunicorn");
	assert_int_equal(ev.fork.ns_pid, 23);
	assert_int_equal(ev.fork.parent_pid, 31300);
	assert_int_equal(ev.fork.parent_start, 77);
	assert_int_equal(ev.fork.pid_ns, 4026532100u);

	wire.pid_ns = 0;
	wire.child.memcg = 0;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_true(ev.fork.pid_ns == U64_UNKNOWN);
	assert_true(ev.fork.child.memcg == U64_UNKNOWN);
}

/* The head: each case is a good record with one field changed. */
static void test_head(void **state)
{
	struct wire_fork wire = a_fork();
	char larger[sizeof(wire) + 8] = {0};
	union event ev;

	(void)state;
	for (size_t size = 0; size < sizeof(wire); size++)
		assert_int_equal(decode(&wire, size, &ev), -EBADMSG);
	memcpy(larger, &wire, sizeof(wire));
	assert_int_equal(decode(larger, sizeof(larger), &ev), 0);

	wire = a_fork();
	wire.head.version++;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EPROTO);
	wire = a_fork();
	wire.head.kind = WIRE_SNAP_TASK;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EPROTO);
	wire.head.kind = 0;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EPROTO);
	wire.head.kind = UINT16_MAX;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EPROTO);
	wire = a_fork();
	wire.head.size--;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EBADMSG);
	wire.head.size += 2;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EBADMSG);
	wire.head.size = 15;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EBADMSG);
	wire = a_fork();
	wire.head.kind = WIRE_EXIT;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EBADMSG);
}

/* Whatever a container calls itself, the text is valid UTF-8 and fits. */
static void test_comm(void **state)
{
	struct wire_fork wire = a_fork();
	union event ev;

	(void)state;
	memset(wire.child.comm, 0xff, WIRE_COMM); /* no NUL at all */
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_true(strlen(ev.fork.child.comm) <= EV_COMM - 1);
	assert_memory_equal(ev.fork.child.comm, "\xef\xbf\xbd\xef\xbf\xbd", 6);
	memcpy(wire.child.comm, "k\xc3\xa4se)\n(\0junk!!", WIRE_COMM);
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_string_equal(ev.fork.child.comm, "k\xc3\xa4se)\n(");
}

struct exec_record {
	struct wire_exec wire;
	char data[WIRE_FILE + WIRE_ARGS];
};

static size_t an_exec(struct exec_record *r, const char *file, size_t file_len, const char *args,
		      size_t args_len)
{
	size_t size = sizeof(r->wire) + file_len + args_len;

	memset(r, 0, sizeof(*r));
	r->wire.head = head(WIRE_EXEC, size);
	r->wire.who = who(31337, 31339, "python3");
	r->wire.file_len = (uint32_t)file_len;
	r->wire.args_len = (uint32_t)args_len;
	r->wire.args_total = (uint32_t)args_len;
	memcpy(r->data, file, file_len);
	memcpy(r->data + file_len, args, args_len);
	return size;
}

static void test_exec(void **state)
{
	static const char args[] = "python3\0app.py\0--password=hunter2";
	static const char file[] = "/usr/bin/python3.11"; /* its NUL is on the wire */
	struct decode_config c = config;
	struct exec_record r;
	union event ev;
	size_t size = an_exec(&r, file, sizeof(file), args, sizeof(args));

	(void)state;
	assert_int_equal(decode(&r, size, &ev), 0);
	assert_int_equal(ev.head.type, EV_EXEC);
	check_who(&ev.exec.who, 31337, 31339, "python3");
	assert_string_equal(ev.exec.executable, "/usr/bin/python3.11");
	assert_string_equal(ev.exec.command_line, "python3 app.py --password=***");
	assert_int_equal(ev.exec.args_cut, 0);

	r.wire.args_total++;
	assert_int_equal(decode(&r, size, &ev), 0);
	assert_int_equal(ev.exec.args_cut, 1);

	c.redact = REDACT_NONE;
	assert_int_equal(decode_with(&c, &r, size, &ev), 0);
	assert_string_equal(ev.exec.command_line, "python3 app.py --password=hunter2");
	assert_int_equal(ev.exec.args_cut, 1);
	c.redact = REDACT_ARGS; /* what is left out on purpose was not cut */
	assert_int_equal(decode_with(&c, &r, size, &ev), 0);
	assert_string_equal(ev.exec.command_line, "python3");
	assert_int_equal(ev.exec.args_cut, 0);
	c.redact = REDACT_ALL;
	assert_int_equal(decode_with(&c, &r, size, &ev), 0);
	assert_string_equal(ev.exec.command_line, "");
	assert_int_equal(ev.exec.args_cut, 0);

	size = an_exec(&r, "", 0, "", 0);
	assert_int_equal(decode(&r, size, &ev), 0);
	assert_string_equal(ev.exec.executable, "");
	assert_string_equal(ev.exec.command_line, "");
}

static void test_exec_lengths(void **state)
{
	static const char args[] = "sh\0-c\0true";
	char big[WIRE_ARGS];
	struct exec_record r;
	union event ev;
	size_t size = an_exec(&r, "/bin/sh", 7, args, sizeof(args));

	(void)state;
	for (size_t s = 0; s < size; s++)
		assert_int_equal(decode(&r, s, &ev), -EBADMSG);
	r.wire.file_len++;
	assert_int_equal(decode(&r, size, &ev), -EBADMSG);
	an_exec(&r, "/bin/sh", 7, args, sizeof(args));
	r.wire.args_len++;
	r.wire.args_total++;
	assert_int_equal(decode(&r, size, &ev), -EBADMSG);
	an_exec(&r, "/bin/sh", 7, args, sizeof(args));
	r.wire.args_total--;
	assert_int_equal(decode(&r, size, &ev), -EBADMSG);
	an_exec(&r, "/bin/sh", 7, args, sizeof(args));
	r.wire.file_len = UINT32_MAX;
	r.wire.args_len = 8; /* the sum wraps */
	assert_int_equal(decode(&r, size, &ev), -EBADMSG);
	r.wire.file_len = WIRE_FILE + 1;
	r.wire.head.size = sizeof(r.wire) + WIRE_FILE + 9;
	assert_int_equal(decode(&r, sizeof(r), &ev), -EBADMSG);

	/* As long as can be, and every byte becomes three. */
	memset(big, 0x80, sizeof(big));
	size = an_exec(&r, big, WIRE_FILE, big, WIRE_ARGS);
	assert_int_equal(decode(&r, size, &ev), 0);
	assert_true(strlen(ev.exec.executable) < EV_EXE);
	assert_true(strlen(ev.exec.command_line) < EV_ARGS);
	assert_int_equal(ev.exec.args_cut, 1);
}

static struct wire_exit an_exit(void)
{
	return (struct wire_exit){
		.head = head(WIRE_EXIT, sizeof(struct wire_exit)),
		.who = who(31337, 23, "gunicorn"),
		.parent_tgid = 31300,
		.parent_start = 77,
		.pid_ns = 4026532100u,
		.status = 0x8b,
		.rss_flags = WIRE_RSS_VALID | WIRE_RSS_EXACT,
		.rss = {.file = 100, .anon = 200, .swap = 3, .shmem = 40},
		.max_rss = 350,
		.min_flt = 12,
		.maj_flt = 1,
		.oom_victim = 1,
		.source = WIRE_EXIT_FENTRY,
	};
}

static void test_exit(void **state)
{
	struct decode_config c = config;
	struct wire_exit wire = an_exit();
	union event ev;

	(void)state;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_int_equal(ev.head.type, EV_EXIT);
	check_who(&ev.exit.who, 31337, 0, "gunicorn");
	assert_int_equal(ev.exit.ns_pid, 23);
	assert_int_equal(ev.exit.parent_pid, 31300);
	assert_int_equal(ev.exit.parent_start, 77);
	assert_int_equal(ev.exit.pid_ns, 4026532100u);
	assert_int_equal(ev.exit.status, 0x8b);
	assert_int_equal(ev.exit.oom_victim, 1);
	assert_int_equal(ev.exit.rss_exact, 1);
	assert_int_equal(ev.exit.anon, 200 * PAGE);
	assert_int_equal(ev.exit.file, 100 * PAGE);
	assert_int_equal(ev.exit.shmem, 40 * PAGE);
	assert_int_equal(ev.exit.swap, 3 * PAGE);
	assert_int_equal(ev.exit.peak_rss, 350 * PAGE);
	assert_int_equal(ev.exit.minor_faults, 12);
	assert_int_equal(ev.exit.major_faults, 1);

	/* maxrss is approximate: never below what is there. */
	wire.max_rss = 339;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_int_equal(ev.exit.peak_rss, 340 * PAGE);

	/* A sum of per-CPU parts can come out below zero. */
	wire.rss.anon = -3;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_int_equal(ev.exit.anon, 0);

	c.rss_exact = false;
	assert_int_equal(decode_with(&c, &wire, sizeof(wire), &ev), 0);
	assert_int_equal(ev.exit.rss_exact, 0);
	wire.rss_flags = WIRE_RSS_VALID;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_int_equal(ev.exit.rss_exact, 0);
	assert_int_equal(ev.exit.file, 100 * PAGE);

	/* Its memory was gone already. */
	wire.rss_flags = WIRE_RSS_EXACT;
	wire.max_rss = 0;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_true(ev.exit.anon == S64_UNKNOWN && ev.exit.file == S64_UNKNOWN);
	assert_true(ev.exit.shmem == S64_UNKNOWN && ev.exit.swap == S64_UNKNOWN);
	assert_int_equal(ev.exit.rss_exact, 0);
	assert_true(ev.exit.peak_rss == U64_UNKNOWN);

	/* Numbers that no machine has. */
	wire = an_exit();
	wire.rss.anon = INT64_MAX;
	wire.max_rss = UINT64_MAX;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_true(ev.exit.anon == S64_UNKNOWN);
	assert_true(ev.exit.peak_rss == U64_UNKNOWN);
}

static void test_signal(void **state)
{
	struct wire_signal wire = {
		.head = head(WIRE_SIGNAL, sizeof(wire)),
		.sender = who(1, 2, "init"),
		.target = who(31337, 31340, "gunicorn"),
		.sig = 6,
		.code = -6,
		.info = WIRE_SI_REAL,
		.handler = WIRE_SA_HANDLER,
		.group = 5,
		.result = 2,
	};
	union event ev;

	(void)state;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_int_equal(ev.head.type, EV_SIGNAL);
	check_who(&ev.signal.sender, 1, 2, "init");
	check_who(&ev.signal.target, 31337, 31340, "gunicorn");
	assert_int_equal(ev.signal.sig, 6);
	assert_int_equal(ev.signal.code, -6);
	assert_int_equal(ev.signal.info, EV_SI_REAL);
	assert_int_equal(ev.signal.handler, EV_SA_HANDLER);
	assert_int_equal(ev.signal.group, 1);
	assert_int_equal(ev.signal.result, 2);
	wire.info = WIRE_SI_PRIV; /* there is no si_code then */
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_int_equal(ev.signal.code, 0);
}

struct cgroup_record {
	struct wire_cgroup wire;
	char path[WIRE_PATH + 1];
};

static size_t a_cgroup(struct cgroup_record *r, uint16_t kind, const char *path, size_t len)
{
	size_t size = sizeof(r->wire) + len;

	memset(r, 0, sizeof(*r));
	r->wire.head = head(kind, size);
	r->wire.id = 900;
	r->wire.parent_id = 800;
	r->wire.level = 2;
	r->wire.tgid = 31337;
	r->wire.start = 55;
	r->wire.path_len = (uint32_t)len;
	memcpy(r->path, path, len);
	return size;
}

static void test_cgroup(void **state)
{
	struct cgroup_record r;
	char path[WIRE_PATH];
	union event ev;
	size_t size = a_cgroup(&r, WIRE_CGROUP_NEW, "/docker/a", 9);

	(void)state;
	assert_int_equal(decode(&r, size, &ev), 0);
	assert_int_equal(ev.head.type, EV_CGROUP_NEW);
	assert_int_equal(ev.cgroup_new.id, 900);
	assert_int_equal(ev.cgroup_new.parent_id, 800);
	assert_int_equal(ev.cgroup_new.level, 2);
	assert_int_equal(ev.cgroup_new.scanned, 0);
	assert_int_equal(ev.cgroup_new.path_cut, 0);
	assert_string_equal(ev.cgroup_new.path, "/docker/a");

	for (size_t s = 0; s < size; s++)
		assert_int_equal(decode(&r, s, &ev), -EBADMSG);
	r.wire.path_len++;
	assert_int_equal(decode(&r, size, &ev), -EBADMSG);
	r.wire.path_len = WIRE_PATH + 1;
	r.wire.head.size = sizeof(r);
	assert_int_equal(decode(&r, sizeof(r), &ev), -EBADMSG);

	/* What lost its front says so; the root has no name; a NUL ends it. */
	size = a_cgroup(&r, WIRE_CGROUP_NEW, "ker/a\0x", 7);
	r.wire.path_cut = 1;
	assert_int_equal(decode(&r, size, &ev), 0);
	assert_string_equal(ev.cgroup_new.path, "/ker/a");
	assert_int_equal(ev.cgroup_new.path_cut, 1);
	size = a_cgroup(&r, WIRE_CGROUP_NEW, "", 0);
	assert_int_equal(decode(&r, size, &ev), 0);
	assert_string_equal(ev.cgroup_new.path, "/");

	/* Every byte becomes three: it no longer fits, and that is said. */
	memset(path, 0xfe, sizeof(path));
	size = a_cgroup(&r, WIRE_CGROUP_NEW, path, sizeof(path));
	assert_int_equal(decode(&r, size, &ev), 0);
	assert_true(strlen(ev.cgroup_new.path) < EV_PATH);
	assert_int_equal(ev.cgroup_new.path_cut, 1);

	size = a_cgroup(&r, WIRE_CGROUP_ATTACH, "", 0);
	assert_int_equal(decode(&r, size, &ev), 0);
	assert_int_equal(ev.head.type, EV_CGROUP_ATTACH);
	assert_int_equal(ev.cgroup_attach.id, 900);
	assert_int_equal(ev.cgroup_attach.pid, 31337);
	assert_int_equal(ev.cgroup_attach.start, 55);
}

static void test_cgroup_gone(void **state)
{
	struct wire_cgroup_gone r = {.head = head(WIRE_CGROUP_GONE, sizeof(r)),
				     .id = 900,
				     .level = {.id = 900, .usage = 3, .max = 1ull << 62},
				     .watermark = 7,
				     .oom_kills = 2,
				     .oom_kills_local = 1,
				     .v1 = 1};
	union event ev;

	(void)state;
	assert_int_equal(decode(&r, sizeof(r), &ev), 0);
	assert_int_equal(ev.head.type, EV_CGROUP_GONE);
	assert_int_equal(ev.cgroup_gone.id, 900);
	assert_int_equal(ev.cgroup_gone.level.usage, 3 * 4096);
	assert_true(ev.cgroup_gone.level.max == U64_UNLIMITED);
	assert_int_equal(ev.cgroup_gone.peak, 7 * 4096);
	assert_int_equal(ev.cgroup_gone.oom_kills, 2);
	assert_int_equal(ev.cgroup_gone.oom_kills_local, 1);
	assert_int_equal(ev.cgroup_gone.v1, 1);

	/* Without the controller there is nothing but the id. */
	r.level.id = 0;
	assert_int_equal(decode(&r, sizeof(r), &ev), 0);
	assert_int_equal(ev.cgroup_gone.id, 900);
	assert_int_equal(ev.cgroup_gone.level.id, 0);
	assert_true(ev.cgroup_gone.peak == U64_UNKNOWN);
	assert_true(ev.cgroup_gone.oom_kills_local == U64_UNKNOWN);

	for (size_t s = 0; s < sizeof(r); s++)
		assert_int_equal(decode(&r, s, &ev), -EBADMSG);
}

/* arm64 with pages of 64 KiB: the same record, other bytes, another "no limit". */
static void test_page_size(void **state)
{
	const struct decode_config c = {.page_size = 65536, .rss_exact = true};
	struct wire_snap_memcg memcg = {.level = {.id = 1, .usage = 2, .max = INT64_MAX / 65536}};
	union event ev;

	(void)state;
	assert_int_equal(decode_snap_memcg(&c, &memcg, sizeof(memcg), 0, &ev), 0);
	assert_int_equal(ev.memcg.level.usage, 131072);
	assert_true(ev.memcg.level.max == U64_UNLIMITED);
	memcg.level.max--;
	assert_int_equal(decode_snap_memcg(&c, &memcg, sizeof(memcg), 0, &ev), 0);
	assert_true(ev.memcg.level.max == (INT64_MAX / 65536 - 1) * 65536ull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork),         cmocka_unit_test(test_head),
		cmocka_unit_test(test_comm),         cmocka_unit_test(test_exec),
		cmocka_unit_test(test_exec_lengths), cmocka_unit_test(test_exit),
		cmocka_unit_test(test_signal),       cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_cgroup_gone),  cmocka_unit_test(test_page_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
