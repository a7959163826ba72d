/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Unique-ids that other servers make of the header of a message in an mbox.
 */
#ifndef POPIN_IMPORT_HEADER_H
#define POPIN_IMPORT_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import/import.h"

/*
 * The id by SCHEME, at most MAILDROP_UIDL_MAX bytes, from the LEN bytes of the
 * header at P; its length, or 0 if there is none.  VALIDITY is that of IMAP's
 * uids.
 */
size_t import_header_id(enum import_scheme scheme, uint32_t validity,
    const char *p, size_t len, char *id);
/* The uidvalidity in the header of the first message; 0 without one. */
uint32_t import_header_validity(const char *p, size_t len);
/* Is there the blank line that ends a header? */
bool import_header_ends(const char *p, size_t len);

#endif
