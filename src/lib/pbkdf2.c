/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * PBKDF2, one block of it, written from RFC 8018 and RFC 5802, section 2.2.
 * Runs as: verify.  Input: passwords.
 */
#include "config.h"

#include "lib/pbkdf2.h"

#include <string.h>

#include "lib/hmac.h"

void
pbkdf2(const void *password, size_t password_len, const void *salt,
    size_t salt_len, uint32_t iterations, unsigned char out[SHA256_SIZE])
{
	static const unsigned char first_block[4] = { 0, 0, 0, 1 };
	unsigned char u[SHA256_SIZE];
	struct hmac key, h;

	hmac_start(&key, password, password_len);
	h = key;
	hmac_add(&h, salt, salt_len);
	hmac_add(&h, first_block, sizeof first_block);
	hmac_end(&h, u);
	memcpy(out, u, sizeof u);
	for (uint32_t i = 1; i < iterations; i++) {
		h = key;
		hmac_add(&h, u, sizeof u);
		hmac_end(&h, u);
		for (size_t j = 0; j < sizeof u; j++)
			out[j] ^= u[j];
	}
	explicit_bzero(&key, sizeof key);
	explicit_bzero(u, sizeof u);
}
