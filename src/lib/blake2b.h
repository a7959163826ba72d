/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * BLAKE2b with a digest of 128 bits (RFC 7693).  In plain C it is several times
 * as fast as SHA-256; the unique-ids of a large mbox need that.
 */
#ifndef POPIN_BLAKE2B_H
#define POPIN_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

enum { BLAKE2B_SIZE = 16, BLAKE2B_BLOCK = 128 };

struct blake2b {
	uint64_t h[8];
	uint64_t bytes;
	size_t used; /* of the block; a full one waits for more */
	unsigned char block[BLAKE2B_BLOCK];
};

/* The digest of what is added, in pieces of any length. */
void blake2b_start(struct blake2b *b);
void blake2b_add(struct blake2b *b, const void *p, size_t len);
void blake2b_end(struct blake2b *b, unsigned char out[BLAKE2B_SIZE]);

#endif
