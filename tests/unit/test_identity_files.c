/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_identity_files.c - what runtimes have really left on hosts (tests/hosts), read for every
 * container of its table; and what a file that is wrong by one byte says: nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "core/cgpath.h"
#include "in/identity.h"
#include "unit/tmptree.h"

#define TABLE   "tests/hosts/expected.tsv"
#define COLUMNS 16
#define ID64    "308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"
#define OTHER64 "308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578f"

enum {
	TREE,
	CGROUP,
	PID,
	ID,
	NAME,
	RUNTIME,
	TYPE,
	IMAGE,
	IMAGE_ID,
	LABELS,
	RESTARTS,
	POD,
	UID,
	NAMESPACE,
	CONTAINER,
	SOURCE
};

static const char labels[][EV_TEXT] = {"app", "com.docker.compose.service",
				       "org.opencontainers.image.title", "note"};

static struct identity found;

/* As user/cmd/whois.c asks. */
static int look(struct identity_reader *r, const char *path, uint32_t pid)
{
	struct identity_query q = {.path = path, .pid = pid};
	struct cgpath parsed;

	cgpath_parse(path, &parsed);
	q.runtime = parsed.runtime;
	q.id = parsed.id;
	q.name = parsed.name;
	q.pod_uid = parsed.pod_uid;
	q.own_len = parsed.own_len;
	return identity_read(r, &q, 4711, 99, &found);
}

static void expect(const char *what, const char *path, const char *got, const char *want)
{
	want = strcmp(want, "-") ? want : "";
	if (strcmp(got, want) != 0) {
		print_message("%s: %s is '%s', not '%s'\n", path, what, got, want);
		fail();
	}
}

static const char *either(const char *known, const char *otherwise)
{
	return known[0] ? known : otherwise;
}

static void check_row(char *const column[COLUMNS])
{
	const struct ev_identity *ev = &found.ev;
	const char *path = column[CGROUP];
	char root[128], got_labels[EV_LABELS], count[32] = "";
	struct identity_reader reader;
	struct cgpath parsed;
	uint64_t pid = 0;
	int r;

	snprintf(root, sizeof(root), "tests/hosts/%s", column[TREE]);
	assert_int_equal(identity_reader_open(&reader, root, labels, ARRAY_SIZE(labels)), 0);
	if (strcmp(column[PID], "-") != 0)
		assert_int_equal(parse_u64(column[PID], &pid), 0);
	r = look(&reader, path, (uint32_t)pid);
	identity_reader_close(&reader);
	cgpath_parse(path, &parsed);
	assert_int_equal(r == 1, strcmp(column[SOURCE], "path") != 0);
	assert_int_equal(ev->id, 4711);
	assert_int_equal(ev->head.ts, 99);
	expect("id", path, either(ev->container_id, parsed.id), column[ID]);
	expect("name", path, either(ev->name, parsed.name), column[NAME]);
	expect("runtime", path, either(ev->runtime, parsed.runtime), column[RUNTIME]);
	expect("type", path, ev->sandbox == 1 ? "sandbox" : "", column[TYPE]);
	expect("image", path, ev->image, column[IMAGE]);
	expect("image id", path, ev->image_id, column[IMAGE_ID]);
	strcpy(got_labels, ev->labels);
	for (char *p = got_labels; *p; p++)
		*p = *p == '\n' ? ';' : *p;
	expect("labels", path, got_labels, column[LABELS]);
	if (ev->restart_count != U64_UNKNOWN)
		snprintf(count, sizeof(count), "%llu", (unsigned long long)ev->restart_count);
	expect("restarts", path, count, column[RESTARTS]);
	expect("pod", path, ev->pod_name, column[POD]);
	expect("pod uid", path, either(ev->pod_uid, parsed.pod_uid), column[UID]);
	expect("namespace", path, ev->namespace, column[NAMESPACE]);
	expect("container", path, ev->k8s_container, column[CONTAINER]);
	expect("source", path, either(ev->source, "path"), column[SOURCE]);
	/* Whatever is said has a file behind it, and the file is under the root. */
	for (int i = 0; i < IDENTITY_FIELDS; i++)
		if (found.from[i].file[0])
			assert_true(found.from[i].file[0] == '/' && found.from[i].key[0]);
	assert_int_equal(ev->name[0] != '\0', found.from[IDENTITY_NAME].file[0] != '\0');
	assert_int_equal(ev->image[0] != '\0', found.from[IDENTITY_IMAGE].file[0] != '\0');
}

static void test_hosts(void **state)
{
	_cleanup_fclose_ FILE *f = fopen(TABLE, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int rows = 0;

	(void)state;
	assert_non_null(f);
	while (getline(&line, &size, f) > 0) {
		char *column[COLUMNS], *rest = line;
		int n = 0;

		if (line[0] == '#')
			continue;
		line[strcspn(line, "\n")] = '\0';
		while (rest && n < COLUMNS)
			column[n++] = strsep(&rest, "\t");
		assert_true(n == COLUMNS && !rest);
		check_row(column);
		rows++;
	}
	assert_true(rows >= 40);
}

/* ---- one byte off ---- */

static struct identity_reader reader;

static int setup(void **state)
{
	return tree_setup(state) ||
	       identity_reader_open(&reader, tree_root, labels, ARRAY_SIZE(labels));
}

static int teardown(void **state)
{
	identity_reader_close(&reader);
	return tree_teardown(state);
}

#define DOCKER     "/docker/" ID64
#define DOCKER_DIR "var/lib/docker/containers/" ID64

static void put_docker(const char *id)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"ID\":\"%s\",\"Name\":\"/web\",\"RestartCount\":2,\"Image\":\"sha256:" ID64
		 "\",\"Config\":{\"Image\":\"docker.io/library/"
		 "nginx\",\"Labels\":{\"app\":\"a\\nb\","
		 "\"note\":7}}}",
		 id);
	tree_put(DOCKER_DIR "/config.v2.json", text);
}

static void test_docker(void **state)
{
	(void)state;
	assert_int_equal(look(&reader, DOCKER, 0), 0);
	put_docker(ID64);
	assert_int_equal(look(&reader, DOCKER, 0), 1);
	assert_string_equal(found.ev.name, "web");
	assert_string_equal(found.ev.image, "nginx:latest");
	assert_string_equal(found.ev.image_id, "sha256:" ID64);
	/* What parts labels is no part of one, and what is no text is no label. */
	assert_string_equal(found.ev.labels, "app=a b");
	assert_int_equal(found.ev.restart_count, 2);
	put_docker(OTHER64);
	assert_int_equal(look(&reader, DOCKER, 0), 0);
	assert_string_equal(found.ev.source, "");
}

/* The administrator's other data root, by daemon.json. */
static void test_docker_data_root(void **state)
{
	char from[256], to[256];

	(void)state;
	put_docker(ID64);
	tree_put("srv/x", "");
	snprintf(from, sizeof(from), "%s/var/lib/docker", tree_root);
	snprintf(to, sizeof(to), "%s/srv/docker", tree_root);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(look(&reader, DOCKER, 0), 0);
	tree_put("etc/docker/daemon.json", "{\"data-root\":\"/srv/docker\"}");
	assert_int_equal(look(&reader, DOCKER, 0), 1);
	assert_string_equal(found.from[IDENTITY_NAME].file,
			    "/srv/docker/containers/" ID64 "/config.v2.json");
	assert_string_equal(found.from[IDENTITY_NAME].key, "Name");
}

/* A cgroup parent of the user's own: the path proves nothing, the file does. */
static void test_docker_in_a_parent(void **state)
{
	(void)state;
	assert_int_equal(look(&reader, "/custom/" ID64, 0), 0);
	put_docker(ID64);
	assert_int_equal(look(&reader, "/custom/" ID64, 0), 1);
	assert_string_equal(found.ev.runtime, "docker");
	assert_string_equal(found.ev.container_id, ID64);
	assert_int_equal(look(&reader, "/custom/" OTHER64, 0), 0);
	assert_int_equal(found.ev.own_len, U64_UNKNOWN);
}

/* Below it a container makes cgroups as it likes: they are its own, whatever they are called. */
static void test_docker_below_a_parent(void **state)
{
	(void)state;
	put_docker(ID64);
	assert_int_equal(look(&reader, "/custom/" ID64 "/init", 0), 1);
	assert_string_equal(found.ev.container_id, ID64);
	assert_int_equal(found.ev.own_len, strlen("/custom/" ID64));
	assert_int_equal(look(&reader, "/custom/" ID64 "/x/" OTHER64, 0), 1);
	assert_string_equal(found.ev.container_id, ID64);
	assert_int_equal(found.ev.own_len, strlen("/custom/" ID64));
	/* The administrator's directory may be called like an id of nobody's. */
	assert_int_equal(look(&reader, "/" OTHER64 "/" ID64, 0), 1);
	assert_int_equal(found.ev.own_len, strlen("/" OTHER64 "/" ID64));
}

static void put_bundle(const char *namespace, const char *id, const char *cgroup)
{
	char name[256], text[512];

	snprintf(name, sizeof(name),
		 "run/containerd/io.containerd.runtime.v2.task/%s/%s/config.json", namespace, id);
	snprintf(text, sizeof(text),
		 "{\"linux\":{\"cgroupsPath\":\"%s\"},\"annotations\":{\"app\":\"x\"}}", cgroup);
	tree_put(name, text);
}

static void test_ctr(void **state)
{
	(void)state;
	put_bundle("default", "c1", "/default/c1");
	assert_int_equal(look(&reader, "/default/c1", 0), 1);
	assert_string_equal(found.ev.runtime, "containerd");
	assert_string_equal(found.ev.container_id, "c1");
	assert_string_equal(found.ev.name, "c1");
	assert_string_equal(found.ev.labels, "app=x");
	assert_int_equal(found.ev.own_len, strlen("/default/c1"));
	/* A part of it, a namesake elsewhere, and one whose name only begins the same. */
	assert_int_equal(look(&reader, "/default/c1/sub", 0), 1);
	assert_int_equal(found.ev.own_len, strlen("/default/c1"));
	assert_int_equal(look(&reader, "/defaulu/c1", 0), 0);
	assert_int_equal(look(&reader, "/default/c1x", 0), 0);
	assert_int_equal(look(&reader, "/x/default/c1", 0), 0);
	put_bundle("default", "a-b", "app.slice:ctr:a-b");
	assert_int_equal(look(&reader, "/app.slice/ctr-a-b.scope", 0), 1);
	assert_string_equal(found.ev.name, "a-b");
	assert_int_equal(look(&reader, "/apq.slice/ctr-a-b.scope", 0), 0);
	assert_int_equal(look(&reader, "/app.slice/ctr-a-c.scope", 0), 0);
	/* Half written. */
	tree_put("run/containerd/io.containerd.runtime.v2.task/default/c1/config.json",
		 "{\"linux\":{\"cgroupsPath\":\"/default/c1\"}");
	assert_int_equal(look(&reader, "/default/c1", 0), 0);
}

/*
 * Any user's own systemd has an app.slice, too, and gives the scopes in it what names he likes: a
 * slice is where its name says, from the root on.
 */
static void test_a_scope_of_the_same_name(void **state)
{
	(void)state;
	put_bundle("default", "c1", "app.slice:ctr:c1");
	assert_int_equal(look(&reader, "/app.slice/ctr-c1.scope", 0), 1);
	assert_int_equal(found.ev.own_len, strlen("/app.slice/ctr-c1.scope"));
	assert_int_equal(look(&reader, "/app.slice/ctr-c1.scope/sub", 0), 1);
	assert_int_equal(found.ev.own_len, strlen("/app.slice/ctr-c1.scope"));
	assert_int_equal(look(&reader,
			      "/user.slice/user-1000.slice/user@1000.service/app.slice/"
			      "ctr-c1.scope",
			      0),
			 0);
	assert_int_equal(look(&reader, "/x/app.slice/ctr-c1.scope", 0), 0);
	assert_int_equal(look(&reader, "/app.slice/ctr-c1.scopf", 0), 0);
	put_bundle("default", "c2", "a-b-c.slice:ctr:c2");
	assert_int_equal(look(&reader, "/a.slice/a-b.slice/a-b-c.slice/ctr-c2.scope", 0), 1);
	assert_int_equal(look(&reader, "/a-b-c.slice/ctr-c2.scope", 0), 0);
	/* Without one it is in system.slice; the root is one, too. */
	put_bundle("default", "c3", ":ctr:c3");
	assert_int_equal(look(&reader, "/system.slice/ctr-c3.scope", 0), 1);
	assert_int_equal(look(&reader, "/ctr-c3.scope", 0), 0);
	put_bundle("default", "c4", "-.slice:ctr:c4");
	assert_int_equal(look(&reader, "/ctr-c4.scope", 0), 1);
	/* What systemd takes for no slice. */
	put_bundle("default", "c5", "app:ctr:c5");
	assert_int_equal(look(&reader, "/app/ctr-c5.scope", 0), 0);
	put_bundle("default", "c6", "a--b.slice:ctr:c6");
	assert_int_equal(look(&reader, "/a.slice/a-.slice/a--b.slice/ctr-c6.scope", 0), 0);
}

#define POD_UID "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3"
#define POD     "/kubepods/burstable/pod" POD_UID "/" ID64

static void put_cri(const char *uid, const char *type)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"api\","
		 "\"io.kubernetes.cri.container-type\":\"%s\","
		 "\"io.kubernetes.cri.sandbox-uid\":\"%s\","
		 "\"io.kubernetes.cri.sandbox-name\":\"shop-0\","
		 "\"io.kubernetes.cri.sandbox-namespace\":\"prod\"}}",
		 type, uid);
	tree_put("run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID64 "/config.json", text);
}

static void test_another_pods_container(void **state)
{
	(void)state;
	put_cri(POD_UID, "container");
	assert_int_equal(look(&reader, POD, 0), 1);
	assert_string_equal(found.ev.k8s_container, "api");
	put_cri("3a0de2f9-c977-4d81-b7be-a1f0e6ac01b4", "container");
	assert_int_equal(look(&reader, POD, 0), 0);
	put_cri(POD_UID, "sandbox");
	assert_int_equal(look(&reader, POD, 0), 1);
	assert_int_equal(found.ev.sandbox, 1);
	assert_string_equal(found.ev.k8s_container, "");
	assert_string_equal(found.ev.name, "");
}

static void test_pod_logs(void **state)
{
	(void)state;
	put_cri(POD_UID, "container");
	tree_put("var/log/pods/prod_shop-0_" POD_UID "/api/1.log", "");
	tree_put("var/log/pods/prod_shop-0_" POD_UID "/api/10.log.20261120-104239.gz", "");
	tree_put("var/log/pods/prod_shop-0_" POD_UID "/api/11.lo", "");
	tree_put("var/log/pods/prod_shop-0_" POD_UID "/api/12.logs", "");
	tree_put("var/log/pods/prod_shop-0_" POD_UID "/api/x13.log", "");
	tree_put("var/log/pods/prod_shop-0_" POD_UID "/other/99.log", "");
	assert_int_equal(look(&reader, POD, 0), 1);
	assert_int_equal(found.ev.restart_count, 10);
	assert_string_equal(found.from[IDENTITY_RESTARTS].file,
			    "/var/log/pods/prod_shop-0_" POD_UID "/api");
}

/* containerd before 1.5 does not write the pod's uid: the path has it. */
static void test_pod_logs_of_an_old_containerd(void **state)
{
	(void)state;
	tree_put("run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID64 "/config.json",
		 "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"api\","
		 "\"io.kubernetes.cri.container-type\":\"container\","
		 "\"io.kubernetes.cri.sandbox-name\":\"shop-0\","
		 "\"io.kubernetes.cri.sandbox-namespace\":\"prod\"}}");
	tree_put("var/log/pods/prod_shop-0_" POD_UID "/api/2.log", "");
	tree_put("var/log/pods/prod_shop-0_/api/7.log", "");
	assert_int_equal(look(&reader, POD, 0), 1);
	assert_string_equal(found.ev.k8s_container, "api");
	assert_int_equal(found.ev.restart_count, 2);
}

/* Without its runtime's file, the kubelet's directory names the pod, and its mounts the container.
 */
static void test_pod_directory(void **state)
{
	(void)state;
	tree_put("var/log/pods/prod_shop-0_" POD_UID "/api/3.log", "");
	tree_put("var/log/pods/prod_shop_1_" POD_UID "/api/4.log", "");
	tree_put("proc/77/mountinfo",
		 "1 2 8:1 /var/lib/kubelet/pods/" POD_UID
		 "/containers/api/b542a803 /dev/termination-log rw - ext4 x rw\n");
	tree_put("proc/78/mountinfo",
		 "1 2 8:1 /pods/3a0de2f9-c977-4d81-b7be-a1f0e6ac01b4/containers/api/b542a803 /x rw "
		 "- ext4 "
		 "x rw\n1 2 8:1 /pods/" POD_UID "/containers/../etc /x rw - ext4 x rw\n");
	assert_int_equal(look(&reader, POD, 77), 1);
	assert_string_equal(found.ev.source, "pod-directory");
	assert_string_equal(found.ev.pod_name, "shop-0");
	assert_string_equal(found.ev.namespace, "prod");
	assert_string_equal(found.ev.k8s_container, "api");
	assert_int_equal(found.ev.restart_count, 3);
	assert_int_equal(look(&reader, POD, 78), 1);
	assert_string_equal(found.ev.k8s_container, "");
	assert_int_equal(found.ev.restart_count, U64_UNKNOWN);
}

static void put_runc(const char *id, const char *dir)
{
	char name[128], text[512];

	snprintf(name, sizeof(name), "run/runc/%s/state.json", id);
	snprintf(text, sizeof(text),
		 "{\"id\":\"%s\",\"config\":{\"labels\":[\"app=x=y\",\"nothing\"]},"
		 "\"cgroup_paths\":{\"memory\":\"%s\"}}",
		 id, dir);
	tree_put(name, text);
}

static void test_runc(void **state)
{
	(void)state;
	put_runc("job", "/sys/fs/cgroup/memory/batch/x1");
	assert_int_equal(look(&reader, "/batch/x1", 0), 1);
	assert_string_equal(found.ev.runtime, "runc");
	assert_string_equal(found.ev.name, "job");
	assert_string_equal(found.ev.labels, "app=x=y");
	assert_int_equal(look(&reader, "/batch/x2", 0), 0);
	assert_int_equal(look(&reader, "/memory/batch/x1", 0), 0);
	put_runc("job", "/sys/fs/cgroup/memorx/batch/x1");
	assert_int_equal(look(&reader, "/batch/x1", 0), 0);
	/* A full id is podman's, which has files of its own: not taken for runc's alone. */
	put_runc("job", "/nowhere");
	put_runc(ID64, "/sys/fs/cgroup/memory/batch/x1");
	assert_int_equal(look(&reader, "/batch/x1", 0), 0);
}

static void test_crun(void **state)
{
	(void)state;
	tree_put("run/crun/job/status", "{\"cgroup-path\":\"/batch/x1\"}");
	tree_put("run/crun/job/config.json", "{\"annotations\":{\"note\":\"n\"}}");
	assert_int_equal(look(&reader, "/batch/x1/container", 0), 1);
	assert_string_equal(found.ev.runtime, "crun");
	assert_string_equal(found.ev.name, "job");
	assert_string_equal(found.ev.labels, "note=n");
	assert_int_equal(found.ev.own_len, strlen("/batch/x1"));
	assert_int_equal(look(&reader, "/batch/x", 0), 0);
}

#define CRIO                                                                                       \
	"/kubepods.slice/kubepods-pod3a0de2f9_c977_4d81_b7be_a1f0e6ac01b3.slice/crio-" ID64 ".sco" \
	"pe"

static void put_crio(const char *id, const char *uid)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "{\"annotations\":{\"io.kubernetes.cri-o.ContainerID\":\"%s\","
		 "\"io.kubernetes.cri-o.ContainerType\":\"container\","
		 "\"io.kubernetes.cri-o.ImageName\":\"quay.io/shop/api:1.4\","
		 "\"io.kubernetes.container.restartCount\":\"4\",\"io.kubernetes.pod.uid\":\"%s\","
		 "\"io.kubernetes.cri-o.Labels\":\"{\\\"io.kubernetes.container.name\\\":"
		 "\\\"api\\\",\\\"io.kubernetes.pod.name\\\":\\\"shop-0\\\",\\\"app\\\":"
		 "\\\"shop\\\",\\\"io.kubernetes.pod.namespace\\\":\\\"prod\\\"}\"}}",
		 id, uid);
	tree_put("run/containers/storage/overlay-containers/" ID64 "/userdata/config.json", text);
}

/* Documented, not run: what CRI-O writes into its bundles. */
static void test_crio(void **state)
{
	(void)state;
	put_crio(ID64, POD_UID);
	assert_int_equal(look(&reader, CRIO, 0), 1);
	assert_string_equal(found.ev.runtime, "cri-o");
	assert_string_equal(found.ev.k8s_container, "api");
	assert_string_equal(found.ev.pod_name, "shop-0");
	assert_string_equal(found.ev.namespace, "prod");
	assert_string_equal(found.ev.pod_uid, POD_UID);
	assert_string_equal(found.ev.image, "quay.io/shop/api:1.4");
	assert_string_equal(found.ev.labels, "app=shop");
	assert_int_equal(found.ev.restart_count, 4);
	/* Another container's, and another pod's. */
	put_crio(OTHER64, POD_UID);
	assert_int_equal(look(&reader, CRIO, 0), 0);
	put_crio(ID64, "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b4");
	assert_int_equal(look(&reader, CRIO, 0), 0);
	assert_string_equal(found.ev.pod_name, "");
}

#define ROOTLESS "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID64 ".scope"
#define STORAGE  "home/joe/.local/share/containers/storage/overlay-containers"

static void own(const char *name, uid_t uid)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", tree_root, name);
	assert_int_equal(chown(path, uid, uid), 0);
}

/* A user's containers are in his home, in files of his own; nobody else's say anything of them. */
static void test_rootless(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	tree_put("etc/passwd", "root:x:0:0:root:/root:/bin/sh\njo:x:100:1:::/h\n"
			       "joe:x:1000:1000:Joe,,,:/home/joe:/bin/sh\n");
	tree_put(STORAGE "/containers.json", "[{\"id\":\"" ID64 "\",\"names\":[\"web\"]}]");
	assert_int_equal(look(&reader, ROOTLESS, 0), 0);
	own(STORAGE "/containers.json", 1000);
	assert_int_equal(look(&reader, ROOTLESS, 0), 1);
	assert_string_equal(found.ev.name, "web");
	/* Root's are no user's, and a user's not another's. */
	assert_int_equal(look(&reader, "/machine.slice/libpod-" ID64 ".scope", 0), 0);
	tree_put("etc/passwd", "joe:x:1001:1000:Joe,,,:/home/joe:/bin/sh\n");
	assert_int_equal(look(&reader, ROOTLESS, 0), 0);
}

/* The parsed list stays only as long as the file does. */
static void test_podman_list_changes(void **state)
{
	static const char list[] = "var/lib/containers/storage/overlay-containers/containers.json";
	char path[256], other[256];

	(void)state;
	tree_put(list, "[{\"id\":\"" ID64 "\",\"names\":[\"web\"],\"metadata\":\"{}\"}]");
	assert_int_equal(look(&reader, "/libpod_parent/libpod-" ID64, 0), 1);
	assert_string_equal(found.ev.name, "web");
	tree_put("new", "[{\"id\":\"" ID64 "\",\"names\":[\"wed\"],\"metadata\":\"{}\"}]");
	snprintf(path, sizeof(path), "%s/%s", tree_root, list);
	snprintf(other, sizeof(other), "%s/new", tree_root);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(look(&reader, "/libpod_parent/libpod-" ID64, 0), 1);
	assert_string_equal(found.ev.name, "wed");
	tree_put(list, "[{\"id\":\"" OTHER64 "\",\"names\":[\"web\"]}]");
	assert_int_equal(look(&reader, "/libpod_parent/libpod-" ID64, 0), 0);
}

/* A machine in a unit of another name: by the link that machined keeps for the unit. */
static void test_machine_in_a_unit(void **state)
{
	static const char path[] = "/machine.slice/outer.service/payload";
	char link[256];

	(void)state;
	assert_int_equal(look(&reader, path, 0), 0);
	tree_put("run/systemd/machines/inner", "NAME=inner\nSCOPE=outer.service\n");
	assert_int_equal(look(&reader, path, 0), 0);
	snprintf(link, sizeof(link), "%s/run/systemd/machines/unit:outer.service", tree_root);
	assert_int_equal(symlink("inner", link), 0);
	assert_int_equal(look(&reader, path, 0), 1);
	assert_string_equal(found.ev.name, "inner");
	assert_string_equal(found.from[IDENTITY_NAME].file, "/run/systemd/machines/inner");
	assert_int_equal(look(&reader, "/machine.slice/outez.service", 0), 0);
	tree_put("run/systemd/machines/inner", "NAME=inner\nSCOPE=other.service\n");
	assert_int_equal(look(&reader, path, 0), 0);
	/* Nowhere else, and nothing that is no link. */
	unlink(link);
	assert_int_equal(symlink("../machines/inner", link), 0);
	assert_int_equal(look(&reader, path, 0), 0);
	unlink(link);
	tree_put("run/systemd/machines/unit:outer.service", "inner");
	assert_int_equal(look(&reader, path, 0), 0);
}

/* A pod's own container: by its name and the pod's id around it, both. */
static void test_podman_infra(void **state)
{
	static const char list[] = "var/lib/containers/storage/overlay-containers/containers.json";

	(void)state;
	tree_put(list, "[{\"id\":\"" OTHER64 "\",\"names\":[\"308a25119baf-infra\"]}]");
	assert_int_equal(look(&reader, "/libpod_parent/" ID64 "/libpod-" OTHER64, 0), 1);
	assert_int_equal(found.ev.sandbox, 1);
	assert_int_equal(look(&reader,
			      "/machine.slice/machine-libpod_pod_" ID64 ".slice/libpod-" OTHER64
			      ".scope/container",
			      0),
			 1);
	assert_int_equal(found.ev.sandbox, 1);
	assert_int_equal(look(&reader, "/libpod_parent/libpod-" OTHER64, 0), 1);
	assert_int_equal(found.ev.sandbox, U64_UNKNOWN);
	tree_put(list, "[{\"id\":\"" OTHER64 "\",\"names\":[\"308a25119bae-infra\"]}]");
	assert_int_equal(look(&reader, "/libpod_parent/" ID64 "/libpod-" OTHER64, 0), 1);
	assert_int_equal(found.ev.sandbox, U64_UNKNOWN);
	assert_string_equal(found.ev.name, "308a25119bae-infra");
}

static void test_nothing_to_expect(void **state)
{
	(void)state;
	assert_int_equal(look(&reader, "/system.slice/nginx.service", 0), -ENOENT);
	assert_int_equal(look(&reader, "/user.slice/user-0.slice/session-3.scope", 0), -ENOENT);
	assert_int_equal(look(&reader, "/lxc.payload.box", 0), -ENOENT);
	assert_int_equal(look(&reader, "/app.slice/run-x.scope", 0), 0);
}

/* Labels that do not fit are said to be cut, and no label is half. */
static void test_many_labels(void **state)
{
	static char text[2048], value[400];

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	snprintf(text, sizeof(text),
		 "{\"ID\":\"" ID64 "\",\"Name\":\"/web\",\"Config\":{\"Labels\":{\"app\":\"%s\","
		 "\"com.docker.compose.service\":\"%s\",\"note\":\"short\"}}}",
		 value, value);
	tree_put(DOCKER_DIR "/config.v2.json", text);
	assert_int_equal(look(&reader, DOCKER, 0), 1);
	assert_int_equal(found.ev.labels_cut, 1);
	assert_non_null(strstr(found.ev.labels, "\nnote=short"));
}

#define FILE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		FILE_TEST(test_docker),
		FILE_TEST(test_docker_data_root),
		FILE_TEST(test_docker_in_a_parent),
		FILE_TEST(test_docker_below_a_parent),
		FILE_TEST(test_ctr),
		FILE_TEST(test_a_scope_of_the_same_name),
		FILE_TEST(test_another_pods_container),
		FILE_TEST(test_pod_logs),
		FILE_TEST(test_pod_logs_of_an_old_containerd),
		FILE_TEST(test_pod_directory),
		FILE_TEST(test_runc),
		FILE_TEST(test_crun),
		FILE_TEST(test_crio),
		FILE_TEST(test_rootless),
		FILE_TEST(test_podman_list_changes),
		FILE_TEST(test_machine_in_a_unit),
		FILE_TEST(test_podman_infra),
		FILE_TEST(test_nothing_to_expect),
		FILE_TEST(test_many_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
