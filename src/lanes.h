/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Sixteen bytes at a time.  The compiler makes vector instructions of it
 * where the machine has them, and plain ones elsewhere.
 */
#ifndef POPIN_LANES_H
#define POPIN_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 16 };

typedef uint8_t lanes __attribute__((vector_size(LANES)));

static inline lanes
lanes_at(const char *p)
{
	lanes v;

	memcpy(&v, p, sizeof v);
	return v;
}

static inline bool
lanes_any(lanes v)
{
	uint64_t half[2];

	memcpy(half, &v, sizeof half);
	return (half[0] | half[1]) != 0;
}

static inline uint64_t
lanes_sum(lanes v)
{
	uint64_t total = 0;

	for (int i = 0; i < LANES; i++)
		total += v[i];
	return total;
}

/* The first byte of eight that is not 0; there is one. */
static inline size_t
lanes_first(uint64_t eight)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return (size_t)__builtin_clzll(eight) / 8;
#else
	return (size_t)__builtin_ctzll(eight) / 8;
#endif
}

/*
 * Copies LANES bytes.  Returns how many of them are before the first LF; all
 * if there is none.
 */
static inline size_t
lanes_copy_to_lf(char *to, const char *from)
{
	lanes v = lanes_at(from), lf = (lanes)(v == '\n');
	uint64_t half[2];

	memcpy(to, &v, sizeof v);
	memcpy(half, &lf, sizeof half);
	if ((half[0] | half[1]) == 0)
		return LANES;
	return half[0] != 0 ? lanes_first(half[0])
			    : LANES / 2 + lanes_first(half[1]);
}

#endif
