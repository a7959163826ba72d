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

/* RFC 1939, section 7 */
enum { MAILDROP_UIDL_MAX = 70 };

/* May it be an id?  RFC 1939, section 7: 1 to 70 of 0x21-0x7E. */
bool uidl_valid(const char *p, size_t len);

#endif
