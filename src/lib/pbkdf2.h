/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * PBKDF2 with HMAC-SHA-256 (RFC 8018, section 5.2), for one block: what
 * RFC 5802 calls Hi().
 */
#ifndef POPIN_PBKDF2_H
#define POPIN_PBKDF2_H

#include <stddef.h>
#include <stdint.h>

#include "lib/sha256.h"

void pbkdf2(const void *password, size_t password_len, const void *salt,
    size_t salt_len, uint32_t iterations, unsigned char out[SHA256_SIZE]);

#endif
