/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * MD5 (RFC 1321): APOP, CRAM-MD5, and unique-ids of other servers are made of
 * it, and nothing else here.
 */
#ifndef POPIN_MD5_H
#define POPIN_MD5_H

#include <stddef.h>
#include <stdint.h>

enum { MD5_SIZE = 16, MD5_BLOCK = 64 };

struct md5 {
	uint32_t h[4];
	uint64_t bytes;
	unsigned char block[MD5_BLOCK];
};

/* The digest of what is added. */
void md5_start(struct md5 *m);
void md5_add(struct md5 *m, const void *p, size_t len);
/* Leaves the digest in OUT and wipes M. */
void md5_end(struct md5 *m, unsigned char out[MD5_SIZE]);

#endif
