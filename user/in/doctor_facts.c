/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_facts.c - kernel, privileges, cgroups and runtimes of this machine, by reading only. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "in/doctor_facts.h"
#include "in/kvfile.h"
#include "in/procfs.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"
#define BIT(n)   (1ull << (n))

/* Newer than the headers of old distributions (Linux 5.8). */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

static const struct {
	const char *name;
	uint64_t any; /* one of these is enough */
	enum capability_need need;
	const char *lost;
} cap_table[DOCTOR_CAPS] = {
	{"CAP_BPF", BIT(CAP_BPF) | BIT(CAP_SYS_ADMIN), CAPABILITY_REQUIRED,
	 "BPF programs cannot be loaded"},
	{"CAP_PERFMON", BIT(CAP_PERFMON) | BIT(CAP_SYS_ADMIN), CAPABILITY_REQUIRED,
	 "tracing programs cannot be attached"},
	{"CAP_SYS_PTRACE", BIT(CAP_SYS_PTRACE), CAPABILITY_USEFUL,
	 "the executable of processes that were there before the agent"},
	{"CAP_DAC_READ_SEARCH", BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_DAC_OVERRIDE), CAPABILITY_USEFUL,
	 "files that only their owner may read, as the runtimes' state"},
	{"CAP_SYS_RESOURCE", BIT(CAP_SYS_RESOURCE), CAPABILITY_USEFUL,
	 "on kernels before 5.11 the locked-memory limit cannot be raised for BPF maps"},
	{"CAP_SYS_ADMIN", BIT(CAP_SYS_ADMIN), CAPABILITY_USEFUL,
	 "run times of the BPF programs may be missing in agent_health"},
};

static const struct runtime_fact runtime_table[DOCTOR_RUNTIMES] = {
	{"containerd", "/run/containerd"},
	{"docker", "/var/lib/docker/containers"},
	{"podman", "/var/lib/containers/storage"},
	{"cri-o", "/run/crio"},
	{"lxc", "/var/lib/lxc"},
	{"runc", "/run/runc"},
	{"crun", "/run/crun"},
	{"nspawn", "/run/systemd/machines"},
	{"systemd", "/run/systemd/system"},
	{"kubelet", "/var/lib/kubelet"},
};

bool doctor_capabilities(struct capability_fact caps[DOCTOR_CAPS], size_t *n, uint64_t effective)
{
	bool all = true;

	for (size_t i = 0; i < DOCTOR_CAPS; i++) {
		caps[i] = (struct capability_fact){
			.name = cap_table[i].name,
			.need = cap_table[i].need,
			.effective = (effective & cap_table[i].any) != 0,
			.lost = cap_table[i].lost,
		};
		if (caps[i].need == CAPABILITY_REQUIRED && !caps[i].effective)
			all = false;
	}
	*n = DOCTOR_CAPS;
	return all;
}

static uint64_t effective_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &head, data) < 0)
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static void gather_btf(struct doctor_facts *facts)
{
	_cleanup_close_ int fd = open(BTF_PATH, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		facts->btf_error = errno;
		return;
	}
	if (fstat(fd, &st) == 0 && st.st_size > 0)
		facts->btf_size = (uint64_t)st.st_size;
}

/* "none [integrity] confidentiality": the one in brackets is in force. */
static void gather_lockdown(struct doctor_facts *facts, const char *root)
{
	char path[512], text[128];
	char *open, *close;

	snprintf(path, sizeof(path), "%s/sys/kernel/security/lockdown", root);
	if (kvfile_read(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return;
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close)
		snprintf(facts->lockdown, sizeof(facts->lockdown), "%.*s", (int)(close - open - 1),
			 open + 1);
}

static void gather_runtimes(struct doctor_facts *facts, const char *root)
{
	for (size_t i = 0; i < DOCTOR_RUNTIMES; i++) {
		char path[512];
		struct stat st;

		snprintf(path, sizeof(path), "%s%s", root, runtime_table[i].path);
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			facts->runtimes[facts->n_runtimes++] = runtime_table[i];
	}
}

void doctor_facts_gather(struct doctor_facts *facts, const char *root)
{
	union event ev;

	memset(facts, 0, sizeof(*facts));
	event_init(&ev, EV_START, 0);
	procfs_host_identity(root, &ev.start);
	memcpy(facts->host, ev.start.host, sizeof(facts->host));
	memcpy(facts->kernel, ev.start.kernel, sizeof(facts->kernel));
	memcpy(facts->machine, ev.start.machine, sizeof(facts->machine));
	facts->cpus = ev.start.cpus;
	facts->memory_total = ev.start.memory_total;

	gather_btf(facts);
	gather_lockdown(facts, root);
	facts->uid = geteuid();
	facts->privileged =
		doctor_capabilities(facts->caps, &facts->n_caps, effective_capabilities());
	facts->cgroupfs_error = -cgroupfs_open(&facts->cgroupfs, root);
	gather_runtimes(facts, root);
}
