/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * An mbox taken apart byte by byte, to compare the real scanner with.
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
	size_t start[MBOXES_ENTRIES + 1]; /* and the end of the last one */
	size_t content[MBOXES_ENTRIES];	  /* behind the From_ line */
	size_t count;
};

/* False where the bytes are no mbox, or too much of one. */
bool reference_read(struct reference *r, struct input mbox);

/* The length of the blank line that ends at AT, or 0. */
size_t reference_blank(struct input mbox, size_t at);

/* The octets of entry I, by the body transform. */
uint64_t reference_octets(
    const struct reference *r, struct input mbox, size_t i);

/* The maildrop that was just scanned is what the reference says. */
void reference_compare(
    const struct reference *r, struct input mbox, const struct maildrop *md);

extern struct maildrop_settings mboxes_settings; /* the scheme may change */

/* Opens "//box". */
enum maildrop_result mboxes_open(struct maildrop *md);

#endif
