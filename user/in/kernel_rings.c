/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_rings.c - the two ring buffers, read here and not by libbpf: its consumer has no bound (a
 * fork storm would hold it forever), cannot look after the OOM ring in between, and does not tell
 * how full a ring was.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "in/kernel_private.h"

#define OOM_EVERY 256 /* lesser records between two looks at the OOM ring */

int ring_open(struct kernel_ring *ring, int fd, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *consumer, *producer;
	size_t len = page + 2 * size;

	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumer == MAP_FAILED)
		return -errno;
	/* The data is mapped twice in a row, so that no record is cut at the end. */
	producer = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (producer == MAP_FAILED) {
		int r = -errno;

		munmap(consumer, page);
		return r;
	}
	*ring = (struct kernel_ring){
		.fd = fd,
		.size = size,
		.consumer = consumer,
		.producer = producer,
		.data = (const uint8_t *)producer + page,
		.consumer_map = consumer,
		.producer_map = producer,
		.producer_len = len,
	};
	return 0;
}

void ring_close(struct kernel_ring *ring)
{
	if (!ring->consumer_map)
		return;
	munmap(ring->consumer_map, (size_t)sysconf(_SC_PAGESIZE));
	munmap(ring->producer_map, ring->producer_len);
	ring->consumer_map = NULL;
}

uint64_t ring_used(const struct kernel_ring *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) -
	       __atomic_load_n(ring->consumer, __ATOMIC_RELAXED);
}

/*
 * Read up to max_records, and no more than stood in the ring at `end` (a producer position).
 * Returns how many were read; those that do not decode are counted in k and left out.
 */
static int ring_read(struct kernel *k, struct kernel_ring *ring, unsigned long end, int max_records,
		     event_sink sink, void *ctx)
{
	unsigned long at = *ring->consumer;
	int count = 0;

	while (count < max_records && (long)(end - at) > 0) {
		const uint8_t *head = ring->data + (at & (ring->size - 1));
		uint32_t word = __atomic_load_n((const uint32_t *)head, __ATOMIC_ACQUIRE);
		uint32_t len = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (word & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(word & BPF_RINGBUF_DISCARD_BIT)) {
			if (decode_record(&k->decode, head + BPF_RINGBUF_HDR_SZ, len, k->event))
				k->decode_errors++;
			else
				sink(ctx, k->event);
			count++;
		}
		at += (BPF_RINGBUF_HDR_SZ + len + 7) & ~7UL;
		__atomic_store_n(ring->consumer, at, __ATOMIC_RELEASE);
	}
	return count;
}

static unsigned long ring_end(struct kernel_ring *ring)
{
	unsigned long end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	uint64_t used = end - *ring->consumer;

	if (used > ring->peak)
		ring->peak = used;
	return end;
}

int kernel_drain(struct kernel *k, event_sink sink, void *ctx)
{
	struct epoll_event ready[2];
	unsigned long end;
	int total, n;

	/* Edge-triggered: taking the edges first means that what comes later wakes us again. */
	if (epoll_wait(k->epoll_fd, ready, 2, 0) < 0 && errno != EINTR)
		return -errno;
	/* What is there now, not what comes while we read: the caller wants to get on. */
	end = ring_end(&k->ring);
	total = ring_read(k, &k->oom_ring, ring_end(&k->oom_ring), INT32_MAX, sink, ctx);
	do {
		n = ring_read(k, &k->ring, end, OOM_EVERY, sink, ctx);
		total += n;
		total += ring_read(k, &k->oom_ring, ring_end(&k->oom_ring), INT32_MAX, sink, ctx);
	} while (n == OOM_EVERY);
	return total;
}

int kernel_poll_fd(const struct kernel *k)
{
	return k->epoll_fd;
}
