/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Finding messages in the bytes of an mbox.
 */
#ifndef POPIN_MBOX_SCAN_H
#define POPIN_MBOX_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "maildrop/maildrop.h"

/*
 * Reads the mbox from START, which is the beginning or the start of an entry,
 * up to END, and adds entries and messages.  The delivery lock is held.
 */
enum maildrop_result mbox_scan_from(
    struct maildrop *md, uint64_t start, uint64_t end);

/*
 * Is there a From_ line at AT, or nothing?  START is where: a program may have
 * begun with blank lines.  False with errno, 0 if not.
 */
bool mbox_mail_follows(uint64_t at, uint64_t *start);

#endif
