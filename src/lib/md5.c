/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * MD5, written from RFC 1321.
 * Runs as: verify.  Input: challenges and passwords.
 */
#include "config.h"

#include "lib/md5.h"

#include <string.h>

/* Section 3.4: the integer part of 2^32 times abs(sin(i + 1)). */
static const uint32_t T[64] = { 0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee,
	0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af,
	0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
	0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453,
	0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
	0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681,
	0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5,
	0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039,
	0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0,
	0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
	0xeb86d391 };

/* By round and by step of four. */
static const unsigned char shifts[4][4] = { { 7, 12, 17, 22 }, { 5, 9, 14, 20 },
	{ 4, 11, 16, 23 }, { 6, 10, 15, 21 } };

static uint32_t
mix(unsigned round, uint32_t x, uint32_t y, uint32_t z)
{
	switch (round) {
	case 0:
		return (x & y) | (~x & z);
	case 1:
		return (x & z) | (y & ~z);
	case 2:
		return x ^ y ^ z;
	default:
		return y ^ (x | ~z);
	}
}

static void
compress(uint32_t h[4], const unsigned char *p)
{
	static const unsigned char step[4] = { 1, 5, 3, 7 };
	static const unsigned char first[4] = { 0, 1, 5, 0 };
	uint32_t w[16], a = h[0], b = h[1], c = h[2], d = h[3];

	for (unsigned i = 0; i < 16; i++, p += 4)
		w[i] = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		    (uint32_t)p[3] << 24;
	for (unsigned i = 0; i < 64; i++) {
		unsigned round = i / 16, n = shifts[round][i % 4];
		uint32_t t = a + mix(round, b, c, d) + T[i] +
		    w[(first[round] + step[round] * i) % 16];

		a = d;
		d = c;
		c = b;
		b += t << n | t >> (32 - n);
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	explicit_bzero(w, sizeof w);
}

void
md5_start(struct md5 *m)
{
	static const uint32_t initial[4] = { 0x67452301, 0xefcdab89, 0x98badcfe,
		0x10325476 };

	memcpy(m->h, initial, sizeof m->h);
	m->bytes = 0;
}

void
md5_add(struct md5 *m, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len > 0) {
		size_t at = (size_t)(m->bytes % MD5_BLOCK);
		size_t n = MD5_BLOCK - at;

		if (n > len)
			n = len;
		memcpy(m->block + at, p, n);
		m->bytes += n;
		p += n;
		len -= n;
		if (at + n == MD5_BLOCK)
			compress(m->h, m->block);
	}
}

void
md5_end(struct md5 *m, unsigned char out[MD5_SIZE])
{
	static const unsigned char padding[MD5_BLOCK] = { 0x80 };
	unsigned char length[8];
	size_t at = (size_t)(m->bytes % MD5_BLOCK);

	for (unsigned i = 0; i < 8; i++)
		length[i] = (unsigned char)(m->bytes * 8 >> 8 * i);
	md5_add(m, padding, (at < 56 ? 56 : 120) - at);
	md5_add(m, length, sizeof length);
	for (unsigned i = 0; i < MD5_SIZE; i++)
		out[i] = (unsigned char)(m->h[i / 4] >> 8 * (i % 4));
	explicit_bzero(m, sizeof *m);
}
