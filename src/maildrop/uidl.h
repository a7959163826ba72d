/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Unique-ids: what every one has to be.
 *
 * A client that has seen a message under one id downloads it again under any
 * other.  So where another server gave the ids, popin can go on with these.
 */
#ifndef POPIN_UIDL_H
#define POPIN_UIDL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"

/* RFC 1939, section 7 */
enum { MAILDROP_UIDL_MAX = 70 };

/* May it be an id?  RFC 1939, section 7: 1 to 70 of 0x21-0x7E. */
bool uidl_valid(const char *p, size_t len);

/* Does it look like N bytes in lower-case hexadecimal? */
bool uidl_is_hex(const char *p, size_t len, size_t n);
/* Writes N bytes like this; returns 2 * N. */
size_t uidl_hex(char *to, const unsigned char *bytes, size_t n);
/* Reads N bytes from 2 * N such digits at P.  False if they are none. */
bool uidl_unhex(unsigned char *bytes, const char *p, size_t n);
/* Writes VALUE as eight digits, capitals if UPPER; returns 8. */
size_t uidl_hex32(char *to, uint32_t value, bool upper);

#endif
