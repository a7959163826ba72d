/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The checksum.
 * Runs as: session.  Input: anything.
 */
#include "config.h"

#include "lib/checksum.h"

#include <endian.h>
#include <string.h>

static uint64_t
mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0xff51afd7ed558ccd;
	return sum ^ sum >> 32;
}

uint64_t
checksum(uint64_t sum, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t word;

	for (; len >= sizeof word; len -= sizeof word, p += sizeof word) {
		memcpy(&word, p, sizeof word);
		sum = mix(sum, le64toh(word));
	}
	if (len == 0)
		return sum;
	word = 0;
	memcpy(&word, p, len);
	return mix(sum, le64toh(word) | (uint64_t)len << 56);
}

/*
 * The lower half depends on all bytes.  The last step of mix() adds the upper
 * half to it, so adding that once more would undo the step, and with it the
 * last four bytes.
 */
uint32_t
checksum_short(uint64_t sum)
{
	return (uint32_t)sum;
}
