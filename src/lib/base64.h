/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Base64 (RFC 4648, section 4).
 */
#ifndef POPIN_BASE64_H
#define POPIN_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* What BYTES bytes need in base64, and the most that CHARS characters are. */
#define BASE64_ENCODED(bytes) (((bytes) + 2) / 3 * 4)
#define BASE64_DECODED(chars) ((chars) / 4 * 3)

/* Writes LEN bytes at P to OUT, no NUL behind.  Returns the characters. */
size_t base64_encode(char *out, const void *p, size_t len);

/*
 * Reads LEN characters at P into OUT (SIZE bytes); OUT may be P itself.
 * Strict: whole groups of four, padding where it belongs and only there, no
 * other character, and no bits behind the last byte, so that no two texts
 * mean the same.  Returns false for anything else and for what does not fit.
 */
bool base64_decode(
    void *out, size_t size, const char *p, size_t len, size_t *out_len);

#endif
