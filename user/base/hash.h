/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h - mixing of keys for the fixed tables of the core. */
#ifndef MW_BASE_HASH_H
#define MW_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* A bijective mix of 64 bits (xor-shift and multiply); equal inputs, equal outputs, everywhere. */
static inline uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 32;
	x *= 0x9e3779b97f4a7c15ull;
	x ^= x >> 29;
	x *= 0xd6e8feb86659fd93ull;
	x ^= x >> 32;
	return x;
}

static inline uint64_t hash_pair(uint64_t a, uint64_t b)
{
	return hash_u64(hash_u64(a) + 0x9e3779b97f4a7c15ull * (b + 1));
}

/* FNV-1a over len bytes, mixed. Not keyed: who controls the bytes can make two of them collide. */
static inline uint64_t hash_bytes(const char *s, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3ull;
	return hash_u64(h);
}

#endif
