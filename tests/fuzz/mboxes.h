/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * A simple reader of an mbox, byte by byte, to compare the real scanner with.
 */
#ifndef FUZZ_MBOXES_H
#define FUZZ_MBOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "descriptors.h"
#include "maildrop/maildrop.h"

enum { MBOXES_ENTRIES = 20000, MBOXES_LINE = 128 * 1024 };

struct reference {
	size_t start[MBOXES_ENTRIES + 1]; /* the last is the mbox's end */
	size_t content[MBOXES_ENTRIES];	  /* after the From_ line */
	size_t count;
};

/* Returns false if the bytes are not an mbox, or have too many messages. */
bool reference_read(struct reference *r, struct input mbox);

/* Returns the length of the blank line that ends at AT, or 0. */
size_t reference_blank(struct input mbox, size_t at);

/* Returns the octets of entry I, by the body transform. */
uint64_t reference_octets(
    const struct reference *r, struct input mbox, size_t i);

/* Stops unless the maildrop that was just scanned is as the reference says. */
void reference_compare(
    const struct reference *r, struct input mbox, const struct maildrop *md);

extern struct maildrop_settings mboxes_settings; /* the scheme may change */

/* Opens "//box". */
enum maildrop_result mboxes_open(struct maildrop *md);

#endif
