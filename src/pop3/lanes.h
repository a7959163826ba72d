/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Several bytes at a time, as lanes: sixteen if the machine has vector
 * instructions, else as many as a register has.  A mark is a lane that is not
 * 0; it tells that its byte is the one that was looked for.  Marks can be
 * combined by &, | and, on the right of an &, ~.
 */
#ifndef POPIN_LANES_H
#define POPIN_LANES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) || defined(__ARM_NEON) || defined(__VSX__)
#define LANES_VECTOR
#endif

#ifdef LANES_VECTOR

enum { LANES = 16 };

typedef uint8_t lanes __attribute__((vector_size(LANES)));

#else

enum { LANES = sizeof(unsigned long) };

typedef unsigned long lanes;

#define LANES_ALL(byte) (ULONG_MAX / UCHAR_MAX * (unsigned char)(byte))

#endif

/* Marks C in the LANES bytes at P. */
static inline lanes
lanes_are(const char *p, char c)
{
	lanes v;

	memcpy(&v, p, sizeof v);
#ifdef LANES_VECTOR
	return (lanes)(v == (uint8_t)c);
#else
	v ^= LANES_ALL(c);
	/* the top bit of each byte is 0 if it was 0; no carry leaves a byte */
	v |= (v & LANES_ALL(0x7f)) + LANES_ALL(0x7f);
	return ~v >> 7 & LANES_ALL(1);
#endif
}

/*
 * Adds 1 to each lane of COUNT that has a mark; not more often than UINT8_MAX
 * times.
 */
static inline lanes
lanes_count(lanes count, lanes marks)
{
#ifdef LANES_VECTOR
	return count - marks;
#else
	return count + marks;
#endif
}

/* Is there a mark? */
static inline bool
lanes_any(lanes marks)
{
#ifdef LANES_VECTOR
	uint64_t half[2];

	memcpy(half, &marks, sizeof half);
	return (half[0] | half[1]) != 0;
#else
	return marks != 0;
#endif
}

/* The sum of all lanes of COUNT. */
static inline uint64_t
lanes_sum(lanes count)
{
	uint8_t each[LANES];
	uint64_t total = 0;

	memcpy(each, &count, sizeof each);
	for (int i = 0; i < LANES; i++)
		total += each[i];
	return total;
}

/* The index of the first byte that is not 0; one must be. */
static inline size_t
lanes_first(unsigned long marks)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return (size_t)__builtin_clzl(marks) / 8;
#else
	return (size_t)__builtin_ctzl(marks) / 8;
#endif
}

/*
 * Copies LANES bytes.  Returns how many of them are before the first LF; all
 * if there is none.
 */
static inline size_t
lanes_copy_to_lf(char *to, const char *from)
{
	lanes lf = lanes_are(from, '\n');
	unsigned long part[LANES / sizeof(unsigned long)];
	size_t n = 0;

	memcpy(to, from, LANES);
	if (!lanes_any(lf))
		return LANES;
	memcpy(part, &lf, sizeof part);
	for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
		if (part[i] != 0)
			return n + lanes_first(part[i]);
		n += sizeof part[i];
	}
	return LANES;
}

#endif
