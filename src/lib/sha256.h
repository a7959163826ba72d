/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * SHA-256 (FIPS 180-4).
 */
#ifndef POPIN_SHA256_H
#define POPIN_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32, SHA256_BLOCK = 64 };

struct sha256 {
	uint32_t h[8];
	uint64_t bytes;
	unsigned char block[SHA256_BLOCK];
};

/* The digest of LEN bytes at P. */
void sha256_of(const void *p, size_t len, unsigned char out[SHA256_SIZE]);

/* The same of pieces. */
void sha256_start(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *p, size_t len);
/* Leaves the digest in OUT and wipes S. */
void sha256_end(struct sha256 *s, unsigned char out[SHA256_SIZE]);

#endif
