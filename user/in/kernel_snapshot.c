/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_snapshot.c - one pass of the task iterator, one of the cgroup iterator. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "in/kernel_private.h"

/* Read one stretch of the iterator's output; -EAGAIN (it ran long in the kernel) is tried again. */
static ssize_t iter_read(int fd, void *buf, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, buf, size);
	} while (n < 0 && (errno == EAGAIN || errno == EINTR));
	return n < 0 ? -errno : n;
}

static uint64_t tasks_decode(struct kernel *k, size_t have, uint64_t ts, event_sink sink, void *ctx)
{
	uint64_t count = 0;
	size_t at;

	for (at = 0; at + sizeof(struct wire_snap_task) <= have;
	     at += sizeof(struct wire_snap_task)) {
		if (decode_snap_task(&k->decode, k->snapshot + at, sizeof(struct wire_snap_task),
				     ts, k->event)) {
			k->decode_errors++;
			continue;
		}
		sink(ctx, k->event);
		count++;
	}
	memmove(k->snapshot, k->snapshot + at, have - at);
	return count;
}

int kernel_snapshot_tasks(struct kernel *k, event_sink sink, void *ctx)
{
	uint64_t begin = now_boot(), count = 0;
	_cleanup_close_ int fd = -1;
	size_t have = 0;

	if (!k->task_iter)
		return -EOPNOTSUPP;
	fd = bpf_iter_create(bpf_link__fd(k->task_iter));
	if (fd < 0)
		return fd;
	for (;;) {
		/*
		 * The time before the read: a process that ends right after it was looked at must
		 * not be seen alive after its exit.
		 */
		uint64_t ts = now_boot();
		ssize_t n = iter_read(fd, k->snapshot + have, SNAPSHOT_BYTES - have);

		if (n < 0)
			return (int)n;
		if (!n)
			break;
		have += (size_t)n;
		count += tasks_decode(k, have, ts, sink, ctx);
		have %= sizeof(struct wire_snap_task);
	}
	event_init(k->event, EV_TASKS_END, begin);
	k->event->tasks_end.count = count;
	k->event->tasks_end.taken_ns = now_boot() - begin;
	k->event->head.ts = now_boot();
	sink(ctx, k->event);
	return 0;
}

int kernel_snapshot_memcgs(struct kernel *k, event_sink sink, void *ctx)
{
	uint64_t ts = now_boot(), count = 0;
	_cleanup_close_ int fd = -1;
	uint32_t seen, i;
	ssize_t n;

	if (!k->memcg_iter)
		return -EOPNOTSUPP;
	fd = bpf_iter_create(bpf_link__fd(k->memcg_iter));
	if (fd < 0)
		return fd;
	__atomic_store_n(k->memcg_count, 0, __ATOMIC_SEQ_CST);
	/* The program writes into the mapped table: a read only drives it and gives nothing. */
	do {
		n = iter_read(fd, k->snapshot, SNAPSHOT_BYTES);
	} while (n > 0);
	if (n < 0)
		return (int)n;
	seen = __atomic_load_n(k->memcg_count, __ATOMIC_SEQ_CST);
	if (seen > k->memcg_peak)
		k->memcg_peak = seen;
	if (seen > k->memcg_capacity) {
		k->memcg_lost += seen - k->memcg_capacity;
		seen = k->memcg_capacity;
	}
	for (i = 0; i < seen; i++) {
		if (decode_snap_memcg(&k->decode, &k->memcg_table[i], sizeof(k->memcg_table[i]), ts,
				      k->event)) {
			k->decode_errors++;
			continue;
		}
		sink(ctx, k->event);
		count++;
	}
	event_init(k->event, EV_MEMCGS_END, now_boot());
	k->event->memcgs_end.count = count;
	sink(ctx, k->event);
	return 0;
}
