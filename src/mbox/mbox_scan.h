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
 * Failures are logged, but not that the session has to end.
 */
enum maildrop_result mbox_scan_from(
    struct maildrop *md, uint64_t start, uint64_t end);

/*
 * Does mail begin at AT, or does the file end there?  A program may have
 * written blank lines first: *START is behind them.  False with errno, 0 if it
 * is something else.
 */
bool mbox_mail_follows(uint64_t at, uint64_t *start);

#endif
