/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Bytes as hexadecimal digits: small letters, without a NUL at the end.
 */
#ifndef POPIN_HEX_H
#define POPIN_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes N bytes as 2 * N digits, and returns that. */
size_t hex_format(char *to, const unsigned char *bytes, size_t n);
/* Writes VALUE as eight digits, capitals if UPPER; returns 8. */
size_t hex_format32(char *to, uint32_t value, bool upper);

/* Are the LEN bytes at P digits of N bytes, small letters only? */
bool hex_is(const char *p, size_t len, size_t n);
/* Reads N bytes from 2 * N such digits at P.  False if they are none. */
bool hex_parse(unsigned char *bytes, const char *p, size_t n);

#endif
