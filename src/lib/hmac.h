/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * HMAC (RFC 2104), PBKDF2 (RFC 8018, section 5.2) with SHA-256, and how codes
 * and passwords are compared.
 */
#ifndef POPIN_HMAC_H
#define POPIN_HMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/md5.h"
#include "lib/sha256.h"

/* Once started it may be copied, which saves hashing the key again. */
struct hmac {
	struct sha256 inner, outer;
};

/* The code with KEY of what is added. */
void hmac_start(struct hmac *h, const void *key, size_t key_len);
void hmac_add(struct hmac *h, const void *p, size_t len);
/* Leaves the code in OUT and wipes H. */
void hmac_end(struct hmac *h, unsigned char out[SHA256_SIZE]);

/* All of it at once. */
void hmac_sha256(const void *key, size_t key_len, const void *p, size_t len,
    unsigned char out[SHA256_SIZE]);
void hmac_md5(const void *key, size_t key_len, const void *p, size_t len,
    unsigned char out[MD5_SIZE]);

/* One block of PBKDF2 with HMAC-SHA-256: what RFC 5802 calls Hi(). */
void pbkdf2(const void *password, size_t password_len, const void *salt,
    size_t salt_len, uint32_t iterations, unsigned char out[SHA256_SIZE]);

/*
 * Are LEN bytes at A and B the same?  Neither what they are nor where they
 * begin to differ decides how long it takes.
 */
bool constant_time_equal(const void *a, const void *b, size_t len);

#endif
