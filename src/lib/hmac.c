/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * HMAC and PBKDF2, written from RFC 2104, RFC 8018 and RFC 5802, section 2.2.
 * Runs as: verify.  Input: keys that are secrets, passwords, texts from a
 * client.
 */
#include "config.h"

#include "lib/hmac.h"

#include <string.h>

enum { BLOCK = 64, INNER = 0x36, OUTER = 0x5c };

_Static_assert((int)SHA256_BLOCK == (int)BLOCK && (int)MD5_BLOCK == (int)BLOCK,
    "the pads are as long as a block");

/* Turns the inner pad into the outer one when called a second time. */
static void
flip(unsigned char pad[BLOCK], unsigned char with)
{
	for (unsigned i = 0; i < BLOCK; i++)
		pad[i] ^= with;
}

void
hmac_start(struct hmac *h, const void *key, size_t key_len)
{
	unsigned char pad[BLOCK] = { 0 };

	sha256_start(&h->inner);
	sha256_start(&h->outer);
	if (key_len > sizeof pad)
		sha256_of(key, key_len, pad);
	else
		memcpy(pad, key, key_len);
	flip(pad, INNER);
	sha256_add(&h->inner, pad, sizeof pad);
	flip(pad, INNER ^ OUTER);
	sha256_add(&h->outer, pad, sizeof pad);
	explicit_bzero(pad, sizeof pad);
}

void
hmac_add(struct hmac *h, const void *p, size_t len)
{
	sha256_add(&h->inner, p, len);
}

void
hmac_end(struct hmac *h, unsigned char out[SHA256_SIZE])
{
	unsigned char digest[SHA256_SIZE];

	sha256_end(&h->inner, digest);
	sha256_add(&h->outer, digest, sizeof digest);
	sha256_end(&h->outer, out);
	explicit_bzero(digest, sizeof digest);
}

void
hmac_sha256(const void *key, size_t key_len, const void *p, size_t len,
    unsigned char out[SHA256_SIZE])
{
	struct hmac h;

	hmac_start(&h, key, key_len);
	hmac_add(&h, p, len);
	hmac_end(&h, out);
}

void
hmac_md5(const void *key, size_t key_len, const void *p, size_t len,
    unsigned char out[MD5_SIZE])
{
	unsigned char pad[BLOCK] = { 0 }, digest[MD5_SIZE];
	struct md5 m;

	md5_start(&m);
	if (key_len > sizeof pad) {
		md5_add(&m, key, key_len);
		md5_end(&m, pad);
		md5_start(&m);
	} else {
		memcpy(pad, key, key_len);
	}
	flip(pad, INNER);
	md5_add(&m, pad, sizeof pad);
	md5_add(&m, p, len);
	md5_end(&m, digest);
	flip(pad, INNER ^ OUTER);
	md5_start(&m);
	md5_add(&m, pad, sizeof pad);
	md5_add(&m, digest, sizeof digest);
	md5_end(&m, out);
	explicit_bzero(pad, sizeof pad);
	explicit_bzero(digest, sizeof digest);
}

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

bool
constant_time_equal(const void *a, const void *b, size_t len)
{
	const unsigned char *p = a, *q = b;
	/* volatile: the compiler must not make the loop stop early. */
	volatile unsigned char difference = 0;

	for (size_t i = 0; i < len; i++)
		difference |= p[i] ^ q[i];
	return difference == 0;
}
