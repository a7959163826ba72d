/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Unique-ids that other servers make of a message in an mbox.
 */
#ifndef POPIN_MBOX_FOREIGN_H
#define POPIN_MBOX_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildrop/uidl.h"

/* Has SCHEME unique-ids for an mbox that are not ours? */
bool mbox_foreign(enum uidl_scheme scheme);
/*
 * The unique-id by SCHEME, at most MAILDROP_UIDL_MAX bytes, from the LEN bytes
 * of the header at P; its length, or 0 if there is none.
 */
size_t mbox_foreign_id(
    enum uidl_scheme scheme, const char *p, size_t len, char *id);
/* The uidvalidity in the header of the first message; 0 without one. */
uint32_t mbox_validity(const char *p, size_t len);
/* Is there the blank line that ends a header? */
bool mbox_header_ends(const char *p, size_t len);

#endif
