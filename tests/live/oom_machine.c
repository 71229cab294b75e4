/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom_machine.c - what takes the machine itself, and so only a virtual one can be asked for: all of
 * its memory, a process outside every container, swap, and a node of its memory. run.sh gives the
 * VM a second disk for swap and a second, small node (VM_NODE of 96 MiB).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "oom.h"

#define SWAP_LIMIT (24 * MIB)
#define VM_NODE    1
#define HELD       (64 * MIB)

/* Global kills move the counters of everybody. */
static void is_global(struct expected_oom *o)
{
	o->busy = true;
	o->level = "host";
	o->relation = "host";
}

static void eat_everything(void *arg)
{
	(void)arg;
	oom_set_adj(getpid(), 1000);
	eat(0, false);
}

void oom_global(struct live *l)
{
	struct expected_oom *o;
	struct cg cg;

	if (!l->vm) {
		oom_left_out("oom/global", "only a VM's memory may be used up");
		return;
	}
	if (oom_cg(l, "oom/global", 0, &cg))
		return;
	o = oom_one(l, "global", "mw-global", &cg, NULL, eat_everything);
	if (o)
		is_global(o);
}

/* ---- a process of the host's own cgroup asks, one in a container goes ---- */

static uint64_t kernel_kills(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/vmstat", "re");
	unsigned long long v;
	char name[64];

	while (f && fscanf(f, "%63s %llu", name, &v) == 2)
		if (!strcmp(name, "oom_kill"))
			return v;
	return 0;
}

static void eat_and_hold(void *arg)
{
	eat(HELD, false);
	oom_tell_made(arg, 0, getpid());
	oom_sleep(NULL);
}

/* Stops by itself as soon as somebody was killed for it. */
static void eat_until_a_kill(void *arg)
{
	uint64_t before = kernel_kills();

	(void)arg;
	while (kernel_kills() == before)
		eat(MIB, false);
}

void oom_host(struct live *l)
{
	struct scratch *s = scratch_new();
	struct expected_oom *o;
	struct child victim, eater;
	struct cg cg;

	if (!l->vm) {
		oom_left_out("oom/host", "only a VM's memory may be used up");
		return;
	}
	if (!s || oom_cg(l, "oom/host", 0, &cg) ||
	    oom_child(l, &victim, &cg, "mw-held", eat_and_hold, s))
		return;
	oom_set_adj(victim.pid, 1000);
	oom_pace(l, 1);
	o = oom_expect(l, "asked for by the host", &cg, NULL);
	is_global(o);
	oom_expect_made(o, s, 0, true);
	/* It stays where the tests are: in no container. */
	if (!oom_child(l, &eater, NULL, "mw-outside", eat_until_a_kill, NULL)) {
		oom_expect_bystander(o, eater.pid);
		oom_expect_maybe(l, o, eater.pid);
		oom_reap(l, o->what, &victim);
		/* By itself: only a kill of its own ends it otherwise. */
		child_wait(&eater, &(int){0}, NULL);
		oom_settle_maybe(l, eater.pid);
	}
	scratch_free(s);
}

/* ---- swap ---- */

/* What mkswap(8) writes: version, last page, and the magic at the end of the first page. */
static int make_swap(const char *disk)
{
	uint32_t page[1024] = {[256] = 1};
	_cleanup_close_ int fd = open(disk, O_RDWR | O_CLOEXEC);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (size < (off_t)sizeof(page) * 16)
		return -errno;
	page[257] = (uint32_t)((uint64_t)size / sizeof(page)) - 1;
	memcpy((char *)page + sizeof(page) - 10, "SWAPSPACE2", 10);
	if (pwrite(fd, page, sizeof(page), 0) != (ssize_t)sizeof(page) || fsync(fd))
		return -EIO;
	return swapon(disk, 0) ? -errno : 0;
}

static int limit_swap(const struct live *l, const struct cg *cg)
{
	char text[32];

	/* v1 limits both together. */
	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)(SWAP_LIMIT + (l->cgroups.v1 ? OOM_LIMIT : 0)));
	return cg_write(cg, l->cgroups.v1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max",
			text);
}

void oom_swap(struct live *l)
{
	struct expected_oom *o;
	char disk[64];
	struct cg cg;
	int err;

	if (!l->vm) {
		oom_left_out("oom/swap", "the swap of a machine is not for tests to set up");
		return;
	}
	if (oom_cg(l, "oom/swap", OOM_LIMIT, &cg))
		return;
	err = vm_disk(VM_DISK_SWAP, disk, sizeof(disk)) ? limit_swap(l, &cg) : -ENODEV;
	if (!err)
		err = make_swap(disk);
	if (err) {
		oom_failed(l, "swap", err);
		return;
	}
	o = oom_one(l, "swap", "mw-swap", &cg, &cg, oom_eat_all);
	if (o)
		o->swaps = true;
	if (swapoff(disk))
		printf("  swap: cannot be ended: %s\n", strerror(errno));
}

/* ---- a node of the memory ---- */

static bool has_node(struct live *l, const char *name)
{
	if (!l->vm)
		oom_left_out(name, "only a VM's memory may be used up");
	return l->vm;
}

static int write_at(const char *dir, const char *file, const char *text)
{
	struct cg cg;

	snprintf(cg.dir, sizeof(cg.dir), "%s", dir);
	return cg_write(&cg, file, text);
}

/* v2: the controller is handed down to the memory cgroup's own directory. */
static int confine_v2(struct live *l, const struct cg *cg)
{
	char dir[LIVE_PATH * 2];
	int err = write_at(l->cgroups.mount, "cgroup.subtree_control", "+cpuset");

	for (const char *p = cg->path + 1; !err && (p = strchr(p, '/')); p++) {
		snprintf(dir, sizeof(dir), "%s%.*s", l->cgroups.mount, (int)(p - cg->path),
			 cg->path);
		err = write_at(dir, "cgroup.subtree_control", "+cpuset");
	}
	return err ? err : cg_write(cg, "cpuset.mems", "1");
}

#define CPUSET_V1 "/sys/fs/cgroup/cpuset"

/* v1: a hierarchy of its own. */
static int confine_v1(pid_t pid)
{
	static const char dir[] = CPUSET_V1 "/node1";
	char text[16];
	int err;

	mkdir(CPUSET_V1, 0755);
	if (mount("cgroup", CPUSET_V1, "cgroup", 0, "cpuset") && errno != EBUSY)
		return -errno;
	if (mkdir(dir, 0755) && errno != EEXIST)
		return -errno;
	snprintf(text, sizeof(text), "%d", (int)pid);
	err = write_at(dir, "cpuset.cpus", "0-1");
	if (!err)
		err = write_at(dir, "cpuset.mems", "1");
	return err ? err : write_at(dir, "cgroup.procs", text);
}

static void wait_and_eat_node(void *arg)
{
	struct scratch *s = arg;

	oom_set_adj(getpid(), 1000);
	while (!atomic_load(&s->go))
		sleep_ms(1);
	eat(0, false);
}

void oom_cpuset(struct live *l)
{
	struct scratch *s = scratch_new();
	struct expected_oom *o;
	struct child c;
	struct cg cg;
	int err;

	if (!s || !has_node(l, "oom/cpuset") || oom_cg(l, "oom/cpuset", 0, &cg))
		return;
	oom_pace(l, 1);
	o = oom_expect(l, "cpuset", &cg, NULL);
	is_global(o);
	o->constraint = "cpuset";
	if (oom_child(l, &c, &cg, "mw-cpuset", wait_and_eat_node, s))
		return;
	oom_expect_victim(o, c.pid);
	err = l->cgroups.v1 ? confine_v1(c.pid) : confine_v2(l, &cg);
	if (err) {
		/* It may not eat all of the machine instead. */
		oom_failed(l, "cpuset", err);
		oom_end(o->what, &c);
	} else {
		atomic_store(&s->go, 1);
		oom_reap(l, "cpuset", &c);
	}
	scratch_free(s);
}

static void eat_bound(void *arg)
{
	unsigned long nodes = 1UL << VM_NODE;

	oom_set_adj(getpid(), 1000);
	(void)arg;
	/* It may not eat all of the machine instead. */
	if (syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, sizeof(nodes) * 8))
		_exit(91);
	eat(0, false);
}

void oom_mempolicy(struct live *l)
{
	struct expected_oom *o;
	struct cg cg;

	if (!has_node(l, "oom/mempolicy") || oom_cg(l, "oom/mempolicy", 0, &cg))
		return;
	o = oom_one(l, "mempolicy", "mw-mempolicy", &cg, NULL, eat_bound);
	if (!o)
		return;
	is_global(o);
	o->constraint = "mempolicy";
}
