/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * HMAC (RFC 2104) with SHA-256, and with MD5 for CRAM-MD5.
 */
#ifndef POPIN_HMAC_H
#define POPIN_HMAC_H

#include <stddef.h>

#include "lib/md5.h"
#include "lib/sha256.h"

/* Once started it may be copied: the key costs nothing the second time. */
struct hmac {
	struct sha256 inner, outer;
};

void hmac_start(struct hmac *h, const void *key, size_t key_len);
void hmac_add(struct hmac *h, const void *p, size_t len);
/* Leaves the code in OUT and wipes H. */
void hmac_end(struct hmac *h, unsigned char out[SHA256_SIZE]);

/* All of it at once. */
void hmac_sha256(const void *key, size_t key_len, const void *p, size_t len,
    unsigned char out[SHA256_SIZE]);
void hmac_md5(const void *key, size_t key_len, const void *p, size_t len,
    unsigned char out[MD5_SIZE]);

#endif
