/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * BLAKE2b, from RFC 7693.
 * Runs as: session, root.  Input: anything.
 */
#include "config.h"

#include "lib/blake2b.h"

#include <string.h>

static const uint64_t IV[8] = { 0x6a09e667f3bcc908, 0xbb67ae8584caa73b,
	0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
	0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179 };

/* RFC 7693, section 2.7; rounds 10 and 11 are 0 and 1 again. */
static const unsigned char SIGMA[10][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint64_t
rotate(uint64_t x, unsigned n)
{
	return x >> n | x << (64 - n);
}

/* On little-endian machines compilers make this one load. */
static uint64_t
load(const unsigned char *p)
{
	uint64_t x = 0;

	for (unsigned i = 0; i < 8; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

/* A function of its own costs a third of the speed. */
__attribute__((always_inline)) static inline void
mix(uint64_t v[16], unsigned a, unsigned b, unsigned c, unsigned d, uint64_t x,
    uint64_t y)
{
	v[a] += v[b] + x;
	v[d] = rotate(v[d] ^ v[a], 32);
	v[c] += v[d];
	v[b] = rotate(v[b] ^ v[c], 24);
	v[a] += v[b] + y;
	v[d] = rotate(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = rotate(v[b] ^ v[c], 63);
}

static void
compress(struct blake2b *b, uint64_t last)
{
	uint64_t m[16], v[16];

	for (int i = 0; i < 16; i++)
		m[i] = load(b->block + 8 * (size_t)i);
	memcpy(v, b->h, sizeof b->h);
	memcpy(v + 8, IV, sizeof IV);
	v[12] ^= b->bytes;
	v[14] ^= last;
	for (int round = 0; round < 12; round++) {
		const unsigned char *s = SIGMA[round % 10];

		mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
		mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
		mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
		mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
		mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
		mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
		mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
		mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
	}
	for (int i = 0; i < 8; i++)
		b->h[i] ^= v[i] ^ v[i + 8];
	/* root's process hashes passwords, see repeat.c */
	explicit_bzero(m, sizeof m);
	explicit_bzero(v, sizeof v);
}

void
blake2b_start(struct blake2b *b)
{
	memcpy(b->h, IV, sizeof IV);
	b->h[0] ^= 0x01010000 ^ BLAKE2B_SIZE;
	b->bytes = 0;
	b->used = 0;
}

void
blake2b_add(struct blake2b *b, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len > 0) {
		size_t n = sizeof b->block - b->used;

		if (n == 0) {
			compress(b, 0);
			b->used = 0;
			continue;
		}
		if (n > len)
			n = len;
		memcpy(b->block + b->used, p, n);
		b->used += n;
		b->bytes += n;
		p += n;
		len -= n;
	}
}

void
blake2b_end(struct blake2b *b, unsigned char out[BLAKE2B_SIZE])
{
	memset(b->block + b->used, 0, sizeof b->block - b->used);
	compress(b, UINT64_MAX);
	for (unsigned i = 0; i < BLAKE2B_SIZE; i++)
		out[i] = (unsigned char)(b->h[i / 8] >> (8 * (i % 8)));
}
