/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_seeds.c - write the seed corpora of fuzz_decode, fuzz_cgpath, fuzz_role, fuzz_image_name,
 * fuzz_workload and fuzz_summary: one good input a kind.
 *
 * Run after a change of wire.h, from the top folder:
 *   cc -D_GNU_SOURCE -Iuser -I. -o /tmp/make_seeds tests/fuzz/make_seeds.c &&
 *   /tmp/make_seeds tests/fuzz/corpus
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "bpf/wire.h"

#define ID   "308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"
#define UID  "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3"
#define UID_ "3a0de2f9_c977_4d81_b7be_a1f0e6ac01b3"

static const char *folder;

static void put(const char *target, const char *name, const void *a, size_t a_len, const void *b,
		size_t b_len)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", folder, target, name);
	f = fopen(path, "wb");
	if (!f || fwrite(a, 1, a_len, f) != a_len || fwrite(b, 1, b_len, f) != b_len || fclose(f)) {
		perror(path);
		exit(1);
	}
}

/* `choice` is fuzz_decode's first byte. */
static void put_record(const char *name, char choice, const void *record, size_t size)
{
	put("decode", name, &choice, 1, record, size);
}

static struct wire_head head(__u16 kind, size_t size)
{
	return (struct wire_head){
		.kind = kind, .version = WIRE_VERSION, .size = (__u32)size, .ts = 1000000000};
}

static const struct wire_who who = {
	.tgid = 31337, .tid = 23, .start = 99, .memcg = 4711, .uid = 1000, .comm = "gunicorn"};
static const struct wire_rss rss = {.file = 1, .anon = 2, .swap = -3, .shmem = 4};

static void put_processes(void)
{
	struct wire_fork fork = {.head = head(WIRE_FORK, sizeof(fork)), .child = who};
	struct wire_exit exit = {.head = head(WIRE_EXIT, sizeof(exit)),
				 .who = who,
				 .rss = rss,
				 .rss_flags = WIRE_RSS_VALID,
				 .max_rss = 9};
	struct wire_signal signal = {.head = head(WIRE_SIGNAL, sizeof(signal)),
				     .sender = who,
				     .target = who,
				     .info = WIRE_SI_REAL,
				     .code = -6};
	static const char file[] = "/usr/bin/python3";
	static const char args[] = "python3\0--password=x\0postgres://u:p@host/db\0-p";
	struct {
		struct wire_exec exec;
		char text[sizeof(file) - 1 + sizeof(args)];
	} exec = {.exec = {.head = head(WIRE_EXEC, sizeof(exec)),
			   .who = who,
			   .file_len = sizeof(file) - 1,
			   .args_len = sizeof(args),
			   .args_total = sizeof(args) + 7}};
	size_t size = sizeof(exec.exec) + sizeof(exec.text);

	exec.exec.head.size = (__u32)size;
	memcpy(exec.text, file, sizeof(file) - 1);
	memcpy(exec.text + sizeof(file) - 1, args, sizeof(args));
	put_record("fork", 0, &fork, sizeof(fork));
	put_record("exit", 0, &exit, sizeof(exit));
	put_record("signal", 0, &signal, sizeof(signal));
	put_record("exec", 0, &exec, size);
	put_record("exec_plain", 1, &exec, size);
}

static void put_cgroups(void)
{
	static const __u16 kinds[] = {WIRE_CGROUP_NEW, WIRE_CGROUP_ATTACH};
	static const char *const names[] = {"cgroup_new", "cgroup_attach"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct {
			struct wire_cgroup cgroup;
			char path[8];
		} r = {.cgroup = {.head = head(kinds[i], sizeof(r)),
				  .id = 900,
				  .parent_id = 800,
				  .path_len = 8},
		       .path = "/docker"};

		put_record(names[i], 0, &r, sizeof(r));
	}
}

static void put_cgroup_gone(void)
{
	struct wire_cgroup_gone gone = {.head = head(WIRE_CGROUP_GONE, sizeof(gone)),
					.id = 900,
					.level = {.id = 900, .usage = 10, .max = 20},
					.watermark = 20,
					.oom_kills = 2,
					.oom_kills_local = 1};

	put_record("cgroup_gone", 0, &gone, sizeof(gone));
}

static void put_oom_and_snapshots(void)
{
	static const struct wire_level level = {.id = 800,
						.usage = 10,
						.max = 20,
						.high = 1ull << 62,
						.swap = -1,
						.events_max = 3,
						.events_high = 2,
						.oom_group = 1};
	struct wire_oom oom = {.head = head(WIRE_OOM, sizeof(oom)),
			       .victim = who,
			       .trigger = who,
			       .tier = WIRE_OOM_FENTRY,
			       .rss = rss,
			       .rss_flags = WIRE_RSS_VALID | WIRE_RSS_EXACT,
			       .gfp = 0x140dca,
			       .limit = level,
			       .split = {.anon = 4096, .file = 8192, .sock = ~0ull},
			       .levels = {level, level},
			       .n_levels = 2,
			       .victim_path = "/docker/a",
			       .victim_path_len = 9,
			       .limit_path = "/docker",
			       .limit_path_len = 7,
			       .message = "Memory cgroup out of memory"};
	struct wire_snap_task task = {.who = who, .rss = rss, .rss_flags = WIRE_RSS_VALID};
	struct wire_snap_memcg memcg = {
		.level = level, .parent_id = 1, .oom_kills = 2, .oom_kills_local = 1};

	put_record("oom", 8, &oom, sizeof(oom)); /* with the names of its flags */
	oom.tier = WIRE_OOM_TRACEPOINT;
	put_record("oom_tracepoint", 0x10, &oom, sizeof(oom));
	put_record("snap_task", 0x40, &task, sizeof(task));
	put_record("snap_memcg", 0x20, &memcg, sizeof(memcg));
}

static void put_paths(void)
{
	static const char *const paths[] = {
		"/",
		"/docker/" ID "/docker/" ID "/x",
		"/system.slice/docker-" ID ".scope/init.scope",
		"/kubepods/burstable/pod" UID "/crio-" ID,
		"/kubepods/pod" UID "/crio-conmon-" ID "/x",
		"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_
		".slice/cri-containerd-" ID ".scope",
		"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" UID_ ".slice/crio-" ID
		".scope",
		"/libpod_parent/" ID "/libpod-" ID "/container",
		"/machine.slice/machine-libpod_pod_" ID ".slice/libpod-conmon-" ID ".scope",
		"/machine.slice/machine-db\\x2d1.scope/payload/system.slice/a@b.service",
		"/user.slice/user-1000.slice/user@1000.service/app.slice/a.service/"
		"libpod-payload-" ID,
		"/lxc.payload.c1/system.slice/_memory.service",
		"/lxc/c1/ns/init.scope",
		"/k8s.io/" ID,
		"/x/kubelet/kubepods/besteffort/pode81de169a4c6cb8f6c760f09a28c4232/" ID,
		"/system.slice/a.service/kubepods-burstable-pod" UID_ ".slice:cri-containerd:" ID,
		"/ecs/" UID "/" ID "/crio/crio-" ID,
		"/machine.slice/systemd-nspawn@db\\x2d1.service/payload/init.scope",
		"/team.slice/nerdctl-" ID ".scope/lxc.monitor/101",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char name[16];

		snprintf(name, sizeof(name), "path%02zu", i);
		put("cgpath", name, paths[i], strlen(paths[i]), "", 0);
	}
}

static void put_roles(void)
{
	static const char *const lines[] = {
		"gunicorn: master [app]",
		"[celeryd: celery@host:ForkPoolWorker-1]",
		"puma: cluster worker 0: 17 [app]",
		"/usr/bin/python3.11 -u -m celery -A app",
		"python -c gunicorn",
		"/usr/sbin/apache2 -k start",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char name[16];

		snprintf(name, sizeof(name), "line%02zu", i);
		put("role", name, lines[i], strlen(lines[i]), "", 0);
	}
}

static void put_image_names(void)
{
	static const char *const names[] = {
		"nginx",
		"index.docker.io/library/nginx:1.25",
		"docker.io/quay.io/a__b/c.d-e:_1",
		"registry:5000/shop/api:1.4@sha256:" ID,
		"[fd00::1]:5000/a@sha512:" ID ID,
		"sha256:" ID,
		ID,
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char name[16];

		snprintf(name, sizeof(name), "name%02zu", i);
		put("image_name", name, names[i], strlen(names[i]), "", 0);
	}
}

static void put_pod_names(void)
{
	static const char *const names[] = {
		"shop-5c46f56cd5-kddt4",   "agent-9zcvl",   "web-0",
		"backup-28948930-3-x2z4w", "train-0-x2z4w", "backup-1736935800-x2z4w",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char name[16];

		snprintf(name, sizeof(name), "pod%02zu", i);
		put("workload", name, names[i], strlen(names[i]), "", 0);
	}
}

/* One byte of choices, then texts parted by NULs, see fuzz_summary.c. */
static void put_summaries(void)
{
	static const char names[] = "gunicorn\0api\0" ID "\0/docker/" ID "\0/kubepods\0conmon";
	static const char odd[] = "\xf0\x9f\x98\x80\0\xc3\xa4\xff\0\0\n/\x7f\0\xc2\x85\0";
	static const char choices[] = {0x00, 0x3f, 0x55, 0x2a};

	for (size_t i = 0; i < sizeof(choices); i++) {
		char name[16];

		snprintf(name, sizeof(name), "names%zu", i);
		put("summary", name, &choices[i], 1, names, sizeof(names));
		snprintf(name, sizeof(name), "odd%zu", i);
		put("summary", name, &choices[i], 1, odd, sizeof(odd));
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make_seeds FOLDER\n");
		return 2;
	}
	folder = argv[1];
	put_processes();
	put_cgroups();
	put_cgroup_gone();
	put_oom_and_snapshots();
	put_paths();
	put_roles();
	put_image_names();
	put_pod_names();
	put_summaries();
	return 0;
}
