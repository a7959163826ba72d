/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Unique-ids: what they must look like.
 *
 * If a message gets another id a client downloads it again.  So popin can go on
 * with the ids that another server gave.
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
